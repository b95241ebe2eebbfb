"""What peers' words mean here: shown, changed by officers, and looked at before it is changed."""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from node.api import peers, policy
from node.web.forms import Form
from node.web.visit import Visit
from protocol.errors import ComityError

_MEMBERS = {
    "rule": ("peer", "measure", "scope", "space", "attention"),
    "weight": ("peer", "circumstance", "attention"),
    "requirement": ("peer", "approvals", "custody"),
}
"""What a part of each kind says."""


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /policy`."""
    return await _page(visit)


async def change(visit: Visit) -> web.StreamResponse:
    """`POST /policy`: first what it would do to what was found; saved where that was seen."""
    said = _change(visit.form)
    try:
        if visit.form.one("do") == "save":
            await visit.ask(policy.change, said)
            return visit.go("/policy")
        found = await visit.ask(policy.preview, said)
    except ComityError as error:
        return await _page(visit, error.status, visit.say(str(error)))
    return visit.page("policy_previewed", said=said, shown=_shown(said), changes=found.changes)


def _change(form: Form) -> dict[str, Any]:
    """The change of a form, as the API takes it."""
    about = form.one("about")
    part: dict[str, Any] = {"about": about}
    part |= {name: form.one(name) for name in _MEMBERS.get(about, ()) if form.one(name)}
    if re.fullmatch("[0-9]{1,4}", part.get("approvals", "")):
        part["approvals"] = int(part["approvals"])
    return {"part": part, "drop": form.one("drop") == "yes"}


def _shown(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part that is not set yet, with all members, as it is shown."""
    part: Mapping[str, Any] = said["part"]
    defaults = {"attention": "review", "approvals": 1, "custody": "node", "former": False}
    return {**dict.fromkeys(_MEMBERS[part["about"]]), **defaults, **part}


async def _page(visit: Visit, status: int = 200, fault: str | None = None) -> web.Response:
    found = await visit.ask(policy.show)
    known = [each.id for each in (await visit.ask(peers.every)).peers if each.state == "active"]
    return visit.page(
        "policy",
        status,
        rules=[_members(each, "rule") for each in found.rules],
        weights=[_members(each, "weight") for each in found.weights],
        requirements=[_members(each, "requirement") for each in found.requirements],
        known=known,
        fault=fault,
    )


def _members(shown: Any, about: str) -> Mapping[str, Any]:
    """A part as its form has it; a space stands by itself there."""
    said: dict[str, Any] = shown.to_value() | {"about": about}
    scope, _, space = (said.get("scope") or "").partition(":")
    return said | {"scope": scope or None, "space": space or None}
