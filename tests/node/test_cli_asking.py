"""`comity check` and `comity screen`: the contract that scripts rely on."""

import asyncio
import json
import shlex
import signal
import sys
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from node.attendees.columns import propose
from node.attendees.headers import PERSONAL, Role
from node.attendees.reading import read_table
from node.checking import FOLLOWED
from node.cli import cli
from node.cli.check import EXAMPLES
from node.store import peers
from protocol.identifiers import KINDS, from_text
from tests.node.attendees.lists import csv_list
from tests.node.federation import PATIENCE, Community, Federation

pytestmark = pytest.mark.wire

MALLORY = "email:mallory@quill.example"
HEADER = ("Order code", "Status", "Attendee name", "Attendee email")


@dataclass
class Desk:
    """Somebody at the keyboard of a community that only asks, and an issuer."""

    issuer: Community
    asker: Community
    folder: Path

    async def comity(self, *arguments: str, stdin: str = "") -> Result:
        """Run a command as a process of its own would, beside the running nodes."""
        line = ["--home", str(self.asker.home.path), *arguments]
        return await asyncio.to_thread(CliRunner().invoke, cli, line, stdin)

    async def check(self, *arguments: str, stdin: str = "") -> tuple[int, Any]:
        """Exit status and document of a check."""
        done = await self.comity("--json", "check", *arguments, stdin=stdin)
        return done.exit_code, json.loads(done.stdout or "null")

    async def screen(self, data: bytes, *arguments: str) -> tuple[Result, list[Any]]:
        """Outcome and documents of a screening."""
        file = self.folder / "list.csv"
        write(file, data)
        done = await self.comity("--json", "screen", str(file), *arguments)
        return done, [json.loads(line) for line in done.stdout.splitlines()]


def write(file: Path, data: bytes) -> None:
    """Write a file."""
    file.write_bytes(data)


@pytest.fixture
async def desk(federation: Federation, tmp_path: Path) -> Desk:
    """The issuer has published Mallory Quill."""
    federation.clock[0] = int(time.time())
    issuer = await federation.community("python.example")
    asker = await federation.community("meetup.example", only_asks=True)
    await federation.peer(asker, issuer)
    await issuer.publish(MALLORY, "name:Mallory Quill")
    await asker.sync()
    return Desk(issuer, asker, tmp_path)


async def test_check_answers_by_exit_status_and_one_document(desk: Desk) -> None:
    """0 nothing, 3 found or possible."""
    status, clear = await desk.check("email:alice@a.example")
    assert (status, clear["outcome"], clear["findings"]) == (0, "nothing_found", [])
    assert clear["coverage"]["complete"] is True
    (peer,) = clear["coverage"]["peers"]
    silent = {"because": None, "again_at": None, "event_from": None}
    heard = {"id": "python.example", "state": "heard", "as_of": peer["as_of"]}
    assert peer == heard | silent
    status, match = await desk.check("github:other-fake", "email:MALLORY@quill.example")
    assert (status, match["outcome"]) == (3, "match")
    assert set(match["findings"][0]) == {
        "id", "issuer", "attestation", "strength", "matched", "not_matched", "is_own", "measure",
        "scope", "origin", "in_force_from", "ends_on", "state", "flags", "quorum", "custody",
        "attention", "why", "contact",
    }  # fmt: skip
    assert match["findings"][0]["quorum"] == "2 of 2"
    status, possible = await desk.check("-", stdin="\nname:Mallory Quill\n\n")
    assert (status, possible["outcome"]) == (3, "possible")
    assert possible["findings"][0]["measure"] is None


