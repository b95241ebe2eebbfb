"""The home folder and the master key."""

import base64
import stat
from pathlib import Path

import pytest

from node.errors import UserError
from node.home import Home, KeySource, create_master_key, load_master_key
from protocol.encoding import base64url


def test_a_home_is_open_to_its_owner_alone(tmp_path: Path) -> None:
    """Neither the folder nor the folder of keys lets anybody else in, whatever the umask."""
    home = Home(tmp_path / "new")
    home.create()
    home.create()
    for folder in (home.path, home.master_key_file.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_master_key_is_made_once(home: Home) -> None:
    """32 random bytes of mode 0600, never overwritten: all data hangs on them."""
    create_master_key(home)
    key = load_master_key(home, {})
    assert stat.S_IMODE(home.master_key_file.stat().st_mode) == 0o600
    assert len(key.secret) == 32
    assert key.source is KeySource.FILE
    with pytest.raises(UserError, match="initialised before"):
        create_master_key(home)
    assert load_master_key(home, {}) == key


def test_the_master_key_may_live_elsewhere(home: Home, tmp_path: Path) -> None:
    """The environment comes first, then systemd's credentials, then the file."""
    create_master_key(home)
    (tmp_path / "comity-master-key").write_bytes(b"c" * 32)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    key = load_master_key(home, environment)
    assert (key.secret, key.source) == (b"c" * 32, KeySource.CREDENTIAL)
    key = load_master_key(home, environment | {"COMITY_MASTER_KEY": base64url(b"e" * 32)})
    assert (key.secret, key.source) == (b"e" * 32, KeySource.ENVIRONMENT)


def test_another_services_credentials_are_none_of_ours(home: Home, tmp_path: Path) -> None:
    """A folder of credentials without ours leaves the file in force."""
    create_master_key(home)
    key = load_master_key(home, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert key.source is KeySource.FILE


@pytest.mark.parametrize(
    "text",
    [
        base64.standard_b64encode(b"\xff" * 32).decode() + "\n",
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        base64url(b"\xff" * 32),
    ],
)
def test_a_master_key_is_taken_in_either_alphabet(home: Home, text: str) -> None:
    """What `base64` prints, with padding and a line's end, and what this program writes."""
    assert load_master_key(home, {"COMITY_MASTER_KEY": text}).secret == b"\xff" * 32


def test_a_home_is_kept_to_oneself(home: Home) -> None:
    """By one process at a time; and whoever ends, however, leaves it free."""
    with home.kept_to_oneself():
        with pytest.raises(UserError, match="another `comity serve`"), home.kept_to_oneself():
            pytest.fail("two at once")
        assert list(home.path.iterdir()) == [home.master_key_file.parent]
    with home.kept_to_oneself():
        pass


def test_a_home_is_known_to_be_current_while_a_service_says_so(home: Home) -> None:
    """No longer, and whoever looks is in nobody's way."""
    assert not home.is_current()
    with home.known_to_be_current():
        assert home.is_current()
        with home.known_to_be_current():  # another one waits for nobody
            assert home.is_current()
    assert not home.is_current()


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 44, base64url(bytes(31)), "é" * 43])
def test_a_master_key_in_another_form_is_refused(home: Home, text: str) -> None:
    """The message names the variable and does not repeat it."""
    with pytest.raises(UserError, match="COMITY_MASTER_KEY") as caught:
        load_master_key(home, {"COMITY_MASTER_KEY": text})
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_master_key_of_another_size_is_refused(home: Home, size: int) -> None:
    """A truncated key must not pass for a key."""
    home.master_key_file.write_bytes(bytes(size))
    home.master_key_file.chmod(0o600)
    with pytest.raises(UserError, match="32 bytes"):
        load_master_key(home, {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_master_key_that_others_may_read_is_refused(home: Home, mode: int) -> None:
    """The message says what to type."""
    create_master_key(home)
    home.master_key_file.chmod(mode)
    with pytest.raises(UserError, match="chmod 600"):
        load_master_key(home, {})


def test_a_missing_master_key_says_where_it_belongs(home: Home) -> None:
    """A new node needs `init`, a restored one its old key."""
    with pytest.raises(UserError, match=r"comity init.*restored"):
        load_master_key(home, {})


def test_a_master_key_is_not_shown(home: Home) -> None:
    """It must not reach a log by way of a repr."""
    create_master_key(home)
    key = load_master_key(home, {})
    assert repr(key.secret) not in repr(key)
