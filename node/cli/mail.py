"""`comity mail`: letters on their way, and what became of them."""

from typing import TYPE_CHECKING, Any

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, table

if TYPE_CHECKING:
    from node.node import Node
    from node.store.outbox import OutboxRow

KINDS = {
    "notice": "notice of a sanction",
    "code": "code for the desk",
    "answer": "answer of the desk",
}


@click.group()
def mail() -> None:
    """Letters that this node sends, and what became of them. Nothing shows to whom."""


@mail.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the letters that wait, and for 30 days those that left or failed."""
    from node.store import outbox

    async with node.store.read() as connection:
        found = await outbox.every(connection)
    _emit(found)


@mail.command()
@node_command
async def send(node: "Node") -> None:
    """Send what is due now, as `comity serve` does by itself."""
    from node import notice

    _emit([each.row for each in await notice.send_mail(node, clock.now())])


def _emit(found: "list[OutboxRow]") -> None:
    shown = table("Letter", "What", "Sanction", "State", "Attempts", "Next", "Why not")
    for each in found:
        next_ = _time(each.next_at) if each.state == "waiting" else ""
        shown.add_row(
            each.id[:8], KINDS[each.kind], (each.attestation or "")[:8], each.state,
            str(each.attempts), next_, each.fault or "",
        )  # fmt: skip
    emit(click.get_current_context(), [_document(each) for each in found], shown)


def _document(row: "OutboxRow") -> dict[str, Any]:
    return {
        "letter": row.id,
        "kind": row.kind,
        "attestation": row.attestation,
        "mail": row.state,
        "attempts": row.attempts,
        "next_at": row.next_at if row.state == "waiting" else None,
        "fault": row.fault,
    }


def _time(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
