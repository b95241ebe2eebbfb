"""Letters on their way, and what became of those that left."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import outbox

Kind = Literal["notice", "code", "answer"]
OutboxState = Literal["waiting", "accepted", "failed"]


@dataclass(frozen=True)
class OutboxRow:
    """One letter; times in Unix seconds."""

    id: str
    kind: Kind
    attestation: str | None
    """Which sanction a notice is of."""
    mail_sealed: bytes | None = field(repr=False)
    state: OutboxState
    attempts: int
    next_at: int
    give_up_at: int
    created_at: int
    ended_at: int | None = None
    fault: str | None = None


async def add(connection: AsyncConnection, row: OutboxRow) -> None:
    """Keep a letter that is to be sent."""
    await connection.execute(insert(outbox).values(**vars(row)))


async def get(connection: AsyncConnection, id_: str) -> OutboxRow | None:
    """The letter of an id."""
    row = (await connection.execute(select(outbox).where(outbox.c.id == id_))).one_or_none()
    return None if row is None else OutboxRow(*row)


async def every(connection: AsyncConnection) -> list[OutboxRow]:
    """All letters, the oldest first."""
    rows = await connection.execute(select(outbox).order_by(outbox.c.created_at, outbox.c.id))
    return [OutboxRow(*row) for row in rows]


async def notices(connection: AsyncConnection) -> list[OutboxRow]:
    """The letters of sanctions that are still to be sent."""
    query = select(outbox).where(outbox.c.kind == "notice", outbox.c.state == "waiting")
    return [OutboxRow(*row) for row in await connection.execute(query)]


async def due(connection: AsyncConnection, now: int, ids: Collection[str] | None) -> Sequence[str]:
    """Ids of the letters that may be tried now, of these where some are named."""
    query = select(outbox.c.id).where(outbox.c.state == "waiting", outbox.c.next_at <= now)
    if ids is not None:
        query = query.where(outbox.c.id.in_(ids))
    rows = await connection.execute(query.order_by(outbox.c.next_at, outbox.c.id))
    return [row.id for row in rows]


async def replace(connection: AsyncConnection, row: OutboxRow) -> None:
    """Keep what has become of a letter."""
    await connection.execute(update(outbox).where(outbox.c.id == row.id).values(**vars(row)))


async def delete_ended(connection: AsyncConnection, before: int) -> None:
    """Drop what is known of letters that left, or were given up, before a time."""
    await connection.execute(delete(outbox).where(outbox.c.ended_at < before))
