"""The desk: who proves an address gets the answer there; nobody can tell whether there is any."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from node import acts, audit, clock, desk, doctor, notice, outbox, retention
from node import logging as node_logging
from node.checking import Occasion, check
from node.cli import cli
from node.founding import found
from node.home import Home
from node.mail import ROUND, Letter, Sender, compose
from node.mailbox import identifier_of
from node.node import Node
from node.store import outbox as letters
from node.tables import metadata
from node.vault import Vault
from protocol.claims import DAY
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.committee import CHEAP, NOW, PERSON, TODAY, Committee, founding, password
from tests.node.edge import RawAnswer
from tests.node.federation import Federation
from tests.node.mail_server import HOST, MailServer, Received, mail_server
from tests.node.served import NOW as SERVED_NOW
from tests.node.served import Served, served
from tests.node.statements import statements

pytestmark = pytest.mark.wire

ADDRESS = "mallory.quill@example.org"
NOBODY = "nobody.known@example.org"


def _with(node: Node, mails: MailServer) -> Node:
    settings = {
        "smtp_host": HOST,
        "smtp_port": mails.port,
        "smtp_security": "plain",
        "mail_from": "coc@python.example",
    }
    return replace(node, config=node.config.model_copy(update=settings))


@asynccontextmanager
async def _desk(node: Node) -> AsyncIterator[tuple[Node, MailServer]]:
    async with mail_server() as mails:
        yield _with(node, mails), mails


def _code(received: Received) -> str:
    link = re.search(r"code=([a-z2-7]+)", received.text)
    assert link is not None
    return link[1]


def _json(received: Received) -> Any:
    (attached,) = received.message.iter_attachments()
    assert isinstance(attached, EmailMessage)
    assert attached.get_filename() == "comity.json"
    return json.loads(attached.get_content())


async def _ask(node: Node, mails: MailServer, address: str, now: int = NOW) -> str:
    """A code, as it arrives at the address."""
    assert await desk.request(node, identifier_of(address), now) is not None
    await notice.send_mail(node, now)
    assert mails.received[-1].recipients == [address]
    return _code(mails.received[-1])


async def _answered(
    node: Node, mails: MailServer, address: str, now: int = NOW, *, review: bool = False
) -> Received:
    """The answer, at the moment at which it leaves and not before."""
    leaves_at = await desk.confirm(node, await _ask(node, mails, address, now), now, review=review)
    assert await desk.answer_all(node, now + 7) == 1
    before = len(mails.received)
    assert await notice.send_mail(node, leaves_at - 1) == []
    (sent,) = await notice.send_mail(node, leaves_at)
    assert (sent.row.kind, sent.row.state, len(mails.received)) == (
        "answer",
        "accepted",
        before + 1,
    )
    return mails.received[-1]


async def test_who_proves_an_address_gets_what_is_held_there_and_nowhere_else(
    committee: Committee,
) -> None:
    """What an organizer would see, who asked here and for which event, and how to appeal."""
    id_ = await committee.publish()
    asked = [from_text(PERSON[0])]
    occasion = Occasion("PyRegion 2027", Purpose(kind="meetup", start=None, end=None))
    await check(committee.node, _nobody, asked, occasion, now=NOW)  # type: ignore[arg-type]
    async with _desk(committee.node) as (node, mails):
        answer = await _answered(node, mails, ADDRESS)
    assert {each.recipients[0] for each in mails.received} == {ADDRESS}
    for said in (
        id_,
        "Decided: ban",
        "State: in force",
        "Reason: harassment",
        "PyRegion 2027",
        "coc@python.example",
        "Where: all own spaces",
        "Besides: github, name",
    ):
        assert said in answer.text
    assert "malloryq" not in answer.text.lower()
    value = _json(answer)
    assert [each["id"] for each in value["sanctions"]] == [id_]
    assert [each["event"] for each in value["asked_here"]] == ["PyRegion 2027", None]
    assert value["how_to_appeal"]["policy"] == "https://python.example/coc"


def _nobody(_peer: object) -> object:
    raise AssertionError("there is no peer to reach")


async def _counts(node: Node) -> dict[str, int]:
    async with node.store.read() as connection:
        return {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in metadata.tables.items()
        }


@pytest.mark.parametrize("review", [False, True])
async def test_nobody_can_tell_whether_anything_is_held(
    federation: Federation, *, review: bool
) -> None:
    """One about whom much is held and one nobody knows: alike in all that can be seen from outside.

    The same statements to the database in the same order, the same rows in the same tables, as many
    letters at the same moments, as long to the byte, with the same fields and parts.
    """
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    for community in (python, conf):
        for _ in range(3):
            await community.publish(f"email:{ADDRESS}", "github:malloryq-fake")
    await federation.sync()
    asked = [from_text(f"email:{ADDRESS}"), from_text("name:Mallory Quill")]
    for event in ("PyRegion", "PyMeetup"):
        occasion = Occasion(event, Purpose(kind="meetup", start=None, end=None))
        await check(conf.node, conf.clients.to, asked, occasion, now=conf.now)
    await conf.stop()  # else it asks its database for reasons of its own
    seen = []
    async with _desk(conf.node) as (node, mails):
        for address in (ADDRESS, NOBODY):
            mails.received.clear()
            before = await _counts(node)
            with statements(node.store) as sent:
                answer = await _answered(node, mails, address, review=review)
            after = await _counts(node)
            shape = [
                re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", line.decode())
                for line in answer.data.replace(address.encode(), b"ADDRESS").splitlines()
                if re.match(rb"--|[A-Z][A-Za-z-]+: ", line)
            ]
            seen.append(
                {
                    "held": len(_json(answer)["sanctions"]) + len(_json(answer)["found_here"]),
                    "statements": sent,
                    "rows": {name: after[name] - before[name] for name in after},
                    "letters": len(mails.received),
                    "length": len(answer.data),
                    "code length": len(mails.received[0].data) - len(address),
                    "titles": [line for line in answer.text.splitlines() if line.isupper()],
                    "head": shape[:9],
                }
            )
    much, nothing = seen
    # Three of our own; and for each event those, and three of the peer's.
    assert (much.pop("held"), nothing.pop("held")) == (3 + 2 * 6, 0)
    assert much == nothing
    assert much["length"] == ROUND


@given(st.integers(0, 10**10))
def test_when_an_answer_leaves_depends_on_when_it_was_asked_for_alone(confirmed_at: int) -> None:
    """At a full quarter of an hour, with time enough to write it."""
    slot = desk.slot_of(confirmed_at)
    assert slot % desk.SLOT == 0
    assert desk.MARGIN <= slot - confirmed_at < desk.MARGIN + desk.SLOT


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 3 * ROUND) | st.sampled_from([ROUND // 4 * 3, ROUND * 2 // 3, 45_000]),
    st.text(max_size=40),
    st.text(max_size=80),
)
def test_messages_with_an_attachment_are_as_long_as_each_other(
    size: int, name: str, body: str
) -> None:
    """Whatever they hold: a multiple of one length, to the byte; and the JSON stays what it is."""
    attached = json.dumps(["x" * size]).encode()
    sender = Sender(name, "coc@python.example")
    letter = Letter("subject", body, attached)
    mail = compose(sender, ADDRESS, letter, "an-id", NOW)
    assert len(mail.data) % ROUND == 0
    received = Received("", [], mail.data, tls=False, user=None)
    assert _json(received) == ["x" * size]


# --- Codes ----------------------------------------------------------------------------------------


async def test_a_code_is_used_once(committee: Committee) -> None:
    """However it is spaced; the second time nothing is answered."""
    async with _desk(committee.node) as (node, mails):
        code = await _ask(node, mails, ADDRESS)
        spaced = "-".join(re.findall(".{1,5}", code)).upper()
        assert spaced.lower() in mails.received[-1].text
        await desk.confirm(node, f" {spaced} ", NOW, review=False)
        with pytest.raises(desk.NoSuchCode):
            await desk.confirm(node, code, NOW, review=False)
        assert await desk.answer_all(node, NOW) == 1
        assert await desk.answer_all(node, NOW) == 0


@pytest.mark.parametrize(("life", "by_hand"), [(desk.LIFE, False), (desk.LIFE_BY_HAND, True)])
async def test_a_code_becomes_too_old(committee: Committee, life: int, *, by_hand: bool) -> None:
    """To the second; what the committee had sent holds longer."""
    async with _desk(committee.node) as (node, mails):
        codes = []
        for _ in range(2):
            assert await desk.request(node, identifier_of(ADDRESS), NOW, by_hand=by_hand)
            await notice.send_mail(node, NOW)
            codes.append(_code(mails.received[-1]))
        await desk.confirm(node, codes[0], NOW + life, review=False)
        with pytest.raises(desk.NoSuchCode):
            await desk.confirm(node, codes[1], NOW + life + 1, review=False)


@given(st.text(max_size=40))
def test_no_other_text_is_a_code(typed: str) -> None:
    """What is typed is brought to letters and digits, and hashed: it raises nothing."""
    assert len(desk._tag_of(Vault(bytes(32)), typed)) == 32  # noqa: SLF001 - typed by anybody


async def test_codes_and_addresses_are_in_no_row_in_the_clear(committee: Committee) -> None:
    """Only their tags, and the address sealed."""
    async with _desk(committee.node) as (node, mails):
        code = await _ask(node, mails, ADDRESS)
        async with node.store.read() as connection:
            kept = repr(
                [(await connection.execute(select(table))).all()
                 for name, table in metadata.tables.items() if name in {"desk_requests", "outbox"}]
            )  # fmt: skip
    assert code not in kept
    assert "quill" not in kept


async def test_an_address_gets_three_codes_a_day(committee: Committee) -> None:
    """Then no more, without a word to who asks; tomorrow again. By hand it is said."""
    async with _desk(committee.node) as (node, _):
        address = identifier_of(ADDRESS)
        for _ in range(desk.MOST_OF_ONE):
            assert await desk.request(node, address, NOW) is not None
        assert await desk.request(node, address, NOW + DAY - 1) is None
        assert await desk.request(node, address, NOW, by_hand=True) is None
        assert await desk.request(node, identifier_of(NOBODY), NOW) is not None
        assert await desk.request(node, address, NOW + DAY) is not None


async def test_the_desk_writes_so_many_letters_a_day(
    committee: Committee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To whomever; those that the committee has sent are not held up by a flood."""
    monkeypatch.setattr(desk, "MOST", 5)
    async with _desk(committee.node) as (node, _):
        taken = [
            await desk.request(node, identifier_of(f"p{n}@example.org"), NOW) for n in range(8)
        ]
        assert [each is not None for each in taken] == [True] * 5 + [False] * 3
        assert await desk.request(node, identifier_of(ADDRESS), NOW, by_hand=True) is not None
    (at_desk,) = [
        each for each in await doctor.examine(committee.node.home, NOW) if each.name == "desk"
    ]
    assert at_desk.level == "warning"
    assert "6 of 5 codes" in at_desk.message


