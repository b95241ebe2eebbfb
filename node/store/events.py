"""Events declared for budgets: by peers to us, and by us to peers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import events


@dataclass(frozen=True)
class Event:
    """A declared event: its kind and days, nothing more. Times are Unix seconds."""

    id: str
    peer: bytes
    ours: bool
    """Whether it is our event, told to the peer; else the peer declared it to us."""
    kind: str
    from_day: date
    until_day: date
    allowance: int
    spent: int
    declared_at: int
    ended_at: int | None = None

    @property
    def left(self) -> int:
        """Evaluations of the allowance that were not used."""
        return max(0, self.allowance - self.spent)

    def is_open(self, day: date) -> bool:
        """Whether it pays on that day: from its declaration to its last day."""
        return self.ended_at is None and day <= self.until_day


async def of_peer(connection: AsyncConnection, peer: bytes, *, ours: bool) -> Sequence[Event]:
    """The events declared by a peer (or by us to it), the oldest first."""
    query = (
        select(events)
        .where(events.c.peer == peer, events.c.ours == ours)
        .order_by(events.c.declared_at, events.c.id)
    )
    return [Event(*row) for row in await connection.execute(query)]


async def get(connection: AsyncConnection, id_: str) -> Event | None:
    """The event of an id; None where there is none."""
    row = (await connection.execute(select(events).where(events.c.id == id_))).one_or_none()
    return None if row is None else Event(*row)


async def add(connection: AsyncConnection, event: Event) -> None:
    """Keep a new event."""
    await connection.execute(insert(events).values(**vars(event)))


async def change(connection: AsyncConnection, id_: str, **values: int | None) -> None:
    """Set columns of an event."""
    await connection.execute(update(events).where(events.c.id == id_).values(**values))
