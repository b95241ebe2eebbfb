"""Peers: who they are, how fresh, what they ask; added, accepted, followed and removed."""

import re

from aiohttp import web

from node.api import officers, peers
from node.documents import PeerDocument
from node.introduction import NotTheOneCompared
from node.web.visit import Visit
from protocol.errors import ComityError, NotFound


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /peers`."""
    return await _every(visit)


async def add(visit: Visit) -> web.StreamResponse:
    """`POST /peers`: ask the community whose node is at an address."""
    body = {"url": visit.form.one("url")} | _compared(visit)
    try:
        told = await visit.ask(peers.add, body)
    except ComityError as error:
        return await _every(visit, error.status, faults=_faults(visit, error, "url"))
    return await _told(visit, told)


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /peers/{id}`."""
    return await _one(visit, visit.path["id"])


async def accept(visit: Visit) -> web.StreamResponse:
    """`POST /peers/{id}/accept`: one that asked; or compare one that is a peer uncompared."""
    id_ = visit.path["id"]
    try:
        told = await visit.ask(peers.accept, _compared(visit), id=id_)
    except ComityError as error:
        return await _one(visit, id_, error.status, faults=_faults(visit, error, "compare"))
    return await _told(visit, told)


async def _told(visit: Visit, told: peers.PeerTold) -> web.StreamResponse:
    """Go on to the peer's page, which can be loaded again; or say why they could not be told."""
    if told.error is None:
        return visit.go(f"/peers/{told.peer.fingerprint}")
    return await _one(visit, told.peer.fingerprint, untold=told.error)


async def follow(visit: Visit) -> web.StreamResponse:
    """`POST /peers/{id}/follow`: look for what is new there, now."""
    await visit.ask(peers.follow, id=visit.path["id"])
    return visit.go(f"/peers/{visit.path['id']}")


async def remove(visit: Visit) -> web.StreamResponse:
    """`POST /peers/{id}/remove`."""
    told = await visit.ask(peers.remove, id=visit.path["id"])
    return await _every(visit, removed=told)


async def lower(visit: Visit) -> web.StreamResponse:
    """`POST /events/{id}`: what a peer's declared event may ask for."""
    form, id_ = visit.form, visit.path["id"]
    allowance = form.one("allowance")
    said = {"allowance": int(allowance) if re.fullmatch("[0-9]{1,10}", allowance) else allowance}
    try:
        await visit.ask(peers.lower, said, id=id_)
    except ComityError as error:
        faults = {f"allowance-{id_}": visit.say(str(error))}
        return await _one(visit, form.one("peer"), error.status, faults=faults)
    return visit.go(f"/peers/{(await _peer(visit, form.one('peer'))).fingerprint}")


def _compared(visit: Visit) -> dict[str, object]:
    compare = visit.form.one("compare")
    if visit.form.one("uncompared"):
        return {"uncompared": True} | ({"compare": compare} if compare else {})
    return {"compare": compare} if compare else {}


def _faults(visit: Visit, error: ComityError, field: str) -> dict[str, str]:
    """Beside the field that it is about; by default `field`."""
    if not visit.form.one("compare") and not visit.form.one("uncompared"):
        words = visit.say(
            "Type the string that their operator reads out, or take them without comparing."
        )
        return {"compare": words}
    if isinstance(error.__cause__, NotTheOneCompared) or str(error).startswith("compare:"):
        field = "compare"
    return {field: visit.say(str(error))}


async def _every(
    visit: Visit,
    status: int = 200,
    *,
    faults: dict[str, str] | None = None,
    removed: peers.PeerTold | None = None,
) -> web.Response:
    found = (await visit.ask(peers.every)).peers
    own = await visit.ask(officers.community)
    return visit.page("peers", status, peers=found, own=own, removed=removed, faults=faults or {})


async def _one(
    visit: Visit,
    id_: str,
    status: int = 200,
    *,
    faults: dict[str, str] | None = None,
    untold: str | None = None,
) -> web.Response:
    own = await visit.ask(officers.community)
    return visit.page(
        "peer", status, peer=await _peer(visit, id_), own=own, untold=untold, faults=faults or {}
    )


async def _peer(visit: Visit, id_: str) -> PeerDocument:
    """The peer of a fingerprint, or of an id that one claims alone.

    Raises:
        NotFound: there is none.
    """
    found = [
        each for each in (await visit.ask(peers.every)).peers if id_ in (each.fingerprint, each.id)
    ]
    if len(found) != 1:
        raise NotFound("there is no such peer (any more)")
    return found[0]
