"""Sealing at rest, and secrets under a password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, insert, select

from node import tables
from node.errors import UserError
from node.passwords import LONGEST, MOST, Cost, WrongPassword, check_new, lock, unlock
from node.store import Store
from node.vault import BLOCK, OVERHEAD, Vault, VaultError

VAULT = Vault(bytes(range(32)))
CHEAP = Cost(1, 8192)
"""As little as libsodium lets one choose."""


@given(st.binary(max_size=300), st.text(), st.binary(max_size=64))
def test_what_was_sealed_opens_in_its_row(plaintext: bytes, row: str, key: bytes) -> None:
    """Any bytes, under any context, text or bytes."""
    assert VAULT.open("a.b", row, VAULT.seal("a.b", row, plaintext)) == plaintext
    assert VAULT.open("a.b", key, VAULT.seal("a.b", key, plaintext)) == plaintext


@given(st.binary(min_size=1, max_size=200))
def test_row_3_lengths_tell_little(plaintext: bytes) -> None:
    """What is sealed has one of few lengths, so that a row does not tell how long a name is."""
    size = len(VAULT.seal("a.b", "1", plaintext)) - OVERHEAD
    assert size % BLOCK == 0
    assert size - len(plaintext) in range(1, BLOCK + 1)


def test_row_3_equal_values_look_different() -> None:
    """Two rows about one person do not show it."""
    assert VAULT.seal("a.b", "1", b"mallory") != VAULT.seal("a.b", "1", b"mallory")


def test_what_was_altered_does_not_open() -> None:
    """One flipped bit anywhere, one byte less or more."""
    sealed = VAULT.seal("officers.name", "1", b"alice")
    altered = [
        sealed[:place] + bytes([sealed[place] ^ 1 << place % 8]) + sealed[place + 1 :]
        for place in range(len(sealed))
    ]
    for bad in [*altered, sealed[:-1], sealed + b"\0", sealed[:39], sealed[:24], b""]:
        with pytest.raises(VaultError, match=r"officers\.name does not open.*restore") as caught:
            VAULT.open("officers.name", "1", bad)
        assert "alice" not in str(caught.value)


@pytest.mark.parametrize(
    ("vault", "purpose", "context"),
    [(Vault(bytes(32)), "a.b", "1"), (VAULT, "a.c", "1"), (VAULT, "a.b", "2"), (VAULT, "a", "b:1")],
    ids=["master key", "purpose", "row", "boundary"],
)
def test_what_was_moved_does_not_open(vault: Vault, purpose: str, context: str) -> None:
    """Under another key, for another purpose, in another row."""
    sealed = VAULT.seal("a.b", "1", b"alice")
    with pytest.raises(VaultError):
        vault.open(purpose, context, sealed)


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_tags_find_equal_values_only(one: bytes, other: bytes) -> None:
    """Within one purpose and one master key; 32 bytes."""
    tag = VAULT.tag("slots", one)
    assert len(tag) == 32
    assert (VAULT.tag("slots", other) == tag) == (one == other)
    assert VAULT.tag("tokens", one) != tag
    assert Vault(bytes(32)).tag("slots", one) != tag


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_master_key_has_32_bytes(size: int) -> None:
    """No shorter key is stretched silently, and none is shown."""
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(size))
    assert "x05" not in repr(VAULT)


async def test_row_3_a_stored_name_is_in_no_file(store: Store, vault: Vault) -> None:
    """What goes through the vault comes back, and the database never has it."""
    key, name = b"k" * 32, b"Mallory Menace"
    row = {"key": key, "custody": "own", "name_sealed": vault.seal("officers.name", key, name)}
    async with store.write() as connection:
        await connection.execute(insert(tables.officers), row)
    async with store.read() as connection:
        found = (await connection.execute(select(tables.officers))).one()
    assert name not in b"".join(value for value in found if isinstance(value, bytes))
    assert vault.open("officers.name", found.key, found.name_sealed) == name


def test_row_3_sealed_columns_hold_bytes() -> None:
    """A column that is named sealed cannot take text by mistake."""
    columns = [column for table in tables.metadata.tables.values() for column in table.columns]
    sealed = [column for column in columns if column.name.endswith("_sealed")]
    assert sealed
    assert all(isinstance(column.type, LargeBinary) for column in sealed)


@pytest.mark.parametrize("password", ["correct horse", "é", "パスワード", "a" * 1000])
def test_a_password_opens_what_it_locked(password: str) -> None:
    """Any text will do; nothing else opens it."""
    locked = lock(b"seed" * 8, password, cost=CHEAP)
    assert unlock(locked, password) == b"seed" * 8
    with pytest.raises(WrongPassword) as caught:
        unlock(locked, password + "x")
    assert password not in str(caught.value)


def test_a_password_may_be_typed_on_another_keyboard() -> None:
    """One sends an accent composed, another decomposed."""
    assert unlock(lock(b"seed", "caf\u00e9", cost=CHEAP), "cafe\u0301") == b"seed"


def test_the_usual_cost_is_paid_and_written_down() -> None:
    """A guess costs 256 MiB, and a later version may ask for more."""
    locked = lock(b"seed", "password")
    assert int.from_bytes(locked[5:13], "big") == 256 * 2**20
    assert unlock(locked, "password") == b"seed"


def test_an_empty_password_is_refused() -> None:
    """It would look protected."""
    with pytest.raises(UserError, match="empty"):
        lock(b"seed", "", cost=CHEAP)


def test_a_password_has_an_end() -> None:
    """What is longer is refused when it is chosen, and opens nothing afterwards."""
    longest = "a" * LONGEST
    locked = lock(b"seed", longest, cost=CHEAP)
    assert unlock(locked, longest) == b"seed"
    with pytest.raises(WrongPassword):
        unlock(locked, longest + "a")
    for refuse in (check_new, lambda chosen: lock(b"seed", chosen, cost=CHEAP)):
        with pytest.raises(UserError, match="1024 characters at most: choose a shorter one"):
            refuse(longest + "a")


def test_no_altered_byte_opens() -> None:
    """The cost and the salt are bound as well; a cheaper cost cannot be written over it."""
    locked = lock(b"seed", "password", cost=CHEAP)
    # 1 to 12 are the cost; their high bytes are refused before anything is computed.
    for place in [0, *range(13, len(locked))]:
        altered = locked[:place] + bytes([locked[place] ^ 1]) + locked[place + 1 :]
        with pytest.raises(UserError):
            unlock(altered, "password")
    for bad in (b"", locked[:52], locked[:-1], locked + b"\0"):
        with pytest.raises(UserError):
            unlock(bad, "password")


@pytest.mark.parametrize("cost", [Cost(2**32 - 1, 8192), Cost(1, 2**62), Cost(0, 8192), Cost(1, 0)])
def test_an_altered_cost_is_not_paid(cost: Cost) -> None:
    """A file that asks for all memory, or for a year, is refused at once."""
    locked = lock(b"seed", "password", cost=CHEAP)
    altered = locked[:1] + cost.opslimit.to_bytes(4, "big") + cost.memlimit.to_bytes(8, "big")
    with pytest.raises(UserError, match="more memory or time"):
        unlock(altered + locked[13:], "password")
    assert MOST.memlimit < 2**31
