"""Cosigning the heads of peers' logs (C2SP tlog-witness), so that none can show two histories."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from node.node import Node
from node.store import cosigned, logs, peers
from node.store.cosigned import CosignedHead
from node.store.logs import Head
from protocol.checkpoint import (
    Checkpoint,
    VerifiedCheckpoint,
    claimed_checkpoint,
    cosign,
    cosign_key,
    origin_of,
    verify_checkpoint,
)
from protocol.errors import BadSignature, Conflict, Malformed, NotAdmitted, NotFound
from protocol.keys import SigningKey
from protocol.merkle import EMPTY_ROOT, verify_extension
from protocol.note import NoteSignature, SignedNote
from protocol.witness import AddCheckpoint

_UNKNOWN = "no active peer has a log of this origin"


class OtherHead(Conflict):
    """The asker does not build on the head cosigned last, whose `size` it learns from this."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size


@dataclass(frozen=True)
class Cosigner:
    """Who cosigns: a community's id and its `cosign` key."""

    id: str
    key: SigningKey


@dataclass(frozen=True)
class Witnessed:
    """A head that was cosigned, and the line that says so; `held` is what was replicated of it."""

    fingerprint: bytes
    size: int
    held: int
    is_new: bool
    """Whether it was not cosigned before: whoever repeats a note brings nothing about."""
    line: NoteSignature = field(repr=False)


async def add_checkpoint(
    node: Node, cosigner: Cosigner, asked: AddCheckpoint, now: int
) -> Witnessed:
    """Cosign the new head of an active peer's log, which extends the one cosigned before.

    The same head again gets the same line: notes are public, and anybody may send one. What is
    cosigned is on the disk when this returns: after a crash no other head of that size is.

    Raises:
        NotFound: no active peer has a log of that origin.
        NotAdmitted: its key did not sign this.
        Malformed: the proof would be from a larger tree.
        OtherHead: the proof is not from the size cosigned last, or there is another root at it.
        BadProof: the proof does not hold.

    Source: C2SP tlog-witness, "add-checkpoint", whose order of checks this is.
    """
    # 1. a log that is known here, 2. signed by its key; anybody may send anything, so that nobody
    # waits for the writer until this holds
    async with node.store.read() as connection:
        log, checkpoint = await _trusted(node, connection, asked.checkpoint)
        last = await cosigned.get(connection, log.fingerprint)
    head = checkpoint.head
    if (line := _kept_line(last, asked, head, cosigner)) is not None:
        return Witnessed(log.fingerprint, head.size, log.size, is_new=False, line=line)
    line = cosign(checkpoint.note.text, cosigner.key, origin_of(cosigner.id), now)
    note = checkpoint.note.with_signatures([line]).to_bytes()
    async with node.store.write() as connection:
        await _refuse_removed(connection, log)
        # 3. to 5. an extension of what was cosigned last
        last = await cosigned.get(connection, log.fingerprint)
        last = last or CosignedHead(log.fingerprint, 0, EMPTY_ROOT, b"")
        _check_extends(last, asked, checkpoint)
        await cosigned.put(connection, CosignedHead(log.fingerprint, head.size, head.root, note))
    return Witnessed(log.fingerprint, head.size, log.size, is_new=True, line=line)


def _kept_line(
    last: CosignedHead | None, asked: AddCheckpoint, head: Checkpoint, cosigner: Cosigner
) -> NoteSignature | None:
    if last is None or (asked.old_size, head.size, head.root) != (last.size, last.size, last.root):
        return None
    verify_extension(last.size, last.root, head.size, head.root, asked.proof)
    key = cosign_key(cosigner.id, cosigner.key.public_key)
    lines = SignedNote.from_bytes(last.note).signatures
    # None by the key in force where that has changed since.
    return next((line for line in lines if key.signed(line)), None)


async def _trusted(
    node: Node, connection: AsyncConnection, note: bytes
) -> tuple[Head, VerifiedCheckpoint]:
    """The log that a note is about, and the note verified under the key in force in it."""
    origin = claimed_checkpoint(note).origin
    candidates = [
        head
        for peer in await peers.active(connection)
        if (head := await logs.head_of(connection, peer.fingerprint)) and head.origin == origin
    ]
    if not candidates:
        raise NotFound(_UNKNOWN)
    for head in candidates:
        key = (await node.registers.at(connection, head)).register.community.keys.log
        try:
            return head, verify_checkpoint(note, key, origin)
        except BadSignature:
            continue
    raise NotAdmitted("not signed by this log's key")


async def _refuse_removed(connection: AsyncConnection, log: Head) -> None:
    peer = await peers.get(connection, log.fingerprint)
    if peer is None or peer.state != "active":
        raise NotFound(_UNKNOWN)


def _check_extends(
    last: CosignedHead, asked: AddCheckpoint, checkpoint: VerifiedCheckpoint
) -> None:
    head = checkpoint.head
    # 3.
    if asked.old_size > head.size:
        raise Malformed("the proof is from a larger tree than the checkpoint's")
    # 4. At one size there is nothing to prove: another root is a fork, whatever the proof.
    if asked.old_size != last.size:
        raise OtherHead("another size was cosigned last", last.size)
    if head.size == last.size and head.root != last.root:
        raise OtherHead("another root was cosigned at this size", last.size)
    # 5.
    verify_extension(last.size, last.root, head.size, head.root, asked.proof)
