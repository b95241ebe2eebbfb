"""The command line as scripts rely on it: documents on standard output, words on standard error."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from node import clock, keyfile
from node.cli import LAZY, cli
from node.home import Home
from protocol.encoding import canonical_json
from tests.node.terminal import CHEAP, PASSWORD, Terminal

STATUS = {"decision", "attestation", "state", "approvals", "threshold", "voided"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A home that nothing was founded in."""
    return Terminal(tmp_path / "home")


@pytest.fixture
def bob(tmp_path: Path) -> Path:
    """The key file of an officer, on the officer's own device."""
    file = tmp_path / "bob.key"
    keyfile.create(file, PASSWORD, cost=CHEAP)
    return file


def _init(terminal: Terminal, bob: Path, *more: str) -> Any:
    key = json.loads(bob.read_bytes())["officer"]
    return terminal.json(
        "init", "--id", "python.example", "--name", "Python Foundation",
        "--url", "https://comity.python.example", "--contact", "coc@python.example",
        "--policy-url", "https://python.example/coc", "--officer", f"bob={key}",
        "--threshold", "1", "--space", "pycon=PyCon", *more,
    )  # fmt: skip


def _sign(terminal: Terminal, decision: str, bob: Path, *more: str) -> Path:
    sheet = bob.with_name(f"{decision[:8]}.sheet")
    approval = bob.with_name(f"{decision[:8]}.approval")
    terminal.json("decision", "export", decision, "--out", str(sheet))
    terminal.json(
        "officer", "sign", str(sheet), "--key", str(bob), "--out", str(approval), "--yes", *more
    )
    return approval


def _founded(terminal: Terminal, bob: Path) -> None:
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    approval = _sign(terminal, waiting["decision"], bob)
    done = terminal.json("decision", "approve", waiting["decision"], "--approval", str(approval))
    assert done.keys() == STATUS
    assert (done["state"], done["attestation"]) == ("logged", None)


def test_a_community_that_only_asks_is_founded_by_two_options(terminal: Terminal) -> None:
    """Nobody has to be asked; the operator's password is made up and shown once."""
    done = terminal.type("init", "--id", "m.example", "--name", "M", "--json", password=None)
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document.keys() == {"id", "url", "fingerprint", "compare", "state"}
    assert (document["id"], document["url"], document["state"]) == ("m.example", None, "active")
    assert document["compare"].startswith(f"comity1:m.example:{document['fingerprint']}:1:")
    assert "operator" in done.stderr
    assert terminal.json("id") == document


def test_a_founding_that_waits_has_no_fingerprint(terminal: Terminal, bob: Path) -> None:
    """Until the officers approved, on their own devices."""
    document = _init(terminal, bob)
    assert document["state"] == "awaiting_approvals"
    assert (document["fingerprint"], document["compare"]) == (None, None)
    assert terminal.json("id") == document
    other = terminal.type("log", "show")
    assert other.exit_code == 1
    assert "waits for approvals" in other.stderr


