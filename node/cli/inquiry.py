"""`comity inquiry`: asking an issuer's committee about a finding, and answering peers that ask."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.occasion import PURPOSES
from node.cli.output import emit, say, table
from protocol.english import English

if TYPE_CHECKING:
    from node.answering import Received
    from node.inquiries import Asked
    from node.node import Node
    from protocol.exchange import PurposeKind
    from protocol.inquiry import Phrase, Releasable

# As in protocol.inquiry, whose import takes longer than a help text should.
RELEASABLE = ("basis", "decided_by")
SAYABLE = (
    "cannot_say_more",
    "not_the_same_person",
    "we_shall_drop_that_identifier",
    "ask_again_after_the_review",
    "please_talk_to_us",
    "it_has_ended",
)
"""Every phrase but `released`, which `--release` says."""

_STATES = {
    "unsent": "the issuer's node has not had it yet: `comity serve` and `comity sync` keep trying",
    "waiting": "the issuer's node has it; its committee has not answered yet",
    "answered": "answered, and verified",
    "dishonest": "REFUSED: what came back breaks the protocol, and nothing of it is shown",
    "refused": "the issuer's node does not take it",
    "given_up": "given up: nobody answered in 30 days",
    "ended": "the sanction has ended since; what was answered is gone",
}

_which = click.argument("which", metavar="INQUIRY")


@click.group()
def inquiry() -> None:
    """Questions about findings: ours to issuers, and peers' to us.

    INQUIRY is what `comity inquiry list` shows: the first 8 or more digits of its id, which is the
    same on both sides.
    """


@inquiry.command()
@click.argument("finding", metavar="FINDING")
@click.option("--purpose", type=click.Choice(PURPOSES),
              help="What the person is expected for (default: what was asked for).")  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask without asking you back, as scripts do.")
@node_command
async def ask(node: "Node", finding: str, purpose: "PurposeKind | None", yes: bool) -> None:
    """Ask an issuer's committee about something that was found, as `comity check` names it.

    FINDING is the first 8 or more characters of its id. You are told first what the issuer learns
    by it.
    """
    from node import inquiries, kept
    from node.client import connect

    id_ = await kept.find(node, finding)
    draft = await inquiries.draft(node, id_, purpose, clock.now())
    say(draft.reveals)
    if not yes:
        click.confirm(f"Ask {draft.inquiry.to}?", abort=True, err=True)
    asked = await inquiries.ask(node, draft, clock.now())
    async with connect(node) as clients:
        for carried in await inquiries.carry(node, clients, clock.now(), only=asked.id):
            asked = carried
    _emit_asked(asked)


@inquiry.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show all inquiries that are kept: ours, and those of peers."""
    from node import answering, inquiries

    ours, theirs = await inquiries.every(node), await answering.every(node)
    shown = table("Inquiry", "From", "To", "About", "For", "State", "Since")
    for asked in ours:
        about, purpose = f"finding {asked.finding}", asked.inquiry.purpose.kind
        row = (asked.id[:16], asked.inquiry.from_, asked.inquiry.to, about, purpose)
        shown.add_row(*row, asked.state.replace("_", " "), _when(asked.changed_at))
    for received in theirs:
        about, purpose = f"sanction {received.inquiry.attestation}", received.inquiry.purpose.kind
        row = (received.id[:16], received.inquiry.from_, received.inquiry.to, about, purpose)
        since = received.answered_at or received.received_at
        shown.add_row(*row, received.to_value()["state"], _when(since))
    documents = {
        "asked": [each.to_value() for each in ours],
        "received": [each.to_value() for each in theirs],
    }
    emit(click.get_current_context(), documents, shown)


@inquiry.command()
@_which
@node_command
async def show(node: "Node", which: str) -> None:
    """Show one inquiry; of one that is not answered yet, first ask the issuer how it stands."""
    from node import inquiries
    from node.client import connect

    found = await _find(node, which)
    if isinstance(found, inquiries.Asked):
        async with connect(node) as clients:
            for carried in await inquiries.carry(node, clients, clock.now(), only=found.id):
                found = carried
        _emit_asked(found)
    else:
        _emit_received(found)


