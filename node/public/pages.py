"""Pages for the public: as those for people here, without script, cookie or anybody signed in."""

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from node import desk
from node.federation.service import SERVICE
from node.web import rendering
from node.web.forms import Form
from protocol.errors import NotFound

HEADERS = rendering.HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Permissions-Policy": "publickey-credentials-get=(), publickey-credentials-create=()",
    # The address of a page can hold a code.
    "Referrer-Policy": "no-referrer",
}
"""As those of the pages for people here; no script, and no address is told to anybody."""

_FILES = ("comity.css", "comity.svg")


async def page(
    request: web.Request, template: str, *, status: int = 200, **values: Any
) -> web.Response:
    """The page of a template that is made for the public."""
    service = request.app[SERVICE]
    community = (await service.own.current()).community
    common: dict[str, Any] = {
        "root": urlsplit(community.url or "").path,
        "community": community,
        "desk_is_open": await desk.is_open(service.node),
        "caller": None,
        "form_token": "",
        "here": request.path,
        "form": Form(),  # nothing that was typed comes back
        "fault": None,
        "faults": {},
    }
    language = rendering.language_of(request)
    text = rendering.filled(template, language, common | values)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def say(request: web.Request, text: str) -> str:
    """A text that is marked for translation, in the reader's language."""
    return rendering.said(rendering.language_of(request), text)


async def file(request: web.Request) -> web.Response:
    """`GET /static/{version}/{name}`: the stylesheet, and the icon."""
    if request.match_info["name"] not in _FILES:
        raise NotFound("there is nothing at this address")
    return rendering.file(**request.match_info)