def test_a_sanction_from_proposal_to_lift(terminal: Terminal, bob: Path) -> None:
    """Every document on the way has the members that scripts read."""
    _founded(terminal, bob)
    proposed = terminal.json(
        "sanction", "propose", "--identifier", "email:Mallory@Example.org", "--identifier",
        "github:@malloryq-fake", "--measure", "suspension", "--scope", "event_series:pycon",
        "--in-force-from", "2030-01-01", "--ends-on", "2030-03-01", "--basis", "harassment",
        "--decided-by", "committee:5:4", "--notice", "unreachable", "--review-by",
        _days_ahead(100),
    )  # fmt: skip
    assert proposed.keys() == STATUS
    assert (proposed["state"], proposed["approvals"], proposed["threshold"]) == ("pending", 0, 1)
    approval = _sign(terminal, proposed["decision"], bob)
    done = terminal.json("decision", "approve", proposed["decision"], "--approval", str(approval))
    assert (done["state"], done["attestation"]) == ("logged", proposed["attestation"])
    (listed,) = terminal.json("sanction", "list")
    assert listed == terminal.json("sanction", "show", done["attestation"])
    assert listed["state"] == "in_force"
    assert listed["scope"] == [{"kind": "event_series", "space": "pycon"}]
    assert listed["decided_by"] == {"body": "committee", "present": 5, "in_favour": 4}
    assert listed["ends_on"] == "2030-03-01"
    assert listed["identifiers"] == [
        "email:mallory@example.org",
        "email-untagged:mallory@example.org",
        "github:malloryq-fake",
    ]
    lifted = terminal.json("sanction", "lift", done["attestation"])
    approval = _sign(terminal, lifted["decision"], bob)
    terminal.json("decision", "approve", lifted["decision"], "--approval", str(approval))
    assert terminal.json("sanction", "show", done["attestation"])["state"] == "withdrawn"
    log = terminal.json("log", "show")
    assert [entry["type"] for entry in log["entries"]] == ["community", "attest", "withdraw"]
    assert log["size"] == 3
    assert terminal.json("decision", "list") == []
    assert len(terminal.json("decision", "list", "--all")) == 3


def test_a_founding_says_what_it_lacks_to_publish(terminal: Terminal) -> None:
    """Exactly that, and nothing that was given; a second one asks for nothing and shows nothing."""
    line = ("init", "--id", "m.example", "--name", "M", "--url", "https://m.example")
    done = terminal.type(*line, password=None)
    assert "it lacks --contact, --policy-url." in done.stderr
    assert terminal.type("id").stdout.splitlines()[0].endswith("active")
    again = terminal.type(*line, password=None)
    assert (again.exit_code, "Password" in again.stderr) == (1, False)
    assert "founded here before" in again.stderr


def test_a_second_service_of_one_home_refuses(terminal: Terminal) -> None:
    """Two would follow and cosign at once; every other command may run beside the first."""
    terminal.type("init", "--id", "m.example", "--name", "M")
    with Home(terminal.home).kept_to_oneself():
        done = terminal.type("serve", "--listen", "127.0.0.1:0")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "another `comity serve`" in done.stderr
        assert terminal.type("officer", "list").exit_code == 0


def test_the_version_is_the_installed_one(terminal: Terminal) -> None:
    """One line, and no home is needed."""
    done = terminal.type("--version")
    assert (done.exit_code, done.stdout) == (0, f"comity {version('comity')}\n")


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        ("init", ["[default: public]", "(default: 2"]),
        (
            "sanction propose",
            ["[default: given]", "[default: undisclosed]", "within 180 days", "in a year if"],
        ),
        ("officer sign", ["as `comity officer key` made it"]),
    ],
)
def test_help_says_what_holds_where_nothing_is_said(
    terminal: Terminal, command: str, defaults: list[str]
) -> None:
    """Nobody has to try out what an option left out means."""
    words = " ".join(terminal.type(*command.split(), "--help").stdout.split())
    assert [each for each in defaults if each not in words] == []


def _propose(terminal: Terminal, *more: str, stdin: str = "") -> Result:
    return terminal.type(
        "sanction", "propose", "--measure", "ban", "--scope", "all_own_spaces", *more, stdin=stdin
    )  # fmt: skip


def test_a_proposal_says_of_whom_and_whether_they_were_told(terminal: Terminal, bob: Path) -> None:
    """Identifiers may come from standard input, where no other user of the machine reads them."""
    _founded(terminal, bob)
    done = _propose(terminal, "--identifier", "-", stdin="github:malloryq-fake\n\nname:Mal Quill\n")
    assert done.exit_code == 0, done.stderr
    assert "Proposed about github:malloryq-fake, name:" in done.stdout
    assert "Notice: the person was told" in done.stdout
    assert "0 of 1 approvals: it waits for 1 more" in done.stdout
    (listed,) = terminal.json("sanction", "list")
    for name, id_ in (("sanction", listed["id"]), ("decision", listed["decision"])):
        for part in (id_, id_[:8]):
            assert "the person was told" in terminal.type(name, "show", part).stdout
        short = terminal.type(name, "show", id_[:7])
        assert (short.exit_code, "8 digits, or more" in short.stderr) == (1, True)
        assert f" {name.upper()}" in terminal.type(name, "show", "--help").stdout


