"""What is held here about a person, for that person: everything, of one form, as JSON values.

Exactly what an organizer elsewhere would see of this community's sanctions, who asked here about
them and for which event, what was found by that and judged of it, what communities asked each other
about that and were told, what else is kept, and how to appeal. Who asks has to have proven each
identifier first. So

- an identifier that only others would have to prove is named by its kind;
- by a weak identifier (a name, a role address), which others have too, a sanction shows no more
  than it does to an organizer: that there is one.

Whether anything is held changes neither what is looked up nor what is recorded.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from node import answering, asking, audit, inquiries, judging, kept, ledger, objections, sanctions
from node.answering import Received
from node.clock import day_of
from node.inquiries import Asked
from node.judgments import Judgment
from node.kept import Kept
from node.node import Node
from node.sanctions import Sanction
from node.store import outbox, peers
from node.store.outbox import OutboxRow
from protocol.identifiers import Identifier, parse_text, related
from protocol.statements import Community

NOT_LISTED = (
    "Sealed records of other communities: nobody here can tell whom they are about",
    "Whom other communities looked up here: nobody here can tell",
    "Notes of officers on a decision: the committee answers for them",
    "Lists of attendees that are being gone through, until the day on which what was found goes",
    "Files that people wrote here, such as exports and lists of attendees; and backups",
)
"""What may be about a person and cannot be looked up; said to everybody alike."""


@dataclass(frozen=True)
class Export:
    """Everything about one person."""

    community: Community
    about: Sequence[Identifier]
    made_at: int
    sanctions: list[dict[str, Any]]
    asked: list[dict[str, Any]]
    found: list[dict[str, Any]]
    judged: list[dict[str, Any]]
    inquired_of_us: list[dict[str, Any]]
    """What peers asked the committee about the sanctions, and were told."""
    inquired_of_others: list[dict[str, Any]]
    """What was asked from here about what was found, and the answers."""
    kept: list[dict[str, Any]]
    letters: list[dict[str, Any]]
    peers: list[dict[str, Any]]
    open_to_review: Sequence[str]
    """Ids of the sanctions of which a review may be asked for now."""

    def with_review(self, asked_at: int) -> "Export":
        """As it is once a review was asked for of all that it may be asked of."""
        asked = {"review": _review(asked_at)}
        said = [each | asked if each["id"] in self.open_to_review else each
                for each in self.sanctions]  # fmt: skip
        return replace(self, sanctions=said, open_to_review=())

    def to_value(self) -> dict[str, Any]:
        """As it is handed over; of one form, whether or not anything is held."""
        return {
            "community": self.community.id,
            "about": [each.text for each in self.about],
            "made_on": day_of(self.made_at).isoformat(),
            "sanctions": self.sanctions,
            "asked_here": self.asked,
            "found_here": self.found,
            "judged_here": self.judged,
            "inquired_of_us": self.inquired_of_us,
            "inquired_of_others": self.inquired_of_others,
            "kept_here": self.kept,
            "letters": self.letters,
            "not_listed": list(NOT_LISTED),
            "who_learns_of_sanctions": self.peers,
            "how_to_appeal": {"contact": self.community.contact, "policy": self.community.policy},
        }


async def export(node: Node, proven: Collection[Identifier], now: int) -> Export:
    """Everything that is held about whoever has proven these identifiers; that is recorded first.

    Raises:
        UserError: nothing is founded here.
        Altered: the record of acts is not as it was written.
    """
    asked_as = _asked_as(proven)
    # Before the export itself is one of the acts about this person.
    asked = await audit.asked_about(node, asked_as)
    await audit.write(node, "export", {"who": audit.who(), "what": "subject"}, now, asked_as)
    community = (await ledger.own_register(node)).community
    reviews = await objections.asked(node, now)
    about = [each for each in map(_about(proven), await sanctions.every(node)) if each]
    async with node.store.read() as connection:
        letters = await outbox.every(connection)
        known = await peers.every(connection)
    names = {peer.fingerprint: peer.id for peer in known}
    own = {each.found.id: each for each in about if each.is_strong}
    found = await kept.about(node, asked_as, now)
    by_strong = {each.finding.id for each in found if each.finding.strength == "strong"}
    return Export(
        community=community,
        about=sorted(proven),
        made_at=now,
        sanctions=[_sanction(each, reviews.get(each.found.id), now) for each in about],
        asked=[_asked(each) for each in asked],
        found=[_found(each) for each in found],
        judged=[
            _judged(issuer, each)
            for issuer, each in await judging.about(node, [each for each in proven if each.strong])
        ],
        # All that is kept is read, and then chosen from: the same, whoever it is about.
        inquired_of_us=[
            _received(each)
            for each in await answering.every(node)
            if each.inquiry.attestation in own
        ],
        inquired_of_others=[
            _inquired(each) for each in await inquiries.every(node) if each.finding in by_strong
        ],
        kept=[_held(each, names) for each in await asking.held_about(node, asked_as)],
        letters=[_letter(each) for each in letters if each.attestation in own],
        peers=[{"id": each.id, "name": each.name} for each in known if each.state == "active"],
        open_to_review=[
            id_ for id_, each in own.items() if each.is_live(now) and id_ not in reviews
        ],
    )


@dataclass(frozen=True)
class _About:
    """A sanction that names somebody, and by what of it they have shown to be meant."""

    found: Sanction
    proven: Sequence[Identifier]

    @property
    def is_strong(self) -> bool:
        return any(each.strong for each in self.proven)

    def is_live(self, now: int) -> bool:
        attested = self.found.attested
        return attested is not None and attested.state(day_of(now)).is_live


def _asked_as(proven: Collection[Identifier]) -> list[Identifier]:
    """As what somebody was asked about: not by what is asked beside another's address as well."""
    spelt = [each for given in proven for each in related(given.kind, given.value)]
    return list(dict.fromkeys(each for each in spelt if each.kind != "email-untagged"))


def _about(proven: Collection[Identifier]) -> Callable[[Sanction], _About | None]:
    wanted = {each for given in proven for each in related(given.kind, given.value)}

    def about(found: Sanction) -> _About | None:
        if found.attestation is None:
            return None
        named = [parse_text(text) for text in found.attestation.subject]
        shown = [each for each in named if each in wanted]
        return _About(found, shown) if shown else None

    return about


def _sanction(each: _About, review_asked_at: int | None, now: int) -> dict[str, Any]:
    found, day = each.found, day_of(now)
    said = found.attestation if each.is_strong else None
    claims = {} if said is None else said.claims.to_value()
    shown = ("measure", "scope", "origin", "decided_on", "in_force_from", "ends_on", "contact")
    attested = found.attested
    named = [] if said is None else [parse_text(text) for text in said.subject]
    return {
        "id": found.id,
        "state": found.state(day),
        "flags": [] if attested is None else sorted(attested.state(day).flags),
        "strength": "strong" if each.is_strong else "weak",
        "review_by": found.item.review_by.isoformat() if each.is_strong else None,
        "appeal": attested.appeal if attested and each.is_strong else None,
        "notice": _notice(found) if each.is_strong else None,
        **{name: claims.get(name) for name in shown},
        "shown_to_nobody_by_a_match": {
            "identifiers": [identifier.text for identifier in each.proven],
            "other_identifiers": sorted(
                identifier.kind for identifier in named if identifier not in each.proven
            ),
            "basis": None if said is None else said.basis,
            "decided_by": said.decided_by.to_value() if said and said.decided_by else None,
        },
        "review": _review(review_asked_at),
    }


def _notice(found: Sanction) -> dict[str, Any]:
    """Whether the person was told: as it was decided, and whether the log says so since."""
    said, attested = found.item.notice.to_value(), found.attested
    return said | {"told": found.item.notice.state == "given" or bool(attested and attested.told)}


def _review(asked_at: int | None) -> dict[str, Any] | None:
    """Where one was asked for: when, until when it is answered, when another may be asked for."""
    if asked_at is None:
        return None
    asked_on = day_of(asked_at)
    return {
        "asked_on": asked_on.isoformat(),
        "answer_by": (asked_on + objections.ANSWER).isoformat(),
        "again_from": (asked_on + timedelta(seconds=objections.YEAR)).isoformat(),
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


def _received(each: Received) -> dict[str, Any]:
    """What a peer asked about a sanction of ours, and what it was told."""
    said = each.answer
    return {
        "sanction": each.inquiry.attestation,
        "asked_by": each.inquiry.from_,
        "asked_on": day_of(each.received_at).isoformat(),
        "purpose": each.inquiry.purpose.to_value(),
        "answered_on": None if said is None else said.on.isoformat(),
        "phrase": None if said is None else said.phrase,
        "released": [] if said is None else list(said.names),
        "fetched_on": None
        if each.handed_over_at is None
        else day_of(each.handed_over_at).isoformat(),
        "kept_until": each.kept_until.isoformat(),
    }


def _inquired(each: Asked) -> dict[str, Any]:
    """What was asked from here about a finding, and what the issuer answered."""
    value = each.to_value()
    answer = value["answer"] or {}
    return {
        "issuer": value["issuer"],
        "attestation": value["attestation"],
        "asked_on": day_of(each.asked_at).isoformat(),
        "purpose": value["purpose"],
        "state": each.state,
        **{name: answer.get(name) for name in ("on", "phrase", "basis", "decided_by")},
    }


def _held(each: asking.HeldOf, names: Mapping[bytes, str]) -> dict[str, Any]:
    return {
        "what": "question_under_way" if each.until is None else "answer",
        "issuer": names.get(each.log),
        "kept_until": None if each.until is None else each.until.isoformat(),
    }


def _letter(row: OutboxRow) -> dict[str, Any]:
    ended = row.ended_at
    return {
        "sanction": row.attestation,
        "state": row.state,
        "queued_on": day_of(row.created_at).isoformat(),
        "ended_on": None if ended is None else day_of(ended).isoformat(),
    }
