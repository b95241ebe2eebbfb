"""`/sanctions`: this community's own, proposed, shown, and what is said of them later.

Every act is a proposal: it is in force once enough officers have approved the decision.
"""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from node import acts, audit, decisions, proposing, recognition, sanctions, terms
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.clock import day_of
from node.documents import Decided, Document, DueItems, SanctionDocument
from node.errors import UserError
from protocol.attested import MAX_STAY_ALONE, Appeal
from protocol.claims import (
    Basis,
    DecidedBy,
    Measure,
    OwnDecision,
    Recognition,
    Scope,
    ScopeKind,
)
from protocol.encoding import Day
from protocol.english import English
from protocol.items import Notice

MOST = 100
"""Sanctions of one call."""

Name = Annotated[str, Field(max_length=512)]
Id = Annotated[str, Field(min_length=8, max_length=36)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST)]


class Sanctions(Document):
    """Sanctions of this community, proposed ones too."""

    sanctions: list[SanctionDocument]


class ScopeBody(Body):
    """Where it holds; `space` is a declared one, or null."""

    kind: ScopeKind
    space: Name | None = None


class DecidedByBody(Body):
    """Which declared body decided, with how many present and in favour."""

    body: Name
    present: Annotated[int, Field(ge=1, le=10_000)]
    in_favour: Annotated[int, Field(ge=1, le=10_000)]


class NoticeBody(Body):
    """Whether the person was told; `until` where delayed."""

    state: Literal["given", "delayed", "unreachable"] = "given"
    until: Day | None = None


class Recognised(Body):
    """Another community's attestation that is recognised as a decision of one's own."""

    issuer: Name
    attestation: Annotated[str, Field(max_length=36)]


class ProposalBody(Body):
    """A sanction to be decided on; what is left out is as `comity sanction propose` has it."""

    identifiers: Annotated[list[Name], Field(min_length=1, max_length=40)]
    measure: Measure
    scope: Annotated[list[ScopeBody], Field(min_length=1, max_length=16)]
    in_force_from: Day | None = None
    ends_on: Day | Literal["indefinite"] | None = None
    review_by: Day | None = None
    basis: Basis = "undisclosed"
    decided_on: Day | None = None
    decided_by: DecidedByBody | None = None
    notice: NoticeBody = NoticeBody()
    contact: Name | None = None
    public_reference: Name | None = None
    public_measure: bool = False
    recognises: Recognised | None = None


Doubt = Literal["homonyms", "untold", "no_end"]
"""It finds everybody of that name; the person was not told; no last day is set."""


class Previewed(Document):
    """What would be proposed, and what to think of before it is."""

    identifiers: list[str]
    measure: str
    scope: list[dict[str, Any]]
    in_force_from: date
    ends_on: str
    review_by: date
    basis: str
    decided_by: dict[str, Any]
    notice: dict[str, Any]
    contact: str
    public_reference: str | None
    public_measure: bool
    doubts: list[Doubt]


class Which(Body):
    """Of which sanctions; many are one decision."""

    ids: Ids


class Reviewed(Which):
    """And when they are reviewed next (in a year, if null)."""

    review_by: Day | None = None


class Appealed(Which):
    """And what became of the appeal."""

    state: Appeal


class Stayed(Which):
    """And the last day of the stay (in 14 days, if null)."""

    until: Day | None = None


class Ended(Which):
    """And why: before their time, wrongly decided, or to be forgotten here."""

    because: Literal["lifted", "overturned", "erased"]


class Amendment(Body):
    """What is another: identifiers to be dropped, the last day, the day of review."""

    drop: Annotated[list[Name], Field(max_length=40, default_factory=list)]
    ends_on: Day | Literal["indefinite"] | None = None
    review_by: Day | None = None


class Amended(Document):
    """Two decisions: the new sanction, and the end of the one before once both are approved."""

    attesting: Decided
    withdrawing: Decided


class Within(Query):
    """So many days ahead."""

    within: Annotated[int, Field(ge=0, le=4000)] = 60


async def every(call: Call[Nothing, NoQuery]) -> Sanctions:
    """The sanctions of this community, proposed ones too."""
    await audit.write(call.node, "read", {"who": audit.who(), "what": "sanctions"}, call.now)
    day, found = day_of(call.now), await sanctions.every(call.node)
    waiting = await decisions.waiting(call.node, call.now)
    return Sanctions(
        sanctions=[SanctionDocument.of(each, day, waiting.get(each.id, ())) for each in found]
    )


async def show(call: Call[Nothing, NoQuery]) -> SanctionDocument:
    """One sanction with everything that it says."""
    id_ = await sanctions.find(call.node, call.path["id"])
    said = {"who": audit.who(), "what": "sanction", "sanction": id_}
    await audit.write(call.node, "read", said, call.now)
    found = await sanctions.show(call.node, id_)
    waiting = await decisions.waiting(call.node, call.now)
    return SanctionDocument.of(found, day_of(call.now), waiting.get(id_, ()))