def test_what_can_never_match_is_not_proposed(terminal: Terminal, bob: Path) -> None:
    """Nor what names no space or body that there is; each error says which option is meant."""
    _founded(terminal, bob)
    done = _propose(terminal, "--identifier", "name:Mallory Quill")
    assert (done.exit_code, terminal.json("decision", "list")) == (1, [])
    assert "a name alone is never a match" in done.stderr
    done = _propose(terminal, "--identifier", "github:m-fake", "--decided-by", "board:1:1")
    assert "--decided-by: the body `board`" in done.stderr


def test_only_an_approval_is_taken_for_one(terminal: Terminal, bob: Path) -> None:
    """Not a sheet, and not beside --officer."""
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    sheet = bob.with_name("sheet")
    terminal.json("decision", "export", waiting["decision"], "--out", str(sheet))
    line = ["decision", "approve", waiting["decision"], "--approval", str(sheet)]
    done = terminal.type(*line)
    assert (done.exit_code, "not an approval file" in done.stderr) == (1, True)
    for options in (line[:3], [*line, "--officer", "bob"]):
        assert terminal.type(*options).exit_code == 2


def test_declining_takes_the_password_of_a_key_that_is_kept_here(
    terminal: Terminal, bob: Path
) -> None:
    """Anybody could say it otherwise; of a key that is elsewhere it is noted as said."""
    _init(terminal, bob, "--officer", "alice")
    _propose(terminal, "--identifier", "github:malloryq-fake")
    (waiting,) = terminal.json("decision", "list")
    line = ("decision", "decline", waiting["decision"], "--officer")
    done = terminal.type(*line, "alice", password="another one")
    assert (done.exit_code, "password" in done.stderr) == (1, True)
    assert terminal.json("decision", "show", waiting["decision"])["votes"] == []
    assert "nothing was signed" in terminal.type(*line, "bob", password=None).stdout
    done = terminal.type(*line, "alice")
    assert (done.exit_code, "declined" in done.stdout) == (0, True)


def test_a_lift_is_called_one(terminal: Terminal, bob: Path) -> None:
    """People read what became of a sanction; scripts read the states of the register."""
    _founded(terminal, bob)
    _propose(terminal, "--identifier", "github:malloryq-fake")
    (waiting,) = terminal.json("decision", "list")
    approve = ("decision", "approve", "--approval")
    terminal.json(*approve, str(_sign(terminal, waiting["decision"], bob)), waiting["decision"])
    lifted = terminal.json("sanction", "lift", waiting["attestation"][:8])
    said = f"lifts {waiting['attestation'][:8]}"
    assert said in terminal.type("decision", "list").stdout
    terminal.json(*approve, str(_sign(terminal, lifted["decision"], bob)), lifted["decision"])
    assert "lifted" in terminal.type("sanction", "list").stdout
    assert (
        f"{waiting['attestation']}: lifted"
        in terminal.type("sanction", "show", waiting["attestation"]).stdout
    )


def _days_ahead(days: int) -> str:
    return (clock.day_of(clock.now()) + timedelta(days=days)).isoformat()


def test_an_officer_recuses_on_their_own_device(terminal: Terminal, bob: Path) -> None:
    """The recusal is brought like an approval, and leaves too few to approve."""
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    recusal = _sign(terminal, waiting["decision"], bob, "--recuse")
    # What was signed is taken for nothing else.
    refused = terminal.type("decision", "approve", waiting["decision"], "--approval", str(recusal))
    assert refused.exit_code == 1
    assert "signed to recuse" in refused.stderr
    done = terminal.json("decision", "recuse", waiting["decision"], "--approval", str(recusal))
    assert done["state"] == "declined"
    shown = terminal.json("decision", "show", waiting["decision"])
    assert [(vote["officer"], vote["vote"]) for vote in shown["votes"]] == [("bob", "recuse")]


