"""The newest head of each peer's log that this node cosigned as a witness."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import cosigned_heads


@dataclass(frozen=True)
class CosignedHead:
    """What was cosigned last: size, root (32 bytes), and the note with our line."""

    log: bytes
    size: int
    root: bytes
    note: bytes = field(repr=False)


async def get(connection: AsyncConnection, log: bytes) -> CosignedHead | None:
    """The head cosigned last of a log; None where none was."""
    query = select(cosigned_heads).where(cosigned_heads.c.log == log)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else CosignedHead(*row)


async def put(connection: AsyncConnection, head: CosignedHead) -> None:
    """Keep a head in the place of the one before it. Within the `write` that read that one."""
    await connection.execute(delete(cosigned_heads).where(cosigned_heads.c.log == head.log))
    await connection.execute(insert(cosigned_heads).values(**vars(head)))
