"""The home folder: where a node keeps its settings, its database and its master key.

comity.toml        settings
comity.sqlite3     the database, unless settings name another
keys/master.key    the master key: 32 bytes, mode 0600; may be kept elsewhere
keys/smtp-password the password at the mail server, mode 0600; may be kept elsewhere
pages-port         the port at which `comity open` serves the pages of this home
pages-at           where the service that is at work serves them
templates/         texts in the community's own words, in the place of those that come along
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from node import loopback
from node.errors import UserError
from protocol.encoding import from_base64url
from protocol.errors import Malformed

MASTER_KEY_SIZE = 32
MASTER_KEY_VARIABLE = "COMITY_MASTER_KEY"
SMTP_PASSWORD_VARIABLE = "COMITY_SMTP_PASSWORD"  # noqa: S105 - a name
_CREDENTIAL = "comity-master-key"
_SMTP_CREDENTIAL = "comity-smtp-password"
_MAX_PASSWORD = 1024
_OTHERS = 0o077
_PORTS = range(20_000, 30_000)  # below those that systems give to connections that go out
_MAX_DIGITS = 5
_URL_SAFE = str.maketrans("+/", "-_")
_PADDED_SIZE = 44


@dataclass(frozen=True)
class Home:
    """One node's folder."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The settings, TOML."""
        return self.path / "comity.toml"

    @property
    def database_file(self) -> Path:
        """The SQLite database that is used where settings name no other."""
        return self.path / "comity.sqlite3"

    @property
    def master_key_file(self) -> Path:
        """The master key, where neither the environment nor systemd brings it."""
        return self.path / "keys" / "master.key"

    @property
    def smtp_password_file(self) -> Path:
        """The password at the mail server, found as the master key is."""
        return self.path / "keys" / "smtp-password"

    @property
    def templates(self) -> Path:
        """Where a text of the community's own stands, by the name of the one it replaces."""
        return self.path / "templates"

    @property
    def pages_port_file(self) -> Path:
        """The port of `pages_port`, in decimal digits."""
        return self.path / "pages-port"

    def pages_port(self) -> int:
        """The port at which `comity open` serves: drawn once, as browsers keep things by port.

        Raises:
            UserError: what is remembered is no port.
        """
        path = self.pages_port_file
        if not path.exists():
            path.write_text(f"{_free_port()}\n", encoding="ascii")
        with path.open("rb") as file:
            said = file.read(_MAX_DIGITS + 2).strip()
        if not said.isdigit() or not 0 < int(said) < 2**16:
            raise UserError(
                "%(path)s holds no port: remove it, and another one is drawn", path=path
            )
        return int(said)

    @contextmanager
    def serving_pages(self, origin: str | None) -> Iterator[None]:
        """Let commands know where the pages are served within the block; None: nowhere."""
        self._pages_at_file.write_text(origin or "", encoding="ascii")
        try:
            yield
        finally:
            self._pages_at_file.unlink(missing_ok=True)

    def pages_at(self) -> str | None:
        """Where the service that is at work here serves the pages; None where none does."""
        with suppress(FileNotFoundError):
            return self._pages_at_file.read_text("ascii") or None
        return None

    @property
    def _pages_at_file(self) -> Path:
        return self.path / "pages-at"

    def create(self) -> None:
        """Make the folders, open to their owner alone; folders that stand are left as they are."""
        for folder in (self.path, self.master_key_file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def kept_to_oneself(self) -> Iterator[None]:
        """Be the only process that works in this home so, however the others end.

        Raises:
            UserError: another one does.
        """
        # The folder itself is locked: no file of a process that was killed can stay behind.
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    "another `comity serve` is at work in %(home)s", home=self.path
                ) from error
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def known_to_be_current(self) -> Iterator[None]:
        """Let commands know, within the block, that all peers were asked for our own log.

        Where another says so, or looks at this very moment, they are not told, and ask themselves.
        """
        descriptor = os.open(self.master_key_file.parent, os.O_RDONLY)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def is_current(self) -> bool:
        """Whether a `comity serve` is at work here that has asked all peers for our own log."""
        descriptor = os.open(self.master_key_file.parent, os.O_RDONLY)
        try:
            # Shared, so that commands do not take each other for one.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


