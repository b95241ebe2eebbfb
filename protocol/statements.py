"""The log's statements: what an entry says, who approved it, and its one encoding.

An entry is canonical JSON `{"approvals": […], "decision": {…}}`. This module knows the form of each
type; what may follow what is the register's (SPEC.md, section 6).
"""

import hashlib
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from protocol.encoding import (
    JSON,
    Bytes32,
    Bytes64,
    Day,
    Message,
    Sequence,
    Slug,
    Version,
    canonical_json,
    from_canonical_json,
)
from protocol.errors import BadSignature, Malformed
from protocol.items import (
    AppealItem,
    AttestItem,
    LaterItem,
    NoticeItem,
    ReaffirmItem,
    ResealItem,
    ResumeItem,
    StayItem,
    WithdrawItem,
)
from protocol.keys import SigningKey, is_strict_point, oprf_key_id, verify
from protocol.names import BaseUrl, CommunityId, Contact, Name, Url
from protocol.tiles import MAX_ENTRY

T = TypeVar("T")
Items = Annotated[Sequence[T], Field(min_length=1, max_length=256)]

MAX_OFFICERS = 64
MAX_OPRF_KEYS = 2

_APPROVE = b"comity:approve:v1\n"
_RECUSE = b"comity:recuse:v1\n"


def _strict_key(key: bytes) -> bytes:
    if not is_strict_point(key):
        raise ValueError("not an Ed25519 key of the strict form")
    return key


Ed25519Key = Annotated[Bytes32, AfterValidator(_strict_key)]
Custody = Literal["own", "browser", "node"]


class Keys(Message):
    """A community's Ed25519 keys, each for its own uses only (section 1)."""

    log: Ed25519Key
    cosign: Ed25519Key
    http: Ed25519Key
    issue: Ed25519Key


class Officer(Message):
    """Who may approve: a key, and where it is kept. Names stay in the community."""

    key: Ed25519Key
    custody: Custody


class Declared(Message):
    """A space or a body of the community, for people to read."""

    slug: Slug
    name: Name


class Community(Message):
    """What a community says of itself, in force until its next `community` statement."""

    id: CommunityId
    name: Name
    url: BaseUrl | None
    keys: Keys
    oprf: Annotated[Sequence[Bytes32], Field(max_length=MAX_OPRF_KEYS)]
    """Live OPRF keys, the one for new records first; none where the community only asks."""
    officers: Annotated[Sequence[Officer], Field(min_length=1, max_length=MAX_OFFICERS)]
    threshold: Annotated[int, Field(ge=1)]
    spaces: Annotated[Sequence[Declared], Field(max_length=64)]
    bodies: Annotated[Sequence[Declared], Field(max_length=64)]
    contact: Contact | None
    policy: Url | None
    part_time: bool
    entries: Literal["public", "peers"]

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        officers = [officer.key for officer in self.officers]
        keys = [self.keys.log, self.keys.cosign, self.keys.http, self.keys.issue, *officers]
        if len(set(keys)) != len(keys):
            raise ValueError("a key has one use only")
        if officers != sorted(officers):
            raise ValueError("officers are sorted by key")
        if len({oprf_key_id(key) for key in self.oprf}) != len(self.oprf):
            raise ValueError("two OPRF keys of one id")
        if self.threshold > len(officers):
            raise ValueError("a threshold that no vote could reach")
        for declared in (self.spaces, self.bodies):
            slugs = [each.slug for each in declared]
            if slugs != sorted(set(slugs)):
                raise ValueError("slugs are sorted, none stands twice")
        return self


class CommunityDecision(Message):
    """The community sets or changes what it says of itself."""

    v: Version
    type: Literal["community"]
    log: Bytes32 | None
    on: Day
    after: Bytes32 | None
    community: Community


class ItemsDecision(Message):
    """What every decision about attestations carries, beside its `items`."""

    v: Version
    log: Bytes32
    on: Day
    after: Bytes32

    @property
    def about(self) -> tuple[AttestItem | ResealItem | LaterItem, ...]:
        """Its items, whatever its type."""
        items: tuple[AttestItem | ResealItem | LaterItem, ...] = self.__dict__["items"]
        return items


class AttestDecision(ItemsDecision):
    """The community attests sanctions."""

    type: Literal["attest"]
    items: Items[AttestItem]


class ResealDecision(ItemsDecision):
    """The same attestations, sealed under another OPRF key."""

    type: Literal["reseal"]
    items: Items[ResealItem]


class NoticeDecision(ItemsDecision):
    """The persons concerned were told."""

    type: Literal["notice"]
    items: Items[NoticeItem]


class ReaffirmDecision(ItemsDecision):
    """Sanctions were reviewed, and go on."""

    type: Literal["reaffirm"]
    items: Items[ReaffirmItem]