async def test_requests_are_forgotten(committee: Committee) -> None:
    """A day after the code is too old, and with them whose address it was."""
    async with _desk(committee.node) as (node, mails):
        await _answered(node, mails, ADDRESS)
        await retention.clean(node, NOW + desk.LIFE + DAY)
        assert (await _counts(node))["desk_requests"] == 1
        await retention.clean(node, NOW + desk.LIFE + DAY + 1)
        assert (await _counts(node))["desk_requests"] == 0


async def test_every_step_is_in_the_record_and_in_the_persons_own_answer(
    committee: Committee,
) -> None:
    """That somebody typed an address is recorded without it; that they proved it, with its tag."""
    async with _desk(committee.node) as (node, mails):
        await _ask(node, mails, ADDRESS)
        assert await audit.asked_about(node, [identifier_of(ADDRESS)]) == []
        answer = await _answered(node, mails, ADDRESS)
        recorded = [(each.act, each.detail["what"]) for each in await audit.every(node)]
    assert recorded[-4:] == [
        ("desk", "request"), ("desk", "request"), ("desk", "answer"), ("export", "subject"),
    ]  # fmt: skip
    assert [each["act"] for each in _json(answer)["asked_here"]] == ["desk"]


async def test_an_answer_that_cannot_be_written_holds_up_no_other(committee: Committee) -> None:
    """It waits; what went wrong is logged by its words, which name nobody."""
    async with _desk(committee.node) as (node, mails):
        for address in (ADDRESS, NOBODY):
            await desk.confirm(node, await _ask(node, mails, address), NOW, review=False)
        folder = node.home.templates
        folder.mkdir()
        broken = folder / "desk-answer.txt.j2"
        broken.write_text("S\n\n{% if address == '" + ADDRESS + "' %}{{ no.such }}{% endif %}\nx\n")
        assert await desk.answer_all(node, NOW) == 1
        broken.unlink()
        assert await desk.answer_all(node, NOW) == 1


