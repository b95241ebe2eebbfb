"""The communities that this one has to do with, and how far the two have agreed."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import peers

PeerState = Literal["asked", "wanted", "active", "removed"]
"""`asked`: we asked them; `wanted`: they asked us; `active`: both agreed; `removed`: one left."""


_BLAMELESS = frozenset(
    {
        "unreachable",
        "unavailable",
        "refused",
        "over-budget",
        "not-admitted",
        "unknown-key",
        "not-found",
        "out-of-time",
    }
)
"""Errors of following a peer after which what is held of it is as good as it was."""


@dataclass(frozen=True)
class Peer:
    """One row; times are Unix seconds."""

    fingerprint: bytes
    id: str
    name: str
    url: str | None
    state: PeerState
    compared: bool
    proven_at: int | None
    admitted_at: int | None
    last_sync_at: int | None
    last_error: str | None
    wanted_at: int | None = None
    fetched_on: date | None = None
    """The last day on which it fetched records of ours."""

    @property
    def broke_protocol(self) -> bool:
        """Whether what was last followed of it, or not followed at all since, was a violation."""
        return self.last_error is not None and self.last_error not in _BLAMELESS


async def every(connection: AsyncConnection) -> list[Peer]:
    """All peers in whatever state, by id."""
    return await _where(connection, true())


async def active(connection: AsyncConnection) -> list[Peer]:
    """The peers with whom both sides agreed."""
    return await _where(connection, peers.c.state == "active")


async def wanted(connection: AsyncConnection) -> list[Peer]:
    """Those who asked, and wait for an answer."""
    return await _where(connection, peers.c.state == "wanted")


async def get(connection: AsyncConnection, fingerprint: bytes) -> Peer | None:
    """The peer of a fingerprint; None where it is not known."""
    query = select(peers).where(peers.c.fingerprint == fingerprint)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Peer(*row)


async def by_id(connection: AsyncConnection, id_: str) -> list[Peer]:
    """All who claim an id; more than one waits for a human."""
    return await _where(connection, peers.c.id == id_)


async def add(connection: AsyncConnection, peer: Peer) -> None:
    """Keep a new peer."""
    await connection.execute(insert(peers).values(**vars(peer)))


async def change(connection: AsyncConnection, fingerprint: bytes, **values: Any) -> None:
    """Set columns of a peer."""
    await connection.execute(
        update(peers).where(peers.c.fingerprint == fingerprint).values(**values)
    )


async def forget(connection: AsyncConnection, fingerprint: bytes) -> None:
    """Drop a peer; its log and records are dropped with `logs.forget`."""
    await connection.execute(delete(peers).where(peers.c.fingerprint == fingerprint))


async def _where(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[Peer]:
    query = select(peers).where(condition).order_by(peers.c.id, peers.c.fingerprint)
    return [Peer(*row) for row in await connection.execute(query)]