class KeySource(Enum):
    """Where a master key came from."""

    ENVIRONMENT = "environment"
    CREDENTIAL = "credential"
    FILE = "file"


@dataclass(frozen=True)
class MasterKey:
    """The key (32 bytes) under which the vault seals, and where it came from."""

    secret: bytes = field(repr=False)
    source: KeySource


def create_master_key(home: Home) -> None:
    """Draw a master key into its file (mode 0600), durably.

    Raises:
        UserError: there is one already; it is never overwritten, as all data hangs on it.
    """
    path = home.master_key_file
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UserError(
            "%(path)s exists already: this home has been initialised before", path=path
        ) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(MASTER_KEY_SIZE))
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def load_master_key(home: Home, environment: Mapping[str, str]) -> MasterKey:
    """The master key: from `COMITY_MASTER_KEY`, systemd's credentials, or its file.

    The variable holds it in base64 or base64url, padded or not.

    Raises:
        UserError: there is none, it is not 32 bytes, or others than its owner may read its file.
    """
    text = environment.get(MASTER_KEY_VARIABLE)
    if text is not None:
        return MasterKey(_from_text(text), KeySource.ENVIRONMENT)
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if folder is not None and (Path(folder) / _CREDENTIAL).exists():
        return MasterKey(_from_file(Path(folder) / _CREDENTIAL), KeySource.CREDENTIAL)
    path = home.master_key_file
    try:
        _require_private(path)
        return MasterKey(_from_file(path), KeySource.FILE)
    except FileNotFoundError as error:
        raise UserError(
            "no master key: %(path)s does not exist. A new node is made by `comity init`; one "
            "that was restored needs the key it had, in that file or in %(variable)s",
            path=path,
            variable=MASTER_KEY_VARIABLE,
        ) from error


def load_smtp_password(home: Home, environment: Mapping[str, str]) -> str:
    """The password at the mail server: from `COMITY_SMTP_PASSWORD`, systemd, or its file.

    Raises:
        UserError: there is none, it is no line of text, or others may read its file.
    """
    text = environment.get(SMTP_PASSWORD_VARIABLE)
    if text is not None:
        return text
    path = Path(environment.get("CREDENTIALS_DIRECTORY", "")) / _SMTP_CREDENTIAL
    if not path.is_absolute() or not path.exists():
        path = home.smtp_password_file
        if not path.exists():
            raise UserError(
                "smtp_user is set and no password: write it to %(path)s, or into %(variable)s",
                path=path,
                variable=SMTP_PASSWORD_VARIABLE,
            )
        _require_private(path)
    with path.open("rb") as file:
        data = file.read(_MAX_PASSWORD + 1)
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError("%(path)s is no text in UTF-8", path=path) from error


def _free_port() -> int:
    while True:
        port = secrets.choice(_PORTS)
        if loopback.is_free(port):
            return port


def _require_private(path: Path) -> None:
    if path.stat().st_mode & _OTHERS:
        raise UserError("others may read %(path)s: type `chmod 600 %(path)s`", path=path)


def _from_text(text: str) -> bytes:
    # `base64` writes it in one way, this program's own documents in another.
    unpadded = text.strip().translate(_URL_SAFE)
    if len(unpadded) == _PADDED_SIZE:
        unpadded = unpadded.removesuffix("=")
    try:
        return from_base64url(unpadded, MASTER_KEY_SIZE)
    except Malformed:
        # The cause would be chained into logs; it says nothing that is not said here.
        raise UserError(
            "%(variable)s is not 32 bytes in base64", variable=MASTER_KEY_VARIABLE
        ) from None


def _from_file(path: Path) -> bytes:
    with path.open("rb") as file:
        secret = file.read(MASTER_KEY_SIZE + 1)
    if len(secret) != MASTER_KEY_SIZE:
        raise UserError(
            "%(path)s is not a master key of 32 bytes: restore it from its backup", path=path
        )
    return secret


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
