"""Screening lists: what becomes of every row, and that none is lost."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node import tables
from node.attendees.headers import Owner
from node.attendees.report import write_report
from node.attendees.rows import AttendeeRow, Candidate, State
from node.cli.closing import closing
from node.config import load
from node.errors import Refused
from node.home import Home
from node.node import Node
from node.screening import RowResult, identify
from node.store import Store
from node.vault import Vault
from protocol.exchange import EvaluateAnswer, EvaluateRequest, Purpose
from tests.node.attendees.lists import csv_list
from tests.node.attendees.test_rows import HOSTILE_NAMES
from tests.node.issuers import TODAY, Issuer
from tests.node.screenings import by_outcome, screened
from tests.paths import ROOT

DEMO = ROOT / "tests" / "demo" / "attendees.csv"
HEADER = ("Order code", "Status", "Attendee name", "Attendee email", "Email", "GitHub handle")


@pytest.fixture
def node(home: Home, store: Store, vault: Vault) -> Node:
    return Node(home, load(home), vault, store)


@pytest.fixture
async def issuer(node: Node) -> Issuer:
    """Has published Mallory Quill."""
    made = Issuer("python.example")
    made.publish("email:mallory@quill.example", "github:mallory-fake", "name:Mallory Quill")
    await made.admitted_at(node)
    return made


def a_list(*rows: Sequence[str]) -> bytes:
    """A list of these rows below `HEADER`."""
    return csv_list(HEADER, *rows)


def found(row: RowResult) -> list[tuple[str, str]]:
    """What matched in a row, and whose it is."""
    findings = row.result.findings if row.result else ()
    return [pair for each in findings for pair in zip(each.matched, each.whose, strict=True)]


async def test_each_kind_of_row(node: Node, issuer: Issuer) -> None:
    """Matches of the attendee's, the buyer's; a name; nothing; skipped and unreadable rows."""
    result = await screened(
        node,
        a_list(
            ("A1", "paid", "Alice A", "alice@a.example", "alice@a.example", ""),
            ("A2", "paid", "Mallory Q", "MALLORY@quill.example", "other@a.example", ""),
            ("A3", "paid", "Bob B", "bob@a.example", "mallory@Quill.Example", ""),
            ("A4", "paid", "Quill, Mallory", "", "", ""),
            ("A5", "canceled", "Mallory Quill", "mallory@quill.example", "", ""),
            ("A6", "paid", "", "", "mallory@quill.example", ""),
            ("A7", "paid", "M", "not an address", "", "@Mallory-Fake"),
            ("A8", "paid", "?", "none", "", ""),
            ("A9", "paid", "Carol Cooper", "", "", ""),
        ),
        [issuer],
    )
    assert [(row.asked.checked_by, row.outcome) for row in result.rows] == [
        ("identifier", "nothing_found"),
        ("identifier", "match"),
        ("identifier", "match"),
        ("name_only", "possible"),
        ("skipped", None),
        ("skipped", None),
        ("identifier", "match"),
        ("nothing", None),
        ("name_only", "nothing_found"),
    ]
    assert ("email", "attendee") in found(result.rows[1])
    assert ("email", "buyer") in found(result.rows[2])
    assert found(result.rows[3]) == [("name", "attendee")]
    assert found(result.rows[6]) == [("github", "attendee")]
    assert "email" in result.rows[6].asked.unreadable
    assert [row.asked.reason for row in result.rows[4:6]] == ["cancelled", "no attendee"]
    summary = result.summary()
    assert summary == summary | {
        "rows": 9, "checked": 4, "name_only": 2, "unchecked": 1, "skipped": 2,
        "match": 3, "possible": 1, "nothing_found": 2,
    }  # fmt: skip
    assert not result.is_all_clear(strict=False)


async def test_the_bundled_list_is_screened_like_a_real_one(node: Node, issuer: Issuer) -> None:
    """Everybody on it who was published is found, and nobody else."""
    rows = list(csv.DictReader(content(DEMO).splitlines()))
    expected = [
        number
        for number, row in enumerate(rows, 1)
        if "malloryq-fake" in row["GitHub handle"].lower()
    ]
    issuer.publish("github:MalloryQ-fake", "name:Robin Vale")
    await issuer.admitted_at(node)
    result = await screened(node, DEMO.read_bytes(), [issuer])
    assert [row.asked.row.number for row in by_outcome(result, "match")] == expected != []
    names = [row.asked.row.number for row in by_outcome(result, "possible")]
    assert [rows[number - 1]["Attendee name"] for number in names] == ["Robin Vale"]


def content(path: Path) -> str:
    """A file's text."""
    return path.read_text("utf-8-sig")


