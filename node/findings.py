"""Findings: what was found about one person, weighed, and said in words that a human can act on.

An answer never says what a person is, and never what to do: it says which community states what,
what of the person matched and what did not, and whom to ask. What weighs:

- a strong identifier, of an attestation that is in force, not stayed, and for the days of the
  event (from today on, where there is none): a match, for review or as the policy here has it;
- a weak one: "possible", a note; it knows neither measure nor dates (SPEC.md, section 5);
- what is stayed, pending or out of the event's days: a note that makes no match;
- a recognition of another community's attestation counts once, with its source: beside a finding of
  the source that is an own decision, strong, and makes a match itself, or after the source has
  ended, it is a note that makes no match. Two that recognize each other do not cancel out, and a
  source that nobody knows in its log silences nobody.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Literal, TypedDict

from node.matching import Match
from node.policy import Attention, Policy, Stated, Verdict
from protocol.attested import State
from protocol.claims import Claims, OwnDecision, Recognition, Scope
from protocol.identifiers import Identifier
from protocol.register import Register
from protocol.sealing import StrongHit

Outcome = Literal["match", "possible", "nothing_found"]

_UNTAGGED = "email-untagged"
_MEASURES = {
    "ban": "a ban",
    "suspension": "a suspension",
    "membership_revocation": "that a membership was revoked",
    "status_removal": "that a title, role or privilege was removed",
    "restriction": "a restriction (may attend; may not speak, organize or mentor)",
}
_SCOPES = {
    "event": "event",
    "event_series": "event series",
    "online_space": "online space",
    "membership": "membership",
    "role": "role",
    "all_own_spaces": "all of its spaces",
}
_KINDS = {
    "email": "e-mail address",
    _UNTAGGED: "e-mail address without what follows the +",
    "phone": "phone number",
    "name": "name",
}


@dataclass(frozen=True)
class Days:
    """The days that an answer is for, both included."""

    start: date
    end: date


class Disclosed(TypedDict):
    """The members of a finding that are null after a weak hit."""

    measure: str | None
    scope: list[dict[str, object]] | None
    origin: dict[str, object] | None
    in_force_from: str | None
    ends_on: str | None


@dataclass(frozen=True)
class Finding:
    """What one attestation says about one person who was asked about."""

    id: str
    issuer: str
    attestation: str
    strength: Literal["strong", "weak"]
    matched: tuple[str, ...]
    """Kinds, the strong ones first."""
    whose: tuple[str, ...]
    """Whose each of `matched` is: attendee, buyer, parent or unknown."""
    measure: str | None
    scope: list[dict[str, object]] | None
    origin: dict[str, object] | None
    in_force_from: str | None
    ends_on: str | None
    state: str
    flags: tuple[str, ...]
    quorum: str
    custody: str
    attention: Attention
    why: str
    contact: str | None
    counts: bool = field(repr=False)
    """Whether it makes a match, or a possible one."""

    def to_value(self, *, with_owners: bool) -> dict[str, object]:
        """As the command line prints it; whose it is only where a list says so."""
        value = asdict(self)
        del value["counts"]
        if not with_owners:
            del value["whose"]
        return value


@dataclass(frozen=True)
class Person:
    """Whom a row, or a check, asked about: identifiers, and whose each of them is."""

    identifiers: Mapping[Identifier, str] = field(repr=False)
    name_finding: Callable[[bytes, str], str] = field(repr=False)
    """Makes the id of a finding from the issuer's fingerprint and the attestation's id."""


def outcome_of(findings: Sequence[Finding]) -> Outcome:
    """What the findings come to; what does not count is nothing found."""
    strengths = {finding.strength for finding in findings if finding.counts}
    if "strong" in strengths:
        return "match"
    return "possible" if strengths else "nothing_found"


def findings_of(  # noqa: PLR0913, PLR0917 - all that findings depend on
    person: Person,
    matches: Sequence[Match],
    days: Days,
    registers: Mapping[bytes, Register],
    policy: Policy,
    today: date,
) -> list[Finding]:
    """One finding for each attestation that anything of the person matched, what counts first."""
    grouped: dict[tuple[bytes, str], list[Match]] = {}
    for match in matches:
        grouped.setdefault((match.log, match.attested.item.id), []).append(match)
    sources = {key for key, group in grouped.items() if _is_source(group, days, policy, today)}
    found = [
        _finding(person, group, days, _echo(group, sources, registers, today), policy, today)
        for group in grouped.values()
    ]
    return sorted(found, key=lambda each: (not each.counts, each.strength == "weak", each.issuer))


def _finding(  # noqa: PLR0913, PLR0917 - all that a finding depends on
    person: Person,
    group: Sequence[Match],
    days: Days,
    echo: str | None,
    policy: Policy,
    today: date,
) -> Finding:
    first = group[0]
    attested, community = first.attested, first.community
    state = attested.state(today)
    claims = _claims(group)
    matched = _matched(person, group)
    weighs_not = _weighs_not(state, claims, days) or echo
    said = _statement(first, claims)
    verdict = _verdict(first, claims, weighs_not, policy)
    why = [said, _what_matched(person, group, matched), verdict.why]
    if claims is None:
        why.append("That alone tells nobody who is meant: a second identifier is needed.")
    return Finding(
        id=person.name_finding(first.log, attested.item.id),
        issuer=community.id,
        attestation=attested.item.id,
        strength="weak" if claims is None else "strong",
        matched=tuple(kind for kind, _ in matched),
        whose=tuple(whose for _, whose in matched),
        **_disclosed(claims),
        state=state.name,
        flags=tuple(sorted(state.flags)),
        quorum=f"{len(attested.quorum.approved)} of {attested.quorum.officers}",
        custody=attested.quorum.custody,
        attention=verdict.attention,
        why=" ".join(filter(None, why)),
        contact=community.contact if claims is None else claims.contact,
        counts=weighs_not is None and not verdict.silences,
    )


def _verdict(
    match: Match, claims: Claims | None, weighs_not: str | None, policy: Policy
) -> Verdict:
    """The level; the policy has a say only where measure and scope are known, and weigh."""
    if weighs_not is not None or claims is None:
        return Verdict("note", weighs_not or "")
    scopes = frozenset(each.kind for each in claims.scope)
    return policy.judge(Stated(match.log, claims.measure, scopes, match.attested.quorum))


def _disclosed(claims: Claims | None) -> Disclosed:
    """What only a strong identifier discloses."""
    if claims is None:
        return Disclosed(measure=None, scope=None, origin=None, in_force_from=None, ends_on=None)
    return Disclosed(
        measure=claims.measure,
        scope=[each.to_value() for each in claims.scope],
        origin=claims.origin.to_value(),
        in_force_from=claims.in_force_from.isoformat(),
        ends_on=str(claims.ends_on),
    )


def _matched(person: Person, group: Sequence[Match]) -> list[tuple[str, str]]:
    ordered = sorted(group, key=lambda match: not match.identifier.strong)
    pairs = [(match.identifier.kind, person.identifiers[match.identifier]) for match in ordered]
    # Beside the exact address, the one without its tag says nothing.
    return [
        (kind, whose)
        for kind, whose in dict.fromkeys(pairs)
        if kind != _UNTAGGED or ("email", whose) not in pairs
    ]


def _weighs_not(state: State, claims: Claims | None, days: Days) -> str | None:
    """Why it makes no match; None where it weighs."""
    if state.name != "in_force":
        return "It is not in force today, so it makes no match."
    if "stayed" in state.flags:
        return "It is stayed, so it makes no match."
    if claims is None:
        return None
    if claims.in_force_from > days.end:
        return "It begins only after the days asked about, so it makes no match."
    if isinstance(claims.ends_on, date) and claims.ends_on < days.start:
        return "It is over before the days asked about, so it makes no match."
    return None


def _claims(group: Sequence[Match]) -> Claims | None:
    """What the attestation says; None where nothing but weak identifiers matched."""
    hits = (match.hit for match in group if isinstance(match.hit, StrongHit))
    return next((hit.attestation.claims for hit in hits), None)


def _is_source(group: Sequence[Match], days: Days, policy: Policy, today: date) -> bool:
    """Whether recognitions of it count with it: an own decision that makes a match itself.

    What the policy silences is none: whom it trusts more may have recognised it.
    """
    claims = _claims(group)
    if claims is None or not isinstance(claims.origin, OwnDecision):
        return False
    weighs_not = _weighs_not(group[0].attested.state(today), claims, days)
    return weighs_not is None and not _verdict(group[0], claims, None, policy).silences


def _echo(
    group: Sequence[Match],
    sources: Collection[tuple[bytes, str]],
    registers: Mapping[bytes, Register],
    today: date,
) -> str | None:
    """Why a recognition does not weigh beside, or after, what it recognises."""
    claims = _claims(group)
    if claims is None or not isinstance(claims.origin, Recognition):
        return None
    origin = claims.origin
    if (origin.log, origin.attestation) in sources:
        return "It follows another finding here and counts once, with that."
    register = registers.get(origin.log)
    source = None if register is None else register.attestations.get(origin.attestation)
    if source is not None and source.state(today).is_final:
        return "What it follows has ended, so it makes no match."
    return None


def _statement(match: Match, claims: Claims | None) -> str:
    issuer = match.community.id
    if claims is None:
        return f"{issuer} has an attestation about somebody."
    until = "without an end" if claims.ends_on == "indefinite" else f"until {claims.ends_on}"
    where = ", ".join(_scope(each, match) for each in claims.scope)
    return (
        f"{issuer} states {_MEASURES[claims.measure]}; scope: {where}; "
        f"in force from {claims.in_force_from} {until}."
    )


def _scope(scope: Scope, match: Match) -> str:
    names = {each.slug: each.name for each in match.community.spaces}
    kind = _SCOPES[scope.kind]
    return kind if scope.space is None else f"{names.get(scope.space, scope.space)} ({kind})"


def _what_matched(
    person: Person, group: Sequence[Match], matched: Sequence[tuple[str, str]]
) -> str:
    """Which of the identifiers matched and which did not, by kind; never a value."""
    hit = {match.identifier for match in group}
    others = {each.kind for each in person.identifiers if each not in hit}
    others -= {kind for kind, _ in matched} | {_UNTAGGED}
    said = ", ".join(_kind(kind, whose) for kind, whose in matched)
    sentence = f"Matched: {said}"
    if others:
        sentence += f"; not matched: {', '.join(sorted(_KINDS.get(k, k) for k in others))}"
    return f"{sentence}."


def _kind(kind: str, whose: str) -> str:
    words = _KINDS.get(kind, kind)
    return f"{words} ({whose})" if whose else words
