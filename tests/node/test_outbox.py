"""Letters: never lost in silence, sent under TLS, and nobody adds a header field to one."""

import asyncio
import email
import email.policy
import io
import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from node import logging as node_logging
from node import outbox, retention
from node.config import Config
from node.errors import UserError
from node.home import Home, load_smtp_password
from node.mail import Letter, Mail, Sender, compose
from node.mailbox import identifier_of, is_mailbox
from node.node import Node
from node.smtp import MailServer
from node.store import outbox as rows
from node.store.outbox import OutboxRow
from tests.node import mail_server as real
from tests.node.mail_server import HOST, certificate, mail_server

pytestmark = pytest.mark.wire

NOW = 1_803_895_200
TO = "mallory.quill@person.example"
SENDER = Sender("Python Foundation", "coc@python.example")
LETTER = Letter("A decision", "Dear you,\n.\nGrüße\n")


def _server(port: int, **changes: Any) -> MailServer:
    values: dict[str, Any] = {
        "host": HOST,
        "port": port,
        "security": "plain",
        "user": None,
        "password": None,
        "deadline": 10.0,
    }
    return MailServer(**(values | changes))


async def _queued(node: Node, **changes: Any) -> str:
    values: dict[str, Any] = {
        "kind": "answer",
        "recipient": TO,
        "letter": LETTER,
        "not_before": NOW,
        "give_up_at": NOW + outbox.PATIENCE,
    }
    async with node.store.write() as connection:
        wanted = outbox.Wanted(**(values | changes))
        return await outbox.put(connection, node.vault, SENDER, wanted, NOW)


async def _nothing(_connection: AsyncConnection, _row: OutboxRow) -> None:
    """What follows is not what these tests are about."""


async def _send(node: Node, port: int, now: int = NOW, **server: Any) -> list[OutboxRow]:
    return await outbox.send_due(node, _server(port, **server), now, _nothing)


async def _row(node: Node, id_: str) -> OutboxRow:
    async with node.store.read() as connection:
        row = await rows.get(connection, id_)
    assert row is not None
    return row


async def test_a_letter_arrives_as_it_was_written(node: Node) -> None:
    """To its one recipient, with its words whole; afterwards nothing of it is kept."""
    id_ = await _queued(node)
    async with mail_server() as mails:
        (sent,) = await _send(node, mails.port)
    (received,) = mails.received
    assert (received.sender, received.recipients) == (SENDER.address, [TO])
    assert received.text.replace("\r\n", "\n") == LETTER.body
    assert received.message["Subject"] == LETTER.subject
    assert received.message["Auto-Submitted"] == "auto-generated"
    assert received.data.isascii()
    assert (sent.id, sent.state, sent.mail_sealed) == (id_, "accepted", None)
    assert await _send(node, mails.port, NOW + 10**6) == []


async def test_a_letter_waits_for_its_time(node: Node) -> None:
    """Not a second earlier."""
    await _queued(node, not_before=NOW + 900)
    async with mail_server() as mails:
        assert await _send(node, mails.port, NOW + 899) == []
        assert [row.state for row in await _send(node, mails.port, NOW + 900)] == ["accepted"]


async def test_a_greylisted_letter_is_tried_again(node: Node) -> None:
    """Refused for now, at the recipient and at the message: it leaves at the third attempt."""
    await _queued(node)
    async with mail_server() as mails:
        mails.answers, mails.data_answers = ["451 4.7.1 come later", None], ["451 4.3.0 and again"]
        now = NOW
        seen = []
        for _ in range(3):
            (row,) = await _send(node, mails.port, now)
            assert await _send(node, mails.port, row.next_at - 1) == [] or row.state == "accepted"
            seen.append((row.state, row.fault))
            now = row.next_at
    assert seen == [
        ("waiting", "the address was refused (451 4.7.1)"),
        ("waiting", "the letter was refused (451 4.3.0)"),
        ("accepted", None),
    ]
    assert len(mails.received) == 1


