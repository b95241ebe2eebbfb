"""What is held about a person, for that person: all of it, and nothing of anybody else."""

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node import acts, answering, inquiries, objections, outbox, subject, subject_words
from node.checking import Occasion, check
from node.mail import Letter, Sender
from node.node import Node
from node.subject import Export
from protocol.claims import DAY
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from protocol.items import Notice
from tests.node.committee import NOW, PERSON, TODAY, Committee
from tests.node.federation import Federation
from tests.node.statements import statements
from tests.node.test_audit import OCCASION

pytestmark = pytest.mark.wire


async def _export(committee: Committee, *proven: str, now: int = NOW) -> Export:
    return await subject.export(committee.node, {from_text(each) for each in proven}, now)


async def _probe(node: Node, text: str) -> None:
    def nobody(_peer: object) -> object:
        raise AssertionError("there is no peer to reach")

    await check(node, nobody, [from_text(text)], OCCASION, now=NOW)  # type: ignore[arg-type]


async def test_what_was_proven_is_shown_and_the_rest_named_by_its_kind(
    committee: Committee,
) -> None:
    """Who has an address does not learn whose account it stands beside: addresses are recycled."""
    await committee.publish()
    (said,) = (await _export(committee, PERSON[0])).sanctions
    hidden = said["shown_to_nobody_by_a_match"]
    assert (said["strength"], said["measure"]) == ("strong", "ban")
    assert PERSON[0] in hidden["identifiers"]
    assert {"github", "name"} <= set(hidden["other_identifiers"])
    assert "malloryq-fake" not in json.dumps(said)
    (said,) = (await _export(committee, PERSON[0], PERSON[1])).sanctions
    assert PERSON[1] in said["shown_to_nobody_by_a_match"]["identifiers"]


@pytest.mark.parametrize(
    "weak", ["name:Mallory Quill", "email:mallory.quill+x@example.org", "email:info@example.org"]
)
async def test_a_namesake_learns_no_more_than_an_organizer(committee: Committee, weak: str) -> None:
    """That there is one, and its state: by a name, a role address, and another's tagged mailbox."""
    id_ = await committee.publish(*PERSON, "email:info@example.org")
    (said,) = (await _export(committee, weak)).sanctions
    assert (said["id"], said["state"], said["strength"]) == (id_, "in_force", "weak")
    for name in ("measure", "scope", "ends_on", "decided_on", "review_by", "contact", "origin"):
        assert said[name] is None
    assert said["shown_to_nobody_by_a_match"]["other_identifiers"] == []
    text = json.dumps(said)
    assert "ban" not in text
    assert "fake" not in text
    assert (await _export(committee, weak)).open_to_review == []


async def test_who_asked_about_another_mailbox_is_not_told(committee: Committee) -> None:
    """What is asked beside an address may be somebody else's: `eve+x@` need not be `eve@`."""
    await _probe(committee.node, "email:eve@example.org")
    assert len((await _export(committee, "email:eve@example.org")).asked) == 1
    assert (await _export(committee, "email:eve+x@example.org")).asked == []


