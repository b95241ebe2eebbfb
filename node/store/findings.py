"""What was found: sealed by the caller, with a number that grows with each change of a finding."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import finding_changes, finding_subjects, findings


@dataclass(frozen=True)
class FindingRow:
    """One finding as it is kept; `seq` is the number of its last change, 0 before the first."""

    id: str
    log: bytes
    person_tag: bytes
    ref_tag: bytes | None
    finding_sealed: bytes = field(repr=False)
    ended: bool
    delete_after: date
    seq: int = 0


async def put(connection: AsyncConnection, row: FindingRow, tags: Collection[bytes]) -> None:
    """Keep a finding, and the tags of whom it is about; one of its id is brought up to date."""
    values = vars(row).copy()
    del values["seq"]
    if await _changed(connection, row.id, **values):
        return
    await connection.execute(insert(findings).values(**values))
    if tags:
        rows = [{"finding": row.id, "tag": tag} for tag in tags]
        await connection.execute(insert(finding_subjects), rows)
    await connection.execute(insert(finding_changes).values(finding=row.id))


async def keep_longer(connection: AsyncConnection, id_: str, delete_after: date) -> None:
    """Keep a finding at least until a day; that is no change of it."""
    await connection.execute(
        update(findings)
        .where(findings.c.id == id_, findings.c.delete_after < delete_after)
        .values(delete_after=delete_after)
    )


async def end(connection: AsyncConnection, id_: str, sealed: bytes) -> None:
    """Keep of a finding no more than what is sealed here, as its sanction has ended."""
    await _changed(connection, id_, finding_sealed=sealed, ended=True)


async def renumber(connection: AsyncConnection, id_: str) -> None:
    """Number a finding anew, as the last that changed."""
    await connection.execute(delete(finding_changes).where(finding_changes.c.finding == id_))
    await connection.execute(insert(finding_changes).values(finding=id_))


async def get(connection: AsyncConnection, id_: str) -> FindingRow | None:
    """The finding of an id."""
    found = await _where(connection, findings.c.id == id_)
    return found[0] if found else None


async def ids_beginning(connection: AsyncConnection, text: str) -> list[str]:
    """The ids of findings that begin so."""
    query = select(findings.c.id).where(findings.c.id.startswith(text, autoescape=True))
    return list((await connection.execute(query)).scalars())


async def several(connection: AsyncConnection, ids: Collection[str]) -> list[FindingRow]:
    """The findings of these ids, as far as they are kept."""
    found: list[FindingRow] = []
    for part in chunked(list(ids)):
        found += await _where(connection, findings.c.id.in_(part))
    return found


async def every(connection: AsyncConnection) -> list[FindingRow]:
    """All that was found and is kept."""
    return await _where(connection, true())


async def open_of(connection: AsyncConnection, log: bytes) -> list[FindingRow]:
    """What was found of an issuer, without what has ended."""
    return await _where(connection, findings.c.log == log, ~findings.c.ended)


async def open_logs(connection: AsyncConnection) -> list[bytes]:
    """The issuers of whom something was found that has not ended."""
    query = select(findings.c.log).where(~findings.c.ended).distinct()
    return list((await connection.execute(query)).scalars())


async def since(connection: AsyncConnection, seq: int, limit: int) -> list[FindingRow]:
    """What changed after a number, at most so many, in the order of the changes."""
    query = _select().where(finding_changes.c.seq > seq)
    rows = await connection.execute(query.order_by(finding_changes.c.seq).limit(limit))
    return [FindingRow(*row) for row in rows]


async def of_persons(connection: AsyncConnection, tags: Collection[bytes]) -> list[FindingRow]:
    """What was found about persons, by their tags."""
    found: list[FindingRow] = []
    for part in chunked(list(tags)):
        found += await _where(connection, findings.c.person_tag.in_(part))
    return found


async def tags_of(connection: AsyncConnection, id_: str) -> set[bytes]:
    """The tags of whom a finding is about."""
    query = select(finding_subjects.c.tag).where(finding_subjects.c.finding == id_)
    return set((await connection.execute(query)).scalars())


async def about(connection: AsyncConnection, tags: Collection[bytes]) -> list[FindingRow]:
    """What was found about whoever has any of these identifiers, known by their tags."""
    found: dict[str, FindingRow] = {}
    for part in chunked(list(tags)):
        subjects = select(finding_subjects.c.finding).where(finding_subjects.c.tag.in_(part))
        found |= {row.id: row for row in await _where(connection, findings.c.id.in_(subjects))}
    return sorted(found.values(), key=lambda row: row.seq)


async def drop(connection: AsyncConnection, *ids: str) -> int:
    """Delete findings; how many there were."""
    deleted = 0
    for part in chunked(ids):
        query = delete(findings).where(findings.c.id.in_(part))
        deleted += (await connection.execute(query)).rowcount
    return deleted


async def drop_ref(connection: AsyncConnection, ref_tag: bytes) -> int:
    """Delete what was found about whom the caller calls so; how many there were."""
    result = await connection.execute(delete(findings).where(findings.c.ref_tag == ref_tag))
    return result.rowcount


async def _changed(connection: AsyncConnection, id_: str, **values: object) -> bool:
    """Set columns of a finding, which has a new number from then on; whether there is one."""
    result = await connection.execute(update(findings).where(findings.c.id == id_).values(**values))
    if result.rowcount:
        await renumber(connection, id_)
    return result.rowcount > 0


def _select() -> Select[Any]:
    return select(findings, finding_changes.c.seq).join(
        finding_changes, finding_changes.c.finding == findings.c.id
    )


async def _where(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> list[FindingRow]:
    query = _select().where(*conditions).order_by(finding_changes.c.seq)
    return [FindingRow(*row) for row in await connection.execute(query)]