async def propose(call: Call[ProposalBody, NoQuery]) -> Decided:
    """Propose a sanction; it is published once enough officers have approved."""
    proposal = await _proposal(call)
    return Decided.of(await sanctions.propose(call.node, proposal, call.now))


async def preview(call: Call[ProposalBody, NoQuery]) -> Previewed:
    """What would be proposed, and what to think of first; nothing is kept."""
    proposal = await _proposal(call)
    made = await sanctions.draft(call.node, proposal, call.now)
    claims = made.claims.to_value()
    return Previewed(
        identifiers=[each.text for each in made.identifiers],
        measure=claims["measure"],
        scope=claims["scope"],
        in_force_from=made.claims.in_force_from,
        ends_on=claims["ends_on"],
        review_by=made.review_by,
        basis=made.basis,
        decided_by=made.decided_by.to_value(),
        notice=proposal.notice.to_value(),
        contact=made.claims.contact,
        public_reference=made.claims.public_reference,
        public_measure=proposal.public_measure,
        doubts=_doubts(made, proposal.notice),
    )


def _doubts(made: sanctions.Draft, notice: Notice) -> list[Doubt]:
    found: dict[Doubt, bool] = {
        "homonyms": any(each.kind == "name" for each in made.identifiers),
        "untold": notice.state != "given",
        "no_end": made.claims.ends_on == "indefinite",
    }
    return [doubt for doubt, holds in found.items() if holds]


async def _proposal(call: Call[ProposalBody, NoQuery]) -> proposing.Proposal:
    node, given = call.node, call.body
    origin: OwnDecision | Recognition = OwnDecision(kind="own_decision")
    if given.recognises is not None:
        named = given.recognises
        origin = await recognition.of(node, named.issuer, named.attestation, call.now)
    by = given.decided_by
    return proposing.Proposal(
        identifiers=terms.meant(terms.numbered(given.identifiers), node.config.default_region),
        measure=given.measure,
        scope=[Scope(kind=each.kind, space=each.space) for each in given.scope],
        in_force_from=given.in_force_from,
        ends_on=given.ends_on,
        review_by=given.review_by,
        basis=given.basis,
        decided_on=given.decided_on,
        decided_by=None if by is None else DecidedBy(**by.model_dump()),
        notice=_notice(given.notice),
        contact=given.contact,
        public_reference=given.public_reference,
        public_measure=given.public_measure,
        origin=origin,
    )


async def told(call: Call[Which, NoQuery]) -> Decided:
    """Propose to say in the log that the persons were told."""
    return Decided.of(await acts.told(call.node, await _ids(call), call.now))


async def reaffirm(call: Call[Reviewed, NoQuery]) -> Decided:
    """Propose to say that they were reviewed and go on."""
    ids = await _ids(call)
    return Decided.of(await acts.reaffirm(call.node, ids, call.body.review_by, call.now))


async def appeal(call: Call[Appealed, NoQuery]) -> Decided:
    """Propose to say that an appeal is open, or what became of it."""
    ids = await _ids(call)
    return Decided.of(await acts.appeal(call.node, ids, call.body.state, call.now))


async def stay(call: Call[Stayed, NoQuery]) -> Decided:
    """Propose that they weigh nothing for a while."""
    until = call.body.until or day_of(call.now) + MAX_STAY_ALONE
    return Decided.of(await acts.stay(call.node, await _ids(call), until, call.now))


async def resume(call: Call[Which, NoQuery]) -> Decided:
    """Propose to end a stay before its time."""
    return Decided.of(await acts.resume(call.node, await _ids(call), call.now))


async def end(call: Call[Ended, NoQuery]) -> Decided:
    """Propose to end them: lifted, overturned or erased."""
    ids = await _ids(call)
    return Decided.of(await acts.withdraw(call.node, ids, call.body.because, call.now))


async def amend(call: Call[Amendment, NoQuery]) -> Amended:
    """Propose a sanction in place of another, which ends once the new one is published."""
    node, given = call.node, call.body
    before = await sanctions.show(node, await sanctions.find(node, call.path["id"]))
    dropped = terms.typed(terms.numbered(given.drop, English("drop")))
    proposal = replace(acts.as_proposed(before, dropped), review_by=given.review_by)
    if given.ends_on is not None:
        proposal = replace(proposal, ends_on=given.ends_on)
    made = await acts.amend(node, before, proposal, call.now)
    return Amended(attesting=Decided.of(made.attesting), withdrawing=Decided.of(made.withdrawing))


async def due(call: Call[Nothing, Within]) -> DueItems:
    """Which reviews, ends, notices and stays have their day soon, or have passed it."""
    return DueItems(due=await acts.due(call.node, call.now, call.query.within))


async def _ids(call: Call[Which, NoQuery]) -> list[str]:
    return [await sanctions.find(call.node, each) for each in call.body.ids]


def _notice(given: NoticeBody) -> Notice:
    if (given.state == "delayed") != (given.until is not None):
        raise UserError("a delayed notice says until when, and no other does")
    return Notice(state=given.state, until=given.until)
