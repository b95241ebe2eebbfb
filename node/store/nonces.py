"""The nonces of signed requests, each accepted once."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import nonces
from protocol.encoding import base64url


async def remember(connection: AsyncConnection, keyid: str, nonce: bytes, expires: int) -> bool:
    """Remember a nonce; False where it is remembered already. Within a `write`."""
    row = {"keyid": keyid, "nonce": base64url(nonce)}
    seen = await connection.scalar(select(nonces.c.expires).filter_by(**row))
    if seen is None:
        await connection.execute(insert(nonces).values(**row, expires=expires))
    return seen is None


async def forget(connection: AsyncConnection, before: int) -> None:
    """Drop the nonces that expired before a time (Unix seconds)."""
    await connection.execute(delete(nonces).where(nonces.c.expires < before))
