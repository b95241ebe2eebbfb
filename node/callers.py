"""Who calls the local API: tokens, each with a name and a role.

A token is 32 random bytes, shown once; of it only the vault's keyed hash is kept. It opens what its
role may do and nothing more; an officer's token is bound to one officer, and still approves nothing
without that officer's password or signature.
"""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Literal

from node import audit, ledger, officers
from node.clock import day_of
from node.errors import NotHere, UserError
from node.node import Node
from node.store import api_tokens
from node.store.api_tokens import TokenRow
from protocol.encoding import base64url, from_base64url
from protocol.errors import Malformed

Role = Literal["checker", "officer", "operator"]

PREFIX = "comity_"
"""How a token begins, so that one that was leaked is recognised by scanners of secrets."""

SIZE = 32
"""Random bytes of a token."""

MAX_NAME = 100
"""Characters of a token's name."""

MOST = 1_000
"""Tokens at a time."""

_TAG = "api.token"
_NAME = "api_tokens.name"


@dataclass(frozen=True)
class Caller:
    """Whose token it is; `officer` is the public key (32 bytes) of the officer it is bound to."""

    name: str
    role: Role
    officer: bytes | None


@dataclass(frozen=True)
class Listed:
    """A token as it is listed; it is itself not known any more."""

    name: str
    role: Role
    officer: str | None
    created_on: date
    used_on: date | None
    expires_on: date | None


async def create(  # noqa: PLR0913 - what a token is
    node: Node, name: str, role: Role, *, officer: str | None, expires_on: date | None, now: int
) -> str:
    """Make a token and return it, this once.

    Raises:
        UserError: the name is taken or none; an officer's token names no officer, or another's one.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise UserError("a token has a name of 1 to %(most)s printable characters", most=MAX_NAME)
    if (role == "officer") != (officer is not None):
        raise UserError("a token of role `officer` names its officer, others name none")
    if expires_on is not None and expires_on < day_of(now):
        raise UserError("this day is over: no token ends before it begins")
    if name == audit.HERE:
        raise UserError(
            "`%(name)s` is how the record calls whoever has the node's folder", name=audit.HERE
        )
    bound = None if officer is None else (await officers.named(node, officer)).key
    if bound is not None and not await _is_listed(node, bound):
        raise UserError("this officer is not listed in the log now: `comity officer list`")
    secret = secrets.token_bytes(SIZE)
    tag = node.vault.tag(_TAG, secret)
    sealed = node.vault.seal(_NAME, tag, name.encode())
    row = TokenRow(tag, sealed, role, bound, day_of(now), None, expires_on)
    async with node.store.write() as connection:
        held = await api_tokens.every(connection)
        if len(held) >= MOST:
            raise UserError(
                "there are %(most)s tokens: revoke some that nobody uses any more", most=MOST
            )
        if name in {_name(node, each) for each in held}:
            raise UserError("a token of that name is there: revoke it, or take another name")
        said = {"who": audit.who(), "what": "create token", "token": name, "role": role}
        await audit.record(connection, node.vault, "token", said, now)
        await api_tokens.add(connection, row)
    return PREFIX + base64url(secret)


async def every(node: Node) -> list[Listed]:
    """All tokens, by name."""
    names = {each.key: each.name for each in await officers.every(node)}
    async with node.store.read() as connection:
        held = await api_tokens.every(connection)
    listed = [
        Listed(
            name=_name(node, row),
            role=row.role,
            officer=None if row.officer is None else names.get(row.officer, "a former officer"),
            created_on=row.created_on,
            used_on=row.used_on,
            expires_on=row.expires_on,
        )
        for row in held
    ]
    return sorted(listed, key=lambda each: each.name)


async def revoke(node: Node, name: str, now: int) -> None:
    """End a token; from then on nothing is answered to it.

    Raises:
        NotHere: none has this name.
    """
    async with node.store.write() as connection:
        for row in await api_tokens.every(connection):
            if _name(node, row) == name:
                said = {"who": audit.who(), "what": "revoke token", "token": name}
                await audit.record(connection, node.vault, "token", said, now)
                await api_tokens.drop(connection, row.tag)
                return
    raise NotHere("no token has this name: `comity token list` shows them")


async def caller_of(node: Node, token: str, now: int) -> Caller | None:
    """Who holds this token; None where nobody does, any more or ever."""
    if not token.startswith(PREFIX):
        return None
    try:
        secret = from_base64url(token.removeprefix(PREFIX), SIZE)
    except Malformed:
        return None
    today, tag = day_of(now), node.vault.tag(_TAG, secret)
    async with node.store.read() as connection:
        row = await api_tokens.get(connection, tag)
    if row is None or (row.expires_on is not None and row.expires_on < today):
        return None
    if row.officer is not None and not await _is_listed(node, row.officer):
        return None  # removed, or with another key now
    if row.used_on != today:
        async with node.store.write() as connection:
            await api_tokens.used(connection, tag, today)
    return Caller(_name(node, row), row.role, row.officer)


async def _is_listed(node: Node, key: bytes) -> bool:
    """Whether this is the key of an officer now."""
    community = (await ledger.own_register(node)).community
    return key in {each.key for each in community.officers}


def _name(node: Node, row: TokenRow) -> str:
    return node.vault.open(_NAME, row.tag, row.name_sealed).decode()
