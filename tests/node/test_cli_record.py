"""`comity audit`, and what commands leave in the record, as people and scripts see it."""

import asyncio
import json
import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from node import clock, constitution, officers
from node.home import Home
from node.node import opened
from node.passwords import WrongPassword
from protocol.encoding import base64url
from tests.node.terminal import CHEAP, Terminal, device


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A founded community, whose officer's key is on a device of its own."""
    terminal = Terminal(tmp_path / "home")
    file, key = device(tmp_path, "bob")
    terminal.json(
        "init", "--id", "python.example", "--name", "Python Foundation",
        "--url", "https://comity.python.example", "--contact", "coc@python.example",
        "--policy-url", "https://python.example/coc", "--officer", f"bob={key}",
    )  # fmt: skip
    (founding,) = terminal.json("decision", "list")
    assert terminal.approve(founding["decision"], file)["state"] == "logged"
    return terminal


def _acts(terminal: Terminal) -> list[dict[str, object]]:
    lines = terminal.type("audit", "export").stdout.splitlines()
    return [json.loads(line) for line in lines]


def _execute(terminal: Terminal, statement: str) -> None:
    connection = sqlite3.connect(terminal.home / "comity.sqlite3")
    with connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_the_record_is_printed_one_document_a_line(terminal: Terminal, tmp_path: Path) -> None:
    """Or as one document, or into a file for its owner; the head goes where no script reads it."""
    done = terminal.type("audit", "export")
    acts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["act"] for each in acts] == [
        "propose", "export", "vote", "outcome", "export",
    ]  # fmt: skip
    assert [each["seq"] for each in acts] == list(range(len(acts)))
    head = f"{acts[-1]['seq']}:{acts[-1]['chain']}"
    assert done.stderr.splitlines() == [
        "5 acts. Keep this head elsewhere, to verify later records:",
        head,
    ]
    document = terminal.json("audit", "export")
    assert document["acts"][:-1] == acts
    file = tmp_path / "record.jsonl"
    written = terminal.json("audit", "export", "--out", str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[:-1] == document["acts"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert written == {"acts": 7, "head": f"6:{lines[-1]['chain']}", "file": str(file)}
    for kept in (head, document["head"], written["head"]):
        assert terminal.json("audit", "verify", "--head", kept) == {"acts": 7}


def test_an_export_names_officers_as_they_are_listed(terminal: Terminal) -> None:
    """Beside the key as it was recorded; who is asked for a password in vain is named as well."""
    home = Home(terminal.home)

    async def a_wrong_password() -> None:
        async with opened(home) as node:
            dana = await constitution.newcomer("dana", None, "password of dana", cost=CHEAP)
            await constitution.add(node, dana, None, clock.now())
            with pytest.raises(WrongPassword):
                await officers.key_of(node, "dana", "another one", clock.now())

    asyncio.run(a_wrong_password())
    listed = {each["name"]: each["public_key"] for each in terminal.json("officer", "list")}
    acts = terminal.json("audit", "export")["acts"]
    for act, place, name in (("vote", "who", "bob"), ("password", "officer", "dana")):
        (found,) = (each for each in acts if each["act"] == act)
        assert (found["officer_name"], found["officer_key"]) == (name, listed[name])
        assert base64url(bytes.fromhex(found[place])) == listed[name]
    assert not [each for each in acts if each["act"] == "propose" and "officer_key" in each]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("sanction", "propose", "--measure", "ban", "--scope", "all_own_spaces"), 2),
        (("subject", "export", "--out", "held.json"), 1),
    ],
)
def test_a_national_number_is_refused_in_words(
    terminal: Terminal, typed: Sequence[str], code: int
) -> None:
    """Which identifier it is, and the setting by which it would be read; not the number."""
    people = ("--identifier", "email:a@example.org", "--identifier", "phone:0301 2345678")
    done = terminal.type(*typed, *people)
    assert done.exit_code == code
    assert "--identifier 2: write the number with +" in done.stderr
    assert "default_region in comity.toml" in done.stderr
    assert "2345678" not in done.stderr


def test_a_record_that_was_cut_off_is_neither_verified_nor_exported(
    terminal: Terminal, tmp_path: Path
) -> None:
    """Not a line of it: half a record would pass for one; and the doctor says so."""
    kept = terminal.json("audit", "export")["head"]
    terminal.json("audit", "export")
    _execute(terminal, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    for typed in (
        ("audit", "export"),
        ("audit", "export", "--out", str(tmp_path / "record")),
        ("audit", "verify"),
        ("audit", "verify", "--head", kept),
    ):
        done = terminal.type(*typed)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "the record of acts was altered" in done.stderr
    assert not (tmp_path / "record").exists()
    doctor = terminal.type("doctor")
    assert doctor.exit_code == 1
    assert "\u2717 record: the record of acts was altered" in doctor.stdout


def test_a_head_of_another_record_is_refused(terminal: Terminal) -> None:
    """One beyond the end says so; nothing is said to be altered."""
    (first, *_) = _acts(terminal)
    for head, why in (
        (f"1:{first['chain']}", "act 1 is another one"),
        (f"0:{'0' * 64}", "mistyped"),
        (f"99:{first['chain']}", "before act 99 of the head"),
    ):
        done = terminal.type("audit", "verify", "--head", head)
        assert (done.exit_code, why in done.stderr) == (1, True)
        assert "altered" not in done.stderr


@pytest.mark.parametrize("head", ["foo", "0", "", ":", "2:", "0:00", f"x:{'0' * 64}"])
def test_a_mistyped_head_is_a_usage_error(terminal: Terminal, head: str) -> None:
    """Nothing is said of the record, which may be as it was."""
    done = terminal.type("audit", "verify", "--head", head)
    assert (done.exit_code, "SEQ:CHAIN" in done.stderr) == (2, True)
    assert "the record" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "act", "what"),
    [
        (["sanction", "list"], "read", "sanctions"),
        (["sanction", "show", "ID"], "read", "sanction"),
        (["decision", "show", "HASH"], "read", "decision"),
        (["peer", "policy", "set", "note"], "policy", "set"),
        (["peer", "policy", "require", "--approvals", "2"], "policy", "set"),
        (["community", "set", "--contact", "new@python.example"], "propose", "community"),
        (["officer", "threshold", "1"], None, None),
        (["officer", "list"], None, None),
        (["decision", "list"], None, None),
        (["sanction", "due"], None, None),
        (["id"], None, None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_typed_leaves_an_act_or_none(
    terminal: Terminal, typed: Sequence[str], act: str | None, what: str | None
) -> None:
    """As docs/record-of-acts.md says; also where it is refused, nothing else is left."""
    proposed = terminal.json(
        "sanction", "propose", "--identifier", "email:mallory@person.example",
        "--measure", "ban", "--scope", "all_own_spaces",
    )  # fmt: skip
    before = len(_acts(terminal))
    named = {"ID": proposed["attestation"], "HASH": proposed["decision"]}
    terminal.type(*(named.get(each, each) for each in typed))
    left = [(each["act"], each["what"]) for each in _acts(terminal)[before:-1]]
    assert left == ([] if act is None else [(act, what)])
    assert "mallory" not in json.dumps(_acts(terminal))
