"""Logs as they are kept: entries, tiles and the signed head; ours and those we follow alike.

Everything read here is authenticated against the signed head before it is returned, so that one
flipped bit in the database is found, and never served, proven from or signed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.store.engine import chunked
from node.tables import log_entries, log_tiles, logs
from protocol.errors import BadProof, Conflict, Unavailable
from protocol.merkle import leaf_hash
from protocol.register import Register
from protocol.tiles import TILE_WIDTH, Bundle, Tile, TileId, bundles_of, encode_bundle
from protocol.verified_tiles import EMPTY_TREE, Growth, VerifiedTiles, tiles_for, verify_tiles


class DamagedLog(Unavailable):
    """What the database holds of a log is not what its signed head says.

    It is not used for anything: restore the database from a backup, or, for a peer's log, remove
    the peer and add it again.
    """


@dataclass(frozen=True)
class Head:
    """The newest head of a log that is held, with the note that signs it."""

    fingerprint: bytes
    origin: str
    own: bool
    size: int
    root: bytes
    note: bytes = field(repr=False)


async def own_head(connection: AsyncConnection) -> Head | None:
    """The head of this community's own log; None before its genesis."""
    row = (await connection.execute(select(logs).where(logs.c.own))).one_or_none()
    return None if row is None else Head(*row)


async def head_of(connection: AsyncConnection, fingerprint: bytes) -> Head | None:
    """The head of a log; None where nothing is held of it."""
    query = select(logs).where(logs.c.fingerprint == fingerprint)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Head(*row)


async def verified_tiles(
    connection: AsyncConnection, head: Head, places: Iterable[TileId] = ()
) -> VerifiedTiles:
    """The tiles at the edge of a log, and those at `places`, held against its signed root.

    Raises:
        DamagedLog: they do not give it.
        ValueError: the tree has no such tile.
    """
    if head.size == 0:
        return EMPTY_TREE
    stored = await _tiles(connection, head, tiles_for(places, head.size))
    try:
        return verify_tiles(head.size, head.root, stored)
    except BadProof as error:
        raise DamagedLog(
            "a tile of the log %(log)s: %(error)s", log=head.origin, error=str(error)
        ) from error


async def bundle(connection: AsyncConnection, head: Head, wanted: Bundle) -> bytes:
    """An entry bundle, each entry held against its leaf hash, and that against the root.

    Raises:
        DamagedLog: an entry is missing, or not the one in the tree.
        ValueError: the log has no such bundle.
    """
    begin = wanted.index * TILE_WIDTH
    entries = await _stored_entries(connection, head.fingerprint, begin, begin + wanted.width)
    tiles = await verified_tiles(connection, head, [TileId(0, wanted.index)])
    data = encode_bundle(entries)
    try:
        tiles.entries(wanted, data)
    except (BadProof, ValueError) as error:
        raise DamagedLog(
            "an entry of the log %(log)s: %(error)s", log=head.origin, error=str(error)
        ) from error
    return data


async def entries(connection: AsyncConnection, head: Head, begin: int = 0) -> list[bytes]:
    """Entries from `begin` to the head, verified; raises as `bundle` does."""
    found = await _stored_entries(connection, head.fingerprint, begin, head.size)
    first = begin // TILE_WIDTH * TILE_WIDTH
    wanted = bundles_of(begin, head.size)
    tiles = await verified_tiles(connection, head, [TileId(0, each.index) for each in wanted])
    leaves = b"".join(tiles.tile(Tile(0, each.index, each.width)) for each in wanted)
    hashes = b"".join(leaf_hash(entry) for entry in found)
    if leaves[(begin - first) * 32 :] != hashes:
        raise DamagedLog("an entry of the log %(log)s is not the one in the tree", log=head.origin)
    return found


async def size_in_bytes(connection: AsyncConnection, fingerprint: bytes) -> int:
    """Bytes of all entries of a log as they are stored; 0 where none is held."""
    query = select(func.coalesce(func.sum(func.length(log_entries.c.entry)), 0))
    return int(
        (await connection.execute(query.where(log_entries.c.log == fingerprint))).scalar_one()
    )


