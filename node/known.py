"""What is known here beside what was found, and tells how much of it to make of that."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from node import judgments
from node.coverage import load_registers
from node.judgments import Judgments
from node.node import Node
from node.store import logs
from node.store.logs import Head
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.errors import Violation
from protocol.note import SignedNote
from protocol.register import Register


@dataclass(frozen=True)
class Known:
    """Of one state of the database."""

    registers: Mapping[bytes, Register]
    """By fingerprint: of active peers, of whom something kept was found, and our own."""
    unwitnessed: Collection[bytes]
    """Fingerprints of those whose log, as held here, no other active peer has cosigned."""
    judgments: Judgments
    own: bytes | None = None
    """Fingerprint of our own log, if there is one."""


async def load(node: Node, connection: AsyncConnection, also: Collection[bytes] = ()) -> Known:
    """What is known now, with the registers of `also` where their logs are held.

    Raises:
        DamagedLog: the log of one of `also` is not what its head says.
    """
    peers = await load_registers(node, connection)
    registers = dict(peers)
    for fingerprint in also:
        register = await node.registers.of(connection, fingerprint)
        if register is not None:
            registers[fingerprint] = register
    own = await logs.own_head(connection)
    unwitnessed = set()
    for fingerprint in registers.keys() - {None if own is None else own.fingerprint}:
        head = await logs.head_of(connection, fingerprint)
        witnesses = [each for each in peers.values() if each.fingerprint != fingerprint]
        if head is None or not _is_witnessed(head, witnesses):
            unwitnessed.add(fingerprint)
    if own is not None:
        registers[own.fingerprint] = (await node.registers.at(connection, own)).register
    judged = await judgments.load(connection, node.vault)
    return Known(registers, unwitnessed, judged, None if own is None else own.fingerprint)


def _is_witnessed(head: Head, witnesses: Collection[Register]) -> bool:
    """Whether any of these communities cosigned the very head that is held."""
    try:
        note = SignedNote.from_bytes(head.note)
    except Violation:
        return False
    return any(_cosigned(note, each) for each in witnesses)


def _cosigned(note: SignedNote, witness: Register) -> bool:
    key = cosign_key(witness.community.id, witness.community.keys.cosign)
    try:
        cosignature_time(note, key)
    except Violation:
        return False
    return True
