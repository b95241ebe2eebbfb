"""When a review was asked for, and of what: sealed by the caller."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import objections


@dataclass(frozen=True)
class ObjectionRow:
    """One wish for a review; `at` in Unix seconds."""

    id: str
    at: int
    sanctions_sealed: bytes = field(repr=False)


async def add(connection: AsyncConnection, row: ObjectionRow) -> None:
    """Keep a wish for a review."""
    await connection.execute(insert(objections).values(**vars(row)))


async def every(connection: AsyncConnection) -> list[ObjectionRow]:
    """All that are kept, the oldest first."""
    rows = await connection.execute(select(objections).order_by(objections.c.at, objections.c.id))
    return [ObjectionRow(*row) for row in rows]


async def delete_older(connection: AsyncConnection, before: int) -> int:
    """Drop those from before a time; how many there were."""
    result = await connection.execute(delete(objections).where(objections.c.at < before))
    return result.rowcount
