"""Inquiries, ours and those of peers: sealed by the caller, and how far each has come."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import findings, inquiries_asked, inquiries_received

AskedState = Literal[
    "unsent", "waiting", "answered", "dishonest", "refused", "given_up", "ended"
]  # fmt: skip
"""How far a question of ours has come; the first two are open."""

OPEN: frozenset[AskedState] = frozenset({"unsent", "waiting"})


@dataclass(frozen=True)
class AskedRow:
    """A question of ours; times are Unix seconds."""

    hash: bytes
    finding: str
    state: AskedState
    fault: str | None
    inquiry_sealed: bytes = field(repr=False)
    answer_sealed: bytes | None = field(repr=False)
    asked_at: int
    changed_at: int
    log: bytes = b""
    """Fingerprint of the issuer, which is the finding's."""


@dataclass(frozen=True)
class ReceivedRow:
    """A question of a peer's; times are Unix seconds."""

    peer: bytes
    hash: bytes
    attestation_tag: bytes
    inquiry_sealed: bytes = field(repr=False)
    answer_sealed: bytes | None = field(repr=False)
    received_at: int
    answered_at: int | None
    handed_over_at: int | None
    delete_after: date


async def add_asked(connection: AsyncConnection, row: AskedRow) -> None:
    """Keep a new question of ours."""
    values = vars(row).copy()
    del values["log"]
    await connection.execute(insert(inquiries_asked).values(**values))


async def asked(connection: AsyncConnection) -> list[AskedRow]:
    """All questions of ours, the oldest first."""
    return await _asked(connection, true())


async def get_asked(connection: AsyncConnection, hash_: bytes) -> AskedRow | None:
    """The question of ours of a hash."""
    found = await _asked(connection, inquiries_asked.c.hash == hash_)
    return found[0] if found else None


async def asked_about(connection: AsyncConnection, finding: str) -> list[AskedRow]:
    """Our questions about a finding, the oldest first."""
    return await _asked(connection, inquiries_asked.c.finding == finding)


async def change_asked(connection: AsyncConnection, row: AskedRow, **values: Any) -> bool:
    """Set columns of a question of ours; False where its state is another one by now."""
    same = inquiries_asked.c.hash == row.hash, inquiries_asked.c.state == row.state
    result = await connection.execute(update(inquiries_asked).where(*same).values(**values))
    return result.rowcount > 0


async def end(connection: AsyncConnection, finding: str) -> None:
    """Let go of what was answered about a finding whose sanction has ended."""
    await connection.execute(
        update(inquiries_asked)
        .where(inquiries_asked.c.finding == finding)
        .values(state="ended", fault=None, answer_sealed=None)
    )


async def add_received(connection: AsyncConnection, row: ReceivedRow) -> None:
    """Keep a peer's question."""
    await connection.execute(insert(inquiries_received).values(**vars(row)))


async def received(connection: AsyncConnection) -> list[ReceivedRow]:
    """All questions of peers, the oldest first."""
    return await _received(connection, true())


async def get_received(
    connection: AsyncConnection, peer: bytes, hash_: bytes
) -> ReceivedRow | None:
    """The question of a peer's of a hash."""
    table = inquiries_received
    found = await _received(connection, table.c.peer == peer, table.c.hash == hash_)
    return found[0] if found else None


async def count_received(connection: AsyncConnection, peer: bytes, since: int) -> tuple[int, int]:
    """How many questions of a peer's came at `since` or later, and how many wait, whenever."""
    table = inquiries_received
    of_peer = select(func.count()).select_from(table).where(table.c.peer == peer)
    new = await connection.execute(of_peer.where(table.c.received_at >= since))
    waiting = await connection.execute(of_peer.where(table.c.answered_at.is_(None)))
    return new.scalar_one(), waiting.scalar_one()


async def change_received(connection: AsyncConnection, row: ReceivedRow, **values: Any) -> None:
    """Set columns of a peer's question."""
    table = inquiries_received
    same = table.c.peer == row.peer, table.c.hash == row.hash
    await connection.execute(update(table).where(*same).values(**values))


async def forget_about(connection: AsyncConnection, attestation_tag: bytes) -> None:
    """Delete what peers asked about an attestation, and what they were told."""
    table = inquiries_received
    await connection.execute(delete(table).where(table.c.attestation_tag == attestation_tag))


async def _asked(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> list[AskedRow]:
    query = (
        select(inquiries_asked, findings.c.log)
        .join(findings, findings.c.id == inquiries_asked.c.finding)
        .where(*conditions)
        .order_by(inquiries_asked.c.asked_at, inquiries_asked.c.hash)
    )
    return [AskedRow(*row) for row in await connection.execute(query)]


async def _received(
    connection: AsyncConnection, *conditions: ColumnElement[bool]
) -> list[ReceivedRow]:
    table = inquiries_received
    query = select(table).where(*conditions).order_by(table.c.received_at, table.c.hash)
    return [ReceivedRow(*row) for row in await connection.execute(query)]
