"""Founding a community: what it says of itself, whose keys suffice, and failures in between."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node import decisions, keyring, ledger, officers, voting
from node.errors import UserError
from node.founding import OPERATOR, Founding, NewOfficer, found
from node.home import Home
from node.node import opened
from node.vault import WrongMasterKey
from protocol.sheet import SignedVote
from protocol.statements import approve
from tests.node.committee import (
    CHEAP,
    CYD,
    NOW,
    TODAY,
    Committee,
    found_cheaply,
    founding,
    password,
)


async def test_a_community_stands_in_its_own_log(committee: Committee) -> None:
    """Entry 0 says what was said, with the keys that the node holds."""
    register = await committee.register()
    keys = await keyring.signing_keys(committee.node)
    community = register.community
    assert community.id == "python.example"
    assert community.threshold == 2
    assert community.keys.http == keys.http.public_key
    assert list(community.oprf) == [
        key.public for key in (await keyring.oprf_keys(committee.node)).values()
    ]
    assert register.community_on == TODAY
    custodies = {each.key: each.custody for each in community.officers}
    assert custodies == {
        each.key: "own" if each.name == "cyd" else "node"
        for each in await officers.every(committee.node)
    }


async def test_a_community_that_only_asks_needs_an_id_and_a_name(home: Home) -> None:
    """One officer whose key the node keeps, nulls elsewhere, and no key to evaluate with."""
    founding = Founding(id="meetup.example", name="Meetup")
    status = await found(home, founding, database=None, password=password, now=NOW, cost=CHEAP)
    assert (status.state, status.approvals, status.threshold) == ("logged", 1, 1)
    async with opened(home) as node:
        community = (await ledger.own_register(node)).community
        assert (community.url, community.contact, community.policy) == (None, None, None)
        assert list(community.oprf) == []
        assert [each.name for each in await officers.every(node)] == [OPERATOR]


async def test_a_founding_waits_for_officers_whose_keys_are_elsewhere(home: Home) -> None:
    """There is no log until they approved; with the last approval there is."""
    names = (NewOfficer("alice", None), NewOfficer("cyd", CYD.public_key))
    status = await found_cheaply(home, officers=names)
    assert (status.state, status.approvals, status.threshold) == ("pending", 1, 2)
    async with opened(home) as node:
        with pytest.raises(UserError, match="not founded yet"):
            await ledger.own_head(node)
        (waiting,) = await decisions.every(node)
        given = approve(waiting.data, CYD)
        file = SignedVote(
            v=1, decision=waiting.row.hash, kind="approve", officer=given.officer, sig=given.sig
        )
        status = await voting.bring(node, waiting.row.hash, file.to_bytes(), NOW)
        assert (status.state, status.approvals, status.threshold) == ("logged", 2, 2)
        assert (await ledger.own_head(node)).size == 1


async def test_a_community_is_founded_once(home: Home, committee: Committee) -> None:
    """A second founding is refused, and what stands is as it was."""
    before = await ledger.own_head(committee.node)
    with pytest.raises(UserError, match="founded here before"):
        await found_cheaply(home)
    assert await ledger.own_head(committee.node) == before
    async with opened(home) as node:
        await keyring.signing_keys(node)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "Python.Example"}, "--id: a DNS name"),
        ({"name": ""}, "name: "),
        ({"url": "https://python.example/"}, "url: "),
        ({"contact": "nobody"}, "contact: an e-mail address"),
        ({"policy": "http://python.example"}, "--policy-url: an https URL"),
        ({"threshold": 4}, "4 of 3: more would have to approve"),
        ({"spaces": {"Not A Slug": "x"}}, "slug: "),
        ({"officers": (NewOfficer("a", None), NewOfficer("a", None))}, "none stands twice"),
        (
            {"officers": (NewOfficer("a", CYD.public_key), NewOfficer("b", CYD.public_key))},
            "one use only",
        ),
        ({"officers": (NewOfficer("a", bytes(32)),), "threshold": 1}, "strict form"),
        ({"officers": ()}, "--officer: "),
    ],
)
async def test_what_cannot_stand_in_a_log_is_refused_before_a_file_is_made(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    """In words that name what is wrong."""
    home = Home(tmp_path / "new")
    with pytest.raises(UserError, match=words):
        await found_cheaply(home, **changes)
    assert not home.path.exists()


async def test_a_failed_founding_leaves_nothing_that_hinders_the_next(tmp_path: Path) -> None:
    """A database that is not there is corrected by calling again with another."""
    home = Home(tmp_path / "new")
    with pytest.raises(FileNotFoundError):
        await found_cheaply(home, f"sqlite:///{tmp_path}/absent/comity.sqlite3")
    assert not home.path.exists()
    status = await found_cheaply(home, f"sqlite:///{tmp_path}/comity.sqlite3")
    assert status.state == "logged"
    assert home.config_file.stat().st_mode & 0o077 == 0


async def test_row_32_a_founding_killed_anywhere_is_begun_anew(tmp_path: Path) -> None:
    """Whatever was made until then, the same command founds the community."""
    for number, delay in enumerate((0.5, 0.7, 0.9, 1.1)):
        home = Home(tmp_path / str(number))
        command = [sys.executable, "-m", "node", "init", "--id", "m.example", "--name", "M"]
        environment = os.environ | {"COMITY_HOME": str(home.path)}
        process = subprocess.Popen(command, env=environment, stdout=-3, stderr=-3)  # noqa: ASYNC220
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        founding = Founding(id="m.example", name="M")
        with suppress(UserError):  # where it was founded just before the kill
            await found(home, founding, database=None, password=password, now=NOW, cost=CHEAP)
        async with opened(home) as node:
            assert (await ledger.own_head(node)).size == 1


async def test_the_master_key_may_come_from_elsewhere(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then no file is made of it."""
    monkeypatch.setenv("COMITY_MASTER_KEY", "A" * 43)
    await found_cheaply(home)
    assert not home.master_key_file.exists()
    async with opened(home) as node:
        await keyring.signing_keys(node)
    monkeypatch.setenv("COMITY_MASTER_KEY", "B" * 42 + "A")
    with pytest.raises(WrongMasterKey, match="not the one that this database was made with"):
        async with opened(home):
            pytest.fail("it opened")


async def test_a_home_with_a_community_asks_for_no_password(
    home: Home, committee: Committee
) -> None:
    """Whoever was shown a new password would write it down as the one that holds."""
    asked: list[str] = []

    def password_of(name: str) -> str:
        asked.append(name)
        return "new"

    assert committee.node.home == home
    with pytest.raises(UserError, match="founded here before"):
        await found(home, founding(), database=None, password=password_of, now=NOW, cost=CHEAP)
    assert asked == []


async def test_another_homes_database_is_refused(tmp_path: Path, database_url: str) -> None:
    """Before anything is made: its rows are sealed under the other's master key."""
    url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "").replace("ssl=", "sslmode=")
    await found_cheaply(Home(tmp_path / "first"), url)
    second = Home(tmp_path / "second")
    with pytest.raises(UserError, match="a database of its own"):
        await found_cheaply(second, url)
    assert not second.path.exists()


def test_whether_it_publishes_hangs_on_address_contact_and_policy() -> None:
    """All three of them."""
    whole = Founding("a.example", "A", "https://a.example", "c@a.example", "https://a.example/coc")
    assert whole.publishes
    assert not replace(whole, url=None).publishes
    assert not replace(whole, contact=None).publishes
    assert not replace(whole, policy=None).publishes
