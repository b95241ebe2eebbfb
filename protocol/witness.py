"""Asking a witness to cosign a head (C2SP tlog-witness, `add-checkpoint`): bodies both ways."""

from dataclasses import dataclass
from typing import Self

from protocol.checkpoint import parse_size
from protocol.errors import Malformed, TooLarge
from protocol.merkle import HASH_SIZE, MAX_PROOF
from protocol.note import MAX_NOTE, from_base64, to_base64

MAX_REQUEST = MAX_NOTE + 4096
"""Bytes of a request: the note, and before it at most 63 hashes in base64."""

_OLD = "old "


@dataclass(frozen=True)
class AddCheckpoint:
    """A request: a new checkpoint (a signed note), and the proof that it extends `old_size`."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """The request's body."""
        lines = [f"{_OLD}{self.old_size}", *map(to_base64, self.proof)]
        return proof_lines(lines) + self.checkpoint

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a request's body; the checkpoint in it is not looked into.

        Raises:
            TooLarge: more than `MAX_REQUEST` bytes, or more than 63 hashes.
            Malformed: another form.

        Source: C2SP tlog-witness, "add-checkpoint".
        """
        if len(data) > MAX_REQUEST:
            raise TooLarge(f"more than {MAX_REQUEST} bytes")
        (old, *hashes), checkpoint = split_proof_lines(data)
        if not old.startswith(_OLD):
            raise Malformed("the first line says the old size")
        return cls(parse_size(old.removeprefix(_OLD)), parse_hashes(hashes), checkpoint)


def size_answer(size: int) -> bytes:
    """The body of a 409, `text/x.tlog.size`: the size that the witness cosigned last."""
    return f"{size}\n".encode()


def parse_size_answer(data: bytes) -> int:
    """Read the body of a 409.

    Raises:
        Malformed: not one line with a size.
    """
    try:
        digits = data.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise Malformed("not a size") from error
    if size_answer(size := parse_size(digits)) != data:
        raise Malformed("a size ends in a newline")
    return size


def proof_lines(lines: list[str]) -> bytes:
    """Lines, then the empty line that parts them from a checkpoint."""
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


def split_proof_lines(data: bytes) -> tuple[list[str], bytes]:
    """The lines (at least one) before the first empty line, and the checkpoint after it.

    Raises:
        Malformed: no empty line, or one that comes first, or lines that are not ASCII.
    """
    head, empty_line, checkpoint = data.partition(b"\n\n")
    if not empty_line or not head:
        raise Malformed("no empty line before the checkpoint")
    try:
        return head.decode("ascii").split("\n"), checkpoint
    except UnicodeDecodeError as error:
        raise Malformed("a proof line is not ASCII") from error


def parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    """The hashes of a Merkle proof, one on each line.

    Raises:
        TooLarge: more than 63 of them.
        Malformed: a line that is not the base64 of 32 bytes.
    """
    if len(lines) > MAX_PROOF:
        raise TooLarge(f"more than {MAX_PROOF} proof lines")
    return tuple(from_base64(line, HASH_SIZE) for line in lines)
