"""`comity community`: what this community says of itself, shown and changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node import clock
from node.cli import node_command
from node.cli.decision import (
    approve_all,
    emit_status,
    officer_key,
    status_document,
    status_in_words,
)
from node.cli.output import emit
from node.cli.passwords import password_option

if TYPE_CHECKING:
    from node.node import Node


@click.group()
def community() -> None:
    """What this community says of itself in its log."""


@community.command()
@node_command
async def show(node: "Node") -> None:
    """Show it as it is in force now."""
    from node import ledger, wording

    said = (await ledger.own_register(node)).community
    words = "\n".join(wording.community_in_words(said, None))
    emit(click.get_current_context(), said.to_value(), words)


@community.command("set")
@click.option("--name", help="The community's name.")
@click.option("--url", help="Where its node is reached.")
@click.option("--contact", help="Where a human answers.")
@click.option("--policy-url", "policy", help="Where its policy stands.")
@click.option("--part-time/--full-time", "part_time", default=None, help="Reachable always or not.")
@click.option("--entries", type=click.Choice(["public", "peers"]), help="Who may read the log.")
@click.option("--space", "spaces", multiple=True, metavar="SLUG=NAME",
              help="Declare a space, or give it another name.")  # fmt: skip
@click.option("--body", "bodies", multiple=True, metavar="SLUG=NAME",
              help="Declare a body, or give it another name.")  # fmt: skip
@click.option("--remove-space", "no_spaces", multiple=True, metavar="SLUG",
              help="Declare a space no more; what was decided for it stands.")  # fmt: skip
@click.option("--remove-body", "no_bodies", multiple=True, metavar="SLUG",
              help="Declare a body no more; what it decided stands.")  # fmt: skip
@click.option("--officer", help="Approve at once with the key that the node keeps.")
@password_option
@node_command
async def set_(
    node: "Node",
    /,
    spaces: Sequence[str],
    bodies: Sequence[str],
    no_spaces: Sequence[str],
    no_bodies: Sequence[str],
    officer: str | None,
    password_file: Path | None,
    **members: Any,
) -> None:
    """Propose to change it; name, address and contact alone take one officer's approval."""
    from node import constitution, ledger, voting

    key = await officer_key(node, officer, password_file)
    changes = {name: value for name, value in members.items() if value is not None}
    before = (await ledger.own_register(node)).community
    if spaces or no_spaces:
        changes["spaces"] = constitution.declared(before.spaces, _named(spaces), no_spaces)
    if bodies or no_bodies:
        changes["bodies"] = constitution.declared(before.bodies, _named(bodies), no_bodies)
    if not changes:
        raise click.UsageError("say what is to change: `comity community set --help`")
    status = await constitution.change(node, changes, clock.now())
    if key is not None:
        status = await voting.approve_with(node, status.decision, key, clock.now())
    emit_status(status)


@community.command()
@click.option("--officer", help="Approve at once with the key that the node keeps.")
@password_option
@node_command
async def rotate(node: "Node", officer: str | None, password_file: Path | None) -> None:
    """Propose another key for the sealed records, and seal what is in force under it anew.

    Whoever kept what it was answered under the key before, as a peer that was removed, opens
    nothing with it any more. Once the new key is in the log the records sealed anew are proposed,
    for approval; both keys are answered under until the last of them is logged. What else is
    proposed when the new key is logged has to be proposed again.
    """
    from node import rotation

    key = await officer_key(node, officer, password_file)
    statuses = await rotation.rotate(node, clock.now())
    if key is not None:
        statuses = await approve_all(node, statuses, key)
    first, *others = statuses
    document = status_document(first) | {"others": [status_document(each) for each in others]}
    emit(click.get_current_context(), document, "\n".join(map(status_in_words, statuses)))


def _named(texts: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for text in texts:
        slug, equals, name = text.partition("=")
        if not equals or slug in names:
            raise click.UsageError("--space and --body take SLUG=NAME, each slug once")
        names[slug] = name
    return names
