"""What was found about somebody: side by side, judged, asked about.

Whoever comes from the queue of a list goes on there: `place` says where that was, as
`LIST:AFTER:ROW`.
"""

import re

from aiohttp import web

from node.api import findings, inquiries, policy
from node.web.visit import Visit
from protocol.errors import ComityError

_PLACE = re.compile("([0-9a-f-]{36}):([0-9]{1,9}):([0-9]{1,9})")


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /findings/{id}`."""
    return await _page(visit)


async def judge(visit: Visit) -> web.StreamResponse:
    """`POST /findings/{id}/judge`: whether it is the person whom the issuer means."""
    body = {"judged": visit.form.one("judged"), "by": visit.who.name}
    try:
        await visit.ask(policy.judge, body, id=visit.path["id"])
    except ComityError as error:
        return await _page(visit, error.status, visit.say(str(error)))
    return visit.go(_queue(_place(visit)) or f"/findings/{visit.path['id']}")


async def ask(visit: Visit) -> web.StreamResponse:
    """`POST /findings/{id}/ask`: its issuer, once the page has said what that reveals."""
    try:
        await visit.ask(inquiries.ask, {"finding": visit.path["id"]})
    except ComityError as error:
        return await _page(visit, error.status, visit.say(str(error)))
    place = _place(visit)
    return visit.go(f"/findings/{visit.path['id']}" + (f"?place={place}" if place else ""))


async def delete(visit: Visit) -> web.StreamResponse:
    """`POST /findings/{id}/delete`."""
    await visit.ask(findings.delete, id=visit.path["id"])
    return visit.page("deleted", back=_queue(_place(visit)))


def _place(visit: Visit) -> str:
    """Where in the queue of a list whoever reads this comes from; empty for nowhere."""
    said = visit.form.one("place") or visit.request.query.get("place", "")
    return said if _PLACE.fullmatch(said) else ""


def _queue(place: str) -> str:
    """The address of a place."""
    found = _PLACE.fullmatch(place)
    return "/lists/{}?after={}#row-{}".format(*found.groups()) if found else ""


async def _page(visit: Visit, status: int = 200, fault: str | None = None) -> web.Response:
    id_ = visit.path["id"]
    found = await visit.ask(findings.show, id=id_)
    asked = [each for each in (await visit.ask(inquiries.every_asked)).asked if each.finding == id_]
    reveals, unaskable = None, None
    if not asked:
        try:
            reveals = (await visit.ask(inquiries.reveals, {"finding": id_})).reveals
        except ComityError as error:
            unaskable = visit.say(str(error))
    place = _place(visit)
    return visit.page(
        "finding",
        status,
        found=found,
        asked=asked,
        reveals=reveals,
        unaskable=unaskable,
        place=place,
        back=_queue(place),
        fault=fault,
    )
