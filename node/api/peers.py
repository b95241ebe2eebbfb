"""`/peers`: with whom this community exchanges what it has decided."""

from typing import Annotated, Any

from pydantic import Field

from node import budgets, peering, sync
from node.api.routes import Body, Call, NoQuery, Nothing
from node.documents import Document, PeerDocument
from node.errors import NotHere, UserError
from node.overview import overview
from node.peering import Outcome
from protocol.compare import Comparison
from protocol.errors import Malformed

Compare = Annotated[str, Field(max_length=200)]


class Peers(Document):
    """Peers, and who waits to become one."""

    peers: list[PeerDocument]


class PeerTold(Document):
    """A peer, and why it could not be told or followed; null where it was."""

    peer: PeerDocument
    error: str | None


class Comparing(Body):
    """The string that their administrator read out; or `uncompared`, which is remembered."""

    compare: Compare | None = None
    uncompared: bool = False

    def comparison(self) -> Comparison | None:
        """What is to be compared; None where it is not.

        Raises:
            UserError: neither or both are given, or the string is none.
        """
        if (self.compare is None) != self.uncompared:
            raise UserError("give either `compare` or `uncompared`")
        if self.compare is None:
            return None
        try:
            return Comparison.from_text(self.compare.strip())
        except Malformed as error:
            raise UserError("compare: %(error)s; was it cut off?", error=str(error)) from error


class Invited(Comparing):
    """And where their node is."""

    url: Annotated[str, Field(max_length=512)]


class Allowance(Body):
    """Evaluations that an event may still ask for; 0 ends it."""

    allowance: Annotated[int, Field(ge=0, le=2**31 - 1)]


class Event(Document):
    """A peer's event, lowered."""

    event: str
    allowance: int
    spent: int


class Followed(Document):
    """What became of following one peer."""

    id: str
    state: str
    size: int
    new_entries: int
    new_records: int
    missing_records: int
    error: str | None


async def every(call: Call[Nothing, NoQuery]) -> Peers:
    """Peers, and who waits to become one."""
    return Peers(peers=[PeerDocument.of(each) for each in await overview(call.node, call.now)])


async def add(call: Call[Invited, NoQuery]) -> PeerTold:
    """Ask the community whose node is at a URL to be a peer."""
    comparison, clients = call.body.comparison(), call.service.clients
    outcome = await peering.add(call.node, clients, call.body.url, comparison, call.now)
    return await _settled(call, outcome)


async def accept(call: Call[Comparing, NoQuery]) -> PeerTold:
    """Accept a community that asked to be a peer; or compare one that is a peer uncompared."""
    comparison, clients = call.body.comparison(), call.service.clients
    outcome = await peering.accept(call.node, clients, call.path["id"], comparison, call.now)
    return await _settled(call, outcome)


async def remove(call: Call[Nothing, NoQuery]) -> PeerTold:
    """End a peering: the other is answered no more, and nothing of it is kept."""
    outcome = await peering.remove(call.node, call.service.clients, call.path["id"], call.now)
    return PeerTold(peer=await _peer(call, outcome.peer.fingerprint), error=outcome.error)


async def follow(call: Call[Nothing, NoQuery]) -> Followed:
    """Follow a peer's log now."""
    peer = await peering.find(call.node, call.path["id"], states=("active",))
    result = await sync.follow(call.node, call.service.clients, peer.fingerprint, call.now)
    return Followed(
        id=result.id,
        state=result.state,
        size=result.size,
        new_entries=result.new_entries,
        new_records=result.new_records,
        missing_records=result.missing_records,
        error=result.error,
    )


async def lower(call: Call[Allowance, NoQuery]) -> Event:
    """Lower what a peer's declared event may ask for."""
    changed = await budgets.lower(call.node, call.path["id"], call.body.allowance, call.now)
    return Event(event=changed.id, allowance=changed.allowance, spent=changed.spent)


async def _settled(call: Call[Any, Any], outcome: Outcome) -> PeerTold:
    error, peer = outcome.error, outcome.peer
    if peer.state == "active" and peer.url is not None:
        result = await sync.follow(call.node, call.service.clients, peer.fingerprint, call.now)
        error = error or result.error
    return PeerTold(peer=await _peer(call, peer.fingerprint), error=error)


async def _peer(call: Call[Any, Any], fingerprint: bytes) -> PeerDocument:
    for each in await overview(call.node, call.now):
        if each.peer.fingerprint == fingerprint:
            return PeerDocument.of(each)
    raise NotHere("the peer was removed meanwhile")
