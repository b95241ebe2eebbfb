"""What an administrator is shown of peers: who they are, how fresh, who decides, what they ask."""

from dataclasses import dataclass

from node import budgets, replica
from node.budgets import Budget
from node.clock import day_of
from node.node import Node
from node.store import logs, peers
from node.store.logs import DamagedLog
from node.store.peers import Peer
from protocol.checkpoint import verify_checkpoint
from protocol.errors import Violation
from protocol.register import Register

PROVEN = 7 * 86_400
"""Seconds that a domain's word holds: domains change hands."""


@dataclass(frozen=True)
class Standing:
    """One peer as it stands here."""

    peer: Peer
    register: Register | None
    """What its log says; None where none is held."""
    as_of: int | None
    """When it last cosigned the head that is held (Unix seconds)."""
    live: int
    """Its sanctions in force."""
    proven: bool
    """Whether its domain carried the fingerprint lately; else the id is merely claimed."""
    budget: Budget
    rival: bool
    """Whether another log claims the same id here."""


async def overview(node: Node, now: int) -> list[Standing]:
    """All peers in whatever state, by id."""
    async with node.store.read() as connection:
        every = await peers.every(connection)
    ids = [peer.id for peer in every if peer.state != "removed"]
    return [await _standing(node, peer, now, rival=ids.count(peer.id) > 1) for peer in every]


async def _standing(node: Node, peer: Peer, now: int, *, rival: bool) -> Standing:
    register, as_of = await _held(node, peer)
    live = 0 if register is None else len(register.live(day_of(now)))
    proven = peer.proven_at is not None and now - peer.proven_at <= PROVEN
    budget = await budgets.standing(node, peer.fingerprint, now)
    return Standing(peer, register, as_of, live, proven, budget, rival)


async def _held(node: Node, peer: Peer) -> tuple[Register | None, int | None]:
    async with node.store.read() as connection:
        head = await logs.head_of(connection, peer.fingerprint)
        if head is None:
            return None, None
        try:
            register = (await node.registers.at(connection, head)).register
        except DamagedLog:  # `comity doctor` says so
            return None, None
    key = register.community.keys.log
    try:
        checkpoint = verify_checkpoint(head.note, key, head.origin)
        return register, replica.own_time(checkpoint, register.community)
    except Violation:
        return register, None
