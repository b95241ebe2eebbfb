"""How much is kept, and deleting what has been kept long enough."""

from datetime import date

from sqlalchemy import delete, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from node import tables


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each table has, by its name."""
    queries = [
        select(literal(name).label("table"), func.count().label("rows")).select_from(table)
        for name, table in tables.metadata.tables.items()
    ]
    found = await connection.execute(union_all(*queries))
    return {each.table: each.rows for each in found}


async def delete_tokens(connection: AsyncConnection, day: date) -> int:
    """Delete the tokens whose last day is before `day`; how many there were."""
    tokens = tables.tokens
    result = await connection.execute(delete(tokens).where(tokens.c.delete_after < day))
    return result.rowcount


async def delete_findings(connection: AsyncConnection, day: date) -> int:
    """Delete the findings whose last day is before `day`; how many there were."""
    findings = tables.findings
    result = await connection.execute(delete(findings).where(findings.c.delete_after < day))
    return result.rowcount


async def delete_inquiries(connection: AsyncConnection, day: date) -> int:
    """Delete the peers' questions whose last day is before `day`; how many there were."""
    inquiries = tables.inquiries_received
    result = await connection.execute(delete(inquiries).where(inquiries.c.delete_after < day))
    return result.rowcount


async def delete_pending_evaluations(connection: AsyncConnection, before: int) -> int:
    """Delete the requests that were made before a time (Unix seconds); how many there were."""
    pending = tables.pending_evaluations
    result = await connection.execute(delete(pending).where(pending.c.created_at < before))
    return result.rowcount


async def delete_events(connection: AsyncConnection, day: date, before: int) -> None:
    """Delete the events that ended before `day` and were declared before a time (Unix seconds)."""
    events = tables.events
    await connection.execute(
        delete(events).where(events.c.until_day < day, events.c.declared_at < before)
    )
