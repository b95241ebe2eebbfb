"""What another policy would make of the results at hand, before it is anybody's policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from node.findings import AtHand, Finding, judged
from node.known import Known
from node.policy import Policy


@dataclass(frozen=True)
class Change:
    """One finding, as it is judged before and after."""

    before: Finding
    after: Finding

    def to_value(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "finding": self.after.id,
            "issuer": self.after.issuer,
            "attestation": self.after.attestation,
            "from": {"attention": self.before.attention, "counts": self.before.counts},
            "to": {"attention": self.after.attention, "counts": self.after.counts},
            "why": self.after.why,
        }


def changes(
    at_hand: Iterable[AtHand], known: Known, before: Policy, after: Policy, today: date
) -> list[Change]:
    """The findings whose level, or whose making a match, would not be the same."""
    found: list[Change] = []
    for each in at_hand:
        was = judged(each.found, each.days, known, before, today)
        would_be = {
            finding.id: finding for finding in judged(each.found, each.days, known, after, today)
        }
        found += [Change(finding, would_be[finding.id]) for finding in was]
    return [each for each in found if _weighs(each.before) != _weighs(each.after)]


def _weighs(finding: Finding) -> tuple[str, bool]:
    return finding.attention, finding.counts
