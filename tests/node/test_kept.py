"""What was found is kept until its day, read anew as of now, and let go of when it has ended."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table

from node import audit, kept, retention, tables
from node.admission import drop
from node.checking import Occasion, Result, check, person_asked
from node.clock import day_of
from node.errors import UserError
from node.kept import Found, Kept
from node.node import Node
from node.policy import Policy, Rule
from node.store import findings as rows
from node.store import policies
from node.store.findings import FindingRow
from node.subject import export
from protocol.encoding import base64url
from protocol.exchange import Purpose
from protocol.identifiers import from_text, related
from tests.node.attendees.lists import csv_list
from tests.node.committee import Committee
from tests.node.federation import Federation
from tests.node.issuers import NOW, TODAY, Issuer, Reach
from tests.node.screenings import screened
from tests.node.test_checking import MALLORY

DAY = 86_400
EVENT = Purpose(kind="registration", start=TODAY + timedelta(days=3), end=TODAY + timedelta(days=5))
NO_EVENT = Purpose(kind="unspecified", start=None, end=None)
ANOTHER = Purpose(kind="meetup", start=TODAY, end=TODAY)


async def find(
    node: Node,
    *issuers: Issuer,
    asked: tuple[str, ...] = MALLORY[:2],
    purpose: Purpose = EVENT,
    ref: str | None = None,
    now: int = NOW,
) -> Result:
    """Check one person at issuers that are followed already."""
    about = {each: None for text in asked for each in related(*text.split(":", 1))}
    occasion = Occasion("PyRegion", purpose)
    return await check(node, Reach(*issuers), list(about), occasion, now=now, ref=ref)


async def everything(node: Node, now: int = NOW) -> list[Kept]:
    """All that is kept."""
    return await kept.since(node, 0, now)


async def held(node: Node, table: Table) -> list[Mapping[str, Any]]:
    """The rows of a table."""
    async with node.store.read() as connection:
        return [dict(row._mapping) for row in await connection.execute(table.select())]  # noqa: SLF001


@pytest.fixture
async def issuer(node: Node) -> Issuer:
    """Has published Mallory Quill, and is followed."""
    made = Issuer("python.example")
    made.publish(*MALLORY)
    await made.admitted_at(node)
    return made


async def test_a_check_keeps_what_it_finds_as_it_was_shown(node: Node, issuer: Issuer) -> None:
    """With the event, the caller's ref and the signed attestation; and nothing of who is clear."""
    (shown,) = (await find(node, issuer, ref="order-1")).findings
    await find(node, issuer, asked=("email:alice@a.example",))
    (found,) = await everything(node)
    assert found.finding == shown
    assert (found.ref, found.event, found.purpose) == ("order-1", "PyRegion", EVENT)
    value = found.to_value()
    assert value["shown"] == value["finding"] | {
        name: list(value["finding"][name]) for name in ("matched", "whose", "not_matched", "flags")
    }
    assert (value["found_on"], value["kept_until"]) == (
        TODAY.isoformat(), (TODAY + timedelta(days=35)).isoformat()
    )  # fmt: skip
    assert found.finding.found.jwt is not None
    assert await kept.show(node, shown.id, NOW) == found


async def test_row_3_nothing_of_a_finding_is_readable_in_the_database(
    node: Node, issuer: Issuer
) -> None:
    """Neither who, nor what, nor which attestation, nor what the caller calls them."""
    (shown,) = (await find(node, issuer, ref="order-1")).findings
    everything = [
        await held(node, each)
        for each in (tables.findings, tables.finding_subjects, tables.finding_changes)
    ]
    assert all(everything)
    words = ("mallory", "quill", "order-1", "pyregion", "event_series", shown.attestation)
    assert [word for word in words if word in repr(everything).lower()] == []