@pytest.mark.parametrize(
    "arguments",
    [(), ("-",), ("",), ("email:",), ("email: ",), ("mallory@quill.example",), ("shoe:42",),
     ("email:secret person",), (MALLORY, ""), (MALLORY, "--to", "2027-03-01"),
     (MALLORY, "--from", "2027-03-02", "--to", "2027-03-01"), (MALLORY, "--purpose", "curiosity")],
    ids=repr,
)  # fmt: skip
async def test_row_35_an_empty_or_odd_term_is_a_usage_error(
    desk: Desk, arguments: tuple[str, ...]
) -> None:
    """Nothing is asked, and no message repeats what was typed."""
    done = await desk.comity("check", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "secret" not in done.stderr
    done = await desk.comity("--json", "check", *arguments)
    assert json.loads(done.stdout).keys() == {"error"}
    assert "secret" not in done.stdout


async def test_nothing_found_is_4_where_somebody_was_not_heard(desk: Desk) -> None:
    """Dead, and later too old; then there is no peer at all."""
    await desk.check("email:alice@a.example")
    await desk.issuer.stop()
    status, silent = await desk.check("email:bob@a.example")
    assert (status, silent["outcome"]) == (4, "nothing_found")
    assert silent["coverage"]["complete"] is False
    assert [peer["state"] for peer in silent["coverage"]["peers"]] == ["unreachable"]
    done = await desk.comity("check", "email:bob@a.example")
    assert "no peer answered" in done.stdout
    assert "NOT heard: the only peer." in done.stdout
    assert "as of 20" in done.stdout
    assert done.exit_code == 4


async def test_check_without_any_peer_is_4(federation: Federation, tmp_path: Path) -> None:
    federation.clock[0] = int(time.time())
    asker = await federation.community("alone.example", only_asks=True)
    status, document = await Desk(asker, asker, tmp_path).check(MALLORY)
    assert (status, document["coverage"]) == (4, {"complete": False, "peers": []})


async def test_screen_prints_a_document_for_each_row_and_the_summary(desk: Desk) -> None:
    """People's words, what each column was taken for among them, go to standard error."""
    report = desk.folder / "report.csv"
    done, documents = await desk.screen(
        csv_list(
            HEADER,
            ("A1", "paid", "Alice Abernethy", "alice@a.example"),
            ("A2", "paid", "Mallory Quill", "Mallory@quill.example"),
            ("A3", "paid", "Mallory Quill", ""),
            ("A4", "canceled", "Carol Cooper", "carol@a.example"),
        ),
        "--event", "PyRegion", "--purpose", "registration", "--out", str(report),
    )  # fmt: skip
    assert done.exit_code == 3
    assert [each.get("checked_by") for each in documents] == [
        "identifier", "identifier", "name_only", "skipped", None
    ]  # fmt: skip
    assert [each.get("outcome") for each in documents[:4]] == [
        "nothing_found", "match", "possible", None
    ]  # fmt: skip
    match = documents[1]["findings"][0]
    assert dict(zip(match["matched"], match["whose"], strict=True))["email"] == "attendee"
    summary = documents[-1]["summary"]
    assert summary["rows"] == 4
    assert summary["coverage"]["complete"] is True
    assert "the attendee's" in done.stderr
    assert "Of 4 rows 2 were checked, 1 by name only" in done.stderr
    text = read(report)
    assert match["id"] in text
    assert "Mallory" not in text
    assert '"heard as of 20' in text
    assert "Without --from and --to" in done.stderr


def read(file: Path) -> str:
    """A file's text."""
    return file.read_text("utf-8")


async def test_screen_answers_by_exit_status(desk: Desk) -> None:
    """0 all clear, 4 by name only where strict, 4 for nobody, 1 for no list, 2 for no file."""
    alice = ("A1", "paid", "Alice Abernethy", "alice@a.example")
    name = ("A2", "paid", "Bob Brown", "")
    for data, options, status in (
        (csv_list(HEADER, alice), (), 0),
        (csv_list(HEADER, alice, name), (), 0),
        (csv_list(HEADER, alice, name), ("--strict",), 4),
        (csv_list(HEADER), (), 4),
        (b"", (), 1),
        (csv_list(HEADER, alice), ("--column", "Nope=email"), 1),
        (csv_list(HEADER, alice), ("--out", str(desk.folder / "report.txt")), 1),
        (csv_list(HEADER, alice), ("--out", str(desk.folder / "absent" / "report.csv")), 1),
        (csv_list(HEADER, alice), ("--out", str(desk.folder / "list.csv")), 1),
    ):
        done, documents = await desk.screen(data, *options)
        assert done.exit_code == status, done.stderr
        assert documents[-1].keys() == ({"error"} if status == 1 else {"summary"})
    assert (await desk.comity("screen", str(desk.folder / "no.csv"))).exit_code == 2


async def test_a_country_can_be_said(desk: Desk) -> None:
    """Without it a national number is not asked about: 4, and the row is named; with it, 0."""
    data = csv_list((*HEADER, "Phone"), ("A1", "paid", "Alice Ab", "a@a.example", "0301 2345678"))
    done, _ = await desk.screen(data)
    assert done.exit_code == 4
    assert "Nothing found in what could be read; 1 row holds" in done.stderr
    assert "phone: row 1" in done.stderr
    assert (await desk.screen(data, "--region", "de"))[0].exit_code == 0
    refused = await desk.comity("check", "phone:0301 2345678")
    assert refused.exit_code == 2
    assert "default_region in comity.toml" in refused.stderr
    assert "2345678" not in refused.stderr
    assert (await desk.check("phone:0301 2345678", "--region", "DE"))[0] == 0
    assert (await desk.comity("check", "phone:0301 2345678", "--region", "QQ")).exit_code == 2


async def test_one_day_is_an_event_too(desk: Desk) -> None:
    """--from without --to; and with days nothing is said about missing ones."""
    done = await desk.comity("check", MALLORY, "--event", "Meetup", "--from", "2020-03-01")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "NOTE" in done.stdout
    assert "makes no match" in done.stdout
    done = await desk.comity("check", MALLORY, "--event", "Meetup")
    assert done.exit_code == 3
    assert "Every peer was heard: python.example (as of 20" in done.stdout
    assert "Without --from and --to" in done.stderr


async def test_columns_can_be_said(desk: Desk) -> None:
    """A header that nobody knows is read once somebody says what it holds."""
    data = csv_list(("Who", "Where to write"), ("x", "mallory@quill.example"))
    done, _ = await desk.screen(data)
    assert done.exit_code == 1
    done, documents = await desk.screen(data, "--column", "Where to write=buyer-email")
    assert (done.exit_code, documents[0]["findings"][0]["whose"]) == (3, ["buyer"])


async def test_row_26_hostile_headers_reach_no_terminal(desk: Desk) -> None:
    """Control characters of a file are not printed, whatever they would do."""
    data = csv_list(("Email", "\x1b[31mred\x07\u202e"), ("alice@a.example", "x"))
    done, _ = await desk.screen(data)
    assert done.exit_code == 0
    assert not {"\x1b", "\x07", "\u202e"} & {*done.stderr, *done.stdout}


async def test_a_check_follows_peers_where_nothing_else_does(desk: Desk) -> None:
    """Without `serve` or `sync` what was published or lifted meanwhile is known all the same."""
    await desk.issuer.publish("email:later@a.example")
    async with desk.asker.node.store.write() as connection:
        fingerprint = await desk.issuer.fingerprint()
        await peers.change(connection, fingerprint, last_sync_at=desk.asker.now - FOLLOWED - 1)
    status, _ = await desk.check("email:later@a.example")
    assert status == 3


def test_the_help_of_check_lists_every_kind() -> None:
    """With an example of each that the protocol takes; one kind is made of addresses only."""
    assert {each.kind for each in map(from_text, map(unquoted, EXAMPLES))} == {*KINDS} - {
        "email-untagged"
    }
    text = CliRunner().invoke(cli, ["check", "--help"]).stdout
    assert not [each for each in EXAMPLES if each not in text]


def unquoted(example: str) -> str:
    """What the shell makes of it."""
    return " ".join(shlex.split(example))


def test_the_help_of_screen_lists_every_role() -> None:
    """Each of its words is taken for a role."""
    text = CliRunner().invoke(cli, ["screen", "--help"]).stdout
    table = read_table(csv_list(["Email", "Question"], ["alice@a.example", "x"]))
    roles = {*PERSONAL, Role.ORDER, Role.POSITION, Role.ADD_ON_TO, Role.STATUS}
    for role in (*map(str, roles), "buyer-email", "ignore"):
        assert role in text
        assert propose(table, [f"Question={role}"])


@pytest.mark.parametrize("command", ["check", "screen"])
def test_the_help_says_every_exit_status(command: str) -> None:
    text = CliRunner().invoke(cli, [command, "--help"]).stdout
    ends = text.partition("Exit status:")[2].split()
    assert [word for word in ends if word.isdecimal()] == ["0", "1", "2", "3", "4", "130"]


@pytest.mark.parametrize("command", ["check", "screen"])
async def test_who_interrupts_is_told_that_nothing_is_lost(desk: Desk, command: str) -> None:
    """Ctrl-C while a peer makes one wait: 130, and what to type."""
    address = urlsplit(await desk.issuer.url())
    await desk.issuer.stop()
    called = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await reader.read()
        writer.close()

    file = desk.folder / "list.csv"
    write(file, csv_list(HEADER, ("A1", "paid", "Alice Abernethy", "alice@a.example")))
    about = str(file) if command == "screen" else "email:alice@a.example"
    async with await asyncio.start_server(silence, address.hostname, address.port):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", "--home", str(desk.asker.home.path)),
            *("--json", command, about),
            stdout=PIPE,
            stderr=PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            await called.wait()
            process.send_signal(signal.SIGINT)
            out, said = await process.communicate()
    assert process.returncode == 130
    assert b"interrupted; type the same again" in said
    assert json.loads(out).keys() == {"error"}
