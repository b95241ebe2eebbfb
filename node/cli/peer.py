"""`comity peer`: with whom this community exchanges what it has decided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from node import clock
from node.cli import node_command
from node.cli.decision import status_document, status_in_words
from node.cli.output import emit, say, table
from node.cli.policy import policy
from node.errors import Unreachable, UserError
from protocol.encoding import base64url
from protocol.errors import Malformed

if TYPE_CHECKING:
    from node.client import Clients
    from node.node import Node
    from node.overview import Standing
    from node.peering import Outcome
    from protocol.compare import Comparison
    from protocol.statements import Community, Custody

_compare = click.option(
    "--compare", "text", metavar="STRING", help="What their administrator read out to you."
)
_KEPT: "dict[Custody, str]" = {"own": "own", "browser": "in browsers", "node": "kept by the node"}
"""Where officers' keys are kept, in words that follow their number."""

_yes = click.option("--yes", is_flag=True, help="Take the peer uncompared; it stays marked so.")


@click.group()
def peer() -> None:
    """Add, accept, list and remove peers."""


peer.add_command(policy)


@peer.command()
@click.argument("url")
@_compare
@_yes
@node_command
async def add(node: "Node", url: str, text: str | None, yes: bool) -> None:
    """Ask the community whose node is at URL to be a peer."""
    from node import ledger, peering
    from node.client import connect

    comparison = _comparison(text, uncompared=yes)
    async with connect(node, clock=clock.now) as clients:
        try:
            outcome = await peering.add(node, clients, url, comparison, clock.now())
        except Unreachable as error:
            raise UserError(f"{url} could not be reached: {error}") from error
        await _settle(node, clients, outcome)
    if outcome.peer.state == "asked":
        own = (await ledger.own_register(node)).community.id
        say(
            f"{outcome.peer.id} was asked. Its administrator now types: comity peer accept {own} "
            "--compare STRING, with the string that `comity id` prints here."
        )


@peer.command()
@click.argument("name", metavar="ID")
@_compare
@_yes
@node_command
async def accept(node: "Node", name: str, text: str | None, yes: bool) -> None:
    """Accept a community that asked to be a peer; or compare a peer that is one uncompared."""
    from node import peering
    from node.client import connect

    comparison = _comparison(text, uncompared=yes)
    async with connect(node, clock=clock.now) as clients:
        outcome = await peering.accept(node, clients, name, comparison, clock.now())
        await _settle(node, clients, outcome)


@peer.command()
@click.argument("name", metavar="ID")
@click.option("--rotate", is_flag=True, help="Propose another key, as `community rotate` does.")
@node_command
async def remove(node: "Node", name: str, rotate: bool) -> None:
    """End a peering: the other is answered no more, and nothing of it is kept.

    What it was answered until now it may have kept. With --rotate that opens nothing any more, once
    the officers have approved the new key and what is sealed anew under it.
    """
    from node import ledger, peering, rotation
    from node.client import connect

    if rotate:
        await rotation.require_possible(node, clock.now())
    async with connect(node, clock=clock.now) as clients:
        outcome = await peering.remove(node, clients, name, clock.now())
    gone = outcome.peer
    rotated = (await rotation.rotate(node, clock.now()))[0] if rotate else None
    document = {} if rotated is None else {"rotation": status_document(rotated)}
    await _show(node, gone.fingerprint, document)
    say(f"Checks no longer ask {gone.id}: what it has decided is not found here any more.")
    if outcome.error is not None:
        say(f"{gone.id} could not be told ({outcome.error}); it is answered no more.")
    if rotated is not None:
        say(status_in_words(rotated))
    elif (await ledger.own_register(node)).community.oprf:
        say(
            f"What {gone.id} was answered until now it may have kept; another key makes that "
            "worthless: comity community rotate"
        )


@peer.command("list")
@node_command
async def list_(node: "Node") -> None:
    """List peers, and who waits to become one."""
    from node.overview import overview

    standings = await overview(node, clock.now())
    emit(click.get_current_context(), [_document(each) for each in standings], _table(standings))
    for each in standings:
        for warning in _warnings(each):
            say(f"{each.peer.id}: {warning}")


