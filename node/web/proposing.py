"""Proposing a sanction: a guided form, and what would be proposed, before it is."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from node.api import officers, sanctions
from node.web.checking import unclear
from node.web.typed import HANDLES, of_form
from node.web.visit import Visit
from protocol.english import English
from protocol.errors import ComityError

_VOTES = re.compile(r"[1-9][0-9]{0,3}")

_CALLED: Mapping[str, English] = {
    "--identifier": English("what is known of the person"),
    "--ends-on": English("the last day"),
    "--review-by": English("the day of the review"),
    "--notice delayed:DATE": English("the day until which the notice is delayed"),
    "--in-force-from": English("the first day"),
    "--public-reference": English("the public page"),
    "--contact": English("whom to ask"),
    "--decided-by": English("who decided"),
    "--scope": English("where it holds"),
    "--drop": English("what is to be dropped"),
}
"""What people call an option of a command, for those who see none."""

_FIELDS: Mapping[str, str] = {
    "ends-on": "ends_on",
    "ends_on": "ends_on",
    "ended before": "ends_on",
    "ends before": "ends_on",
    "suspension": "ends_on",
    "`exp`": "ends_on",
    "review-by": "review_by",
    "review_by": "review_by",
    "notice": "told_by",
    "in-force-from": "from",
    "in_force_from": "from",
    "public-reference": "reference",
    "public_reference": "reference",
    "contact": "contact",
    "decided-by": "present",
    "decided_by": "present",
    "in favour": "present",
    "scope": "scope",
    "measure": "measure",
    "peer": "recognises",
    "recognised": "recognises",
}
"""The field that a refusal is about, by what it speaks of; any other is about who is meant."""


async def look(visit: Visit) -> web.StreamResponse:
    """`GET /sanctions/new`: the guided form."""
    return await _form(visit)


async def propose(visit: Visit) -> web.StreamResponse:
    """`POST /sanctions/new`: first what would be proposed, with doubts; then it is proposed."""
    if visit.form.one("step") == "change":
        return await _form(visit)
    faults = _missing(visit)
    if faults:
        return await _form(visit, 422, faults)
    body = _proposal(visit)
    try:
        if visit.form.one("step") == "propose":
            decided = await visit.ask(sanctions.propose, body)
            return visit.go(f"/decisions/{decided.decision}")
        draft = await visit.ask(sanctions.preview, body)
    except ComityError as error:
        words = str(error)
        field = next((field for said, field in _FIELDS.items() if said in words), "who")
        typed = of_form(visit.form)
        said = without_options(visit, typed.named(words))
        return await _form(visit, error.status, {field: said})
    spaces, bodies = await declared(visit)
    recognised = _recognised(visit)
    return visit.page(
        "sanction_draft", draft=draft, spaces=spaces, bodies=bodies, recognised=recognised
    )


def without_options(visit: Visit, words: str) -> str:
    """A refusal in words for people who see no command line."""
    said = visit.say(words)
    for option, called in _CALLED.items():
        said = said.replace(option, visit.say(called))
    return said


async def declared(visit: Visit) -> tuple[dict[str, str], dict[str, str]]:
    """How the community calls its spaces and its bodies, by slug."""
    community = (await visit.ask(officers.community)).community
    spaces, bodies = (
        {each["slug"]: each["name"] for each in community[what]} for what in ("spaces", "bodies")
    )
    return spaces, bodies


def _missing(visit: Visit) -> dict[str, str]:
    """What cannot be proposed without."""
    form = visit.form
    votes = [form.one("present"), form.one("in_favour")]
    typed = of_form(form)
    wrong = {
        "who": (
            not typed.terms or bool(typed.unclear),
            unclear(visit)
            if typed.unclear
            else visit.say(
                "Say who it is about: an address, a handle or a number, and perhaps a name."
            ),
        ),
        "measure": (not form.one("measure"), visit.say("Choose what is decided.")),
        "scope": (not form.all("scope"), visit.say("Choose where it holds.")),
        "ends_on": (
            form.one("measure") == "suspension" and not form.one("ends_on"),
            visit.say("A suspension has a last day, within 180 days."),
        ),
        "notice": (
            not form.one("notice"),
            visit.say("Choose whether the person was told: the officers sign it."),
        ),
        "told_by": (
            form.one("notice") == "delayed" and not form.one("told_by"),
            visit.say("Say until which day the notice is delayed."),
        ),
        "present": (
            any(votes) and not all(_VOTES.fullmatch(each) for each in votes),
            visit.say("Say how many were present, and how many were in favour."),
        ),
    }
    return {name: words for name, (holds, words) in wrong.items() if holds}


def _proposal(visit: Visit) -> dict[str, Any]:
    """The form, as the API takes it."""
    form = visit.form
    told = {"state": form.one("notice")}
    body: dict[str, Any] = {
        "identifiers": of_form(form).terms,
        "measure": form.one("measure"),
        "scope": [_scope(each) for each in form.all("scope")],
        "basis": form.one("basis") or "undisclosed",
        "notice": told | ({"until": form.one("told_by")} if told["state"] == "delayed" else {}),
        "public_measure": form.one("public_measure") == "yes",
        "in_force_from": form.one("from"),
        "ends_on": "indefinite" if form.one("end") == "none" else form.one("ends_on"),
        "review_by": form.one("review_by"),
        "contact": form.one("contact"),
        "public_reference": form.one("reference"),
        "recognises": _recognised(visit),
    }
    if form.one("present"):
        present, in_favour = int(form.one("present")), int(form.one("in_favour"))
        body["decided_by"] = {
            "body": form.one("body"),
            "present": present,
            "in_favour": in_favour,
        }
    return {name: value for name, value in body.items() if value not in ("", None)}


def _recognised(visit: Visit) -> dict[str, str] | None:
    """What another community attested that this would follow, named `ISSUER/ATTESTATION`."""
    said = visit.form.one("recognises") or visit.request.query.get("recognises", "")
    issuer, slash, attestation = said.partition("/")
    return {"issuer": issuer, "attestation": attestation} if slash else None


def _scope(text: str) -> dict[str, str]:
    kind, _, space = text.partition(":")
    return {"kind": kind, "space": space} if space else {"kind": kind}


async def _form(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    spaces, bodies = await declared(visit)
    return visit.page(
        "sanction_new",
        status,
        faults=faults or {},
        handles=HANDLES,
        terms=[],
        unclear=of_form(visit.form).unclear,
        spaces=spaces,
        bodies=bodies,
        recognised=_recognised(visit),
    )
