"""Who asked at the desk: addresses sealed, found by tags of the address and of the code."""

from dataclasses import dataclass, field

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import desk_requests as table


@dataclass(frozen=True)
class DeskRow:
    """One request; times in Unix seconds."""

    id: str
    tag: bytes
    code_tag: bytes
    address_sealed: bytes = field(repr=False)
    created_at: int
    expires_at: int
    confirmed_at: int | None = None
    review: bool = False
    answered_at: int | None = None


async def add(connection: AsyncConnection, row: DeskRow) -> None:
    """Keep a new request."""
    await connection.execute(insert(table).values(**vars(row)))


async def by_code(connection: AsyncConnection, code_tag: bytes) -> DeskRow | None:
    """The request whose code has this tag."""
    query = select(table).where(table.c.code_tag == code_tag)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else DeskRow(*row)


async def counts(connection: AsyncConnection, tag: bytes, since: int) -> tuple[int, int]:
    """How many were made since a time: about this address, and all."""
    recent = table.c.created_at > since
    about = await connection.scalar(select(func.count()).where(recent, table.c.tag == tag))
    every = await connection.scalar(select(func.count()).where(recent))
    return int(about or 0), int(every or 0)


async def to_answer(connection: AsyncConnection) -> list[DeskRow]:
    """Those whose code was used and that were not answered, the oldest first."""
    query = select(table).where(table.c.confirmed_at.is_not(None), table.c.answered_at.is_(None))
    rows = await connection.execute(query.order_by(table.c.confirmed_at, table.c.id))
    return [DeskRow(*row) for row in rows]


async def replace(connection: AsyncConnection, row: DeskRow) -> None:
    """Keep what has become of a request."""
    await connection.execute(update(table).where(table.c.id == row.id).values(**vars(row)))


async def delete_expired(connection: AsyncConnection, before: int) -> int:
    """Drop the requests whose code was too old at a time; how many there were."""
    result = await connection.execute(delete(table).where(table.c.expires_at < before))
    return result.rowcount
