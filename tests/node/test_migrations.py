"""The shape of the database, and how it gets there, on both databases."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from node.errors import UserError
from node.migrations import HEAD, revision, upgrade
from node.store import Store
from node.tables import metadata


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_the_revisions_lead_to_the_tables_as_declared(store: Store) -> None:
    """A migrated database has exactly the tables, columns, keys and indexes of `node.tables`."""
    async with store.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_missing_column_would_be_noticed(store: Store) -> None:
    """The comparison above can fail."""
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE peers DROP COLUMN last_error"))
    async with store.read() as connection:
        assert len(await connection.run_sync(_differences)) == 1


async def test_a_database_holds_one_log_of_its_own(store: Store) -> None:
    """A second one would be a fork, whatever the code above believes."""
    async with store.read() as connection:
        indexes = await connection.run_sync(lambda c: inspect(c).get_indexes("logs"))
    assert [index["name"] for index in indexes if index["unique"]] == ["ix_logs_one_own"]


async def test_upgrading_twice_changes_nothing(store: Store) -> None:
    """Every command upgrades; where there is nothing to do, nothing is done."""
    await upgrade(store)
    async with store.read() as connection:
        assert await connection.run_sync(revision) == HEAD


async def test_two_commands_that_start_at_once_upgrade_once(empty_database_url: str) -> None:
    """Both end with the tables there, neither with an error."""
    stores = [Store(empty_database_url) for _ in range(2)]
    await asyncio.gather(*(upgrade(store) for store in stores))
    for store in stores:
        async with store.read() as connection:
            assert await connection.run_sync(_differences) == []
        await store.close()


async def test_a_failed_upgrade_leaves_the_database_as_it_was(empty_database_url: str) -> None:
    """A table in the way of the last step undoes all steps before it."""
    store = Store(empty_database_url)
    async with store.write() as connection:
        await connection.execute(text("CREATE TABLE pending_evaluations (id TEXT)"))
    with pytest.raises(Exception, match="pending_evaluations"):
        await upgrade(store)
    async with store.read() as connection:
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert tables == ["pending_evaluations"]
    await store.close()


async def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    """An older software would not know what it must keep: it says so and touches nothing."""
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(UserError, match=r"newer version .*r9999.* install that version"):
        await upgrade(store)


def test_the_newest_revision_is_the_one_that_is_named() -> None:
    """`HEAD` is what Alembic finds, along one line without branches."""
    config = Config()
    config.set_main_option("script_location", "node:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_an_upgraded_database_costs_no_import_of_alembic(database_url: str) -> None:
    """Commands answer quickly."""
    program = f"""
import asyncio, sys
from node.migrations import upgrade
from node.store import Store
async def main():
    store = Store({database_url!r})
    await upgrade(store)
    await store.close()
asyncio.run(main())
sys.exit("alembic" in sys.modules)
"""
    folder = Path(__file__).parents[2]
    ran = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], cwd=folder)
    assert ran.returncode == 0


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_column_says_what_it_holds(table: Any) -> None:
    """The table of what a node keeps is made from these words."""
    assert [column.name for column in table.columns if not column.doc] == []
