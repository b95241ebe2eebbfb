"""The pages as an application: who opens them, and what of a request is believed.

The order is that of trust: the host, so that no other site's name leads here; from where it was
sent; the session; the role; the form and its token; and, for what weighs much, that a passkey or
password was shown just before.

For a form its origin has to say that a page of ours sent it. Of the rest the browser says from
where it comes (Fetch Metadata), save old ones, which say nothing. Other sites embed, fetch and load
nothing of these pages; a link from there opens them, with one more click where that leaves
something behind.
"""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from node import audit, sessions
from node.errors import NotHere, Unprocessable, UserError
from node.federation.problems import innermost
from node.federation.service import Service
from node.web import entering, forms, rendering, resuming
from node.web.table import PAGES
from node.web.visit import Page, Site, Visit, signed_in
from protocol.errors import ComityError, NotFound, Unavailable

_log = structlog.get_logger()

Responder = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


def add_pages(app: web.Application, service: Service, origin: str | None) -> Site:
    """Serve the pages, which browsers reach under `origin`; what they are served from."""
    site = Site(service, origin or "")
    for page in PAGES:
        app.router.add_route(page.method, page.path, _responder(site, page))
    # After all pages, whose addresses may be of the same form.
    for path in {page.path for page in PAGES} - {p.path for p in PAGES if p.method == "GET"}:
        app.router.add_get(path, _responder(site, Page("GET", path, None, _up)), allow_head=False)
    app.router.add_get("/static/{version}/{name}", _file, allow_head=False)
    app.router.add_route("*", r"/{path:(?!api/|openapi\.json).*}", _responder(site, _NOWHERE))
    return site


async def _nothing_here(visit: Visit) -> web.StreamResponse:
    return _failed(visit, NotFound.status, "There is nothing at this address.")


async def _up(visit: Visit) -> web.StreamResponse:
    """Where only forms are sent to, a reader is shown what the address is a part of."""
    return visit.go(visit.request.path.rpartition("/")[0] or "/")


_NOWHERE = Page("*", "", None, _nothing_here)


async def _file(request: web.Request) -> web.Response:
    if request.match_info["name"] not in rendering.FILES:
        raise NotFound("there is nothing at this address")
    return rendering.file(**request.match_info)


def _responder(site: Site, page: Page) -> Responder:
    async def respond(request: web.Request) -> web.StreamResponse:
        visit = Visit(site, request, site.service.now(), rendering.language_of(request))
        if request.headers.get(hdrs.HOST, "") != urlsplit(site.origin).netloc:
            return _elsewhere(visit)
        try:
            return await _answer(visit, page)
        except (ComityError, UserError) as error:
            return _failed(visit, _status(error), str(error))
        except web.HTTPException:
            raise
        except Exception as error:  # noqa: BLE001 - nothing from outside may cause a 500
            _log.error("unexpected", error=type(error).__name__, at=innermost(error))
            return _failed(
                visit,
                Unavailable.status,
                "This node failed to answer. Its operator can see why in its log.",
            )

    return respond


def _status(error: ComityError | UserError) -> int:
    if isinstance(error, ComityError):
        return error.status
    return NotFound.status if isinstance(error, NotHere) else Unprocessable.status


def _elsewhere(visit: Visit) -> web.Response:
    """Another name leads here: whoever typed it is shown the right one, and no more."""
    if visit.request.method != "GET":
        return _failed(visit, 421, "These pages have another address.")
    return visit.go(visit.site.origin + "/")


async def _answer(visit: Visit, page: Page) -> web.StreamResponse:
    request = visit.request
    refused: web.StreamResponse | None = _kept_out(visit, page)
    if refused is None:
        session, caller = await signed_in(visit.site, request, visit.now) or (None, None)
        visit = replace(visit, session=session, caller=caller)
        refused = await _not_theirs(visit, page)
    if refused is None and request.method != "GET":
        deadline = visit.node.config.request_deadline
        visit = replace(visit, form=await forms.read(request, page.limit, deadline))
        refused = await _from_another_visit(visit)
    if refused is not None:
        return refused
    with audit.acting(audit.HERE if visit.caller is None else visit.caller.name):
        if page.confirmed and not visit.here.is_confirmed(visit.now):
            asked = await entering.show_again(visit)
            if asked is not None:
                return asked
            shown = replace(visit.here, shown_at=visit.now)
            visit = replace(visit, session=shown)
        return await page.handler(visit)


def _kept_out(visit: Visit, page: Page) -> web.Response | None:
    """What is answered to what another site has sent, or nobody has asked for yet."""
    said = visit.request.headers
    if visit.request.method != "GET":
        if said.get(hdrs.ORIGIN) == visit.site.origin:
            return None
        return _failed(visit, 403, "This form was not sent from these pages.")
    if "prefetch" in said.get("Sec-Purpose", ""):
        return _failed(visit, 403, "These pages are not loaded beforehand.")
    if said.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return None
    if (said.get("Sec-Fetch-Mode"), said.get("Sec-Fetch-Dest")) != ("navigate", "document"):
        return _failed(visit, 403, "These pages are no part of other sites.")
    return visit.page("elsewhere", 403, there=visit.request.path_qs) if page.leaves else None


async def _not_theirs(visit: Visit, page: Page) -> web.StreamResponse | None:
    if page.roles is None:
        return None
    if visit.caller is None:
        is_form = visit.request.method != "GET"
        return await resuming.signed_out(visit, page) if is_form else visit.go("/enter")
    if visit.caller.role not in page.roles:
        return _failed(visit, 403, "This page is not for your role here.")
    return None


async def _from_another_visit(visit: Visit) -> web.Response | None:
    """What is answered to a form of another session, or of one that ended while the form came."""
    if visit.session is None:
        return None
    if not sessions.is_form_of(visit.session, visit.form.one("token")):
        return _failed(visit, 403, "This form is from another visit: open the page again.")
    return None if await visit.is_still_here() else visit.go("/enter")


def _failed(visit: Visit, status: int, words: str) -> web.Response:
    return visit.page("failed", status, words=visit.say(words))
