"""Officers as this node knows them: their names here, and the keys that it keeps for them."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import officers
from protocol.statements import Custody


@dataclass(frozen=True)
class OfficerRow:
    """One row; name and secret are sealed.

    `decision` is the hash of the one that would list them for the first time; None once it has.
    """

    key: bytes
    name_sealed: bytes = field(repr=False)
    custody: Custody
    secret_sealed: bytes | None = field(repr=False)
    decision: bytes | None = None


async def put(connection: AsyncConnection, row: OfficerRow) -> None:
    """Keep a new officer."""
    await connection.execute(insert(officers).values(**vars(row)))


async def listed(connection: AsyncConnection, decision: bytes) -> None:
    """Note that the decision which lists officers for the first time is logged."""
    await connection.execute(
        update(officers).where(officers.c.decision == decision).values(decision=None)
    )


async def forget_proposed(connection: AsyncConnection, decision: bytes) -> None:
    """Drop whom only a decision would have listed that never will be logged."""
    await connection.execute(delete(officers).where(officers.c.decision == decision))


async def every(connection: AsyncConnection) -> list[OfficerRow]:
    """All officers, by key."""
    rows = await connection.execute(select(officers).order_by(officers.c.key))
    return [OfficerRow(*row) for row in rows]
