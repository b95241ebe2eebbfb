"""What the community says of itself, changed: its officers and threshold, its address, its names.

Each change is a `community` statement. Officers and threshold, spaces and bodies, take the quorum
that there was before it; name, address and contact alone take one officer (SPEC.md, section 6).
What is pending meanwhile, and names the statement before, is void once the change is logged.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import decisions, ledger, officers, passwords
from node.clock import day_of
from node.decisions import Status
from node.errors import NotHere, UserError
from node.node import Node
from node.officers import Officer
from node.passwords import Cost
from node.vault import Vault
from protocol.encoding import base64url
from protocol.errors import Malformed
from protocol.keys import SigningKey
from protocol.statements import Community, CommunityDecision, Custody


def risk(community: Community) -> str | None:
    """What one lost key would do to this setup; None where nothing."""
    count, threshold = len(community.officers), community.threshold
    if count == 1:
        return (
            "1 of 1: one officer decides alone, and with that key everything is lost; add others "
            "by `comity officer add`"
        )
    if threshold == count:
        return (
            f"{threshold} of {count}: one lost key would block every decision for good; add an "
            "officer by `comity officer add`, or lower the threshold by `comity officer threshold`"
        )
    return None


async def change(
    node: Node, changes: Mapping[str, Any], now: int, newcomer: Officer | None = None
) -> Status:
    """Propose what the community says of itself, with these members changed.

    `changes` are members of `community` as JSON (SPEC.md, section 6); `newcomer` is an officer whom
    they list for the first time, whose name and key are kept from now on.

    Raises:
        UserError: nothing would change, or it could not stand in the log.
    """
    async with node.store.write() as connection:
        status = await change_in(connection, node.vault, changes, now)
        if newcomer is not None:
            await officers.keep(connection, node.vault, newcomer)
        return status


async def change_in(
    connection: AsyncConnection, vault: Vault, changes: Mapping[str, Any], now: int
) -> Status:
    """As `change`, within a writing transaction."""
    register = await ledger.own_register_in(connection)
    before = register.community
    try:
        after = Community.from_value(before.to_value() | dict(changes))
    except Malformed as error:
        raise UserError(f"this cannot stand in the log: {error}") from error
    if after == before:
        raise UserError("this is what the community says of itself already")
    decision = CommunityDecision(
        v=1,
        type="community",
        log=register.fingerprint,
        on=day_of(now),
        after=register.community_leaf,
        community=after,
    )
    hash_ = await decisions.propose(connection, vault, decision, now)
    return await decisions.settle(connection, vault, hash_, [], now)


async def newcomer(  # noqa: PLR0913 - an officer's members, each with its name
    node: Node,
    name: str,
    key: bytes | None,
    password: str,
    *,
    custody: Custody = "own",
    cost: Cost = passwords.MODERATE,
) -> Officer:
    """An officer to be listed: with a key of their own, or (None) with one that the node keeps.

    Raises:
        UserError: the key is known here already.
    """
    if key is None:
        made = SigningKey.generate()
        locked = await asyncio.to_thread(passwords.lock, made.seed, password, cost=cost)
        return Officer(name, made.public_key, "node", locked)
    if any(each.key == key for each in await officers.every(node)):
        raise UserError("this key is, or was, an officer's: each has one of their own, used once")
    return Officer(name, key, custody, None)


async def add(node: Node, who: Officer, threshold: int | None, now: int) -> Status:
    """Propose another officer, and perhaps another threshold; raises as `change`."""
    listed = await _listed(node)
    if who.name in [each.name for each in listed]:
        raise UserError("an officer of that name is there: `comity officer replace` changes a key")
    return await change(node, _voters([*listed, who], threshold), now, who)


async def remove(node: Node, name: str, threshold: int | None, now: int) -> Status:
    """Propose that an officer is one no more; raises as `change`."""
    gone = await _listed_as(node, name)
    listed = [each for each in await _listed(node) if each.key != gone.key]
    return await change(node, _voters(listed, threshold), now)


async def replace(node: Node, who: Officer, now: int) -> Status:
    """Propose another key for the officer of this name, as when it was lost; raises as `change`."""
    gone = await _listed_as(node, who.name)
    listed = [each for each in await _listed(node) if each.key != gone.key]
    return await change(node, _voters([*listed, who], None), now, who)


async def set_threshold(node: Node, threshold: int, now: int) -> Status:
    """Propose how many officers decide; raises as `change`."""
    return await change(node, {"threshold": threshold}, now)


async def _listed(node: Node) -> list[Officer]:
    """The officers that the log lists now."""
    community = (await ledger.own_register(node)).community
    current = {each.key for each in community.officers}
    return [each for each in await officers.every(node) if each.key in current]


async def _listed_as(node: Node, name: str) -> Officer:
    found = [each for each in await _listed(node) if each.name == name]
    if not found:
        raise NotHere("no officer of that name now: `comity officer list` shows them")
    return found[0]


def _voters(listed: Sequence[Officer], threshold: int | None) -> dict[str, Any]:
    ordered = sorted(listed, key=lambda each: each.key)
    members: dict[str, Any] = {
        "officers": [{"key": base64url(each.key), "custody": each.custody} for each in ordered]
    }
    return members if threshold is None else members | {"threshold": threshold}
