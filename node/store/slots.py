"""Which slot each of our records took for each identifier, known by its tag only."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import slots


@dataclass(frozen=True)
class Slot:
    """The slot that an identifier, known by its tag, has in the record of an attestation."""

    oprf_key: bytes
    tag: bytes = field(repr=False)
    attestation: str
    slot: int


async def used(connection: AsyncConnection, oprf_key: bytes, tag: bytes) -> list[int]:
    """The slots that an identifier's records took under an OPRF key (id), oldest first."""
    query = (
        select(slots.c.slot)
        .where(slots.c.oprf_key == oprf_key, slots.c.tag == tag)
        .order_by(slots.c.used_at, slots.c.attestation)
    )
    return list((await connection.execute(query)).scalars())


async def take(connection: AsyncConnection, taken: Slot, now: int) -> None:
    """An attestation's record takes a slot."""
    await connection.execute(insert(slots).values(**vars(taken), used_at=now))


async def give_back(connection: AsyncConnection, attestation: str) -> None:
    """An attestation was never published: what its record took is free."""
    await connection.execute(delete(slots).where(slots.c.attestation == attestation))
