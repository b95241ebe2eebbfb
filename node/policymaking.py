"""Changing what peers' words mean here; every change is recorded, and can be looked at before.

A proposed change is a policy that nobody has yet. `preview` holds it against all that is kept of
what was found; only `adopt` makes it the community's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, kept, peering, preview
from node.clock import day_of
from node.errors import NotHere, UserError
from node.node import Node
from node.policy import Part, Policy, Requirement, Rule, Weight
from node.preview import Change
from node.store import peers, policies
from protocol.encoding import base64url
from protocol.english import English


@dataclass(frozen=True)
class Proposed:
    """One part of the policy that is to stand, or to go."""

    part: Part
    goes: bool = False

    def of(self, policy: Policy) -> Policy:
        """The policy with this change.

        Raises:
            NotHere: nothing stands there that could go.
        """
        if not self.goes:
            return policy.having(self.part)
        if all(each.subject != self.part.subject for each in _alike(policy, self.part)):
            raise NotHere("nothing stands here about exactly this: `comity peer policy show`")
        return policy.lacking(self.part)


@dataclass(frozen=True)
class Named:
    """A policy, and what its peers are called: by fingerprint, the id, and whether it is active."""

    policy: Policy
    ids: Mapping[bytes, tuple[str, bool]]

    def to_value(self, part: Part) -> dict[str, Any]:
        """A part as JSON values; the peer by its id, and whether it is one no more."""
        peer, is_active = (None, True) if part.peer is None else self.ids[part.peer]
        return to_value(part) | {"peer": peer, "former": not is_active}


async def active_peer(node: Node, name: str) -> bytes:
    """The fingerprint of an active peer (id, or fingerprint in base64url).

    Raises:
        UserError: there is none, or two claim one id.
    """
    return (await peering.find(node, name, states=("active",))).fingerprint


async def peer_in_policy(node: Node, name: str) -> bytes:
    """The fingerprint of a peer, former or not, about which the policy says something.

    Raises:
        UserError: it says nothing of such a peer, or something of two that claim one id.
    """
    shown = await named(node)
    found = [print_ for print_, (id_, _) in shown.ids.items() if name in (id_, base64url(print_))]
    if not found:
        raise NotHere("the policy says nothing of a peer of this name: `comity peer policy show`")
    if len(found) > 1:
        prints = ", ".join(base64url(each) for each in found)
        raise UserError("two logs claim this name: name one of %(prints)s", prints=prints)
    return found[0]


async def named(node: Node) -> Named:
    """The policy as it is, and the names of the peers that it is about."""
    async with node.store.read() as connection:
        policy = await policies.load(connection)
        every = await peers.every(connection)
    known = {peer.fingerprint: (peer.id, peer.state == "active") for peer in every}
    about = {each.peer for each in policy.parts() if each.peer is not None}
    return Named(policy, {each: known.get(each, (base64url(each), False)) for each in about})


async def previewed(node: Node, proposed: Proposed, now: int) -> list[Change]:
    """What of all that is kept would be judged otherwise.

    Raises:
        UserError: as `Proposed.of`, or a space that its peer has not declared.
    """
    async with node.store.read() as connection:
        await _check_space(node, connection, proposed)
        before = await policies.load(connection)
        at_hand, known_now = await kept.at_hand(node, connection, now)
    return preview.changes(at_hand, known_now, before, proposed.of(before), day_of(now))


async def adopt(node: Node, proposed: Proposed, now: int) -> None:
    """Make a change the community's own.

    Raises:
        UserError: as `previewed`.
    """
    async with node.store.write() as connection:
        await _check_space(node, connection, proposed)
        after = proposed.of(await policies.load(connection))
        what = "drop" if proposed.goes else "set"
        detail = {"who": audit.who(), "what": what, **to_value(proposed.part)}
        await audit.record(connection, node.vault, "policy", detail, now)
        await policies.save(connection, after)


def to_value(part: Part) -> dict[str, Any]:
    """As JSON values; the peer by its fingerprint."""
    peer = None if part.peer is None else base64url(part.peer)
    match part:
        case Rule():
            said: dict[str, Any] = {
                "measure": part.measure,
                "scope": part.place,
                "attention": part.attention,
            }
        case Weight():
            said = {"circumstance": part.circumstance, "attention": part.attention}
        case Requirement():
            said = {"approvals": part.approvals, "custody": part.custody}
    return {"peer": peer} | said


async def _check_space(node: Node, connection: AsyncConnection, proposed: Proposed) -> None:
    """A slug means nothing but in its community, and a rule about a misspelt one never fits."""
    rule = proposed.part
    if proposed.goes or not isinstance(rule, Rule) or rule.space is None:
        return
    if rule.scope in (None, "all_own_spaces"):
        raise UserError("a space is one of a kind: say which, before the colon")
    if rule.peer is None:
        raise UserError("a space is one community's own: say whose, by --peer")
    register = await node.registers.of(connection, rule.peer)
    declared = [] if register is None else [each.slug for each in register.community.spaces]
    if rule.space not in declared:
        known = English("it has none")
        if declared:
            known = English("it has %(declared)s", declared=", ".join(declared))
        raise UserError("this peer has not declared such a space: %(known)s", known=known)


def _alike(policy: Policy, part: Part) -> Sequence[Part]:
    return [each for each in policy.parts() if type(each) is type(part)]
