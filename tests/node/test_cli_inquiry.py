"""`comity inquiry`: from a match to a verified disclosure, by commands, between two nodes."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from node import answering, audit, inquiries
from node.cli import cli
from node.cli.inquiry import RELEASABLE, SAYABLE
from node.wording import PHRASES
from protocol.inquiry import Phrase, Releasable
from tests.node.federation import Community, Federation

pytestmark = pytest.mark.wire

MALLORY = "email:mallory@quill.example"


@dataclass
class Desks:
    """Somebody at the keyboard of each of two communities."""

    issuer: Community
    asker: Community

    async def typed(self, at: Community, *arguments: str, stdin: str = "") -> Result:
        """Run a command as a process of its own would, beside the running nodes."""
        line = ["--home", str(at.home.path), *arguments]
        return await asyncio.to_thread(CliRunner().invoke, cli, line, stdin)

    async def document(self, at: Community, *arguments: str) -> Any:
        """The document of a command that succeeds."""
        done = await self.typed(at, "--json", *arguments)
        assert done.exit_code == 0, done.output
        # The other node of this process logs what it is asked to the same place.
        return json.loads(done.stdout.splitlines()[-1])

    async def finding(self, *arguments: str) -> str:
        """The id of the only finding of a check."""
        done = await self.typed(self.asker, "--json", "check", *arguments)
        assert done.exit_code == 3, done.output
        (found,) = json.loads(done.stdout)["findings"]
        return str(found["id"])


@pytest.fixture
async def desks(federation: Federation) -> Desks:
    federation.clock[0] = int(time.time())
    issuer = await federation.community("python.example")
    asker = await federation.community("meetup.example", only_asks=True)
    await federation.peer(asker, issuer)
    said = {"basis": "harassment", "ends_on": "indefinite"}
    await issuer.publish(MALLORY, "name:Mallory Quill", **said)
    await asker.sync()
    return Desks(issuer, asker)


async def test_from_a_match_to_a_verified_disclosure_by_commands(desks: Desks) -> None:
    """Check, ask, answer, show: each command's document leads to the next one."""
    finding = await desks.finding(MALLORY, "--purpose", "meetup")
    asked = await desks.document(desks.asker, "inquiry", "ask", finding, "--yes")
    assert (asked["state"], asked["issuer"], asked["finding"]) == (
        "waiting", "python.example", finding
    )  # fmt: skip
    listed = await desks.document(desks.issuer, "inquiry", "list")
    (received,) = listed["received"]
    assert (received["id"], received["from"], received["state"]) == (
        asked["id"], "meetup.example", "waiting"
    )  # fmt: skip
    assert (received["attestation"], listed["asked"]) == (asked["attestation"], [])
    shown = await desks.typed(desks.issuer, "inquiry", "show", asked["id"][:8])
    assert "--release basis|decided_by" in shown.stdout
    sanction = await desks.document(desks.issuer, "sanction", "show", received["attestation"])
    assert MALLORY in sanction["identifiers"]
    answered = await desks.document(
        desks.issuer, "inquiry", "answer", asked["id"][:8],
        "--release", "basis", "--release", "decided_by",
    )  # fmt: skip
    assert (answered["state"], answered["handed_over_at"]) == ("answered", None)
    done = await desks.document(desks.asker, "inquiry", "show", asked["id"])
    assert done["state"] == "answered"
    answer = done["answer"]
    assert (answer["phrase"], answer["basis"]) == ("released", "harassment")
    assert answer["decided_by"] == {"body": "committee", "present": 2, "in_favour": 2}
    words = (await desks.typed(desks.asker, "inquiry", "show", asked["id"])).stdout
    assert "state      answered, and verified" in words
    assert "basis      harassment" in words
    assert "2 in favour, of 2 present" in words
    words = (await desks.typed(desks.issuer, "inquiry", "show", asked["id"])).stdout
    assert "this much we release: basis and decided_by" in words
    assert "the peer   fetched 20" in words