async def test_a_screening_keeps_what_it_finds(node: Node, issuer: Issuer) -> None:
    """Of each row its own, with whose address matched."""
    data = csv_list(
        ("Attendee name", "Attendee email"),
        ("Mallory Quill", "mallory@quill.example"),
        ("Mallory Quill", "alice@a.example"),
        ("Bob Brown", "bob@a.example"),
    )
    result = await screened(node, data, [issuer], EVENT)
    shown = {each.id: each for row in result.rows for each in row.findings}
    assert {each.finding.id: each.finding for each in await everything(node)} == shown
    assert [each.strength for each in shown.values()] == ["strong", "weak"]
    assert all("attendee" in each.finding.whose for each in await everything(node))


async def test_a_weak_finding_keeps_no_attestation(node: Node, issuer: Issuer) -> None:
    """There is none to keep: a name opens nothing."""
    await find(node, issuer, asked=("name:Mallory Quill",))
    (found,) = await everything(node)
    assert (found.finding.strength, found.finding.found.jwt) == ("weak", None)


async def test_found_again_is_the_same_and_no_news(node: Node, issuer: Issuer) -> None:
    """Under another event, or another ref, it is another finding."""
    await find(node, issuer)
    (first,) = await everything(node)
    await find(node, issuer)
    assert await everything(node) == [first]
    await find(node, issuer, purpose=ANOTHER)
    await find(node, issuer, ref="order-1")
    found = await everything(node)
    assert len({each.finding.id for each in found}) == len(found) == 3
    assert await kept.since(node, first.cursor, NOW) == found[1:]


async def test_without_an_event_it_is_kept_until_30_days_after_the_last_check(
    node: Node, issuer: Issuer
) -> None:
    """Being found again prolongs it, and is no news."""
    await find(node, issuer, purpose=NO_EVENT)
    (first,) = await everything(node)
    assert first.kept_until == TODAY + timedelta(days=30)
    later = NOW + 17 * 3600
    assert day_of(later) == TODAY + timedelta(days=1)
    await find(node, issuer, purpose=NO_EVENT, now=later)
    (again,) = await everything(node)
    assert (again.kept_until, again.cursor) == (TODAY + timedelta(days=31), first.cursor)


@pytest.mark.parametrize("because", ["lifted", "overturned", "erased"])
async def test_what_was_withdrawn_is_read_as_ended_and_says_nothing_more(
    node: Node, issuer: Issuer, because: str
) -> None:
    """At once, whatever jobs have run; and after the job its words are gone for good."""
    (shown,) = (await find(node, issuer, ref="order-1")).findings
    (before,) = await everything(node)
    issuer.lift(shown.attestation, because)
    await issuer.grown_at(node)
    (read,) = await everything(node)
    assert await kept.forget_ended(node, issuer.fingerprint, TODAY) == 1
    assert await kept.forget_ended(node, issuer.fingerprint, TODAY) == 0
    (after,) = await kept.since(node, before.cursor, NOW)
    assert read.finding.to_value(with_owners=True) == after.finding.to_value(with_owners=True)
    finding = after.finding
    assert (finding.state, finding.counts, finding.attention) == ("withdrawn", False, "note")
    assert (finding.measure, finding.scope, finding.origin, finding.ends_on) == (None,) * 4
    assert (finding.strength, finding.matched, after.ref) == ("strong", shown.matched, "order-1")
    assert f"as it has ended ({because}); it makes no match" in finding.why
    assert "ban" not in str(after.to_value())
    assert (after.shown, finding.found.jwt, finding.found.claims) == (None, None, None)
    (row,) = await held(node, tables.findings)
    sealed = node.vault.open("findings.finding", shown.id, row["finding_sealed"])
    assert b"eyJ" not in sealed


async def test_what_ended_by_its_dates_is_read_as_ended(node: Node, issuer: Issuer) -> None:
    """On the day after its last, without anything in the log; the daily job forgets its words."""
    issuer.publish("email:eve@a.example", ends_on=(TODAY + timedelta(days=4)).isoformat())
    await issuer.grown_at(node)
    (shown,) = (await find(node, issuer, asked=("email:eve@a.example",))).findings
    assert (await kept.show(node, shown.id, NOW + 4 * DAY)).finding.state == "in_force"
    later = NOW + 5 * DAY
    assert (await kept.show(node, shown.id, later)).finding.state == "expired"
    await retention.clean(node, later)
    (found,) = await everything(node, later)
    assert (found.finding.state, found.shown) == ("expired", None)


