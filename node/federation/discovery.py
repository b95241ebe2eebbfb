"""`GET /.well-known/comity`: where this community's log is, for whoever knows only its address."""

from aiohttp import web

from node.federation.service import SERVICE
from protocol.checkpoint import log_key
from protocol.errors import NotFound
from protocol.exchange import Discovery

VERSIONS = (1,)
"""Versions of the protocol that this node speaks."""


async def discovery(request: web.Request) -> web.Response:
    """A pointer only: everything in it is checked against the log (SPEC.md, section 1)."""
    own = await request.app[SERVICE].own.current()
    community = own.community
    if community.url is None:
        raise NotFound("this community has no public address")
    document = Discovery(
        id=community.id,
        name=community.name,
        url=community.url,
        versions=VERSIONS,
        log=log_key(community.id, community.keys.log).vkey(),
        fingerprint=own.fingerprint,
        contact=community.contact,
    )
    return web.Response(
        body=document.to_bytes(),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )
