"""What is held here about a person, for that person: everything, and in words they can use.

Exactly what an organizer elsewhere would see of this community's sanctions, who asked here about
them and for which event, what was found by that and judged of it, and how to appeal. Who asks has
to have proven the identifiers first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from node import audit, judging, kept, ledger, sanctions
from node.clock import day_of
from node.judgments import Judgment
from node.kept import Kept
from node.node import Node
from node.sanctions import Sanction
from protocol.identifiers import Identifier


@dataclass(frozen=True)
class Export:
    """Everything about one person, as JSON values."""

    sanctions: list[dict[str, Any]]
    asked: list[dict[str, Any]]
    found: list[dict[str, Any]]
    judged: list[dict[str, Any]]
    contact: str | None
    policy: str | None

    def to_value(self) -> dict[str, Any]:
        """As it is handed over; of one form, whether or not anything is held."""
        return {
            "sanctions": self.sanctions,
            "asked_here": self.asked,
            "found_here": self.found,
            "judged_here": self.judged,
            "how_to_appeal": {"contact": self.contact, "policy": self.policy},
        }


async def export(node: Node, identifiers: Collection[Identifier], now: int) -> Export:
    """Everything that is held about whoever has these identifiers; the export itself is recorded.

    Whether anything is held changes neither what is looked up nor what is recorded.
    """
    # Before the export itself is one of the acts about this person.
    asked = await audit.asked_about(node, identifiers)
    said = {"who": audit.who(), "what": "subject"}
    await audit.write(node, "export", said, now, identifiers)
    wanted = {each.text for each in identifiers}
    community = (await ledger.own_register(node)).community
    found = [
        each
        for each in await sanctions.every(node)
        if each.attestation is not None and wanted & set(each.attestation.subject)
    ]
    kept_here = await kept.about(node, identifiers, now)
    judged_here = await judging.about(node, identifiers)
    return Export(
        sanctions=[_sanction(each, now) for each in found],
        asked=[_asked(each) for each in asked],
        found=[_found(each) for each in kept_here],
        judged=[_judged(issuer, each) for issuer, each in judged_here],
        contact=community.contact,
        policy=community.policy,
    )


def _sanction(found: Sanction, now: int) -> dict[str, Any]:
    said, day = found.attestation, day_of(now)
    claims = {} if said is None else said.claims.to_value()
    shown = ("measure", "scope", "origin", "decided_on", "in_force_from", "ends_on", "contact")
    attested = found.attested
    return {
        "id": found.id,
        "state": found.state(day),
        "flags": [] if attested is None else sorted(attested.state(day).flags),
        "review_by": found.item.review_by.isoformat(),
        **{name: claims.get(name) for name in shown},
        "shown_to_nobody_by_a_match": {
            "identifiers": [] if said is None else list(said.subject),
            "basis": None if said is None else said.basis,
            "decided_by": said.decided_by.to_value() if said and said.decided_by else None,
        },
    }


def _asked(act: audit.Recorded) -> dict[str, Any]:
    shown = ("event", "purpose", "issuer")
    day = day_of(act.at).isoformat()
    return {"on": day, "act": act.act} | {name: act.detail.get(name) for name in shown}


def _found(each: Kept) -> dict[str, Any]:
    """As whoever asked reads it now."""
    value = each.to_value()
    return {name: value[name] for name in ("event", "found_on", "kept_until", "finding")}


def _judged(issuer: str, judgment: Judgment) -> dict[str, Any]:
    """Whether they were taken for the person whom an issuer means."""
    return {
        "on": day_of(judgment.at).isoformat(),
        "issuer": issuer,
        "attestation": judgment.attestation,
        "judged": judgment.judged,
    }
