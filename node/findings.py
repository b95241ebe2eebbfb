"""Findings: what was found about one person, weighed, and said in words that a human can act on.

An answer never says what a person is, and never what to do: it says which community states what,
what of the person matched and what did not, and whom to ask. What weighs:

- a strong identifier, of an attestation that is in force, not stayed, and for the days of the
  event (from today on, where there is none): a match;
- a weak one: "possible"; it knows neither measure nor dates (SPEC.md, section 5);
- what is stayed, pending, out of the event's days, or follows what has ended: no match;
- what has ended: no match, and it tells neither measure nor dates any more;
- what goes back to one decision counts once (`echoes`).

How much attention each of them gets, the policy here says (`policy`), and each says why.

What was found (`Matched`) is judged when it is found, and anew whenever it is read again: by the
register and the policy of that moment.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal, TypedDict

from node import echoes
from node.attention import Attention, Reason, Verdict
from node.echoes import Key, Origins
from node.judgments import Judgment, Who
from node.known import Known
from node.matching import Match
from node.policy import Circumstance, Policy, Stated
from protocol.attested import Attested, State
from protocol.claims import Claims, Recognition, Scope
from protocol.english import English
from protocol.exchange import Purpose
from protocol.identifiers import Identifier
from protocol.sealing import StrongHit
from protocol.statements import Community

Outcome = Literal["match", "possible", "nothing_found"]

_UNTAGGED = "email-untagged"
_MEASURES = {
    "ban": English("a ban"),
    "suspension": English("a suspension"),
    "membership_revocation": English("that a membership was revoked"),
    "status_removal": English("that a title, role or privilege was removed"),
    "restriction": English("a restriction (may attend; may not speak, organize or mentor)"),
}
_SCOPES = {
    "event": English("event"),
    "event_series": English("event series"),
    "online_space": English("online space"),
    "membership": English("membership"),
    "role": English("role"),
    "all_own_spaces": English("all of its spaces"),
}
_KINDS = {
    "email": English("e-mail address"),
    _UNTAGGED: English("e-mail address without what follows the +"),
    "phone": English("phone number"),
    "name": English("name"),
}
_WHOSE = {
    "attendee": English("attendee"),
    "buyer": English("buyer"),
    "parent": English("parent"),
    "unknown": English("unknown"),
}
_ENDINGS = {
    "lifted": English("lifted"),
    "overturned": English("overturned"),
    "superseded": English("superseded"),
    "erased": English("erased"),
    "lapsed": English("lapsed"),
    "expired": English("expired"),
}


@dataclass(frozen=True)
class Days:
    """The days that an answer is for, both included."""

    start: date
    end: date

    @classmethod
    def of(cls, purpose: Purpose, today: date) -> "Days":
        """The event's, or else all from today on.

        Whoever gives no days may mean next year's event: what begins later is not kept from them.
        """
        return cls(purpose.start or today, purpose.end or date.max)


class Disclosed(TypedDict):
    """The members of a finding that are null after a weak hit."""

    measure: str | None
    scope: list[dict[str, object]] | None
    origin: dict[str, object] | None
    in_force_from: str | None
    ends_on: str | None


@dataclass(frozen=True)
class Matched:
    """What one attestation was found by, about one person: all that it takes to judge it."""

    id: str
    """Of the finding."""
    log: bytes
    """Fingerprint of the issuer."""
    community: Community
    attested: Attested
    strong: bool
    claims: Claims | None
    """What it says; None where nothing but weak identifiers matched, or it is not kept any more."""
    jwt: str | None = field(repr=False)
    """The signed attestation that says so."""
    kinds: tuple[tuple[str, str], ...]
    """The kinds that matched, the strong ones first, and whose each of them is."""
    others: tuple[str, ...]
    """The kinds that were asked about and did not match."""

    who: Who
    """Of whom, and what of them matched, as tags."""

    @property
    def key(self) -> Key:
        """Whose attestation it is, and which."""
        return self.log, self.attested.item.id


@dataclass(frozen=True)
class AtHand:
    """All that was found about one person, and the days that it was asked for."""

    found: Sequence[Matched]
    days: Days


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
    not_matched: tuple[str, ...]
    """Kinds that were asked about and matched nothing of this attestation."""
    is_own: bool
    """Whether this community has decided it itself."""
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
    why: English
    contact: str | None
    counts: bool = field(repr=False)
    """Whether it makes a match, or a possible one."""
    found: Matched = field(repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether the sanction has ended, in whichever way."""
        return self.state not in ("pending", "in_force")

    def to_value(self, *, with_owners: bool) -> dict[str, object]:
        """As the command line prints it; whose it is only where a list says so."""
        hidden = {"counts", "found"} if with_owners else {"counts", "found", "whose"}
        return {
            each.name: getattr(self, each.name) for each in fields(self) if each.name not in hidden
        }


