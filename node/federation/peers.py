"""`GET …/peers`: the communities that can learn of this one's sanctions; for everybody to read."""

from aiohttp import web

from node.federation.service import SERVICE
from node.store import peers
from protocol.exchange import ListedPeer, PeersAnswer


async def listed(request: web.Request) -> web.Response:
    """The active peers, by their ids; what a letter to a person lists, as it is now."""
    async with request.app[SERVICE].node.store.read() as connection:
        active = await peers.active(connection)
    known = [
        ListedPeer(id=each.id, name=each.name, fingerprint=each.fingerprint) for each in active
    ]
    answer = PeersAnswer(
        v=1, peers=tuple(sorted(known, key=lambda each: (each.id, each.fingerprint)))
    )
    return web.Response(
        body=answer.to_bytes(),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )
