"""This community's log as C2SP tlog-tiles lays it out, and its community statements with proofs.

Everything is held against the signed head before it leaves (`store.logs`). Tiles never change and
may be kept by anybody; the checkpoint and what is proven to it are always asked anew.
"""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE, Service
from node.ledger import own_head_in, verify_note
from node.store import logs
from node.store.logs import Head
from protocol.encoding import base64url
from protocol.errors import Malformed, NotFound
from protocol.exchange import CommunityAnswer, CommunityStatement
from protocol.tiles import Bundle, Tile, TileId, parse_path, tile_at
from protocol.tlog_proof import TlogProof
from protocol.verified_tiles import VerifiedTiles, tiles_for_inclusion

IMMUTABLE = "public, max-age=31536000, immutable"
FOR_PEERS = "private, no-store"
_NO_CACHE = "no-cache"


async def checkpoint(request: web.Request) -> web.Response:
    """`GET …/log/checkpoint`: the newest head, signed by the log, cosigned with its time."""
    service = request.app[SERVICE]
    async with service.node.store.read() as connection:
        head = await own_head_in(connection)
        register = (await service.node.registers.at(connection, head)).register
    return web.Response(
        body=verify_note(head, register).to_bytes(),
        content_type="text/plain",
        charset="utf-8",
        headers={"Cache-Control": _NO_CACHE},
    )


async def tile(request: web.Request) -> web.Response:
    """`GET …/log/tile/<L>/<N>[.p/<W>]`: hashes."""
    wanted = wanted_of(request)
    if not isinstance(wanted, Tile):
        raise NotFound(NO_TILE)
    async with request.app[SERVICE].node.store.read() as connection:
        body = await stored_tile(connection, await own_head_in(connection), wanted)
    return _bytes(body, IMMUTABLE)


async def entries(request: web.Request) -> web.StreamResponse:
    """`GET …/log/tile/entries/<N>[.p/<W>]`: for everybody or for peers, as the community says."""
    service = request.app[SERVICE]
    if (await service.own.current()).community.entries == "public":
        return _bytes(await _bundle(service, request), IMMUTABLE)
    return await _entries_for_peers(request)


@authenticated(0)
async def _entries_for_peers(request: web.Request, _asker: Authenticated) -> web.StreamResponse:
    return _bytes(await _bundle(request.app[SERVICE], request), FOR_PEERS)


async def community(request: web.Request) -> web.Response:
    """`GET …/log/community`: every effective community statement, shown to be in the log."""
    service = request.app[SERVICE]
    async with service.node.store.read() as connection:
        head = await own_head_in(connection)
        replayed = await service.node.registers.at(connection, head)
        places = {
            place.id
            for index, _ in replayed.statements
            for place in tiles_for_inclusion(index, head.size)
        }
        tiles = await logs.verified_tiles(connection, head, places)
    note = verify_note(head, replayed.register).to_bytes()
    proven = [_proven(index, entry, tiles, note) for index, entry in replayed.statements]
    return web.Response(
        body=CommunityAnswer(v=1, statements=tuple(proven)).to_bytes(),
        content_type="application/json",
        headers={"Cache-Control": _NO_CACHE},
    )


def _proven(index: int, entry: bytes, tiles: VerifiedTiles, note: bytes) -> CommunityStatement:
    proof = TlogProof(index, tuple(tiles.inclusion_proof(index)), note)
    return CommunityStatement(index=index, entry=base64url(entry), proof=proof.to_bytes().decode())


async def _bundle(service: Service, request: web.Request) -> bytes:
    wanted = wanted_of(request)
    if not isinstance(wanted, Bundle):
        raise NotFound(NO_TILE)
    async with service.node.store.read() as connection:
        return await stored_bundle(connection, await own_head_in(connection), wanted)


async def stored_tile(connection: AsyncConnection, head: Head, wanted: Tile) -> bytes:
    """A tile of a log that is held, its own or another's.

    Raises:
        NotFound: the log has none that is so wide.
        DamagedLog: what is stored is not what the head says.
    """
    _refuse_wider(wanted, head)
    return (await logs.verified_tiles(connection, head, [wanted.id])).tile(wanted)


async def stored_bundle(connection: AsyncConnection, head: Head, wanted: Bundle) -> bytes:
    """A bundle of entries of a log that is held; raises as `stored_tile` does."""
    _refuse_wider(Tile(0, wanted.index, wanted.width), head)
    return await logs.bundle(connection, head, wanted)


NO_TILE = "this log has no such tile"


def wanted_of(request: web.Request) -> Tile | Bundle:
    """The tile or bundle that a path names.

    Raises:
        NotFound: it names none.
    """
    try:
        return parse_path(request.match_info["path"])
    except Malformed as error:
        raise NotFound(NO_TILE) from error


def _refuse_wider(wanted: Tile, head: Head) -> None:
    """A narrower tile than there is may be asked for: it is what an older head was made of."""
    held = tile_at(TileId(wanted.level, wanted.index), head.size)
    if held is None or held.width < wanted.width:
        raise NotFound(NO_TILE)


def _bytes(body: bytes, cache_control: str) -> web.Response:
    return web.Response(
        body=body,
        content_type="application/octet-stream",
        headers={"Cache-Control": cache_control},
    )
