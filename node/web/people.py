"""Who may enter the pages, and which programs may call the node."""

from aiohttp import web

from node.api import accounts, here
from node.web.visit import Visit
from protocol.errors import ComityError


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /accounts`."""
    return await _page(visit)


async def invite(visit: Visit) -> web.StreamResponse:
    """`POST /accounts/invite`: the link, this once."""
    try:
        made = await visit.ask(accounts.invite, {"name": visit.form.one("name")})
    except ComityError as error:
        return await _page(visit, error.status, {"name": visit.say(str(error))})
    return visit.page("invitation", invitation=made, link=visit.site.origin + made.path)


async def remove(visit: Visit) -> web.StreamResponse:
    """`POST /accounts/remove`: whose account it is stands in no address."""
    await visit.ask(accounts.remove, name=visit.form.one("name"))
    return visit.go("/accounts")


async def create_token(visit: Visit) -> web.StreamResponse:
    """`POST /tokens`: another operator's token, this once."""
    name, ends = visit.form.one("token-name"), visit.form.one("expires_on")
    body = {"name": name} | ({"expires_on": ends} if ends else {})
    try:
        made = await visit.ask(here.create_token, body)
    except ComityError as error:
        return await _page(visit, error.status, {"token-name": visit.say(str(error))})
    return visit.page("token", name=name, token=made.token)


async def revoke_token(visit: Visit) -> web.StreamResponse:
    """`POST /tokens/revoke`."""
    await visit.ask(here.revoke_token, name=visit.form.one("name"))
    return visit.go("/accounts")


async def _page(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    runs = visit.who.role == "operator"
    return visit.page(
        "accounts",
        status,
        found=await visit.ask(accounts.every),
        tokens=(await visit.ask(here.tokens)).tokens if runs else [],
        is_confirmed=visit.here.is_confirmed(visit.now),
        faults=faults or {},
    )
