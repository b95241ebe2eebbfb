"""What peers have asked of this node's OPRF keys, and what is left to them."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import budgets, charges


@dataclass(frozen=True)
class Bucket:
    """What was left to a peer at a time (Unix seconds), and what it was last refused."""

    peer: bytes
    level: int
    """In 1/86,400 of an evaluation: what a refill of one evaluation a day adds in a second."""
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


async def charges_after(connection: AsyncConnection, time: int) -> list[Charge]:
    """All charges made after a time, the oldest first."""
    query = select(charges).where(charges.c.at > time).order_by(charges.c.at)
    return [Charge(*row) for row in await connection.execute(query)]


async def put_charge(connection: AsyncConnection, charge: Charge) -> None:
    """Keep a charge, in the place of an older one for the same request."""
    await connection.execute(
        delete(charges).where(charges.c.peer == charge.peer, charges.c.digest == charge.digest)
    )
    await connection.execute(insert(charges).values(**vars(charge)))


async def forget_charges(connection: AsyncConnection, until: int) -> None:
    """Drop the charges made at a time or before."""
    await connection.execute(delete(charges).where(charges.c.at <= until))
