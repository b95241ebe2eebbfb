"""What the community says of itself, changed: its officers and threshold, its address, its names.

Each change is a `community` statement. Officers and threshold, spaces and bodies, take the quorum
that there was before it; name, address and contact alone take one officer (SPEC.md, section 6).
What is pending meanwhile, and names the statement before, is void once the change is logged.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace as replaced
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import decisions, ledger, officers, passwords, settling
from node.clock import day_of
from node.decisions import Status
from node.errors import NotHere, UserError
from node.node import Node
from node.officers import Officer
from node.passwords import Cost
from node.vault import Vault
from protocol.encoding import base64url
from protocol.english import English
from protocol.errors import Malformed
from protocol.keys import SigningKey
from protocol.statements import Community, CommunityDecision, Custody, Declared


def decides(community: Community) -> English:
    """How many officers decide, as "2 of 3"."""
    return English(
        "%(threshold)s of %(count)s", threshold=community.threshold, count=len(community.officers)
    )


def risk(community: Community) -> English | None:
    """What one lost key would do to this setup; None where nothing."""
    count, threshold = len(community.officers), community.threshold
    if count == 1:
        return English(
            "1 of 1: one officer decides alone, and with that key everything is lost; add others "
            "by `comity officer add`"
        )
    if threshold == count:
        return English(
            "%(decides)s: one lost key would block every decision for good; add an officer by "
            "`comity officer add`, or lower the threshold by `comity officer threshold`",
            decides=decides(community),
        )
    return None


async def change(
    node: Node, changes: Mapping[str, Any], now: int, newcomer: Officer | None = None
) -> Status:
    """Propose what the community says of itself, with these members changed.

    `changes` are members of `community` as JSON (SPEC.md, section 6); `newcomer` is an officer whom
    they list for the first time, whose name and key are kept unless that comes to nothing.

    Raises:
        UserError: nothing would change, it could not stand in the log, nobody could decide any more
            by it, or the newcomer's name or key is somebody's.
    """
    async with node.store.write() as connection:
        return await change_in(connection, node.vault, changes, now, newcomer)


async def change_in(
    connection: AsyncConnection,
    vault: Vault,
    changes: Mapping[str, Any],
    now: int,
    newcomer: Officer | None = None,
) -> Status:
    """As `change`, within a writing transaction."""
    register = await ledger.own_register_in(connection)
    if newcomer is not None:
        # What has lapsed holds no name any more, though nobody has ended it yet.
        await settling.lapse_in(connection, vault, now)
        _refuse_taken(newcomer, await officers.every_in(connection, vault))
    decision = CommunityDecision(
        v=1,
        type="community",
        log=register.fingerprint,
        on=day_of(now),
        after=register.community_leaf,
        community=_changed(register.community, changes),
    )
    hash_ = await decisions.propose(connection, vault, decision, now)
    if newcomer is not None:
        await officers.keep(connection, vault, replaced(newcomer, decision=hash_))
    return await settling.settle(connection, vault, hash_, [], now)


def _changed(before: Community, changes: Mapping[str, Any]) -> Community:
    members = before.to_value() | dict(changes)
    officers.check_threshold(members["threshold"], len(members["officers"]))
    try:
        after = Community.from_value(members)
    except Malformed as error:
        raise UserError("this cannot stand in the log: %(error)s", error=str(error)) from error
    if after == before:
        raise UserError("this is what the community says of itself already")
    return after


def _refuse_taken(newcomer: Officer, known: Sequence[Officer]) -> None:
    proposed = [each for each in known if each.decision is not None]
    if any(newcomer.name == each.name or newcomer.key == each.key for each in proposed):
        raise UserError(
            "an officer of this name or key is proposed already: see `comity decision list`, and "
            "decline that first"
        )
    if any(each.key == newcomer.key for each in known):
        raise UserError("this key is, or was, an officer's: each has one of their own, used once")


async def newcomer(
    name: str,
    key: bytes | None,
    password: str,
    *,
    custody: Custody = "own",
    cost: Cost = passwords.MODERATE,
) -> Officer:
    """An officer to be listed: with a key of their own, or (None) with one that the node keeps.

    Raises:
        UserError: nobody could be called so, or the password is short.
    """
    officers.check_name(name)
    if key is None:
        passwords.check_new(password)
        made = SigningKey.generate()
        locked = await asyncio.to_thread(passwords.lock, made.seed, password, cost=cost)
        return Officer(name, made.public_key, "node", locked)
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


def declared(
    before: Sequence[Declared], named: Mapping[str, str], gone: Collection[str]
) -> list[dict[str, str]]:
    """Spaces, or bodies, as they are to be declared: some named, anew or for the first time.

    Statements that name one which is gone stand as they are, and are told as before.

    Raises:
        UserError: one that is to go is not declared, or is to be named as well.
    """
    names = {each.slug: each.name for each in before}
    for slug in gone:
        if slug in named:
            raise UserError("`%(slug)s` cannot be named and removed at once", slug=slug)
        if slug not in names:
            raise UserError(
                "`%(slug)s` is not declared; these are: %(declared)s",
                slug=slug,
                declared=English.joined(names) or English("none"),
            )
    left = {slug: name for slug, name in (names | dict(named)).items() if slug not in gone}
    return [{"slug": slug, "name": left[slug]} for slug in sorted(left)]


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
