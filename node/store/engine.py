"""Transactions, on SQLite and on PostgreSQL alike.

- `read` sees one state of the database, and cannot write.
- `write` is the only one of its kind at any time, in this process and in all others; so what it
  reads cannot change until it commits, and compare-and-swap needs no more than an `if`.
- What is committed is on the disk.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import event, text
from sqlalchemy.engine import URL, Connection, ExceptionContext, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from node.store.faults import in_words, is_damage
from protocol.errors import Unavailable

PARAMETERS = 32_766
"""Most parameters of one statement: SQLite's own limit; asyncpg's is one more."""

WAIT = 30
"""Seconds that a writer waits for writers in other processes."""

SCRUB_WAIT = 1
"""Seconds that letting go of what was deleted waits for readers; writers wait meanwhile."""

_READERS = 5

_WRITER_LOCK = 0x636F6D697479
"""The advisory lock of PostgreSQL that is ours: `comity` in ASCII."""

T = TypeVar("T")


def chunked(values: Sequence[T], parameters: int = 1, fixed: int = 0) -> Iterator[Sequence[T]]:
    """Cut `values` so that a statement with `parameters` for each, and `fixed` more, may be sent.

    For `IN (…)` and many rows in one `VALUES`; an insert of a list of rows needs no cutting.
    """
    size = (PARAMETERS - fixed) // parameters
    return (values[start : start + size] for start in range(0, len(values), size))


class Store:
    """One database. Made in the event loop that uses it, closed in the same."""

    def __init__(self, url: str) -> None:
        """Prepare to connect to `url`, which names an asynchronous driver (see `node.config`)."""
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        engines = _sqlite(parsed) if self.is_sqlite else _postgresql(parsed)
        self._reader, self._writer = engines
        self._threads = _Threads(*engines) if self.is_sqlite else None
        # SQLite's own waiting sleeps and polls: twenty writers take six times as long without.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent state, read-only.

        Raises:
            Unavailable: the database cannot be reached, or is found damaged.
        """
        async with _begun(self._reader) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """The one writer; commits where the block ends, rolls back where it raises.

        Keep it short, without waiting for the network: everybody else waits. Never within another
        `write`: it would wait for itself.

        Raises:
            Unavailable: the database cannot be reached, is found damaged, or another process kept
                it for `WAIT` seconds.
        """
        async with self._turn, _begun(self._writer) as connection:
            yield connection

    async def size(self) -> int:
        """Bytes that the database takes; on SQLite without its write-ahead log.

        Raises:
            Unavailable: the database cannot be reached.
        """
        query = (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if self.is_sqlite
            else "SELECT pg_database_size(current_database())"
        )
        async with self.read() as connection:
            return int((await connection.execute(text(query))).scalar_one())

    async def scrub(self) -> bool:
        """Let go of what was deleted: SQLite keeps it in its write-ahead log until this.

        It waits for readers, for `SCRUB_WAIT` seconds at most. False where one of them still reads:
        then what was deleted stays until the next time. PostgreSQL keeps deleted rows until it
        vacuums, in its own time; a word for the operator.
        """
        if not self.is_sqlite:
            return True
        async with self._turn, self._writer.connect() as connection:
            # Outside of a transaction, where alone a checkpoint works: hence the driver's own.
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is None:
                return False
            await driver.execute(f"PRAGMA busy_timeout = {SCRUB_WAIT * 1000}")
            try:
                rows = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await driver.execute(f"PRAGMA busy_timeout = {WAIT * 1000}")
        return not next(iter(rows))[0]

    async def close(self) -> None:
        """Close every connection; what a cancelled task still had under way has ended, too."""
        await self._reader.dispose()
        await self._writer.dispose()
        if self._threads:
            await self._threads.end()


