"""`docs/committee.md`: a committee's walk, its commands and what they print, made by running it."""

import re
import shlex
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner

from node.cli import cli
from node.clock import day_of
from tests.paths import ROOT

DOCUMENT = ROOT / "docs" / "committee.md"

STEPS = (Path(__file__).parent / "steps.md").read_text("utf-8").strip().split("\n\n")
"""Prose, and commands, which begin with a dollar sign."""

_HASH = re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{16}\b")
_SHORT_HASH = re.compile(r"\b[0-9a-f]{12}\b")
_SHORT = re.compile(r"\b[0-9a-f]{8}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")
_DAY = re.compile(r"\b2\d{3}-\d{2}-\d{2}\b")
_KEY = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])|(?<=OPRF key )\S+")


def walk(folder: Path, now: int) -> str:
    """The page, made in an empty folder on the day of `now` (Unix seconds)."""
    names = {f"in{days}": str(day_of(now) + timedelta(days=days)) for days in (14, 180)}
    return "\n\n".join(_step(each, folder, names) for each in STEPS) + "\n"


def _step(step: str, folder: Path, names: dict[str, str]) -> str:
    """A step as it is printed; `names` is what DECISION, SECOND and SANCTION stand for."""
    if not step.startswith("$ "):
        return step
    typed = shlex.split(step.removeprefix("$ comity ").format(**names))
    typed = [
        str(folder / each) if each.endswith(".json") else names.get(each, each) for each in typed
    ]
    if typed[0] == "init":
        typed += _password_files(folder)
    done = CliRunner().invoke(
        cli,
        typed,
        env={
            "COMITY_HOME": str(folder / "home"),
            "COMITY_OFFICER_PASSWORD": _password(typed[typed.index("--officer") + 1])
            if "--officer" in typed
            else None,
            "COMITY_ALLOW_PRIVATE_NETWORKS": "1",
            "COLUMNS": "100",
        },
    )
    if done.exit_code:
        raise AssertionError(f"{step}: {done.output}")
    if typed[:2] not in (["decision", "list"], ["sanction", "list"]):
        _remember(done.output, names, new=typed[1] in ("propose", "amend"))
    shown = done.output.replace(f"{folder}/", "")
    command = re.sub(r"\{in\d+\}", "DATE", step)
    return f"```text\n{command}\n{_plain(shown)}\n```"


def _password(officer: str) -> str:
    return f"a password of the walk, {officer}'s"


def _password_files(folder: Path) -> list[str]:
    """Of all but the first officer: who walks is asked for each."""
    typed = []
    for officer in ("bob", "cyd"):
        file = folder / f"{officer}.password"
        file.write_text(_password(officer), "utf-8")
        typed += ["--password-file", f"{officer}={file}"]
    return typed


def _remember(output: str, names: dict[str, str], *, new: bool) -> None:
    decisions = list(dict.fromkeys(_HASH.findall(output)))
    names |= dict(zip(("DECISION", "SECOND"), decisions, strict=False))
    if new:
        names["SANCTION"] = _UUID.findall(output)[-1]


def _plain(output: str) -> str:
    """Without what differs from one run to the next, and columns as narrow as that allows."""
    forms = {_UUID: "SANCTION", _KEY: "KEY", _HASH: "DECISION", _DAY: "DATE"}
    for form, name in (forms | {_SHORT_HASH: "DECISION", _SHORT: "SANCTION"}).items():
        output = form.sub(name, output)
    lines = [re.sub(r"(?<=\S) {2,}", "  ", line).rstrip() for line in output.splitlines()]
    return "\n".join(line for line in lines if line and not set(line) <= set("─━█▀▄ "))
