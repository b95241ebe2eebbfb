"""Half-year reports: what they count, and that no two of them can be subtracted."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from node import acts, audit, report_words, sanctions
from node.audit import Recorded
from node.checking import Occasion, check
from node.cli import cli
from node.counting import Period, count
from node.errors import UserError
from node.report import Report, half_year, report
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.committee import NOW, TODAY, Committee, proposal
from tests.node.test_suppression import require_undetermined

DAY = 86_400
HALF = Period(date(2027, 1, 1), date(2027, 6, 30))
NEXT = Period(date(2027, 7, 1), date(2027, 12, 31))


def at(day: date) -> int:
    """Noon of a day, in Unix seconds."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


AFTER = at(date(2027, 7, 1))


async def made(committee: Committee, period: Period = HALF, now: int = AFTER) -> Report:
    """The report of a half-year that has `NOW` in it."""
    assert TODAY in HALF
    return await report(committee.node, period, now)


async def published(committee: Committee, number: int, **changes: object) -> list[str]:
    """So many sanctions of different people."""
    return [
        await committee.publish(f"email:{place}.{len(changes)}@person.example", **changes)
        for place in range(number)
    ]


async def test_a_half_year_is_counted(committee: Committee) -> None:
    """Decisions by measure and scope, ends by reason, appeals and reviews."""
    bans = await published(committee, 6)
    await published(committee, 5, measure="membership_revocation", public_measure=True)
    await committee.approve(await acts.appeal(committee.node, bans[:1], "opened", NOW), "alice")
    await committee.lift(bans[1])
    found = await made(committee)
    assert found.alone == {
        "decided": 11, "appealed": 1, "reviewed": 0, "stayed": 0, "told_later": 0,
    }  # fmt: skip
    assert found.table("measure").cells["ban"] == 6
    assert found.table("measure_public").cells["membership_revocation"] == 5
    assert found.table("scope").cells["all_own_spaces"] == 11
    assert found.table("origin").cells == {"own_decision": 11, "recognition": 0}
    ended = found.table("ended")
    assert (ended.total, set(ended.cells.values())) == (1, {None})


async def test_checks_are_counted_by_kind_of_event(committee: Committee) -> None:
    """From the record of acts; five are shown, and who was asked about is not."""
    occasion = Occasion("PyRegion 2027", Purpose(kind="meetup", start=None, end=None))

    def nobody(_peer: object) -> object:
        raise AssertionError("there is no peer to reach")

    for _ in range(5):
        identifiers = [from_text("email:asked@person.example")]
        await check(committee.node, nobody, identifiers, occasion, now=NOW)  # type: ignore[arg-type]
    found = await made(committee)
    assert found.table("checked").cells["meetup"] == 5
    assert "asked" not in found.to_bytes().decode()
    assert "PyRegion" not in found.to_bytes().decode()


async def test_an_answer_to_a_peer_is_counted(committee: Committee) -> None:
    """By what the peer says the question is for."""
    purpose = Purpose(kind="registration", start=None, end=None).to_value()
    detail = {"who": "peer.example", "purpose": purpose, "elements": 128}
    for _ in range(5):
        await audit.write(committee.node, "evaluate", detail, NOW)
    assert (await made(committee)).table("answered").cells["registration"] == 5


async def test_a_decision_counts_where_it_was_logged(committee: Committee) -> None:
    """Not where it was proposed: a report that is made by then would never have it."""
    june, july = at(date(2027, 6, 20)), at(date(2027, 7, 10))
    proposed = await sanctions.propose(committee.node, proposal(), june)
    await committee.approve(proposed, now=july)
    now = at(date(2028, 1, 1))
    assert (await made(committee, HALF, now)).alone["decided"] == 0
    assert (await made(committee, NEXT, now)).alone["decided"] == 1


