"""`comity peer policy` as it is typed: what it shows, keeps, previews and lets go."""

import asyncio
import json
import re
import shlex
from typing import Any

import click
import pytest
from click.testing import CliRunner

from node import audit, kept
from node.checking import Occasion, check
from node.cli import cli
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from tests.node.federation import Community, Federation
from tests.paths import ROOT

pytestmark = pytest.mark.wire

PERSON = "email:mallory@person.example"
NO_OCCASION = Occasion(None, Purpose(kind="unspecified", start=None, end=None))


@pytest.fixture(autouse=True)
def _on_loopback(monkeypatch: pytest.MonkeyPatch, federation: Federation) -> None:
    # Commands read the real clock, so everybody has to.
    monkeypatch.setattr("node.clock.now", lambda: federation.clock[0])


@pytest.fixture
async def python(federation: Federation) -> Community:
    """An issuer with one space."""
    return await federation.community("python.example", spaces={"pyregion": "PyRegion"})


@pytest.fixture
async def conf(federation: Federation, python: Community) -> Community:
    """Whose policy it is: a peer of the issuer's."""
    made = await federation.community("conf.example", only_asks=True)
    await federation.peer(made, python)
    return made


async def _run(community: Community, *arguments: str, json_too: bool = True) -> Any:
    """A command of `comity peer policy`, in a thread, as it starts a loop of its own."""
    line = ["--home", str(community.home.path), *(["--json"] if json_too else [])]
    return await asyncio.to_thread(
        CliRunner().invoke, cli, [*line, "peer", "policy", *arguments], env={"COLUMNS": "200"}
    )


async def _policy(community: Community, *arguments: str, status: int = 0) -> Any:
    """Its document."""
    result = await _run(community, *arguments)
    assert result.exit_code == status, result.output
    return json.loads(result.stdout) if result.stdout else result.stderr


async def _found(conf: Community) -> list[tuple[str, bool]]:
    found = await kept.since(conf.node, 0, conf.now)
    return [(each.finding.attention, each.finding.counts) for each in found]