# --- Reviews --------------------------------------------------------------------------------------


async def test_a_review_is_asked_for_with_the_code(committee: Committee) -> None:
    """It becomes something that the committee has to answer, and the answer says until when."""
    id_ = await committee.publish()
    async with _desk(committee.node) as (node, mails):
        answer = await _answered(node, mails, ADDRESS, review=True)
        again = await _answered(node, mails, ADDRESS, NOW + DAY, review=True)
    until = TODAY + timedelta(days=30)
    due = [each for each in await acts.due(committee.node, NOW) if each.what == "answer"]
    assert [(each.id, each.day, each.is_reminded) for each in due] == [(id_, until, True)]
    for received in (answer, again):
        assert f"asked for on {TODAY}, answered by {until}" in received.text
        assert _json(received)["sanctions"][0]["review"]["answer_by"] == str(until)


async def test_a_review_that_was_not_asked_for_is_none(committee: Committee) -> None:
    """The answer says that it may be."""
    await committee.publish()
    async with _desk(committee.node) as (node, mails):
        answer = await _answered(node, mails, ADDRESS)
    assert [each for each in await acts.due(committee.node, NOW) if each.what == "answer"] == []
    assert "Review: you may ask for one; once a year" in answer.text


# --- As anybody opens it --------------------------------------------------------------------------


