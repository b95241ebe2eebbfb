"""`comity screen`: a list as the ticket tool exported it, all peers, one result for each row."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import Settings, node_command
from node.cli.occasion import (
    FOUND,
    INCOMPLETE,
    finding_in_words,
    heard_in_words,
    occasion_options,
    purpose_of,
)
from node.cli.output import say

if TYPE_CHECKING:
    from node.asking import Progress
    from node.node import Node
    from node.screening import RowToAsk, Screened


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REPORT",
    help="Write a report without names: .csv, or .xlsx for a spreadsheet program.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=ROLE",
    help='Say what a column holds, such as "Handle=github" or "3=buyer-email".',
)
@click.option("--strict", is_flag=True, help="Count rows checked by name only as not checked.")
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
    event: str | None,
    purpose: str,
    start: datetime | None,
    end: datetime | None,
) -> None:
    """Ask all peers about everybody on an attendee list (CSV or xlsx, as exported).

    Interrupted or out of budget, type the same again: what was answered is not asked again. Exit
    status: 0 nothing found, every peer heard, every live row checked; 3 something found; 4 nothing
    found, but something not heard or not checked.
    """  # fmt: skip
    # What this command does is imported here; see node.cli.
    from node.attendees.report import write_report  # noqa: PLC0415
    from node.checking import Occasion, freshen  # noqa: PLC0415
    from node.client import connect  # noqa: PLC0415
    from node.screening import screen as ask  # noqa: PLC0415

    occasion = Occasion(event, purpose_of(purpose, start, end))
    rows = _read(file, columns, node.config.default_region)
    now = clock.now()
    async with connect(node) as clients:
        await freshen(node, clients, now=now)
        with _progress() as progress:
            result = await ask(node, clients.to, rows, occasion, now=now, progress=progress)
    if out is not None:
        lines = [line for row in result.rows for line in row.report_lines()]
        write_report(out, lines, source=file)
    _print(ctx, result)
    ctx.exit(exit_status(result, strict=strict))


def exit_status(result: "Screened", *, strict: bool) -> int:
    """The answer for scripts."""
    if any(row.outcome in ("match", "possible") for row in result.rows):
        return FOUND
    return 0 if result.is_all_clear(strict=strict) else INCOMPLETE


def _read(file: Path, columns: tuple[str, ...], region: str | None) -> "list[RowToAsk]":
    """Read the list, and say what was understood before anything is asked."""
    from node.attendees.columns import describe, propose  # noqa: PLC0415
    from node.attendees.reading import read_table  # noqa: PLC0415
    from node.attendees.rows import attendee_rows  # noqa: PLC0415
    from node.attendees.table import MAX_BYTES  # noqa: PLC0415
    from node.screening import identify  # noqa: PLC0415

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
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.progress import TaskID  # noqa: PLC0415

    bars: dict[str, TaskID] = {}
    with Bars(console=Console(stderr=True), transient=True) as shown:

        def show(peer: str, done: int, total: int) -> None:
            if peer not in bars:
                bars[peer] = shown.add_task(f"asking {peer}", total=total)
            shown.update(bars[peer], completed=done)

        yield show


def _print(ctx: click.Context, result: "Screened") -> None:
    if ctx.find_root().ensure_object(Settings).json:
        for row in result.rows:
            click.echo(json.dumps(row.to_value()))
        click.echo(json.dumps({"summary": result.summary()}))
        for line in _closing(result):
            say(line)
        return
    for row in result.rows:
        for finding in row.result.findings if row.result else ():
            click.echo(f"Row {row.asked.row.number}: {finding_in_words(finding)}")
    for line in _closing(result):
        click.echo(line)


def _closing(result: "Screened") -> Iterator[str]:
    """How many rows were checked, by name only, or not at all; and who was heard."""
    counts = result.summary()
    reasons = Counter(row.asked.reason for row in result.rows if row.asked.checked_by == "skipped")
    skipped = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    yield (
        f"Of {counts['rows']} rows {counts['checked']} were checked, {counts['name_only']} by name "
        f"only, {counts['unchecked']} not at all; {counts['skipped']} were skipped"
        f"{f' ({skipped})' if skipped else ''}. {counts['match']} match, "
        f"{counts['possible']} are possible."
    )
    unreadable = [row.asked.row.number for row in result.rows if row.asked.unreadable]
    if unreadable:
        yield f"Cells that are no address, handle or name: in {len(unreadable)} rows."
    yield heard_in_words(result.coverage)
    if counts["match"] or counts["possible"]:
        yield "A human decides what follows; whoever only has the same name is somebody else."
