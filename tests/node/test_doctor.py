"""What the doctor sees, and that it names the next thing to type."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from node import audit, budgets, doctor, ledger
from node.checking import Occasion, check
from node.cli import cli
from node.clock import day_of
from node.doctor import Check
from node.home import Home, create_master_key
from node.node import Node, opened
from node.store import peers
from node.tables import log_entries, logs, own_keys
from protocol.errors import OverBudget
from protocol.identifiers import from_text
from tests.node.attendees.lists import csv_list
from tests.node.issuers import Reach
from tests.node.screenings import NO_EVENT, screened
from tests.node.served import NOW, PeerLog, admitted, founded

pytestmark = pytest.mark.wire

DAY = 86_400


@pytest.fixture
async def at_home(home: Home, database_url: str) -> Home:
    """A home with a founded community on either database."""
    create_master_key(home)
    url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "").replace("ssl=", "sslmode=")
    home.config_file.write_text(f'database = "{url}"\n')
    async with opened(home) as node:
        await founded(node)
    return home


async def found(home: Home, now: int = NOW) -> dict[str, Check]:
    checks = await doctor.examine(home, now)
    assert all(check.next for check in checks if check.level == "fault")
    return {check.name: check for check in checks}


async def test_a_founded_node_has_no_fault(at_home: Home) -> None:
    """Alone it is warned of that: there is nobody to ask."""
    checks = await found(at_home)
    assert doctor.healthy(list(checks.values()))
    assert {name: check.level for name, check in checks.items() if check.level != "ok"} == {
        "peers": "warning"
    }


async def test_a_key_beside_its_database_is_said(home: Home) -> None:
    """One stolen folder would open everything."""
    create_master_key(home)
    async with opened(home) as node:
        await founded(node)
    check = (await found(home))["master key"]
    assert check.level == "warning"
    assert check.next is not None
    assert "systemd-creds" in check.next


async def test_settings_that_do_not_hold_end_the_examination(at_home: Home) -> None:
    """Nothing after them would mean anything."""
    at_home.config_file.write_text("databse = 1\n")
    checks = await found(at_home)
    assert {name: check.level for name, check in checks.items()} == {"settings": "fault"}


@pytest.mark.parametrize("fault", ["missing", "readable", "another"])
async def test_a_master_key_that_does_not_fit_is_a_fault(at_home: Home, fault: str) -> None:
    """Gone, open to others, or not the one of this database."""
    path = at_home.master_key_file
    match fault:
        case "missing":
            path.unlink()
        case "readable":
            path.chmod(0o644)
        case "another":
            path.write_bytes(bytes(32))
    assert (await found(at_home))["master key"].level == "fault"


async def test_a_database_that_cannot_be_reached_is_a_fault(home: Home, tmp_path: Path) -> None:
    """Whatever the database says of it, in one line."""
    create_master_key(home)
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(os.urandom(8_192))
    home.config_file.write_text(f'database = "sqlite:///{broken}"\n')
    check = (await found(home))["database"]
    assert (check.level, check.next) == ("fault", f"ls -l {broken}")
    assert "is not a SQLite database" in check.message
    home.config_file.write_text('database = "postgresql://me:hunter2@127.0.0.1:1/comity"\n')
    check = (await found(home))["database"]
    assert check.next == "pg_isready --host 127.0.0.1 --port 1"
    assert "it refuses connections" in check.message
    assert "hunter2" not in str(check)


async def test_private_networks_are_named_with_whoever_allowed_them(
    at_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, or a variable, which no editing of the file takes back."""
    with at_home.config_file.open("a") as file:
        file.write("allow_private_networks = true\n")
    check = (await found(at_home))["settings"]
    assert (check.level, "$EDITOR" in (check.next or "")) == ("warning", True)
    monkeypatch.setenv("COMITY_ALLOW_PRIVATE_NETWORKS", "1")
    check = (await found(at_home))["settings"]
    assert check.next == "unset COMITY_ALLOW_PRIVATE_NETWORKS"


async def test_a_founding_that_waits_is_no_fault(home: Home) -> None:
    """It says what it waits for."""
    create_master_key(home)
    check = (await found(home))["log"]
    assert (check.level, check.next) == ("warning", "comity decision list")


async def _flip(node: Node) -> None:
    async with node.store.write() as connection:
        entry: bytes = (await connection.execute(select(log_entries.c.entry))).scalar_one()
        flipped = entry[:50] + bytes([entry[50] ^ 1]) + entry[51:]
        await connection.execute(update(log_entries).values(entry=flipped))


async def test_row_33_a_flipped_bit_in_the_log_is_found(at_home: Home) -> None:
    """An entry is not the one that was signed."""
    async with opened(at_home) as node:
        await _flip(node)
    assert (await found(at_home))["log"].level == "fault"


async def test_keys_that_the_log_does_not_name_are_a_fault(at_home: Home) -> None:
    """As after restoring half of a backup."""
    async with opened(at_home) as node, node.store.write() as connection:
        await connection.execute(own_keys.delete().where(own_keys.c.name.like("oprf:%")))
    check = (await found(at_home))["keys"]
    assert check.level == "fault"
    assert "oprf" in check.message