async def test_whoever_asks_is_told_first_and_can_leave_it(desks: Desks) -> None:
    """What the issuer would learn; without a yes nothing is sent, kept or recorded."""
    days = ("--from", "2030-03-31", "--purpose", "volunteer_or_speaker")
    finding = await desks.finding(MALLORY, *days)
    for stdin in ("", "n\n"):
        done = await desks.typed(desks.asker, "inquiry", "ask", finding, stdin=stdin)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "python.example does not know that anything was found here" in done.stderr
        assert "expected at your place (volunteer or speaker, from 2030-03-31" in done.stderr
        assert "cannot be taken back" in done.stderr
    assert await inquiries.every(desks.asker.node) == []
    assert await answering.every(desks.issuer.node) == []
    assert not [each for each in await audit.every(desks.asker.node) if each.act == "inquire"]
    done = await desks.typed(desks.asker, "inquiry", "ask", finding[:8], stdin="y\n")
    assert done.exit_code == 0
    assert "its committee has not answered yet" in done.stdout


async def test_a_phrase_is_an_answer(desks: Desks) -> None:
    """`comity sync` brings it, too."""
    finding = await desks.finding(MALLORY)
    asked = await desks.document(
        desks.asker, "inquiry", "ask", finding, "--yes", "--purpose", "membership"
    )
    assert asked["purpose"]["kind"] == "membership"
    await desks.document(
        desks.issuer, "inquiry", "answer", asked["id"], "--phrase", "not_the_same_person"
    )
    await desks.document(desks.asker, "sync")
    (done,) = (await desks.document(desks.asker, "inquiry", "list"))["asked"]
    assert (done["state"], done["answer"]["phrase"]) == ("answered", "not_the_same_person")
    words = (await desks.typed(desks.asker, "inquiry", "show", done["id"])).stdout
    assert "says       not the same person" in words


async def test_the_doctor_says_that_peers_wait(desks: Desks) -> None:
    """And what to type."""
    finding = await desks.finding(MALLORY)
    await desks.document(desks.asker, "inquiry", "ask", finding, "--yes")
    said = await desks.typed(desks.issuer, "doctor")
    assert "1 of peers wait for your answer" in said.output
    assert "comity inquiry list" in said.output


async def test_what_cannot_be_done_is_said(desks: Desks) -> None:
    """With exit status 1 where something is not there, 2 where it is typed wrongly."""
    finding = await desks.finding(MALLORY)
    weak = await desks.finding("name:Mallory Quill")
    asked = await desks.document(desks.asker, "inquiry", "ask", finding, "--yes")
    id_ = asked["id"]
    cases = [
        (desks.asker, ("ask", weak, "--yes"), 1, "namesake"),
        (desks.asker, ("ask", "7c4b8a52", "--yes"), 1, "no finding whose id begins so"),
        (desks.asker, ("ask", finding, "--yes"), 1, "asked already"),
        (desks.asker, ("show", "0000000000"), 1, "no inquiry begins so"),
        (desks.asker, ("show", id_[:7]), 1, "first 8 digits"),
        (desks.asker, ("answer", id_, "--release", "basis"), 2, "this question is ours"),
        (desks.issuer, ("answer", id_), 2, "either --release"),
        (desks.issuer, ("answer", id_, "--release", "basis", "--phrase", SAYABLE[0]), 2, "either"),
        (desks.issuer, ("answer", id_, "--release", "subject"), 2, "'subject' is not one of"),
        (desks.issuer, ("answer", id_, "--phrase", "released"), 2, "'released' is not one of"),
        (desks.issuer, ("answer", id_, "--phrase", "it_has_ended"), 1, "has not ended"),
    ]
    for at, arguments, status, words in cases:
        done = await desks.typed(at, "inquiry", *arguments)
        assert (done.exit_code, words in done.stderr) == (status, True), (arguments, done.output)
    assert [each.answer for each in await answering.every(desks.issuer.node)] == [None]


def test_the_words_of_the_command_line_are_those_of_the_protocol() -> None:
    """They stand there once more, since importing them takes longer than a help text should."""
    assert (*SAYABLE, "released") == (*get_args(Phrase)[1:], get_args(Phrase)[0])
    assert get_args(Releasable) == RELEASABLE
    assert list(PHRASES) == list(get_args(Phrase))