async def test_a_policy_is_set_shown_and_unset(conf: Community) -> None:
    """Rules, weights and requirements, for all and for one peer; and each goes again."""
    every: dict[str, Any] = {"peer": None, "former": False}
    own = {"peer": "python.example", "former": False}
    peer = ("--peer", "python.example")
    place = ("--scope", "event_series:pyregion")
    await _policy(conf, "set", "note")
    await _policy(conf, "set", "urgent", *peer, "--measure", "ban", *place)
    await _policy(conf, "weigh", "weak", "review")
    await _policy(conf, "weigh", "recognised", "note", *peer)
    await _policy(conf, "require", "--approvals", "3")
    shown = await _policy(conf, "require", "--approvals", "2", "--custody", "own", *peer)
    assert shown == await _policy(conf, "show")
    assert shown == [
        every | {"measure": None, "scope": None, "attention": "note"},
        own | {"measure": "ban", "scope": "event_series:pyregion", "attention": "urgent"},
        every | {"circumstance": "weak", "attention": "review"},
        own | {"circumstance": "recognised", "attention": "note"},
        every | {"approvals": 3, "custody": "node"},
        own | {"approvals": 2, "custody": "own"},
    ]
    words = " ".join((await _run(conf, "show", json_too=False)).stdout.split())
    assert "python.example ban, event_series:pyregion urgent" in words
    assert "all, by default stayed note at most" in words
    assert "all, by default matched" not in words
    await _policy(conf, "unset")
    await _policy(conf, "unset", *peer, "--measure", "ban", *place)
    await _policy(conf, "unweigh", "weak")
    await _policy(conf, "unweigh", "recognised", *peer)
    await _policy(conf, "unrequire")
    assert await _policy(conf, "unrequire", *peer) == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["unset"], 1, "nothing stands here about exactly this"),
        (["unrequire"], 1, "nothing stands here about exactly this"),
        (["unset", "--peer", "python.example"], 1, "the policy says nothing of a peer"),
        (["set", "note", "--peer", "nobody.example"], 1, "no community nobody.example is active"),
        (["set", "note", "--scope", "event:pyregion"], 1, "say whose, by --peer"),
        (["set", "note", "--scope", "event:other", "--peer", "python.example"], 1, "pyregion"),
        (["set", "note", "--scope", "planet"], 2, "KIND is one of"),
        (["set", "note", "--scope", "all_own_spaces:pyregion"], 2, "KIND is one of"),
        (["weigh", "old", "note"], 2, "old"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(
    conf: Community, arguments: list[str], status: int, words: str
) -> None:
    """With what to do; a preview of it says the same."""
    for more in ([], ["--preview"]):
        refused = await _policy(conf, *arguments, *more, status=status)
        assert words in str(refused)
    assert await _policy(conf, "show") == []


async def test_a_preview_shows_what_would_change_and_changes_nothing(
    python: Community, conf: Community
) -> None:
    """From which level to which, and why; saved afterwards, it is exactly so."""
    await python.publish(PERSON)
    await conf.sync()
    await check(conf.node, conf.clients.to, [from_text(PERSON)], NO_OCCASION, now=conf.now)
    assert await _policy(conf, "set", "review", "--preview") == []
    (change,) = await _policy(conf, "set", "ignore", "--preview")
    assert change["issuer"] == "python.example"
    assert (change["from"], change["to"]) == (
        {"attention": "review", "counts": True},
        {"attention": "ignore", "counts": False},
    )
    assert "Marked ignore, by the rule here for all peers" in change["why"]
    assert (await _policy(conf, "show"), await _found(conf)) == ([], [("review", True)])
    said = await _run(conf, "require", "--approvals", "3", "--preview", json_too=False)
    assert "note, no match" in " ".join(said.stdout.split())
    assert "Nothing has been changed" in said.stderr
    await _policy(conf, "set", "ignore")
    assert await _found(conf) == [("ignore", False)]
    (change,) = await _policy(conf, "unset", "--preview")
    assert change["to"] == {"attention": "review", "counts": True}


async def test_what_is_about_a_former_peer_is_listed_so_and_can_be_dropped(
    conf: Community,
) -> None:
    """By its id, as before; nothing new can be said of it."""
    peer = ("--peer", "python.example")
    await _policy(conf, "set", "urgent", *peer)
    await _policy(conf, "weigh", "stayed", "review", *peer)
    await _policy(conf, "require", "--approvals", "2", *peer)
    line = ["--home", str(conf.home.path), "peer", "remove", "python.example"]
    assert (await asyncio.to_thread(CliRunner().invoke, cli, line)).exit_code == 0
    shown = await _run(conf, "show", json_too=False)
    assert shown.stdout.count("python.example (a former peer)") == 3
    assert "drop it" in shown.stderr
    assert {each["former"] for each in await _policy(conf, "show")} == {True}
    await _policy(conf, "set", "note", *peer, status=1)
    await _policy(conf, "unset", *peer)
    await _policy(conf, "unweigh", "stayed", *peer)
    assert await _policy(conf, "unrequire", *peer) == []


async def test_every_change_of_the_policy_is_recorded_and_no_preview(conf: Community) -> None:
    """What was set, what was dropped, about whom."""
    await _policy(conf, "set", "note", "--preview")
    await _policy(conf, "set", "note", "--peer", "python.example")
    await _policy(conf, "unset", "--peer", "python.example")
    acts = [each.detail for each in await audit.every(conf.node) if each.act == "policy"]
    assert [each["what"] for each in acts] == ["set", "drop"]
    assert acts[0]["attention"] == "note"
    assert len({each["peer"] for each in acts} - {None}) == 1


async def test_a_finding_is_judged_and_listed(python: Community, conf: Community) -> None:
    """By its id, or 8 characters of it, in whatever case; the document is how it reads now."""
    await python.publish(PERSON)
    await conf.sync()
    found = await check(conf.node, conf.clients.to, [from_text(PERSON)], NO_OCCASION, now=conf.now)
    id_ = found.findings[0].id.upper()

    async def finding(*arguments: str, status: int = 0) -> Any:
        line = ["--home", str(conf.home.path), "--json", "finding", *arguments]
        result = await asyncio.to_thread(CliRunner().invoke, cli, line)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout) if result.stdout else result.stderr

    assert await finding("judged") == []
    read = await finding("judge", id_, "different", "--by", "Ann")
    assert (read["finding"]["attention"], read["counts"]) == ("note", False)
    (listed,) = await finding("judged")
    assert (listed["issuer"], listed["judged"]) == ("python.example", "different")
    assert (listed["by"], listed["on"]) == ("Ann", str(conf.today))
    assert listed["attestation"] == read["finding"]["attestation"]
    await finding("judge", id_[:8], "unknown", "--by", "Ann")
    for text in (id_[:7], "%" * 8, "0" * 36):
        await finding("judge", text, "same", "--by", "Ann", status=1)
    assert await _found(conf) == [("review", True)]
    await finding("judge", id_, "unknown", status=2)
    await finding("judge", id_, "guilty", "--by", "Ann", status=2)
    await finding("judge", "other", "same", "--by", "Ann", status=1)


def test_every_command_of_the_page_exists() -> None:
    """`docs/policy.md` names no command, argument or option that is not there."""
    page = (ROOT / "docs" / "policy.md").read_text("utf-8")
    lines = re.findall(r"^    comity (.+)$", page, re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        words = shlex.split(line)
        context = click.Context(cli)
        command: click.Command = cli
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
        command.make_context("comity", words, resilient_parsing=False)
