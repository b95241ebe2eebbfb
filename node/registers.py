"""The registers of the logs that are held here, kept from one request to the next.

Replaying a log verifies every officer's signature in it, which takes too long for each request. A
head's size and root say everything about its entries, so what was replayed up to a head holds.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from node.store import logs
from node.store.logs import Head
from protocol.errors import BadProof
from protocol.merkle import verify_consistency
from protocol.register import Register
from protocol.verified_tiles import tiles_for_consistency


@dataclass(frozen=True)
class Replayed:
    """A log up to a head: its register, and its effective community statements by their place."""

    size: int
    root: bytes
    register: Register
    statements: Sequence[tuple[int, bytes]] = field(repr=False)


class Registers:
    """Replays each log once, and afterwards what it has grown by. One for a process."""

    def __init__(self) -> None:
        self._replayed: dict[bytes, Replayed] = {}

    async def at(self, connection: AsyncConnection, head: Head) -> Replayed:
        """The log up to a head that was read with the same connection. Not to be changed.

        Raises:
            DamagedLog: what is stored is not what the head says.
            Violation: the log has no genesis statement.
        """
        known = self._replayed.get(head.fingerprint)
        if known is not None and (known.size, known.root) == (head.size, head.root):
            return known
        if known is not None and not await _passes_through(connection, head, known):
            known = None
        new = await logs.entries(connection, head, 0 if known is None else known.size)
        replayed = await asyncio.to_thread(_replay, known, head, new)
        self._replayed[head.fingerprint] = replayed
        return replayed

    async def of(self, connection: AsyncConnection, fingerprint: bytes) -> Register | None:
        """The register of a log up to the head that is held; None where nothing is held of it.

        Not to be changed. Raises as `at` does.
        """
        head = await logs.head_of(connection, fingerprint)
        return None if head is None else (await self.at(connection, head)).register

    async def own(self, connection: AsyncConnection) -> Register | None:
        """The register of our own log; None where there is no log yet. As `of` otherwise."""
        head = await logs.own_head(connection)
        return None if head is None else (await self.at(connection, head)).register

    def forget(self, fingerprint: bytes) -> None:
        """Let go of a log that is held no more."""
        self._replayed.pop(fingerprint, None)


async def _passes_through(connection: AsyncConnection, head: Head, known: Replayed) -> bool:
    """Whether the log held now grew out of what was replayed.

    Not where another process dropped it meanwhile, and took up another branch of it.
    """
    if known.size >= head.size:
        return False
    places = [tile.id for tile in tiles_for_consistency(known.size, head.size)]
    tiles = await logs.verified_tiles(connection, head, places)
    proof = tiles.consistency_proof(known.size)
    try:
        verify_consistency(known.size, known.root, head.size, head.root, proof)
    except BadProof:
        return False
    return True


def _replay(known: Replayed | None, head: Head, new: Sequence[bytes]) -> Replayed:
    if known is None:
        register = Register.begin(new[0])
        statements = [(0, new[0])]
        new = new[1:]
    else:
        register, statements = known.register.copy(), list(known.statements)
    for entry in new:
        before = register.community_leaf
        register.append(entry)
        if register.community_leaf != before:
            statements.append((register.size - 1, entry))
    return Replayed(head.size, head.root, register, statements)
