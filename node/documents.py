"""What is told of decisions, sanctions, the log, officers and peers, by command line and API alike.

The members of each are a contract: scripts and plugins rely on them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from node import accounts, constitution, officers, sanctions, voting, wording
from node.acts import Due
from node.callers import Listed, Role
from node.decisions import Kept as KeptDecision
from node.decisions import Status, attestations_of
from node.node import Node
from node.officers import Officer
from node.overview import Standing
from node.sanctions import Sanction
from protocol.encoding import base64url
from protocol.english import English
from protocol.statements import (
    Community,
    CommunityDecision,
    Custody,
    decision_hash,
    read_decision,
    read_entry,
)

Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in UTC."""


class Document(BaseModel):
    """Something that is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def to_value(self) -> dict[str, Any]:
        """As JSON values."""
        return self.model_dump(mode="json", by_alias=True)


class Decided(Document):
    """How far a decision has come."""

    decision: str
    """Its hash, 64 hexadecimal digits."""
    attestation: str | None
    state: Literal["pending", "logged", "declined", "void", "lapsed"]
    approvals: int
    threshold: int
    voided: list[str]
    """Hashes of what waited and is void since this decision was logged, just now."""

    @classmethod
    def of(cls, status: Status) -> "Decided":
        """As every command that makes a decision prints it."""
        return cls(**_status(status))


class Decision(Decided):
    """A decision among others."""

    type: str
    on: date
    index: int | None
    """Its place in the log."""
    fault: English | None
    """Why it could not be logged."""

    @classmethod
    def listed(cls, kept: KeptDecision, day: date) -> "Decision":
        """As it is listed on a day."""
        return cls(
            **_status(kept.status(day)),
            type=kept.row.type,
            on=kept.row.proposed_on,
            index=kept.row.index,
            fault=None if kept.row.fault is None else English(kept.row.fault),
        )


class Vote(Document):
    """What an officer said to a decision, and whether it counts."""

    officer: str
    vote: str
    counts: bool
    reason: str | None


class DecisionShown(Decision):
    """A decision with what it says, and each officer's vote."""

    votes: list[Vote]
    content: dict[str, Any]
    words: list[English]
    """What it decides, a line for each thing that it says."""

    @classmethod
    async def of_kept(cls, node: Node, kept: KeptDecision, day: date) -> "DecisionShown":
        """As it is on that day."""
        names = {each.key: each.name for each in await officers.every(node)}
        approving = {each.officer for each in kept.approvals}
        votes = [
            Vote(
                officer=names.get(vote.officer, vote.officer.hex()),
                vote=vote.kind,
                counts=vote.kind != "approve" or vote.officer in approving,
                reason=voting.reason_of(node, vote),
            )
            for vote in kept.votes
        ]
        listed = Decision.listed(kept, day).model_dump()
        words = await _in_words(node, kept, day)
        return cls(**listed, votes=votes, content=kept.decision.to_value(), words=words)


class Entry(Document):
    """One decision in the log; it names nobody."""

    index: int
    type: str
    on: str
    decision: str
    approvals: int
    attestations: list[str]

    @classmethod
    def of(cls, index: int, data: bytes) -> "Entry":
        """An entry of this community's own log."""
        entry = read_entry(data)
        # Nothing void is ever appended to a log of our own, so the type is known.
        decision = read_decision(entry.decision)
        return cls(
            index=index,
            type=decision.type,
            on=decision.on.isoformat(),
            decision=decision_hash(entry.decision_bytes).hex(),
            approvals=len(entry.approvals),
            attestations=attestations_of(decision),
        )


class OfficerListed(Document):
    """An officer, where the key is kept, and whether it is listed in the log now."""

    name: str
    public_key: str
    custody: Custody
    listed: bool

    @classmethod
    def of(cls, officer: Officer, community: Community) -> "OfficerListed":
        """As it is, where the log says this of the community."""
        return cls(
            name=officer.name,
            public_key=base64url(officer.key),
            custody=officer.custody,
            listed=officer.key in {each.key for each in community.officers},
        )


class Tokens(Document):
    """All tokens of the local API, by name; they are themselves not known any more."""

    tokens: list[Listed]


class DueItems(Document):
    """What has its day soon, or has passed it."""

    due: list[Due]


class SanctionDocument(Document):
    """A sanction of this community with everything that it says, as far as that is kept."""

    id: str
    decision: str
    state: str
    flags: list[str]
    appeal: Literal["opened", "granted", "rejected", "withdrawn"] | None
    """What was said last of an appeal; None where there was none."""
    ending: str | None
    erased: bool
    identifiers: list[str]
    basis: str | None
    decided_on: str | None
    decided_by: dict[str, Any] | None
    review_by: date | None
    measure: str | None
    scope: list[dict[str, Any]] | None
    in_force_from: date | None
    ends_on: str | None
    contact: str | None
    public_reference: str | None
    origin: dict[str, Any] | None
    told: bool | None
    """Whether the log says that the person was told; None where they could not be reached."""
    waiting: list[str]
    """Hashes of decisions about it that wait for approvals."""

    @classmethod
    def of(
        cls, found: Sanction, day: date, waiting: Sequence[KeptDecision] = ()
    ) -> "SanctionDocument":
        """As it is on that day; `waiting` are the decisions about it that wait."""
        attested, said = found.attested, found.attestation
        claims: Mapping[str, Any] = {} if said is None else said.claims.to_value()
        decided_by = None if said is None else said.decided_by
        return cls(
            id=found.id,
            decision=found.proposed.row.hash.hex(),
            state=found.state(day),
            flags=[] if attested is None else sorted(attested.state(day).flags),
            appeal=None if attested is None else attested.appeal,
            ending=None if attested is None else attested.ending,
            erased=attested is not None and attested.erased,
            identifiers=[] if said is None else list(said.subject),
            basis=None if said is None else said.basis,
            decided_on=claims.get("decided_on"),
            decided_by=None if decided_by is None else decided_by.to_value(),
            review_by=None if attested is None else attested.item.review_by,
            measure=claims.get("measure"),
            scope=claims.get("scope"),
            in_force_from=claims.get("in_force_from"),
            ends_on=claims.get("ends_on"),
            contact=claims.get("contact"),
            public_reference=claims.get("public_reference"),
            origin=claims.get("origin"),
            told=_told(found),
            waiting=[each.row.hash.hex() for each in waiting],
        )

    @property
    def state_in_words(self) -> str:
        """Its state for people: of one that ended before its time, how it did."""
        return (self.ending or self.state).replace("_", " ")

    @property
    def standing(self) -> str:
        """Its state with everything that holds it up, or has to be done about it."""
        untold = ["untold"] if self.told is False and self.state == "in_force" else []
        flags = [_FLAGS.get(each, each) for each in self.flags]
        return "; ".join([self.state_in_words, *flags, *untold])


