"""What each peer's word means here: a community's own levels, and what it asks of a decision.

A finding that weighs has the attention level of the most specific rule that fits: one for this peer
before one for all, then one for the measure, then one for the kind of scope. Of two that are
equally specific, as for two scopes of one ban, the one that asks for more attention counts. Where
no rule fits it is `review`. A peer, or everybody, may be asked for so many approvals, and for keys
kept no weaker than said; what falls short is a note that makes no match. There is no global score,
and no level acts on anybody by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from protocol.attested import Quorum
from protocol.claims import Measure, ScopeKind
from protocol.statements import Custody

Attention = Literal["urgent", "review", "note", "ignore"]

_URGENCY: dict[Attention, int] = {"ignore": 0, "note": 1, "review": 2, "urgent": 3}
_STRENGTH: dict[Custody, int] = {"node": 0, "browser": 1, "own": 2}
_KEPT: dict[Custody, str] = {
    "node": "by a node",
    "browser": "in a browser",
    "own": "on officers' own devices",
}


@dataclass(frozen=True)
class Rule:
    """A level; None stands for every peer (fingerprint), measure or kind of scope."""

    attention: Attention
    peer: bytes | None = None
    measure: Measure | None = None
    scope: ScopeKind | None = None

    def fits(self, stated: "Stated") -> bool:
        """Whether it is about what a peer states; of several scopes, one suffices."""
        return (
            self.peer in (None, stated.peer)
            and self.measure in (None, stated.measure)
            and (self.scope is None or self.scope in stated.scopes)
        )

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """By which of two that fit the greater one counts."""
        return self.peer is not None, self.measure is not None, self.scope is not None

    @property
    def precedence(self) -> tuple[tuple[bool, bool, bool], int]:
        """Its specificity, and then its attention: a tie must never hide a match."""
        return self.specificity, _URGENCY[self.attention]


@dataclass(frozen=True)
class Stated:
    """What a peer (fingerprint) states, by which quorum."""

    peer: bytes
    measure: Measure
    scopes: frozenset[ScopeKind]
    quorum: Quorum


@dataclass(frozen=True)
class Requirement:
    """What is asked of a decision; of every peer where `peer` is None."""

    approvals: int = 1
    custody: Custody = "node"
    peer: bytes | None = None

    def lacking(self, quorum: Quorum) -> str | None:
        """In which way a decision falls short; None where it does not."""
        if len(quorum.approved) < self.approvals:
            return f"the policy here asks for {self.approvals} approvals"
        if _STRENGTH[quorum.custody] < _STRENGTH[self.custody]:
            return f"the policy here asks for keys kept {_KEPT[self.custody]}, or better"
        return None


@dataclass(frozen=True)
class Verdict:
    """The level of a finding, and in one sentence why."""

    attention: Attention
    why: str
    silences: bool = False
    """Whether it makes no match because of that."""


@dataclass(frozen=True)
class Policy:
    """All rules and requirements of a community."""

    rules: Sequence[Rule] = ()
    requirements: Sequence[Requirement] = ()

    def judge(self, stated: Stated) -> Verdict:
        """The level of what a peer states, where it weighs."""
        fitting = [rule for rule in self.rules if rule.fits(stated)]
        rule = max(fitting, key=lambda each: each.precedence, default=Rule("review"))
        if rule.attention == "ignore":
            words = "The policy here ignores it, so it makes no match."
            return Verdict("ignore", words, silences=True)
        for asked in self._asked_of(stated.peer):
            lacking = asked.lacking(stated.quorum)
            if lacking is not None:
                return Verdict("note", f"It makes no match: {lacking}.", silences=True)
        why = f"The policy here makes it: {rule.attention}." if fitting else ""
        return Verdict(rule.attention, why)

    def _asked_of(self, peer: bytes) -> list[Requirement]:
        own = [each for each in self.requirements if each.peer == peer]
        return own or [each for each in self.requirements if each.peer is None]