@peer.command()
@click.argument("event_id", metavar="EVENT")
@click.option("--allow", type=click.IntRange(0), required=True, help="Evaluations; 0 ends it.")
@node_command
async def event(node: "Node", event_id: str, allow: int) -> None:
    """Lower what a peer's declared event may ask for; `peer list --json` shows events."""
    from node import budgets

    changed = await budgets.lower(node, event_id, allow, clock.now())
    document = {"event": changed.id, "allowance": changed.allowance, "spent": changed.spent}
    emit(click.get_current_context(), document, f"The event may ask for {changed.allowance} now.")


def _comparison(text: str | None, *, uncompared: bool) -> "Comparison | None":
    from protocol.compare import Comparison

    if text is None and uncompared:
        return None
    if text is None:
        raise click.UsageError(
            "ask their administrator, by phone or face to face, for the string that `comity id` "
            "prints there, and give it as --compare STRING; --yes takes the peer uncompared"
        )
    if uncompared:
        raise click.UsageError("either --compare or --yes")
    try:
        return Comparison.from_text(text.strip())
    except Malformed as error:
        raise click.UsageError(f"--compare: {error}; was it cut off?") from error


async def _settle(node: "Node", clients: "Clients", outcome: "Outcome") -> None:
    """Follow a new peer at once, and show what it is now."""
    from node import sync

    if outcome.error is not None:
        say(f"{outcome.peer.id} could not be told ({outcome.error}); `comity sync` tells it again.")
    if outcome.peer.state == "active" and outcome.peer.url is not None:
        result = await sync.follow(node, clients, outcome.peer.fingerprint, clock.now())
        if result.error is not None:
            say(f"Its log could not be followed yet ({result.error}); `comity sync` tries again.")
    await _show(node, outcome.peer.fingerprint)


async def _show(
    node: "Node", fingerprint: bytes, further: "Mapping[str, Any] | None" = None
) -> None:
    from node.overview import overview

    for each in await overview(node, clock.now()):
        if each.peer.fingerprint == fingerprint:
            document = _document(each) | dict(further or {})
            emit(click.get_current_context(), document, _table([each]))
            return
    raise UserError("the peer was removed meanwhile: see `comity peer list`")


def _document(standing: "Standing") -> dict[str, Any]:
    from node.documents import PeerDocument

    return PeerDocument.of(standing).to_value()


def _table(standings: "Sequence[Standing]") -> Any:
    drawn = table("Id", "Name", "State", "As of", "Id is", "String", "Decides by", "May ask us")
    for each in standings:
        known = each.peer
        drawn.add_row(
            known.id,
            known.name,
            known.state,
            _timestamp(each.as_of) or "never",
            "proven" if each.proven else "claimed",
            "compared" if known.compared else "NOT compared",
            "unknown" if each.register is None else _decides(each.register.community),
            str(each.budget.available),
        )
    return drawn


def _warnings(standing: "Standing") -> list[str]:
    budget = standing.budget
    found = []
    if standing.rival:
        print_ = base64url(standing.peer.fingerprint)
        found.append(f"two logs claim this id; this one is {print_}. Compare strings")
    if standing.peer.last_error is not None:
        found.append(f"following it failed: {standing.peer.last_error}")
    if standing.register is not None and standing.register.frozen_at is not None:
        found.append("its log says something that this version does not know: upgrade")
    if budget.refused_at is not None:
        found.append(
            f"asked us for more than its budget, last at {_timestamp(budget.refused_at)}. If they "
            "hold an event, they can declare it: their `comity screen` with --from and --to does. "
            "Else speak with its administrator: somebody may be reading your list out"
        )
    found += [
        f"declared an event ({each.kind}, {each.from_day} to {each.until_day}) that may ask for "
        f"{each.allowance}; lower it by `comity peer event {each.id} --allow N`"
        for each in budget.events
    ]
    return found


def _decides(community: "Community") -> str:
    from node.constitution import decides

    held = Counter(officer.custody for officer in community.officers)
    kept = [f"{held[custody]} {words}" for custody, words in _KEPT.items() if custody in held]
    return f"{decides(community)}; keys: {', '.join(kept)}"


def _timestamp(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat()
