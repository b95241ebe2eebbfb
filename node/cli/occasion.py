"""What `check` and `screen` share: what the question is for, and words about who was heard."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from node.coverage import Coverage
    from node.findings import Finding
    from protocol.exchange import Purpose

F = TypeVar("F", bound=Callable[..., Any])

FOUND = 3
"""Exit status where something was found."""

INCOMPLETE = 4
"""Exit status where nothing was found, and something was not heard or not checked."""

# As in protocol.exchange, whose import takes longer than a usage error should.
PURPOSES = ("registration", "volunteer_or_speaker", "membership", "meetup", "unspecified")


def occasion_options(function: F) -> F:
    """Let a command say what it asks for."""
    day = click.DateTime(formats=["%Y-%m-%d"])
    for option in (
        click.option("--event", metavar="NAME", help="Name of the event; stays on this node."),
        click.option(
            "--purpose",
            type=click.Choice(PURPOSES),
            default="unspecified",
            show_default=True,
            help="What you ask for; the peers are told.",
        ),
        click.option("--from", "start", type=day, help="First day of the event."),
        click.option("--to", "end", type=day, help="Last day of the event."),
    ):
        function = option(function)
    return function


def purpose_of(kind: str, start: datetime | None, end: datetime | None) -> "Purpose":
    """The purpose as peers are told it."""
    from protocol.exchange import Purpose  # noqa: PLC0415 - see node.cli

    if (start is None) != (end is None):
        raise click.UsageError("--from and --to belong together: give both days, or neither")
    days = (start.date(), end.date()) if start is not None and end is not None else (None, None)
    if days[0] is not None and days[1] is not None and days[1] < days[0]:
        raise click.UsageError("--to is before --from")
    return Purpose.from_value(
        {"kind": kind, "start": days[0] and str(days[0]), "end": days[1] and str(days[1])}
    )


def heard_in_words(coverage: "Coverage") -> str:
    """One sentence about who was heard, and one for each peer that was not."""
    if not coverage.peers:
        return "No peer that publishes anything is active, so that nobody was asked."
    silent = [peer for peer in coverage.peers if peer.state != "heard"]
    if not silent:
        return f"All peers were heard: {', '.join(peer.id for peer in coverage.peers)}."
    lines = [f"NOT heard: {len(silent)} of {len(coverage.peers)} peers."]
    lines += [f"  {peer.id}: {peer.state} ({peer.because})" for peer in silent]
    return "\n".join(lines)


def finding_in_words(finding: "Finding") -> str:
    """What was found, and whom to ask."""
    lines = [f"{finding.attention.upper()}: {finding.why}"]
    lines.append(
        f"  approved by {finding.quorum} officers (keys: {finding.custody}); "
        f"state: {', '.join((finding.state, *finding.flags)).replace('_', ' ')}"
    )
    lines.append(f"  ask {finding.contact or finding.issuer} about {finding.attestation}")
    return "\n".join(lines)
