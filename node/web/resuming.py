"""A form that came when its session had ended: it is carried along, and can be sent once more.

It is offered to the person who had typed it, who is known by the browser and by signing in as the
one that signed in there last; with all that it says, and never together with a password. Nothing of
it is kept here: it goes to the browser that sent it and comes back.
"""

from aiohttp import web

from node import devices
from node.store.accounts import AccountRow
from node.web import forms
from node.web.visit import Page, Visit, ours
from protocol.errors import ComityError

LIMIT = 32 * 1024
"""Bytes of a form that is carried along; of a longer one only that it was not taken is said."""

_FIELD = "typed:"
"""Begins the name of each field that is carried."""

_TO = "typed-to"


async def signed_out(visit: Visit, page: Page) -> web.StreamResponse:
    """What is answered to a form of nobody who is signed in (any more)."""
    deadline = visit.node.config.request_deadline
    try:
        form = await forms.read(visit.request, LIMIT, deadline)
    except ComityError:
        form = forms.Form()
    typed = {f"{_FIELD}{name}": form.fields[name] for name in form.fields if name != "token"}
    if not typed or form.files or page.confirmed:
        words = visit.say("You were signed out meanwhile, and nothing was taken. Do it again.")
        return visit.page("enter", 403, fault=words, carried=[])
    words = visit.say("You were signed out meanwhile. Sign in: what you typed is kept until then.")
    carried = [(_TO, visit.request.path), *_pairs(typed)]
    return visit.page("enter", 403, fault=words, carried=carried)


def carried(visit: Visit) -> list[tuple[str, str]]:
    """The fields of a form that are carried along."""
    fields = visit.form.fields
    return _pairs({name: fields[name] for name in fields if name == _TO or name.startswith(_FIELD)})


def is_theirs(visit: Visit, account: AccountRow) -> bool:
    """Whether something is carried, and this browser is one where this account signed in last."""
    cookie = visit.request.cookies.get(visit.site.device, "")
    return bool(carried(visit) and devices.mark(visit.node, account, cookie, visit.now))


def resumed(visit: Visit) -> web.Response:
    """The page that shows and offers what was typed before, to whoever is signed in now."""
    fields = visit.form.fields
    typed = {name.removeprefix(_FIELD): fields[name] for name in fields if name.startswith(_FIELD)}
    action = ours(visit.form.one(_TO), "/")
    return visit.page("resumed", action=action, typed=_pairs(typed))


def _pairs(fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    # A password is typed anew: what a page holds can be read in the browser's history.
    return [
        (name, value)
        for name, values in fields.items()
        if "password" not in name
        for value in values
    ]
