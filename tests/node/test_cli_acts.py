"""What commands say of acts: what voids what, what waits already, what is signed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from node import clock
from node.founding import found
from node.home import Home
from tests.node.committee import CHEAP, PERSON, founding, password
from tests.node.terminal import Terminal

TWO = ("alice", "bob")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A founded community of three officers, of whom two decide."""
    home = Home(tmp_path / "home")
    home.create()
    asyncio.run(
        found(home, founding(), database=None, password=password, now=clock.now(), cost=CHEAP)
    )
    return Terminal(home.path)


def _approve(terminal: Terminal, decision: str, *officers: str) -> str:
    """These officers approve; what was printed last."""
    printed = ""
    for name in officers:
        done = terminal.type(
            "decision", "approve", decision, "--officer", name, password=password(name)
        )
        assert done.exit_code == 0, done.stderr
        printed = done.stdout
    return printed


def _published(terminal: Terminal, *more: str) -> str:
    proposed = terminal.json(
        "sanction", "propose", "--identifier", PERSON[0], "--measure", "ban", "--scope",
        "all_own_spaces", *more,
    )  # fmt: skip
    _approve(terminal, proposed["decision"], *TWO)
    return str(proposed["attestation"])


def _ahead(days: int) -> str:
    return str(clock.day_of(clock.now()) + timedelta(days=days))


