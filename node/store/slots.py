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


async def give_back(
    connection: AsyncConnection, attestation: str, oprf_key: bytes | None = None
) -> None:
    """What an attestation's records took is free: all of it, or under one OPRF key (id)."""
    taken = slots.c.attestation == attestation
    if oprf_key is not None:
        taken &= slots.c.oprf_key == oprf_key
    await connection.execute(delete(slots).where(taken))


async def drop_key(connection: AsyncConnection, oprf_key: bytes) -> None:
    """Nothing is sealed under an OPRF key (id) any more, nor ever will be."""
    await connection.execute(delete(slots).where(slots.c.oprf_key == oprf_key))
