"""Questions of other communities about this one's sanctions, and those of this one about theirs."""

from aiohttp import web

from node.api import inquiries
from node.web.visit import Visit
from protocol.errors import ComityError


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /inquiries`: what waits for an answer first."""
    return await _page(visit)


async def answer(visit: Visit) -> web.StreamResponse:
    """`POST /inquiries/{id}`: a phrase, or what is released; an answer stands."""
    id_, form = visit.path["id"], visit.form
    field = f"phrase-{id_}"
    phrase = form.one("phrase")
    if not phrase:
        return await _page(visit, 422, {field: visit.say("Choose what is answered.")})
    try:
        body = {"phrase": phrase, "release": form.all("release")}
        await visit.ask(inquiries.answer, body, id=id_)
    except ComityError as error:
        return await _page(visit, error.status, {field: visit.say(str(error))})
    return visit.go("/inquiries")


async def _page(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    received = (await visit.ask(inquiries.every_received)).received
    asked = (await visit.ask(inquiries.every_asked)).asked
    return visit.page(
        "inquiries",
        status,
        faults=faults or {},
        waiting=[each for each in received if each.state == "waiting"],
        answered=[each for each in reversed(received) if each.state == "answered"],
        asked=list(reversed(asked)),
    )
