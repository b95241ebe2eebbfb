"""`docs/record-of-acts.md`: each command and each resource stands there, with what it leaves."""

import re
from collections.abc import Iterator
from typing import get_args

import click

from node import audit
from node.app import application
from node.cli import cli
from node.node import Node
from tests.node.served import served
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "record-of-acts.md").read_text("utf-8")


def _rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    section = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _quoted(rows: list[list[str]], column: int) -> list[str]:
    return [each for row in rows for each in re.findall(r"`([^`]+)`", row[column])]


def _commands(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None
        yield from _commands(found, f"{name} {each}", context)


def test_every_kind_of_act_says_what_it_is() -> None:
    """Each once, and no other."""
    assert sorted(_quoted(_rows("## Kinds"), 0)) == sorted(get_args(audit.Act))


def test_of_every_command_it_is_said_what_it_leaves() -> None:
    """Each once: whoever adds a command decides."""
    rows = _rows("## Commands")
    assert sorted(_quoted(rows, 0)) == sorted(_commands(cli, "comity", click.Context(cli)))
    assert set(_quoted(rows, 1)) - {"--officer"} <= set(get_args(audit.Act))


async def test_of_every_resource_for_peers_it_is_said_what_it_leaves(node: Node) -> None:
    """Each once: a peer must not be able to fill the record."""
    async with served(node) as running:
        app = application(running.service, "https://python.example")
    beginning = "/comity/v1"
    found = {
        f"{route.method} {route.resource.canonical.removeprefix(beginning)}"
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(beginning)
    }
    rows = _rows("## What peers ask")
    assert sorted(_quoted(rows, 0)) == sorted(found)
    assert set(_quoted(rows, 1)) <= set(get_args(audit.Act))
