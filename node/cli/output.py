"""What commands print: one JSON document for scripts, or something for people to read."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from node.cli import Settings
from protocol.encoding import JSON

_WIDE = 200


def emit(ctx: click.Context, document: JSON, human: Any) -> None:
    """Print `document` where --json was said, else `human`: a text, or anything of rich's.

    Nothing in a text is taken for markup: names come from other communities.
    """
    if ctx.find_root().ensure_object(Settings).json:
        click.echo(json.dumps(document))
        return
    if isinstance(human, str):
        click.echo(human)
        return
    from rich.console import Console  # noqa: PLC0415 - scripts do not wait for it

    # Where no terminal is, nothing tells how wide the lines may be.
    width = None if sys.stdout.isatty() else _WIDE
    Console(markup=False, highlight=False, width=width).print(human)


def say(text: str) -> None:
    """Words for people only, on standard error, so that a script reads nothing but its document."""
    click.echo(text, err=True)


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that its owner alone may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def table(first: str, *columns: str) -> Any:
    """A plain table of rich's; the first column names what a row is about and is never cut."""
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415

    made = Table(box=box.SIMPLE)
    made.add_column(first, no_wrap=True)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
