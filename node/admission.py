"""What other communities ask of us: to be our peers, to be no longer, to take their log.

Whose request it is shows in its signature, and the key for that in the asker's log: one that is
held here, one shown at the asker's address, or one carried in the request. Nothing is kept before
the signature was verified. What each request changes stands in the table of `node.peering`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, replica
from node.client import Clients
from node.errors import ComeLater, UserError
from node.introduction import check_goes_on, introduce
from node.ledger import own_head_in
from node.limits import PEER, STRANGER, Limits
from node.node import Node
from node.replica import Extension, Held
from node.store import logs, peers, records
from node.store.peers import Peer, PeerState
from node.vault import Vault
from protocol.checkpoint import claimed_checkpoint
from protocol.encoding import from_base64url
from protocol.errors import Conflict, NotAdmitted, OutOfOrder, UnknownKey
from protocol.exchange import CarriedLog, PeeringAnswer, PeeringRequest
from protocol.keys import http_key_id
from protocol.statements import Community

MAX_WANTED = 64
"""Strangers that may wait for an answer at a time; further ones are told to come later."""


WANTED_TERM = 14 * 86_400
"""Seconds after which a wish to be a peer lapses that was not repeated."""


@dataclass(frozen=True)
class Known:
    """What is held here of the log that a request names, and the row of its community."""

    held: Held
    statements: Sequence[tuple[int, bytes]] = field(repr=False)
    """Its effective community statements by their place."""
    peer: Peer | None

    @property
    def is_active(self) -> bool:
        """Whether it is the log of a peer."""
        return self.peer is not None and self.peer.state == "active"


@dataclass(frozen=True)
class Asker:
    """Who a peering request says it is of; it is, if `community.keys.http` signed the request."""

    community: Community
    fingerprint: bytes
    extension: Extension | None = field(repr=False)
    """What of a carried log extends what is held of it."""


async def known(node: Node, asked: PeeringRequest) -> Known:
    """What is known of the log that a request names."""
    async with node.store.read() as connection:
        held = await replica.load(connection, node.registers, asked.fingerprint, asked.id)
        peer = await peers.get(connection, asked.fingerprint)
        if held.register is None:
            return Known(held, (), peer)
        return Known(held, (await node.registers.at(connection, held.head)).statements, peer)


async def identify(known: Known, asked: PeeringRequest, keyid: str, now: int) -> Asker | None:
    """By what key a request has to be signed, from what is held or comes with it; nothing is kept.

    None where only the asker's address could tell.

    Raises:
        UnknownKey: the carried log has not the key that `keyid` names.
        Conflict: the carried log leaves a gap after what is held of it.
        TooLarge: it would be more than is taken of any log, or of a stranger's.
        Violation: it is no log of the asker's.
    """
    if asked.carried is not None:
        limits = PEER if known.is_active else STRANGER
        return _with_key(keyid, await _by_carried(known.held, asked.carried, now, limits))
    if known.held.register is None:
        return None
    asker = Asker(known.held.register.community, asked.fingerprint, None)
    return asker if _has_key(asker.community, keyid) else None


async def identify_at(clients: Clients, known: Known, url: str, keyid: str, now: int) -> Asker:
    """The same, from what is shown at an address.

    Raises:
        UnknownKey: the log there has not the key that `keyid` names.
        Unreachable, Refused, Violation: there is no log there, or one that is not what is held.
    """
    try:
        found = await introduce(clients, url, now=now)
    except UserError as error:
        raise OutOfOrder("the log at that address gives no address") from error
    if known.held.register is not None:
        head = known.held.head
        await check_goes_on(found, head.size, head.root, known.statements)
    return _with_key(keyid, Asker(found.community, found.fingerprint, None))


async def answer(node: Node, asker: Asker, asked: PeeringRequest, now: int) -> PeeringAnswer:
    """Take a request whose signature was verified under the asker's key, and say where we stand.

    Raises:
        OutOfOrder: the request names another community or log than the one that signed it.
        NotAdmitted: it brings entries, and is no peer yet.
        Conflict: its log was extended meanwhile; to be sent again.
        ComeLater: too many wait for an answer.
    """
    if (asked.id, asked.fingerprint) != (asker.community.id, asker.fingerprint):
        raise OutOfOrder("the request names another community than its log does")
    async with node.store.write() as connection:
        if asker.fingerprint == (await own_head_in(connection)).fingerprint:
            raise OutOfOrder("nobody peers with itself")
        state = await _take(connection, node.vault, asker, asked, now)
        head = await logs.head_of(connection, asker.fingerprint)
    if asked.act == "leave":
        # What was deleted is let go of by the retention job: a stranger must not have us wait.
        node.registers.forget(asker.fingerprint)
    size = 0 if head is None else head.size
    match state:
        case "active":
            return PeeringAnswer(v=1, state="active", size=size)
        case "asked" | "wanted":
            return PeeringAnswer(v=1, state="waiting", size=size)
        case _:
            return PeeringAnswer(v=1, state="none", size=size)


async def drop(connection: AsyncConnection, fingerprint: bytes) -> None:
    """Drop all that is held of a peer: records, tokens, log.

    Who it was stays, and since when, and which head of its log was cosigned last here: were that
    forgotten, a peer that comes back could have an older one, or another branch, cosigned.
    """
    await records.forget(connection, fingerprint)
    await logs.forget(connection, fingerprint)
    await peers.change(
        connection, fingerprint, state="removed", last_sync_at=None, last_error=None, wanted_at=None
    )


async def record_by_peer(
    connection: AsyncConnection, vault: Vault, what: str, peer: str, now: int
) -> None:
    """Record what a community has done of itself: accepted, or left."""
    await audit.record(connection, vault, "peer", {"who": peer, "what": what, "peer": peer}, now)


async def lapse(node: Node, now: int) -> int:
    """Drop the wishes that nobody answered in their time; how many there were."""
    async with node.store.write() as connection:
        old = [
            peer
            for peer in await peers.wanted(connection)
            if now - (peer.wanted_at or 0) > WANTED_TERM
        ]
        for peer in old:
            await _end_by_them(connection, peer)
    for peer in old:
        node.registers.forget(peer.fingerprint)
    return len(old)


async def _end_by_them(connection: AsyncConnection, peer: Peer) -> None:
    """End what they ended: of a stranger that never was a peer nothing stays, or rows pile up."""
    await drop(connection, peer.fingerprint)
    if peer.state == "wanted" and peer.admitted_at is None:
        await peers.forget(connection, peer.fingerprint)


async def _take(
    connection: AsyncConnection, vault: Vault, asker: Asker, asked: PeeringRequest, now: int
) -> PeerState | None:
    before = await peers.get(connection, asker.fingerprint)
    # Only what our own administrator has agreed to is recorded: strangers come and go at will.
    was = None if before is None else before.state
    if asked.act == "leave":
        if was in ("asked", "active"):
            await record_by_peer(connection, vault, "leave", asker.community.id, now)
        if before is not None:
            await _end_by_them(connection, before)
        return None
    state = _next_state(was, asked.act)
    if state is None or state == "removed":
        return None
    if asked.act == "extend" and state != "active":
        raise NotAdmitted("this community is no admitted peer here")
    if state == "wanted":
        await _refuse_crowd(connection, asker.fingerprint)
    await _meet(connection, before, asker, state, now)
    if (was, state) == ("asked", "active"):
        await record_by_peer(connection, vault, "accept", asker.community.id, now)
    if asker.extension is not None:
        await replica.keep(connection, asker.extension)
    return state


def _next_state(before: PeerState | None, act: str) -> PeerState | None:
    """The right half of the table in `node.peering`; `extend` changes no state."""
    if act == "ask" and before in (None, "removed"):
        return "wanted"
    if act in ("ask", "accept") and before == "asked":
        return "active"
    return before


async def _refuse_crowd(connection: AsyncConnection, fingerprint: bytes) -> None:
    waiting = await peers.wanted(connection)
    if len([peer for peer in waiting if peer.fingerprint != fingerprint]) >= MAX_WANTED:
        raise ComeLater("too many communities wait for an answer here")


async def _meet(
    connection: AsyncConnection, before: Peer | None, asker: Asker, state: PeerState, now: int
) -> None:
    community = asker.community
    if before is None:
        new = Peer(
            fingerprint=asker.fingerprint,
            id=community.id,
            name=community.name,
            url=community.url,
            state=state,
            compared=False,
            proven_at=None,
            admitted_at=None,
            last_sync_at=None,
            last_error=None,
            wanted_at=now,
        )
        await peers.add(connection, new)
        return
    met = replace(before, name=community.name, url=community.url, state=state)
    met = replace(met, wanted_at=now if state == "wanted" else None)
    if before.state == "removed":
        # Whoever comes back is compared anew.
        met = replace(met, compared=False, proven_at=None)
    if state == "active" and before.state != "active":
        met = replace(met, admitted_at=now)
    await peers.change(connection, **vars(met))


async def _by_carried(held: Held, carried: CarriedLog, now: int, limits: Limits) -> Asker:
    entries = [from_base64url(entry) for entry in carried.entries]
    size, end = held.head.size, carried.start + len(entries)
    if held.register is not None and (carried.start > size or end < size):
        # A gap, or an older log: our answer says how much is held, and it is sent again from there.
        return Asker(held.register.community, held.head.fingerprint, None)
    if carried.start > size:
        raise Conflict("the carried log does not begin with its first entry")
    note = carried.checkpoint.encode()
    if claimed_checkpoint(note).size != end:
        raise Conflict("the carried checkpoint is not of the entries that came with it")
    new = entries[size - carried.start :]
    extension = await replica.verify(held, new, note, now=now, limits=limits)
    newer = extension if replica.is_newer(extension, held) else None
    return Asker(extension.register.community, held.head.fingerprint, newer)


def _has_key(community: Community, keyid: str) -> bool:
    return http_key_id(community.id, community.keys.http) == keyid


def _with_key(keyid: str, asker: Asker) -> Asker:
    if not _has_key(asker.community, keyid):
        raise UnknownKey("the log that was shown has not the key that the request is signed by")
    return asker