async def test_row_28_a_clock_that_runs_behind_is_a_fault(at_home: Home) -> None:
    """It is earlier than when this very node cosigned."""
    assert (await found(at_home, NOW - DAY))["time"].level == "fault"


async def test_a_node_that_stands_still_is_told_to_serve(at_home: Home) -> None:
    """Its checkpoint grows old, and it will be stale at its peers."""
    check = (await found(at_home, NOW + 3_600))["time"]
    assert (check.level, check.next) == ("warning", "comity serve")


async def test_peers_are_shown_with_what_is_to_be_done(at_home: Home) -> None:
    """Waiting, silent, uncompared, and in order."""
    async with opened(at_home) as node:
        for name, state in (("a.example", "active"), ("b.example", "wanted")):
            await admitted(node, PeerLog(name), state)
        for name in ("c.example", "d.example", "e.example"):
            await admitted(node, PeerLog(name))
        async with node.store.write() as connection:
            await peers.change(connection, PeerLog("c.example").fingerprint, compared=False)
            await peers.change(connection, PeerLog("d.example").fingerprint, last_error="bad-proof")
            unreached = PeerLog("e.example").fingerprint
            await peers.change(connection, unreached, last_error="unreachable")
    checks = await found(at_home)
    levels = {name: check.level for name, check in checks.items() if name.startswith("peer ")}
    assert levels == {
        "peer a.example": "ok",
        "peer b.example": "warning",
        "peer c.example": "warning",
        "peer d.example": "fault",
        "peer e.example": "warning",
    }
    assert "unreachable" in checks["peer e.example"].message
    assert (await found(at_home, NOW + 2 * DAY))["peer a.example"].message.startswith("stale")


async def test_row_1_a_crawl_is_shown_to_the_administrator(at_home: Home) -> None:
    """Who came over its budget, and how much it asked for; for a week."""
    crawler = PeerLog("crawler.example")
    async with opened(at_home) as node:
        await admitted(node, crawler)
        for number in range(3):
            try:
                digest = bytes([number] * 32)
                await budgets.charge(node, crawler.fingerprint, digest, 1_024, NOW)
            except OverBudget:
                assert number == 2
    check = (await found(at_home))["budget of crawler.example"]
    # Most who come over it hold an event; removing them is nobody's first step.
    assert "--from and --to" in check.message
    assert check.next == "comity peer list"
    assert (check.level, "2048 evaluations" in check.message) == ("warning", True)
    assert "budget of crawler.example" not in await found(at_home, NOW + 8 * DAY)


async def test_row_2_the_total_is_shown_to_the_administrator(at_home: Home) -> None:
    """When all peers together reach it."""
    with at_home.config_file.open("a") as file:
        file.write("evaluation_total = 100\n")
    async with opened(at_home) as node:
        await budgets.charge(node, bytes(32), bytes(32), 100, NOW)
    assert (await found(at_home))["budgets"].level == "warning"


async def test_row_24_who_asks_here_about_very_many_is_shown(at_home: Home) -> None:
    """Of our own sanctions they are told without a budget; one by one, or by a made-up list."""
    with at_home.config_file.open("a") as file:
        file.write("evaluation_bucket = 20\n")
    occasion = Occasion(None, NO_EVENT)
    people = [from_text(f"github:mallory-{number}") for number in range(21)]

    rows = [(each.value,) for each in people]
    async with opened(at_home) as node:
        await screened(node, csv_list(("GitHub",), *rows[:20]), (), now=NOW)
        assert (await found(at_home))["questions"].level == "ok"
        with audit.acting("Eve"):
            await screened(node, csv_list(("GitHub",), *rows), (), now=NOW)
        with audit.acting("Mallory"):
            for each in people:
                await check(node, Reach(), [each], occasion, now=NOW + DAY)
    checks = await found(at_home, NOW + DAY)
    assert "questions" not in checks
    for who, day in (("Eve", NOW), ("Mallory", NOW + DAY)):
        many = checks[f"questions of {who}"]
        assert (many.level, many.next) == ("warning", "comity audit export")
        assert f"asked about 21 addresses, names and handles on {day_of(day)}" in many.message
    assert "questions of here" not in checks
    assert (await found(at_home, NOW + 9 * DAY))["questions"].level == "ok"


async def test_the_doctor_changes_nothing(at_home: Home) -> None:
    """Neither the log nor its note."""
    async with opened(at_home) as node:
        before = await ledger.own_head(node)
        await doctor.examine(at_home, NOW + 5_000)
        assert await ledger.own_head(node) == before
        async with node.store.read() as connection:
            assert len((await connection.execute(select(logs))).all()) == 1


def test_the_command_prints_one_document_and_its_status(tmp_path: Path) -> None:
    """1 where there is a fault, with what to type next."""
    home = tmp_path / "nothing"
    home.mkdir()
    result = CliRunner().invoke(cli, ["doctor", "--home", str(home), "--json"])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (1, False)
    assert document["checks"][-1]["name"] == "master key"
    words = CliRunner().invoke(cli, ["doctor", "--home", str(home)]).stdout
    assert f"→ {document['checks'][-1]['next']}" in words