class _Threads:
    """The driver's thread of each connection to SQLite.

    A connection that is given up in the middle of a statement is told to stop, and nobody waits for
    it: its thread would come back to an event loop that is closed.
    """

    def __init__(self, *engines: AsyncEngine) -> None:
        self._connections: list[aiosqlite.Connection] = []
        for engine in engines:
            event.listen(engine.sync_engine, "do_connect", self._at_connect)

    def _at_connect(
        self, _dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]
    ) -> None:
        parameters["async_creator_fn"] = self._connect

    def _connect(self, *arguments: Any, **parameters: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(*arguments, **parameters)
        connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does where it connects itself
        running = [each for each in self._connections if each._thread.is_alive()]  # noqa: SLF001
        self._connections = [*running, connection]
        return connection

    async def end(self) -> None:
        """Stop what still runs, and wait for it."""
        for connection in self._connections:
            if connection._thread.is_alive():  # noqa: SLF001
                connection.stop()
                await asyncio.to_thread(connection._thread.join)  # noqa: SLF001
        self._connections.clear()


@asynccontextmanager
async def _begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(engine.begin())
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise Unavailable(in_words(error, engine.url)) from error
        try:
            yield connection
        except DBAPIError as error:
            if engine.url.get_backend_name() == "sqlite" and is_damage(error):
                raise Unavailable(in_words(error, engine.url)) from error
            raise


def _sqlite(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # below, it prints parameters
    # SQLite would make the file, and beside it those of the log, readable to everybody.
    Path(url.database or "").touch(mode=0o600)
    reader, writer = (_engine(url, size, isolation_level=None) for size in (_READERS, 1))
    # The driver begins by itself, but not before a SELECT: a read-modify-write would lose updates.
    _at_begin(reader, "BEGIN")
    _at_begin(writer, "BEGIN IMMEDIATE")
    settings = (
        f"busy_timeout = {WAIT * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    )
    _at_connect(writer, *settings)
    _at_connect(reader, *settings, "query_only = ON")
    _end_when_cancelled(reader)
    _end_when_cancelled(writer)
    return reader, writer


def _postgresql(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    server = {
        "application_name": "comity",
        "lock_timeout": f"{WAIT}s",
        "synchronous_commit": "on",
    }
    reader, writer = (_engine(url, size, server_settings=server) for size in (_READERS, 1))
    _without_values(reader)
    _without_values(writer)
    # A writer stays at READ COMMITTED: a snapshot would be taken before its turn has come.
    _at_begin(writer, f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return reader.execution_options(**snapshot), writer


def _engine(url: URL, connections: int, **driver: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT,
        pool_pre_ping=url.get_backend_name() != "sqlite",
        connect_args=driver,
        hide_parameters=True,  # errors would print locators and names
    )


def _at_begin(engine: AsyncEngine, statement: str) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _at_connect(engine: AsyncEngine, *settings: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        try:
            for setting in settings:
                cursor.execute(f"PRAGMA {setting}")
        except Exception:
            # Left alone, its thread would outlive the event loop.
            connection.close()
            raise
        cursor.close()


def _end_when_cancelled(engine: AsyncEngine) -> None:
    """End the transaction of a connection that is given up because its task was cancelled.

    Closing does not: SQLite keeps a connection, its locks too, for as long as anything refers to a
    cursor of it that was being read, and the traceback of the cancellation does.
    """

    @event.listens_for(engine.sync_engine, "invalidate")
    def invalidate(
        connection: DBAPIConnection, _record: ConnectionPoolEntry, _error: BaseException | None
    ) -> None:
        connection.rollback()


def _without_values(engine: AsyncEngine) -> None:
    """Take out of the driver's own words the rows and values that `hide_parameters` leaves in."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def handle(context: ExceptionContext) -> None:
        driver = context.original_exception.__cause__
        if driver is None or context.sqlalchemy_exception is None:
            return
        # What the server refuses has a severity; what asyncpg cannot encode is quoted in full.
        words = driver.args[0] if "severity" in vars(driver) else type(driver).__name__
        for error in (driver, context.original_exception, context.sqlalchemy_exception):
            error.args = (words,)
        vars(driver).pop("detail", None)  # "Failing row contains (…)"
        driver.__cause__ = driver.__context__ = None