@pytest.mark.parametrize("where", ["answers", "data_answers"])
async def test_a_letter_that_is_refused_for_good_has_failed(node: Node, where: str) -> None:
    """It says so by the server's codes, keeps nothing of the letter, and is not tried again."""
    id_ = await _queued(node)
    async with mail_server() as mails:
        setattr(mails, where, [f"550 5.1.1 <{TO}> is unknown here"])
        (row,) = await _send(node, mails.port)
        assert await _send(node, mails.port, NOW + 10**6) == []
    assert (row.state, row.mail_sealed) == ("failed", None)
    assert row.fault is not None
    assert "550 5.1.1" in row.fault
    assert "person.example" not in row.fault
    assert (await _row(node, id_)).state == "failed"


@pytest.mark.parametrize("what", ["break off", "take and break off"])
async def test_a_connection_that_breaks_after_the_message_is_no_acceptance(
    node: Node, what: Any
) -> None:
    """It is sent again; what arrives twice does so under one Message-ID."""
    await _queued(node)
    async with mail_server() as mails:
        mails.data_answers = [what]
        (row,) = await _send(node, mails.port)
        assert (row.state, row.fault) == (
            "waiting",
            "the connection broke off before the letter was accepted",
        )
        (row,) = await _send(node, mails.port, row.next_at)
    assert row.state == "accepted"
    assert len({received.message["Message-ID"] for received in mails.received}) == 1


async def test_a_letter_that_nobody_accepts_fails_within_the_bound(node: Node) -> None:
    """With longer and longer pauses, and the last word is that it failed."""
    id_ = await _queued(node)
    async with mail_server() as mails:
        mails.answers = ["451 never"] * 100
        now, pauses = NOW, []
        while (await _row(node, id_)).state == "waiting":
            (row,) = await _send(node, mails.port, now)
            pauses.append(row.next_at - now)
            now = row.next_at
    assert (await _row(node, id_)).state == "failed"
    assert pauses[0] == outbox.FIRST_RETRY
    assert max(pauses) <= outbox.LONGEST_RETRY
    assert now - pauses[-1] <= NOW + outbox.PATIENCE
    assert 10 < len(pauses) < 40


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_next_attempt_is_never_soon_and_never_far(attempts: int, now: int, bound: int) -> None:
    """At least as far as the first pause, at most as the longest."""
    row = OutboxRow("", "answer", None, None, "waiting", attempts, 0, bound, 0)
    assert outbox.FIRST_RETRY <= outbox.next_attempt(row, now) - now <= outbox.LONGEST_RETRY


async def test_a_server_that_cannot_be_reached_is_tried_with_one_letter(node: Node) -> None:
    """The others keep their turn."""
    for _ in range(3):
        await _queued(node)
    async with mail_server() as mails:
        port = mails.port
    (row,) = await _send(node, port)
    assert (row.state, row.fault) == ("waiting", "the mail server cannot be reached")
    async with node.store.read() as connection:
        assert [each.attempts for each in await rows.every(connection)].count(0) == 2


async def test_two_processes_send_a_letter_once(node: Node) -> None:
    """Whoever comes second finds it taken in hand, also while the first is still talking."""
    await _queued(node)
    async with mail_server() as mails:
        done = await asyncio.gather(*(_send(node, mails.port) for _ in range(4)))
    assert sum(len(each) for each in done) == 1
    assert len(mails.received) == 1


async def test_a_letter_survives_the_process(home: Home, database_url: str, node: Node) -> None:
    """One that was begun and not ended is tried again, from the database alone."""
    id_ = await _queued(node)
    crashed = RuntimeError("the process ends here")

    async def crash(_connection: AsyncConnection, _row: OutboxRow) -> None:
        raise crashed

    async with mail_server() as mails:
        with pytest.raises(RuntimeError, match="ends here"):
            await outbox.send_due(node, _server(mails.port), NOW, crash)
        begun = await _row(node, id_)
        assert (begun.state, begun.attempts) == ("waiting", 1)
        assert await _send(node, mails.port, begun.next_at - 1) == []
        (row,) = await _send(node, mails.port, begun.next_at)
    assert row.state == "accepted"


