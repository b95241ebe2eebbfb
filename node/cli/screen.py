"""`comity screen`: a list as the ticket tool exported it, all peers, one result for each row."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import Settings, node_command
from node.cli.occasion import (
    EXIT_STATUS,
    FOUND,
    INCOMPLETE,
    finding_in_words,
    occasion_options,
    purpose_of,
    region_option,
    remind_of_days,
    resumable,
)
from node.cli.output import say

if TYPE_CHECKING:
    from node.asking import Progress
    from node.node import Node
    from node.screening import RowToAsk, Screened


# As in node.attendees, whose import takes longer than a help text should.
ROLES = """\b
Roles for --column:
  name given-name family-name email phone github gitlab pypi matrix fediverse
  telegram bluesky     the attendee's; or say whose with attendee-, buyer- or
                       unknown- in front, as in buyer-email
  order position       code of the order, and number within it
  add-on-to            the ticket to which this one belongs
  status               cancelled, or not
  ignore               leave the column aside"""

_EPILOG = "\n\n".join(
    (
        ROLES,
        EXIT_STATUS.format(
            complete=", every live row checked, all of it", incomplete=", read or checked"
        ),
    )
)


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REPORT",
    help="Write a report without names, to a .csv or (for a spreadsheet program) .xlsx file.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=ROLE",
    help='Say what a column holds, such as "Handle=github" or "3=buyer-email".',
)
@click.option(
    "--strict",
    is_flag=True,
    help="Count rows checked by name only as not checked, and initials as not read.",
)
@region_option
@occasion_options
@click.pass_context
@node_command
async def screen(
    node: "Node",
    ctx: click.Context,
    *,
    file: Path,
    out: Path | None,
    columns: tuple[str, ...],
    strict: bool,
    region: str | None,
    event: str | None,
    purpose: str,
    start: datetime | None,
    end: datetime | None,
) -> None:
    """Ask all peers about everybody on an attendee list (CSV or xlsx, as exported).

    Interrupted or out of budget, type the same again: what was answered is not asked again. With
    --json each row is one document on a line of its own, and the last line is the summary.

    Phone numbers need + and the country's code, unless --region says the country. Nobody is
    asked about a cell that cannot be read: its row is named, and the list is then not all clear,
    unless it is a name, which alone is never a match.
    """
    # What this command does is imported here; see node.cli.
    from node.attendees.report import check_report, write_report
    from node.checking import Occasion, freshen
    from node.client import connect
    from node.screening import screen as ask

    occasion = Occasion(event, purpose_of(purpose, start, end))
    if out is not None:
        check_report(out, file)
    rows = _read(file, columns, region or node.config.default_region)
    remind_of_days(event, occasion.purpose)
    now = clock.now()
    with resumable():
        async with connect(node) as clients:
            await freshen(node, clients, now=now)
            with _progress() as progress:
                result = await ask(node, clients.to, rows, occasion, now=now, progress=progress)
    _print(ctx, result)
    if out is not None:
        write_report(out, result.report_lines(), source=file)
        say(f"The report is in {out}.")
    ctx.exit(exit_status(result, strict=strict))


def exit_status(result: "Screened", *, strict: bool) -> int:
    """The answer for scripts."""
    if any(row.outcome in ("match", "possible") for row in result.rows):
        return FOUND
    return 0 if result.is_all_clear(strict=strict) else INCOMPLETE


def _read(file: Path, columns: tuple[str, ...], region: str | None) -> "list[RowToAsk]":
    """Read the list, and say what was understood before anything is asked."""
    from node.attendees.columns import describe, propose
    from node.attendees.reading import read_table
    from node.attendees.rows import attendee_rows
    from node.attendees.table import MAX_BYTES
    from node.screening import identify

    with file.open("rb") as stream:
        table = read_table(stream.read(MAX_BYTES + 1))
    mapping = propose(table, columns)
    for line in describe(mapping):
        say(_printable(line))
    return identify(attendee_rows(table, mapping), region)


def _printable(line: str) -> str:
    """Headers are the file's: nothing in them reaches the terminal as a command."""
    return "".join(c if c.isprintable() else " " for c in line)


@contextmanager
def _progress() -> "Iterator[Progress]":
    """A bar for each peer, on standard error; it shows nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    bars: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True), transient=True) as shown:

        def show(peer: str, done: int, total: int) -> None:
            if peer not in bars:
                bars[peer] = shown.add_task(f"asking {peer}", total=total)
            shown.update(bars[peer], completed=done)

        yield show


def _print(ctx: click.Context, result: "Screened") -> None:
    from node.cli.closing import closing

    if ctx.find_root().ensure_object(Settings).json:
        for row in result.rows:
            click.echo(json.dumps(row.to_value()))
        click.echo(json.dumps({"summary": result.summary()}))
        for line in closing(result):
            say(line)
        return
    for row in result.rows:
        for finding in row.result.findings if row.result else ():
            click.echo(f"Row {row.asked.row.number}: {finding_in_words(finding)}")
    for line in closing(result):
        click.echo(line)