@pytest.mark.parametrize(
    "rows", [(), (("", "", "", "", "", ""),), (("A1", "paid", "", "", "", ""),)], ids=repr
)
async def test_row_35_a_list_of_nobody_matches_nobody_and_is_no_all_clear(
    node: Node, issuer: Issuer, rows: Sequence[Sequence[str]]
) -> None:
    """An empty list, an empty row and empty cells ask nothing."""
    result = await screened(node, a_list(*rows), [issuer])
    assert by_outcome(result, "match") == by_outcome(result, "possible") == []
    assert issuer.asked == []
    assert not result.is_all_clear(strict=False)


async def test_all_clear_needs_every_row_and_every_peer(node: Node, issuer: Issuer) -> None:
    """Rows by name only, and initials, count where `strict` says so; a cancelled one never."""
    alice = ("A1", "paid", "Alice Able", "alice@a.example", "", "")
    initials = ("A1", "paid", "A. A.", "alice@a.example", "", "")
    handle = ("A1", "paid", "Alice Able", "alice@a.example", "", "no/handle/of/mine")
    name = ("A2", "paid", "Bob Brown", "", "", "")
    gone = ("A3", "cancelled", "Carol Cooper", "carol@a.example", "", "")
    unread = ("A4", "paid", "?", "", "", "")
    for rows, lenient, strict in (
        ((alice, gone), True, True),
        ((alice, name), True, False),
        ((name,), True, False),
        ((alice, unread), False, False),
        ((gone,), False, False),
        ((initials,), True, False),
        ((handle,), False, False),
    ):
        result = await screened(node, a_list(*rows), [issuer])
        assert result.is_all_clear(strict=False) is lenient
        assert result.is_all_clear(strict=True) is strict
    issuer.cosigned_at -= 2 * 86_400
    await issuer.admitted_at(node)
    stale = await screened(node, a_list(alice), [issuer])
    assert not stale.is_all_clear(strict=False)


async def test_a_cell_that_cannot_be_read_is_named_and_no_all_clear(
    node: Node, issuer: Issuer
) -> None:
    """A national number beside a good address: the row is named, its content never."""
    header = ("Attendee email", "Phone", "Status")
    rows = [("mallory@a.example", "0301 2345678", "paid")] * 4
    rows[1] = ("alice@a.example", "+49 301 2345678", "paid")
    gone = ("bob@a.example", "0301 2345678", "cancelled")
    result = await screened(node, csv_list(header, *rows, gone), [issuer])
    assert result.summary()["checked"] == 4
    assert not result.is_all_clear(strict=False)
    assert not result.is_all_clear(strict=True)
    words = list(closing(result))
    assert "Nothing found in what could be read; 3 rows hold something that could not." in words
    assert "  phone: rows 1, 3 to 4" in words
    assert any("--region" in line and "default_region" in line for line in words)
    said = [(line.row, line.outcome) for line in result.report_lines()][:3]
    assert said == [(row, "checked in part, could not be read: phone") for row in (1, 3, 4)]
    assert "2345678" not in "\n".join(words)
    one = await screened(node, csv_list(header, rows[0]), [issuer])
    assert "  phone: row 1" in list(closing(one))
    assert "1 row holds something that could not." in list(closing(one))[1]


async def test_row_26_hostile_cells_go_through_as_text(
    node: Node, issuer: Issuer, tmp_path: Path
) -> None:
    """Every hostile name and address is a row like any other, and harmless in the report."""
    rows = [(name, "paid", name, "mallory@quill.example", name, name) for name in HOSTILE_NAMES]
    clean = [[cell.replace("\0", "") for cell in row] for row in rows]
    result = await screened(node, a_list(*clean), [issuer])
    live = [row for row in result.rows if row.asked.checked_by != "skipped"]
    assert {row.outcome for row in live} == {"match"}
    report = tmp_path / "report.csv"
    write_report(report, [line for row in result.rows for line in row.report_lines()])
    text = content(report)
    assert "mallory" not in text.lower()
    assert "ban" not in text
    for record in csv.reader(text.splitlines()):
        assert not any(cell[:1] in ("=", "+", "-", "@", "|", "%") for cell in record)
    for row in result.rows:
        assert "mallory" not in str(row.to_value()).lower()


