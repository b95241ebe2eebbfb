"""`POST …/log/add-checkpoint` (C2SP tlog-witness): a peer's log has grown, and asks to be cosigned.

Not signed as other requests are: the checkpoint in it is, by the log's key.
"""

from aiohttp import web

from node import witnessing
from node.federation.bodies import read_body
from node.federation.middleware import EDGE
from node.federation.service import SERVICE
from node.witnessing import Cosigner, OtherHead
from protocol.witness import MAX_REQUEST, AddCheckpoint, size_answer


async def add_checkpoint(request: web.Request) -> web.Response:
    """Cosign the head, and go and get what it is of."""
    service = request.app[SERVICE]
    asked = AddCheckpoint.from_bytes(await _body(request))
    own = await service.own.current()
    cosigner = Cosigner(own.community.id, own.keys.cosign)
    try:
        witnessed = await witnessing.add_checkpoint(service.node, cosigner, asked, service.now())
    except OtherHead as error:
        return web.Response(
            status=error.status,
            body=size_answer(error.size),
            headers={"Content-Type": "text/x.tlog.size"},
        )
    if witnessed.is_new and witnessed.size > witnessed.held:
        service.pulls.want(witnessed.fingerprint)
    return web.Response(
        body=witnessed.line.line().encode(), content_type="text/plain", charset="utf-8"
    )


async def _body(request: web.Request) -> bytes:
    # C2SP names no media type, so that whichever the client names is right.
    return await read_body(
        request,
        MAX_REQUEST,
        media_type=request.content_type,
        deadline=request.app[EDGE].body_deadline,
    )
