"""`comity officer` and `comity community`, as people type them, with keys on officers' devices."""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from node import clock
from tests.node.terminal import Terminal, device


@dataclass(frozen=True)
class Committee:
    """A community of two officers with devices of their own, of whom one decides."""

    terminal: Terminal
    folder: Path
    alice: Path
    bob: Path

    def json(self, *typed: str) -> Any:
        """Run a command with --json; its one document."""
        return self.terminal.json(*typed)

    def refused(self, *typed: str) -> tuple[int, str]:
        """Run a command that fails: its exit status, and what it says."""
        done = self.terminal.type(*typed)
        assert done.stdout == ""
        return done.exit_code, done.stderr

    def logged(self, *typed: str, by: Path | None = None) -> None:
        """Propose something, and have it approved by a device."""
        status = self.terminal.json(*typed)
        assert status["state"] == "pending"
        assert self.terminal.approve(status["decision"], by or self.bob)["state"] == "logged"

    def listed(self) -> list[tuple[str, bool]]:
        """The officers by name, and whether they are listed now."""
        return [(each["name"], each["listed"]) for each in self.json("officer", "list")]


@pytest.fixture
def committee(tmp_path: Path) -> Committee:
    """Founded, by Bob's device."""
    terminal = Terminal(tmp_path / "home")
    (alice, first), (bob, second) = (device(tmp_path, name) for name in ("alice", "bob"))
    terminal.json(
        "init", "--id", "python.example", "--name", "Python Foundation",
        "--url", "https://comity.python.example", "--contact", "coc@python.example",
        "--policy-url", "https://python.example/coc", "--space", "pycon=PyCon",
        "--officer", f"alice={first}", "--officer", f"bob={second}", "--threshold", "1",
    )  # fmt: skip
    (founding,) = terminal.json("decision", "list")
    assert terminal.approve(founding["decision"], bob)["state"] == "logged"
    return Committee(terminal, tmp_path, alice, bob)


def test_an_officer_is_added_and_removed(committee: Committee) -> None:
    """Proposed, approved on a device, listed; and afterwards listed no more, by any name."""
    dana, key = device(committee.folder, "dana")
    status = committee.json("officer", "add", f"dana={key}", "--threshold", "2")
    assert (status["state"], status["threshold"]) == ("pending", 1)
    shown = committee.terminal.type("officer", "list").stdout
    assert "proposed" in next(line for line in shown.splitlines() if "dana" in line)
    assert committee.listed() == [("alice", True), ("bob", True), ("dana", False)]
    assert committee.terminal.approve(status["decision"], committee.alice)["state"] == "logged"
    assert committee.listed() == [("alice", True), ("bob", True), ("dana", True)]
    assert "2 of 3 decide\n" in committee.terminal.type("officer", "list").stderr
    removal = committee.json("officer", "remove", "alice")
    assert committee.terminal.approve(removal["decision"], dana)["state"] == "pending"
    assert committee.terminal.approve(removal["decision"], committee.bob)["state"] == "logged"
    assert committee.listed() == [("alice", False), ("bob", True), ("dana", True)]
    assert "2 of 2 decide. Mind: 2 of 2: one lost key" in committee.terminal.type(
        "officer", "list"
    ).stderr  # fmt: skip


def test_an_officer_s_key_is_replaced(committee: Committee) -> None:
    """The new one approves; the old one signs nothing any more."""
    new, key = device(committee.folder, "new")
    committee.logged("officer", "replace", f"bob={key}", by=committee.alice)
    keys = {each["public_key"]: each["listed"] for each in committee.json("officer", "list")}
    assert keys[key]
    assert list(keys.values()).count(True) == 2
    status = committee.json("officer", "threshold", "2")
    sheet = committee.folder / "sheet"
    committee.json("decision", "export", status["decision"], "--out", str(sheet))
    code, said = committee.refused("officer", "sign", str(sheet), "--key", str(committee.bob))
    assert (code, "check 4" in said) == (1, True)
    assert committee.terminal.approve(status["decision"], new)["state"] == "logged"


