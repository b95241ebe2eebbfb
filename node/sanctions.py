"""Sanctions: proposed, and what this node knows of its own. What is said of them later: `acts`."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from node import attesting, content, decisions, ledger, settling, terms
from node.attesting import Statement
from node.clock import day_of
from node.decisions import Kept, Status
from node.errors import NotHere, UserError
from node.node import Node
from node.store import attestations
from node.store.attestations import AttestationRow
from node.vault import Vault
from protocol import attestation
from protocol.attestation import MAX_IDENTIFIERS, VerifiedAttestation
from protocol.attested import MAX_DELAY, MAX_REVIEW, MAX_TERM, Attested
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
from protocol.statements import AttestDecision, Community

YEAR = timedelta(days=365)

_COLUMNS = {
    "--identifier": "identifiers",
    "--in-force-from": "in_force_from",
    "--ends-on": "ends_on",
    "--review-by": "review_by",
    "--measure": "measure",
    "--scope": "scope",
    "--notice": "notice",
}
"""What options of a proposal are called in a list (`casebook`)."""

MOST = 100
"""Sanctions in one decision: with all approvals, they fit into an entry of the log."""


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


@dataclass(frozen=True)
class Sanction:
    """One of our own."""

    id: str
    proposed: Kept
    """The decision that attests it."""
    attested: Attested | None
    """As our log has it; None where it is not logged."""
    attestation: VerifiedAttestation | None = field(repr=False)
    """None where its content was dropped."""

    @property
    def item(self) -> AttestItem:
        """What was decided of it."""
        if self.attested is not None:
            return self.attested.item
        decision = self.proposed.decision
        items = decision.items if isinstance(decision, AttestDecision) else ()
        return next(item for item in items if item.id == self.id)

    def state(self, day: date) -> str:
        """Its state in the register; before it is logged, that of its decision."""
        if self.attested is not None:
            return self.attested.state(day).name
        state = self.proposed.state(day)
        return "proposed" if state == "pending" else state

    def stands(self, day: date) -> bool:
        """Whether it has not ended, or is still to be decided on."""
        if self.attested is not None:
            return self.attested.state(day).is_live
        return self.state(day) == "proposed"


def published(identifiers: Sequence[Identifier]) -> list[Identifier]:
    """What is published for these identifiers: they and what belongs beside each, none twice."""
    found = [each for given in identifiers for each in related(given.kind, given.value)]
    return list(dict.fromkeys(found))


async def propose(node: Node, proposal: Proposal, now: int) -> Status:
    """Propose a sanction: attest it, seal its record, and let the officers decide.

    Raises:
        UserError: the community cannot publish yet, or the proposal breaks a rule; which one.
    """
    return await propose_all(node, [proposal], now)


async def propose_all(node: Node, proposals: Sequence[Proposal], now: int) -> Status:
    """Propose sanctions, at most `MOST`, as one decision: all of them, or none.

    Raises:
        UserError: as `propose`; of those that have a `place`, which one is at fault.
    """
    if not 1 <= len(proposals) <= MOST:
        raise UserError("1 to %(most)s sanctions stand in one decision", most=MOST)
    async with node.store.write() as connection:
        register = await ledger.own_register_in(connection)
        _require_publisher(register.community)
        made = [
            await _made(connection, node.vault, register, proposal, now) for proposal in proposals
        ]
        decision = AttestDecision(
            v=1,
            type="attest",
            log=register.fingerprint,
            on=day_of(now),
            after=register.quorum_leaf,
            items=tuple(item for item, _ in made),
        )
        hash_ = await decisions.propose(connection, node.vault, decision, now)
        for item, kept in made:
            await content.keep(connection, node.vault, item.id, hash_, kept)
        return await settling.settle(connection, node.vault, hash_, [], now)


async def _made(
    connection: AsyncConnection, vault: Vault, register: Register, proposal: Proposal, now: int
) -> tuple[AttestItem, content.Content]:
    try:
        said = _statement(proposal, register, day_of(now))
        made = await attesting.make(connection, vault, register.community, said, now)
        return _item(proposal, said.claims, made), made.content
    except UserError as error:
        if proposal.place is None:
            raise
        raise UserError(
            "%(place)s: %(fault)s", place=proposal.place, fault=_by_columns(str(error))
        ) from error


def _by_columns(text: str) -> str:
    """Words about options as they are about a list, which has columns of these names instead."""
    for option, column in _COLUMNS.items():
        text = text.replace(option, f"`{column}`")
    return text


@dataclass(frozen=True)
class Draft:
    """What a proposal would say, before anybody decides on it."""

    claims: Claims
    identifiers: Sequence[Identifier] = field(repr=False)
    """With those that are published beside them."""
    basis: Basis
    decided_by: DecidedBy
    review_by: date


async def draft(node: Node, proposal: Proposal, now: int) -> Draft:
    """What a proposal would say; nothing is kept. Raises as `propose` does."""
    register = await ledger.own_register(node)
    _require_publisher(register.community)
    said = _statement(proposal, register, day_of(now))
    review_by = _review_by(proposal, said.claims)
    _require_timely_notice(proposal.notice, day_of(said.claims.iat))
    return Draft(said.claims, said.identifiers, said.basis, said.decided_by, review_by)


async def every(node: Node) -> list[Sanction]:
    """All sanctions of our own, proposed ones too, the oldest first."""
    async with node.store.read() as connection:
        register = await node.registers.own(connection)
        held = await decisions.every_in(connection, node.vault, register)
        kept = {each.row.hash: each for each in held}
        found = [
            _sanction(node.vault, row, kept[row.decision])
            for row in await attestations.every(connection)
        ]
    return sorted(found, key=_age)


async def meant_already(
    node: Node, identifiers: Collection[Identifier], day: date
) -> list[tuple[Identifier, Sanction]]:
    """Sanctions that wait or have not ended, and name one of these identifiers; by which of them.

    Not by what others may have, too, such as a name.
    """
    wanted = {each.text: each for each in published(tuple(identifiers)) if each.strong}
    found = []
    for each in await every(node):
        named = [] if each.attestation is None else each.attestation.subject
        shared = next((wanted[text] for text in named if text in wanted), None)
        if shared is not None and each.stands(day):
            found.append((shared, each))
    return found


def _age(found: Sanction) -> tuple[date, bool, int, str]:
    row = found.proposed.row
    return row.proposed_on, row.index is None, row.index or 0, found.id


async def find(node: Node, text: str) -> str:
    """The id that begins so, of one of our own; 8 characters or more.

    Raises:
        UserError: there is none, or more than one, or too few characters.
    """
    beginning = terms.beginning(text, English("a sanction"))
    async with node.store.read() as connection:
        held = [row.id for row in await attestations.every(connection)]
    return terms.only(
        [id_ for id_ in held if id_.startswith(beginning)],
        English("several sanctions begin so: give more of the id"),
        English("no sanction whose id begins so: `comity sanction list` shows all"),
    )


async def show(node: Node, attestation_id: str) -> Sanction:
    """One of our own.

    Raises:
        UserError: there is none of this id.
    """
    async with node.store.read() as connection:
        row = await attestations.get(connection, attestation_id)
        if row is None:
            raise NotHere("no sanction of this id: `comity sanction list` shows all")
        register = await node.registers.own(connection)
        kept = await decisions.show_in(connection, node.vault, row.decision, register)
        return _sanction(node.vault, row, kept)


def _sanction(vault: Vault, row: AttestationRow, kept: Kept) -> Sanction:
    attested = None if kept.register is None else kept.register.attestations.get(row.id)
    held = content.opened(vault, row)
    if held is None:
        return Sanction(row.id, kept, attested, None)
    issue_key = kept.community.keys.issue if attested is None else attested.issue_key
    # At time 0 nothing has expired: what has ended is shown as well.
    verified = attestation.verify(held.jwt, issue_key, held.disclosures, now=0)
    return Sanction(row.id, kept, attested, verified)


def _require_publisher(community: Community) -> None:
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


def _statement(proposal: Proposal, register: Register, day: date) -> Statement:
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


def _item(proposal: Proposal, claims: Claims, made: attesting.Made) -> AttestItem:
    _require_timely_notice(proposal.notice, day_of(claims.iat))
    return AttestItem(
        id=claims.jti,
        jwt=made.jwt_hash,
        seal=made.seal,
        ends=_last_day(claims),
        review_by=_review_by(proposal, claims),
        notice=proposal.notice,
        measure=proposal.measure if proposal.public_measure else None,
    )


def _last_day(claims: Claims) -> date:
    return day_of(claims.exp - DAY)


def _review_by(proposal: Proposal, claims: Claims) -> date:
    on = day_of(claims.iat)
    latest = max(min(_last_day(claims), on + YEAR), on + timedelta(days=1))
    review_by = proposal.review_by or latest
    if not on < review_by <= on + MAX_REVIEW:
        raise UserError(
            "--review-by is within %(days)s days, and after today", days=MAX_REVIEW.days
        )
    return review_by


def _require_timely_notice(notice: Notice, on: date) -> None:
    until = notice.until
    if until is not None and not on <= until <= on + MAX_DELAY:
        raise UserError(
            "--notice delayed:DATE is from today to %(days)s days ahead", days=MAX_DELAY.days
        )
