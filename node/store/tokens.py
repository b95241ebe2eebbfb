"""What issuers' functions made of the identifiers that were asked about, and requests under way.

A token is a pseudonym under its identifier's tag; the caller seals the one and makes the other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import pending_evaluations, tokens


@dataclass(frozen=True)
class Pending:
    """One request of a run, as it was first sent."""

    id: str
    """Of the run."""
    seq: int
    log: bytes
    oprf_key: bytes
    request_sealed: bytes = field(repr=False)
    created_at: int
    answer_sealed: bytes | None = field(default=None, repr=False)
    """What was answered and proven; None until then."""


async def held(
    connection: AsyncConnection, log: bytes, oprf_key: bytes, tags: Collection[bytes]
) -> dict[bytes, bytes]:
    """The sealed pseudonyms under an OPRF key (id) that are held for these tags."""
    found: dict[bytes, bytes] = {}
    for part in chunked(list(tags), fixed=2):
        query = select(tokens.c.tag, tokens.c.pseudonym_sealed).where(
            tokens.c.log == log, tokens.c.oprf_key == oprf_key, tokens.c.tag.in_(part)
        )
        found |= {row.tag: row.pseudonym_sealed for row in await connection.execute(query)}
    return found


async def about(connection: AsyncConnection, tags: Collection[bytes]) -> list[tuple[bytes, date]]:
    """Of which issuers something is held for any of these tags, and its last day here."""
    found: list[tuple[bytes, date]] = []
    for part in chunked(list(tags)):
        query = select(tokens.c.log, tokens.c.delete_after).where(tokens.c.tag.in_(part))
        found += [(row.log, row.delete_after) for row in await connection.execute(query)]
    return sorted(set(found))


async def keep(
    connection: AsyncConnection,
    log: bytes,
    oprf_key: bytes,
    sealed: dict[bytes, bytes],
    delete_after: date,
) -> None:
    """Keep sealed pseudonyms by their tags, replacing those that are there."""
    await discard(connection, log, oprf_key, sealed)
    rows = [
        {
            "log": log,
            "oprf_key": oprf_key,
            "tag": tag,
            "pseudonym_sealed": pseudonym,
            "delete_after": delete_after,
        }
        for tag, pseudonym in sealed.items()
    ]
    if rows:
        await connection.execute(insert(tokens), rows)


async def keep_longer(
    connection: AsyncConnection,
    log: bytes,
    oprf_key: bytes,
    tags: Collection[bytes],
    delete_after: date,
) -> None:
    """Keep tokens that are needed again at least until a day."""
    for part in chunked(list(tags), fixed=4):
        await connection.execute(
            update(tokens)
            .where(tokens.c.log == log, tokens.c.oprf_key == oprf_key, tokens.c.tag.in_(part))
            .where(tokens.c.delete_after < delete_after)
            .values(delete_after=delete_after)
        )


async def discard(
    connection: AsyncConnection, log: bytes, oprf_key: bytes, tags: Collection[bytes]
) -> None:
    """Drop tokens that are not to be believed, or are to be replaced."""
    for part in chunked(list(tags), fixed=2):
        await connection.execute(
            delete(tokens).where(
                tokens.c.log == log, tokens.c.oprf_key == oprf_key, tokens.c.tag.in_(part)
            )
        )


async def keep_only(connection: AsyncConnection, log: bytes, oprf_keys: Collection[bytes]) -> None:
    """Drop an issuer's tokens under OPRF keys (ids) other than these, which it uses."""
    await connection.execute(
        delete(tokens).where(tokens.c.log == log, tokens.c.oprf_key.not_in(list(oprf_keys)))
    )


async def begin(connection: AsyncConnection, requests: Sequence[Pending]) -> None:
    """Keep the requests of runs, before the first is sent."""
    if requests:
        await connection.execute(insert(pending_evaluations), [vars(each) for each in requests])


async def answered(connection: AsyncConnection, run: str, seq: int, sealed: bytes) -> None:
    """Keep the answer to a request of a run."""
    row = pending_evaluations.c.id == run, pending_evaluations.c.seq == seq
    await connection.execute(update(pending_evaluations).where(*row).values(answer_sealed=sealed))


async def pending(connection: AsyncConnection, log: bytes | None, since: int) -> list[Pending]:
    """The requests of runs that were begun at `since` or later and did not end.

    Those to an issuer; to every one, where none is named.
    """
    query = (
        select(
            pending_evaluations.c.id,
            pending_evaluations.c.seq,
            pending_evaluations.c.log,
            pending_evaluations.c.oprf_key,
            pending_evaluations.c.request_sealed,
            pending_evaluations.c.created_at,
            pending_evaluations.c.answer_sealed,
        )
        .where(pending_evaluations.c.created_at >= since)
        .order_by(pending_evaluations.c.created_at, pending_evaluations.c.id)
        .order_by(pending_evaluations.c.seq)
    )
    if log is not None:
        query = query.where(pending_evaluations.c.log == log)
    return [Pending(*row) for row in await connection.execute(query)]


async def end(connection: AsyncConnection, runs: Collection[str]) -> None:
    """Drop what is kept of runs."""
    for part in chunked(list(runs)):
        await connection.execute(
            delete(pending_evaluations).where(pending_evaluations.c.id.in_(part))
        )
