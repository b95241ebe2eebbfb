"""What each peer's word means here: a community's own levels, and what it asks of a decision.

- A finding has the level of the most specific rule that fits: one for this peer before one for
  all, then one for the measure, the kind of scope, the space. Of equally specific ones the one that
  asks for more attention counts, and of the scopes of one sanction the one whose rule does. Where
  no rule fits it is `review`.
- A circumstance (it is stayed, its review is due, …) holds it at a level, at most.
- A peer, or everybody, may be asked for so many approvals, and for keys kept no weaker than said;
  what falls short is a note that makes no match.
- Of what only a weak identifier matched, neither measure nor scope is known: no rule about those
  fits, whatever it says.

There is no global score, and no level acts on anybody by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from node.attention import URGENCY, Attention, Reason, Verdict, settle
from protocol.attested import Quorum
from protocol.claims import Measure, ScopeKind
from protocol.english import English
from protocol.statements import Custody

Circumstance = Literal["weak", "stayed", "review_due", "unwitnessed", "recognised"]
"""What may take weight from a finding."""

Place = tuple[ScopeKind, str | None]
"""A scope as it is stated: its kind, and the slug of a space; None for every one of the kind."""

AS_RULED: Attention = "urgent"
"""Of a circumstance: the level of the rules, whatever it is."""

DEFAULTS: dict[Circumstance, Attention] = {
    "weak": "note",
    "stayed": "note",
    "review_due": AS_RULED,
    "unwitnessed": AS_RULED,
    "recognised": AS_RULED,
}
"""The most that each circumstance leaves where the policy says nothing of it."""

MOST_APPROVALS = 1000
"""That can be asked for: more than anybody has officers."""

_BECAUSE: dict[Circumstance, English] = {
    "weak": English("as nothing but a name or the like is the same"),
    "stayed": English("as it is stayed"),
    "review_due": English("as its review is due"),
    "unwitnessed": English(
        "as nobody but its issuer and this community has witnessed its issuer's log"
    ),
    "recognised": English("as it follows another community's decision"),
}
_MEASURES: dict[Measure, English] = {
    "ban": English("ban"),
    "suspension": English("suspension"),
    "membership_revocation": English("membership_revocation"),
    "status_removal": English("status_removal"),
    "restriction": English("restriction"),
}
_SCOPES: dict[ScopeKind, English] = {
    "event": English("event"),
    "event_series": English("event_series"),
    "online_space": English("online_space"),
    "membership": English("membership"),
    "role": English("role"),
    "all_own_spaces": English("all_own_spaces"),
}
_STRENGTH: dict[Custody, int] = {"node": 0, "browser": 1, "own": 2}
_KEPT: dict[Custody, English] = {
    "node": English("by a node"),
    "browser": English("in a browser"),
    "own": English("on officers' own devices"),
}


_OWN = Reason("urgent", English("as this community has decided it itself"))


@dataclass(frozen=True)
class Stated:
    """What a community (fingerprint, id) states, by which quorum, under which circumstances."""

    peer: bytes
    issuer: str
    measure: Measure | None
    """None where it is not known."""
    places: frozenset[Place]
    """Empty where they are not known."""
    quorum: Quorum
    circumstances: frozenset[Circumstance] = frozenset()
    facts: tuple[Reason, ...] = ()
    """What else is to be said of its level, whatever the policy."""
    is_own: bool = False
    """Whether this community states it itself: rules and requirements are about peers."""


@dataclass(frozen=True)
class Rule:
    """A level; None stands for every peer (fingerprint), measure, kind of scope or space.

    A space is one of a kind, and a slug of the peer's own.
    """

    attention: Attention
    peer: bytes | None = None
    measure: Measure | None = None
    scope: ScopeKind | None = None
    space: str | None = None

    def fits(self, stated: Stated, place: Place | None) -> bool:
        """Whether it is about what is stated for a place; None where no place is known."""
        kind, space = (None, None) if place is None else place
        return (
            self.peer in (None, stated.peer)
            and self.measure in (None, stated.measure)
            and self.scope in (None, kind)
            and self.space in (None, space)
        )

    @property
    def subject(self) -> tuple[object, ...]:
        """What it is about: there is one rule about the same."""
        return self.peer, self.measure, self.scope, self.space

    @property
    def specificity(self) -> tuple[bool, ...]:
        """By which of two that fit the greater one counts."""
        return tuple(each is not None for each in self.subject)

    @property
    def precedence(self) -> tuple[tuple[bool, ...], int]:
        """Its specificity, and then its attention: a tie must never hide a match."""
        return self.specificity, URGENCY[self.attention]

    @property
    def place(self) -> str | None:
        """The kind of scope, and the space, as they are typed; None for every one."""
        return self.scope if self.space is None else f"{self.scope}:{self.space}"

    def because(self, issuer: str) -> English:
        """Why a level is what it says, of an issuer."""
        what = [] if self.measure is None else [_MEASURES[self.measure]]
        if self.scope is not None:
            kind = _SCOPES[self.scope]
            what.append(kind if self.space is None else English.joined([kind, self.space], ":"))
        whose = English("all peers") if self.peer is None else issuer
        if not what:
            return English("by the rule here for %(whose)s", whose=whose)
        return English(
            "by the rule here for %(whose)s (%(what)s)", whose=whose, what=English.joined(what)
        )


@dataclass(frozen=True)
class Weight:
    """The most that a circumstance leaves of a finding; of every peer's where `peer` is None."""

    circumstance: Circumstance
    attention: Attention
    peer: bytes | None = None

    @property
    def subject(self) -> tuple[object, ...]:
        """What it is about: there is one about the same."""
        return self.circumstance, self.peer


