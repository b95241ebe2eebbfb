"""What pretix itself wrote, against the truth about who holds which ticket."""

import json
from functools import cache
from typing import Any

import pytest

from node.attendees.columns import describe, propose
from node.attendees.headers import Owner, Role
from node.attendees.reading import read_table
from node.attendees.rows import CANCELLED, NO_ATTENDEE, AttendeeRow, State
from tests.node.attendees.lists import rows_of, values
from tests.paths import SHARED

PRETIX = SHARED / "data" / "pretix"
EXPORTS = PRETIX / "exports"
POSITIONS = sorted(EXPORTS.glob("orderlist_positions_*.csv")) + sorted(EXPORTS.glob("*.xlsx"))
SERIES = sorted(EXPORTS.glob("series_*.csv"))
CHECKIN = sorted(EXPORTS.glob("checkinlist_*.csv"))
ORDERS = sorted(EXPORTS.glob("orderlist_orders_*.csv"))
WAITING = sorted(EXPORTS.glob("waitinglist_*.csv"))

Ticket = dict[str, Any]


@cache
def truth(event: str) -> dict[tuple[str, str], Ticket]:
    people = json.loads((PRETIX / "people.json").read_text("utf-8"))
    tickets = [ticket for person in people["people"] for ticket in person["tickets"]]
    tickets += people["positions_without_a_person"]
    return {(t["order"], str(t["positionid"])): t for t in tickets if t["event"] == event}


def by_ticket(path: Any) -> dict[tuple[str, str], AttendeeRow]:
    table = read_table(path.read_bytes())
    mapping = propose(table)
    (order,), (position,) = mapping.having(Role.ORDER), mapping.having(Role.POSITION)
    tickets = [(row.cells[order.index], row.cells[position.index]) for row in table.rows]
    return dict(zip(tickets, rows_of(path.read_bytes()), strict=True))


def identifying(rows: list[AttendeeRow]) -> list[tuple[str, tuple[Any, ...], str, str | None]]:
    return [(row.order_code, row.candidates, row.state, row.reason) for row in rows]


def printable(text: str) -> str:
    """Without control characters, which xlsx cannot hold, and with single spaces."""
    return " ".join("".join(c for c in text if c >= " " or c in "\t\n\r").split())


@pytest.mark.parametrize("path", POSITIONS, ids=lambda path: path.name)
def test_every_position_has_the_addresses_and_handles_of_its_person(path: Any) -> None:
    """Each ticket of the shop is one row, with its own address, handle and buyer, as typed."""
    rows, tickets = by_ticket(path), truth("2027")
    assert rows.keys() == tickets.keys()
    for key, row in rows.items():
        if row.state is State.SKIPPED:
            continue
        ticket = tickets[key]
        email, buyer = ticket["attendee_email"], ticket["order_email"]
        assert values(row, "email", "attendee") == ([email.strip()] if email else [])
        same = (email or "").casefold() == buyer.casefold()
        assert values(row, "email", "buyer") == ([] if same else [buyer])
        handle = ticket.get("github_as_typed", "")
        assert values(row, "github", "attendee") == handle.replace(",", " ").split()
        phone = ticket.get("order_phone")
        assert values(row, "phone", "buyer") == ([phone] if phone else [])


@pytest.mark.parametrize("path", POSITIONS, ids=lambda path: path.name)
def test_every_position_has_the_name_of_its_person(path: Any) -> None:
    """Names come as typed; only who typed `'=` himself cannot be told from a neutralised cell."""
    tickets, different = truth("2027"), []
    for key, row in by_ticket(path).items():
        name = tickets[key]["attendee_name"]
        if row.state is not State.SKIPPED and name:
            read = [printable(raw) for raw in values(row, "name", "attendee")]
            different += [name] if printable(name) not in read else []
    assert different == ([] if path.suffix == ".xlsx" else ["'=Ambiguous '@Ambiguous"])


