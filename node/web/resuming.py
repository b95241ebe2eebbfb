"""A form that came when its session had ended: it is carried along, and sent once more.

Whoever signs in is shown that something was typed before, and sends it or leaves it. Nothing of it
is kept here; it goes to the browser that sent it and comes back.
"""

from aiohttp import web

from node.web import forms
from node.web.visit import Visit, ours
from protocol.errors import ComityError

LIMIT = 32 * 1024
"""Bytes of a form that is carried along; of a longer one only that it was not taken is said."""

_FIELD = "typed:"
"""Begins the name of each field that is carried."""

_TO = "typed-to"


async def signed_out(visit: Visit) -> web.StreamResponse:
    """What is answered to a form of nobody who is signed in (any more)."""
    deadline = visit.node.config.request_deadline
    try:
        form = await forms.read(visit.request, LIMIT, deadline)
    except ComityError:
        form = forms.Form()
    # A password is typed anew: what a page holds can be read in the browser's history.
    typed = {
        f"{_FIELD}{name}": values
        for name, values in form.fields.items()
        if name != "token" and "password" not in name
    }
    if not typed or form.files:
        words = visit.say("You were signed out meanwhile, and nothing was taken. Do it again.")
        return visit.page("enter", 403, fault=words, carried=[])
    carried = [(_TO, visit.request.path), *_pairs(typed)]
    words = visit.say("You were signed out meanwhile. Sign in: what you typed is kept until then.")
    return visit.page("enter", 403, fault=words, carried=carried)


def carried(visit: Visit) -> list[tuple[str, str]]:
    """The fields of a form that are carried along."""
    fields = visit.form.fields
    return _pairs({name: fields[name] for name in fields if name == _TO or name.startswith(_FIELD)})


def resumed(visit: Visit) -> web.Response:
    """The page that offers what was typed before, to whoever is signed in now."""
    fields = visit.form.fields
    typed = {name.removeprefix(_FIELD): fields[name] for name in fields if name.startswith(_FIELD)}
    return visit.page("resumed", action=ours(visit.form.one(_TO), "/"), typed=_pairs(typed))


def _pairs(fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in fields.items() for value in values]
