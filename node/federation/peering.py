"""`POST …/peering`: the one resource that strangers may address, since they become peers by it.

Whose key has to have signed is only known once their log was looked at: in the request, or at the
address that it names. So the body is read, and parsed, before anything is authentic; it is small.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from node import admission
from node.admission import Asker, Known
from node.errors import ComeLater
from node.federation.middleware import EDGE, accept_once, claim_of, read_request, signed
from node.federation.problems import answer_or_problem
from node.federation.service import SERVICE, STRANGERS, Service
from protocol.errors import ComityError, Unavailable, UnknownKey
from protocol.exchange import MAX_PEERING_BODY, PeeringRequest
from protocol.signatures import authority_of, verify_request

LOOKING = 10.0
"""Seconds in which a log has to be shown at the address that its community names."""


async def peering(request: web.Request) -> web.StreamResponse:
    """Take what the holder of a log's `http` key says about peering with us."""
    service = request.app[SERVICE]
    claim = claim_of(request)
    received = await read_request(request, MAX_PEERING_BODY)
    asked = PeeringRequest.from_bytes(received.body, MAX_PEERING_BODY)
    asker = await _identified(service, asked, claim.keyid)
    http_key = asker.community.keys.http
    verified = verify_request(received, request.headers.items(), claim, http_key)
    await accept_once(request, verified)
    response = await answer_or_problem(_answered(service, asker, asked))
    return signed(request.app[EDGE], response, verified.signature_field)


async def _answered(service: Service, asker: Asker, asked: PeeringRequest) -> web.StreamResponse:
    answer = await admission.answer(service.node, asker, asked, service.now())
    if answer.state == "active" and asker.community.url is not None:
        service.pulls.want(asker.fingerprint)
    return web.Response(body=answer.to_bytes(), content_type="application/json")


async def _identified(service: Service, asked: PeeringRequest, keyid: str) -> Asker:
    """Whose request it would be. Whose key is held waits for nobody."""
    known = await admission.known(service.node, asked)
    asker = await admission.identify(known, asked, keyid, service.now())
    if asker is not None:
        return asker
    url = asked.url or (None if known.peer is None else known.peer.url)
    if url is None:
        raise UnknownKey("nothing is known of this log, and no address was given")
    try:
        return await _shown(service, known, url, keyid)
    except ComityError:
        if known.is_active:
            # Its key may have changed in what is not here yet; its own address will tell.
            service.pulls.doubt(asked.fingerprint)
        raise


async def _shown(service: Service, known: Known, url: str, keyid: str) -> Asker:
    """What goes wrong at an address is not said to whoever named it."""
    try:
        async with _turn(service, authority_of(url)), asyncio.timeout(LOOKING):
            return await admission.identify_at(service.clients, known, url, keyid, service.now())
    except (Unavailable, TimeoutError) as error:
        raise ComeLater("the log cannot be read at its address") from error
    except ComityError as error:
        raise UnknownKey("no log with this key is shown at its address") from error


@asynccontextmanager
async def _turn(service: Service, address: str) -> AsyncIterator[None]:
    if address in service.strangers or len(service.strangers) >= STRANGERS:
        raise ComeLater("too many ask to peer at this moment")
    service.strangers.add(address)
    try:
        yield
    finally:
        service.strangers.discard(address)
