"""Decisions that wait, and those that came to an end; what each officer said to them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import approvals, decisions

DecisionState = Literal["pending", "logged", "declined", "void", "lapsed"]
VoteKind = Literal["approve", "recuse", "decline"]


@dataclass(frozen=True)
class DecisionRow:
    """One decision; `index` is its place in our log, `fault` why it could not be logged."""

    hash: bytes
    type: str
    decision_sealed: bytes = field(repr=False)
    state: DecisionState
    proposed_on: date
    index: int | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Vote:
    """What one officer said to a decision; `at` in Unix seconds."""

    decision: bytes
    officer: bytes
    kind: VoteKind
    signature: bytes | None = field(repr=False)
    reason_sealed: bytes | None = field(repr=False)
    at: int


async def add(connection: AsyncConnection, row: DecisionRow) -> None:
    """Keep a new decision."""
    values = {("idx" if name == "index" else name): value for name, value in vars(row).items()}
    await connection.execute(insert(decisions).values(**values))


async def get(connection: AsyncConnection, hash_: bytes) -> DecisionRow | None:
    """The decision of a hash."""
    query = select(decisions).where(decisions.c.hash == hash_)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else DecisionRow(*row)


async def every(connection: AsyncConnection) -> list[DecisionRow]:
    """All decisions, the oldest first."""
    rows = await connection.execute(
        select(decisions).order_by(decisions.c.proposed_on, decisions.c.idx, decisions.c.hash)
    )
    return [DecisionRow(*row) for row in rows]


async def replace(connection: AsyncConnection, row: DecisionRow) -> None:
    """Keep what has become of a decision: its state, its place, its fault."""
    values = {"state": row.state, "idx": row.index, "fault": row.fault}
    await connection.execute(update(decisions).where(decisions.c.hash == row.hash).values(**values))


async def reopen(connection: AsyncConnection, hash_: bytes) -> None:
    """Let a decision that was declined wait again; who declined has said nothing to it any more."""
    await connection.execute(
        update(decisions).where(decisions.c.hash == hash_).values(state="pending", fault=None)
    )
    declined = approvals.c.kind == "decline"
    await connection.execute(delete(approvals).where(approvals.c.decision == hash_, declined))


async def vote(connection: AsyncConnection, given: Vote) -> None:
    """Keep what an officer says, in place of what the same officer said before."""
    await connection.execute(
        delete(approvals).where(
            approvals.c.decision == given.decision, approvals.c.officer == given.officer
        )
    )
    await connection.execute(insert(approvals).values(**vars(given)))


async def votes(connection: AsyncConnection, hash_: bytes) -> list[Vote]:
    """What the officers said to a decision, by their keys."""
    query = select(approvals).where(approvals.c.decision == hash_).order_by(approvals.c.officer)
    return [Vote(*row) for row in await connection.execute(query)]


async def approved_at(connection: AsyncConnection) -> dict[int, int]:
    """When the newest approval of each logged decision was given, by its place in our log."""
    query = (
        select(decisions.c.idx, func.max(approvals.c.at))
        .join(approvals, approvals.c.decision == decisions.c.hash)
        .where(decisions.c.state == "logged", approvals.c.kind == "approve")
        .group_by(decisions.c.idx)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}
