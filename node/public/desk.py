"""`/desk`: whoever names an address has a code sent there; with it, the answer is sent there, too.

Nothing that is answered here depends on what is held: every page takes the same time, and what is
held is looked up afterwards (`node.desk`). A link in a letter is opened by programs that look
for viruses, so opening it does nothing: the code is used by the form on the page behind it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from node import desk
from node.errors import ComeLater, UserError
from node.federation.bodies import read_body
from node.federation.middleware import EDGE
from node.federation.service import SERVICE
from node.mailbox import identifier_of
from node.public import pages
from protocol.errors import Malformed

ANSWER_AFTER = 0.25
"""Seconds after which every form is answered: whether a code was sent takes a part of them."""

MAX_FORM = 4096
"""Bytes of a form."""

TURNS = web.AppKey("TURNS", asyncio.Semaphore)
AT_A_TIME = 8
"""Forms that are looked at together; whoever comes then is told to come later."""

_FORM = "application/x-www-form-urlencoded"


def add_routes(app: web.Application, base: str) -> None:
    """Serve the desk below the path of the base URL."""
    app[TURNS] = asyncio.Semaphore(AT_A_TIME)
    app.router.add_get(f"{base}/desk", ask, allow_head=False)
    app.router.add_post(f"{base}/desk", send_code)
    app.router.add_get(f"{base}/desk/confirm", look, allow_head=False)
    app.router.add_post(f"{base}/desk/confirm", confirm)


async def ask(request: web.Request) -> web.Response:
    """`GET /desk`: where an address is named."""
    return await _page(request, "ask")


async def send_code(request: web.Request) -> web.Response:
    """`POST /desk`: one answer for every address, whether or not a code is sent to it."""
    form = await _form(request)
    async with _turn(request):
        try:
            address = identifier_of(form.get("address", ""))
        except UserError:
            words = "No letter can be sent to this. An address such as name@example.org is due."
            faults = {"address": pages.say(request, words)}
            return await _page(request, "ask", status=400, faults=faults)
        service = request.app[SERVICE]
        if await desk.is_open(service.node):
            await desk.request(service.node, address, service.now())
    return await _page(request, "sent", hours=desk.LIFE // 3600, most=desk.MOST_OF_ONE)


async def look(request: web.Request) -> web.Response:
    """`GET /desk/confirm`: where a code is used. Looking uses nothing."""
    return await _page(request, "confirm", code=request.query.get("code", "")[:64])


async def confirm(request: web.Request) -> web.Response:
    """`POST /desk/confirm`: one answer for every code that holds."""
    form = await _form(request)
    service = request.app[SERVICE]
    async with _turn(request):
        try:
            leaves_at = await desk.confirm(
                service.node, form.get("code", ""), service.now(), review="review" in form
            )
        except desk.NoSuchCode:
            words = "This code was used, is too old, or is mistyped. Ask for another one."
            faults = {"code": pages.say(request, words)}
            return await _page(request, "confirm", status=400, faults=faults)
    at = datetime.fromtimestamp(leaves_at, UTC).strftime("%H:%M")
    return await _page(request, "done", at=at)


@asynccontextmanager
async def _turn(request: web.Request) -> AsyncIterator[None]:
    """One of a few at a time, and for as long as every other."""
    turns = request.app[TURNS]
    if turns.locked():
        raise ComeLater("too many use the desk at this moment")
    loop = asyncio.get_running_loop()
    until = loop.time() + ANSWER_AFTER
    async with turns:
        try:
            yield
        finally:
            await asyncio.sleep(until - loop.time())


async def _form(request: web.Request) -> dict[str, str]:
    body = await read_body(
        request, MAX_FORM, media_type=_FORM, deadline=request.app[EDGE].body_deadline
    )
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=8, keep_blank_values=True)
    except ValueError as error:
        raise Malformed("this is not what the form sends") from error
    return {name: values[0] for name, values in fields.items()}


async def _page(
    request: web.Request, step: str, *, status: int = 200, **values: Any
) -> web.Response:
    shown = step if await desk.is_open(request.app[SERVICE].node) else "closed"
    defaults = {"code": "", "at": "", "hours": 0, "most": 0}
    return await pages.page(request, "desk", status=status, step=shown, **(defaults | values))
