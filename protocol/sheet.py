"""Sheets: what an officer's own device is given, and what it gives back.

A sheet carries no authority. It holds a decision, the log's entries that the decision names by
their leaf hashes, and for each attestation all that its hashes were made of. What is on it counts
for nothing before `protocol.sheet_checks` has recomputed it.

Source: SPEC.md, section 6.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from protocol.attestation import MAX_IDENTIFIERS, SUBJECT_SIZES
from protocol.encoding import JSON, Bytes32, Bytes64, Message, Version, bytes_field
from protocol.encoding import Sequence as Array
from protocol.pseudonyms import LOCATOR_SIZE, SLOTS
from protocol.sdjwt import MAX_DISCLOSURE, MAX_DISCLOSURES, MAX_JWT
from protocol.sealing import KEY_SIZE, WRAP_SIZE, Entry, commitment

MAX_SHEET = 32 * 1024 * 1024
"""Bytes of a sheet; one attestation takes 10 to 130 KiB."""

MAX_ENTRIES = 4096
"""Statements that a decision names, and those that lead from each item to its `attest`."""

MAX_SIGNED = 1024
"""Bytes of the file that an officer brings back."""

_FILLER = b"comity:filler:v1:"


class Evaluation(Message):
    """What lets an officer's device compute one identifier's pseudonym without the OPRF key."""

    blind: Bytes32
    evaluated: Bytes32
    slot: Annotated[int, Field(ge=0, lt=len(SLOTS))]


class SealedPart(Message):
    """A record, and an evaluation for each identifier in the order of their disclosures."""

    record: Annotated[bytes, *bytes_field()]
    evaluations: Annotated[Array[Evaluation], Field(min_length=1, max_length=MAX_IDENTIFIERS)]
    proof: Bytes64


class SheetAttestation(Message):
    """One attestation with everything disclosed; `sealed` only where it is sealed anew."""

    jwt: Annotated[str, Field(max_length=MAX_JWT)]
    disclosures: Annotated[
        Array[Annotated[str, Field(max_length=MAX_DISCLOSURE)]], Field(max_length=MAX_DISCLOSURES)
    ]
    decoys: Annotated[Array[Bytes32], Field(max_length=SUBJECT_SIZES[-1])]
    sealed: SealedPart | None


class Sheet(Message):
    """The file. Its attestations are in the order of the decision's items."""

    v: Version
    decision: dict[str, JSON]
    entries: Annotated[Array[Annotated[bytes, *bytes_field()]], Field(max_length=MAX_ENTRIES)]
    """Entries of the log, exact bytes, that the decision names by leaf hash."""
    attestations: Annotated[Array[SheetAttestation], Field(max_length=256)]


class SignedVote(Message):
    """What an officer brings back: an approval, or a recusal, of the decision with this hash."""

    v: Version
    decision: Bytes32
    kind: Literal["approve", "recuse"]
    officer: Bytes32
    sig: Bytes64


def filler(seed: bytes, commit: bytes) -> Entry:
    """The entry that fills an index in place of a decoy, made from the decoy's seed (32 bytes).

    To peers it is random bytes; an officer, who is shown the seed, knows that it opens for nobody.
    `commit` is the record's (32 bytes): the same filler in another record of the same attestation
    would show how many entries are somebody's.

    Source: SPEC.md, section 5; FIPS 202, SHAKE256.
    """
    stream = hashlib.shake_256(_FILLER + seed + commit).digest(LOCATOR_SIZE + WRAP_SIZE)
    return Entry(locator=stream[:LOCATOR_SIZE], wrap=stream[LOCATOR_SIZE:])


def drawing_fillers(
    seeds: Sequence[bytes], draw: Callable[[int], bytes] = secrets.token_bytes
) -> Callable[[int], bytes]:
    """The source of random bytes with which `seal_record` makes the index end in these fillers.

    Of all it draws, only K, which comes first, and a filler's locator and wrap have their sizes.
    """
    parts: dict[int, Iterator[bytes]] = {}

    def drawn(size: int) -> bytes:
        if size in parts:
            return next(parts[size])
        value = draw(size)
        if size == KEY_SIZE:
            entries = [filler(seed, commitment(value)) for seed in seeds]
            parts[LOCATOR_SIZE] = iter([entry.locator for entry in entries])
            parts[WRAP_SIZE] = iter([entry.wrap for entry in entries])
        return value

    return drawn
