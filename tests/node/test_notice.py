"""Telling the person: the letter, its way, and what one officer then signs; or it is stayed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert

from node import acts, audit, clock, decisions, doctor, notice, sanctions
from node.checking import Occasion, Result, check
from node.cli import cli
from node.errors import UserError
from node.founding import found
from node.home import Home
from node.node import Node
from node.store import outbox as rows
from node.store.outbox import OutboxRow
from node.tables import peers as peers_table
from protocol.claims import DAY, Scope
from protocol.exchange import MAX_PEERS_ANSWER, PeersAnswer, Purpose
from protocol.identifiers import from_text
from protocol.items import Notice
from tests.node.committee import CHEAP, NOW, PERSON, TODAY, Committee, founding, password
from tests.node.federation import Community, Federation
from tests.node.mail_server import HOST, MailServer, mail_server
from tests.node.served import served

pytestmark = pytest.mark.wire

UNTIL = TODAY + timedelta(days=10)
DELAYED = Notice(state="delayed", until=UNTIL)
ADDRESS = "mallory.quill@example.org"


def _sending(node: Node, mails: MailServer, **settings: Any) -> Node:
    """The node, with a mail server in its settings."""
    by = {"smtp_host": HOST, "smtp_port": mails.port, "smtp_security": "plain"}
    return replace(node, config=node.config.model_copy(update=by | settings))


@asynccontextmanager
async def _mailing(committee: Committee) -> AsyncIterator[tuple[Committee, MailServer]]:
    async with mail_server() as mails:
        yield Committee(_sending(committee.node, mails)), mails


async def _pending(committee: Committee) -> list[str]:
    every = await decisions.every(committee.node)
    return [each.row.type for each in every if each.row.state == "pending"]


async def _letters(committee: Committee) -> list[OutboxRow]:
    async with committee.node.store.read() as connection:
        return await rows.every(connection)


async def test_the_letter_says_what_was_decided_and_what_the_person_can_do(
    committee: Committee,
) -> None:
    """Measure, place, reason, dates, review, appeal, and who learns of it; nobody's identifier."""
    async with committee.node.store.write() as connection:
        await connection.execute(
            insert(peers_table).values(
                fingerprint=bytes(32), id="conf.example", name="Conference", state="active",
                compared=True,
            )
        )  # fmt: skip
    id_ = await committee.publish(
        notice=DELAYED, scope=(Scope(kind="event_series", space="pycon"),),
        ends_on=TODAY + timedelta(days=200),
    )  # fmt: skip
    letter = await notice.letter(committee.node, id_)
    assert letter.subject == "A decision of Python Foundation about you"
    for said in (
        "What was decided: ban\n",
        "Where it holds: event series PyCon\n",
        "Reason: harassment\n",
        f"Decided on: {TODAY}, by Conduct Working Group\n",
        f"In force from: {TODAY}\n",
        f"Until: {TODAY + timedelta(days=200)}, that day included\n",
        f"Reviewed by: {TODAY + timedelta(days=200)}.",
        f"after {TODAY + timedelta(days=290)}",
        f"Number: {id_}\n",
        "Appeal. Write to coc@python.example",
        "- Conference (conf.example)\n",
        "https://comity.python.example/comity/v1/peers",
        "https://python.example/coc",
        "which body decided by how many votes, only if our committee releases it",
    ):
        assert said in letter.body
    assert not [each for each in PERSON if each.partition(":")[2] in letter.text]
    assert "None" not in letter.text
    assert "\n\n\n\n" not in letter.text


async def test_a_letter_without_an_end_or_a_peer_reads_well(committee: Committee) -> None:
    """Nothing is left open in it."""
    id_ = await committee.publish(ends_on="indefinite", basis="undisclosed")
    letter = await notice.letter(committee.node, id_)
    assert "Until: no end was set" in letter.body
    assert "Reason" not in letter.body
    assert "with no other community" in letter.body
    assert "None" not in letter.text


