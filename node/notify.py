"""Telling peers that our log has grown, and taking back their cosignatures (C2SP tlog-witness).

Who is told pulls at once, so that a lift is known everywhere in seconds; a peer that cannot be
reached now polls later. All are told at once, and none waits for another.
"""

import asyncio
from dataclasses import dataclass

from node import ledger
from node.background import log_unexpected
from node.client import AtAnotherSize, Clients, PeerClient
from node.errors import Refused
from node.node import Node
from node.store import logs, peers
from node.store.logs import Head
from node.store.peers import Peer
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.errors import ComityError, Unavailable, UnknownKey
from protocol.note import NoteSignature, SignedNote
from protocol.verified_tiles import tiles_for_consistency
from protocol.witness import AddCheckpoint


class Behind(Unavailable):
    """Our own log is longer elsewhere: an old backup was restored, and would fork it."""

    code = "behind"


@dataclass(frozen=True)
class Told:
    """What became of telling one peer; `error` is a code, or None where it cosigned."""

    fingerprint: bytes
    id: str
    error: str | None


@dataclass(frozen=True)
class _Cosigned:
    told: Told
    line: NoteSignature | None


async def notify(node: Node, clients: Clients, now: int) -> list[Told]:
    """Push our newest checkpoint to every active peer that has an address, and keep their lines.

    Raises:
        UserError: there is no log of our own.
        DamagedLog: it is not what its head says; nobody is told.
    """
    head = await ledger.own_head(node)
    async with node.store.read() as connection:
        active = [peer for peer in await peers.active(connection) if peer.url is not None]
    answers = await asyncio.gather(*(_tell(node, clients, peer, head) for peer in active))
    lines = [answer.line for answer in answers if answer.line is not None]
    if lines:
        await ledger.add_cosignatures(node, head.size, lines, now)
    return [answer.told for answer in answers]


async def _tell(node: Node, clients: Clients, peer: Peer, head: Head) -> _Cosigned:
    try:
        line = await _cosigned(node, clients.to(peer), peer, head)
    except Refused as error:
        return _Cosigned(Told(peer.fingerprint, peer.id, error.problem), None)
    except ComityError as error:
        return _Cosigned(Told(peer.fingerprint, peer.id, error.code), None)
    except Exception as error:  # noqa: BLE001 - one peer's oddity keeps no other from being told
        log_unexpected("tell a peer", error, peer=peer.id)
        return _Cosigned(Told(peer.fingerprint, peer.id, Unavailable.code), None)
    return _Cosigned(Told(peer.fingerprint, peer.id, None), line)


async def _cosigned(node: Node, client: PeerClient, peer: Peer, head: Head) -> NoteSignature:
    """The peer's cosignature of our head; the peer itself says where the proof has to begin."""
    try:
        lines = await client.add_checkpoint(await _request(node, head, 0))
    except AtAnotherSize as error:
        # A larger size than ours is refused by `_request`: we would be behind our own log.
        lines = await client.add_checkpoint(await _request(node, head, error.size))
    async with node.store.read() as connection:
        register = await node.registers.of(connection, peer.fingerprint)
    if register is None:
        raise UnknownKey("nothing is held of this peer's log yet")
    key = cosign_key(register.community.id, register.community.keys.cosign)
    text = SignedNote.from_bytes(head.note).text
    # One line is kept, the one that was verified: a peer might send many.
    found = [line for line in lines if key.signed(line)][:1]
    cosignature_time(SignedNote(text, tuple(found)), key)
    return found[0]


async def _request(node: Node, head: Head, old_size: int) -> AddCheckpoint:
    if old_size > head.size:
        raise Behind("a peer has cosigned a larger head of our log than the one held here")
    if old_size == 0:
        return AddCheckpoint(0, (), head.note)
    async with node.store.read() as connection:
        places = [tile.id for tile in tiles_for_consistency(old_size, head.size)]
        tiles = await logs.verified_tiles(connection, head, places)
    return AddCheckpoint(old_size, tuple(tiles.consistency_proof(old_size)), head.note)
