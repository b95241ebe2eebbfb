"""Sealed records as they are kept: exact bytes, and an index of locators without the wraps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import record_index, records
from protocol.sealing import Record, parse_record, record_hash


@dataclass(frozen=True)
class Hit:
    """A locator that stands in a record of a log."""

    locator: bytes = field(repr=False)
    attestation: str


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
    await connection.execute(
        insert(record_index),
        [
            {
                "log": log,
                "oprf_key": record.oprf_key,
                "locator": entry.locator,
                "attestation": record.id,
            }
            for entry in record.index
        ],
    )
    return record


async def drop(connection: AsyncConnection, log: bytes, attestations: Collection[str]) -> None:
    """Drop the records of attestations that ended, and all that leads to them."""
    for part in chunked(list(attestations), fixed=1):
        for table in (records, record_index):
            await connection.execute(
                delete(table).where(table.c.log == log, table.c.attestation.in_(part))
            )


async def forget(connection: AsyncConnection, log: bytes) -> None:
    """Drop all records of a log, and all that leads to them."""
    for table in (records, record_index):
        await connection.execute(delete(table).where(table.c.log == log))


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


async def look_up(
    connection: AsyncConnection, log: bytes, oprf_key: bytes, locators: Collection[bytes]
) -> list[Hit]:
    """Which of these locators (16 bytes each) stand in records sealed under an OPRF key (id)."""
    hits: list[Hit] = []
    for part in chunked(list(locators), fixed=2):
        query = select(record_index.c.locator, record_index.c.attestation).where(
            record_index.c.log == log,
            record_index.c.oprf_key == oprf_key,
            record_index.c.locator.in_(part),
        )
        hits += [Hit(*row) for row in await connection.execute(query)]
    return hits