async def test_the_community_has_its_own_words(committee: Committee) -> None:
    """A template in the home stands in the place of the one that comes along."""
    id_ = await committee.publish()
    folder = committee.node.home.templates
    folder.mkdir()
    (folder / "notice.txt.j2").write_text(
        "{{ community.name }}: Bescheid\n\nMaßnahme: {{ decision.measure }}\n", encoding="utf-8"
    )
    letter = await notice.letter(committee.node, id_)
    assert letter.text == "Python Foundation: Bescheid\n\nMaßnahme: ban\n"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Subject\n\n{{ decision.mesure }}\n", "mesure"),
        ("Subject\n\n{% if %}\n", "line 3"),
        ("Subject\n\n{{ 1 / 0 }}\n", "ZeroDivisionError"),
        ("Subject\nand at once the letter\n", "the first line is the subject"),
        ("Subject\n\n", "the first line is the subject"),
        ("", "the first line is the subject"),
        ("S\n\n{{ community.__class__.__mro__[1].__subclasses__() }}\n", "unsafe"),
    ],
)
async def test_a_template_that_does_not_work_is_told(
    committee: Committee, template: str, said: str
) -> None:
    """By what is wrong and where; it runs no program, and quotes nobody."""
    id_ = await committee.publish()
    committee.node.home.templates.mkdir()
    (committee.node.home.templates / "notice.txt.j2").write_text(template)
    with pytest.raises(UserError, match=said) as caught:
        await notice.letter(committee.node, id_)
    assert "mallory" not in str(caught.value).lower()


async def test_the_person_is_told_when_the_mail_server_has_the_letter(
    committee: Committee,
) -> None:
    """Not before: only then it is proposed, and only an officer's approval says it in the log."""
    id_ = await committee.publish(notice=DELAYED)
    async with _mailing(committee) as (sending, mails):
        mails.answers = ["451 4.7.1 later"]
        queued = await notice.queue(sending.node, id_, None, NOW)
        (sent,) = await notice.send_mail(sending.node, NOW)
        assert (sent.row.id, sent.row.state, sent.decision) == (queued, "waiting", None)
        assert await _pending(committee) == []
        (sent,) = await notice.send_mail(sending.node, sent.row.next_at)
        assert (sent.row.state, len(mails.received)) == ("accepted", 1)
    assert mails.received[0].recipients == [ADDRESS]
    assert mails.received[0].message["Reply-To"] is None
    assert mails.received[0].sender == "coc@python.example"
    assert await _pending(committee) == ["notice"]
    assert not (await committee.register()).attestations[id_].told
    assert sent.decision is not None
    status = await committee.approve(
        await decisions.status(committee.node, sent.decision, NOW), "bob"
    )
    assert status.state == "logged"
    assert (await committee.register()).attestations[id_].told
    acts_ = [
        each.detail["what"] for each in await audit.every(committee.node) if each.act == "notice"
    ]
    assert acts_ == ["queued", "accepted"]


async def test_a_letter_that_failed_tells_nobody(committee: Committee) -> None:
    """Nothing is proposed; `doctor` and the list say so; it may be sent to another address."""
    id_ = await committee.publish(notice=DELAYED)
    async with _mailing(committee) as (sending, mails):
        mails.answers = ["550 5.1.1 no such user"]
        await notice.queue(sending.node, id_, None, NOW)
        (sent,) = await notice.send_mail(sending.node, NOW)
        assert (sent.row.state, sent.decision) == ("failed", None)
        assert await _pending(committee) == []
        found = await doctor.examine(committee.node.home, NOW)
        (letters,) = [each for each in found if each.name == "letters"]
        assert (letters.level, letters.next) == ("warning", "comity mail list")
        assert "550 5.1.1" in letters.message
        await notice.queue(sending.node, id_, "other@person.example", NOW)
        (sent,) = await notice.send_mail(sending.node, NOW)
    assert sent.row.state == "accepted"
    assert mails.received[0].recipients == ["other@person.example"]


