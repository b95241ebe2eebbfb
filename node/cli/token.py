"""`comity token`: who may call the local API."""

from datetime import date
from typing import TYPE_CHECKING

import click

from node import clock
from node.cli import node_command
from node.cli.output import emit, say, table
from node.cli.typed import DAY

if TYPE_CHECKING:
    from node.callers import Role
    from node.node import Node

# As in node.callers, whose import takes longer than a help text should.
ROLES = ("checker", "officer", "operator")


@click.group()
def token() -> None:
    """Tokens of the local API: what web pages and plugins show to call this node."""


@token.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), required=True,
    help="checker: asks; officer: decides, and asks; operator: runs the node.",
)  # fmt: skip
@click.option("--officer", help="Whose it is, for the role officer.")
@click.option("--expires-on", type=DAY, help="Its last day (default: until it is revoked).")
@node_command
async def create(
    node: "Node", name: str, role: "Role", officer: str | None, expires_on: date | None
) -> None:
    """Make a token and print it, this once."""
    from node import callers

    made = await callers.create(
        node, name, role, officer=officer, expires_on=expires_on, now=clock.now()
    )
    document = {"name": name, "role": role, "token": made}
    emit(click.get_current_context(), document, made)
    say("Shown this once: whoever has it may do what its role may.")


@token.command("list")
@node_command
async def list_(node: "Node") -> None:
    """Show the tokens: whose they are, and when they were used last."""
    from node import callers
    from node.documents import Tokens

    found = await callers.every(node)
    shown = table("Name", "Role", "Officer", "Made on", "Used on", "Expires on")
    for each in found:
        days = (each.created_on, each.used_on or "never", each.expires_on or "never")
        shown.add_row(each.name, each.role, each.officer or "", *map(str, days))
    document = Tokens(tokens=found).to_value()["tokens"]
    emit(click.get_current_context(), document, shown)


@token.command()
@click.argument("name")
@node_command
async def revoke(node: "Node", name: str) -> None:
    """Revoke a token: from then on nothing is answered to it."""
    from node import callers

    await callers.revoke(node, name, clock.now())
    emit(click.get_current_context(), {"revoked": name}, "Revoked.")
