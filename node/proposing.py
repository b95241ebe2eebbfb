"""A sanction as a committee proposes it: what stands for what is left out, what is refused."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pydantic import ValidationError

from node import attesting
from node.attesting import Statement
from node.clock import day_of
from node.errors import UserError
from protocol.attestation import MAX_IDENTIFIERS
from protocol.attested import MAX_DELAY, MAX_REVIEW, MAX_TERM
from protocol.claims import (
    DAY,
    MAX_SUSPENSION,
    VCT,
    Basis,
    Claims,
    DecidedBy,
    Measure,
    OwnDecision,
    Recognition,
    Scope,
    expiry,
)
from protocol.english import English
from protocol.errors import Malformed
from protocol.identifiers import Identifier, related
from protocol.items import AttestItem, Notice
from protocol.register import Register
from protocol.statements import Community

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Proposal:
    """A sanction as a committee proposes it."""

    identifiers: Sequence[Identifier] = field(repr=False)
    """All of one person; what is to be published beside them is added."""
    measure: Measure
    scope: Sequence[Scope]
    in_force_from: date | None = None
    """None: the day of the proposal."""
    ends_on: date | Literal["indefinite"] | None = None
    """None: a year after `in_force_from`; a suspension has its end said."""
    review_by: date | None = None
    """None: the day it ends, or a year after the proposal if that is sooner."""
    basis: Basis = "undisclosed"
    decided_on: date | None = None
    """None: the day of the proposal."""
    decided_by: DecidedBy | None = None
    """None: the first declared body, by as many as have to approve."""
    notice: Notice = field(default_factory=lambda: Notice(state="given", until=None))
    contact: str | None = None
    """None: the community's."""
    public_reference: str | None = None
    public_measure: bool = False
    """Whether the log says the measure, for everybody to read."""
    origin: OwnDecision | Recognition = field(
        default_factory=lambda: OwnDecision(kind="own_decision")
    )
    """Whose decision it is: the community's own, or one of another that it recognises."""
    place: str | None = None
    """Where it stands in a list, as errors name it; None where it is said by options."""


def published(identifiers: Sequence[Identifier]) -> list[Identifier]:
    """What is published for these identifiers: they and what belongs beside each, none twice."""
    found = [each for given in identifiers for each in related(given.kind, given.value)]
    return list(dict.fromkeys(found))


def require_publisher(community: Community) -> None:
    """Refuse to publish for a community that only asks.

    Raises:
        UserError: it does; what it would have to say of itself.
    """
    missing = {
        English("an address (--url)"): community.url,
        English("a contact (--contact)"): community.contact,
        English("a policy (--policy-url)"): community.policy,
    }
    absent = [words for words, value in missing.items() if value is None]
    if absent:
        raise UserError(
            "this community only asks: to publish it needs %(absent)s, which it said when it was "
            "founded with `comity init`",
            absent=English.joined(absent, English(" and ")),
        )


def statement(proposal: Proposal, register: Register, day: date) -> Statement:
    """What is to be signed of a proposal, that is made on a day.

    Raises:
        UserError: it breaks a rule; which one.
    """
    community = register.community
    identifiers = published(proposal.identifiers)
    if not 1 <= len(identifiers) <= MAX_IDENTIFIERS:
        raise UserError(
            "--identifier: 1 to %(most)s, with those that are published beside them",
            most=MAX_IDENTIFIERS,
        )
    if not any(each.strong for each in identifiers):
        # What a weak identifier finds names no measure, and nobody could ever open the record.
        raise UserError(
            "a name alone is never a match, nor is an address that several people read: add an "
            "address, handle or number of this person (--identifier)"
        )
    _require_declared(proposal, community)
    claims = _claims(proposal, register, day)
    decided_by = proposal.decided_by or DecidedBy(
        body=community.bodies[0].slug,
        present=community.threshold,
        in_favour=community.threshold,
    )
    return Statement(claims, identifiers, proposal.basis, decided_by)