async def test_what_cannot_be_sent_is_refused_at_once(committee: Committee) -> None:
    """No server, no address or several, on its way already, told, ended, not published."""
    id_ = await committee.publish(notice=DELAYED)
    with pytest.raises(UserError, match="no mail server is set"):
        await notice.queue(committee.node, id_, None, NOW)
    several = await committee.publish("email:a@b.example", "email:c@d.example", notice=DELAYED)
    without = await committee.publish("github:nobody-x", notice=DELAYED)
    given = await committee.publish("email:e@f.example")
    proposed = (await committee.propose("email:g@h.example", notice=DELAYED)).attestations[0]
    async with _mailing(committee) as (sending, _):
        for each, said in (
            (several, "more than one address"),
            (without, "no address"),
            (given, "told already"),
            (proposed, "no published sanction"),
        ):
            with pytest.raises(UserError, match=said):
                await notice.queue(sending.node, each, None, NOW)
        await notice.queue(sending.node, id_, None, NOW)
        with pytest.raises(UserError, match="on its way already"):
            await notice.queue(sending.node, id_, None, NOW)


async def test_a_letter_comes_from_an_address_and_answers_go_to_a_human(
    committee: Committee,
) -> None:
    """From the contact, or from what the settings say; replies to the contact where it is one."""
    community = (await committee.register()).community
    assert notice.sender_of(committee.node, community).address == "coc@python.example"
    named = _sending(committee.node, MailServer(), mail_from="comity@python.example")
    by_both = notice.sender_of(named, community)
    assert (by_both.address, by_both.reply_to) == ("comity@python.example", "coc@python.example")
    page = community.model_copy(update={"contact": "https://python.example/contact"})
    assert notice.sender_of(named, page).reply_to is None
    with pytest.raises(UserError, match="mail_from"):
        notice.sender_of(committee.node, page)


@pytest.mark.parametrize("how", ["told", "lifted"])
async def test_a_letter_that_was_overtaken_is_not_sent(committee: Committee, how: str) -> None:
    """Whoever was told otherwise, or is under nothing any more, gets no letter."""
    id_ = await committee.publish(notice=DELAYED)
    async with _mailing(committee) as (sending, mails):
        await notice.queue(sending.node, id_, None, NOW)
        if how == "told":
            await committee.approve(await acts.told(committee.node, [id_], NOW), "alice")
        else:
            await committee.lift(id_)
        assert await notice.send_mail(sending.node, NOW) == []
    (row,) = await _letters(committee)
    assert (row.state, row.mail_sealed, mails.attempts) == ("failed", None, 0)


async def test_a_letter_that_was_proposed_to_be_told_meanwhile_proposes_nothing_more(
    committee: Committee,
) -> None:
    """Two officers at once: one sends it, the other has handed it over."""
    id_ = await committee.publish(notice=DELAYED)
    async with _mailing(committee) as (sending, mails):
        await notice.queue(sending.node, id_, None, NOW)
        await acts.told(committee.node, [id_], NOW)
        (sent,) = await notice.send_mail(sending.node, NOW)
    assert (sent.row.state, sent.decision, len(mails.received)) == ("accepted", None, 1)
    assert await _pending(committee) == ["notice"]


async def test_who_was_told_is_told_of_the_amended_one(committee: Committee) -> None:
    """An amendment after the delay has passed is not stopped by the delay of the first."""
    id_ = await committee.publish(notice=DELAYED)
    await committee.approve(await acts.told(committee.node, [id_], NOW), "bob")
    before = await sanctions.show(committee.node, id_)
    proposal = acts.as_proposed(before, [from_text("github:malloryq-fake")])
    made = await acts.amend(committee.node, before, proposal, NOW + 20 * DAY)
    (kept,) = [each for each in await sanctions.every(committee.node) if each.attested is None]
    assert (kept.id, kept.item.notice.state) == (made.attesting.attestations[0], "given")


# --- Untold, it is stayed by the rules: seen from a peer ------------------------------------------


async def _asked(peer: Community) -> Result:
    identifiers = [from_text("email:mallory@person.example")]
    occasion = Occasion(None, Purpose(kind="meetup", start=None, end=None))
    return await check(peer.node, peer.clients.to, identifiers, occasion, now=peer.now)


