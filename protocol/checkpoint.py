"""Checkpoints: the signed head of a log, and the times at which others had seen it.

A checkpoint's text is three lines: origin, size, root. Extension lines, which C2SP allows and
advises against, are refused: a cosigner would sign what nobody checks. The origin of a community's
log is `<id>/comity`; so are the names of its `log` key (type 0x01) and of its `cosign` key (0x04).
"""

import re
from dataclasses import dataclass
from typing import Self

from protocol import keys
from protocol.errors import BadProof, BadSignature, Malformed
from protocol.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE
from protocol.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE,
    NoteSignature,
    SignedNote,
    VerifierKey,
    from_base64,
    sign_note,
    to_base64,
)

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,15})", re.ASCII)
_LINES = 3
_TIME_SIZE = 8
_MAX_TIME = 2**63 - 1


def origin_of(community: str) -> str:
    """The origin of a community's log, and the name of its keys in notes (SPEC.md, section 7)."""
    return f"{community}/comity"


def log_key(community: str, public_key: bytes) -> VerifierKey:
    """A community's `log` key (32 bytes) as notes name it."""
    return VerifierKey(origin_of(community), ED25519, public_key)


def cosign_key(community: str, public_key: bytes) -> VerifierKey:
    """A community's `cosign` key (32 bytes) as notes name it."""
    return VerifierKey(origin_of(community), COSIGNATURE, public_key)


def parse_size(text: str) -> int:
    """Read the size of a tree: decimal digits without leading zeros, below 2^53.

    Raises:
        Malformed: any other form.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Malformed("a size is a decimal number without leading zeros, below 2^53")
    return int(text)


@dataclass(frozen=True)
class Checkpoint:
    """What the head of a log says: so many entries, under this root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text of a note.

        Raises:
            Malformed: not the three lines of a checkpoint, or an empty tree with a root.

        Source: C2SP tlog-checkpoint, "Note text"; SPEC.md, section 7.
        """
        *lines, rest = text.split("\n")
        if rest or len(lines) != _LINES or not lines[0]:
            raise Malformed("a checkpoint is three lines: origin, size, root")
        head = cls(lines[0], parse_size(lines[1]), from_base64(lines[2], HASH_SIZE))
        if head.size == 0 and head.root != EMPTY_ROOT:
            raise Malformed("the empty tree has one root only")
        return head


@dataclass(frozen=True)
class VerifiedCheckpoint:
    """A head that its log has signed, and the note in which it stands, cosignatures and all."""

    head: Checkpoint
    note: SignedNote


def claimed_checkpoint(data: bytes, limit: int = MAX_NOTE) -> Checkpoint:
    """What a note says before anything is verified: only to find out which key to verify it with.

    Raises:
        TooLarge: more than `limit` bytes.
        Malformed: not a note, or not of a checkpoint.
    """
    return Checkpoint.from_text(SignedNote.from_bytes(data, limit).text)


def sign_checkpoint(head: Checkpoint, key: keys.SigningKey) -> SignedNote:
    """Sign a head with the log's key, named by the origin (C2SP tlog-checkpoint, "Signatures")."""
    text = head.to_text()
    return SignedNote(text, (sign_note(text, key, head.origin),))


def verify_checkpoint(
    data: bytes, public_key: bytes, origin: str, limit: int = MAX_NOTE
) -> VerifiedCheckpoint:
    """Verify that the log `origin` signed this note with its key (32 bytes), then read it.

    Raises:
        TooLarge: more than `limit` bytes.
        Malformed: not a note, or not of a checkpoint.
        BadSignature: not signed by this key under the name `origin`.
        BadProof: a checkpoint of another log.
    """
    note = SignedNote.from_bytes(data, limit)
    note.verify(VerifierKey(origin, ED25519, public_key))
    head = Checkpoint.from_text(note.text)
    if head.origin != origin:
        raise BadProof("a checkpoint of another log")
    return VerifiedCheckpoint(head, note)


def cosign(text: str, key: keys.SigningKey, name: str, time: int) -> NoteSignature:
    """Cosign the text of a checkpoint: at `time` (seconds) its head is the largest seen.

    Source: C2SP tlog-cosignature, "Format", "Ed25519 signed message".
    """
    signature = key.sign(_cosigned_message(text, time))
    verifier = VerifierKey(name, COSIGNATURE, key.public_key)
    return NoteSignature(name, verifier.key_id, time.to_bytes(_TIME_SIZE, "big") + signature)


def cosignature_time(note: SignedNote, key: VerifierKey) -> int:
    """Verify that a cosigner (key type 0x04) cosigned the note, and return when (seconds).

    Every line that names the key must hold; the time is the latest of theirs.

    Raises:
        BadSignature: there is no such line, or one of them does not hold.

    Source: C2SP tlog-cosignature, "Format", "Ed25519 signed message".
    """
    if key.algorithm != COSIGNATURE:
        raise ValueError("only keys of type 0x04 cosign")
    return max(
        _verify_cosignature(note.text, key, signature) for signature in note.signatures_by(key)
    )


def _verify_cosignature(text: str, key: VerifierKey, signature: bytes) -> int:
    time = int.from_bytes(signature[:_TIME_SIZE], "big")
    if time > _MAX_TIME:
        raise BadSignature("a time beyond 2^63")
    keys.verify(key.public_key, _cosigned_message(text, time), signature[_TIME_SIZE:])
    return time


def _cosigned_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
