"""`comity audit` and `comity subject`: what was done here, and what is held about a person."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, is_json, new_private, say, write_private
from node.errors import UserError
from protocol.english import English

if TYPE_CHECKING:
    from node.audit import Recorded
    from node.node import Node

    Officer = Callable[[Recorded], dict[str, str]]
    """Who an act is of; see `officers.in_act`."""

WAYS = {
    "accepted": "sent",
    "waiting": "not sent yet (see `comity mail list`)",
    "failed": "NOT sent",
}


@click.group("audit")
def audit_group() -> None:
    """The record of who did what, when, and for which event."""


@audit_group.command("export")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="Where it is written (default: standard output).")  # fmt: skip
@node_command
async def export_record(node: "Node", out: Path | None) -> None:
    """Write the whole record, one JSON document a line; with --json, and no --out, all in one.

    It names nobody who was asked about; officers it names as `comity officer list` does. The export
    is recorded itself, and its head, which goes last, holds every later record to this one: keep it
    where nobody can edit it.
    """
    from node import audit, officers

    await audit.write(node, "export", {"who": audit.who(), "what": "audit"}, clock.now())
    officer = await officers.in_act(node)
    # Once before a line is out: half a record would pass for one.
    await audit.verify(node)
    if out is None:
        say(_end(await _printed(node, officer)))
        return
    with new_private(out) as file:
        async for act in audit.stream(node):
            file.write(_line(act, officer).encode() + b"\n")
            last = act
    document = {"acts": last.seq + 1, "head": last.head, "file": str(out)}
    emit(click.get_current_context(), document, _end(last))


async def _printed(node: "Node", officer: "Officer") -> "Recorded":
    """Print the record as it is read, however long it is; the last act."""
    from node import audit

    is_one = is_json(click.get_current_context())
    before, between = ('{"acts": [', ", ") if is_one else ("", "\n")
    async for act in audit.stream(node):
        click.echo(before + _line(act, officer), nl=False)
        before, last = between, act
    click.echo(f'], "head": {json.dumps(last.head)}}}' if is_one else "")
    return last


def _line(act: "Recorded", officer: "Officer") -> str:
    return json.dumps(act.to_value() | officer(act), sort_keys=True)


def _end(last: "Recorded") -> str:
    acts = last.seq + 1
    return f"{acts} acts. Keep this head elsewhere, to verify later records:\n{last.head}"


@audit_group.command()
@click.option("--head", metavar="SEQ:CHAIN", help="A head that was kept: it must still be there.")
@node_command
async def verify(node: "Node", head: str | None) -> None:
    """Verify that no act was changed, removed or put elsewhere since it was recorded."""
    from node import audit

    try:
        acts = await audit.verify(node, head)
    except audit.NoHead as error:
        raise click.BadParameter(str(error), param_hint="--head") from error
    emit(click.get_current_context(), {"acts": acts}, f"{acts} acts, each as it was recorded")


@click.group()
def subject() -> None:
    """The rights of a person: what is held about them here."""


@subject.command()
@click.argument("address", metavar="EMAIL")
@node_command
async def request(node: "Node", address: str) -> None:
    """Have a code mailed to whoever wrote to the committee, to show that the address is theirs.

    What is held, and whether anything is, plays no part. Accounts, phone numbers and names are not
    shown by e-mail: see `comity subject export`.
    """
    from node import desk, notice
    from node.mailbox import identifier_of

    taken = await desk.request(node, identifier_of(address), clock.now(), by_hand=True)
    if taken is None:
        raise UserError(
            f"{desk.MOST_OF_ONE} codes were mailed to this address today: it gets more tomorrow"
        )
    row = (await notice.send_now(node, taken.letter, clock.now())).row
    until = clock.day_of(taken.expires_at).isoformat()
    words = f"The code is {WAYS[row.state]}; it holds until {until}. With it they, or you, ask on: "
    document = {"letter": row.id, "mail": row.state, "fault": row.fault, "expires_on": until}
    emit(click.get_current_context(), document, f"{words}comity subject confirm CODE")


@subject.command()
@click.argument("code")
@click.option("--review", is_flag=True, help="They ask for a review as well, of whatever is held.")
@node_command
async def confirm(node: "Node", code: str, review: bool) -> None:
    """Use a code that a person was mailed: the answer is mailed to the same address."""
    from node import desk

    leaves_at = await desk.confirm(node, code, clock.now(), review=review)
    await desk.answer_all(node, clock.now())
    at = datetime.fromtimestamp(leaves_at, UTC).isoformat(timespec="minutes")
    words = f"The answer leaves at {at}, by `comity serve`, or by `comity mail send` after that"
    emit(click.get_current_context(), {"leaves_at": leaves_at}, words)


@subject.command()
@click.option("--identifier", "identifiers", multiple=True, required=True, metavar="KIND:VALUE",
              help="What the person has proven to be theirs.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Where it is written, for this person and nobody else: a page to print where it "
              "ends in .html, else JSON.")  # fmt: skip
@node_command
async def export(node: "Node", identifiers: Sequence[str], out: Path) -> None:
    """Write everything that is held about a person, who asked about them, and how to appeal.

    Only what was proven is shown by its value; prove, and name, each identifier.
    """
    from node import subject as job
    from node import terms

    proven = terms.typed(
        terms.numbered(identifiers, English("--identifier")), node.config.default_region
    )
    found = await job.export(node, proven, clock.now())
    if out.suffix == ".html":
        from node import subject_words

        data = subject_words.page(found).encode()
    else:
        data = json.dumps(found.to_value(), indent=1).encode() + b"\n"
    write_private(out, data)
    emit(click.get_current_context(), {"file": str(out)}, f"Written to {out}")
