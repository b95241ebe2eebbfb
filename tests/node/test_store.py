"""Transactions, on SQLite and on PostgreSQL alike."""

import asyncio
import logging
import shutil
import sys
import threading
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Executable, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from node import tables
from node.store import Store, chunked, engine
from node.store.engine import PARAMETERS
from protocol.errors import Unavailable
from tests.paths import ROOT

PEER = bytes(32)
_SLOW = text(
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 300000) "
    "SELECT n FROM number WHERE n > 299000"
)
"""Takes a good while until its first row, and has more."""


async def _put(store: Store, level: int) -> None:
    async with store.write() as connection:
        row = {"peer": PEER, "level": level, "updated_at": 0}
        await connection.execute(insert(tables.budgets), row)


async def _level(connection: AsyncConnection) -> int:
    level: int = (await connection.execute(select(tables.budgets.c.level))).scalar_one()
    return level


async def _increment(store: Store) -> None:
    """Read, think, write: what loses updates wherever two may do it at once."""
    async with store.write() as connection:
        level = await _level(connection)
        await asyncio.sleep(0)
        await connection.execute(update(tables.budgets).values(level=level + 1))


async def _increment_from_another_process(url: str, times: int) -> None:
    program = f"""
import asyncio
from node.store import Store
from tests.node.test_store import _increment
async def main():
    store = Store({url!r})
    for _ in range({times}):
        await _increment(store)
    await store.close()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await process.wait() == 0


async def test_row_31_twenty_writers_at_once_lose_no_update(store: Store) -> None:
    """Twenty concurrent read-modify-writes of one number end at twenty."""
    await _put(store, 0)
    await asyncio.gather(*(_increment(store) for _ in range(20)))
    async with store.read() as connection:
        assert await _level(connection) == 20


async def test_row_31_writers_in_two_processes_lose_no_update(
    store: Store, database_url: str
) -> None:
    """A command beside `serve` waits for its turn, as `serve` does for the command's."""
    await _put(store, 0)
    await asyncio.gather(
        *(_increment_from_another_process(database_url, 10) for _ in range(2)),
        *(_increment(store) for _ in range(10)),
    )
    async with store.read() as connection:
        assert await _level(connection) == 30


async def test_writers_of_two_stores_take_turns(store: Store, database_url: str) -> None:
    """The database itself keeps the second out, not only the lock of this process."""
    other = Store(database_url)
    await _put(store, 0)
    async with store.write() as connection:
        waiting = asyncio.create_task(_increment(other))
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
        assert await _level(connection) == 0
    await waiting
    await other.close()


async def _fail_after_writing(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(tables.budgets).values(level=3))
        raise LookupError


async def test_a_writer_that_fails_leaves_nothing(store: Store) -> None:
    """What was written before the failure is not there, and the next writer gets its turn."""
    await _put(store, 1)
    with pytest.raises(IntegrityError):
        await _put(store, 2)
    with pytest.raises(LookupError):
        await _fail_after_writing(store)
    async with store.read() as connection:
        assert await _level(connection) == 1


async def test_a_cancelled_writer_leaves_nothing(store: Store) -> None:
    """As when a client hangs up in the middle of a request."""
    await _put(store, 1)
    begun = asyncio.Event()

    async def write() -> None:
        async with store.write() as connection:
            await connection.execute(update(tables.budgets).values(level=2))
            begun.set()
            await asyncio.Event().wait()

    writer = asyncio.create_task(write())
    await begun.wait()
    writer.cancel()
    await asyncio.wait([writer])
    await _increment(store)
    async with store.read() as connection:
        assert await _level(connection) == 2


