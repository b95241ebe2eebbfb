"""Sealed records as they are kept: exact bytes, hashed and searched whenever they are used."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import records
from protocol.sealing import Record, parse_record, record_hash


async def put(connection: AsyncConnection, log: bytes, data: bytes) -> Record:
    """Keep a record that was held against the log, replacing an earlier seal of its attestation.

    Raises:
        Malformed: it is no record.
    """
    record = parse_record(data)
    await drop(connection, log, [record.id])
    await connection.execute(
        insert(records).values(
            log=log, attestation=record.id, record=data, record_hash=record_hash(data)
        )
    )
    return record


async def drop(connection: AsyncConnection, log: bytes, attestations: Collection[str]) -> None:
    """Drop the records of attestations that ended."""
    for part in chunked(list(attestations), fixed=1):
        await connection.execute(
            delete(records).where(records.c.log == log, records.c.attestation.in_(part))
        )


async def forget(connection: AsyncConnection, log: bytes) -> None:
    """Drop all records of a log."""
    await connection.execute(delete(records).where(records.c.log == log))


async def held(connection: AsyncConnection, log: bytes) -> dict[str, bytes]:
    """The hash of each record held of a log, by the id of its attestation.

    As it was when the record was put; `get` returns bytes whose hash the caller checks again.
    """
    query = select(records.c.attestation, records.c.record_hash).where(records.c.log == log)
    return {row.attestation: row.record_hash for row in await connection.execute(query)}


async def get(
    connection: AsyncConnection, log: bytes, attestations: Iterable[str]
) -> dict[str, bytes]:
    """The exact bytes of records, by the ids of their attestations; absent ones are left out."""
    found: dict[str, bytes] = {}
    for part in chunked(list(attestations), fixed=1):
        query = select(records.c.attestation, records.c.record).where(
            records.c.log == log, records.c.attestation.in_(part)
        )
        found |= {row.attestation: row.record for row in await connection.execute(query)}
    return found