def _require_declared(proposal: Proposal, community: Community) -> None:
    spaces = [each.slug for each in community.spaces]
    for scope in proposal.scope:
        if scope.space is not None and scope.space not in spaces:
            raise _undeclared(English("--scope: the space"), scope.space, spaces)
    bodies = [each.slug for each in community.bodies]
    if not bodies:
        raise UserError(
            "this community has declared no body that decides: `comity community set --body`"
        )
    if proposal.decided_by is not None and proposal.decided_by.body not in bodies:
        raise _undeclared(English("--decided-by: the body"), proposal.decided_by.body, bodies)


def _undeclared(what: English, slug: str, declared: Sequence[str]) -> UserError:
    known = English("the community declares none")
    if declared:
        known = English("declared are: %(declared)s", declared=", ".join(declared))
    return UserError(
        "%(what)s `%(slug)s` is not declared; %(known)s", what=what, slug=slug, known=known
    )


def _claims(proposal: Proposal, register: Register, day: date) -> Claims:
    begins = proposal.in_force_from or day
    ends_on = proposal.ends_on or _default_end(proposal.measure, begins)
    ends = min(ends_on, day + MAX_TERM) if isinstance(ends_on, date) else day + MAX_TERM
    if ends < day:
        raise UserError("it would have ended before it is decided: say a later --ends-on")
    try:
        return Claims(
            iss=register.community.id,
            log=register.fingerprint,
            jti=str(uuid.uuid4()),
            iat=expiry(day) - DAY,
            exp=expiry(ends),
            vct=VCT,
            measure=proposal.measure,
            scope=tuple(proposal.scope),
            origin=proposal.origin,
            decided_on=_decided_on(proposal, day),
            in_force_from=begins,
            ends_on=ends_on,
            contact=proposal.contact or register.community.contact or "",
            public_reference=proposal.public_reference,
        )
    except Malformed as error:
        raise UserError(str(error)) from error
    except ValidationError as error:
        places = {str(item["loc"][0]).replace("_", "-") for item in error.errors()}
        options = ", ".join(f"--{place}" for place in sorted(places))
        raise UserError("not of the form that is due: %(options)s", options=options) from None


def _decided_on(proposal: Proposal, day: date) -> date:
    if proposal.decided_on is not None and proposal.decided_on > day:
        # SPEC.md, section 10: a sheet that says so is refused.
        raise UserError("--decided-on is today, or before")
    return proposal.decided_on or day


def _default_end(measure: Measure, begins: date) -> date:
    if measure == "suspension":
        raise UserError("a suspension needs --ends-on, within %(days)s days", days=MAX_SUSPENSION)
    return begins + YEAR


def item(proposal: Proposal, claims: Claims, made: attesting.Made) -> AttestItem:
    """What the log is to say of an attestation that was made; raises as `next_review`."""
    require_timely_notice(proposal.notice, day_of(claims.iat))
    return AttestItem(
        id=claims.jti,
        jwt=made.jwt_hash,
        seal=made.seal,
        ends=_last_day(claims),
        review_by=next_review(proposal, claims),
        notice=proposal.notice,
        measure=proposal.measure if proposal.public_measure else None,
    )


def _last_day(claims: Claims) -> date:
    return day_of(claims.exp - DAY)


def next_review(proposal: Proposal, claims: Claims) -> date:
    """The day by which it is to be reviewed.

    Raises:
        UserError: the one that is said is too late, or over.
    """
    on = day_of(claims.iat)
    latest = max(min(_last_day(claims), on + YEAR), on + timedelta(days=1))
    review_by = proposal.review_by or latest
    if not on < review_by <= on + MAX_REVIEW:
        raise UserError(
            "--review-by is within %(days)s days, and after today", days=MAX_REVIEW.days
        )
    return review_by


def require_timely_notice(notice: Notice, on: date) -> None:
    """Refuse a notice that would be given too late.

    Raises:
        UserError: it would.
    """
    until = notice.until
    if until is not None and not on <= until <= on + MAX_DELAY:
        raise UserError(
            "--notice delayed:DATE is from today to %(days)s days ahead", days=MAX_DELAY.days
        )
