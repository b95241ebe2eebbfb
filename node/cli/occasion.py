"""What `check` and `screen` share: what the question is for, and words about who was heard."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli import INTERRUPTED
from node.cli.output import say

if TYPE_CHECKING:
    from node.coverage import Coverage, PeerCoverage
    from node.findings import Finding
    from protocol.exchange import Purpose

EXIT_STATUS = """\b
Exit status:
  0    nothing found, every peer heard{complete}
  1    failure
  2    wrong usage
  3    something found
  4    nothing found, but something not heard{incomplete}
  130  interrupted; what was answered is not asked again"""
"""The end of the help of both commands."""

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
    options = (
        click.option("--event", metavar="NAME", help="Name of the event; stays on this node."),
        click.option(
            "--purpose",
            type=click.Choice(PURPOSES),
            default="unspecified",
            show_default=True,
            help="What you ask for; the peers are told.",
        ),
        click.option(
            "--from",
            "start",
            type=day,
            metavar="DATE",
            help="First day of the event, as 2027-03-31; without it, all from today on counts.",
        ),
        click.option(
            "--to",
            "end",
            type=day,
            metavar="DATE",
            help="Last day of the event (default: the first).",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _country(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A country that numbers are read by; one that nobody knows would let none be read."""
    if value is None:
        return None
    from phonenumbers import SUPPORTED_REGIONS

    region = value.strip().upper()
    if region not in SUPPORTED_REGIONS:
        raise click.BadParameter("two letters of a country are due, such as DE (ISO 3166)")
    return region


region_option = click.option(
    "--region",
    metavar="COUNTRY",
    callback=_country,
    help="Country of phone numbers without +, such as DE (default: default_region in comity.toml).",
)
"""Lets a command read phone numbers as they are written within a country."""


def purpose_of(kind: str, start: datetime | None, end: datetime | None) -> "Purpose":
    """The purpose as peers are told it."""
    from protocol.exchange import Purpose

    if start is None and end is not None:
        raise click.UsageError("--to without --from: say on which day the event begins")
    end = end or start
    if start is not None and end is not None and end < start:
        raise click.UsageError("--to is before --from")
    days = {"start": start and str(start.date()), "end": end and str(end.date())}
    return Purpose.from_value({"kind": kind, **days})


def remind_of_days(event: str | None, purpose: "Purpose") -> None:
    """Say what an event without days does not get."""
    if event is not None and purpose.start is None:
        say(
            "Without --from and --to, all from today on counts. With them, what is over before the "
            "event, or begins after it, is left out, and the event gets a budget of its own."
        )


@contextmanager
def resumable() -> "Iterator[None]":
    """Say to whoever interrupts this that nothing is lost."""
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        raise Interrupted from error


class Interrupted(click.ClickException):
    """Ctrl-C while peers are asked."""

    exit_code = INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted; type the same again: what was answered is not asked again")


def heard_in_words(coverage: "Coverage", in_part: "Mapping[bytes, str] | None" = None) -> str:
    """Who was heard, and how fresh it is; and why the others were not.

    Args:
        coverage: who was heard.
        in_part: what the peers that were heard in part were not heard about, by fingerprint.
    """
    if not coverage.peers:
        return "No peer that publishes anything is active, so that nobody was asked."
    silent = [peer for peer in coverage.peers if peer.state != "heard"]
    if not silent:
        heard = ", ".join(f"{peer.id} ({_as_of(peer)})" for peer in coverage.peers)
        return f"Every peer was heard: {heard}."
    in_part = in_part or {}
    number = len(coverage.peers)
    which = f"{len(silent)} of {number} peers" if number > 1 else "the only peer"
    how = "NOT heard, or not about everybody" if in_part else "NOT heard"
    return "\n".join([f"{how}: {which}.", *(_heard(peer, in_part) for peer in coverage.peers)])


def _heard(peer: "PeerCoverage", in_part: "Mapping[bytes, str]") -> str:
    if peer.state == "heard":
        return f"  {peer.id}: heard, {_as_of(peer)}"
    lacking = in_part.get(peer.fingerprint)
    how = "NOT heard" if lacking is None else f"PARTLY heard, not about {lacking}"
    return f"  {peer.id}: {how}: {peer.because} ({peer.state}, {_as_of(peer)})"


def _as_of(peer: "PeerCoverage") -> str:
    if peer.as_of is None:
        return "of no known time"
    return f"as of {datetime.fromtimestamp(peer.as_of, UTC):%Y-%m-%d %H:%M} UTC"


def finding_in_words(finding: "Finding") -> str:
    """What was found, and whom to ask."""
    lines = [f"{finding.attention.upper()}: {finding.why}"]
    lines.append(
        f"  approved by {finding.quorum} officers (keys: {finding.custody}); "
        f"state: {', '.join((finding.state, *finding.flags)).replace('_', ' ')}"
    )
    lines.append(f"  ask {finding.contact or finding.issuer} about {finding.attestation}")
    lines.append(f"  kept here as finding {finding.id}")
    return "\n".join(lines)
