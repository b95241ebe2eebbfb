"""What commands print: one JSON document for scripts, or something for people to read."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from node.cli import Settings
from protocol.encoding import JSON

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

_WIDE = 200
_WIDEST = 10_000


def emit(ctx: click.Context, document: JSON, human: Any) -> None:
    """Print `document` where --json was said, else `human`: a text, or anything of rich's.

    Nothing in a text is taken for markup: names come from other communities.
    """
    if is_json(ctx):
        click.echo(json.dumps(document))
        return
    if isinstance(human, str):
        click.echo(human)
        return
    from rich.console import Console

    # Where no terminal is, nothing tells how wide the lines may be.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE
    Console(markup=False, highlight=False, width=width).print(human)


def is_json(ctx: click.Context) -> bool:
    """Whether one JSON document is wanted."""
    return ctx.find_root().ensure_object(Settings).json


def say(text: str) -> None:
    """Words for people only, on standard error, so that a script reads nothing but its document."""
    click.echo(text, err=True)


def new_private(path: Path) -> BinaryIO:
    """A new file that its owner alone may read, open to be written."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that its owner alone may read."""
    with new_private(path) as file:
        file.write(data)


class Records:
    """What a list shows: a table, or, where its words would break, a block for each row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self.rows: list[Sequence[str]] = []
        self.caption: str | None = None

    def add_row(self, *cells: str) -> None:
        """One thing that is listed; a cell for each column."""
        self.rows.append(cells)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """As rich asks what it prints."""
        made = self._table()
        if (
            console.measure(made, options=options.update_width(_WIDEST)).minimum
            <= options.max_width
        ):
            yield made
            return
        label = max(map(len, self.columns))
        for cells in self.rows:
            yield ""
            for column, cell in zip(self.columns, cells, strict=True):
                yield f"{column:{label}}  {cell}"
        if self.caption is not None:
            yield f"\n{self.caption}"

    def _table(self) -> "Table":
        from rich import box
        from rich.table import Table

        made = Table(box=box.SIMPLE, caption=self.caption)
        for column in self.columns:
            made.add_column(column)
        for cells in self.rows:
            made.add_row(*cells)
        return made


def table(*columns: str) -> Records:
    """An empty list under these headings; the first names what a row is about."""
    return Records(columns)