async def test_a_writer_that_is_cancelled_while_reading_holds_up_nobody(store: Store) -> None:
    """Not even while somebody still looks at what was raised, and with it at the open cursor."""
    await _put(store, 1)
    reading = asyncio.Event()
    raised: list[BaseException] = []

    async def write() -> None:
        try:
            async with store.write() as connection:
                await connection.execute(update(tables.budgets).values(level=2))
                reading.set()
                await connection.execute(_SLOW)
        except asyncio.CancelledError as error:
            raised.append(error)
            raise

    writer = asyncio.create_task(write())
    await reading.wait()
    await asyncio.sleep(0.01)
    writer.cancel()
    await asyncio.wait([writer])
    assert raised
    async with asyncio.timeout(10):
        await _increment(store)


async def test_a_reader_sees_one_state(store: Store) -> None:
    """What is committed while somebody reads is seen by the next reader only."""
    await _put(store, 1)
    async with store.read() as connection:
        assert await _level(connection) == 1
        await _increment(store)
        assert await _level(connection) == 1
    async with store.read() as connection:
        assert await _level(connection) == 2


async def _do(store: Store, statement: Executable, *, write: bool = True) -> None:
    async with store.write() if write else store.read() as connection:
        await connection.execute(statement)


async def test_a_reader_cannot_write(store: Store) -> None:
    """A write outside of `write` would be one that does not wait for its turn."""
    await _put(store, 1)
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await _do(store, update(tables.budgets).values(level=2), write=False)


@pytest.mark.parametrize("value", ["mallory@example.org", None, 2**80], ids=repr)
async def test_row_3_errors_tell_no_values(store: Store, value: object) -> None:
    """A failing statement is shown without parameters and rows: they are names and locators."""
    statement = text("INSERT INTO nonces (keyid, nonce, expires) VALUES (:a, NULL, :b)")
    bound = statement.bindparams(a="eve@example.org", b=value)
    with pytest.raises((SQLAlchemyError, OverflowError)) as caught:
        await _do(store, bound)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [word for word in ("mallory", "eve@", str(2**80)) if word in shown]


