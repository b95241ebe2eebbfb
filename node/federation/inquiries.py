"""`POST …/inquiries` and `GET …/inquiries/<hash>`: a peer asks about a sanction of ours."""

import structlog
from aiohttp import web

from node import answering
from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE
from protocol.encoding import from_base64url
from protocol.errors import Malformed, NotFound
from protocol.inquiry import MAX_INQUIRY, Inquiry, InquiryState

_log = structlog.get_logger()


@authenticated(MAX_INQUIRY)
async def ask(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """Keep the question for the committee, and say how it stands."""
    service = request.app[SERVICE]
    asked = Inquiry.from_bytes(asker.body, MAX_INQUIRY)
    own = await service.own.current()
    peer = asker.peer
    state = await answering.receive(
        service.node, own, peer.fingerprint, peer.id, asked, service.now()
    )
    if state.answered is None:
        _log.info("inquiry", peer=peer.id, inquiry=asked.hash.hex())
    return _answer(state)


@authenticated(0)
async def standing(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """How a question of the asking peer's own stands."""
    service = request.app[SERVICE]
    try:
        hash_ = from_base64url(request.match_info["hash"], 32)
    except Malformed as error:
        raise NotFound("no question has such a hash") from error
    own = await service.own.current()
    state = await answering.standing(
        service.node, own, asker.peer.fingerprint, hash_, service.now()
    )
    return _answer(state)


def _answer(state: InquiryState) -> web.Response:
    return web.Response(body=state.to_bytes(), content_type="application/json")
