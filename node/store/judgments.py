"""Judgments of persons and attestations: sealed by the caller, found by whom they are about."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import judgments


@dataclass(frozen=True)
class JudgmentRow:
    """One judgment as it is kept."""

    log: bytes
    attestation: str
    person_tag: bytes
    judgment_sealed: bytes = field(repr=False)


async def every(connection: AsyncConnection) -> list[JudgmentRow]:
    """All of them."""
    query = select(judgments).order_by(judgments.c.attestation, judgments.c.person_tag)
    return [JudgmentRow(*row) for row in await connection.execute(query)]


async def put(connection: AsyncConnection, row: JudgmentRow) -> None:
    """Keep a judgment in place of the one about the same."""
    await drop(connection, row)
    await connection.execute(insert(judgments).values(**vars(row)))


async def drop(connection: AsyncConnection, row: JudgmentRow) -> None:
    """Drop the judgment about the same."""
    await connection.execute(delete(judgments).where(*_same(row)))


def _same(row: JudgmentRow) -> tuple[ColumnElement[bool], ...]:
    return (
        judgments.c.log == row.log,
        judgments.c.attestation == row.attestation,
        judgments.c.person_tag == row.person_tag,
    )