async def test_row_25_the_report_holds_no_name_and_no_measure(node: Node, issuer: Issuer) -> None:
    """Row, order code, outcome, issuer, contact and finding id: not itself a list of people."""
    result = await screened(
        node,
        a_list(
            ("A1", "paid", "Mallory Quill", "mallory@quill.example", "", ""),
            ("A2", "paid", "?", "", "", ""),
            ("A3", "paid", "Alice Able", "alice@a.example", "", ""),
        ),
        [issuer],
    )
    lines = list(result.report_lines())
    assert [(line.row, line.order_code, line.outcome, line.issuer) for line in lines] == [
        (1, "A1", "match", "python.example"),
        (2, "A2", "not checked, could not be read: name", ""),
        (None, "", f"heard as of {TODAY}", "python.example"),
    ]
    assert (lines[0].issuer, lines[0].contact) == ("python.example", "appeals@python.example")
    assert result.rows[0].result is not None
    assert lines[0].finding == result.rows[0].result.findings[0].id


@dataclass
class Tiring(Issuer):
    """Refuses from one of its answers on."""

    patience: int = 1

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Answer, or refuse."""
        if len(self.asked) >= self.patience:
            raise Refused("over-budget", 3600)
        return await super().evaluate(request)


async def test_a_refusal_midway_leaves_no_row_wrongly_clear(node: Node) -> None:
    """Rows that the issuer answered for in full are heard; the rest is not, until asked again."""
    issuer = Tiring("tiring.example")
    issuer.publish("email:p1199@a.example")
    await issuer.admitted_at(node)
    data = csv_list(["Email"], *([f"p{number}@a.example"] for number in range(1200)))
    first = await screened(node, data, [issuer])
    states = [row.result.coverage.complete for row in first.rows if row.result]
    assert len(set(states)) == 2
    assert not first.coverage.complete
    assert not first.is_all_clear(strict=False)
    complete = states.count(True)
    lacking = 1200 - complete
    assert first.heard_in_part == {issuer.fingerprint: lacking}
    counts = first.summary()
    assert (counts["answered_by_all"], counts["answered_by_some"]) == (complete, 0)
    of_peer, of_list = list(first.report_lines())[-2:]
    assert of_peer.outcome.startswith(f"partly heard, not about {lacking} rows (")
    assert of_list.outcome == f"not completely answered: {lacking} rows"
    assert not [line for line in closing(first) if "1200 were checked" in line]
    assert next(closing(first)).startswith(
        f"1200 rows could be checked: {complete} were answered for by every peer, 0 by some"
    )
    assert "PARTLY heard" in "\n".join(closing(first))
    issuer.patience = 100
    second = await screened(node, data, [issuer])
    assert second.coverage.complete
    assert second.heard_in_part == {}
    assert [line.outcome for line in second.report_lines()] == ["match", f"heard as of {TODAY}"]
    assert [row.asked.row.number for row in by_outcome(second, "match")] == [1200]


async def test_where_nobody_answered_nothing_was_checked(node: Node) -> None:
    """Neither the words nor the report say that rows were checked, or that nothing was found."""
    issuer = Tiring("tiring.example", patience=0)
    issuer.publish("email:mallory@quill.example")
    data = csv_list(["Email"], ["alice@a.example"], ["bob@a.example"], ["?"])
    unasked = await screened(node, data, [])
    assert next(closing(unasked)) == (
        "2 rows could be checked, NONE was: there is no peer to ask; 1 could not be checked."
    )
    assert list(unasked.report_lines())[-2].outcome == "nobody was asked: no peer is active"
    await issuer.admitted_at(node)
    unheard = await screened(node, data, [issuer])
    words = list(closing(unheard))
    assert words[0].startswith("2 rows could be checked, NONE was: no peer answered")
    assert "found" not in " ".join(words)
    assert [line.outcome.partition(" (")[0] for line in unheard.report_lines()] == [
        "not checked, could not be read: email", "not heard", "not completely answered: 2 rows"
    ]  # fmt: skip


async def test_findings_that_make_no_match_are_counted(node: Node) -> None:
    """A measure that is over before the event is a note: in the summary and in the words."""
    issuer = Issuer("python.example")
    issuer.publish("email:mallory@quill.example", ends_on=str(TODAY + timedelta(days=10)))
    await issuer.admitted_at(node)
    day = TODAY + timedelta(days=11)
    event = Purpose(kind="registration", start=day, end=day)
    result = await screened(node, csv_list(["Email"], ["mallory@quill.example"]), [issuer], event)
    assert (result.summary()["match"], result.summary()["notes"]) == (0, 1)
    assert next(result.report_lines()).outcome == "note"
    words = list(closing(result))
    assert words[:2] == ["Of 1 row 1 was checked, 0 by name only.", "Nothing found."]
    assert words[2].startswith("Besides, 1 finding without a match")


async def test_a_list_of_nobody_says_so(node: Node, issuer: Issuer) -> None:
    empty = await screened(node, a_list(), [issuer])
    assert "a header and no row" in next(closing(empty))
    gone = ("A1", "cancelled", "Carol Cooper", "carol@a.example", "", "")
    skipped = await screened(node, a_list(gone), [issuer])
    assert next(closing(skipped)) == (
        "Of 1 row none could be checked; 1 was skipped (1 cancelled)."
    )


async def test_findings_of_the_same_row_keep_their_ids(node: Node, issuer: Issuer) -> None:
    """However often a list is screened; rows of one person have findings of their own."""
    row = ("A1", "paid", "Mallory Quill", "mallory@quill.example", "", "")
    data = a_list(row, row)
    first, second = [await screened(node, data, [issuer]) for _ in range(2)]
    assert [row.to_value()["findings"] for row in first.rows] == [
        row.to_value()["findings"] for row in second.rows
    ]
    ids = [found.id for row in first.rows if row.result for found in row.result.findings]
    assert len(set(ids)) == 2


async def test_row_25_a_list_is_not_kept(node: Node, issuer: Issuer) -> None:
    """What a screening leaves is tokens, which name nobody and end with their day."""
    data = a_list(("ORDER-1", "paid", "Mallory Quill", "mallory@quill.example", "", ""))
    await screened(node, data, [issuer])
    async with node.store.read() as connection:
        kept = {
            table.name: (await connection.execute(table.select())).all()
            for table in tables.metadata.sorted_tables
        }
    assert kept["tokens"]
    everything = repr(kept).lower()
    assert not [word for word in ("mallory", "quill", "order-1") if word in everything]


def row_of(*candidates: Candidate) -> AttendeeRow:
    """A live row."""
    return AttendeeRow(1, "A1", candidates, State.LIVE)


def test_of_an_address_that_is_two_peoples_the_attendee_is_named() -> None:
    """In another spelling it is the same address, and the owner that says most is kept."""
    (row,) = identify(
        [
            row_of(
                Candidate("email", "A.B@gmail.com", Owner.BUYER),
                Candidate("email", "ab+x@googlemail.com", Owner.ATTENDEE),
            )
        ],
        None,
    )
    assert {each.text: whose for each, whose in row.identifiers.items()} == {
        "email:ab@gmail.com": "attendee"
    }


def test_a_role_address_checks_a_row_no_better_than_a_name() -> None:
    (row,) = identify([row_of(Candidate("email", "info@a.example", Owner.ATTENDEE))], None)
    assert row.checked_by == "name_only"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.lists(st.text(max_size=12), min_size=11, max_size=11), max_size=6))
def test_any_cells_give_a_row_that_is_counted(rows: list[list[str]]) -> None:
    """Whatever is in a cell: identified or noted, and never an error."""
    asked = identify(
        [
            row_of(*(Candidate(kind, cell, Owner.UNKNOWN) for kind in KINDS for cell in row))
            for row in rows
        ],
        "DE",
    )
    assert len(asked) == len(rows)
    assert all(each.checked_by in ("identifier", "name_only", "nothing") for each in asked)
    assert all((each.reason is None) == (each.checked_by != "nothing") for each in asked)


KINDS = ("email", "phone", "github", "matrix", "name")
