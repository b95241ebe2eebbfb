"""The bodies that two nodes exchange: requests, answers, and their limits (SPEC.md, section 8).

All are canonical JSON. Limits are in bytes of the body, checked before it is read.
"""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol.encoding import (
    Bytes8,
    Bytes32,
    Bytes64,
    Day,
    Message,
    Sequence,
    Uuid,
    Version,
)
from protocol.names import BaseUrl, CommunityId, Contact, Name
from protocol.note import MAX_NOTE

MAX_BLINDED = 4096
"""Elements of one evaluate request."""

MAX_IDS = 256
"""Records of one request."""

MAX_EVALUATE_BODY = 256 * 1024
MAX_RECORDS_BODY = 16 * 1024
MAX_RECORDS_ANSWER = 16 * 1024 * 1024
MAX_PEERING_BODY = 64 * 1024
MAX_EVENT_BODY = 1024
MAX_ORIGIN = 260
"""Characters of a log's origin: a community's id, and `/comity`."""

MAX_ORIGINS = 16
"""Logs of one request for heads."""

MAX_HEADS_BODY = 8 * 1024
MAX_HEADS_ANSWER = 2 * 1024 * 1024
MAX_DISCOVERY = 16 * 1024
MAX_COMMUNITY_ANSWER = 4 * 1024 * 1024
MAX_PEERS_ANSWER = 1024 * 1024

DECLARED_AHEAD = timedelta(days=90)
"""How far ahead an event may end that is declared."""

PurposeKind = Literal["registration", "volunteer_or_speaker", "membership", "meetup", "unspecified"]


class Purpose(Message):
    """What a query is for, with the days of the event; null where there is none."""

    kind: PurposeKind
    start: Day | None
    end: Day | None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("both days of an event, or neither")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("an event ends when it began or later")
        return self


class EvaluateRequest(Message):
    """Blinded elements, to be evaluated under one OPRF key."""

    v: Version
    oprf_key: Bytes8
    blinded: Annotated[Sequence[Bytes32], Field(min_length=1, max_length=MAX_BLINDED)]
    purpose: Purpose


class EvaluateAnswer(Message):
    """The evaluated elements in the order asked, and one DLEQ proof over all of them."""

    v: Version
    evaluated: Annotated[Sequence[Bytes32], Field(min_length=1, max_length=MAX_BLINDED)]
    proof: Bytes64


class RecordsRequest(Message):
    """Ids of attestations whose sealed records are asked for."""

    v: Version
    ids: Annotated[Sequence[Uuid], Field(min_length=1, max_length=MAX_IDS)]


class RecordsAnswer(Message):
    """The exact bytes of each record in base64url, in the order asked; null where it is gone."""

    v: Version
    records: Annotated[Sequence[str | None], Field(min_length=1, max_length=MAX_IDS)]


class HeadsRequest(Message):
    """Asks for the newest heads that are held of logs, by their origins."""

    v: Version
    origins: Annotated[
        Sequence[Annotated[str, Field(max_length=MAX_ORIGIN)]],
        Field(min_length=1, max_length=MAX_ORIGINS),
    ]


class HeadsAnswer(Message):
    """The newest note of each log as text, in the order asked; null where none is held."""

    v: Version
    notes: Annotated[
        Sequence[Annotated[str, Field(max_length=MAX_NOTE)] | None],
        Field(min_length=1, max_length=MAX_ORIGINS),
    ]


class EventRequest(Message):
    """Declares an event for the budget, or ends it: its kind and days, nothing more."""

    v: Version
    act: Literal["declare", "end"]
    event: Purpose


class EventAnswer(Message):
    """The budget that holds from now on: evaluations available, and until which day."""

    v: Version
    available: Annotated[int, Field(ge=0)]
    until: Day | None


class CarriedLog(Message):
    """A log carried by whoever has no public address: its newest note, and entries from `start`."""

    start: Annotated[int, Field(ge=0)]
    entries: Annotated[Sequence[str], Field(max_length=4096)]
    """Exact bytes of each entry in base64url."""
    checkpoint: str


class PeeringRequest(Message):
    """Asks to peer, accepts, leaves, or brings what a carried log has grown by."""

    v: Version
    act: Literal["ask", "accept", "leave", "extend"]
    id: CommunityId
    name: Name
    fingerprint: Bytes32
    url: BaseUrl | None
    carried: CarriedLog | None

    @model_validator(mode="after")
    def _is_reachable_or_carried(self) -> Self:
        carries = self.act in ("ask", "extend") and self.url is None
        if carries != (self.carried is not None):
            raise ValueError("who has no address carries the log when asking or extending")
        return self


class PeeringAnswer(Message):
    """How the peering stands at the answering node."""

    v: Version
    state: Literal["waiting", "active", "none"]
    size: Annotated[int, Field(ge=0)]
    """Entries held here of the log of whoever asked."""


class CommunityStatement(Message):
    """One community statement of a log, with its tlog-proof (C2SP tlog-proof)."""

    index: Annotated[int, Field(ge=0)]
    entry: str
    """Exact bytes in base64url."""
    proof: str


class CommunityAnswer(Message):
    """All community statements of a log, oldest first."""

    v: Version
    statements: Annotated[Sequence[CommunityStatement], Field(min_length=1, max_length=4096)]


class ListedPeer(Message):
    """A community with which the answering one exchanges, as that one knows it."""

    id: CommunityId
    name: Name
    fingerprint: Bytes32


class PeersAnswer(Message):
    """Who can learn of a community's sanctions: its active peers, sorted by id and fingerprint."""

    v: Version
    peers: Annotated[Sequence[ListedPeer], Field(max_length=4096)]


class Discovery(Message):
    """`/.well-known/comity`: a pointer only; everything in it is checked against the log."""

    id: CommunityId
    name: Name
    url: BaseUrl
    versions: Sequence[int]
    log: str
    """The log key as a C2SP vkey."""
    fingerprint: Bytes32
    contact: Contact | None
