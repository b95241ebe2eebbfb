"""The first page, and checking one person."""

from email.utils import getaddresses
from urllib.parse import urlsplit

from aiohttp import web

from node.api import checks, decisions, findings, inquiries, sanctions, screenings
from node.web.answers import Answer
from node.web.visit import Visit
from protocol.errors import ComityError, NotFound
from protocol.identifiers import KINDS

_SITES = {"github.com": "github", "gitlab.com": "gitlab", "pypi.org": "pypi", "t.me": "telegram"}
"""Whose addresses of people are `https://SITE/NAME`."""

HANDLES = ("github", "gitlab", "pypi", "telegram", "bluesky", "matrix", "fediverse")
"""Where a bare handle can be of."""


async def home(visit: Visit) -> web.StreamResponse:
    """`GET /`: what waits for whoever is signed in."""
    match visit.who.role:
        case "operator":
            return visit.go("/node")
        case "officer":
            waiting = (await visit.ask(decisions.every)).decisions
            due = (await visit.ask(sanctions.due)).due
            asked = (await visit.ask(inquiries.every_received)).received
            return visit.page(
                "home",
                waiting=waiting,
                due=due,
                asked=[each for each in asked if each.state == "waiting"],
                lists=(await visit.ask(screenings.every)).screenings[:5],
            )
        case _:
            held = (await visit.ask(screenings.every)).screenings[:5]
            return visit.page("home", waiting=[], due=[], asked=[], lists=held)


async def look(visit: Visit) -> web.StreamResponse:
    """`GET /check`."""
    return visit.page("check", handles=HANDLES)


async def check(visit: Visit) -> web.StreamResponse:
    """`POST /check`: the answer, at an address that does not say whom it is about."""
    form = visit.form
    terms = understood(form.one("who"), form.one("handle"))
    body = {"identifiers": terms, "event": event_of(visit)}
    fault = None
    if not terms:
        fault = visit.say("Name somebody: an e-mail address, a handle, a phone number or a name.")
    elif len(terms) > checks.MAX_TERMS:
        fault = visit.say("This is more than one person has. For several people, screen a list.")
    if fault is not None:
        return visit.page("check", 422, handles=HANDLES, faults={"who": fault})
    try:
        answer = await visit.ask(checks.check, body)
    except ComityError as error:
        faults = event_faults(visit, error) or {"who": visit.say(str(error))}
        return visit.page("check", error.status, handles=HANDLES, faults=faults)
    return visit.go(f"/check/{visit.site.answers.keep(Answer(visit.here.tag, answer, terms))}")


async def again(visit: Visit) -> web.StreamResponse:
    """`GET /check/{id}`: the answer, for a while, as long as all that was found is kept here."""
    held = visit.site.answers.of(visit.here.tag, visit.path["id"])
    if held is None or not await _is_kept(visit, held.checked):
        return visit.page(
            "failed", 404, words=visit.say("This answer is not kept any more: check once more.")
        )
    return visit.page("checked", answer=held.checked, terms=held.terms)


async def _is_kept(visit: Visit, checked: checks.Checked) -> bool:
    """Whether nothing of it was deleted, or has ended and is to be forgotten."""
    try:
        found = [await visit.ask(findings.show, id=each.id) for each in checked.findings]
    except NotFound:
        return False
    return all(each.shown is not None for each in found)


def event_of(visit: Visit) -> dict[str, object]:
    """The event of a form, as the API takes it."""
    form = visit.form
    said = {
        "name": form.one("event"),
        "purpose": form.one("purpose") or "unspecified",
        "from": form.one("from"),
        "to": form.one("to"),
    }
    return {name: value for name, value in said.items() if value}


def event_faults(visit: Visit, error: ComityError) -> dict[str, str]:
    """What is wrong with the days of an event, by field; empty where it is something else."""
    said = str(error)
    if "`to` without `from`" in said:
        return {"from": visit.say("Say on which day the event begins.")}
    if "`to` is before `from`" in said:
        return {"to": visit.say("The last day is before the first one.")}
    return {}


def understood(text: str, handle: str) -> list[str]:
    """What was typed or pasted, line by line or with commas, as `KIND:VALUE`.

    `handle` is the kind of bare handles. What is none of these is a name.
    """
    found: list[str] = []
    for line in text.replace(";", "\n").splitlines():
        found += _of_line(line.strip(), handle)
    return list(dict.fromkeys(found))


def _of_line(line: str, handle: str) -> list[str]:
    kind, colon, _ = line.partition(":")
    if not line or (colon and kind.strip().lower() in KINDS):
        return [line] if line else []
    if line.startswith(("http://", "https://")):
        return [_of_address(line)]
    if line.startswith("@") and " " not in line:
        return [_of_handle(line, handle)]
    if "@" in line:
        found = _of_mailboxes(line)
        if found:
            return found
    if line.startswith("+") and any(c.isdigit() for c in line):
        kind = "phone"
    else:
        kind = handle if handle and " " not in line else "name"
    return [f"{kind}:{line}"]


def _of_mailboxes(line: str) -> list[str]:
    """What a mail program writes for people: an address, or `Name <address>`, with commas."""
    named = [(name, address) for name, address in getaddresses([line]) if "@" in address]
    return [
        term
        for name, address in named
        for term in ([f"email:{address}"] + ([f"name:{name}"] if name else []))
    ]


def _of_handle(line: str, handle: str) -> str:
    if line.count("@") == 2:
        return f"fediverse:{line}"
    if ":" in line:
        return f"matrix:{line}"
    return f"{handle or 'github'}:{line.removeprefix('@')}"


def _of_address(line: str) -> str:
    try:
        parts = urlsplit(line)
        site = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return f"name:{line}"
    path = [part for part in parts.path.split("/") if part]
    if site == "pypi.org" and path[:1] == ["user"]:
        path = path[1:]
    if site in _SITES and path:
        return f"{_SITES[site]}:{path[0]}"
    if path and path[0].startswith("@"):
        return f"fediverse:{path[0]}@{site}"
    return f"name:{line}"
