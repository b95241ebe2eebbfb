"""The community's own secret keys, sealed by the vault before they come here."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import own_keys


@dataclass(frozen=True)
class OwnKey:
    """One row: a key's name, its public key (32 bytes), and its sealed secret."""

    name: str
    public: bytes
    secret_sealed: bytes = field(repr=False)
    created_at: int
    unused_since: int | None = None
    """When it was first seen that no live record is sealed under this OPRF key any more."""


async def put(connection: AsyncConnection, key: OwnKey) -> None:
    """Keep a new key."""
    await connection.execute(insert(own_keys).values(**vars(key)))


async def are_there(connection: AsyncConnection) -> bool:
    """Whether a community was founded in a database, of whatever form it is."""
    has_table = await connection.run_sync(lambda same: inspect(same).has_table(own_keys.name))
    return has_table and bool(await every(connection))


async def every(connection: AsyncConnection) -> dict[str, OwnKey]:
    """All keys by name; empty where no community was founded."""
    return {row.name: OwnKey(*row) for row in await connection.execute(select(own_keys))}


async def see_unused(connection: AsyncConnection, name: str, since: int | None) -> None:
    """Keep since when (Unix seconds) an OPRF key is used no more; None where it is."""
    changed = update(own_keys).where(own_keys.c.name == name).values(unused_since=since)
    await connection.execute(changed)


async def drop(connection: AsyncConnection, name: str) -> None:
    """Forget a key for good."""
    await connection.execute(delete(own_keys).where(own_keys.c.name == name))
