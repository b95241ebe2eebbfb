"""`comity log`: this community's own log, which names nobody."""

from typing import TYPE_CHECKING

import click

from node.cli import node_command
from node.cli.output import emit, table

if TYPE_CHECKING:
    from node.node import Node


@click.group()
def log() -> None:
    """The public log of this community's decisions."""


@log.command()
@node_command
async def show(node: "Node") -> None:
    """Show what stands in the log, after everything was held against its signed head."""
    from node import ledger, wording
    from node.documents import Entry
    from node.store import logs
    from protocol.encoding import base64url

    async with node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        entries = await logs.entries(connection, head)
    listed = [Entry.of(index, data).to_value() for index, data in enumerate(entries)]
    document = {
        "origin": head.origin,
        "size": head.size,
        "root": base64url(head.root),
        "entries": listed,
    }
    shown = table("Entry", "About", "Proposed on", "Approvals", "Sanctions")
    for each in listed:
        about, ids = wording.DECISIONS[each["type"]], " ".join(each["attestations"])
        row = (each["index"], about, each["on"], each["approvals"], ids)
        shown.add_row(*map(str, row))
    shown.caption = f"{head.origin}, {head.size} entries, root {base64url(head.root)}"
    emit(click.get_current_context(), document, shown)
