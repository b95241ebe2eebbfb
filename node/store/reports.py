"""Reports as they were first shown, by the first day of their half-year. They name nobody."""

from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import reports


async def get(connection: AsyncConnection, first: date) -> bytes | None:
    """The report of the half-year that begins on a day; None where none was made."""
    query = select(reports.c.document).where(reports.c.first == first)
    return (await connection.execute(query)).scalar_one_or_none()


async def newest(connection: AsyncConnection) -> bytes | None:
    """The report of the newest half-year; None where none was made."""
    query = select(reports.c.document).order_by(reports.c.first.desc()).limit(1)
    return (await connection.execute(query)).scalar_one_or_none()


async def add(connection: AsyncConnection, first: date, document: bytes) -> None:
    """Keep a report for good."""
    await connection.execute(insert(reports).values(first=first, document=document))
