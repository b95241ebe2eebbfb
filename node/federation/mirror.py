"""Peers' logs as they are held here: their newest heads, and their entries (SPEC.md, section 8).

By this a community that restored an older database finds what it has signed since, and peers can
compare what each of them is shown. For admitted peers only.
"""

import hashlib
from collections.abc import Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from node.federation.log import FOR_PEERS, NO_TILE, stored_bundle, stored_tile, wanted_of
from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE, Service
from node.store import cosigned, logs, peers
from node.store.logs import Head
from protocol.checkpoint import claimed_checkpoint
from protocol.errors import NotFound
from protocol.exchange import MAX_HEADS_BODY, HeadsAnswer, HeadsRequest
from protocol.tiles import Bundle

_NO_LOG = "no log of this origin is held here"


@authenticated(MAX_HEADS_BODY)
async def heads(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """The newest note held of each log: of what is replicated, or was cosigned beyond that."""
    service = request.app[SERVICE]
    asked = HeadsRequest.from_bytes(asker.body, MAX_HEADS_BODY)
    async with service.node.store.read() as connection:
        held = await _held(connection, asker)
        found = [await _newest(connection, held, each) for each in asked.origins]
    notes = tuple(None if note is None else note.decode() for note in found)
    answer = HeadsAnswer(v=1, notes=notes)
    return web.Response(body=answer.to_bytes(), content_type="application/json")


@authenticated(0)
async def checkpoint(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """The note of what is replicated here."""
    async with request.app[SERVICE].node.store.read() as connection:
        head = await _mirrored(connection, asker, request)
    return web.Response(
        body=head.note,
        content_type="text/plain",
        charset="utf-8",
        headers={"Cache-Control": FOR_PEERS},
    )


@authenticated(0)
async def tile(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """Hashes, or a bundle of entries where the asker may read them."""
    service = request.app[SERVICE]
    wanted = wanted_of(request)
    async with service.node.store.read() as connection:
        head = await _mirrored(connection, asker, request)
        if isinstance(wanted, Bundle):
            if not await _may_read(service, connection, asker, head):
                raise NotFound(NO_TILE)
            body = await stored_bundle(connection, head, wanted)
        else:
            body = await stored_tile(connection, head, wanted)
    return web.Response(
        body=body,
        content_type="application/octet-stream",
        headers={"Cache-Control": FOR_PEERS},
    )


async def _may_read(
    service: Service, connection: AsyncConnection, asker: Authenticated, head: Head
) -> bool:
    if head.fingerprint == asker.peer.fingerprint:
        return True
    register = (await service.node.registers.at(connection, head)).register
    return register.community.entries == "public"


async def _mirrored(
    connection: AsyncConnection, asker: Authenticated, request: web.Request
) -> Head:
    named = request.match_info["origin"]
    for head in await _held(connection, asker):
        if hashlib.sha256(head.origin.encode()).hexdigest() == named:
            return head
    raise NotFound(_NO_LOG)


async def _newest(connection: AsyncConnection, held: Sequence[Head], origin: str) -> bytes | None:
    for head in held:
        if head.origin == origin:
            witnessed = await cosigned.get(connection, head.fingerprint)
            if witnessed is not None and witnessed.size > claimed_checkpoint(head.note).size:
                return witnessed.note
            return head.note
    return None


async def _held(connection: AsyncConnection, asker: Authenticated) -> list[Head]:
    """The logs of active peers, the asker's own first, since others may claim its origin."""
    active = [peer.fingerprint for peer in await peers.active(connection)]
    active.sort(key=lambda each: each != asker.peer.fingerprint)
    found = [await logs.head_of(connection, each) for each in active]
    return [head for head in found if head is not None and head.size > 0]