async def register_of(connection: AsyncConnection, head: Head) -> Register:
    """The register of a log, replayed from its verified entries; raises as `bundle` does."""
    return Register.replay(await entries(connection, head))


async def leaf_hashes(connection: AsyncConnection, head: Head, size: int) -> list[bytes]:
    """The first `size` leaf hashes of a log, verified; raises as `verified_tiles` does."""
    wanted = bundles_of(0, size)
    tiles = await verified_tiles(connection, head, [TileId(0, each.index) for each in wanted])
    leaves = b"".join(tiles.tile(Tile(0, each.index, each.width)) for each in wanted)
    return [leaves[place : place + 32] for place in range(0, len(leaves), 32)]


async def begin(connection: AsyncConnection, head: Head) -> None:
    """Begin to hold a log, at size 0."""
    await connection.execute(insert(logs).values(**vars(head)))


async def extend(
    connection: AsyncConnection,
    held: Head,
    note: bytes,
    new_entries: Sequence[bytes],
    growth: Growth,
) -> Head:
    """Take new entries, their tiles and the note that signs them, all or nothing.

    Raises:
        Conflict: the log's head is not `held` any more (compare-and-swap).
    """
    head = Head(held.fingerprint, held.origin, held.own, growth.size, growth.root, note)
    await _swap(connection, held, head)
    await connection.execute(
        insert(log_entries),
        [
            {"log": held.fingerprint, "idx": index, "entry": entry}
            for index, entry in enumerate(new_entries, held.size)
        ],
    )
    await _put_tiles(connection, held.fingerprint, growth.tiles)
    return head


async def renote(connection: AsyncConnection, held: Head, note: bytes) -> Head:
    """Keep another note of the same head: one with newer cosignatures.

    Raises:
        Conflict: the log's head is not `held` any more.
    """
    head = Head(held.fingerprint, held.origin, held.own, held.size, held.root, note)
    await _swap(connection, held, head)
    return head


async def forget(connection: AsyncConnection, fingerprint: bytes) -> None:
    """Drop a log that is followed no more, with everything that hangs on it."""
    await connection.execute(delete(logs).where(logs.c.fingerprint == fingerprint))


async def _swap(connection: AsyncConnection, held: Head, head: Head) -> None:
    changed = await connection.execute(
        update(logs)
        .where(logs.c.fingerprint == held.fingerprint, logs.c.size == held.size)
        .where(logs.c.root == held.root, logs.c.note == held.note)
        .values(size=head.size, root=head.root, note=head.note)
    )
    if changed.rowcount != 1:
        raise Conflict("the log's head has moved meanwhile")


async def _put_tiles(
    connection: AsyncConnection, fingerprint: bytes, tiles: Mapping[TileId, bytes]
) -> None:
    for places in chunked(list(tiles), parameters=2, fixed=1):
        await connection.execute(
            delete(log_tiles).where(log_tiles.c.log == fingerprint, _at(places))
        )
    await connection.execute(
        insert(log_tiles),
        [
            {"log": fingerprint, "level": place.level, "idx": place.index, "hashes": hashes}
            for place, hashes in tiles.items()
        ],
    )


async def _tiles(
    connection: AsyncConnection, head: Head, wanted: Sequence[Tile]
) -> dict[TileId, bytes]:
    stored: dict[TileId, bytes] = {}
    for part in chunked([tile.id for tile in wanted], parameters=2, fixed=1):
        query = select(log_tiles.c.level, log_tiles.c.idx, log_tiles.c.hashes).where(
            log_tiles.c.log == head.fingerprint, _at(part)
        )
        for level, index, hashes in await connection.execute(query):
            stored[TileId(level, index)] = hashes
    return stored


def _at(places: Iterable[TileId]) -> ColumnElement[bool]:
    return tuple_(log_tiles.c.level, log_tiles.c.idx).in_([(at.level, at.index) for at in places])


async def _stored_entries(
    connection: AsyncConnection, fingerprint: bytes, begin: int, end: int
) -> list[bytes]:
    query = (
        select(log_entries.c.entry)
        .where(log_entries.c.log == fingerprint)
        .where(log_entries.c.idx >= begin, log_entries.c.idx < end)
        .order_by(log_entries.c.idx)
    )
    return list((await connection.execute(query)).scalars())