@inquiry.command()
@_which
@click.option("--release", "release", multiple=True, type=click.Choice(RELEASABLE),
              help="Release this of the sanction; once or twice.")  # fmt: skip
@click.option("--phrase", type=click.Choice(SAYABLE), help="Say this instead.")
@node_command
async def answer(
    node: "Node", which: str, release: "Sequence[Releasable]", phrase: "Phrase | None"
) -> None:
    """Answer a peer's question: release `basis`, `decided_by` or both, or say a fixed phrase.

    An answer stands. The peer's node fetches it by itself, and can show that you gave it.
    """
    from node import answering, inquiries

    if bool(release) == (phrase is not None):
        raise click.UsageError("either --release basis|decided_by, or --phrase")
    found = await _find(node, which)
    if isinstance(found, inquiries.Asked):
        raise click.UsageError("this question is ours: its issuer answers it")
    reply = answering.Reply(phrase or "released", frozenset(release))
    _emit_received(await answering.answer(node, found.id, reply, clock.now()))


async def _find(node: "Node", which: str) -> "Asked | Received":
    """The inquiry whose id begins so.

    Raises:
        UserError: there is none, or more than one, or too few digits.
    """
    from node import answering, inquiries, terms

    beginning = terms.beginning(which, English("an inquiry"))
    every: list[Asked | Received] = [*await inquiries.every(node), *await answering.every(node)]
    return terms.only(
        [each for each in every if each.id.startswith(beginning)],
        English("several inquiries begin so: `comity inquiry list` shows all"),
        English("no inquiry begins so: `comity inquiry list` shows all"),
    )


def _emit_asked(asked: "Asked") -> None:
    fault = "" if asked.fault is None else f" (`{asked.fault}`)"
    lines = [
        f"inquiry {asked.id}",
        f"  asked      {asked.inquiry.to}, about {asked.inquiry.attestation}",
        f"  because    finding {asked.finding}",
        f"  for        {_purpose(asked)}",
        f"  asked on   {_when(asked.asked_at)}",
        f"  state      {_STATES[asked.state]}{fault}",
        *_told(asked),
    ]
    emit(click.get_current_context(), asked.to_value(), "\n".join(lines))


def _told(asked: "Asked") -> list[str]:
    from node import wording

    if asked.told is None:
        return []
    said = asked.told.signed.answer
    lines = [f"  says       {wording.PHRASES[said.phrase]} (on {said.on})"]
    if asked.told.basis is not None:
        lines.append(f"  basis      {asked.told.basis.replace('_', ' ')}")
    if asked.told.decided_by is not None:
        by = asked.told.decided_by
        votes = f"{by.in_favour} in favour, of {by.present} present"
        lines.append(f"  decided    by the body {by.body}: {votes}")
    return [*lines, f"  contact    {said.contact}"]


def _emit_received(received: "Received") -> None:
    lines = [
        f"inquiry {received.id}",
        f"  asked by   {received.inquiry.from_}, on {_when(received.received_at)}",
        f"  about      sanction {received.inquiry.attestation}",
        f"  for        {_purpose(received)}",
        *_answered(received),
    ]
    emit(click.get_current_context(), received.to_value(), "\n".join(lines))


def _answered(received: "Received") -> list[str]:
    from node import wording

    said = received.answer
    if said is None:
        name = received.id[:16]
        typed = f"comity inquiry answer {name}"
        return [
            "  state      waits for your answer:",
            f"    {typed} --release {'|'.join(RELEASABLE)}",
            f"    {typed} --phrase {'|'.join(SAYABLE)}",
        ]
    names = said.names
    releases = f": {' and '.join(names)}" if names else ""
    when = received.handed_over_at
    had = "not fetched yet" if when is None else f"fetched {_when(when)}"
    return [
        f"  answered   {wording.PHRASES[said.phrase]}{releases} (on {said.on})",
        f"  the peer   {had}",
    ]


def _purpose(each: "Asked | Received") -> str:
    purpose = each.inquiry.purpose
    kind = purpose.kind.replace("_", " ")
    return kind if purpose.start is None else f"{kind}, {purpose.start} to {purpose.end}"


def _when(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