def test_a_device_signs_only_what_is_confirmed(terminal: Terminal, bob: Path) -> None:
    """Without --yes it asks, having said what is decided; the answer no signs nothing."""
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    sheet = terminal.type("decision", "export", waiting["decision"]).stdout
    elsewhere = Terminal(terminal.home.with_name("no home at all"))
    for answer, status in (("n\n", 1), ("y\n", 0)):
        file = bob.with_name("sheet")
        file.write_text(sheet)
        done = elsewhere.type("officer", "sign", str(file), "--key", str(bob), stdin=answer)
        assert done.exit_code == status
        assert "founds the community" in done.stderr
        assert bool(done.stdout) == (status == 0)
    assert not elsewhere.home.exists()


def test_row_11_an_altered_sheet_is_refused_at_the_command_line(
    terminal: Terminal, bob: Path
) -> None:
    """With the check that failed, exit status 1, and no signature."""
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    sheet = terminal.type("decision", "export", waiting["decision"]).stdout
    file = bob.with_name("sheet")
    file.write_text(sheet.replace('"attestations":[]', '"attestations":[1]'))
    done = terminal.type("officer", "sign", str(file), "--key", str(bob), "--yes")
    assert done.exit_code == 1
    assert "check 1" in done.stderr
    assert done.stdout == ""


def test_row_11_a_refused_sheet_writes_nothing_of_its_own_on_the_terminal(
    terminal: Terminal, bob: Path
) -> None:
    """A member named like a terminal's escape sequence is named in the refusal, and escaped."""
    _init(terminal, bob)
    (waiting,) = terminal.json("decision", "list")
    sheet = json.loads(terminal.type("decision", "export", waiting["decision"]).stdout)
    file = bob.with_name("sheet")
    file.write_bytes(canonical_json(sheet | {"\x1b[2J\x07approved": 1}))
    done = terminal.type("officer", "sign", str(file), "--key", str(bob), "--yes")
    assert done.exit_code == 1
    assert "\\u{1b}[2J" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


PUBLISHES = (
    "init", "--id", "p.example", "--name", "P", "--url", "https://p.example",
    "--contact", "coc@p.example", "--policy-url", "https://p.example/coc",
    "--officer", "alice", "--officer", "bob",
)  # fmt: skip


def test_each_officer_has_a_password_of_their_own(terminal: Terminal, tmp_path: Path) -> None:
    """One for both, in whatever way, is refused before anything is made; a file for each is not."""
    files = {name: tmp_path / name for name in ("alice", "bob", "same")}
    for name, file in files.items():
        file.write_text(
            f"the password of {name}\n" if name != "same" else files["alice"].read_text()
        )
    one = terminal.type(*PUBLISHES, "--password-file", str(files["alice"]), password=None)
    variable = terminal.type(*PUBLISHES)
    for done in (one, variable):
        assert (done.exit_code, "--password-file NAME=FILE" in done.stderr) == (2, True)
        assert "one password for several officers (alice, bob)" in done.stderr
    alices = ("--password-file", f"alice={files['alice']}")
    done = terminal.type(*PUBLISHES, *alices, "--password-file", f"bob={files['same']}")
    assert (done.exit_code, "two officers have the same password" in done.stderr) == (1, True)
    assert terminal.type(*PUBLISHES, *alices, *alices).exit_code == 2
    assert not terminal.home.exists()
    done = terminal.type(
        *PUBLISHES, *alices, "--password-file", f"bob={files['bob']}", password=None
    )
    assert done.exit_code == 0, done.stderr
    assert terminal.type("id").stdout.splitlines()[0].endswith("active")


