"""What commands print: one JSON document for scripts, or something for people to read."""

import json
from typing import Any

import click

from node.cli import Settings
from protocol.encoding import JSON


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

    Console(markup=False, highlight=False).print(human)


def say(text: str) -> None:
    """Words for people only, on standard error, so that a script reads nothing but its document."""
    click.echo(text, err=True)


def table(*columns: str) -> Any:
    """A plain table of rich's with these columns."""
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415

    return Table(*columns, box=box.SIMPLE)