async def test_row_3_the_driver_logs_no_values(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where everything is logged."""
    caplog.set_level(logging.DEBUG)
    async with store.read() as connection:
        await connection.execute(select(tables.nonces).where(tables.nonces.c.keyid == "mallory"))
    assert "mallory" not in caplog.text


async def test_foreign_keys_hold(store: Store) -> None:
    """An entry of no log is refused; a log takes its entries with it."""
    entry = {"log": PEER, "idx": 0, "entry": b"{}"}
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(insert(tables.log_entries), entry)
    async with store.write() as connection:
        await connection.execute(insert(tables.logs), _log(PEER, own=False))
        await connection.execute(insert(tables.log_entries), entry)
        await connection.execute(tables.logs.delete())
        assert (await connection.execute(select(tables.log_entries))).all() == []


async def test_there_is_one_log_of_our_own(store: Store) -> None:
    """Two would be a fork; of peers there may be any number."""
    async with store.write() as connection:
        logs = [_log(bytes([n]) * 32, own=n == 0) for n in range(3)]
        await connection.execute(insert(tables.logs), logs)
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(insert(tables.logs), _log(b"x" * 32, own=True))


def _log(fingerprint: bytes, *, own: bool) -> dict[str, object]:
    head = {"size": 1, "root": bytes(32), "note": b"note"}
    return {"fingerprint": fingerprint, "origin": "a/comity", "own": own} | head


async def test_a_commit_is_on_the_disk(store: Store) -> None:
    """Nothing is answered that a loss of power could undo."""
    async with store.write() as connection:
        if store.is_sqlite:
            assert await connection.scalar(text("PRAGMA synchronous")) == 2
            assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await connection.scalar(text("PRAGMA secure_delete")) == 1
        else:
            assert await connection.scalar(text("SHOW synchronous_commit")) == "on"


async def test_a_database_that_is_not_there_is_unavailable(store: Store, tmp_path: Path) -> None:
    """The caller learns that later may be better, not what the driver said."""
    gone = Store(f"postgresql+asyncpg://nobody@/none?host={tmp_path}")
    with pytest.raises(Unavailable):
        async with gone.read():
            pytest.fail("there is nothing to read")
    await gone.close()


@pytest.fixture
def sqlite_file(tmp_path: Path, sqlite_template: Path) -> Path:
    return Path(shutil.copyfile(sqlite_template, tmp_path / "comity.sqlite3"))


async def test_row_25_what_was_deleted_is_gone_from_the_file(sqlite_file: Path) -> None:
    """After a deletion and `scrub`, neither the file nor its log holds the deleted bytes."""
    marker = b"to be forgotten " * 300
    store = Store(f"sqlite+aiosqlite:///{sqlite_file}")
    async with store.write() as connection:
        await connection.execute(insert(tables.logs), _log(PEER, own=False) | {"note": marker})
    assert marker[:64] in _files(sqlite_file.parent)
    async with store.write() as connection:
        await connection.execute(tables.logs.delete())
    await store.scrub()
    assert marker[:64] not in _files(sqlite_file.parent)
    await store.close()


async def test_row_16_letting_go_does_not_wait_long_for_who_reads(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers wait meanwhile; what one reader still sees stays until the next time."""
    monkeypatch.setattr(engine, "SCRUB_WAIT", 0)
    store = Store(f"sqlite+aiosqlite:///{sqlite_file}")
    async with store.write() as connection:
        await connection.execute(insert(tables.logs), _log(PEER, own=False))
    async with store.read() as connection:
        await connection.execute(select(tables.logs))
        async with store.write() as writer:
            await writer.execute(tables.logs.delete())
        assert not await store.scrub()
        async with store.write() as writer:
            waits = (await writer.execute(text("PRAGMA busy_timeout"))).scalar_one()
    assert waits == engine.WAIT * 1000
    assert await store.scrub()
    await store.close()


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_only_its_owner_may_read_a_database(tmp_path: Path) -> None:
    """Also where it was put outside of the home folder; its log is made alike."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'new.sqlite3'}")
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE a (b INTEGER)"))
        modes = _modes(tmp_path)
    assert "new.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}
    await store.close()


@pytest.mark.parametrize("moment", [0, 0.001, 0.01])
async def test_closing_waits_for_what_was_given_up(sqlite_file: Path, moment: float) -> None:
    """No thread of the driver comes back to an event loop that is gone."""
    before = set(threading.enumerate())
    store = Store(f"sqlite+aiosqlite:///{sqlite_file}")

    async def read() -> None:
        async with store.read() as connection:
            await connection.execute(_SLOW)

    reading = [asyncio.create_task(read()) for _ in range(3)]
    await asyncio.sleep(moment)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    await store.close()
    left = set(threading.enumerate()) - before
    assert not [thread.name for thread in left if "_connection_worker_thread" in thread.name]


async def test_closing_leaves_one_file(sqlite_file: Path) -> None:
    """A closed database is one file, complete: it can be copied as a backup."""
    store = Store(f"sqlite+aiosqlite:///{sqlite_file}")
    await _put(store, 7)
    async with store.read() as connection:
        assert await _level(connection) == 7
    await store.close()
    assert list(_modes(sqlite_file.parent)) == ["comity.sqlite3"]


@given(st.integers(0, 100_000), st.integers(1, 9), st.integers(0, 9))
def test_chunks_are_the_values_in_order_and_none_too_long(
    count: int, parameters: int, fixed: int
) -> None:
    """Every statement stays below the limits of both databases."""
    chunks = list(chunked(range(count), parameters, fixed))
    assert [value for chunk in chunks for value in chunk] == list(range(count))
    assert all(len(chunk) * parameters + fixed <= PARAMETERS for chunk in chunks)


async def test_a_full_chunk_is_taken_by_both_databases(store: Store) -> None:
    """The limit is not one too high."""
    peers = [n.to_bytes(32, "big") for n in range(PARAMETERS)]
    async with store.read() as connection:
        [chunk] = chunked(peers)
        found = await connection.execute(
            select(tables.budgets).where(tables.budgets.c.peer.in_(chunk))
        )
        assert found.all() == []
