"""Sanctions of this community: what is due, and what is said of one, or of many at once.

Everything here is a proposal, and leads to the decision that waits for approvals then.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from node.acts import Due
from node.api import letters, sanctions
from node.web.proposing import declared, without_options
from node.web.visit import Visit
from protocol.errors import ComityError

_LIVE = ("in_force", "pending")

_ACTS: Mapping[str, tuple[Any, Mapping[str, str]]] = {
    "reaffirm": (sanctions.reaffirm, {}),
    "told": (sanctions.told, {}),
    "opened": (sanctions.appeal, {"state": "opened"}),
    "granted": (sanctions.appeal, {"state": "granted"}),
    "rejected": (sanctions.appeal, {"state": "rejected"}),
    "withdrawn": (sanctions.appeal, {"state": "withdrawn"}),
    "stay": (sanctions.stay, {}),
    "resume": (sanctions.resume, {}),
    "lifted": (sanctions.end, {"because": "lifted"}),
    "overturned": (sanctions.end, {"because": "overturned"}),
    "erased": (sanctions.end, {"because": "erased"}),
}
"""What the buttons propose: the handler, and what it is told beside the sanctions."""

_DAYS = {"reaffirm": "review_by", "stay": "until"}
"""Which day an act may have."""


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /sanctions`: those in force with what is due; with `?ended=1` also the others."""
    return await _every(visit)


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /sanctions/{id}`."""
    return await _one(visit)


async def act(visit: Visit) -> web.StreamResponse:
    """`POST /sanctions` and `POST /sanctions/{id}`: propose something of many, or of one."""
    one = visit.path.get("id")
    page = _every if one is None else _one
    ids = visit.form.all("id") if one is None else [one]
    name = visit.form.one("act")
    if not ids:
        return await page(visit, 422, {"choose": visit.say("Choose at least one sanction.")})
    if name not in _ACTS:
        return await page(visit, 422, {"acts": visit.say("Choose what is to be proposed.")})
    handler, said = _ACTS[name]
    body: dict[str, Any] = {"ids": ids, **said}
    if day := visit.form.one(_DAYS.get(name, "")):
        body[_DAYS[name]] = day
    try:
        decided = await visit.ask(handler, body)
    except ComityError as error:
        return await page(visit, error.status, {"acts": without_options(visit, str(error))})
    return visit.go(f"/decisions/{decided.decision}")


async def amend(visit: Visit) -> web.StreamResponse:
    """`POST /sanctions/{id}/amend`: drop identifiers, or set another last day."""
    drop, ends_on = visit.form.all("drop"), visit.form.one("ends_on")
    if not drop and not ends_on:
        words = visit.say("Choose what is to be dropped, or another last day.")
        return await _one(visit, 422, {"amend": words})
    body = {"drop": drop} | ({"ends_on": ends_on} if ends_on else {})
    try:
        made = await visit.ask(sanctions.amend, body, id=visit.path["id"])
    except ComityError as error:
        return await _one(visit, error.status, {"amend": without_options(visit, str(error))})
    return visit.go(f"/decisions/{made.attesting.decision}")


async def letter(visit: Visit) -> web.StreamResponse:
    """`GET /sanctions/{id}/letter`: what the person would be written."""
    return await _letter(visit)


async def send_letter(visit: Visit) -> web.StreamResponse:
    """`POST /sanctions/{id}/letter`: to the address that the sanction names, or to another one."""
    try:
        await visit.ask(letters.send, {"to": visit.form.one("to") or None}, id=visit.path["id"])
    except ComityError as error:
        return await _letter(visit, error.status, {"to": visit.say(str(error))})
    return visit.page("letter_sent", id=visit.path["id"])


async def _every(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    found = (await visit.ask(sanctions.every)).sanctions
    days = (await visit.ask(sanctions.due)).due
    first = {each.id: place for place, each in reversed(list(enumerate(days)))}
    live = [each for each in found if each.state in _LIVE]
    return visit.page(
        "sanctions",
        status,
        faults=faults or {},
        live=sorted(live, key=lambda each: first.get(each.id, len(days))),
        proposed=[each for each in found if each.state == "proposed"],
        ended=[each for each in reversed(found) if each.state not in (*_LIVE, "proposed")],
        shows_ended="ended" in visit.request.query,
        due=_by_sanction(days),
    )


async def _one(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    found = await visit.ask(sanctions.show, id=visit.path["id"])
    days = _by_sanction((await visit.ask(sanctions.due)).due)
    spaces, bodies = await declared(visit)
    return visit.page(
        "sanction",
        status,
        faults=faults or {},
        found=found,
        is_live=found.state in _LIVE,
        due=days.get(found.id, []),
        spaces=spaces,
        bodies=bodies,
    )


async def _letter(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    written = await visit.ask(letters.show, id=visit.path["id"])
    return visit.page("letter", status, faults=faults or {}, written=written, id=visit.path["id"])


def _by_sanction(days: list[Due]) -> dict[str, list[Due]]:
    found: dict[str, list[Due]] = {}
    for each in days:
        found.setdefault(each.id, []).append(each)
    return found
