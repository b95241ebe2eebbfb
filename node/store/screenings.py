"""Screenings that run in the background, and the result of each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import screening_rows, screenings

State = Literal["waiting", "done", "failed"]


@dataclass(frozen=True)
class ScreeningRow:
    """One screening."""

    id: str
    state: State
    job_sealed: bytes | None = field(repr=False)
    summary_sealed: bytes = field(repr=False)
    fault: str | None
    created_at: int
    delete_after: date


@dataclass(frozen=True)
class ResultRow:
    """What was found about one row of a list."""

    screening: str
    row: int
    attention: bool
    found: bool
    result_sealed: bytes = field(repr=False)


async def add(connection: AsyncConnection, row: ScreeningRow) -> None:
    """Keep a screening."""
    await connection.execute(insert(screenings).values(**vars(row)))


async def get(connection: AsyncConnection, id_: str) -> ScreeningRow | None:
    """The screening of an id."""
    row = (await connection.execute(select(screenings).where(screenings.c.id == id_))).first()
    return None if row is None else ScreeningRow(*row)


async def every(connection: AsyncConnection) -> list[ScreeningRow]:
    """All of them, the newest first; without their lists."""
    columns = [column for column in screenings.c if column.name != "job_sealed"]
    query = select(*columns).order_by(screenings.c.created_at.desc(), screenings.c.id)
    rows = (await connection.execute(query)).mappings()
    return [ScreeningRow(job_sealed=None, **row) for row in rows]


async def waiting(connection: AsyncConnection) -> ScreeningRow | None:
    """The oldest that waits."""
    query = select(screenings).where(screenings.c.state == "waiting")
    query = query.order_by(screenings.c.created_at, screenings.c.id).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else ScreeningRow(*row)


async def number_waiting(connection: AsyncConnection) -> int:
    """How many wait."""
    query = select(func.count()).where(screenings.c.state == "waiting")
    return int((await connection.execute(query)).scalar_one())


async def number_before(connection: AsyncConnection, created_at: int, id_: str) -> int:
    """How many wait whose turn comes before that of one."""
    turn = tuple_(screenings.c.created_at, screenings.c.id)
    query = select(func.count()).where(
        screenings.c.state == "waiting", turn < tuple_(created_at, id_)
    )
    return int((await connection.execute(query)).scalar_one())


async def finish(
    connection: AsyncConnection, id_: str, summary_sealed: bytes, results: Sequence[ResultRow]
) -> bool:
    """Keep what a screening came to, in place of its list; False where it was deleted."""
    if not await _end(connection, id_, state="done", summary_sealed=summary_sealed):
        return False
    if results:
        await connection.execute(insert(screening_rows), [vars(each) for each in results])
    return True


async def fail(connection: AsyncConnection, id_: str, fault: str) -> None:
    """Keep why a screening came to nothing, in place of its list."""
    await _end(connection, id_, state="failed", fault=fault)


async def _end(connection: AsyncConnection, id_: str, **values: object) -> bool:
    query = update(screenings).where(screenings.c.id == id_).values(job_sealed=None, **values)
    return (await connection.execute(query)).rowcount > 0


async def rows(  # noqa: PLR0913 - which rows of which list
    connection: AsyncConnection,
    id_: str,
    after: int,
    limit: int,
    *,
    attention: bool,
    found: bool | None = None,
) -> list[ResultRow]:
    """Results of rows after a row, in order; of those only that a human has to look at, or all.

    `found`: only those about which something was found, or nothing.
    """
    query = select(screening_rows).where(
        screening_rows.c.screening == id_, screening_rows.c.row > after
    )
    if attention:
        query = query.where(screening_rows.c.attention)
    if found is not None:
        query = query.where(screening_rows.c.found.is_(found))
    result = await connection.execute(query.order_by(screening_rows.c.row).limit(limit))
    return [ResultRow(*row) for row in result]


async def drop(connection: AsyncConnection, id_: str) -> bool:
    """Delete a screening with all its rows; whether there was one."""
    result = await connection.execute(delete(screenings).where(screenings.c.id == id_))
    return result.rowcount > 0


async def drop_due(connection: AsyncConnection, day: date) -> int:
    """Delete what is kept for no longer than yesterday; how many."""
    result = await connection.execute(delete(screenings).where(screenings.c.delete_after < day))
    return result.rowcount
