"""Who is to be asked about, row by row; every row of the list comes out, whatever is in it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from node.attendees.columns import Column, Mapping
from node.attendees.headers import HANDLES, Owner, Role, words
from node.attendees.table import Table, TableRow
from protocol.english import English


class State(StrEnum):
    """What is to be done with a row."""

    LIVE = "live"
    SKIPPED = "skipped"
    UNCHECKED = "unchecked"
    """It may be live, and not all of it could be read: never counted as checked."""


CANCELLED = English("cancelled")
NO_ATTENDEE = English("no attendee")
EMPTY = English("empty row")
"""The reasons for skipping a row."""

LOST = English("a cell holds an error or a rounded number in place of an address")

_CANCELLED = (
    "canceled | cancelled | void | voided | refunded | refunded/canceled | deleted | withdrawn"
    " | rejected | not attending | storniert | abgesagt | erstattet | annulé | annulée"
    " | remboursé | cancelado | cancelada | anulado | annullato | annullata | cancellato"
    " | geannuleerd | anulowane | anulowany | anulowano | zrušeno | zrušená | annulleret"
    " | avbruten | avbokad | kansellert | peruttu | peruutettu | törölt | stornirano | otkazano"
    " | preklicano | anulat | iptal edildi | отменен | отменён | отменено | отменена"
    " | скасовано | キャンセル | キャンセル済み | 已取消 | ملغي | ακυρώθηκε"
)
CANCELLED_WORDS = frozenset(words(status) for status in _CANCELLED.split(" | "))
"""Words for an order or ticket that is no more. An unlisted word leaves the row live, which costs
a question; a pending or expired order can still be paid, so that it is live too."""

_LOST_CELL = re.compile(r"#(REF!|NAME\?|VALUE!|N/A|NUM!|NULL!|DIV/0!)|[+-]?\d[.,]\d+E\+\d+")
BETWEEN_HANDLES = re.compile(r"[,;\s]+")
"""What stands between several handles in one cell."""

_PRIORITY = (Owner.ATTENDEE, Owner.PARENT, Owner.BUYER, Owner.UNKNOWN)


@dataclass(frozen=True)
class Candidate:
    """What may identify somebody: a kind of the protocol, the text as given, whose it is."""

    kind: str
    raw: str
    whose: Owner


@dataclass(frozen=True)
class AttendeeRow:
    """One data row of the list."""

    number: int
    """1 for the first data row."""
    order_code: str
    candidates: tuple[Candidate, ...]
    state: State
    reason: str | None = None
    """Why it is skipped or unchecked; None where it is live."""


def attendee_rows(table: Table, mapping: Mapping) -> list[AttendeeRow]:
    """Read every row: as many come out as the table has, in its order.

    A row is live if it is not cancelled and has an attendee, which is anything said of one. Where
    no row of the list says anything of an attendee, as in a list of orders, the buyers stand for
    them. A buyer's address that is also the attendee's is called the attendee's.
    """
    own = [_candidates(row, mapping) for row in table.rows]
    naming = {Owner.ATTENDEE, Owner.UNKNOWN}
    if not any(candidate.whose in naming for found in own for candidate in found):
        naming.add(Owner.BUYER)
    parents = dict(_by_ticket(table, mapping, own))
    rows = []
    for number, (row, found) in enumerate(zip(table.rows, own, strict=True), 1):
        state, reason = _state(row, mapping)
        if state is State.LIVE and not any(candidate.whose in naming for candidate in found):
            state, reason = State.SKIPPED, NO_ATTENDEE
        inherited = parents.get(_ticket(row, mapping, Role.ADD_ON_TO), ())
        candidates = _unique((*found, *inherited)) if state is not State.SKIPPED else ()
        rows.append(AttendeeRow(number, _order(row, mapping), candidates, state, reason))
    return rows


def _state(row: TableRow, mapping: Mapping) -> tuple[State, str | None]:
    """What the row itself says, whoever is on it."""
    if row.fault is not None:
        return State.UNCHECKED, row.fault
    if row.empty:
        return State.SKIPPED, EMPTY
    if any(_cancelled(_cell(row, column)) for column in mapping.having(Role.STATUS)):
        return State.SKIPPED, CANCELLED
    if any(_LOST_CELL.fullmatch(_cell(row, column)) for column in _identifying(mapping)):
        return State.UNCHECKED, LOST
    return State.LIVE, None


def _cancelled(status: str) -> bool:
    """Whether a status says so; pretix adds, say, "(paid fee)" where it kept some money."""
    return words(status.partition("(")[0]) in CANCELLED_WORDS


def _cell(row: TableRow, column: Column) -> str:
    return row.cells[column.index].strip()


def _first(row: TableRow, mapping: Mapping, role: Role) -> str:
    return next(filter(None, (_cell(row, column) for column in mapping.having(role))), "")


def _order(row: TableRow, mapping: Mapping) -> str:
    return _first(row, mapping, Role.ORDER)


def _identifying(mapping: Mapping) -> tuple[Column, ...]:
    return mapping.having(Role.EMAIL, Role.PHONE, *HANDLES)


def _candidates(row: TableRow, mapping: Mapping) -> tuple[Candidate, ...]:
    return _unique((*_identifiers(row, mapping), *_names(row, mapping)))


def _identifiers(row: TableRow, mapping: Mapping) -> Iterator[Candidate]:
    for column in _identifying(mapping):
        cell = _cell(row, column)
        if column.role is None or column.owner is None or _LOST_CELL.fullmatch(cell):
            continue
        several = BETWEEN_HANDLES.split(cell) if column.role in HANDLES else [cell]
        for raw in filter(None, several):
            yield Candidate(column.role, raw, column.owner)


def _names(row: TableRow, mapping: Mapping) -> Iterator[Candidate]:
    """The full name, and the one made of its parts: either may be blank, or differ."""
    for owner in Owner:
        parts = {}
        for role in (Role.NAME, Role.GIVEN_NAME, Role.FAMILY_NAME):
            cells = (_cell(row, c) for c in mapping.having(role) if c.owner is owner)
            parts[role] = next(filter(None, cells), "")
        joined = f"{parts[Role.GIVEN_NAME]} {parts[Role.FAMILY_NAME]}".strip()
        for raw in filter(None, (parts[Role.NAME], joined)):
            yield Candidate(Role.NAME, raw, owner)


def _unique(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each value once, under the owner that says most."""
    best: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        key = (candidate.kind, " ".join(candidate.raw.casefold().split()))
        known = best.setdefault(key, candidate)
        if _PRIORITY.index(candidate.whose) < _PRIORITY.index(known.whose):
            best[key] = candidate
    return tuple(best.values())


def _ticket(row: TableRow, mapping: Mapping, role: Role) -> tuple[str, str] | None:
    """The order and position that `role` points to, or None where it points to none."""
    order, position = _order(row, mapping), _first(row, mapping, role)
    return (order, position) if order and position else None


def _by_ticket(
    table: Table, mapping: Mapping, own: Iterable[tuple[Candidate, ...]]
) -> Iterator[tuple[tuple[str, str] | None, tuple[Candidate, ...]]]:
    """What a parent ticket lends to its add-ons: its holder's addresses and handles, no name.

    An add-on with a name of its own is somebody else's as often as not.
    """
    for row, found in zip(table.rows, own, strict=True):
        ticket = _ticket(row, mapping, Role.POSITION)
        if ticket is not None:
            yield (
                ticket,
                tuple(
                    Candidate(candidate.kind, candidate.raw, Owner.PARENT)
                    for candidate in found
                    if candidate.whose is Owner.ATTENDEE and candidate.kind != Role.NAME
                ),
            )