async def test_past_its_delay_an_untold_sanction_weighs_nothing_at_any_peer(
    federation: Federation,
) -> None:
    """Nobody does anything, and it is stayed; one officer says that the letter left: no more."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    until = python.today + timedelta(days=10)
    id_ = await python.publish(
        "email:mallory@person.example", notice=Notice(state="delayed", until=until)
    )
    await federation.sync()
    (found,) = (await _asked(conf)).findings
    assert (found.attestation, found.counts) == (id_, True)
    federation.clock[0] += 11 * DAY
    await federation.sync()
    result = await _asked(conf)
    assert result.outcome == "nothing_found"
    assert [(each.counts, "stayed" in each.flags) for each in result.findings] == [(False, True)]
    async with mail_server() as mails:
        sending = _sending(python.node, mails, mail_from="coc@python.example")
        await notice.queue(sending, id_, None, python.now)
        (sent,) = await notice.send_mail(sending, python.now)
    assert sent.decision is not None
    await federation.sync()
    assert (await _asked(conf)).outcome == "nothing_found"
    await python.approve(await decisions.status(python.node, sent.decision, python.now))
    await federation.sync()
    assert (await _asked(conf)).outcome == "match"


# --- Who receives it, in public -------------------------------------------------------------------


async def test_everybody_may_read_who_learns_of_sanctions(node: Node) -> None:
    """The active peers and nobody else, by id, unsigned as all that is public."""
    async with served(node) as at:
        async with node.store.write() as connection:
            for number, (id_, state) in enumerate(
                [("z.example", "active"), ("a.example", "active"), ("w.example", "wanted")]
            ):
                await connection.execute(
                    insert(peers_table).values(
                        fingerprint=bytes([number]) * 32, id=id_, name=id_.upper(), state=state,
                        compared=True,
                    )
                )  # fmt: skip
        answer = await at.get("/comity/v1/peers")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    listed = PeersAnswer.from_bytes(answer.body, MAX_PEERS_ANSWER)
    assert [each.id for each in listed.peers] == ["a.example", "conf.example", "z.example"]


# --- As it is typed -------------------------------------------------------------------------------


@pytest.fixture
async def founded(home: Home, database_url: str) -> Home:
    """A community founded today, in a home whose settings stand in its file."""
    url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    await found(
        home, founding(threshold=1), database=url, password=password, now=clock.now(), cost=CHEAP
    )
    return home


async def _typed(home: Home, *arguments: str) -> Any:
    """A command, in a loop of its own; its document."""
    environment = {"COMITY_HOME": str(home.path), "COMITY_OFFICER_PASSWORD": password("alice")}
    typed = ["--json", *arguments]
    done = await asyncio.to_thread(CliRunner().invoke, cli, typed, env=environment)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def _untold(home: Home) -> str:
    until = clock.day_of(clock.now()) + timedelta(days=10)
    proposed = await _typed(
        home, "sanction", "propose", "--identifier", PERSON[0], "--measure", "ban", "--scope",
        "all_own_spaces", "--notice", f"delayed:{until}", "--officer", "alice",
    )  # fmt: skip
    return str(proposed["attestation"])


async def test_a_letter_is_read_sent_and_approved_by_commands(founded: Home) -> None:
    """Printed first; sent, and said in the log by the officer who sends it; listed."""
    id_ = await _untold(founded)
    (letter,) = await _typed(founded, "sanction", "notice", id_[:8], "--letter")
    assert letter["attestation"] == id_
    assert "What was decided: ban" in letter["body"]
    async with mail_server() as mails:
        with founded.config_file.open("a") as settings:
            settings.write(f'smtp_host = "{HOST}"\nsmtp_port = {mails.port}\n')
            settings.write('smtp_security = "plain"\n')
        sent = await _typed(founded, "sanction", "notice", id_, "--send", "--officer", "alice")
    assert (sent["mail"], sent["state"], sent["attestation"]) == ("accepted", "logged", id_)
    assert len(mails.received) == 1
    (listed,) = await _typed(founded, "mail", "list")
    assert (listed["kind"], listed["mail"], listed["attempts"]) == ("notice", "accepted", 1)
    assert await _typed(founded, "mail", "send") == []


async def test_what_was_handed_over_is_said_in_the_log(founded: Home) -> None:
    """One officer says so, and nothing is sent."""
    id_ = await _untold(founded)
    said = await _typed(founded, "sanction", "notice", id_, "--handed-over", "--officer", "alice")
    assert (said["state"], said["attestation"]) == ("logged", id_)
    assert await _typed(founded, "mail", "list") == []
