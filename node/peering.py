"""Peering: two communities agree, by the hand of each one's administrator, and either may leave.

What a community's peer may do here is decided by one row, whose states change so:

    state      we add       we accept   we remove   they ask        they accept   they leave
    none       asked        -           -           wanted          none          none
    wanted     active       active      removed     wanted          wanted        none
    asked      asked        -           removed     active          active        removed
    active     active       -           removed     active          active        removed
    removed    asked        -           removed     wanted          removed       removed

Whoever adds has agreed already, so two who ask each other are peers. Asking again is harmless, and
how a community learns that it was accepted where nobody can reach it. Leaving ends everything at
once on the side that leaves, and on the other when it is told. A wish that nobody answers lapses.

A community without an address brings its log along when it asks, and later what it has grown by.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit
from node.admission import drop, record_by_peer
from node.background import log_unexpected
from node.carrying import Act, tell
from node.client import Clients, PeerClient
from node.domains import is_proven
from node.errors import NotHere, Refused, UserError
from node.introduction import (
    Introduction,
    NotTheOneCompared,
    check_root,
    check_same_log,
    compare,
    introduce,
)
from node.ledger import own_head_in
from node.node import Node
from node.store import logs, peers
from node.store.peers import Peer, PeerState
from node.sync import follow
from protocol.compare import Comparison
from protocol.encoding import base64url
from protocol.english import English
from protocol.errors import ComityError, Unavailable
from protocol.merkle import tree_root

_STATES: dict[PeerState, English] = {
    "asked": English("asked"),
    "wanted": English("wanted"),
    "active": English("active"),
    "removed": English("removed"),
}

PROOF_INTERVAL = 86_400
"""Seconds after which a domain is asked again whether it carries the fingerprint."""


@dataclass(frozen=True)
class Outcome:
    """A peer as it stands after our side spoke; `error` is the code if the other did not hear."""

    peer: Peer
    error: str | None = None


async def add(
    node: Node, clients: Clients, address: str, comparison: Comparison | None, now: int
) -> Outcome:
    """Ask the community at an address to be our peer; with that we agree on our side.

    Without a `comparison` the peer is taken as uncompared, and stays marked so.

    Raises:
        UserError: no node there, our own, or another log of a community that is a peer already.
        NotTheOneCompared: it is not the log of the comparison.
        Unreachable, Refused, Violation: its node does not answer as one.
    """
    found = await introduce(clients, address, now=now)
    if comparison is not None:
        await compare(found, comparison)
    proven = await is_proven(clients.outbound, found.community.id, found.fingerprint)
    async with node.store.write() as connection:
        if (await own_head_in(connection)).fingerprint == found.fingerprint:
            raise UserError("this is the address of this very community")
        await _refuse_second(connection, found.community.id, found.fingerprint)
        before = await peers.get(connection, found.fingerprint)
        peer = _agreed(before, found, compared=comparison is not None, now=now)
        peer = replace(peer, proven_at=now if proven else peer.proven_at)
        await _store(connection, peer)
        await audit.record(connection, node.vault, "peer", _act("add", peer), now)
    if before is not None and before.state == "wanted":
        return await _tell_accepted(node, clients, _client(clients, found), peer, now)
    return await _say(node, _client(clients, found), peer, "ask", now)


async def accept(
    node: Node, clients: Clients, name: str, comparison: Comparison | None, now: int
) -> Outcome:
    """Agree to a community that asked; `name` is its id, or its fingerprint where two claim one id.

    One that is a peer already, uncompared, is compared now.

    Raises:
        UserError: nobody of that name asked, or another log of that id is a peer.
        NotTheOneCompared: it is not the log of the comparison.
        Unreachable, Refused, Violation: its node does not answer as one.
    """
    wanted = await _waiting_or_active(node, name, comparison)
    client, found = None, None
    if wanted.url is not None:
        found = await introduce(clients, wanted.url, now=now)
        if found.fingerprint != wanted.fingerprint:
            raise NotTheOneCompared("another log than the one that asked is at its address now")
        client = _client(clients, found)
    if comparison is not None:
        await _compare_held_or_shown(node, wanted, found, comparison)
    proven = await is_proven(clients.outbound, wanted.id, wanted.fingerprint)
    peer = replace(
        wanted,
        state="active",
        compared=comparison is not None,
        admitted_at=wanted.admitted_at or now,
        proven_at=now if proven else wanted.proven_at,
        wanted_at=None,
    )
    async with node.store.write() as connection:
        await audit.record(connection, node.vault, "peer", _act("accept", peer), now)
        await _refuse_second(connection, wanted.id, wanted.fingerprint)
        current = await peers.get(connection, wanted.fingerprint)
        if current is None or current.state != wanted.state:
            raise UserError(
                "%(peer)s does not ask any more: see `comity peer list`", peer=wanted.id
            )
        await _store(connection, peer)
    # Nobody can reach who has no address; it learns of this when it asks or extends again. And
    # whoever is a peer already has nothing to learn.
    if client is None or wanted.state == "active":
        return Outcome(peer)
    return await _tell_accepted(node, clients, client, peer, now)


async def remove(node: Node, clients: Clients, name: str, now: int) -> Outcome:
    """End a peering: from now on the other is answered nothing, and nothing of it is held.

    The other is told, so that it drops what it holds of us; `error` says if it could not be.

    Raises:
        UserError: there is no such peer.
    """
    peer = await find(node, name, states=("asked", "wanted", "active"))
    client = await _held_client(node, clients, peer)
    async with node.store.write() as connection:
        await audit.record(connection, node.vault, "peer", _act("remove", peer), now)
        await drop(connection, peer.fingerprint)
    node.registers.forget(peer.fingerprint)
    await node.store.scrub()
    removed = replace(peer, state="removed")
    if peer.url is None:
        return Outcome(removed)
    try:
        client = client or await _shown_client(clients, peer, now)
        await tell(node, client, "leave")
    except ComityError as error:
        return Outcome(removed, code_of(error))
    return Outcome(removed)


def _act(what: str, peer: Peer) -> dict[str, str]:
    return {"who": audit.who(), "what": what, "peer": peer.id}


async def keep_in_touch(node: Node, clients: Clients, now: int) -> list[Outcome]:
    """Ask again who has not answered yet, and, without an address, bring what our log has grown by.

    One peer that fails does not keep the others from being asked.
    """
    async with node.store.read() as connection:
        own = await own_head_in(connection)
        carries = (await node.registers.at(connection, own)).register.community.url is None
        every = await peers.every(connection)
    waiting = [peer for peer in every if peer.url is not None and _is_due(peer, carries=carries)]
    return list(await asyncio.gather(*(_ask_again(node, clients, peer, now) for peer in waiting)))


async def prove(node: Node, clients: Clients, now: int) -> None:
    """Ask the domains of all peers, once a day, whether they carry their fingerprints."""
    async with node.store.read() as connection:
        every = await peers.every(connection)
    due = [
        peer
        for peer in every
        if peer.state != "removed" and now - (peer.proven_at or 0) >= PROOF_INTERVAL
    ]
    say_so = await asyncio.gather(*(_is_proven(clients, peer) for peer in due))
    async with node.store.write() as connection:
        for peer, is_so in zip(due, say_so, strict=True):
            if is_so:
                await peers.change(connection, peer.fingerprint, proven_at=now)


async def find(node: Node, name: str, *, states: Sequence[PeerState]) -> Peer:
    """The peer of an id, or of a fingerprint in base64url.

    Raises:
        UserError: none in one of these states, or two that claim one id.
    """
    async with node.store.read() as connection:
        every = [peer for peer in await peers.every(connection) if peer.state in states]
    found = [peer for peer in every if name in (peer.id, base64url(peer.fingerprint))]
    if not found:
        raise NotHere(
            "no community %(name)s is %(states)s: see `comity peer list`",
            name=name,
            states=English.joined([_STATES[each] for each in states], English(" or ")),
        )
    if len(found) > 1:
        prints = ", ".join(base64url(peer.fingerprint) for peer in found)
        raise UserError(
            "two logs claim %(name)s: compare strings, then name one of %(prints)s",
            name=name,
            prints=prints,
        )
    return found[0]


def code_of(error: Exception) -> str:
    """The code under which people are told of an error."""
    if isinstance(error, Refused):
        return error.problem
    return error.code if isinstance(error, ComityError) else Unavailable.code


def _is_due(peer: Peer, *, carries: bool) -> bool:
    return peer.state == "asked" or (peer.state == "active" and carries)


async def _is_proven(clients: Clients, peer: Peer) -> bool:
    try:
        return await is_proven(clients.outbound, peer.id, peer.fingerprint)
    except Exception as error:  # noqa: BLE001 - one domain's oddity keeps no other from being asked
        log_unexpected("prove a domain", error, peer=peer.id)
        return False


async def _ask_again(node: Node, clients: Clients, peer: Peer, now: int) -> Outcome:
    try:
        client = await _held_client(node, clients, peer)
        client = client or await _shown_client(clients, peer, now)
        return await _say(node, client, peer, "ask" if peer.state == "asked" else "extend", now)
    except (ComityError, UserError) as error:
        return Outcome(peer, code_of(error))
    except Exception as error:  # noqa: BLE001 - one peer's oddity keeps no other from being asked
        log_unexpected("ask a peer again", error, peer=peer.id)
        return Outcome(peer, code_of(error))


async def _tell_accepted(
    node: Node, clients: Clients, client: PeerClient, peer: Peer, now: int
) -> Outcome:
    # First hold its log: it asks for our records as soon as it hears, signed by a key in there.
    await follow(node, clients, peer.fingerprint, now)
    return await _say(node, client, peer, "accept", now)


async def _say(node: Node, client: PeerClient, peer: Peer, act: Act, now: int) -> Outcome:
    """Tell a peer, and take its signed answer for what it says of its side."""
    try:
        answer = await tell(node, client, act)
    except ComityError as error:
        return Outcome(peer, code_of(error))
    if answer.state == "none":
        # It left, and we did not hear: what is held of it goes, as when it told us.
        async with node.store.write() as connection:
            current = await peers.get(connection, peer.fingerprint)
            if current is None or current.state != peer.state:
                return Outcome(current or peer)  # meanwhile it was agreed upon anew, or ended
            await record_by_peer(connection, node.vault, "leave", peer.id, now)
            await drop(connection, peer.fingerprint)
        node.registers.forget(peer.fingerprint)
        return Outcome(replace(peer, state="removed"))
    if answer.state == "active" and peer.state == "asked":
        async with node.store.write() as connection:
            current = await peers.get(connection, peer.fingerprint)
            if current is None or current.state != "asked":
                return Outcome(current or peer)
            peer = replace(current, state="active", admitted_at=now)
            await record_by_peer(connection, node.vault, "accept", peer.id, now)
            await _store(connection, peer)
    return Outcome(peer)


def _agreed(before: Peer | None, found: Introduction, *, compared: bool, now: int) -> Peer:
    """The row of a community that we add."""
    known = before if before is not None and before.state != "removed" else None
    agreed = known is not None and known.state in ("wanted", "active")
    return Peer(
        fingerprint=found.fingerprint,
        id=found.community.id,
        name=found.community.name,
        url=found.url,
        state="active" if agreed else "asked",
        compared=compared or (known is not None and known.compared),
        proven_at=None if known is None else known.proven_at,
        admitted_at=((known and known.admitted_at) or now) if agreed else None,
        last_sync_at=None if known is None else known.last_sync_at,
        last_error=None if known is None else known.last_error,
    )


async def _store(connection: AsyncConnection, peer: Peer) -> None:
    if await peers.get(connection, peer.fingerprint) is None:
        await peers.add(connection, peer)
    else:
        await peers.change(connection, **vars(peer))


async def _refuse_second(connection: AsyncConnection, community: str, fingerprint: bytes) -> None:
    """A second log of a known id waits until a human has ended the first peering; ours has none."""
    own = await own_head_in(connection)
    if own.origin == f"{community}/comity" and own.fingerprint != fingerprint:
        raise UserError(
            "it says that it is %(community)s, as this very community: it is not the one that you "
            "mean, or somebody speaks in your name",
            community=community,
        )
    for other in await peers.by_id(connection, community):
        if other.fingerprint != fingerprint and other.state in ("asked", "active"):
            raise UserError(
                "another log already stands for %(community)s here. One of the two is not theirs, "
                "or they began anew: ask their administrators over a channel that you trust, and "
                "if the new one is right, first type `comity peer remove %(fingerprint)s`",
                community=community,
                fingerprint=base64url(other.fingerprint),
            )


async def _waiting_or_active(node: Node, name: str, comparison: Comparison | None) -> Peer:
    """Who waits goes before a peer of the same id, which there may be under another log."""
    try:
        return await find(node, name, states=("wanted",))
    except UserError:
        if comparison is None:
            raise
        return await find(node, name, states=("wanted", "active"))


async def _compare_held_or_shown(
    node: Node, wanted: Peer, found: Introduction | None, comparison: Comparison
) -> None:
    if found is not None:
        return await compare(found, comparison)
    async with node.store.read() as connection:
        head = await logs.head_of(connection, wanted.fingerprint)
        size = 0 if head is None else head.size
        check_same_log(wanted.id, wanted.fingerprint, size, comparison)
        hashes = [] if head is None else await logs.leaf_hashes(connection, head, comparison.size)
    return check_root(tree_root(hashes), comparison)


def _client(clients: Clients, found: Introduction) -> PeerClient:
    return clients.at(found.url, found.fingerprint, found.community.id, found.community.keys.http)


async def _held_client(node: Node, clients: Clients, peer: Peer) -> PeerClient | None:
    """A client under the key of the log held here, which it outlives; None where none is held."""
    async with node.store.read() as connection:
        register = await node.registers.of(connection, peer.fingerprint)
    if register is None or peer.url is None:
        return None
    return clients.at(peer.url, peer.fingerprint, peer.id, register.community.keys.http)


async def _shown_client(clients: Clients, peer: Peer, now: int) -> PeerClient:
    """A client under the key that its log shows at its address."""
    found = await introduce(clients, peer.url or "", now=now)
    if found.fingerprint != peer.fingerprint:
        raise NotTheOneCompared("another log than the one that was added is at its address now")
    return _client(clients, found)
