"""The community's own secret keys, sealed by the vault before they come here."""

from dataclasses import dataclass, field

from sqlalchemy import insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import own_keys


@dataclass(frozen=True)
class OwnKey:
    """One row: a key's name, its public key (32 bytes), and its sealed secret."""

    name: str
    public: bytes
    secret_sealed: bytes = field(repr=False)
    created_at: int


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
