"""Officers: their names here, and the keys that the node keeps for some of them.

A key with custody `node` is locked under the officer's password and sealed by the vault: neither
the database nor the master key alone, nor both together, approve anything.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, passwords
from node.audit import Recorded
from node.errors import NotHere, UserError
from node.node import Node
from node.passwords import WrongPassword
from node.store import logs
from node.store import officers as rows
from node.store.officers import OfficerRow
from node.vault import Vault
from protocol.encoding import base64url
from protocol.keys import SigningKey
from protocol.statements import Custody

MAX_NAME = 100
"""Characters of an officer's name."""

MOST_WRONG = 5
"""Wrong passwords for an officer within `PATIENCE` seconds; then none is tried."""

PATIENCE = 900

_NAMED_BY = {"vote": "who", "password": "officer"}
"""Acts whose detail has an officer's key, and where."""

_NAME = "officers.name"
_SECRET = "officers.secret"  # noqa: S105 - the vault's purpose, not a secret


@dataclass(frozen=True)
class Officer:
    """An officer as this node knows them; `locked` is their key, where the node keeps it."""

    name: str
    key: bytes
    custody: Custody
    locked: bytes | None = field(repr=False)
    decision: bytes | None = None
    """The hash of the decision that would list them for the first time; None once it has."""


def check_name(name: str) -> None:
    """Refuse what nobody could be called by.

    Raises:
        UserError: it is empty, too long, not to be printed, or has spaces around it.
    """
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        raise UserError(
            "an officer has a name of 1 to %(most)s printable characters", most=MAX_NAME
        )


def check_threshold(threshold: int, count: int) -> None:
    """Refuse a number of approvals that `count` officers can never give.

    Raises:
        UserError: they cannot; with the numbers that they can.
    """
    if count == 0:
        raise UserError("nobody would be left to decide: add an officer first")
    if threshold > count:
        raise UserError(
            "%(threshold)s of %(count)s: more would have to approve than there are officers, and "
            "nothing could be decided any more. Say a threshold (--threshold) from 1 to %(count)s",
            threshold=threshold,
            count=count,
        )


async def every(node: Node) -> list[Officer]:
    """All officers, by name."""
    async with node.store.read() as connection:
        return await every_in(connection, node.vault)


async def every_in(connection: AsyncConnection, vault: Vault) -> list[Officer]:
    """As `every`, within a transaction."""
    found = [_opened(vault, row) for row in await rows.every(connection)]
    return sorted(found, key=lambda officer: officer.name)


async def in_act(node: Node) -> Callable[[Recorded], dict[str, str]]:
    """Who an act of the record is of, in the words of `comity officer list`.

    The record has their key in hexadecimal, as it was written; with it is shown `officer_key`, the
    same as that list has it, and `officer_name` where one is known here.
    """
    names = {each.key: each.name for each in await every(node)}

    def shown(act: Recorded) -> dict[str, str]:
        place = _NAMED_BY.get(act.act)
        if place is None:
            return {}
        key = bytes.fromhex(act.detail[place])
        said = {"officer_key": base64url(key)}
        return said | {"officer_name": names[key]} if key in names else said

    return shown


async def named(node: Node, name: str) -> Officer:
    """The officer of a name; of several, whom the log lists now, as after a key was replaced.

    Raises:
        UserError: there is none.
    """
    async with node.store.read() as connection:
        found = await every_in(connection, node.vault)
        head = await logs.own_head(connection)
        register = None if head is None else (await node.registers.at(connection, head)).register
    current = set() if register is None else {each.key for each in register.community.officers}
    known = {each.name: each for each in sorted(found, key=lambda each: each.key in current)}
    if name not in known:
        raise NotHere("no officer of that name: `comity officer list` shows them")
    return known[name]


async def key_of(node: Node, name: str, password: str, now: int) -> SigningKey:
    """The key that the node keeps for the officer of a name; raises as `named` and `unlock`."""
    return await unlock(node, await named(node, name), password, now)


async def unlock(node: Node, officer: Officer, password: str, now: int) -> SigningKey:
    """The key that the node keeps for an officer. A wrong password is an act that is recorded.

    Raises:
        WrongPassword: the password is another.
        UserError: the node keeps none, or too many wrong passwords were given for this officer.
    """
    if officer.locked is None:
        raise UserError(
            "this officer's key is not kept here: type `comity decision export` for a sheet, sign "
            "it with `comity officer sign` where the key is, and bring back the approval"
        )
    async with node.unlocking:
        await _require_patience(node, officer, now)
        try:
            # Argon2id takes most of a second: the service answers others meanwhile.
            seed = await asyncio.to_thread(passwords.unlock, officer.locked, password)
        except WrongPassword:
            said = {"who": audit.who(), "officer": officer.key.hex()}
            await audit.write(node, "password", said, now)
            raise
    return SigningKey(seed)


async def _require_patience(node: Node, officer: Officer, now: int) -> None:
    """By the same hand: whoever stole a token keeps the officer from nothing elsewhere."""
    tried = await audit.since(node, "password", now - PATIENCE)
    same = {"who": audit.who(), "officer": officer.key.hex()}
    if sum(each.detail == same for each in tried) >= MOST_WRONG:
        raise UserError(
            "%(most)s wrong passwords were given for the officer %(officer)s (key %(key)s): wait "
            "%(minutes)s minutes; if it was not you, see the record of acts (`comity audit "
            "export`)",
            most=MOST_WRONG,
            officer=officer.name,
            key=base64url(officer.key),
            minutes=PATIENCE // 60,
        )


async def keep(connection: AsyncConnection, vault: Vault, officer: Officer) -> None:
    """Keep a new officer."""
    locked = officer.locked
    await rows.put(
        connection,
        OfficerRow(
            officer.key,
            vault.seal(_NAME, officer.key, officer.name.encode()),
            officer.custody,
            None if locked is None else vault.seal(_SECRET, officer.key, locked),
            officer.decision,
        ),
    )


def _opened(vault: Vault, row: OfficerRow) -> Officer:
    name = vault.open(_NAME, row.key, row.name_sealed).decode()
    sealed = row.secret_sealed
    locked = None if sealed is None else vault.open(_SECRET, row.key, sealed)
    return Officer(name, row.key, row.custody, locked, row.decision)
