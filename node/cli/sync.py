"""`comity sync`: follow peers now, carry what was asked of them, and say what came of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, table
from protocol.encoding import base64url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.node import Node
    from node.sync import SyncResult


@click.command()
@click.argument("name", metavar="[PEER]", required=False)
@node_command
async def sync(node: "Node", name: str | None) -> None:
    """Follow all peers, or one, and fetch anew what rotted here. Fails if one was not followed."""
    from node import inquiries, peering
    from node import sync as job
    from node.client import connect

    now = clock.now()
    async with connect(node, clock=clock.now) as clients:
        await peering.keep_in_touch(node, clients, now)
        await peering.prove(node, clients, now)
        if name is None:
            results = await job.follow_all(node, clients, now, recheck=True)
        else:
            one = await peering.find(node, name, states=("active",))
            results = [await job.follow(node, clients, one.fingerprint, now, recheck=True)]
        await inquiries.carry(node, clients, now)
    context = click.get_current_context()
    emit(context, [_document(result) for result in results], _table(results))
    if any(result.error is not None or result.state != "current" for result in results):
        context.exit(1)


def _document(result: "SyncResult") -> dict[str, Any]:
    return asdict(result) | {"fingerprint": base64url(result.fingerprint)}


def _table(results: "Sequence[SyncResult]") -> Any:
    drawn = table("Id", "State", "Entries", "New", "New records", "Missing records", "Error")
    for each in results:
        counts = (each.size, each.new_entries, each.new_records, each.missing_records)
        drawn.add_row(each.id, each.state, *map(str, counts), each.error or "")
    return drawn
