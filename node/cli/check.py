"""`comity check`: one person, all peers, one answer."""

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.occasion import (
    EXIT_STATUS,
    FOUND,
    INCOMPLETE,
    finding_in_words,
    heard_in_words,
    occasion_options,
    purpose_of,
    region_option,
    remind_of_days,
    resumable,
)
from node.cli.output import emit
from node.errors import UserError

if TYPE_CHECKING:
    from node.checking import Result
    from node.node import Node
    from protocol.identifiers import Identifier

_OUTCOMES = {
    "match": "FOUND. What follows from it, a human decides.",
    "possible": "Possible: a name or the like is the same. That alone tells nobody who is meant.",
    "nothing_found": "Nothing found.",
}


def _terms(
    _ctx: click.Context, _parameter: click.Parameter, arguments: tuple[str, ...]
) -> tuple[str, ...]:
    """What is typed, or comes in; read here, where Ctrl-C still ends a wait for more lines."""
    if arguments == ("-",):
        return tuple(line.strip() for line in sys.stdin if line.strip())
    return arguments


# As in protocol.identifiers, whose import takes longer than a help text should.
EXAMPLES = (
    "email:alice@example.org",
    "phone:+493012345678",
    "github:octocat",
    "github-id:583231",
    "gitlab:alice",
    "pypi:alice",
    "matrix:@alice:example.org",
    "fediverse:@alice@example.org",
    "telegram:@alice_example",
    "telegram-id:123456789",
    "bluesky:alice.example.org",
    "discord-id:80351110224678912",
    '"name:Alice Example"',
)
"""Every kind that people have, as it is typed."""

_LISTED = "\n".join(f"  {each}" for each in EXAMPLES)
_EPILOG = "\n\n".join((f"\b\nKinds:\n{_LISTED}", EXIT_STATUS.format(complete="", incomplete="")))


@click.command(epilog=_EPILOG)
@click.argument("identifiers", nargs=-1, metavar="KIND:VALUE... | -", callback=_terms)
@region_option
@occasion_options
@click.pass_context
@node_command
async def check(
    node: "Node",
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    region: str | None,
    event: str | None,
    purpose: str,
    start: datetime | None,
    end: datetime | None,
) -> None:
    """Ask all peers about one person, such as email:a@b.example github:octocat.

    All that is typed is taken for the same person's. - reads one KIND:VALUE from each line of
    standard input. Phone numbers need + and the country's code, unless --region says the country.
    """
    # What this command does is imported here; see node.cli.
    from node import checking
    from node.client import connect

    asked = _identifiers(identifiers, region or node.config.default_region)
    occasion = checking.Occasion(event, purpose_of(purpose, start, end))
    remind_of_days(event, occasion.purpose)
    now = clock.now()
    with resumable():
        async with connect(node) as clients:
            await checking.freshen(node, clients, now=now)
            result = await checking.check(node, clients.to, asked, occasion, now=now)
    emit(ctx, result.to_value(), _in_words(result))
    ctx.exit(exit_status(result))


def exit_status(result: "Result") -> int:
    """The answer for scripts."""
    if result.outcome != "nothing_found":
        return FOUND
    return 0 if result.coverage.complete else INCOMPLETE


def _identifiers(terms: Iterable[str], region: str | None) -> "list[Identifier]":
    """What is asked for these terms; no word of an error repeats one."""
    from node import terms as read

    try:
        asked = read.meant(read.numbered(terms), region)
    except UserError as error:
        raise click.UsageError(str(error)) from error
    if not asked:
        raise click.UsageError("nobody is named: give at least one KIND:VALUE")
    return asked


def _in_words(result: "Result") -> str:
    lines = [_OUTCOMES[result.outcome]]
    if result.outcome == "nothing_found" and not result.coverage.complete:
        heard = any(peer.state == "heard" for peer in result.coverage.peers)
        lines = [
            "Nothing found SO FAR: not everybody was heard."
            if heard
            else "Nothing can be said: no peer answered."
        ]
    if any(not each.counts for each in result.findings):
        lines.append("What is marked below as no match says why.")
    lines += [finding_in_words(each) for each in result.findings]
    return "\n".join([*lines, heard_in_words(result.coverage)])
