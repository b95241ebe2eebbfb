"""`comity peer policy`: what each peer's word means here."""

from typing import TYPE_CHECKING, Any, get_args

import click

from node.cli import node_command
from node.cli.output import emit, table
from node.policy import Attention, Requirement, Rule
from protocol.claims import Measure, ScopeKind
from protocol.statements import Custody

if TYPE_CHECKING:
    from node.node import Node

_peer = click.option("--peer", metavar="ID", help="Only for this peer (default: for all).")
_measure = click.option("--measure", type=click.Choice(get_args(Measure)), help="Only for this.")
_scope = click.option("--scope", type=click.Choice(get_args(ScopeKind)), help="Only for this kind.")


@click.group()
def policy() -> None:
    """What each peer's word means here: levels of attention, and what is asked of decisions.

    The most specific rule counts: for a peer before for all, then by measure, then by scope.
    """


@policy.command("set")
@click.argument("attention", type=click.Choice(get_args(Attention)))
@_peer
@_measure
@_scope
@node_command
async def set_(
    node: "Node",
    attention: Attention,
    peer: str | None,
    measure: Measure | None,
    scope: ScopeKind | None,
) -> None:
    """Set a level of attention; what is ignored is listed, and makes no match."""
    from node.store import policies

    rule = Rule(attention, await _fingerprint(node, peer), measure, scope)
    async with node.store.write() as connection:
        await policies.put_rule(connection, rule)
    await _show(node)


@policy.command()
@_peer
@_measure
@_scope
@node_command
async def unset(
    node: "Node", peer: str | None, measure: Measure | None, scope: ScopeKind | None
) -> None:
    """Drop a rule; what it was about is then judged by the others."""
    from node.errors import UserError
    from node.store import policies

    rule = Rule("review", await _fingerprint(node, peer), measure, scope)
    async with node.store.write() as connection:
        if not await policies.drop_rule(connection, rule):
            raise UserError("there is no rule about exactly this: `comity peer policy show`")
    await _show(node)


@policy.command()
@click.option("--approvals", type=click.IntRange(min=1), default=1, show_default=True,
              help="So many officers have to have approved.")  # fmt: skip
@click.option("--custody", type=click.Choice(get_args(Custody)), default="node", show_default=True,
              help="The weakest place where a key that approved may be kept.")  # fmt: skip
@_peer
@node_command
async def require(node: "Node", approvals: int, custody: Custody, peer: str | None) -> None:
    """Ask for a quorum and for custody; what falls short is a note that makes no match."""
    from node.store import policies

    asked = Requirement(approvals, custody, await _fingerprint(node, peer))
    async with node.store.write() as connection:
        await policies.put_requirement(connection, asked)
    await _show(node)


@policy.command()
@node_command
async def show(node: "Node") -> None:
    """Show all rules, and what is asked of decisions."""
    await _show(node)


async def _fingerprint(node: "Node", name: str | None) -> bytes | None:
    from node import peering

    if name is None:
        return None
    return (await peering.find(node, name, states=("active",))).fingerprint


async def _show(node: "Node") -> None:
    from node.store import peers, policies

    async with node.store.read() as connection:
        found = await policies.load(connection)
        ids = {each.fingerprint: each.id for each in await peers.active(connection)}
    shown = table("Peer", "Measure", "Scope", "Attention or requirement")
    document: list[dict[str, Any]] = []
    for rule in sorted(found.rules, key=lambda each: each.specificity):
        peer = "all" if rule.peer is None else ids.get(rule.peer, "a former peer")
        shown.add_row(peer, rule.measure or "all", rule.scope or "all", rule.attention)
        document.append(
            {
                "peer": None if rule.peer is None else peer,
                "measure": rule.measure,
                "scope": rule.scope,
                "attention": rule.attention,
            }
        )
    for asked in found.requirements:
        peer = "all" if asked.peer is None else ids.get(asked.peer, "a former peer")
        words = f"at least {asked.approvals} approvals, custody {asked.custody}"
        shown.add_row(peer, "all", "all", words)
        document.append(
            {
                "peer": None if asked.peer is None else peer,
                "approvals": asked.approvals,
                "custody": asked.custody,
            }
        )
    emit(click.get_current_context(), document, shown)