def test_a_new_password_has_ten_characters(terminal: Terminal, tmp_path: Path) -> None:
    """At founding, and for a key on an officer's own device."""
    for typed in (
        ("init", "--id", "m.example", "--name", "M"),
        ("officer", "key", str(tmp_path / "x.key")),
    ):
        for password in ("", "x", "9 letters"):
            done = terminal.type(*typed, password=password)
            assert (done.exit_code, "10 characters or more" in done.stderr) == (1, True)
    assert not terminal.home.exists()
    assert not (tmp_path / "x.key").exists()


def test_an_officers_key_is_for_its_owner_alone(terminal: Terminal, tmp_path: Path) -> None:
    """Mode 0600, never overwritten, opened by its password only."""
    file = tmp_path / "carol.key"
    made = terminal.json("officer", "key", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made["public_key"] == json.loads(file.read_bytes())["officer"]
    before = file.read_bytes()
    again = terminal.type("officer", "key", str(file))
    assert again.exit_code == 1
    assert "never overwritten" in again.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("init",),
        ("init", "--id", "a.example"),
        ("init", "--id", "a.example", "--name", "A", "--officer", "bob=short"),
        ("init", "--id", "a.example", "--name", "A", "--space", "no equals sign"),
        ("init", "--id", "a.example", "--name", "A", "--threshold", "0"),
        ("nonsense",),
        ("sanction", "propose", "--measure", "ban", "--scope", "event"),
        ("sanction", "propose", "--measure", "warning", "--scope", "event", "--identifier", "a:b"),
        ("officer", "sign"),
    ],
)
def test_wrong_usage_ends_with_2(terminal: Terminal, arguments: Sequence[str]) -> None:
    """And leaves no home behind."""
    done = terminal.type(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert not terminal.home.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("id",),
        ("sanction", "list"),
        ("decision", "approve", "0123456789", "--officer", "alice"),
        ("log", "show"),
    ],
)
def test_a_home_that_is_none_is_a_failure_in_words(
    terminal: Terminal, arguments: Sequence[str]
) -> None:
    """Exit status 1, one line that says what to type, nothing on standard output."""
    done = terminal.type(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "comity init" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_stand_before_or_after_the_command(terminal: Terminal, tmp_path: Path) -> None:
    """--home and --json; --home wins over COMITY_HOME."""
    terminal.type("init", "--id", "m.example", "--name", "M")
    elsewhere = Terminal(tmp_path / "elsewhere")
    home = str(terminal.home)
    documents = [
        elsewhere.type(*arguments).stdout
        for arguments in (
            ("--home", home, "--json", "id"),
            ("id", "--json", "--home", home),
            ("--json", "id", "--home", home),
        )
    ]
    assert len(set(documents)) == 1
    assert json.loads(documents[0])["id"] == "m.example"
    assert elsewhere.type("id", "--home", home).stdout.startswith("m.example")


@pytest.mark.parametrize("name", LAZY)
def test_every_command_explains_itself(name: str) -> None:
    """Each can be imported and has its help."""
    done = CliRunner().invoke(cli, [name, "--help"], prog_name="comity")
    assert done.exit_code == 0
    assert f"comity {name}" in done.stdout


def test_the_command_line_imports_no_job_before_it_is_called() -> None:
    """Neither the database nor the service: a check must not wait for them."""
    script = (
        "import sys, node.__main__, node.cli.founding, node.cli.sanction, node.cli.decision; "
        "print([each for each in ('sqlalchemy', 'aiohttp', 'rich', 'alembic') "
        "if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_a_reader_that_goes_away_is_no_fault(terminal: Terminal) -> None:
    """`comity id | head -0` ends quietly."""
    terminal.type("init", "--id", "m.example", "--name", "M")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "node", "id"],
        env=os.environ | {"COMITY_HOME": str(terminal.home)},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert done.stderr == b""
