"""What a report counts, from what is in the log, held and recorded: pure, within days.

Each thing is counted once, in the period in which it happened: a statement on the day on which it
was logged, an end by the rules on the first day after it, an act on the day of its record. Nothing
is counted that carries over from one period to the next, such as how many are in force: it would
say by subtraction what the periods hold back.

A sanction whose content was forgotten before is counted in the totals, and its measure in public;
what only its content said is not known any more. An erasure of what had ended is no second end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar, get_args

from node.audit import Act, Recorded
from node.clock import day_of
from protocol.attested import Attested
from protocol.claims import Claims, Measure, ScopeKind
from protocol.exchange import PurposeKind
from protocol.inquiry import Phrase
from protocol.items import (
    AppealItem,
    AttestItem,
    LaterItem,
    NoticeItem,
    ReaffirmItem,
    ResealItem,
    StayItem,
    WithdrawItem,
)
from protocol.statements import CommunityDecision, Decision

T = TypeVar("T")

SEVERAL = "several"
"""In the place of a scope: the sanction holds in spaces of more than one kind."""

ENDS = ("lifted", "overturned", "superseded", "erased", "expired", "lapsed")
ANSWERS = ("granted", "rejected", "withdrawn")
ACTS: tuple[Act, ...] = ("check", "screen", "evaluate", "inquire", "answer")
"""Kinds of acts that are counted."""

ORIGINS = ("own_decision", "recognition")


@dataclass(frozen=True)
class Period:
    """Days, the first and the last included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Logged:
    """A decision in our own log, and the day on which it came there."""

    on: date
    decision: Decision


@dataclass(frozen=True)
class Table:
    """How often each of some things that exclude each other was the case."""

    name: str
    cells: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.cells.values())


@dataclass(frozen=True)
class Counts:
    """All that is counted: numbers that stand alone, and tables."""

    alone: Mapping[str, int]
    tables: Sequence[Table]


def count(
    logged: Iterable[Logged],
    attested: Iterable[Attested],
    held: Mapping[str, Claims],
    acts: Iterable[Recorded],
    period: Period,
) -> Counts:
    """What happened within a period.

    Args:
        logged: the effective decisions of our log.
        attested: all that it attests, as it stands now.
        held: what our own attestations say, by their ids, as far as it is held.
        acts: those of `ACTS` in the record.
        period: the days that count.
    """
    items = [item for each in logged if each.on in period for item in _items(each.decision)]
    published = list(_of(items, AttestItem))
    decided = [held[item.id] for item in published if item.id in held]
    private = [held[each.id].measure for each in published if not each.measure and each.id in held]
    answered = [item.state for item in _of(items, AppealItem) if item.state != "opened"]
    now = {each.item.id: each for each in attested}
    withdrawn = [item for item in _of(items, WithdrawItem) if item.because == now[item.id].ending]
    ended = [item.because for item in withdrawn] + list(_by_rule(now.values(), period))
    within = [act for act in acts if day_of(act.at) in period]
    return Counts(
        alone={
            "decided": len(published),
            "appealed": sum(item.state == "opened" for item in _of(items, AppealItem)),
            "reviewed": len(list(_of(items, ReaffirmItem))),
            "stayed": len(list(_of(items, StayItem))),
            "told_later": len(list(_of(items, NoticeItem))),
        },
        tables=(
            _table("measure_public", [each.measure for each in published], get_args(Measure)),
            _table("measure", private, get_args(Measure)),
            _table("scope", map(_scope, decided), (*get_args(ScopeKind), SEVERAL)),
            _table("origin", [each.origin.kind for each in decided], ORIGINS),
            _table("ended", ended, ENDS),
            _table("appeals", answered, ANSWERS),
            _table("checked", _purposes(within, "check"), get_args(PurposeKind)),
            _table("screened", _purposes(within, "screen"), get_args(PurposeKind)),
            _table("answered", _purposes(within, "evaluate"), get_args(PurposeKind)),
            _table("inquired", _purposes(within, "inquire", "asked"), get_args(PurposeKind)),
            _table("inquiries", _purposes(within, "answer", "received"), get_args(PurposeKind)),
            _table("inquiry_answers", _phrases(within), get_args(Phrase)),
        ),
    )


def _items(decision: Decision) -> Sequence[AttestItem | ResealItem | LaterItem]:
    return () if isinstance(decision, CommunityDecision) else decision.about


def _of(items: Iterable[object], kind: type[T]) -> Iterator[T]:
    return (item for item in items if isinstance(item, kind))


def _table(name: str, found: Iterable[str | None], cells: Sequence[str]) -> Table:
    counted = Counter(found)
    return Table(name, {cell: counted[cell] for cell in cells})


def _scope(claims: Claims) -> str:
    kinds = {scope.kind for scope in claims.scope}
    return kinds.pop() if len(kinds) == 1 else SEVERAL


def _by_rule(attested: Iterable[Attested], period: Period) -> Iterator[str]:
    """How those ended that nobody withdrew, whose first day without force is in the period."""
    for each in attested:
        ended_on = each.last_day + timedelta(days=1)
        if each.ending is None and ended_on in period:
            yield each.state(ended_on).name


def _purposes(acts: Iterable[Recorded], wanted: Act, what: str | None = None) -> list[str]:
    """What acts were for; of one that has several steps, of the step that is `what`."""
    purposes: list[Mapping[str, Any]] = [
        act.detail["purpose"]
        for act in acts
        if act.act == wanted and what in (None, act.detail.get("what"))
    ]
    return [str(purpose["kind"]) for purpose in purposes]


def _phrases(acts: Iterable[Recorded]) -> list[str]:
    """What peers' inquiries were answered with."""
    answers = [act for act in acts if act.act == "answer" and act.detail["what"] == "answered"]
    return [str(act.detail["phrase"]) for act in answers]