@dataclass(frozen=True)
class Person:
    """Whom a row, or a check, asked about: identifiers, and whose each of them is."""

    identifiers: Mapping[Identifier, str] = field(repr=False)
    name_finding: Callable[[bytes, str], str] = field(repr=False)
    """Makes the id of a finding from the issuer's fingerprint and the attestation's id."""
    who: Callable[[Collection[Identifier]], Who] = field(repr=False)
    """Tells who it is, given what of the identifiers matched."""
    tag: bytes
    """The vault's tag of whom, and for which occasion: findings of one person belong together."""
    ref: str | None = field(default=None, repr=False)
    """What the caller calls the person, where it said so."""


def outcome_of(findings: Sequence[Finding]) -> Outcome:
    """What the findings come to; what does not count is nothing found."""
    strengths = {finding.strength for finding in findings if finding.counts}
    if "strong" in strengths:
        return "match"
    return "possible" if strengths else "nothing_found"


def matched_by(person: Person, matches: Sequence[Match]) -> list[Matched]:
    """What was found about a person, of each attestation that anything of them matched."""
    grouped: dict[tuple[bytes, str], list[Match]] = {}
    for match in matches:
        grouped.setdefault((match.log, match.attested.item.id), []).append(match)
    return [_matched(person, group) for group in grouped.values()]


def judged(
    found: Sequence[Matched], days: Days, known: Known, policy: Policy, today: date
) -> list[Finding]:
    """A finding for each of all that was found about one person, what counts first."""
    origins = {each.key: _origin(each.claims) for each in found if each.claims is not None}
    stated = {each.key: _stated(each, days, origins, known, today) for each in found}
    verdicts = echoes.count_once(stated, origins, policy)
    findings = [
        _finding(each, verdicts[each.key], today, is_own=each.log == known.own) for each in found
    ]
    return sorted(
        findings, key=lambda each: (not each.counts, each.strength == "weak", each.issuer)
    )


def _matched(person: Person, group: Sequence[Match]) -> Matched:
    first = group[0]
    hits = [match.hit.attestation for match in group if isinstance(match.hit, StrongHit)]
    kinds = _kinds_matched(person, group)
    return Matched(
        id=person.name_finding(first.log, first.attested.item.id),
        log=first.log,
        community=first.community,
        attested=first.attested,
        strong=bool(hits),
        claims=hits[0].claims if hits else None,
        jwt=hits[0].jwt if hits else None,
        kinds=kinds,
        others=_kinds_not_matched(person, group, kinds),
        who=person.who({match.identifier for match in group}),
    )


def _origin(claims: Claims) -> Key | None:
    origin = claims.origin
    return (origin.log, origin.attestation) if isinstance(origin, Recognition) else None


def _stated(found: Matched, days: Days, origins: Origins, known: Known, today: date) -> Stated:
    """What the policy has to know of it; of what has ended, no more than that."""
    state = found.attested.state(today)
    claims = None if state.is_final else found.claims
    facts = [_weighs_not(found.attested, state, claims, days)]
    judgment = known.judgments.of(*found.key, found.who, known.registers)
    if claims is not None and echoes.follows_ended(found.key, origins, known.registers, today):
        facts.append(English("as what it follows has ended"))
    return Stated(
        peer=found.log,
        issuer=found.community.id,
        measure=None if claims is None else claims.measure,
        places=frozenset()
        if claims is None
        else frozenset((s.kind, s.space) for s in claims.scope),
        quorum=found.attested.quorum,
        circumstances=frozenset(_circumstances(found, state, claims, known, judgment)),
        facts=(
            *(Reason("note", each, silences=True) for each in facts if each is not None),
            *(() if judgment is None else (judgment.reason,)),
        ),
        is_own=found.log == known.own,
    )


def _circumstances(
    found: Matched,
    state: State,
    claims: Claims | None,
    known: Known,
    judgment: Judgment | None,
) -> Iterator[Circumstance]:
    # Who was judged to be the one is not known by a name alone any more.
    if not found.strong and not (judgment is not None and judgment.judged == "same"):
        yield "weak"
    if "stayed" in state.flags:
        yield "stayed"
    if "review_due" in state.flags:
        yield "review_due"
    if found.log in known.unwitnessed:
        yield "unwitnessed"
    if claims is not None and isinstance(claims.origin, Recognition):
        yield "recognised"


