"""What other communities ask of us: to be our peers, to be no longer, to take their log.

Whose request it is shows in its signature, and the key for that in the asker's log: one that is
held here, one shown at the asker's address, or one carried in the request. Nothing is kept before
the signature was verified. What each request changes stands in the table of `node.peering`.
"""

from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from node import replica
from node.client import Clients
from node.errors import UserError
from node.introduction import introduce
from node.ledger import own_head_in
from node.node import Node
from node.replica import Extension, Held
from node.store import logs, peers, records
from node.store.peers import Peer, PeerState
from protocol.checkpoint import claimed_checkpoint
from protocol.encoding import from_base64url
from protocol.errors import Conflict, OutOfOrder, Unavailable, UnknownKey
from protocol.exchange import CarriedLog, PeeringAnswer, PeeringRequest
from protocol.keys import http_key_id
from protocol.statements import Community

MAX_WANTED = 64
"""Strangers that may wait for an answer at a time; further ones are told to come later."""


@dataclass(frozen=True)
class Asker:
    """Who a peering request says it is of; it is, if `community.keys.http` signed the request."""

    community: Community
    fingerprint: bytes
    extension: Extension | None = field(repr=False)
    """What of a carried log extends what is held of it."""


async def identify(
    node: Node, clients: Clients, asked: PeeringRequest, keyid: str, now: int
) -> Asker:
    """Find out by what key a peering request has to be signed; nothing is kept yet.

    Raises:
        UnknownKey: no log that is held or shown has the key that `keyid` names.
        Conflict: the carried log leaves a gap after what is held of it.
        Unreachable, Refused, Violation: what is shown is no log of the asker's.
    """
    async with node.store.read() as connection:
        held = await replica.load(connection, node.registers, asked.fingerprint, asked.id)
        before = await peers.get(connection, asked.fingerprint)
    if asked.carried is not None:
        return _with_key(keyid, await _by_carried(held, asked.carried, now))
    if held.register is not None:
        known = Asker(held.register.community, asked.fingerprint, None)
        if _has_key(known.community, keyid):
            return known
    url = asked.url or (None if before is None else before.url)
    if url is None:
        raise UnknownKey("nothing is known of this log, and no address was given")
    return _with_key(keyid, await _by_address(clients, url, now))


async def answer(node: Node, asker: Asker, asked: PeeringRequest, now: int) -> PeeringAnswer:
    """Take a request whose signature was verified under the asker's key, and say where we stand.

    Raises:
        OutOfOrder: the request names another community or log than the one that signed it.
        Conflict: its log was extended meanwhile; to be sent again.
        Unavailable: too many wait for an answer.
    """
    if (asked.id, asked.fingerprint) != (asker.community.id, asker.fingerprint):
        raise OutOfOrder("the request names another community than its log does")
    async with node.store.write() as connection:
        if asker.fingerprint == (await own_head_in(connection)).fingerprint:
            raise OutOfOrder("nobody peers with itself")
        state = await _take(connection, asker, asked, now)
        head = await logs.head_of(connection, asker.fingerprint)
    if asked.act == "leave":
        node.registers.forget(asker.fingerprint)
        await node.store.scrub()
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

    Who it was stays, and which head of its log was cosigned last here: were that forgotten, a peer
    that comes back could have an older one, or another branch, cosigned.
    """
    await records.forget(connection, fingerprint)
    await logs.forget(connection, fingerprint)
    await peers.change(
        connection,
        fingerprint,
        state="removed",
        admitted_at=None,
        last_sync_at=None,
        last_error=None,
    )


async def _take(
    connection: AsyncConnection, asker: Asker, asked: PeeringRequest, now: int
) -> PeerState | None:
    before = await peers.get(connection, asker.fingerprint)
    if asked.act == "leave":
        await drop(connection, asker.fingerprint)
        return None
    state = _next_state(None if before is None else before.state, asked.act)
    if state is None or state == "removed":
        return None
    if state == "wanted":
        await _refuse_crowd(connection, asker.fingerprint)
    await _meet(connection, before, asker, state, now)
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
    waiting = [peer for peer in await peers.every(connection) if peer.state == "wanted"]
    if len([peer for peer in waiting if peer.fingerprint != fingerprint]) >= MAX_WANTED:
        raise Unavailable("too many communities wait for an answer here")


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
        )
        await peers.add(connection, new)
        return
    met = replace(before, name=community.name, url=community.url, state=state)
    if before.state == "removed":
        # Whoever comes back is compared anew.
        met = replace(met, compared=False, proven_at=None)
    if state == "active" and before.state != "active":
        met = replace(met, admitted_at=now)
    await peers.change(connection, **vars(met))


async def _by_carried(held: Held, carried: CarriedLog, now: int) -> Asker:
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
    extension = await replica.verify(held, entries[size - carried.start :], note, now=now)
    new = extension if replica.is_newer(extension, held) else None
    return Asker(extension.register.community, held.head.fingerprint, new)


async def _by_address(clients: Clients, url: str, now: int) -> Asker:
    try:
        found = await introduce(clients, url, now=now)
    except UserError as error:
        raise OutOfOrder("the log at that address gives no address") from error
    return Asker(found.community, found.fingerprint, None)


def _has_key(community: Community, keyid: str) -> bool:
    return http_key_id(community.id, community.keys.http) == keyid


def _with_key(keyid: str, asker: Asker) -> Asker:
    if not _has_key(asker.community, keyid):
        raise UnknownKey("the log that was shown has not the key that the request is signed by")
    return asker
