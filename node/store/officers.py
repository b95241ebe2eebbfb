"""Officers as this node knows them: their names here, and the keys that it keeps for them."""

from dataclasses import dataclass, field

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import officers
from protocol.statements import Custody


@dataclass(frozen=True)
class OfficerRow:
    """One row; name and secret are sealed."""

    key: bytes
    name_sealed: bytes = field(repr=False)
    custody: Custody
    secret_sealed: bytes | None = field(repr=False)


async def put(connection: AsyncConnection, row: OfficerRow) -> None:
    """Keep a new officer."""
    await connection.execute(insert(officers).values(**vars(row)))


async def every(connection: AsyncConnection) -> list[OfficerRow]:
    """All officers, by key."""
    rows = await connection.execute(select(officers).order_by(officers.c.key))
    return [OfficerRow(*row) for row in rows]