async def test_a_node_that_asked_tells_what_it_found_and_keeps(federation: Federation) -> None:
    """The finding as the organizer reads it, and that an answer is kept, until its day."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    await python.publish("email:mallory@person.example")
    await federation.sync()
    asked = [from_text("email:mallory@person.example"), from_text("name:Mallory Quill")]
    occasion = Occasion("PyRegion", Purpose(kind="meetup", start=None, end=None))
    await check(conf.node, conf.clients.to, asked, occasion, now=conf.now)
    export = await subject.export(conf.node, [asked[0]], conf.now)
    (found,) = export.found
    assert (found["event"], found["finding"]["issuer"]) == ("PyRegion", "python.example")
    until = (conf.today + timedelta(days=conf.node.config.retention_days)).isoformat()
    assert export.kept == [{"what": "answer", "issuer": "python.example", "kept_until": until}]
    assert [each["event"] for each in export.asked] == ["PyRegion"]
    assert [each["id"] for each in export.peers] == ["python.example"]
    namesake = await subject.export(conf.node, [asked[1]], conf.now)
    assert namesake.found == []
    page = subject_words.page(export)
    for said in ("PyRegion", "python.example", "ban", until):
        assert said in page


async def test_both_sides_of_an_inquiry_tell_of_it(federation: Federation) -> None:
    """The issuer: who asked, when, what for, and what was released; the asker: what it learned."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example", only_asks=True)
    await federation.peer(conf, python)
    email, name = from_text("email:mallory@person.example"), from_text("name:Mallory Quill")
    id_ = await python.publish(email.text, name.text, basis="harassment")
    await federation.sync()
    occasion = Occasion("PyRegion", Purpose(kind="meetup", start=None, end=None))
    found = await check(conf.node, conf.clients.to, [email], occasion, now=conf.now)
    draft = await inquiries.draft(conf.node, found.findings[0].id, None, conf.now)
    asked = await inquiries.ask(conf.node, draft, conf.now)
    await inquiries.carry(conf.node, conf.clients, conf.now)
    waiting = await subject.export(python.node, [email], python.now)
    assert "none so far" in subject_words.page(waiting)
    reply = answering.Reply("released", frozenset({"basis"}))
    await answering.answer(python.node, asked.id, reply, python.now)
    await inquiries.carry(conf.node, conf.clients, conf.now)

    of_us = await subject.export(python.node, [email], python.now)
    (said,) = of_us.to_value()["inquired_of_us"]
    assert said == said | {
        "sanction": id_, "asked_by": "conf.example", "asked_on": str(python.today),
        "answered_on": str(python.today), "phrase": "released", "released": ["basis"],
        "fetched_on": str(python.today),
    }  # fmt: skip
    assert said["purpose"]["kind"] == "meetup"
    page = subject_words.page(of_us)
    for words in ("conf.example", "a meetup", "this much we release", "the kind of reason"):
        assert words in page
    assert (await subject.export(python.node, [name], python.now)).inquired_of_us == []

    of_others = await subject.export(conf.node, [email], conf.now)
    (learned,) = of_others.to_value()["inquired_of_others"]
    assert (learned["issuer"], learned["state"]) == ("python.example", "answered")
    assert (learned["phrase"], learned["basis"]) == ("released", "harassment")
    assert "this much we release" in subject_words.page(of_others)
    other = await subject.export(conf.node, [from_text("email:other@person.example")], conf.now)
    assert other.inquired_of_others == []


async def test_whether_they_were_told_and_appealed_stands_there(committee: Committee) -> None:
    """Notice as it was decided and as it was given since, and what became of an appeal."""
    id_ = await committee.publish(notice=Notice(state="delayed", until=TODAY))
    export = await _export(committee, PERSON[0])
    assert export.sanctions[0]["notice"] == {"state": "delayed", "until": str(TODAY), "told": False}
    assert f"untold after {TODAY}" in subject_words.page(export)
    await committee.approve(await acts.told(committee.node, [id_], NOW), "alice")
    await committee.approve(await acts.appeal(committee.node, [id_], "opened", NOW), "alice")
    export = await _export(committee, PERSON[0])
    assert export.sanctions[0]["notice"]["told"] is True
    assert export.sanctions[0]["appeal"] == "opened"
    page = subject_words.page(export)
    assert "the log says that you were told of it" in page
    assert "an appeal is open" in page
    (weak,) = (await _export(committee, PERSON[2])).sanctions
    assert (weak["appeal"], weak["notice"]) == (None, None)


async def test_a_letter_that_was_written_is_told_of(committee: Committee) -> None:
    """To whoever it is about, by what they have shown; not by a name."""
    id_ = await committee.publish(notice=Notice(state="delayed", until=TODAY))
    wanted = outbox.Wanted("notice", "x@y.example", Letter("s", "b"), NOW, NOW, attestation=id_)
    async with committee.node.store.write() as connection:
        sender = Sender("P", "coc@python.example")
        await outbox.put(connection, committee.node.vault, sender, wanted, NOW)
    (letter,) = (await _export(committee, PERSON[0])).letters
    assert (letter["sanction"], letter["state"]) == (id_, "waiting")
    assert (await _export(committee, PERSON[2])).letters == []


async def test_the_same_is_looked_up_whoever_asks(committee: Committee) -> None:
    """About whom much is held, and about whom nothing: the same statements, in the same order."""
    for _ in range(3):
        await committee.publish()
        await _probe(committee.node, PERSON[0])
    # Whoever is first after the log has grown has it replayed, whoever that is.
    await _export(committee, "email:first@example.org")
    done = []
    for who in (PERSON[0], "email:nobody.known@example.org"):
        with statements(committee.node.store) as sent:
            export = await _export(committee, who)
        done.append((len(export.sanctions), sent))
    (much, asked_much), (nothing, asked_nothing) = done
    assert (much, nothing) == (3, 0)
    assert asked_much == asked_nothing


# --- Reviews that persons ask for -----------------------------------------------------------------


async def _object(committee: Committee, ids: list[str], now: int = NOW) -> list[str]:
    async with committee.node.store.write() as connection:
        return await objections.object_to(connection, committee.node.vault, ids, now)


