"""Who is on a row: own lists, built for one rule each."""

import unicodedata
from typing import Literal

import pytest

from node.attendees.headers import Owner
from node.attendees.rows import CANCELLED, EMPTY, LOST, NO_ATTENDEE, AttendeeRow, Candidate, State
from tests.demo import make_attendees
from tests.node.attendees.lists import PRETIX, csv_list, rows_of, values, xlsx_list

HOSTILE_NAMES = [
    '=HYPERLINK("http://example.org/?x="&A1;"click")',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
    "<script>alert('x')</script>",
    "Robert'); DROP TABLE students;--",
    "{{7*7}} ${7*7} %s",
    "\x1b[31mred\x07",
    "nul\x00byte",
    "\u202eoverride",
    "\u200fmark\u200f",
    "\uff1d1+1",
    "'t Hooft",
    'Anna "Dr." O\'Neil; Jr.',
    "line\u2028separator",
]
"""Names that attack whoever shows or stores them; also the corpus of the report's tests."""


def position(**cells: str) -> tuple[str, ...]:
    """A row of pretix's list; `name` stands for the header in words joined by underscores."""
    by_header = {
        "order": "Order code", "position": "Position ID", "status": "Status", "buyer": "Email",
        "phone": "Phone number", "name": "Attendee name", "given": "Attendee name: Given name",
        "family": "Attendee name: Family name", "email": "Attendee email",
        "add_on_to": "Add-on to position ID", "github": "GitHub handle",
    }  # fmt: skip
    given = {by_header[key]: value for key, value in cells.items()}
    return tuple(given.get(header, "") for header in PRETIX)


def one(**cells: str) -> AttendeeRow:
    """The row, in a list where another row has an attendee."""
    other = position(order="ZZZZZ", name="Other Person")
    return rows_of(csv_list(PRETIX, position(**cells), other))[0]


def test_all_addresses_are_candidates_each_with_its_owner() -> None:
    """The buyer's is asked beside the attendee's, and called the buyer's."""
    row = one(order="A", buyer="b@example.org", email="a@example.org", phone="+49 30 23125101")
    assert row.candidates == (
        Candidate("email", "b@example.org", Owner.BUYER),
        Candidate("phone", "+49 30 23125101", Owner.BUYER),
        Candidate("email", "a@example.org", Owner.ATTENDEE),
    )


def test_a_blank_address_leaves_the_buyers() -> None:
    """Which may be another person's, and is labelled so."""
    row = one(name="Mia Muster", buyer="b@example.org")
    assert values(row, "email", "buyer") == ["b@example.org"]
    assert values(row, "email", "attendee") == []
    assert row.state is State.LIVE


def test_one_address_of_both_is_the_attendees() -> None:
    """Upper case and outer spaces make no other address."""
    row = one(name="Mia", buyer=" Mia@Example.ORG", email="mia@example.org ")
    assert values(row, "email", "attendee") == ["mia@example.org"]
    assert values(row, "email", "buyer") == []


def test_full_and_composed_names_are_both_asked() -> None:
    """Either may be blank or differ; alike they are asked once."""
    assert values(one(name="Mia Muster"), "name", "attendee") == ["Mia Muster"]
    assert values(one(given="Mia", family="Muster"), "name", "attendee") == ["Mia Muster"]
    assert values(one(family="Muster"), "name", "attendee") == ["Muster"]
    both = one(name="Muster Mia", given="Mia", family="Muster")
    assert values(both, "name", "attendee") == ["Muster Mia", "Mia Muster"]
    assert len(one(name="Mia  Muster", given="mia", family="muster").candidates) == 1


def test_two_handles_in_one_cell_are_two_candidates() -> None:
    """As people type them."""
    row = one(name="x", github="octo-fake-1, octo-fake-2")
    assert values(row, "github", "attendee") == ["octo-fake-1", "octo-fake-2"]


@pytest.mark.parametrize(
    "status",
    ["canceled", "Cancelled", "canceled (paid fee)", "storniert", "annulée", "voided", "Refunded"],
)
def test_cancelled_rows_are_skipped(status: str) -> None:
    """In every language that is known, whatever is said in brackets."""
    row = one(name="Mia", email="mia@example.org", status=status)
    assert (row.state, row.reason, row.candidates) == (State.SKIPPED, CANCELLED, ())


