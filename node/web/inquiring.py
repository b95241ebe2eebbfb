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
    release = form.all("release")
    if phrase == "released" and not release:
        words = visit.say("Choose what is released: the reason, or who decided.")
        return await _page(visit, 422, {field: words})
    if phrase != "released" and release:
        words = visit.say("Something is released only with “This much we release”.")
        return await _page(visit, 422, {field: words})
    try:
        body = {"phrase": phrase, "release": release}
        await visit.ask(inquiries.answer, body, id=id_)
    except ComityError as error:
        return await _page(visit, error.status, {field: _words(visit, error)})
    return visit.go("/inquiries")


def _words(visit: Visit, error: ComityError) -> str:
    """What is wrong with an answer, for those who see no options of commands."""
    said = str(error)
    if "has ended" in said:
        return visit.say("The sanction has ended: answer “It has ended”.")
    if "has not ended" in said:
        return visit.say("The sanction has not ended: answer something else.")
    return visit.say(said)


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