async def _answers(committee: Committee, now: int = NOW) -> list[tuple[str, int]]:
    due = await acts.due(committee.node, now, within=10**4)
    return [(each.id, each.days) for each in due if each.what == "answer"]


async def test_a_review_that_was_asked_for_is_due_within_thirty_days(committee: Committee) -> None:
    """The committee is reminded, and stays so past the day, until it decides."""
    id_, other = await committee.publish(), await committee.publish("email:a@b.example")
    assert await _object(committee, [id_]) == [id_]
    assert await _answers(committee) == [(id_, 30)]
    assert await _answers(committee, NOW + 40 * DAY) == [(id_, -10)]
    await committee.approve(await acts.reaffirm(committee.node, [other], None, NOW))
    opened = await acts.appeal(committee.node, [id_], "opened", NOW + DAY)
    await committee.approve(opened, "alice", now=NOW + DAY)
    assert await _answers(committee) == [(id_, 30)]


@pytest.mark.parametrize("how", ["reaffirmed", "appeal answered", "lifted"])
async def test_what_the_committee_decides_is_the_answer(committee: Committee, how: str) -> None:
    """To go on, to answer an appeal, to end it: nothing else has to be noted."""
    id_ = await committee.publish()
    await _object(committee, [id_])
    later = NOW + DAY
    if how == "reaffirmed":
        status = await acts.reaffirm(committee.node, [id_], None, later)
    elif how == "lifted":
        status = await acts.withdraw(committee.node, [id_], "lifted", later)
    else:
        opened = await acts.appeal(committee.node, [id_], "opened", later)
        await committee.approve(opened, "alice", now=later)
        status = await acts.appeal(committee.node, [id_], "rejected", later)
    assert await _answers(committee, later) == [(id_, 29)]
    assert (await committee.approve(status, now=later)).state == "logged"
    assert await _answers(committee, later) == []


async def test_a_review_is_asked_for_once_a_year(committee: Committee) -> None:
    """Of each sanction; and the person is told when it may be again."""
    id_ = await committee.publish(
        ends_on=TODAY + timedelta(days=800), review_by=TODAY + timedelta(days=399)
    )
    assert (await _export(committee, PERSON[0])).open_to_review == [id_]
    await _object(committee, [id_])
    export = await _export(committee, PERSON[0], now=NOW + 364 * DAY)
    assert export.open_to_review == []
    assert export.sanctions[0]["review"] == {
        "asked_on": str(TODAY),
        "answer_by": str(TODAY + timedelta(days=30)),
        "again_from": str(TODAY + timedelta(days=365)),
    }
    assert await _object(committee, [id_], NOW + 364 * DAY) == []
    again = NOW + 365 * DAY
    assert (await _export(committee, PERSON[0], now=again)).open_to_review == [id_]
    assert await _object(committee, [id_], again) == [id_]


# --- The page -------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


_PLAIN = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "section", "table", "tbody",
    "tr", "th", "td", "ul", "li", "bdi",
}  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    | st.sampled_from(
        ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 7 * 7 }}", "&lt;"]
    )
)
def test_no_name_becomes_markup(name: str) -> None:
    """Events, communities, contacts: whatever they hold, the page has its own elements only."""
    community: Any = type("C", (), {"id": "a.example", "name": name, "contact": name,
                                    "policy": None, "spaces": ()})()  # fmt: skip
    asked = {"on": "2027-01-01", "act": "check", "event": name, "purpose": None}
    export = Export(
        community, [from_text("email:a@b.example")], NOW, [], [asked], [], [], [], [], [], [],
        [{"id": "b.example", "name": name}], [],
    )  # fmt: skip
    shown = _Elements(subject_words.page(export))
    assert shown.tags <= _PLAIN
    assert shown.attributes <= {"lang", "charset", "name", "content", "scope"}


async def test_the_page_needs_nothing_besides_itself(committee: Committee, tmp_path: Path) -> None:
    """No script, no link, no picture; and it says what the JSON says."""
    id_ = await committee.publish()
    await _object(committee, [id_])
    await _probe(committee.node, PERSON[0])
    export = await _export(committee, PERSON[0])
    page = subject_words.page(export)
    shown = _Elements(page)
    assert shown.tags <= _PLAIN
    assert "url(" not in page
    for said in (id_, "ban", "harassment", PERSON[0], "github", "PyRegion 2027", "in force",
                 str(TODAY + timedelta(days=30)), "coc@python.example"):  # fmt: skip
        assert said in shown.text
    assert "None" not in shown.text.replace("None.", "")
    assert "malloryq-fake" not in page
