"""The local record of acts: rows are added and read; what else is done to them, triggers refuse.

Only tags may be dropped, and only those that the head says are kept no more.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import audit, audit_head, audit_subjects, decisions

PAGE = 500
"""Rows that are held in memory at a time."""

_ID = 1


@dataclass(frozen=True)
class AuditRow:
    """One act; `subjects` covers all tags of it, `chain` the row and all before it."""

    seq: int
    at: int
    act: str
    detail_sealed: bytes = field(repr=False)
    subjects: bytes | None
    chain: bytes


@dataclass(frozen=True)
class AuditHead:
    """The newest act, and the first one whose tags are kept; `seal` covers all of it."""

    seq: int
    chain: bytes
    tags_from: int
    seal: bytes = field(repr=False)


async def head(connection: AsyncConnection) -> AuditHead | None:
    """Where the record ends; None before the first act."""
    query = select(audit_head).where(audit_head.c.id == _ID)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else AuditHead(*row[1:])


async def put_head(connection: AsyncConnection, head: AuditHead) -> None:
    """Keep where the record ends now."""
    values = vars(head)
    changed = await connection.execute(
        update(audit_head).where(audit_head.c.id == _ID).values(**values)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(audit_head).values(id=_ID, **values))


async def is_begun(connection: AsyncConnection) -> bool:
    """Whether there has been an act: there are some, or the decision that each node begins with."""
    either = or_(exists(select(audit.c.seq)), exists(select(decisions.c.hash)))
    return bool(await connection.scalar(select(either)))


async def add(connection: AsyncConnection, row: AuditRow, tags: Collection[bytes]) -> None:
    """Keep an act, and the tags of the identifiers that it is about."""
    await connection.execute(insert(audit).values(**vars(row)))
    if tags:
        rows = [{"seq": row.seq, "tag": tag} for tag in tags]
        await connection.execute(insert(audit_subjects), rows)


async def get(connection: AsyncConnection, seq: int) -> AuditRow | None:
    """The act of a place."""
    row = (await connection.execute(select(audit).where(audit.c.seq == seq))).one_or_none()
    return None if row is None else AuditRow(*row)


async def since(connection: AsyncConnection, act: str, at: int) -> list[AuditRow]:
    """The acts of a kind since a time (Unix seconds), the oldest first."""
    query = select(audit).where(audit.c.act == act, audit.c.at >= at).order_by(audit.c.seq)
    return [AuditRow(*row) for row in await connection.execute(query)]


async def stream(connection: AsyncConnection) -> AsyncIterator[AuditRow]:
    """All acts, the oldest first, `PAGE` of them in memory."""
    last = None
    while True:
        query = select(audit).order_by(audit.c.seq).limit(PAGE)
        if last is not None:
            query = query.where(audit.c.seq > last)
        page = [AuditRow(*row) for row in await connection.execute(query)]
        for row in page:
            yield row
        if len(page) < PAGE:
            return
        last = page[-1].seq


async def tags_of(connection: AsyncConnection, seq: int) -> list[bytes]:
    """The tags of an act that are kept, in ascending order."""
    query = select(audit_subjects.c.tag).where(audit_subjects.c.seq == seq)
    return sorted((await connection.execute(query)).scalars())


async def stray_tag(connection: AsyncConnection, tags_from: int) -> int | None:
    """The place of a tag that belongs to no act whose tags are kept; None where there is none."""
    has_tags = exists().where(audit.c.seq == audit_subjects.c.seq, audit.c.subjects.is_not(None))
    query = select(func.min(audit_subjects.c.seq)).where(
        or_(audit_subjects.c.seq < tags_from, ~has_tags)
    )
    found: int | None = await connection.scalar(query)
    return found


async def about(connection: AsyncConnection, tags: Collection[bytes]) -> list[AuditRow]:
    """The acts that are about any of these identifiers, known by their tags, the oldest first."""
    found: dict[int, AuditRow] = {}
    for part in chunked(list(tags)):
        query = (
            select(audit)
            .join(audit_subjects, audit_subjects.c.seq == audit.c.seq)
            .where(audit_subjects.c.tag.in_(part))
        )
        found |= {row.seq: AuditRow(*row) for row in await connection.execute(query)}
    return [found[seq] for seq in sorted(found)]


async def tags_beside(
    connection: AsyncConnection, tags: Collection[bytes]
) -> Mapping[int, list[bytes]]:
    """All tags that are kept of the acts that `about` gives, by the place of the act."""
    beside: dict[int, set[bytes]] = defaultdict(set)
    for part in chunked(list(tags)):
        acts = select(audit_subjects.c.seq).where(audit_subjects.c.tag.in_(part))
        query = select(audit_subjects).where(audit_subjects.c.seq.in_(acts))
        for row in await connection.execute(query):
            beside[row.seq].add(row.tag)
    return {seq: sorted(held) for seq, held in beside.items()}


async def first_within(connection: AsyncConnection, seq: int, since: int, until: int) -> int | None:
    """The first act from a place on that was done between two times (Unix seconds)."""
    query = select(func.min(audit.c.seq)).where(
        audit.c.seq >= seq, audit.c.at >= since, audit.c.at <= until
    )
    found: int | None = await connection.scalar(query)
    return found


async def drop_tags(connection: AsyncConnection, before: int) -> int:
    """Drop the tags of all acts before a place, which the head names already; how many."""
    result = await connection.execute(delete(audit_subjects).where(audit_subjects.c.seq < before))
    return result.rowcount