def _finding(found: Matched, verdict: Verdict, today: date, *, is_own: bool) -> Finding:
    attested, community = found.attested, found.community
    state = attested.state(today)
    # What has ended is not told any more.
    claims = None if state.is_final else found.claims
    why = [_statement(found, state, claims), _what_matched(found), verdict.why]
    if not found.strong and not state.is_final:
        why.append(English("That alone tells nobody who is meant: a second identifier is needed."))
    return Finding(
        id=found.id,
        issuer=community.id,
        attestation=attested.item.id,
        strength="strong" if found.strong else "weak",
        matched=tuple(kind for kind, _ in found.kinds),
        whose=tuple(whose for _, whose in found.kinds),
        not_matched=tuple(found.others),
        is_own=is_own,
        **_disclosed(claims),
        state=state.name,
        flags=tuple(sorted(state.flags)),
        quorum=f"{len(attested.quorum.approved)} of {attested.quorum.officers}",
        custody=attested.quorum.custody,
        attention=verdict.attention,
        why=English.joined(why, " "),
        contact=community.contact if claims is None else claims.contact,
        counts=not verdict.silences,
        found=found,
    )


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


def _kinds_matched(person: Person, group: Sequence[Match]) -> tuple[tuple[str, str], ...]:
    ordered = sorted(group, key=lambda match: not match.identifier.strong)
    pairs = [(match.identifier.kind, person.identifiers[match.identifier]) for match in ordered]
    # Beside the exact address, the one without its tag says nothing.
    return tuple(
        (kind, whose)
        for kind, whose in dict.fromkeys(pairs)
        if kind != _UNTAGGED or ("email", whose) not in pairs
    )


def _kinds_not_matched(
    person: Person, group: Sequence[Match], matched: Sequence[tuple[str, str]]
) -> tuple[str, ...]:
    hit = {match.identifier for match in group}
    others = {each.kind for each in person.identifiers if each not in hit}
    return tuple(sorted(others - {kind for kind, _ in matched} - {_UNTAGGED}))


def _weighs_not(
    attested: Attested, state: State, claims: Claims | None, days: Days
) -> English | None:
    """Why it makes no match, whatever the policy; None where it may make one."""
    if state.is_final:
        ending = attested.ending or state.name
        return English("as it has ended (%(ending)s)", ending=_ENDINGS.get(ending, ending))
    if state.name != "in_force":
        return English("as it is not in force today")
    if claims is None:
        return None
    if claims.in_force_from > days.end:
        return English("as it begins only after the days asked about")
    if isinstance(claims.ends_on, date) and claims.ends_on < days.start:
        return English("as it is over before the days asked about")
    return None


def _statement(found: Matched, state: State, claims: Claims | None) -> English:
    issuer = found.community.id
    if state.is_final:
        return English("%(issuer)s had an attestation about somebody.", issuer=issuer)
    if claims is None:
        return English("%(issuer)s has an attestation about somebody.", issuer=issuer)
    said = {
        "issuer": issuer,
        "measure": _MEASURES[claims.measure],
        "where": English.joined(_scope(each, found.community) for each in claims.scope),
        "start": claims.in_force_from,
    }
    if claims.ends_on == "indefinite":
        return English(
            "%(issuer)s states %(measure)s; scope: %(where)s; in force from %(start)s without an "
            "end.",
            **said,
        )
    return English(
        "%(issuer)s states %(measure)s; scope: %(where)s; in force from %(start)s until %(end)s.",
        **said,
        end=claims.ends_on,
    )


def _scope(scope: Scope, community: Community) -> English:
    names = {each.slug: each.name for each in community.spaces}
    kind = _SCOPES[scope.kind]
    return kind if scope.space is None else _noted(names.get(scope.space, scope.space), kind)


def _what_matched(found: Matched) -> English:
    """Which of the identifiers matched and which did not, by kind; never a value."""
    matched = English.joined(_kind(kind, whose) for kind, whose in found.kinds)
    if not found.others:
        return English("Matched: %(matched)s.", matched=matched)
    others = sorted(_KINDS.get(kind, kind) for kind in found.others)
    return English(
        "Matched: %(matched)s; not matched: %(others)s.",
        matched=matched,
        others=English.joined(others),
    )


def _kind(kind: str, whose: str) -> str:
    words = _KINDS.get(kind, kind)
    return _noted(words, _WHOSE.get(whose, whose)) if whose else words


def _noted(words: str, note: str) -> English:
    return English("%(words)s (%(note)s)", words=words, note=note)