async def test_it_is_judged_by_the_register_and_the_policy_of_now(
    node: Node, issuer: Issuer
) -> None:
    """Stayed meanwhile, it makes no match; and the level is that of the rules as they are."""
    (shown,) = (await find(node, issuer)).findings
    async with node.store.write() as connection:
        await policies.save(connection, Policy([Rule("urgent")]))
    assert (await kept.show(node, shown.id, NOW)).finding.attention == "urgent"
    issuer.say("stay", shown.attestation, until=(TODAY + timedelta(days=7)).isoformat())
    await issuer.grown_at(node)
    now = (await kept.show(node, shown.id, NOW)).finding
    assert (now.counts, now.flags, now.attention) == (False, ("stayed",), "note")
    assert now.measure == "ban"
    week_later = (await kept.show(node, shown.id, NOW + 8 * DAY)).finding
    assert (week_later.counts, week_later.attention) == (True, "urgent")


async def test_row_9_an_echo_ends_with_its_source(node: Node, issuer: Issuer) -> None:
    """(Row 9) What follows another attestation is read beside it, and ends to weigh with it."""
    (source,) = issuer.register.attestations
    echo = Issuer("echo.example")
    origin = {"kind": "recognition", "log": base64url(issuer.fingerprint), "attestation": source}
    echo.publish(*MALLORY, origin=origin)
    await echo.admitted_at(node)
    await find(node, issuer, echo)
    await find(node, issuer, echo, asked=MALLORY[:1])
    counted = [(each.finding.issuer, each.finding.counts) for each in await everything(node)]
    assert sorted(counted) == [("echo.example", False)] * 2 + [("python.example", True)] * 2
    issuer.lift(source)
    await issuer.grown_at(node)
    await kept.forget_ended(node, issuer.fingerprint, TODAY)
    echoes = [each for each in await everything(node) if each.finding.issuer == "echo.example"]
    assert {each.finding.counts for each in echoes} == {False}
    assert all("what it follows has ended" in each.finding.why for each in echoes)


async def test_findings_are_deleted_by_ref_and_by_id_and_that_is_recorded(
    node: Node, issuer: Issuer
) -> None:
    """Nothing else goes; what is recorded names nobody."""
    for ref in ("order-1", "order-2", None):
        await find(node, issuer, ref=ref)
    with audit.acting("a plugin"):
        assert await kept.delete_ref(node, "order-1", NOW) == 1
        assert await kept.delete_ref(node, "order-1", NOW) == 0
    found = await everything(node)
    assert [each.ref for each in found] == ["order-2", None]
    assert await kept.delete(node, found[0].finding.id, NOW) == 1
    assert await everything(node) == found[1:]
    acts = [each.detail for each in await audit.every(node) if each.act == "delete"]
    assert [(each["who"], each["number"]) for each in acts] == [
        ("a plugin", 1), ("a plugin", 0), ("here", 1)
    ]  # fmt: skip
    assert "order" not in str(acts)
    assert len(await held(node, tables.finding_changes)) == 1
    with pytest.raises(UserError, match="no finding of this id"):
        await kept.show(node, found[0].finding.id, NOW)


async def test_a_person_is_told_what_was_found_here(committee: Committee) -> None:
    """By any identifier that was asked about, matched or not; nobody else is."""
    node, issuer = committee.node, Issuer("issuer.example")
    issuer.publish(*MALLORY)
    await issuer.admitted_at(node)
    await find(node, issuer, asked=(MALLORY[0], "github:another-fake"))
    for text, number in ((MALLORY[0], 1), ("github:another-fake", 1), (MALLORY[1], 0)):
        told = await export(committee.node, [from_text(text)], NOW)
        assert len(told.found) == number
    told = await export(committee.node, [from_text(MALLORY[0])], NOW)
    assert told.found[0]["finding"]["measure"] == "ban"
    assert told.found[0]["event"] == "PyRegion"


