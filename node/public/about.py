"""`/about`: who this community is, for everybody; it says no more than its log and a report do."""

from urllib.parse import urlsplit

from aiohttp import web

from node import ledger, report
from node.federation.service import SERVICE
from node.public import pages
from node.report_words import ALONE, TABLES
from node.store import peers
from node.suppression import FEW
from protocol.compare import Comparison


def add_routes(app: web.Application, base: str) -> None:
    """Serve the page, and what all pages for the public load, below the path of the base URL."""
    app.router.add_get(f"{base}/about", about, allow_head=False)
    for path in {"/", base or "/", f"{base}/"}:
        app.router.add_get(path, to_about, allow_head=False)
    app.router.add_get(f"{base}/static/{{version}}/{{name}}", pages.file, allow_head=False)


async def to_about(request: web.Request) -> web.Response:
    """`GET /`: whoever only knows the host, or the community's address, is led to the page."""
    base = urlsplit(request.app[SERVICE].own.last.community.url or "").path
    return web.Response(status=303, headers=pages.HEADERS | {"Location": f"{base}/about"})


async def about(request: web.Request) -> web.Response:
    """`GET /about`: policy, contact, peers, the string that peers compare, and the newest report.

    A report is shown that was made here, and none is made: whoever looks would be who decides when.
    """
    node = request.app[SERVICE].node
    head, register = await ledger.own_head(node), await ledger.own_register(node)
    comparison = Comparison(register.community.id, head.fingerprint, head.size, head.root)
    async with node.store.read() as connection:
        active = await peers.active(connection)
    return await pages.page(
        request,
        "about",
        compare=comparison.to_text(),
        peers=sorted(active, key=lambda each: (each.id, each.fingerprint)),
        report=await report.newest(node),
        alone=ALONE,
        headings=TABLES,
        few=FEW,
    )
