"""The first page, and checking one person."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from node.api import checks, decisions, findings, inquiries, sanctions, screenings
from node.web.answers import Answer
from node.web.typed import HANDLES, of_form
from node.web.visit import Visit
from protocol.errors import ComityError, NotFound

SHOWN = 5
"""Lists and answers on the first page, the newest."""


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
                answers=await _answers(visit),
                lists=(await visit.ask(screenings.every)).screenings[:SHOWN],
            )
        case _:
            held = (await visit.ask(screenings.every)).screenings[:SHOWN]
            answers = await _answers(visit)
            return visit.page("home", waiting=[], due=[], asked=[], answers=answers, lists=held)


async def _answers(visit: Visit) -> list[inquiries.Asked]:
    """The questions of this community that were answered last."""
    asked = (await visit.ask(inquiries.every_asked)).asked
    answered = [each for each in asked if each.state == "answered"]
    return sorted(answered, key=lambda each: each.changed_at, reverse=True)[:SHOWN]


async def look(visit: Visit) -> web.StreamResponse:
    """`GET /check`."""
    return _form(visit)


async def check(visit: Visit) -> web.StreamResponse:
    """`POST /check`: the answer, at an address that does not say whom it is about."""
    form = visit.form
    typed = of_form(form)
    body = {"identifiers": typed.terms, "event": event_of(visit)}
    fault = None
    if typed.unclear:
        fault = unclear(visit)
    elif not typed.terms:
        fault = visit.say("Name somebody: an e-mail address, a handle, a phone number or a name.")
    elif len(typed.terms) > checks.MAX_TERMS:
        fault = visit.say("This is more than one person has. For several people, screen a list.")
    if fault is not None:
        return _form(visit, 422, {"who": fault}, typed.unclear)
    try:
        answer = await visit.ask(checks.check, body)
    except ComityError as error:
        words = typed.named(str(error))
        faults = event_faults(visit, error) or {"who": visit.say(words)}
        return _form(visit, error.status, faults)
    return visit.go(
        f"/check/{visit.site.answers.keep(Answer(visit.here.tag, answer, typed.terms))}"
    )


def _form(
    visit: Visit,
    status: int = 200,
    faults: Mapping[str, str] | None = None,
    unclear: Sequence[str] = (),
) -> web.Response:
    values = {"handles": HANDLES, "terms": [], "unclear": unclear, "faults": faults or {}}
    return visit.page("check", status, **values)


async def typed(visit: Visit) -> web.StreamResponse:
    """`POST /typed`: how what is typed about somebody is read, for the script; nobody is asked."""
    found = of_form(visit.form)
    return visit.page("typed", terms=found.terms, unclear=found.unclear)


async def again(visit: Visit) -> web.StreamResponse:
    """`GET /check/{id}`: the answer, for a while, as long as it would be the same."""
    held = visit.site.answers.of(visit.here.tag, visit.path["id"])
    if held is None or not await _holds(visit, held.checked):
        return visit.page(
            "failed",
            404,
            words=visit.say("This answer is not kept any more, or does not hold: check once more."),
        )
    by_name = all(each.startswith("name:") for each in held.terms)
    return visit.page("checked", answer=held.checked, terms=held.terms, by_name=by_name)


async def _holds(visit: Visit, checked: checks.Checked) -> bool:
    """Whether all that was found is kept, and reads now as it did: nothing ended, or was judged."""
    try:
        now = [await visit.ask(findings.show, id=each.id) for each in checked.findings]
    except NotFound:
        return False
    return [each.finding.why for each in now] == [each.why for each in checked.findings]


def unclear(visit: Visit) -> str:
    """What to do where it is not clear how something that was typed is to be read."""
    return visit.say(
        "Some of this is no address, no phone number and no full name. Write what it is, such as "
        "github:octocat or name:Casey, or choose what a bare handle is of."
    )


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