class EventDocument(Document):
    """An event that a peer declared, which lets it ask for more."""

    id: str
    kind: str
    start: date = Field(alias="from")
    until: date
    allowance: int
    spent: int


class BudgetDocument(Document):
    """What a peer may still ask here."""

    available: int
    charged_today: int
    refused_at: Moment | None
    events: list[EventDocument]


class PeerDocument(Document):
    """A community that is a peer, or is to become one."""

    id: str
    name: str
    url: str | None
    state: Literal["asked", "wanted", "active", "removed"]
    fingerprint: str
    as_of: Moment | None
    compared: bool
    domain: Literal["proven", "claimed"]
    quorum: English | None
    custody: Custody | None
    in_force: int
    outdated: bool
    last_sync_at: Moment | None
    error: str | None
    budget: BudgetDocument

    @classmethod
    def of(cls, standing: Standing) -> "PeerDocument":
        """As its administrator here is shown it."""
        known, register, budget = standing.peer, standing.register, standing.budget
        return cls(
            id=known.id,
            name=known.name,
            url=known.url,
            state=known.state,
            fingerprint=base64url(known.fingerprint),
            as_of=_time(standing.as_of),
            compared=known.compared,
            domain="proven" if standing.proven else "claimed",
            quorum=None if register is None else constitution.decides(register.community),
            custody=None if register is None else weakest(register.community),
            in_force=standing.live,
            outdated=register is not None and register.frozen_at is not None,
            last_sync_at=_time(known.last_sync_at),
            error=known.last_error,
            budget=BudgetDocument(
                available=budget.available,
                charged_today=budget.charged,
                refused_at=_time(budget.refused_at),
                events=[
                    EventDocument(
                        id=each.id,
                        kind=each.kind,
                        start=each.from_day,
                        until=each.until_day,
                        allowance=each.allowance,
                        spent=each.spent,
                    )
                    for each in budget.events
                ],
            ),
        )


class AccountListed(Document):
    """An account: whose it is, and how it is entered."""

    name: str
    role: Role
    officer: str | None
    created_on: date
    passkeys: int
    has_password: bool


class Waiting(Document):
    """An invitation that nobody has used yet; its link is itself not known any more."""

    name: str
    role: Role
    ends_at: Moment


class Accounts(Document):
    """All accounts, by name, and all invitations that wait."""

    accounts: list[AccountListed]
    invitations: list[Waiting]

    @classmethod
    async def of(cls, node: Node, now: int) -> "Accounts":
        """Those that there are."""
        return cls(
            accounts=[
                AccountListed(
                    name=each.name,
                    role=each.role,
                    officer=each.officer,
                    created_on=each.created_on,
                    passkeys=each.passkeys,
                    has_password=each.has_password,
                )
                for each in await accounts.every(node)
            ],
            invitations=[
                Waiting(name=name, role=role, ends_at=datetime.fromtimestamp(ends_at, UTC))
                for name, role, ends_at in await accounts.invited(node)
                if ends_at >= now
            ],
        )


def weakest(community: Community) -> Custody:
    """The weakest place where an officer's key is kept: what any decision may rest on."""
    held = Counter(officer.custody for officer in community.officers)
    order: Sequence[Custody] = ("node", "browser", "own")
    return next(custody for custody in order if custody in held)


async def _in_words(node: Node, kept: KeptDecision, day: date) -> list[English]:
    if isinstance(kept.decision, CommunityDecision):
        return wording.community_in_words(kept.decision.community, kept.before(day))
    lines = []
    for item in kept.decision.items:
        found = await sanctions.show(node, item.id)
        lines += wording.item_in_words(item, found.attestation, kept.community)
    return lines


_FLAGS = {"appeal": "appeal open", "review_due": "review due"}


def _told(found: Sanction) -> bool | None:
    state, attested = found.item.notice.state, found.attested
    told = state == "given" or (attested is not None and attested.told)
    return None if state == "unreachable" and not told else told


def _status(status: Status) -> dict[str, Any]:
    return {
        "decision": status.decision.hex(),
        "attestation": next(iter(status.attestations), None),
        "state": status.state,
        "approvals": status.approvals,
        "threshold": status.threshold,
        "voided": [each.decision.hex() for each in status.voided],
    }


def _time(time: int | None) -> datetime | None:
    return None if time is None else datetime.fromtimestamp(time, UTC)
