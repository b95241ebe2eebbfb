"""The register: what replaying a log's entries gives (SPEC.md, section 6).

A pure function of the entries; the state of an attestation is a pure function of the register and
a day. The rules, at a glance:

    type        approved by                                     names in `after`
    community   genesis: the threshold it lists;                the last effective community
                only `MINOR` members change: one officer;       statement; null at genesis
                else: the threshold before it
    attest      the threshold                                   the last effective community
                                                                statement that took the threshold
    reseal      the threshold                                   the same; and per item the statement
                                                                that sealed that attestation last
    notice      one officer                                     the same; and per item the last
    appeal      opened: one officer; else: the threshold        statement about that attestation,
    stay        14 days, once: one officer; else: the threshold reseals not counted
    reaffirm    the threshold
    resume      the threshold
    withdraw    the threshold

What may be said of one attestation, and what follows from it, stands in `protocol.attested`.

A statement that breaks a rule is void: it has no effect and is kept with the reason. One bad item
voids the whole statement. A decision that was effective once is void ever after. A statement of an
unknown type or version is void too, unless the threshold approved it and it says `"critical":
true`; then the register is frozen, for whoever does not know the rule must not guess.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

from protocol.attested import Attested, Quorum, attested, followed, resealed
from protocol.encoding import base64url
from protocol.errors import OutOfOrder, Violation
from protocol.items import StayItem, WithdrawItem
from protocol.keys import oprf_key_id
from protocol.merkle import leaf_hash
from protocol.statements import (
    AppealDecision,
    Approval,
    AttestDecision,
    Community,
    CommunityDecision,
    Custody,
    Decision,
    Entry,
    LaterDecision,
    NoticeDecision,
    ResealDecision,
    StayDecision,
    UnknownType,
    approval_holds,
    decision_hash,
    read_decision,
    read_entry,
)

MINOR = frozenset({"http", "cosign", "name", "url", "contact"})
"""What one officer may change in a community statement alone."""

_CUSTODY_STRENGTH: dict[Custody, int] = {"node": 0, "browser": 1, "own": 2}


@dataclass(frozen=True)
class Void:
    """An entry without effect, and why."""

    index: int
    reason: str


@dataclass
class Register:
    """The state of one log. Entries go in by `append`; nothing else changes it.

    Two registers are equal if and only if every later entry has the same effect on both.
    """

    fingerprint: bytes
    community: Community
    community_leaf: bytes
    """Leaf hash of the last effective community statement."""
    community_on: date
    quorum_leaf: bytes
    """The same, of the last one that took the threshold."""
    quorum_on: date
    size: int
    oprf_keys: dict[bytes, bytes]
    """Every OPRF key that was ever live, by the id (8 bytes) under which tokens are kept."""
    attestations: dict[str, Attested] = field(default_factory=dict)
    effective: set[bytes] = field(default_factory=set)
    """Hashes of the decisions that have been effective."""
    voids: list[Void] = field(default_factory=list)
    frozen_at: int | None = None
    """The entry with a critical statement that is not known here, if there is one."""

    @classmethod
    def begin(cls, genesis: bytes) -> Self:
        """The register after entry 0.

        Raises:
            Violation: the entry is no genesis statement, so there is no log to follow.
        """
        entry = read_entry(genesis)
        decision = read_decision(entry.decision)
        if not isinstance(decision, CommunityDecision):
            raise OutOfOrder("entry 0 is the community's genesis statement")
        if decision.log is not None or decision.after is not None:
            raise OutOfOrder("a genesis statement names no log and nothing before it")
        quorum = _quorum(entry, decision.community)
        _require(quorum, decision.community.threshold)
        # Whatever else stood there would make another fingerprint of the same decision.
        if len(quorum.approved) != len(entry.approvals):
            raise OutOfOrder("a genesis entry has approvals by its officers only")
        leaf = leaf_hash(genesis)
        return cls(
            fingerprint=leaf,
            community=decision.community,
            community_leaf=leaf,
            community_on=decision.on,
            quorum_leaf=leaf,
            quorum_on=decision.on,
            size=1,
            oprf_keys={oprf_key_id(key): key for key in decision.community.oprf},
            effective={decision_hash(entry.decision_bytes)},
        )

    @classmethod
    def replay(cls, entries: Iterable[bytes]) -> Self:
        """The register after all `entries`.

        Raises:
            Violation: there is no genesis statement to begin with.
        """
        remaining = iter(entries)
        try:
            register = cls.begin(next(remaining))
        except StopIteration:
            raise OutOfOrder("a log begins with its genesis statement") from None
        for entry in remaining:
            register.append(entry)
        return register

    def copy(self) -> Self:
        """An independent register in the same state, for a trial."""
        return replace(
            self,
            oprf_keys=dict(self.oprf_keys),
            attestations=dict(self.attestations),
            effective=set(self.effective),
            voids=list(self.voids),
        )

    def append(self, data: bytes) -> Void | None:
        """Take the next entry; the `Void` with its reason if it has no effect."""
        index = self.size
        void = None
        try:
            self._take(data, index)
        except Violation as error:
            void = Void(index, f"{error.code}: {error}")
            self.voids.append(void)
        self.size = index + 1
        return void

    def needed(self, decision: Decision) -> int:
        """How many officers have to approve a decision that would come next."""
        return 1 if self._is_for_one(decision) else self.community.threshold

    def is_past(self, decision: Decision) -> bool:
        """Whether the log has gone on past what a decision follows, so that it never may stand."""
        match decision:
            case CommunityDecision(after=after):
                return after != self.community_leaf
            case AttestDecision(after=after):
                return after != self.quorum_leaf
            case ResealDecision(after=after, items=items):
                leaves = {id_: each.seal_leaf for id_, each in self.attestations.items()}
                past = any(leaves.get(item.id, item.after) != item.after for item in items)
                return past or after != self.quorum_leaf
            case _:
                leaves = {id_: each.leaf for id_, each in self.attestations.items()}
                past = any(leaves.get(item.id, item.after) != item.after for item in decision.items)
                return past or decision.after != self.quorum_leaf

    def live(self, day: date) -> list[Attested]:
        """The attestations whose records peers hold and ask for on a day."""
        return [each for each in self.attestations.values() if each.state(day).is_live]

    def _take(self, data: bytes, index: int) -> None:
        entry = read_entry(data)
        if self.frozen_at is not None:
            raise OutOfOrder("the register is frozen by an unknown critical statement")
        try:
            decision = read_decision(entry.decision)
        except UnknownType:
            self._freeze_if_critical(entry, index)
            raise
        if decision.log != self.fingerprint:
            raise OutOfOrder("made for another log")
        digest = decision_hash(entry.decision_bytes)
        if digest in self.effective:
            raise OutOfOrder("this decision has been effective before")
        quorum = _quorum(entry, self.community)
        _require(quorum, self.needed(decision))
        leaf = leaf_hash(data)
        match decision:
            case CommunityDecision():
                self._take_community(decision, leaf)
            case AttestDecision():
                self._take_attest(decision, leaf, index, quorum)
            case ResealDecision():
                self._take_reseal(decision, leaf)
            case _:
                self._take_later(decision, leaf, quorum)
        self.effective.add(digest)

    def _freeze_if_critical(self, entry: Entry, index: int) -> None:
        decision = entry.decision
        critical = decision.get("critical") is True
        if not critical or decision.get("log") != base64url(self.fingerprint):
            return
        if len(_quorum(entry, self.community).approved) >= self.community.threshold:
            self.frozen_at = index

    def _is_for_one(self, decision: Decision) -> bool:
        match decision:
            case CommunityDecision(community=community):
                return self._is_minor(community)
            case NoticeDecision():
                return True
            case AppealDecision(items=items):
                return all(item.state == "opened" for item in items)
            case StayDecision(items=items, on=on):
                return all(self._may_be_stayed_alone(item, on) for item in items)
            case _:
                return False

    def _may_be_stayed_alone(self, item: StayItem, on: date) -> bool:
        attested = self.attestations.get(item.id)
        return attested is not None and attested.may_be_stayed_alone(item, on)

    def _is_minor(self, after: Community) -> bool:
        """Whether something changes, and nothing but what one officer may change."""
        now = _members(self.community)
        changed = {name for name, value in _members(after).items() if value != now[name]}
        return bool(changed) and changed <= MINOR

    def _take_community(self, decision: CommunityDecision, leaf: bytes) -> None:
        if decision.after != self.community_leaf:
            raise OutOfOrder("`after` is not the last community statement")
        minor = self._is_minor(decision.community)
        # One officer alone could otherwise date a small change so late that nobody could follow.
        if decision.on < (self.community_on if minor else self.quorum_on):
            raise OutOfOrder("`on` is before the statement that it follows")
        if decision.community.id != self.community.id:
            raise OutOfOrder("a community's id never changes")
        self._take_oprf_keys(decision.community)
        if not minor:
            self.quorum_leaf, self.quorum_on = leaf, decision.on
        self.community, self.community_leaf = decision.community, leaf
        self.community_on = decision.on

    def _take_oprf_keys(self, community: Community) -> None:
        """Take new keys; what was asked under one id must never be answered by another key."""
        listed = {oprf_key_id(key): key for key in community.oprf}
        if any(self.oprf_keys.get(id_, key) != key for id_, key in listed.items()):
            raise OutOfOrder("an OPRF key with the id of another one")
        self.oprf_keys |= listed

    def _follows_quorum(self, decision: AttestDecision | ResealDecision | LaterDecision) -> None:
        if decision.after != self.quorum_leaf:
            raise OutOfOrder("`after` is not the last community statement by the threshold")
        if decision.on < self.quorum_on:
            raise OutOfOrder("`on` is before the statement that `after` names")

    def _take_attest(
        self, decision: AttestDecision, leaf: bytes, index: int, quorum: Quorum
    ) -> None:
        self._follows_quorum(decision)
        live = self._live_oprf_keys()
        fresh: dict[str, Attested] = {}
        for item in decision.items:
            if item.id in self.attestations or item.id in fresh:
                raise OutOfOrder("an id is attested once, ever")
            if item.seal.key not in live:
                raise OutOfOrder("sealed under a key that is not live")
            fresh[item.id] = Attested(
                item=attested(item, decision.on),
                on=decision.on,
                index=index,
                leaf=leaf,
                quorum_on=decision.on,
                seal_leaf=leaf,
                issue_key=self.community.keys.issue,
                oprf_key=live[item.seal.key],
                quorum=quorum,
            )
        self.attestations.update(fresh)

    def _take_reseal(self, decision: ResealDecision, leaf: bytes) -> None:
        self._follows_quorum(decision)
        live = self._live_oprf_keys()
        changed: dict[str, Attested] = {}
        for item in decision.items:
            before = self._about(item.id, changed)
            changed[item.id] = resealed(before, item, decision.on, leaf, live)
        self.attestations.update(changed)

    def _take_later(self, decision: LaterDecision, leaf: bytes, quorum: Quorum) -> None:
        self._follows_quorum(decision)
        for_one = self._is_for_one(decision)
        changed: dict[str, Attested] = {}
        for item in decision.items:
            before = self._about(item.id, changed)
            by = item.by if isinstance(item, WithdrawItem) else None
            if by is not None and (by not in self.attestations or by == item.id):
                raise OutOfOrder("superseded by nothing that is attested here")
            changed[item.id] = followed(before, item, decision.on, leaf, quorum, for_one=for_one)
        self.attestations.update(changed)

    def _about(self, id_: str, taken: Container[str]) -> Attested:
        """The attestation that an item is about; `taken` were in the same statement before it."""
        if id_ in taken:
            raise OutOfOrder("an id stands twice in one statement")
        if id_ not in self.attestations:
            raise OutOfOrder("nothing of this id is attested here")
        return self.attestations[id_]

    def _live_oprf_keys(self) -> dict[bytes, bytes]:
        return {oprf_key_id(key): key for key in self.community.oprf}


def _quorum(entry: Entry, community: Community) -> Quorum:
    """The distinct officers of `community` whose approvals hold; nobody else's count."""
    custody = {officer.key: officer.custody for officer in community.officers}
    decision = entry.decision_bytes
    approved = tuple(
        approval.officer for approval in entry.approvals if _counts(approval, decision, custody)
    )
    custodies = [custody[officer] for officer in approved] or ["node"]
    weakest = min(custodies, key=_CUSTODY_STRENGTH.__getitem__)
    return Quorum(approved, len(custody), community.threshold, weakest)


def _counts(approval: Approval, decision: bytes, officers: dict[bytes, Custody]) -> bool:
    return approval.officer in officers and approval_holds(approval, decision)


def _require(quorum: Quorum, needed: int) -> None:
    if len(quorum.approved) < needed:
        raise OutOfOrder(
            "%(approved)s of %(needed)s approvals hold",
            approved=len(quorum.approved),
            needed=needed,
        )


def _members(community: Community) -> dict[str, object]:
    """The members of a community statement, the four keys each on its own."""
    members = community.to_value()
    keys: dict[str, object] = members.pop("keys")
    return members | keys