async def test_with_the_peer_goes_what_was_found_of_it(node: Node, issuer: Issuer) -> None:
    """Nothing of it can be judged any more."""
    await find(node, issuer)
    async with node.store.write() as connection:
        await drop(connection, issuer.fingerprint)
    assert await everything(node) == []
    assert await held(node, tables.finding_subjects) == []


async def test_what_was_found_of_a_peer_removed_meanwhile_is_not_kept(
    node: Node, issuer: Issuer
) -> None:
    """It is shown, and that is all: between the answer and the keeping the peer was removed."""
    result = await find(node, issuer)
    async with node.store.write() as connection:
        await drop(connection, issuer.fingerprint)
    person = person_asked(node.vault, {from_text(MALLORY[0]): ""}, b"somebody")
    await kept.keep(node, [Found(person, result.findings)], None, EVENT, TODAY, NOW)
    assert await held(node, tables.findings) == []


@pytest.mark.parametrize("name", ["x" * 201, "lone \ud800"], ids=["long", "no text"])
async def test_a_name_that_is_none_is_refused_before_anybody_is_asked(
    node: Node, issuer: Issuer, name: str
) -> None:
    with pytest.raises(UserError, match="a ref"):
        await find(node, issuer, ref=name)
    with pytest.raises(UserError, match="the name of an event"):
        Occasion(name, EVENT)
    assert issuer.asked == []


@pytest.mark.parametrize("seed", range(5))
async def test_a_cursor_never_goes_back(node: Node, issuer: Issuer, seed: int) -> None:
    """Whatever comes, ends or is deleted: whoever reads on from a cursor misses no change."""
    random_ = random.Random(seed)
    log, known, cursor, highest = issuer.fingerprint, dict[str, int](), 0, 0
    for step in range(40):
        id_ = random_.choice("abcdef")
        async with node.store.write() as connection:
            match random_.choice(["put", "put", "end", "drop"]):
                case "put":
                    row = FindingRow(id_, log, b"p", None, b"s", ended=False, delete_after=TODAY)
                    await rows.put(connection, row, [b"t"])
                case "end" if await rows.get(connection, id_):
                    await rows.end(connection, id_, b"e")
                case "drop":
                    await rows.drop(connection, id_)
                    known.pop(id_, None)
                    continue
                case _:
                    continue
            changed = await rows.get(connection, id_)
        assert changed is not None
        assert changed.seq > highest
        known[id_] = highest = changed.seq
        if step % 3 == 0:
            async with node.store.read() as connection:
                new = await rows.since(connection, cursor, 1000)
            expected = sorted((seq, id_) for id_, seq in known.items() if seq > cursor)
            assert [(row.seq, row.id) for row in new] == expected
            cursor = new[-1].seq


async def test_a_limit_is_kept_to(node: Node, issuer: Issuer) -> None:
    """And reading on brings the others."""
    for ref in "abc":
        await find(node, issuer, ref=ref)
    first = await kept.since(node, 0, NOW, limit=2)
    rest = await kept.since(node, first[-1].cursor, NOW, limit=2)
    assert [each.ref for each in (*first, *rest)] == ["a", "b", "c"]


async def test_one_sync_after_a_lift_its_words_are_gone(federation: Federation) -> None:
    """Two real nodes: found, lifted, followed once; nothing else has to run."""
    issuer = await federation.community("python.example")
    asker = await federation.community("meetup.example", only_asks=True)
    await federation.peer(asker, issuer)
    ban = await issuer.publish(MALLORY[0])
    await asker.sync()
    occasion = Occasion(None, NO_EVENT)
    asked = [from_text(MALLORY[0])]
    await check(asker.node, asker.clients.to, asked, occasion, now=asker.now)
    (before,) = await kept.since(asker.node, 0, asker.now)
    assert before.finding.attestation == ban
    await issuer.lift(ban, "erased")
    await asker.follow(issuer)
    (after,) = await kept.since(asker.node, before.cursor, asker.now)
    assert (after.finding.state, after.shown) == ("withdrawn", None)
