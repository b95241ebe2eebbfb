"""Nothing about a person outlives its day."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from node import retention, tables
from node.budgets import DAY
from node.clock import day_of
from node.node import Node
from node.store import nonces
from tests.node.served import NOW, OPRF, founded

TODAY = day_of(NOW)


def rows(last_day: date, created_at: int, log: bytes) -> dict[Table, dict[str, Any]]:
    """One row of each kind that is about people, and what hangs on it."""
    name = f"{last_day} {created_at}"
    dated: dict[str, Any] = {"delete_after": last_day}
    made: dict[str, Any] = {"created_at": created_at}
    sealed = b"sealed"
    return {
        tables.tokens: dated
        | {"log": log, "oprf_key": OPRF.id, "tag": name.encode(), "pseudonym_sealed": sealed},
        tables.findings: dated
        | {"id": name, "log": log, "person_tag": name.encode(), "ref_tag": None}
        | {"finding_sealed": sealed, "ended": False},
        tables.pending_evaluations: made
        | {"id": name, "seq": 0, "log": log, "oprf_key": OPRF.id, "request_sealed": sealed},
    }


async def counts(node: Node, log: bytes) -> dict[str, int]:
    async with node.store.read() as connection:
        return {
            table.name: (
                await connection.execute(select(func.count()).select_from(table))
            ).scalar_one()
            for table in rows(TODAY, NOW, log)
        }


@pytest.mark.parametrize(("age", "kept"), [(0, 1), (1, 0)])
async def test_what_is_about_people_is_deleted_after_its_last_day(
    node: Node, age: int, kept: int
) -> None:
    """On the last day it is there, on the next it is gone, with all that hangs on it."""
    log = (await founded(node)).fingerprint
    last_day = TODAY - timedelta(days=age)
    async with node.store.write() as connection:
        for table, row in rows(last_day, NOW - age * (DAY + 1), log).items():
            await connection.execute(insert(table).values(row))
    deleted = await retention.clean(node, NOW)
    assert set((await counts(node, log)).values()) == {kept}
    assert (deleted > 0) == (kept == 0)


async def test_deleted_rows_are_in_no_file(node: Node, database_url: str) -> None:
    """On SQLite neither the database nor its write-ahead log holds what was deleted."""
    log = (await founded(node)).fingerprint
    marks = {}
    async with node.store.write() as connection:
        for table, row in rows(TODAY - timedelta(days=1), 0, log).items():
            mark = f"mark of {table.name} ".encode() * 4
            sealed = next(name for name in row if name.endswith("_sealed"))
            marks[table.name] = mark
            await connection.execute(insert(table).values(row | {sealed: mark}))
    await retention.clean(node, NOW)
    assert set((await counts(node, log)).values()) == {0}
    if node.store.is_sqlite:
        folder = node.home.path.parent
        files = b"".join(file.read_bytes() for file in folder.glob("comity.sqlite3*"))
        assert b"python.example" in files
        assert [name for name, mark in marks.items() if mark in files] == []


async def test_a_nonce_is_remembered_longer_than_its_signature_holds(node: Node) -> None:
    """A clock that is set back by hours makes no old request good again (row 28)."""
    async with node.store.write() as connection:
        assert await nonces.remember(connection, "peer", bytes(16), NOW)
    await retention.clean(node, NOW + DAY)
    async with node.store.write() as connection:
        assert not await nonces.remember(connection, "peer", bytes(16), NOW)
    await retention.clean(node, NOW + DAY + 1)
    async with node.store.write() as connection:
        assert await nonces.remember(connection, "peer", bytes(16), NOW)