@asynccontextmanager
async def _open(node: Node) -> AsyncIterator[tuple[Served, MailServer]]:
    async with mail_server() as mails, served(_with(node, mails)) as at:
        yield at, mails


async def _post(at: Served, path: str, **fields: str) -> RawAnswer:
    body = urlencode(fields).encode()
    return await at.post(path, body, "application/x-www-form-urlencoded")


async def test_a_person_asks_with_a_browser(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, letter, link, button, letter; and no script on the way."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.02)
    async with _open(node) as (at, mails):
        page = await at.get("/desk")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"<script" not in page.body
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        assert (await _post(at, "/desk", address=f" {ADDRESS.upper()} ")).status == 200
        letter = await mails.arrived(1)
        assert letter.recipients == [ADDRESS]
        assert "https://comity.python.example/federation/desk/confirm?code=" in letter.text
        code = _code(letter)
        # A mail scanner looks, as often as it likes.
        for _ in range(3):
            page = await at.get(f"/desk/confirm?code={code}")
            assert (page.status, page.headers["cache-control"]) == (200, "no-store")
            assert code.encode() in page.body
        done = await _post(at, "/desk/confirm", code=code, review="yes")
        assert done.status == 200
        at.clock[0] = desk.slot_of(SERVED_NOW)
        answer = await mails.arrived(2)
        assert answer.recipients == [ADDRESS]
        assert _json(answer)["about"] == [f"email:{ADDRESS}"]
        again = await _post(at, "/desk/confirm", code=code)
        assert (again.status, b"used" in again.body) == (400, True)


async def test_everybody_is_answered_alike(node: Node) -> None:
    """One who gets a code and one who gets none any more: the same page, to the byte."""
    async with _open(node) as (at, _):
        pages = [await _post(at, "/desk", address=ADDRESS) for _ in range(desk.MOST_OF_ONE + 1)]
        pages.append(await _post(at, "/desk", address=NOBODY))
        assert {(page.status, page.body) for page in pages} == {(200, pages[0].body)}
        async with at.node.store.read() as connection:
            assert len(await letters.every(connection)) == desk.MOST_OF_ONE + 1


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/desk", {"address": "no address"}, 400),
        ("/desk", {"address": "a@b.example\r\nBcc: c@d.example"}, 400),
        ("/desk", {}, 400),
        ("/desk", {f"f{n}": "" for n in range(20)}, 400),
        ("/desk", {"address": "x" * 5000}, 413),
        ("/desk/confirm", {"code": "abc"}, 400),
        ("/desk/confirm", {}, 400),
        (
            "/desk/confirm",
            {"code": "\0\udcff".encode("utf-8", "surrogatepass").decode("latin-1")},
            400,
        ),
    ],
)
async def test_what_is_no_form_of_ours_gets_words(
    node: Node, path: str, fields: dict[str, str], status: int
) -> None:
    """No 500, and nothing that was typed comes back."""
    async with _open(node) as (at, mails):
        answer = await _post(at, path, **fields)
        assert answer.status == status
        assert b"d.example" not in answer.body
        raw = await at.post(path, b"address=%ff%fe&\xff", "application/x-www-form-urlencoded")
        assert raw.status == 400
        assert (await at.post(path, b"{}", "application/json")).status == 415
        assert (await at.get(path + "?code=" + "%3Cscript%3E" * 9)).body.count(b"<script") == 0
    assert mails.received == []


