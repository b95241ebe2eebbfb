"""What was found, of which screening; who and how is sealed by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import findings


@dataclass(frozen=True)
class StoredFinding:
    """One row; `screening` is None where a single person was asked about."""

    id: str
    screening: str | None
    content_sealed: bytes = field(repr=False)
    created_at: int
    delete_after: date


async def put(connection: AsyncConnection, rows: Sequence[StoredFinding]) -> None:
    """Keep findings, replacing those of the same id."""
    for part in chunked([row.id for row in rows]):
        await connection.execute(delete(findings).where(findings.c.id.in_(part)))
    if rows:
        await connection.execute(insert(findings), [vars(row) for row in rows])