class AppealDecision(ItemsDecision):
    """Appeals against sanctions, and what became of them."""

    type: Literal["appeal"]
    items: Items[AppealItem]


class StayDecision(ItemsDecision):
    """Sanctions weigh nothing for a while."""

    type: Literal["stay"]
    items: Items[StayItem]


class ResumeDecision(ItemsDecision):
    """Stays end before their time."""

    type: Literal["resume"]
    items: Items[ResumeItem]


class WithdrawDecision(ItemsDecision):
    """The community ends sanctions."""

    type: Literal["withdraw"]
    items: Items[WithdrawItem]


LaterDecision = (
    NoticeDecision
    | ReaffirmDecision
    | AppealDecision
    | StayDecision
    | ResumeDecision
    | WithdrawDecision
)
"""What is said of attestations after they were attested, each item following the one before."""

Decision = CommunityDecision | AttestDecision | ResealDecision | LaterDecision

_TYPES: dict[str, type[Decision]] = {
    "community": CommunityDecision,
    "attest": AttestDecision,
    "reseal": ResealDecision,
    "notice": NoticeDecision,
    "reaffirm": ReaffirmDecision,
    "appeal": AppealDecision,
    "stay": StayDecision,
    "resume": ResumeDecision,
    "withdraw": WithdrawDecision,
}


class Approval(Message):
    """One officer's signature under a decision."""

    officer: Bytes32
    sig: Bytes64


class Entry(Message):
    """What every entry has, whatever its decision's type: read before the type is known."""

    decision: dict[str, JSON]
    approvals: Annotated[Sequence[Approval], Field(max_length=MAX_OFFICERS)]

    @model_validator(mode="after")
    def _approvals_are_sorted(self) -> Self:
        officers = [approval.officer for approval in self.approvals]
        if officers != sorted(set(officers)):
            raise ValueError("approvals are sorted by officer, none stands twice")
        return self

    @property
    def decision_bytes(self) -> bytes:
        """Canonical JSON of the decision: what the officers signed."""
        return canonical_json(self.decision)


class UnknownType(Malformed):
    """A statement of a type or version that this node does not know."""


def read_entry(data: bytes) -> Entry:
    """Read an entry's frame.

    Raises:
        TooLarge: more than `MAX_ENTRY` bytes.
        Malformed: not the canonical encoding of an entry.
    """
    return Entry.from_bytes(data, MAX_ENTRY)


def read_decision(value: JSON) -> Decision:
    """Read a decision of a known type.

    Raises:
        UnknownType: its `type` or `v` is not known here.
        Malformed: it is not of its type's form.
    """
    if not isinstance(value, dict):
        raise Malformed("a decision is an object")
    type_, version = value.get("type"), value.get("v")
    # Not isinstance: a boolean is an int in Python, and here it is malformed.
    if not isinstance(type_, str) or type(version) is not int:
        raise Malformed("`type` is a string and `v` an integer")
    model = _TYPES.get(type_)
    if model is None or version != 1:
        raise UnknownType("a statement of an unknown type or version")
    return model.from_value(value)


def decision_from_bytes(data: bytes) -> Decision:
    """Read a decision from its canonical bytes; raises as `read_decision` does."""
    return read_decision(from_canonical_json(data, MAX_ENTRY))


def decision_hash(decision: bytes) -> bytes:
    """SHA-256 of a decision's canonical bytes: by which it is known before it is logged."""
    return hashlib.sha256(decision).digest()


def approve(decision: bytes, key: SigningKey) -> Approval:
    """An officer's approval of a decision's canonical bytes."""
    return Approval(officer=key.public_key, sig=key.sign(_APPROVE + decision))


def approval_holds(approval: Approval, decision: bytes) -> bool:
    """Whether an approval's signature holds over a decision's canonical bytes."""
    try:
        verify(approval.officer, _APPROVE + decision, approval.sig)
    except BadSignature:
        return False
    return True


def recuse(decision: bytes, key: SigningKey) -> bytes:
    """An officer's signed recusal (64 bytes). It never lowers the threshold."""
    return key.sign(_RECUSE + decision_hash(decision))


def verify_recusal(decision: bytes, officer: bytes, signature: bytes) -> None:
    """Verify an officer's recusal.

    Raises:
        BadSignature: it is not this officer's for this decision.
    """
    verify(officer, _RECUSE + decision_hash(decision), signature)


def encode_entry(decision: bytes, approvals: list[Approval]) -> bytes:
    """The entry of a decision with its approvals, in the order that the log wants.

    Raises:
        TooLarge: more than `MAX_ENTRY` bytes.
        Malformed: an officer stands twice.
    """
    ordered = sorted(approvals, key=lambda approval: approval.officer)
    value = {
        "decision": from_canonical_json(decision, MAX_ENTRY),
        "approvals": [approval.to_value() for approval in ordered],
    }
    data = canonical_json(value)
    read_entry(data)
    return data
