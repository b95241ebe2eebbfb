"""`comity peer policy`: what each peer's word means here."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from node import clock
from node.attention import URGENCY, Attention
from node.cli import node_command
from node.cli.output import emit, say, table
from node.cli.typed import scope_of
from node.policy import (
    DEFAULTS,
    MOST_APPROVALS,
    Circumstance,
    Part,
    Policy,
    Requirement,
    Rule,
    Weight,
)
from protocol.claims import Measure, Scope, ScopeKind
from protocol.statements import Custody

if TYPE_CHECKING:
    from node.node import Node
    from node.policymaking import Named, Proposed
    from node.preview import Change

F = TypeVar("F", bound=Callable[..., Any])

_CIRCUMSTANCES: dict[Circumstance, str] = {
    "weak": "matched by a name or the like only",
    "stayed": "stayed",
    "review_due": "review due",
    "unwitnessed": "log witnessed by nobody else",
    "recognised": "another's decision, recognised",
}

_attention = click.argument("attention", type=click.Choice(get_args(Attention)))
_circumstance = click.argument("circumstance", type=click.Choice(get_args(Circumstance)))
_peer = click.option("--peer", metavar="ID", help="Only for this peer (default: for all).")
_preview = click.option(
    "--preview", is_flag=True, help="Change nothing; show what kept findings would become."
)


def _about(function: F) -> F:
    """Let a command say what a rule is about."""
    kinds = ", ".join(get_args(ScopeKind))
    measure = click.option(
        "--measure", type=click.Choice(get_args(Measure)), help="Only for this measure."
    )
    scope = click.option(
        "--scope", metavar="KIND[:SPACE]", callback=_scope,
        help=f"Only for this kind of scope ({kinds}), or this space of the peer's.",
    )  # fmt: skip
    return _peer(measure(scope(function)))


def _scope(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> Scope | None:
    return None if text is None else scope_of(text)


@click.group()
def policy() -> None:
    """What each peer's word means here: levels of attention, and what is asked of decisions.

    The most specific rule counts: for a peer before for all, then by measure, kind of scope and
    space; of several scopes the one whose rule asks for most attention. Without any rule it is
    review. What is stayed, recognised and the like has at most the level that is left to it.
    """


@policy.command("set")
@_attention
@_about
@_preview
@node_command
async def set_(
    node: "Node",
    attention: Attention,
    peer: str | None,
    measure: Measure | None,
    scope: Scope | None,
    preview: bool,
) -> None:
    """Set a level of attention; what is ignored is listed, and makes no match.

    A rule about one space does not fit what holds for every space of the kind.
    """
    from node.policymaking import Proposed

    rule = _rule(attention, await _active(node, peer), measure, scope)
    await _propose(node, Proposed(rule), preview=preview)


@policy.command()
@_about
@_preview
@node_command
async def unset(
    node: "Node", peer: str | None, measure: Measure | None, scope: Scope | None, preview: bool
) -> None:
    """Drop a rule; what it was about is then judged by the others."""
    from node.policymaking import Proposed

    rule = _rule("review", await _named(node, peer), measure, scope)
    await _propose(node, Proposed(rule, goes=True), preview=preview)


@policy.command()
@_circumstance
@_attention
@_peer
@_preview
@node_command
async def weigh(
    node: "Node", circumstance: Circumstance, attention: Attention, peer: str | None, preview: bool
) -> None:
    """Set the most that a circumstance leaves; `urgent` leaves whatever the rules say.

    weak: matched by nothing but a name or the like; stayed: it never makes a match, whatever is
    left; review_due: nobody has reviewed it in time; unwitnessed: only its issuer and this
    community have signed the state of its issuer's log; recognised: it follows another's decision.
    """
    from node.policymaking import Proposed

    weight = Weight(circumstance, attention, await _active(node, peer))
    await _propose(node, Proposed(weight), preview=preview)


@policy.command()
@_circumstance
@_peer
@_preview
@node_command
async def unweigh(
    node: "Node", circumstance: Circumstance, peer: str | None, preview: bool
) -> None:
    """Let a circumstance leave again what it does for all peers, or by default."""
    from node.policymaking import Proposed

    weight = Weight(circumstance, "note", await _named(node, peer))
    await _propose(node, Proposed(weight, goes=True), preview=preview)


@policy.command()
@click.option("--approvals", type=click.IntRange(1, MOST_APPROVALS), default=1, show_default=True,
              help="So many officers have to have approved.")  # fmt: skip
@click.option("--custody", type=click.Choice(get_args(Custody)), default="node", show_default=True,
              help="The weakest place where a key that approved may be kept.")  # fmt: skip
@_peer
@_preview
@node_command
async def require(
    node: "Node", approvals: int, custody: Custody, peer: str | None, preview: bool
) -> None:
    """Ask for a quorum and for custody; what falls short is a note that makes no match."""
    from node.policymaking import Proposed

    asked = Requirement(approvals, custody, await _active(node, peer))
    await _propose(node, Proposed(asked), preview=preview)


@policy.command()
@_peer
@_preview
@node_command
async def unrequire(node: "Node", peer: str | None, preview: bool) -> None:
    """Ask no more for a quorum and for custody; of one peer, then what is asked of all."""
    from node.policymaking import Proposed

    asked = Requirement(peer=await _named(node, peer))
    await _propose(node, Proposed(asked, goes=True), preview=preview)


@policy.command()
@node_command
async def show(node: "Node") -> None:
    """Show all rules, what is left of what, and what is asked of decisions."""
    await _show(node)


def _rule(
    attention: Attention, peer: bytes | None, measure: Measure | None, scope: Scope | None
) -> Rule:
    if scope is None:
        return Rule(attention, peer, measure)
    return Rule(attention, peer, measure, scope.kind, scope.space)


async def _active(node: "Node", name: str | None) -> bytes | None:
    from node.policymaking import active_peer

    return None if name is None else await active_peer(node, name)


async def _named(node: "Node", name: str | None) -> bytes | None:
    """What is to go may be about a peer that is one no more."""
    from node.policymaking import peer_in_policy

    return None if name is None else await peer_in_policy(node, name)


async def _propose(node: "Node", proposed: "Proposed", *, preview: bool) -> None:
    from node.policymaking import adopt, previewed

    if not preview:
        await adopt(node, proposed, clock.now())
        return await _show(node)
    changes = await previewed(node, proposed, clock.now())
    document = [each.to_value() for each in changes]
    emit(click.get_current_context(), document, _preview_in_words(changes))
    return say("Nothing has been changed: this is what the kept findings would become.")


def _preview_in_words(changes: "Iterable[Change]") -> Any:
    shown = table("Finding", "Stated by", "From", "To", "Why")
    for each in changes:
        before, after = (
            finding.attention if finding.counts else f"{finding.attention}, no match"
            for finding in (each.before, each.after)
        )
        shown.add_row(each.after.id, each.after.issuer, before, after, each.after.why)
    return shown if shown.rows else "No finding that is kept would have another level."


async def _show(node: "Node") -> None:
    from node.policymaking import named

    found = await named(node)
    shown = table("Peer", "About", "Attention or requirement")
    for part in _in_order(found.policy):
        about, words = _in_words(part)
        shown.add_row(_whose(part, found), about, words)
    for circumstance, left in _defaults(found.policy):
        words = "as by the rules" if left == "urgent" else f"{left} at most"
        shown.add_row("all, by default", _CIRCUMSTANCES[circumstance], words)
    document = [found.to_value(part) for part in _in_order(found.policy)]
    emit(click.get_current_context(), document, shown)
    if any(not is_active for _, is_active in found.ids.values()):
        say("What is about a former peer weighs nothing; `unset`, `unweigh`, `unrequire` drop it.")


def _in_order(policy: Policy) -> list[Part]:
    rules = sorted(policy.rules, key=lambda each: (each.specificity, -URGENCY[each.attention]))
    weights = sorted(policy.weights, key=lambda each: (each.peer is not None, each.circumstance))
    return [*rules, *weights, *sorted(policy.requirements, key=lambda each: each.peer is not None)]


def _defaults(policy: Policy) -> list[tuple[Circumstance, Attention]]:
    said = {each.circumstance for each in policy.weights if each.peer is None}
    return [(each, left) for each, left in DEFAULTS.items() if each not in said]


def _whose(part: Part, found: "Named") -> str:
    if part.peer is None:
        return "all"
    id_, is_active = found.ids[part.peer]
    return id_ if is_active else f"{id_} (a former peer)"


def _in_words(part: Part) -> tuple[str, str]:
    match part:
        case Rule():
            about = ", ".join(filter(None, (part.measure, part.place))) or "everything"
            return about, part.attention
        case Weight():
            left = "as by the rules" if part.attention == "urgent" else f"{part.attention} at most"
            return _CIRCUMSTANCES[part.circumstance], left
        case Requirement():
            return "everything", f"at least {part.approvals} approvals, custody {part.custody}"