async def test_an_end_by_the_rules_counts_on_the_first_day_after_it(committee: Committee) -> None:
    """An expiry needs no statement, and is counted once."""
    last = HALF.last
    await published(committee, 5, ends_on=last)
    await published(committee, 5, ends_on=last - timedelta(days=1), review_by=None)
    first, second = await made(committee), await made(committee, NEXT, at(date(2028, 1, 1)))
    assert (first.table("ended").cells["expired"], second.table("ended").cells["expired"]) == (5, 5)


async def test_what_is_erased_after_its_end_has_ended_once(committee: Committee) -> None:
    """Lifted it counts as lifted, expired as expired, whenever it is forgotten."""
    bans = await published(committee, 5)
    for each in bans:
        await committee.lift(each)
        await committee.lift(each, "erased")
    expired = await published(committee, 5, ends_on=HALF.last - timedelta(days=1), review_by=None)
    for each in expired:
        status = await acts.withdraw(committee.node, [each], "erased", AFTER)
        await committee.approve(status, now=AFTER)
    found = (await made(committee, now=AFTER + DAY)).table("ended")
    assert (found.cells["lifted"], found.cells["expired"]) == (5, 5)
    assert found.total == 10


async def test_a_report_stays_as_it_was_first_shown(committee: Committee) -> None:
    """Whatever was erased since: the difference of two would say what it was."""
    bans = await published(committee, 6)
    first = await made(committee)
    await committee.lift(bans[0], "erased")
    assert await made(committee, now=AFTER + DAY) == first
    said = [each.detail for each in await audit.every(committee.node) if each.act == "export"]
    assert said == [{"who": "here", "what": "report"}]


async def test_a_half_year_that_is_not_over_has_no_report(committee: Committee) -> None:
    """Two of its reports on two days could be subtracted."""
    with pytest.raises(UserError, match="from 2027-07-01 on"):
        await made(committee, now=AFTER - DAY)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2027, 1, 1), date(2027, 12, 31)),
        (date(2027, 1, 1), date(2027, 3, 31)),
        (date(2027, 1, 2), date(2027, 6, 30)),
        (date(2027, 7, 1), date(2027, 6, 30)),
        (date(2027, 7, 1), date(2028, 6, 30)),
    ],
)
def test_nothing_but_half_years_is_reported(first: date, last: date) -> None:
    """The refusal says which half-year is near."""
    with pytest.raises(UserError, match=r"--from 2027-0[17]-01 --to 2027-(06-30|12-31)"):
        half_year(first, last)


DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(DAYS, DAYS)
def test_two_half_years_are_the_same_or_have_no_day_in_common(one: date, other: date) -> None:
    """So no report is another one and a few days more."""
    periods = [
        half_year(date(day.year, 1, 1), date(day.year, 6, 30))
        if day.month < 7
        else half_year(date(day.year, 7, 1), date(day.year, 12, 31))
        for day in (one, other)
    ]
    assert one in periods[0]
    assert other in periods[1]
    assert periods[0] == periods[1] or (other not in periods[0] and one not in periods[1])


KINDS = st.sampled_from(["registration", "membership", "meetup", "unspecified"])
ACTS = st.lists(st.tuples(st.dates(HALF.first, NEXT.last), KINDS), max_size=60)


@given(ACTS)
def test_two_reports_in_a_row_together_give_away_nothing(drawn: list[tuple[date, str]]) -> None:
    """Each act is in exactly one of them; and in neither is a cell determined that is held back.

    What one says limits nothing in the other, so that a reckoning over both is one over each.
    """
    recorded = [
        Recorded(seq, at(day), "check", {"purpose": {"kind": kind}}, b"")
        for seq, (day, kind) in enumerate(drawn)
    ]
    totals = 0
    for period in (HALF, NEXT):
        counts = count([], [], {}, recorded, period)
        (table,) = (each for each in counts.tables if each.name == "checked")
        totals += table.total
        require_undetermined(tuple(table.cells.values()))
    assert totals == len(drawn)


