"""Decisions: what waits for whoever is signed in, what it says, and what they say to it.

An officer's key is kept by the node, by their browser or by a device of their own; what they are
offered follows from that.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from node.api import decisions, officers, sanctions
from node.documents import OfficerListed
from node.web import rendering
from node.web.visit import Visit
from node.wording import LEADS
from protocol.encoding import base64url, canonical_json
from protocol.english import English
from protocol.errors import ComityError

_FOR_MACHINES = {
    *("follows", "JWT", "record", "sealed under", "attestation", "issued by", "issued on"),
    *("issued in log", "signed until", "last day"),
}
"""Labels of lines that devices compare, or that say once more what another line says."""

_HANDLERS = {"approve": decisions.bring_approval, "recuse": decisions.bring_recusal}
"""By what was signed."""


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /decisions`: what waits, first for whoever looks; with `?ended=1` also the others."""
    ended = "ended" in visit.request.query
    found = (await visit.ask(decisions.every, None, {"ended": ended})).decisions
    pending = [each for each in found if each.state == "pending"]
    over = [each for each in found if each.state != "pending"]
    return visit.page(
        "decisions",
        mine=[each for each in pending if each.said is None],
        others=[each for each in pending if each.said is not None],
        ended=sorted(over, key=lambda each: (each.on, each.index or 0), reverse=True),
        shows_ended=ended,
        sanctions={each.id: each for each in (await visit.ask(sanctions.every)).sanctions},
    )


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /decisions/{id}`."""
    return await _page(visit)


async def approve(visit: Visit) -> web.StreamResponse:
    """`POST /decisions/{id}/approve`: with the key that the node keeps."""
    return await _said(visit, decisions.approve, "password", {})


async def recuse(visit: Visit) -> web.StreamResponse:
    """`POST /decisions/{id}/recuse`: with the key that the node keeps."""
    return await _said(visit, decisions.recuse, "recuse_password", {})


async def decline(visit: Visit) -> web.StreamResponse:
    """`POST /decisions/{id}/decline`."""
    reason = {"reason": visit.form.one("reason")}
    return await _said(visit, decisions.decline, "decline_password", reason)


async def sheet(visit: Visit) -> web.StreamResponse:
    """`POST /decisions/{id}/sheet`: the file for `comity officer sign`; the script reads it too."""
    id_ = visit.path["id"]
    found = await visit.ask(decisions.sheet, id=id_)
    headers = rendering.HEADERS | {
        "Content-Disposition": f'attachment; filename="sheet-{id_[:8]}.json"'
    }
    body = canonical_json(found.sheet) + b"\n"
    return web.Response(body=body, content_type="application/json", headers=headers)


async def bring(visit: Visit) -> web.StreamResponse:
    """`POST /decisions/{id}/signed`: what an officer signed on their device, or in the browser."""
    data = visit.form.files.get("signed") or visit.form.one("signed").encode()
    try:
        signed = json.loads(data)
        handler = _HANDLERS[signed["kind"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        words = visit.say("This is no file that `comity officer sign` has written.")
        return await _page(visit, 422, {"signed": words})
    try:
        await visit.ask(handler, {"signed": signed}, id=visit.path["id"])
    except ComityError as error:
        return await _page(visit, error.status, {"signed": visit.say(str(error))})
    return visit.go(f"/decisions/{visit.path['id']}")


async def look_at_key(visit: Visit) -> web.StreamResponse:
    """`GET /browser-key`: where the officer's key is, and how this browser can keep one."""
    return _key_page(visit, await _officer(visit))


async def propose_key(visit: Visit) -> web.StreamResponse:
    """`POST /browser-key`: propose that the officer's key is the one that this browser made."""
    officer = await _officer(visit)
    body = {"public_key": visit.form.one("public_key"), "custody": "browser"}
    try:
        if officer is None:
            return visit.go("/browser-key")
        decided = await visit.ask(officers.replace, body, name=officer.name)
    except ComityError as error:
        return _key_page(visit, officer, error.status, {"public_key": visit.say(str(error))})
    return visit.go(f"/decisions/{decided.decision}")


def _key_page(
    visit: Visit,
    officer: OfficerListed | None,
    status: int = 200,
    faults: dict[str, str] | None = None,
) -> web.Response:
    return visit.page(
        "browser_key",
        status,
        faults=faults or {},
        officer=officer,
        is_lasting=visit.site.is_lasting,
    )


async def _said(visit: Visit, handler: Any, field: str, body: Mapping[str, str]) -> web.Response:
    """What an officer says by the password that stands in a field."""
    password = visit.form.one(field)
    if not password:
        return await _page(visit, 422, {field: visit.say("Type the password of your key.")})
    try:
        await visit.ask(handler, {**body, "password": password}, id=visit.path["id"])
    except ComityError as error:
        return await _page(visit, error.status, {field: visit.say(str(error))})
    return visit.go(f"/decisions/{visit.path['id']}")


async def _officer(visit: Visit) -> OfficerListed | None:
    """The officer who is signed in, and where their key is kept."""
    key = base64url(visit.who.officer or b"")
    listed = (await visit.ask(officers.every)).officers
    return next((each for each in listed if each.public_key == key), None)


def _in_parts(words: Sequence[English]) -> list[dict[English, list[object]]]:
    """What is said of each sanction, or of the community: texts by their labels, for people.

    Nothing is left out that is decided on and not shown in all of it, as it is signed.
    """
    parts: list[dict[English, list[object]]] = [{}]
    for line in words:
        label = line.parts.get("label")
        if not isinstance(label, English):
            # A line without label begins what is said of the next one, or leads to what it says.
            parts += [{}] if parts[-1] and line.text != LEADS else []
        elif label not in _FOR_MACHINES and not _is_derived(line):
            parts[-1].setdefault(label, []).append(line.parts["text"])
    return [each for each in parts if each]


def _is_derived(line: English) -> bool:
    """Whether it names an address again, without its tag."""
    return str(line.parts["text"]).startswith("email-untagged:")


async def _page(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    found = await visit.ask(decisions.show, id=visit.path["id"])
    officer = await _officer(visit)
    said = [vote.vote for vote in found.votes if officer and vote.officer == officer.name]
    return visit.page(
        "decision",
        status,
        faults=faults or {},
        found=found,
        said_of=_in_parts(found.words),
        officer=officer,
        said=said[-1] if said else None,
    )