async def test_what_is_kept_of_a_letter_tells_nothing(node: Node) -> None:
    """Neither recipient nor words stand in the database in the clear."""
    row = await _row(node, await _queued(node, letter=Letter("A decision", "x" * 500)))
    kept = repr([getattr(row, name) for name in vars(row)])
    assert "person.example" not in kept
    assert "decision" not in kept
    assert "person.example" not in repr(row)


async def test_that_a_letter_left_is_known_for_thirty_days(node: Node) -> None:
    """Then nothing is; one that waits is not touched."""
    await _queued(node)
    async with mail_server() as mails:
        await _send(node, mails.port)
    waiting = await _queued(node)
    for now, known in ((NOW + retention.LETTERS, 2), (NOW + retention.LETTERS + 1, 1)):
        await retention.clean(node, now)
        async with node.store.read() as connection:
            assert len(await rows.every(connection)) == known
    assert (await _row(node, waiting)).state == "waiting"


# --- TLS and logging in ---------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> real.Certificate:
    """A certificate for the address of the server, which this machine believes."""
    made = certificate(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


_TLS: dict[str, Any] = {"security": "starttls", "user": "comity", "password": "mail password"}


async def test_letter_and_password_go_under_tls(node: Node, trusted: real.Certificate) -> None:
    """STARTTLS first, then the login, then the letter."""
    await _queued(node)
    async with mail_server(trusted, login=True) as mails:
        (row,) = await _send(node, mails.port, **_TLS)
    assert row.state == "accepted", row.fault
    assert [(each.tls, each.user) for each in mails.received] == [(True, "comity")]


async def test_no_letter_without_starttls(node: Node) -> None:
    """Whoever strips the offer gets nothing, and no password."""
    await _queued(node)
    async with mail_server() as mails:
        (row,) = await _send(node, mails.port, **_TLS)
    assert (row.state, mails.attempts, mails.received) == ("waiting", 0, [])
    assert row.fault == "the mail server offers no STARTTLS, or no way to log in"


async def test_no_letter_to_a_server_with_anothers_certificate(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is believed, and is for another host."""
    other = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    await _queued(node)
    async with mail_server(other) as mails:
        (row,) = await _send(node, mails.port, security="starttls")
    assert (row.state, mails.attempts) == ("waiting", 0)
    assert row.fault == f"TLS does not hold: the certificate is not one for {HOST}"


async def test_a_refused_password_is_told(node: Node, trusted: real.Certificate) -> None:
    """By the server's code, without the password."""
    await _queued(node)
    async with mail_server(trusted, login=True) as mails:
        (row,) = await _send(node, mails.port, **(_TLS | {"password": "hunter2"}))
    assert (row.state, mails.received) == ("waiting", [])
    assert row.fault is not None
    assert "refuses user or password (535" in row.fault


async def test_a_silent_server_is_given_up_at_the_deadline(node: Node) -> None:
    """It accepts the connection, and says nothing."""
    await _queued(node)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, HOST, 0)
    async with silent:
        (row,) = await _send(node, silent.sockets[0].getsockname()[1], deadline=0.1)
    assert row.fault == "the mail server does not answer within 0.1 s"


@pytest.mark.parametrize(
    ("settings", "fine"),
    [
        ({"smtp_host": "mail.example", "smtp_security": "plain"}, False),
        ({"smtp_host": "127.0.0.1", "smtp_security": "plain"}, True),
        ({"smtp_host": "localhost", "smtp_security": "plain"}, True),
        ({"smtp_host": "mail.example"}, True),
        ({"smtp_host": "mail.example\r\nRSET"}, False),
        ({"mail_from": "coc@python.example"}, True),
        ({"mail_from": "coc@python.example\r\nBcc: a@b.example"}, False),
        ({"mail_from": "Coc <coc@python.example>"}, False),
    ],
)
def test_letters_cross_no_network_in_the_clear(settings: dict[str, Any], *, fine: bool) -> None:
    """`plain` is for a server on this machine; hosts and addresses are nothing but that."""
    if fine:
        assert Config(database="sqlite:////x", **settings)
        return
    with pytest.raises(ValueError, match=list(settings)[-1]):
        Config(database="sqlite:////x", **settings)


def test_the_password_is_found_as_the_master_key_is(home: Home, tmp_path: Path) -> None:
    """A variable, a credential of systemd, or a file that its owner alone may read."""
    with pytest.raises(UserError, match="no password"):
        load_smtp_password(home, {})
    home.smtp_password_file.write_text("of the file\n")
    home.smtp_password_file.chmod(0o644)
    with pytest.raises(UserError, match="others may read"):
        load_smtp_password(home, {})
    home.smtp_password_file.chmod(0o600)
    assert load_smtp_password(home, {}) == "of the file"
    (tmp_path / "comity-smtp-password").write_text("of systemd\n")
    folder = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_smtp_password(home, folder) == "of systemd"
    assert load_smtp_password(home, folder | {"COMITY_SMTP_PASSWORD": "said"}) == "said"


# --- What anybody wrote ---------------------------------------------------------------------------

_FIELDS = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
]  # fmt: skip
_HOSTILE = st.text(max_size=60) | st.lists(
    st.sampled_from(["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\0", "Bcc: evil@x.example",
                     "=?utf-8?q?=0AX-Evil:_1?=", "<", ">", '"', ",", ";", ":", "@", " ", "ü", "a"])
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(_HOSTILE, _HOSTILE, st.text(st.characters(exclude_categories=["Cs"])) | _HOSTILE)
def test_nothing_that_anybody_wrote_adds_a_field_or_a_recipient(
    name: str, subject: str, body: str
) -> None:
    """Whatever a name, a subject or a letter holds: these fields, that recipient, this sender."""
    sender = Sender(name, "coc@python.example", "help@python.example")
    mail = compose(sender, TO, Letter(subject, body), "an-id", NOW)
    head, _, _ = mail.data.partition(b"\r\n\r\n")
    assert mail.data.isascii()
    assert not any(char in mail.data.replace(b"\r\n", b"") for char in b"\r\n\0")
    starts = [
        line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"
    ]
    assert starts == _FIELDS
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert [each.addr_spec for each in parsed["From"].addresses] == ["coc@python.example"]
    assert [each.addr_spec for each in parsed["To"].addresses] == [TO]
    assert max(map(len, mail.data.split(b"\r\n"))) < 998
    assert Mail.from_bytes(mail.to_bytes()) == mail


@pytest.mark.parametrize(
    "typed",
    [
        "a@b.example\r\nRCPT TO:evil@x.example",
        "a@b.example,evil@x.example",
        '"a b"@b.example',
        '"a\\"@x.example"@b.example',
        "a@[127.0.0.1]",
        "ü@b.example",
        "victim%x.example@b.example",
        "a..b@b.example",
        f"{'a' * 65}@b.example",
        "a@localhost",
        "no address",
        "",
    ],
)
def test_a_letter_goes_to_one_plain_mailbox_only(typed: str) -> None:
    """What some server on the way could read otherwise is not sent to; nor is it repeated."""
    with pytest.raises(UserError) as caught:
        identifier_of(typed)
    assert "b.example" not in str(caught.value)
    with pytest.raises(ValueError, match="address"):
        compose(SENDER, typed, LETTER, "id", NOW)


@given(st.emails())
def test_whoever_is_written_to_is_the_identifier(address: str) -> None:
    """A letter goes to the canonical value, and nowhere else."""
    try:
        found = identifier_of(address)
    except UserError:
        return
    assert is_mailbox(found.value)
    assert identifier_of(found.value) == found


async def test_no_log_line_names_anybody(node: Node) -> None:
    """Accepted, refused, failed, unreachable: neither who nor what the server quoted."""
    lines = io.StringIO()
    node_logging.configure(lines)
    try:
        async with mail_server() as mails:
            mails.answers = [f"451 4.7.1 {TO} later", f"550 5.1.1 {TO} unknown", None]
            mails.data_answers = ["take and break off"]
            for _ in range(3):
                await _queued(node)
            await _send(node, mails.port)
        await _send(node, mails.port, NOW + 10**5)
    finally:
        structlog.reset_defaults()
    events = [json.loads(line)["event"] for line in lines.getvalue().splitlines()]
    assert {"letter-waits", "letter-failed"} <= set(events)
    assert "quill" not in lines.getvalue()
    assert "person.example" not in lines.getvalue()
