"""What peers have asked of this node's OPRF keys, and what is left to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import budgets, charges

_ORDINARY = charges.c.amount - charges.c.declared


@dataclass(frozen=True)
class Bucket:
    """What was left to a peer at a time (Unix seconds), and what it was last refused."""

    peer: bytes
    level: int
    """In 1/86,400 of an evaluation: what a refill of one evaluation a day adds in a second."""
    event_level: int | None
    """What declared events may use, in 1/2,592,000 of an evaluation: of 30 days' refill a second's.

    None: all of it.
    """
    updated_at: int
    refused_at: int | None = None
    refused_by: str | None = None


@dataclass(frozen=True)
class Charge:
    """One request that was paid for; `declared` of its `amount` by declared events."""

    peer: bytes
    digest: bytes
    amount: int
    declared: int
    repeats: int
    """How often it was answered again, unpaid."""
    at: int

    @property
    def ordinary(self) -> int:
        """What the peer's bucket paid for."""
        return self.amount - self.declared


async def bucket(connection: AsyncConnection, peer: bytes) -> Bucket | None:
    """The bucket of a peer; None where it never asked."""
    row = (await connection.execute(select(budgets).where(budgets.c.peer == peer))).one_or_none()
    return None if row is None else Bucket(*row)


async def put_bucket(connection: AsyncConnection, bucket: Bucket) -> None:
    """Keep a peer's bucket."""
    await connection.execute(delete(budgets).where(budgets.c.peer == bucket.peer))
    await connection.execute(insert(budgets).values(**vars(bucket)))


async def charge_of(
    connection: AsyncConnection, peer: bytes, digest: bytes, after: int
) -> Charge | None:
    """What a peer paid for a request after a time; None where it did not."""
    query = select(charges).where(
        charges.c.peer == peer, charges.c.digest == digest, charges.c.at > after
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Charge(*row)


async def asked_after(connection: AsyncConnection, peer: bytes, time: int) -> int:
    """Evaluations that a peer asked for after a time, whatever paid for them."""
    query = select(func.coalesce(func.sum(charges.c.amount), 0)).where(
        charges.c.peer == peer, charges.c.at > time
    )
    return int(await connection.scalar(query) or 0)


async def ordinary_after(connection: AsyncConnection, time: int, peer: bytes | None = None) -> int:
    """Evaluations that the buckets of all peers, or of one, paid for after a time."""
    query = select(func.coalesce(func.sum(_ORDINARY), 0)).where(charges.c.at > time)
    if peer is not None:
        query = query.where(charges.c.peer == peer)
    return int(await connection.scalar(query) or 0)


async def ordinary_by_time(
    connection: AsyncConnection, after: int
) -> Sequence[tuple[int, bytes, int]]:
    """When, for whom and how much buckets paid after a time, the earliest first."""
    query = (
        select(charges.c.at, charges.c.peer, func.sum(_ORDINARY))
        .where(charges.c.at > after, _ORDINARY > 0)
        .group_by(charges.c.at, charges.c.peer)
        .order_by(charges.c.at)
    )
    return [(at, peer, int(paid)) for at, peer, paid in await connection.execute(query)]


async def put_charge(connection: AsyncConnection, charge: Charge) -> None:
    """Keep a charge, in the place of an older one for the same request."""
    await connection.execute(
        delete(charges).where(charges.c.peer == charge.peer, charges.c.digest == charge.digest)
    )
    await connection.execute(insert(charges).values(**vars(charge)))


async def forget_charges(connection: AsyncConnection, until: int) -> None:
    """Drop the charges made at a time or before."""
    await connection.execute(delete(charges).where(charges.c.at <= until))
