"""Tokens of the local API, known by the vault's tag."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import api_tokens


@dataclass(frozen=True)
class TokenRow:
    """One token: who may do what with it, and until when."""

    tag: bytes = field(repr=False)
    name_sealed: bytes = field(repr=False)
    role: Literal["checker", "officer", "operator"]
    officer: bytes | None
    created_on: date
    used_on: date | None
    expires_on: date | None


async def add(connection: AsyncConnection, row: TokenRow) -> None:
    """Keep a token."""
    await connection.execute(insert(api_tokens).values(**vars(row)))


async def get(connection: AsyncConnection, tag: bytes) -> TokenRow | None:
    """The token with this tag."""
    query = select(api_tokens).where(api_tokens.c.tag == tag)
    row = (await connection.execute(query)).first()
    return None if row is None else TokenRow(*row)


async def every(connection: AsyncConnection) -> list[TokenRow]:
    """All of them."""
    return [TokenRow(*row) for row in await connection.execute(select(api_tokens))]


async def used(connection: AsyncConnection, tag: bytes, day: date) -> None:
    """Note that it was used on this day."""
    await connection.execute(update(api_tokens).where(api_tokens.c.tag == tag).values(used_on=day))


async def drop(connection: AsyncConnection, tag: bytes) -> None:
    """Forget a token."""
    await connection.execute(delete(api_tokens).where(api_tokens.c.tag == tag))