def test_what_takes_long_to_normalise_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell, header or word for a column would hold up everybody whom the node serves."""
    marks = "a" + "\u0301" * 1000 + "\u0327" * 1000
    seen: list[int] = []
    normalize = unicodedata.normalize

    def counted(form: Literal["NFC", "NFKC"], text: str) -> str:
        seen.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counted)
    data = csv_list(("Email", "Status", marks), ("a@person.example", marks, "x"))
    (row,) = rows_of(data, [f"{marks}.=github"])
    assert values(row, "github", "attendee") == ["x"]
    assert row.state is State.LIVE
    assert 0 < max(seen) <= 300


@pytest.mark.parametrize(
    "status", ["paid", "pending", "expired", "approval pending", "bezahlt", "abgelaufen", "", "?"]
)
def test_what_is_not_certainly_cancelled_is_live(status: str) -> None:
    """An expired order can still be paid, and an unknown word costs only a question."""
    assert one(name="Mia", status=status).state is State.LIVE


def test_rows_without_an_attendee_are_skipped() -> None:
    """A T-shirt attends nothing; its buyer is on a row of their own if they come."""
    row = one(order="A", buyer="b@example.org", phone="+493023125101", status="paid")
    assert (row.state, row.reason) == (State.SKIPPED, NO_ATTENDEE)


def test_buyers_stand_for_attendees_where_the_list_knows_none() -> None:
    """A shop that asks for no attendee data must not come out as nobody to check."""
    data = csv_list(PRETIX, position(order="A", buyer="b@example.org"))
    assert [row.state for row in rows_of(data)] == [State.LIVE]


def test_an_add_on_with_a_person_has_the_parents_addresses_too() -> None:
    """Labelled as the parent ticket's; names are not lent."""
    parent = position(
        order="A", position="1", name="Mia Muster", email="mia@example.org", github="mia-fake"
    )
    add_on = position(order="A", position="2", add_on_to="1", name="Max", buyer="b@example.org")
    elsewhere = position(order="B", position="2", add_on_to="1", name="Ida")
    rows = rows_of(csv_list(PRETIX, add_on, parent, elsewhere))
    assert values(rows[0], "email", "parent") == ["mia@example.org"]
    assert values(rows[0], "github", "parent") == ["mia-fake"]
    assert values(rows[0], "name", "parent") == []
    assert values(rows[0], "email", "buyer") == ["b@example.org"]
    assert {c.whose for c in rows[1].candidates + rows[2].candidates} == {Owner.ATTENDEE}


def test_an_add_on_without_a_person_is_skipped() -> None:
    """Its person is asked about on the parent's row."""
    parent = position(order="A", position="1", name="Mia Muster", email="mia@example.org")
    add_on = position(order="A", position="2", add_on_to="1", buyer="mia@example.org")
    rows = rows_of(csv_list(PRETIX, parent, add_on))
    assert [(row.state, row.reason) for row in rows] == [
        (State.LIVE, None),
        (State.SKIPPED, NO_ATTENDEE),
    ]


@pytest.mark.parametrize("cell", ["#NAME?", "#REF!", "4.93023E+12", "4,93023E+12"])
def test_what_a_spreadsheet_destroyed_leaves_the_row_unchecked(cell: str) -> None:
    """`+49…` and `@handle` become errors or rounded numbers when a list is saved again."""
    rows = rows_of(
        xlsx_list(
            PRETIX, position(name="Mia", phone=cell), position(name="Max", email="m@x.example")
        )
    )
    assert [(row.state, row.reason) for row in rows] == [
        (State.UNCHECKED, LOST),
        (State.LIVE, None),
    ]
    assert values(rows[0], "name", "attendee") == ["Mia"]
    assert values(rows[0], "phone", "buyer") == []


def test_row_35_empty_cells_are_no_candidates() -> None:
    """Neither blank ones nor white space of any kind."""
    row = one(name="Mia", email=" ", buyer="\u00a0", github="\u3000", phone="\t", given=" ")
    assert row.candidates == (Candidate("name", "Mia", Owner.ATTENDEE),)


def test_row_35_a_list_of_empty_rows_has_nobody() -> None:
    """Every row is there, none is live."""
    rows = rows_of(csv_list(PRETIX, position(), position(status=" "), position(order="A")))
    assert [(row.state, row.reason) for row in rows] == [
        (State.SKIPPED, EMPTY),
        (State.SKIPPED, EMPTY),
        (State.SKIPPED, NO_ATTENDEE),
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_row_26_hostile_names_come_through_as_text(name: str) -> None:
    """Nothing is evaluated, nothing is lost, no row is torn."""
    assert values(one(name=name), "name", "attendee") == [name.strip()]


def test_the_sample_list_is_what_its_maker_makes() -> None:
    """Byte for byte."""
    assert make_attendees.TARGET.read_bytes() == make_attendees.make()


def test_the_sample_list_holds_the_cast_and_the_oddities_of_real_ones() -> None:
    """Whom the demonstration looks for, among a hundred others."""
    rows = rows_of(make_attendees.make())
    assert len(rows) == 117
    asked = {c for row in rows if row.state is State.LIVE for c in row.candidates}
    assert {
        Candidate("email", "mallory.quill+pyregion@example.org", Owner.ATTENDEE),
        Candidate("github", "MalloryQ-fake", Owner.ATTENDEE),
        Candidate("github", "https://github.com/casey-brandt-fake", Owner.ATTENDEE),
        Candidate("name", "Robin Vale", Owner.ATTENDEE),
    } <= asked
    assert {row.reason for row in rows} == {None, CANCELLED, NO_ATTENDEE}
    assert any(c.kind == "phone" and c.raw.startswith("+49") for c in asked)
    assert any(c.kind == "name" and c.raw.endswith("'t Veld") for c in asked)
    assert any(not values(row, "email", "attendee") for row in rows if row.state is State.LIVE)
