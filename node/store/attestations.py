"""What we attested, or propose to: the sealed content, by the attestation's id."""

from dataclasses import dataclass, field

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import attestations


@dataclass(frozen=True)
class AttestationRow:
    """One attestation; its content is None once it was dropped."""

    id: str
    decision: bytes
    content_sealed: bytes | None = field(repr=False)


async def add(connection: AsyncConnection, row: AttestationRow) -> None:
    """Keep a new attestation."""
    await connection.execute(insert(attestations).values(**vars(row)))


async def get(connection: AsyncConnection, id_: str) -> AttestationRow | None:
    """The attestation of an id."""
    query = select(attestations).where(attestations.c.id == id_)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else AttestationRow(*row)


async def every(connection: AsyncConnection) -> list[AttestationRow]:
    """All attestations, by id."""
    rows = await connection.execute(select(attestations).order_by(attestations.c.id))
    return [AttestationRow(*row) for row in rows]


async def with_content(connection: AsyncConnection) -> list[str]:
    """The ids of those whose content is kept."""
    query = select(attestations.c.id).where(attestations.c.content_sealed.is_not(None))
    return list((await connection.execute(query)).scalars())


async def of(connection: AsyncConnection, decision: bytes) -> list[AttestationRow]:
    """What a decision attests, by id."""
    query = select(attestations).where(attestations.c.decision == decision)
    rows = await connection.execute(query.order_by(attestations.c.id))
    return [AttestationRow(*row) for row in rows]


async def put_content(connection: AsyncConnection, id_: str, sealed: bytes | None) -> None:
    """Keep other content; with None, forget who is meant and everything that is said of them."""
    await connection.execute(
        update(attestations).where(attestations.c.id == id_).values(content_sealed=sealed)
    )
