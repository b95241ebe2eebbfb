"""One file that shows, offline, that an entry is in a log (C2SP tlog-proof)."""

from dataclasses import dataclass
from typing import Self

from protocol.checkpoint import VerifiedCheckpoint, parse_size, verify_checkpoint
from protocol.errors import Malformed, TooLarge
from protocol.merkle import leaf_hash, verify_inclusion
from protocol.note import MAX_NOTE, to_base64
from protocol.witness import MAX_REQUEST, parse_hashes, proof_lines, split_proof_lines

MAX_TLOG_PROOF = MAX_REQUEST
"""Bytes of a proof: a note, and before it at most 63 hashes in base64."""

_MAGIC = "c2sp.org/tlog-proof@v1"
_INDEX = "index "


@dataclass(frozen=True)
class TlogProof:
    """An entry's place, the inclusion proof, and the checkpoint (a signed note) it leads to."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        lines = [_MAGIC, f"{_INDEX}{self.index}", *map(to_base64, self.proof)]
        return proof_lines(lines) + self.checkpoint

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a proof; a line `extra`, which nothing authenticates, is refused.

        Raises:
            TooLarge: more than `MAX_TLOG_PROOF` bytes, or more than 63 hashes.
            Malformed: another form.

        Source: C2SP tlog-proof, "Format"; SPEC.md, section 7.
        """
        if len(data) > MAX_TLOG_PROOF:
            raise TooLarge(f"more than {MAX_TLOG_PROOF} bytes")
        (magic, *lines), checkpoint = split_proof_lines(data)
        if magic != _MAGIC or not lines or not lines[0].startswith(_INDEX):
            raise Malformed("not a tlog-proof without extra data")
        index = parse_size(lines[0].removeprefix(_INDEX))
        return cls(index, parse_hashes(lines[1:]), checkpoint)

    def verify(
        self, entry: bytes, public_key: bytes, origin: str, limit: int = MAX_NOTE
    ) -> VerifiedCheckpoint:
        """Verify that the log `origin`, whose key has 32 bytes, holds `entry` at `index`.

        Raises:
            TooLarge, Malformed, BadSignature: the checkpoint, as in `verify_checkpoint`.
            BadProof: another log, or the entry is not at this place in the tree.
        """
        verified = verify_checkpoint(self.checkpoint, public_key, origin, limit)
        head = verified.head
        verify_inclusion(leaf_hash(entry), self.index, head.size, head.root, self.proof)
        return verified