def _example(cells: Mapping[str, int | None]) -> Report:
    tables = [
        {"name": name, "total": 20, "cells": dict.fromkeys(heading.cells, 0) | dict(cells)}
        for name, heading in report_words.TABLES.items()
    ]
    return Report.from_value(
        {
            "id": "python.example",
            "community": "<script>*Py*</script>",
            "start": "2027-01-01",
            "end": "2027-06-30",
            "made_on": "2027-07-01",
            "alone": dict.fromkeys(report_words.ALONE, 3),
            "tables": tables,
        }
    )


def test_no_name_is_markup_in_a_report() -> None:
    """Neither in HTML nor in Markdown."""
    found = _example({})
    assert "&lt;script&gt;*Py*" in report_words.in_html(found)
    assert "<script" not in report_words.in_html(found)
    assert r"\<script\>\*Py\*" in report_words.in_markdown(found)


def test_what_is_held_back_is_a_dash_in_words_and_null_for_programs() -> None:
    """Never a zero."""
    found = _example({"ban": None})
    assert "| ban | – |" in report_words.in_markdown(found)
    assert '<th scope="row">ban</th><td><abbr title="held back">–</abbr>' in report_words.in_html(
        found
    )
    tables = json.loads(json.dumps(report_words.document(found)))["tables"]
    assert tables[0]["cells"]["ban"] is None


def test_a_report_is_typed(tmp_path: Path) -> None:
    """In three forms, to a new file or to the terminal; the days of the next half-year are told."""
    environment = {
        "COMITY_HOME": str(tmp_path / "home"),
        "COMITY_OFFICER_PASSWORD": "word of a test",
    }

    def typed(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli, list(arguments), env=environment)
        return done.exit_code, done.stdout, done.stderr

    assert typed("init", "--id", "m.example", "--name", "M")[0] == 0
    days = ("--from", "2026-01-01", "--to", "2026-06-30")
    assert typed("report", *days)[1].startswith("# M: report from 2026-01-01 to 2026-06-30")
    assert json.loads(typed("report", *days, "--json")[1])["alone"]["decided"] == 0
    page = tmp_path / "report.html"
    assert typed("report", *days, "--format", "html", "--out", str(page))[0] == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    status, _, words = typed("report", *days, "--format", "json", "--out", str(page))
    assert (status, "File exists" in words) == (1, True)
    assert json.loads(typed("report", *days, "--format", "json")[1])["held_back_under"] == 5
    status, _, words = typed("report", "--from", "2026-01-01", "--to", "2026-12-31")
    assert (status, "--to 2026-06-30" in words) == (1, True)


async def test_inquiries_are_counted_by_purpose_and_by_what_was_said(committee: Committee) -> None:
    """Asked here, received and answered, each once, whatever else was recorded of them."""
    purpose = Purpose(kind="meetup", start=None, end=None).to_value()
    recorded: list[tuple[audit.Act, dict[str, object]]] = [
        ("inquire", {"what": "asked", "purpose": purpose}),
        ("inquire", {"what": "answered", "phrase": "released", "released": ["basis"]}),
        ("answer", {"what": "received", "purpose": purpose}),
        ("answer", {"what": "answered", "phrase": "not_the_same_person", "released": []}),
        ("answer", {"what": "handed_over"}),
    ]
    for _ in range(5):
        for act, detail in recorded:
            await audit.write(committee.node, act, {"who": "here"} | detail, NOW)
    await audit.write(committee.node, *recorded[0][:2], NOW)
    rare = {"what": "answered", "phrase": "released", "released": ["basis"]}
    await audit.write(committee.node, "answer", rare, NOW)
    found = await made(committee)
    assert found.table("inquired").cells["meetup"] == 6
    assert found.table("inquiries").cells["meetup"] == 5
    # One alone is held back, and with it what it could be reckoned from.
    said = found.table("inquiry_answers")
    assert (said.total, said.cells["released"], said.cells["not_the_same_person"]) == (
        6,
        None,
        None,
    )
    assert "Peers' inquiries answered, by what was said" in report_words.in_markdown(found)
