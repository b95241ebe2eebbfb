"""What a statement says of one attestation: the items of each type.

Nothing here names anybody: attestations are known by their ids, what they say by its hashes. What
may follow what is the register's.

Source: SPEC.md, section 6.
"""

from typing import Literal, Self

from pydantic import model_validator

from protocol.claims import Measure
from protocol.encoding import Bytes8, Bytes32, Day, Message, Uuid


class Seal(Message):
    """Which record holds an attestation, and under which OPRF key it is sealed (section 5)."""

    key: Bytes8
    record: Bytes32


class Notice(Message):
    """Whether the person concerned was told when the officers decided."""

    state: Literal["given", "delayed", "unreachable"]
    until: Day | None
    """Last day of a delay; null unless `delayed`."""

    @model_validator(mode="after")
    def _delayed_has_its_end(self) -> Self:
        if (self.state == "delayed") != (self.until is not None):
            raise ValueError("a delay has its end, and nothing else has one")
        return self


class AttestItem(Message):
    """One attestation, by hashes only: nothing here names anybody."""

    id: Uuid
    jwt: Bytes32
    """SHA-256 of the issuer-signed JWT, without any `~`."""
    seal: Seal
    ends: Day
    """The last day in force."""
    review_by: Day
    notice: Notice
    measure: Measure | None
    """In public, or null: then only a match discloses it."""


class ResealItem(Message):
    """The same attestation in another record, under another OPRF key."""

    id: Uuid
    after: Bytes32
    """Leaf hash of the last effective `attest` or `reseal` of this id."""
    key: Bytes8
    record: Bytes32


class NoticeItem(Message):
    """The person concerned was told."""

    id: Uuid
    after: Bytes32


class ReaffirmItem(Message):
    """One attestation was reviewed, and goes on until the next review."""

    id: Uuid
    after: Bytes32
    review_by: Day


class AppealItem(Message):
    """An appeal against one attestation, and what became of it."""

    id: Uuid
    after: Bytes32
    state: Literal["opened", "granted", "rejected", "withdrawn"]


class StayItem(Message):
    """One attestation weighs nothing from `on` to the day `until`, both included."""

    id: Uuid
    after: Bytes32
    until: Day


class ResumeItem(Message):
    """A stay ends before its time."""

    id: Uuid
    after: Bytes32


class WithdrawItem(Message):
    """The end of one attestation before its time."""

    id: Uuid
    after: Bytes32
    because: Literal["lifted", "overturned", "superseded", "erased"]
    by: Uuid | None
    """The attestation that supersedes it; null otherwise."""

    @model_validator(mode="after")
    def _superseded_by(self) -> Self:
        if (self.because == "superseded") != (self.by is not None):
            raise ValueError("what is superseded names by what, and nothing else does")
        return self


LaterItem = NoticeItem | ReaffirmItem | AppealItem | StayItem | ResumeItem | WithdrawItem
"""What is said after it was attested; `after` is the leaf hash of the last effective statement
about this attestation, reseals not counted."""