def test_what_an_act_voids_is_said_before_and_after(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before one proposes, by whoever approves, and in the list, until it is proposed again."""
    monkeypatch.setenv("COLUMNS", "400")
    id_ = _published(terminal)
    stay = terminal.json("sanction", "stay", id_, "--until", _ahead(60))["decision"]
    _approve(terminal, stay, "alice")
    opened = terminal.type("--json", "sanction", "appeal", id_, "open")
    assert f"Mind: {stay[:12]}: stay until {_ahead(60)} of {id_[:8]}" in opened.stderr
    (appeal,) = [
        each["decision"] for each in terminal.json("decision", "list") if each["type"] == "appeal"
    ]
    again = f"comity sanction stay {id_[:8]} --until {_ahead(60)}"
    said = _approve(terminal, appeal, "bob")
    assert f"This voided {stay[:12]}: stay until {_ahead(60)} of {id_[:8]}." in said
    assert f"Propose it again: {again}" in said
    listed = terminal.type("decision", "list").stdout
    assert again in listed
    assert [each["state"] for each in terminal.json("decision", "list")] == ["void"]
    assert terminal.type(*again.split()[1:]).exit_code == 0
    assert [each["state"] for each in terminal.json("decision", "list")] == ["pending"]


def test_what_waits_already_is_named(terminal: Terminal) -> None:
    """Whoever forgot to say who approves is told how to; and how it is taken away."""
    id_ = _published(terminal)
    waiting = terminal.json("sanction", "lift", id_)["decision"][:12]
    again = terminal.type("sanction", "lift", id_, "--officer", "alice", password=password("alice"))
    assert again.exit_code == 1
    assert f"comity decision approve {waiting} --officer NAME" in again.stderr
    assert f"comity decision decline {waiting} --officer NAME" in again.stderr
    assert "in the log" in _approve(terminal, waiting, *TWO)


def test_what_is_signed_unsaid_is_said(terminal: Terminal, tmp_path: Path) -> None:
    """That the person was told, when it was decided, and by how many votes; of each proposal."""
    done = terminal.type(
        "sanction", "propose", "--identifier", PERSON[0], "--measure", "ban", "--scope",
        "all_own_spaces",
    )  # fmt: skip
    said = " ".join(done.stdout.split())
    for words in (
        "Notice: the person was told",
        f"decided on {_ahead(0)}",
        "votes 2 in favour, of 2 present",
        "decided by cwg",
    ):
        assert words in said
    old = _ahead(-400)
    file = tmp_path / "old.csv"
    file.write_text(
        "identifiers,measure,scope,notice,decided_on,decided_by\n"
        f"email:a@person.example,ban,all_own_spaces,unreachable,{old},cwg:5:4\n"
        "email:b@person.example,ban,all_own_spaces,,,\n"
    )
    done = terminal.type("sanction", "import", str(file))
    assert done.exit_code == 0, done.stderr
    said = " ".join(done.stdout.split())
    for words in (
        f"could not be reached decided on {old} votes 4 in favour, of 5 present",
        f"was told decided on {_ahead(0)} votes 2 in favour, of 2 present",
        "That is said of 1 of them",
    ):
        assert words in said


def test_the_letter_says_when_it_was_decided(terminal: Terminal) -> None:
    """An older decision is not one of today; none is of a day to come."""
    id_ = _published(terminal, "--decided-on", _ahead(-30), "--notice", f"delayed:{_ahead(9)}")
    shown = terminal.json("sanction", "show", id_)
    assert shown["decided_on"] == _ahead(-30)
    letter = terminal.type("sanction", "notice", id_, "--letter").stdout
    assert f"Decided on: {_ahead(-30)}, by Conduct Working Group" in letter
    amended = terminal.json("sanction", "amend", id_, "--ends-on", _ahead(100))["attestation"]
    assert terminal.json("sanction", "show", amended)["decided_on"] == _ahead(-30)
    refused = terminal.type(
        "sanction", "propose", "--identifier", PERSON[0], "--measure", "ban", "--scope",
        "all_own_spaces", "--decided-on", _ahead(1),
    )  # fmt: skip
    assert (refused.exit_code, "--decided-on is today, or before" in refused.stderr) == (1, True)


def test_the_lists_say_how_it_stands_and_what_is_proposed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flags, that nobody was told, and which act waits, with how many approvals."""
    monkeypatch.setenv("COLUMNS", "400")
    id_ = _published(terminal, "--notice", f"delayed:{_ahead(9)}")
    opened = terminal.json("sanction", "appeal", id_, "open")["decision"]
    _approve(terminal, opened, "alice")
    stay = terminal.json("sanction", "stay", id_, "--until", _ahead(60))["decision"]
    _approve(terminal, stay, "alice")
    act = f"stay until {_ahead(60)} of {id_[:8]}"
    for typed in (("sanction", "list"), ("sanction", "show", id_)):
        assert f"{act} (1 of 2 approvals, {stay[:12]})" in terminal.type(*typed).stdout
    assert "in force; appeal open; untold" in terminal.type("sanction", "list").stdout
    (listed,) = terminal.json("sanction", "list")
    assert (listed["told"], listed["waiting"]) == (False, [stay])
    terminal.json("officer", "add", "gil", "--threshold", "3")
    decided = terminal.type("decision", "list").stdout
    assert act in decided
    assert 'adds the officer "gil"; 3 of 4 officers decide' in decided
    _approve(terminal, stay, "bob")
    assert "in force; appeal open; stayed; untold" in terminal.type("sanction", "list").stdout


def test_a_second_sanction_about_one_person_is_told_of(terminal: Terminal, tmp_path: Path) -> None:
    """Which one stands or waits; it is proposed all the same. Not of a namesake, nor of an end."""
    other = ("--identifier", PERSON[2])
    id_ = _published(terminal, *other)
    ban = ("sanction", "propose", "--measure", "ban", "--scope", "all_own_spaces")
    again = terminal.type(*ban, "--identifier", PERSON[0])
    assert again.exit_code == 0
    words = f"Mind: {PERSON[0]} is named by the sanction {id_} already: in force."
    assert words in again.stderr
    namesake = terminal.type(*ban, "--identifier", "email:else@example.org", *other)
    assert "Mind" not in namesake.stderr
    file = tmp_path / "list.csv"
    file.write_text(f"identifiers,measure,scope\n{PERSON[0]},ban,all_own_spaces\n")
    said = terminal.type("sanction", "import", str(file)).stderr
    assert words in said
    assert "already: proposed." in said
    lifted = terminal.json("sanction", "lift", id_)["decision"]
    _approve(terminal, lifted, *TWO)
    assert words not in terminal.type(*ban, "--identifier", PERSON[0]).stderr