@dataclass(frozen=True)
class Requirement:
    """What is asked of a decision; of every peer where `peer` is None."""

    approvals: int = 1
    custody: Custody = "node"
    peer: bytes | None = None

    @property
    def subject(self) -> tuple[object, ...]:
        """Of whom it is asked: there is one for the same."""
        return (self.peer,)

    def lacking(self, quorum: Quorum) -> English | None:
        """In which way a decision falls short; None where it does not."""
        if len(quorum.approved) < self.approvals:
            return English("as the policy here asks for %(count)s approvals", count=self.approvals)
        if _STRENGTH[quorum.custody] < _STRENGTH[self.custody]:
            return English(
                "as the policy here asks for keys kept %(where)s, or better",
                where=_KEPT[self.custody],
            )
        return None


Part = Rule | Weight | Requirement
"""What a policy is made of."""

_P = TypeVar("_P", Rule, Weight, Requirement)


@dataclass(frozen=True)
class Policy:
    """All rules, weights and requirements of a community."""

    rules: Sequence[Rule] = ()
    weights: Sequence[Weight] = ()
    requirements: Sequence[Requirement] = ()

    def parts(self) -> Sequence[Part]:
        """Everything that it says."""
        return [*self.rules, *self.weights, *self.requirements]

    def having(self, part: Part) -> "Policy":
        """With a part in place of the one about the same."""
        match part:
            case Rule():
                return replace(self, rules=[*_others(self.rules, part), part])
            case Weight():
                return replace(self, weights=[*_others(self.weights, part), part])
            case Requirement():
                return replace(self, requirements=[*_others(self.requirements, part), part])

    def lacking(self, part: Part) -> "Policy":
        """Without the part about the same as this one; the same policy where there is none."""
        match part:
            case Rule():
                return replace(self, rules=_others(self.rules, part))
            case Weight():
                return replace(self, weights=_others(self.weights, part))
            case Requirement():
                return replace(self, requirements=_others(self.requirements, part))

    def judge(self, stated: Stated) -> Verdict:
        """The level of what a peer states, and why."""
        reasons = [
            _OWN if stated.is_own else self._by_rule(stated),
            *stated.facts,
            *(self._by_weight(each, stated.peer) for each in sorted(stated.circumstances)),
        ]
        for asked in () if stated.is_own else self._asked_of(stated.peer):
            lacking = asked.lacking(stated.quorum)
            if lacking is not None:
                reasons.append(Reason("note", lacking, silences=True))
        return settle(reasons)

    def _by_rule(self, stated: Stated) -> Reason:
        """Each place for itself: what is said of one never takes attention from another."""
        ruled = [self._by_rule_for(stated, place) for place in sorted(stated.places, key=str)]
        return max(ruled or [self._by_rule_for(stated, None)], key=lambda each: each.urgency)

    def _by_rule_for(self, stated: Stated, place: Place | None) -> Reason:
        fitting = [rule for rule in self.rules if rule.fits(stated, place)]
        if not fitting:
            return Reason("review", English("as no rule here is about it"))
        rule = max(fitting, key=lambda each: each.precedence)
        because = rule.because(stated.issuer)
        return Reason(rule.attention, because, silences=rule.attention == "ignore")

    def _by_weight(self, circumstance: Circumstance, peer: bytes) -> Reason:
        own = [each for each in self.weights if each.subject == (circumstance, peer)]
        every = [each for each in self.weights if each.subject == (circumstance, None)]
        left = next((each.attention for each in own + every), DEFAULTS[circumstance])
        # What is stayed weighs nothing, however much attention it is given (SPEC.md, section 6).
        silences = left == "ignore" or circumstance == "stayed"
        return Reason(left, _BECAUSE[circumstance], silences=silences)

    def _asked_of(self, peer: bytes) -> list[Requirement]:
        own = [each for each in self.requirements if each.peer == peer]
        return own or [each for each in self.requirements if each.peer is None]


def _others(parts: Sequence[_P], part: Any) -> list[_P]:
    return [each for each in parts if each.subject != part.subject]
