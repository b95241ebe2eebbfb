"""`comity peer` and `comity sync` as scripts use them: one JSON document, and an exit status."""

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner

from node.cli import cli
from tests.node.federation import Community, Federation

pytestmark = pytest.mark.wire


@pytest.fixture(autouse=True)
def _on_loopback(monkeypatch: pytest.MonkeyPatch, federation: Federation) -> None:
    # Commands read the real clock, so everybody has to.
    monkeypatch.setattr("node.clock.now", lambda: federation.clock[0])


async def _comity(community: Community, *arguments: str, status: int = 0) -> Any:
    """Run a command in a thread, as it starts a loop of its own; its document, or its words."""
    line = ["--home", str(community.home.path), "--json", *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert result.exit_code == status, result.output
    return json.loads(result.stdout) if result.stdout else result.stderr


async def test_two_communities_peer_by_hand(federation: Federation) -> None:
    """Add, accept, list, sync and remove, each with the members that scripts rely on."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    string = (await _comity(python, "id"))["compare"]
    asked = await _comity(conf, "peer", "add", await python.url(), "--compare", string)
    assert asked["state"] == "asked"
    (wanted,) = await _comity(python, "peer", "list")
    assert (wanted["id"], wanted["state"], wanted["compared"]) == ("conf.example", "wanted", False)
    string = (await _comity(conf, "id"))["compare"]
    accepted = await _comity(python, "peer", "accept", "conf.example", "--compare", string)
    assert (accepted["state"], accepted["quorum"], accepted["custody"]) == (
        "active",
        "2 of 2",
        "node",
    )
    (synced,) = await _comity(conf, "sync")
    assert (synced["id"], synced["state"]) == ("python.example", "current")
    (listed,) = await _comity(conf, "peer", "list")
    assert listed["fingerprint"] == (await _comity(python, "id"))["fingerprint"]
    assert listed["url"] == await python.url()
    assert listed["as_of"].startswith("2027-")
    assert listed["domain"] == "claimed"
    removed = await _comity(python, "peer", "remove", "conf.example")
    assert removed["state"] == "removed"
    assert (await _comity(conf, "peer", "list"))[0]["state"] == "removed"


async def test_a_peer_is_compared_or_knowingly_not(federation: Federation) -> None:
    """Neither option, both, or a string that was cut off: usage errors, and nothing is stored."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    url, string = await python.url(), (await _comity(python, "id"))["compare"]
    for options in ([], ["--yes", "--compare", string], ["--compare", string[:-1]]):
        await _comity(conf, "peer", "add", url, *options, status=2)
    assert await _comity(conf, "peer", "list") == []
    assert (await _comity(conf, "peer", "add", url, "--yes"))["compared"] is False


async def test_sync_fails_where_a_peer_cannot_be_followed(federation: Federation) -> None:
    """A script that relies on fresh data stops here."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    await python.stop()
    (result,) = await _comity(conf, "sync", status=1)
    assert (result["state"], result["error"]) == ("unreachable", "unreachable")
    (one,) = await _comity(conf, "sync", "python.example", status=1)
    assert one["id"] == "python.example"
    words = await _comity(conf, "sync", "nobody.example", status=1)
    assert "comity peer list" in words["error"]


async def test_whoever_cannot_be_reached_is_named(federation: Federation) -> None:
    """With the address that was typed: it may be misspelt."""
    conf = await federation.community("conf.example")
    words = str(await _comity(conf, "peer", "add", "http://127.0.0.1:1", "--yes", status=1))
    assert "http://127.0.0.1:1 could not be reached" in words


async def test_the_next_step_after_asking_names_who_asks(federation: Federation) -> None:
    """And the list says where how many of the officers' keys are kept."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    line = ["--home", str(conf.home.path), "peer", "add", await python.url(), "--yes"]
    asked = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert "comity peer accept conf.example --compare" in asked.stderr
    await _comity(python, "peer", "accept", "conf.example", "--yes")
    line = ["--home", str(python.home.path), "peer", "list"]
    listed = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert "2 of 2; keys: 2 kept by the node" in listed.stdout


async def test_whoever_removes_a_peer_is_told_that_less_is_found(federation: Federation) -> None:
    """Not only that it was done."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    line = ["--home", str(conf.home.path), "peer", "remove", "python.example"]
    result = await asyncio.to_thread(CliRunner().invoke, cli, line)
    assert result.exit_code == 0, result.output
    assert "no longer ask python.example" in " ".join(result.stderr.split())
