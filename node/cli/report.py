"""`comity report`: a half-year in numbers, for everybody to read."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit
from node.cli.typed import DAY

if TYPE_CHECKING:
    from node.node import Node


@click.command()
@click.option("--from", "start", type=DAY, required=True, help="First day: 1 January or 1 July.")
@click.option("--to", "end", type=DAY, required=True, help="Last day: 30 June or 31 December.")
@click.option("--format", "form", type=click.Choice(["markdown", "html", "json"]),
              default="markdown", show_default=True, help="What is written.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="A new file to write to; otherwise it is printed.")  # fmt: skip
@node_command
async def report(node: "Node", start: date, end: date, form: str, out: Path | None) -> None:
    """Count decisions, appeals, reviews and checks of a half-year that is over, naming nobody.

    Numbers under five are held back, and those that would give them away. The first report of a
    half-year is kept, and shown again whenever it is asked for.
    """
    from node import report as job
    from node import report_words as words

    made = await job.report(node, job.half_year(start, end), clock.now())
    document = words.document(made)
    match form:
        case "html":
            text = words.in_html(made)
        case "json":
            text = json.dumps(document, indent=1) + "\n"
        case _:
            text = words.in_markdown(made)
    if out is None:
        emit(click.get_current_context(), document, text.rstrip("\n"))
        return
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
    emit(click.get_current_context(), document | {"file": str(out)}, f"Written to {out}")