async def test_without_a_mail_server_people_are_told_whom_to_write_to(node: Node) -> None:
    """Nothing is taken that could not be answered."""
    async with served(node) as at:
        for answer in (await at.get("/desk"), await _post(at, "/desk", address=ADDRESS)):
            assert answer.status == 200
            assert b"Write to" in answer.body
            assert b"<form" not in answer.body
        async with node.store.read() as connection:
            assert await letters.every(connection) == []


async def test_no_log_line_tells_who_was_at_the_desk(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither address nor code, at no step."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.02)
    lines = io.StringIO()
    node_logging.configure(lines)
    try:
        async with _open(node) as (at, mails):
            mails.answers = [f"451 4.7.1 <{ADDRESS}> come later"]
            await _post(at, "/desk", address=ADDRESS)
            await mails.until(lambda: mails.attempts == 1)
            at.clock[0] += outbox.FIRST_RETRY
            code = _code(await mails.arrived(1))
            await at.get(f"/desk/confirm?code={code}")
            await _post(at, "/desk/confirm", code=code)
            await _post(at, "/desk/confirm", code=code)
    finally:
        structlog.reset_defaults()
    assert "serving" in lines.getvalue()
    for secret in (code, "quill", "example.org"):
        assert secret not in lines.getvalue()


# --- As the committee types it --------------------------------------------------------------------


async def test_a_request_on_paper_is_entered_by_hand(home: Home, database_url: str) -> None:
    """A code is mailed; with the code the answer is, at its time."""
    url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    await found(
        home, founding(threshold=1), database=url, password=password, now=clock.now(), cost=CHEAP
    )

    async def typed(*arguments: str, fails: bool = False) -> Any:
        environment = {"COMITY_HOME": str(home.path)}
        done = await asyncio.to_thread(
            CliRunner().invoke, cli, ["--json", *arguments], env=environment
        )
        assert (done.exit_code != 0) == fails, done.output
        return json.loads(done.stdout)

    assert "no mail server" in (await typed("subject", "request", ADDRESS, fails=True))["error"]
    async with mail_server() as mails:
        with home.config_file.open("a") as settings:
            settings.write(f'smtp_host = "{HOST}"\nsmtp_port = {mails.port}\n')
            settings.write('smtp_security = "plain"\n')
        assert (await typed("subject", "request", ADDRESS))["mail"] == "accepted"
        refused = await typed("subject", "request", "github:nobody", fails=True)
        assert "no e-mail address" in refused["error"]
        before = clock.now()
        confirmed = await typed("subject", "confirm", _code(mails.received[0]), "--review")
        assert confirmed["leaves_at"] >= before + desk.MARGIN
        failed = await typed("subject", "confirm", _code(mails.received[0]), fails=True)
        assert "ask for another" in failed["error"]
        listed = await typed("mail", "list")
    assert {each["kind"]: each["mail"] for each in listed} == {
        "code": "accepted",
        "answer": "waiting",
    }
    assert len(mails.received) == 1
