"""Screened lists: their settings and rows, sealed by the caller, until their time is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import screening_rows, screenings


@dataclass(frozen=True)
class Screening:
    """One screened list."""

    id: str
    meta_sealed: bytes = field(repr=False)
    created_at: int
    delete_after: date


async def replace(
    connection: AsyncConnection, screening: Screening, rows: Mapping[int, bytes]
) -> None:
    """Keep a screening with its sealed rows; what an earlier one of this id had is dropped.

    Its findings go with it: they are found again, or are not true any more.
    """
    await connection.execute(delete(screenings).where(screenings.c.id == screening.id))
    await connection.execute(insert(screenings).values(**vars(screening)))
    if rows:
        await connection.execute(
            insert(screening_rows),
            [
                {"screening": screening.id, "row": number, "content_sealed": content}
                for number, content in rows.items()
            ],
        )