@pytest.mark.parametrize("path", POSITIONS, ids=lambda path: path.name)
def test_live_rows_are_those_not_cancelled_that_have_a_person(path: Any) -> None:
    """Cancelled orders and positions, and merchandise, are skipped with the reason; no other."""
    tickets = truth("2027")
    for key, row in by_ticket(path).items():
        ticket = tickets[key]
        if ticket["order_status"] == "c" or ticket.get("canceled"):
            expected: tuple[str, str | None] = ("skipped", CANCELLED)
        elif ticket["attendee_name"] or ticket["attendee_email"]:
            expected = ("live", None)
        else:
            expected = ("skipped", NO_ATTENDEE)
        assert (row.state, row.reason) == expected


@pytest.mark.parametrize("path", POSITIONS[1:], ids=lambda path: path.name)
def test_every_dialect_and_language_gives_the_same_rows(path: Any) -> None:
    """Delimiter, quoting, language and format change nothing, but for what xlsx cannot hold."""
    first, other = rows_of(POSITIONS[0].read_bytes()), rows_of(path.read_bytes())
    if path.suffix != ".xlsx":
        assert identifying(other) == identifying(first)
        return
    assert [(row.order_code, row.state) for row in other] == [
        (row.order_code, row.state) for row in first
    ]


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.name)
def test_a_series_of_events_is_read_like_one(path: Any) -> None:
    """The extra date columns of a series disturb nothing."""
    rows, tickets = by_ticket(path), truth("meetups")
    assert rows.keys() == tickets.keys()
    for key, row in rows.items():
        assert row.state is State.LIVE
        assert values(row, "email", "attendee") == [tickets[key]["attendee_email"]]
        assert values(row, "name", "attendee") == [tickets[key]["attendee_name"]]


@pytest.mark.parametrize("path", CHECKIN, ids=lambda path: path.name)
def test_the_address_of_a_check_in_list_is_nobodys_for_certain(path: Any) -> None:
    """There pretix puts the buyer's or the parent's address where the attendee gave none."""
    known: dict[str, set[str]] = {}
    for (order, _), ticket in truth("2027").items():
        given = {ticket["attendee_email"], ticket["order_email"]} - {None}
        known.setdefault(order, set()).update(address.casefold() for address in given)
    rows = rows_of(path.read_bytes())
    assert len(rows) == 494
    for row in rows:
        assert row.state is State.LIVE
        (address,) = values(row, "email", "unknown")
        assert address.casefold() in known[row.order_code]
        assert values(row, "email", "attendee") == []


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.name)
def test_a_list_of_orders_asks_about_buyers(path: Any) -> None:
    """Without any attendee in the list, buyers stand for them and are called what they are."""
    tickets = truth("2027")
    buyers = {order: ticket["order_email"] for (order, _), ticket in tickets.items()}
    rows = rows_of(path.read_bytes())
    assert {row.order_code for row in rows} == buyers.keys()
    assert len(rows) == len(buyers)
    assert sum(row.reason == CANCELLED for row in rows) == 27
    for row in rows:
        assert {candidate.whose for candidate in row.candidates} <= {Owner.BUYER}
        if row.state is State.LIVE:
            assert values(row, "email", "buyer") == [buyers[row.order_code]]


@pytest.mark.parametrize("path", WAITING, ids=lambda path: path.name)
def test_who_waits_is_asked_about_as_an_attendee(path: Any) -> None:
    """A waiting list has no orders: each entry is the person's own. "Date" stands in it twice."""
    entries = json.loads((PRETIX / "api" / "waitinglist.json").read_text("utf-8"))["results"]
    rows = rows_of(path.read_bytes())
    assert [values(row, "email", "attendee") for row in rows] == [[e["email"]] for e in entries]
    assert [values(row, "phone", "attendee") for row in rows] == [
        [e["phone"]] if e["phone"] else [] for e in entries
    ]
    assert all(row.state is State.LIVE for row in rows)


@pytest.mark.parametrize("path", POSITIONS + CHECKIN, ids=lambda path: path.name)
def test_the_description_says_whose_address_each_column_holds(path: Any) -> None:
    """People read what was understood before anything is asked."""
    lines = describe(propose(read_table(path.read_bytes())))
    emails = [line for line in lines if ": email, " in line]
    if path in CHECKIN:
        assert [line.endswith("the list does not say.") for line in emails] == [True]
    else:
        assert [line.rpartition(", ")[2] for line in emails] == ["the buyer's.", "the attendee's."]
    assert lines[-1].startswith("Left aside: ")
