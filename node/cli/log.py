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


@log.command("catch-up")
@node_command
async def catch_up(node: "Node") -> None:
    """Take from peers what a restored database lacks of this community's own log.

    To be typed after a backup was restored, before anything is decided. Fails where a peer could
    not be asked, or claims more than could be had.
    """
    from node import clock, recovery
    from node.client import connect

    async with connect(node, clock=clock.now) as clients:
        found = await recovery.catch_up(node, clients, clock.now())
    document = {
        "size": found.size,
        "entries": found.entries,
        "records": found.records,
        "confirmed": not found.unsure,
        "peers": [
            {
                "id": each.peer.id,
                "size": None if each.head is None else each.head.size,
                "error": each.error,
            }
            for each in found.answers
        ],
    }
    shown = table("Peer", "Holds of our log", "Error")
    for each in found.answers:
        shown.add_row(each.peer.id, str(each.head.size if each.head else 0), each.error or "")
    shown.caption = f"{found.size} entries here, {found.entries} of them new"
    context = click.get_current_context()
    emit(context, document, shown)
    if found.unsure:
        context.exit(1)
