"""The local record of acts: rows are added and read, and nothing else; triggers refuse the rest."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import audit, audit_subjects


@dataclass(frozen=True)
class AuditRow:
    """One act; `chain` covers it and all before it."""

    seq: int
    at: int
    act: str
    detail_sealed: bytes = field(repr=False)
    chain: bytes


async def last(connection: AsyncConnection) -> AuditRow | None:
    """The newest row."""
    row = (await connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1))).first()
    return None if row is None else AuditRow(*row)


async def add(connection: AsyncConnection, row: AuditRow, tags: Collection[bytes]) -> None:
    """Keep an act, and the tags of the identifiers that it is about."""
    await connection.execute(insert(audit).values(**vars(row)))
    if tags:
        rows = [{"seq": row.seq, "tag": tag} for tag in tags]
        await connection.execute(insert(audit_subjects), rows)


async def every(connection: AsyncConnection) -> list[AuditRow]:
    """All acts, the oldest first."""
    rows = await connection.execute(select(audit).order_by(audit.c.seq))
    return [AuditRow(*row) for row in rows]


async def about(connection: AsyncConnection, tags: Collection[bytes]) -> list[AuditRow]:
    """The acts that are about any of these identifiers, known by their tags."""
    found: dict[int, AuditRow] = {}
    for part in chunked(list(tags)):
        query = (
            select(audit)
            .join(audit_subjects, audit_subjects.c.seq == audit.c.seq)
            .where(audit_subjects.c.tag.in_(part))
        )
        found |= {row.seq: AuditRow(*row) for row in await connection.execute(query)}
    return [found[seq] for seq in sorted(found)]
