"""What a community says of its sanctions after they were attested; one statement about many.

    told       the person was told                       one officer
    appeal     opened by one officer; answered by the quorum
    stay       up to 14 days, once, one officer; else the quorum
    resume, reaffirm, withdraw, amend                    the quorum

Amending is superseding, never a change in place: another sanction is proposed, and the withdrawal
of the first, which waits until the other is logged. `due` tells what has to be looked at soon.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from node import decisions, ledger, objections, sanctions, settling
from node.clock import day_of
from node.decisions import Status
from node.errors import NotHere, UserError
from node.node import Node
from node.proposing import YEAR, Proposal
from node.sanctions import Sanction
from node.store import attestations
from node.vault import Vault
from protocol.attested import LAPSE, MAX_REVIEW, Appeal, Attested, Quorum, followed
from protocol.encoding import base64url
from protocol.english import English
from protocol.errors import OutOfOrder
from protocol.identifiers import Identifier, parse_text
from protocol.items import (
    AppealItem,
    LaterItem,
    Notice,
    NoticeItem,
    ReaffirmItem,
    ResumeItem,
    StayItem,
    WithdrawItem,
)
from protocol.register import Register
from protocol.statements import (
    AppealDecision,
    LaterDecision,
    NoticeDecision,
    ReaffirmDecision,
    ResumeDecision,
    StayDecision,
    WithdrawDecision,
)

MOST = 256
"""Sanctions in one statement (SPEC.md, section 6)."""

REMINDERS = (60, 30, 7)
"""Days before a review, or an end, on which it is reminded of."""

Because = Literal["lifted", "overturned", "erased"]
"""Why a sanction ends before its time; superseding is `amend`."""

_DECISIONS: dict[type[LaterItem], type[LaterDecision]] = {
    NoticeItem: NoticeDecision,
    ReaffirmItem: ReaffirmDecision,
    AppealItem: AppealDecision,
    StayItem: StayDecision,
    ResumeItem: ResumeDecision,
    WithdrawItem: WithdrawDecision,
}

_TYPES: dict[type[LaterDecision], str] = {
    NoticeDecision: "notice",
    ReaffirmDecision: "reaffirm",
    AppealDecision: "appeal",
    StayDecision: "stay",
    ResumeDecision: "resume",
    WithdrawDecision: "withdraw",
}

_Said = Callable[[Attested], LaterItem]


async def told(node: Node, ids: Sequence[str], now: int) -> Status:
    """Propose to say that the persons were told; raises as `reaffirm`."""
    async with node.store.write() as connection:
        return await told_in(connection, node.vault, ids, now)


async def told_in(
    connection: AsyncConnection, vault: Vault, ids: Sequence[str], now: int
) -> Status:
    """As `told`, within a writing transaction."""
    return await _propose_in(connection, vault, ids, _as_told, now)


async def require_untold(connection: AsyncConnection, vault: Vault, id_: str, now: int) -> None:
    """Refuse, as `told` would, where the person was told, or there is nothing to tell."""
    register = await ledger.own_register_in(connection)
    await _decision(connection, vault, register, [id_], _as_told, day_of(now))


def _as_told(each: Attested) -> NoticeItem:
    return NoticeItem(id=_id(each), after=each.leaf)


async def reaffirm(node: Node, ids: Sequence[str], review_by: date | None, now: int) -> Status:
    """Propose that sanctions were reviewed and go on; the next review is in a year, or as said.

    Raises:
        UserError: one is not published or has ended, this is proposed of it already, or a rule
            forbids it; which one.
    """
    day = day_of(now)
    next_review = review_by or day + YEAR
    if not day < next_review <= day + MAX_REVIEW:
        raise UserError(
            "--review-by is within %(days)s days, and after today", days=MAX_REVIEW.days
        )
    return await _propose(
        node,
        ids,
        lambda each: ReaffirmItem(id=_id(each), after=each.leaf, review_by=next_review),
        now,
    )


async def appeal(node: Node, ids: Sequence[str], state: Appeal, now: int) -> Status:
    """Propose to say what becomes of an appeal; raises as `reaffirm`."""
    return await _propose(
        node, ids, lambda each: AppealItem(id=_id(each), after=each.leaf, state=state), now
    )


async def stay(node: Node, ids: Sequence[str], until: date, now: int) -> Status:
    """Propose that sanctions weigh nothing up to a day; raises as `reaffirm`."""
    return await _propose(
        node, ids, lambda each: StayItem(id=_id(each), after=each.leaf, until=until), now
    )


async def resume(node: Node, ids: Sequence[str], now: int) -> Status:
    """Propose to end a stay; raises as `reaffirm`."""
    return await _propose(node, ids, lambda each: ResumeItem(id=_id(each), after=each.leaf), now)


async def withdraw(node: Node, ids: Sequence[str], because: Because, now: int) -> Status:
    """Propose to end sanctions: peers drop their records once it is logged; raises as `reaffirm`.

    `erased` also forgets here whom they were about, and may be said of what has ended.
    """
    return await _propose(
        node,
        ids,
        lambda each: WithdrawItem(id=_id(each), after=each.leaf, because=because, by=None),
        now,
    )


@dataclass(frozen=True)
class Amended:
    """The two decisions of an amendment: the new sanction, and the end of the one before."""

    attesting: Status
    withdrawing: Status


async def amend(node: Node, before: Sanction, proposal: Proposal, now: int) -> Amended:
    """Propose another sanction in place of one; the one before ends once the other is logged.

    Raises:
        UserError: nothing would change; or as `reaffirm`, and as `sanctions.propose`.
    """
    _require_change(before, proposal)
    register = await ledger.own_register(node)
    async with node.store.read() as connection:
        _open(register, before.id, day_of(now))
        kind = WithdrawDecision
        await _refuse_twice(connection, node.vault, register, [before.id], kind, day_of(now))
    attesting = await sanctions.propose(node, proposal, now)
    by = attesting.attestations[0]
    withdrawing = await _propose(
        node,
        [before.id],
        lambda each: WithdrawItem(id=_id(each), after=each.leaf, because="superseded", by=by),
        now,
    )
    return Amended(attesting, withdrawing)


def _require_change(before: Sanction, proposal: Proposal) -> None:
    is_reviewed_as_before = proposal.review_by in {None, before.item.review_by}
    if is_reviewed_as_before and replace(proposal, review_by=None) == as_proposed(before):
        raise UserError("say what is to change: --drop, --ends-on or --review-by")


def as_proposed(before: Sanction, dropped: Iterable[Identifier] = ()) -> Proposal:
    """What a sanction says, to be proposed anew without some of its identifiers.

    Raises:
        UserError: what it says is not kept any more, or it does not name such an identifier.
    """
    said = before.attestation
    if said is None:
        raise UserError("what this sanction says is not kept any more")
    named = [parse_text(text) for text in said.subject]
    gone = set(dropped)
    if gone - set(named):
        raise UserError("--drop: this sanction does not name such an identifier")
    claims, item = said.claims, before.item
    told = before.attested is not None and before.attested.told
    return Proposal(
        identifiers=[each for each in named if each not in gone],
        measure=claims.measure,
        scope=claims.scope,
        in_force_from=claims.in_force_from,
        ends_on=claims.ends_on,
        basis=said.basis or "undisclosed",
        decided_on=claims.decided_on,
        decided_by=said.decided_by,
        notice=Notice(state="given", until=None) if told else item.notice,
        contact=claims.contact,
        public_reference=claims.public_reference,
        public_measure=item.measure is not None,
        origin=claims.origin,
    )


What = Literal["review", "lapse", "end", "notice", "stay", "answer"]
"""`answer`: the last day to answer whoever asked for a review."""


@dataclass(frozen=True)
class Due:
    """Something about a sanction that has a day: `days` are left, below 0 it is past."""

    id: str
    what: What
    day: date
    days: int

    @property
    def is_reminded(self) -> bool:
        """Whether this day is one on which it is reminded of."""
        return self.days in REMINDERS


async def due(node: Node, now: int, within: int = REMINDERS[0]) -> list[Due]:
    """What of our own sanctions has its day within so many days, or had it; the soonest first."""
    today = day_of(now)
    register = await ledger.own_register(node)
    answers = await objections.unanswered(node, now)
    found = [
        Due(id_, what, day, (day - today).days)
        for id_, attested in register.attestations.items()
        if attested.state(today).is_live
        for what, day in _days(attested, today, answers.get(id_))
    ]
    soon = [each for each in found if each.days <= within]
    return sorted(soon, key=lambda each: (each.day, each.id, each.what))


def _days(attested: Attested, today: date, answer_by: date | None) -> list[tuple[What, date]]:
    item = attested.item
    days: list[tuple[What, date]] = [("end", item.ends)]
    if answer_by is not None:
        days.append(("answer", answer_by))
    if item.review_by < item.ends:
        days.append(("review", item.review_by))
        if item.review_by < today:
            days.append(("lapse", item.review_by + LAPSE))
    if item.notice.until is not None and not attested.told:
        days.append(("notice", item.notice.until))
    stayed_until = attested.stayed_until(today)
    if stayed_until is not None:
        days.append(("stay", stayed_until))
    return days


async def _propose(node: Node, ids: Sequence[str], said: _Said, now: int) -> Status:
    async with node.store.write() as connection:
        return await _propose_in(connection, node.vault, ids, said, now)


async def _propose_in(
    connection: AsyncConnection, vault: Vault, ids: Sequence[str], said: _Said, now: int
) -> Status:
    register = await ledger.own_register_in(connection)
    decision = await _decision(connection, vault, register, ids, said, day_of(now))
    hash_ = await decisions.propose(connection, vault, decision, now)
    return await settling.settle(connection, vault, hash_, [], now)


async def _decision(  # noqa: PLR0913, PLR0917 - of whom, what, when
    connection: AsyncConnection,
    vault: Vault,
    register: Register,
    ids: Sequence[str],
    said: _Said,
    day: date,
) -> LaterDecision:
    """What would be proposed, if it may be said now."""
    wanted = list(dict.fromkeys(ids))
    if not 1 <= len(wanted) <= MOST:
        raise UserError("1 to %(most)s sanctions stand in one decision", most=MOST)
    items = tuple(said(_attested(register, id_)) for id_ in wanted)
    for item in items:
        await _require_may_be_said(connection, register, item, day)
    kind = _DECISIONS[type(items[0])]
    await _refuse_twice(connection, vault, register, wanted, kind, day)
    decision = kind.from_value(
        {
            "v": 1,
            "type": _TYPES[kind],
            "log": base64url(register.fingerprint),
            "on": day.isoformat(),
            "after": base64url(register.quorum_leaf),
            "items": [item.to_value() for item in items],
        }
    )
    _require_allowed(register, decision)
    return decision


def _require_allowed(register: Register, decision: LaterDecision) -> None:
    """Say at once what the rules would forbid, however many approve."""
    everybody = Quorum((), len(register.community.officers), 0, "own")
    for item in decision.items:
        if isinstance(item, WithdrawItem):
            continue
        before = register.attestations[item.id]
        try:
            followed(before, item, decision.on, before.leaf, everybody, for_one=False)
        except OutOfOrder as error:
            raise UserError(str(error)) from error


def _id(attested: Attested) -> str:
    return attested.item.id


def _attested(register: Register, id_: str) -> Attested:
    attested = register.attestations.get(id_)
    if attested is None:
        raise NotHere("no published sanction of this id: `comity sanction list` shows all")
    return attested


def _open(register: Register, id_: str, day: date) -> Attested:
    attested = _attested(register, id_)
    state = attested.state(day)
    if state.is_final:
        raise UserError("this sanction has ended: %(state)s", state=English(state.name))
    return attested


async def _require_may_be_said(
    connection: AsyncConnection, register: Register, item: LaterItem, day: date
) -> None:
    """What has ended is left as it is, save that it may be erased, as long as anything is kept."""
    if not (isinstance(item, WithdrawItem) and item.because == "erased"):
        _open(register, item.id, day)
        return
    row = await attestations.get(connection, item.id)
    if row is None or row.content_sealed is None:
        raise UserError("what this sanction said is not kept any more: there is nothing to erase")


async def _refuse_twice(  # noqa: PLR0913, PLR0917 - of whom, what, when
    connection: AsyncConnection,
    vault: Vault,
    register: Register,
    ids: Sequence[str],
    kind: type[LaterDecision],
    day: date,
) -> None:
    for kept in await decisions.every_in(connection, vault, register):
        is_open = kept.state(day) == "pending" and isinstance(kept.decision, kind)
        if is_open and not set(ids).isdisjoint(decisions.attestations_of(kept.decision)):
            raise UserError(decisions.waits_already(kept.row))