def test_a_key_that_the_node_keeps_has_a_password_shown_once(committee: Committee) -> None:
    """Where nobody can be asked for one; and a setup that one key would block is warned about."""
    done = committee.terminal.type("officer", "add", "dana", "--threshold", "3")
    assert done.exit_code == 0
    assert "Password of the officer `dana`, shown this once: " in done.stderr
    assert "Mind: 3 of 3: one lost key would block every decision" in done.stdout
    (dana,) = (each for each in committee.json("officer", "list") if each["name"] == "dana")
    assert (dana["custody"], dana["listed"]) == ("node", False)


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (["officer", "threshold", "3"], 1, "3 of 2: more would have to approve"),
        (["officer", "threshold", "1"], 1, "says of itself already"),
        (["officer", "threshold", "0"], 2, "x>=1"),
        (["officer", "remove", "bob", "--threshold", "2"], 1, "2 of 1"),
        (["officer", "remove", "nobody"], 1, "comity officer list"),
        (["officer", "add", "alice=KEY"], 1, "comity officer replace"),
        (["officer", "add", "=KEY"], 1, "printable characters"),
        (["officer", "add", "dana=KE"], 2, "comity officer key"),
        (["officer", "replace", "dana=KEY"], 1, "comity officer list"),
        (["community", "set"], 2, "say what is to change"),
        (["community", "set", "--space", "pycon"], 2, "SLUG=NAME"),
        (["community", "set", "--remove-space", "nowhere"], 1, "these are: pycon"),
        (["community", "set", "--space", "Py Con=X"], 1, "cannot stand in the log"),
        (["community", "set", "--url", "no address"], 1, "cannot stand in the log"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_words(
    committee: Committee, typed: list[str], code: int, words: str
) -> None:
    """Before anything is proposed."""
    _, key = device(committee.folder, "dana")
    found, said = committee.refused(*(each.replace("KEY", key) for each in typed))
    assert (found, words in said) == (code, True), said
    assert committee.json("decision", "list") == []


def test_a_name_is_proposed_once_at_a_time(committee: Committee) -> None:
    """Until that is declined; then the very same is proposed again."""
    (_, first), (_, second) = (device(committee.folder, name) for name in ("dana", "dora"))
    status = committee.json("officer", "add", f"dana={first}")
    code, said = committee.refused("officer", "add", f"dana={second}")
    assert (code, "proposed already" in said) == (1, True)
    for name in ("alice", "bob"):
        committee.json("decision", "decline", status["decision"], "--officer", name)
    assert [name for name, _ in committee.listed()] == ["alice", "bob"]
    assert committee.json("officer", "add", f"dana={first}") == status


def test_what_waited_for_91_days_is_listed_as_lapsed(committee: Committee) -> None:
    """No daily job has run meanwhile."""
    status = committee.json("officer", "threshold", "2")
    old = clock.day_of(clock.now()) - timedelta(days=91)
    connection = sqlite3.connect(committee.terminal.home / "comity.sqlite3")
    with connection:
        connection.execute(
            "UPDATE decisions SET proposed_on = ? WHERE state = 'pending'", [old.isoformat()]
        )
    connection.close()
    assert committee.json("decision", "list") == []
    listed = {each["decision"]: each for each in committee.json("decision", "list", "--all")}
    assert listed[status["decision"]]["state"] == "lapsed"
    assert committee.json("decision", "show", status["decision"])["state"] == "lapsed"
    for typed in (
        ("decision", "export", status["decision"]),
        ("decision", "decline", status["decision"], "--officer", "alice"),
    ):
        code, said = committee.refused(*typed)
        assert (code, "lapsed" in said) == (1, True)


def test_what_the_community_says_of_itself_is_shown_and_changed(committee: Committee) -> None:
    """Contact and name; spaces and bodies declared, named otherwise, and gone."""
    committee.logged("community", "set", "--contact", "new@python.example", "--part-time")
    committee.logged("community", "set", "--space", "pycon=PyCon US", "--space", "eu=EuroPython")
    committee.logged(
        "community", "set", "--body", "cwg=Conduct Group", "--remove-body", "committee"
    )
    said = committee.json("community", "show")
    assert (said["contact"], said["part_time"]) == ("new@python.example", True)
    assert said["spaces"] == [
        {"slug": "eu", "name": "EuroPython"},
        {"slug": "pycon", "name": "PyCon US"},
    ]
    assert said["bodies"] == [{"slug": "cwg", "name": "Conduct Group"}]
    removing = committee.json("community", "set", "--remove-space", "eu", "--remove-space", "pycon")
    shown = committee.terminal.type("decision", "show", removing["decision"]).stdout
    assert 'no more  eu "EuroPython"' in shown
    committee.terminal.approve(removing["decision"], committee.bob)
    words = committee.terminal.type("community", "show").stdout
    assert "new@python.example" in words
    assert "EuroPython" not in words


def test_how_many_decide_is_shown_with_the_id(committee: Committee, tmp_path: Path) -> None:
    """And what one lost key would do, where it would; a document for scripts stays as it is."""
    done = committee.terminal.type("id")
    assert "decides by 1 of 2\n" in done.stdout
    assert done.stderr == ""
    alone = Terminal(tmp_path / "alone")
    for typed in (("init", "--id", "m.example", "--name", "M"), ("id",)):
        done = alone.type(*typed)
        assert "decides by 1 of 1\n" in done.stdout
        assert "Mind: 1 of 1: one officer decides alone" in done.stderr
    waiting = Terminal(tmp_path / "waiting")
    (_, first), (_, second) = (device(tmp_path, name) for name in ("x", "y"))
    init = ("init", "--id", "m.example", "--name", "M", "--officer", f"x={first}")
    done = waiting.type(*init, "--officer", f"y={second}", "--threshold", "3")
    assert (done.exit_code, "3 of 2: more would have to" in done.stderr) == (1, True)
    done = waiting.type(*init, "--officer", f"y={second}")
    assert "decides by 2 of 2\n" in done.stdout
    assert "Mind: 2 of 2: one lost key would block" in done.stderr
