"""Accounts of the pages: who may enter, as what, and by which password.

An account is made by whoever has its invitation: a link that works once, within `INVITED` seconds.
It is entered by a passkey (`passkeys`) or by a password. A wrong password is an act that is
recorded; after `MOST_WRONG` within `PATIENCE` seconds none is tried for that account.
"""

import asyncio
import secrets
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import date

from node import audit, callers, challenges, devices, ledger, officers, passwords
from node.callers import Caller, Role
from node.clock import day_of
from node.door import Door
from node.errors import NotHere, UserError
from node.node import Node
from node.officers import PATIENCE
from node.passwords import SHORTEST, WrongPassword
from node.store import accounts as rows
from node.store.accounts import AccountRow, InvitationRow
from protocol.encoding import base64url, from_base64url
from protocol.errors import Malformed

INVITED = 7 * 86_400
"""Seconds for which an invitation can be used."""

OPENED = 120
"""Seconds for which the link of `comity open` can be used."""

SAID_AFTER = 0.25
"""Seconds from a wrong password to the word that it is wrong: recording it takes a part of them."""

MAX_NAME = 100
MOST = 1_000
"""Accounts, and invitations, at a time."""

SIZE = 24
"""Random bytes of an invitation's code."""

_AT_HAND = " at this computer"
"""How accounts end that `comity open` makes."""

_LONGEST_TYPED = 4 * (MAX_NAME + len(_AT_HAND))
"""Characters of the longest name, however it is typed: normalising makes one of four at most."""

_NOBODY = "nobody"
_NAME_TAG = "accounts.name"
_NAME = "accounts.name"
_PASSWORD = "accounts.password"  # noqa: S105 - the vault's purpose, not a secret
_CODE = "invitations.code"
_INVITED = "invitations.name"
_OPENED = "open"


@dataclass(frozen=True)
class Account:
    """An account as it is listed."""

    id: str
    name: str
    role: Role
    officer: str | None
    """Whose account it is, where the role is officer."""
    created_on: date
    passkeys: int
    has_password: bool


@dataclass(frozen=True)
class Invitation:
    """An invitation as it is shown to whoever has its link."""

    name: str
    role: Role
    officer: bytes | None
    tag: bytes = field(repr=False)


async def invite(node: Node, name: str, role: Role, officer: str | None, now: int) -> str:
    """Make an invitation; its code, this once.

    Raises:
        UserError: the name is taken or none; the role is an officer's and none is named, or the
            other way round.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise UserError(
            "an account has a name of 1 to %(most)s printable characters", most=MAX_NAME
        )
    if (role == "officer") != (officer is not None):
        raise UserError("an account of role `officer` names its officer, others name none")
    bound = None if officer is None else (await officers.named(node, officer)).key
    await _require_own_name(node, name, bound)
    return await _invite(node, name, role, bound, now, INVITED)


async def _require_own_name(node: Node, name: str, bound: bytes | None) -> None:
    """Names stand in the record of acts: nobody has that of somebody else who acts here."""
    said = _folded(name)
    if said in {audit.HERE, _NOBODY} or said.endswith(_folded(_AT_HAND)):
        raise UserError("this is how the record calls somebody else: take another name")
    theirs = [each for each in await officers.every(node) if _folded(each.name) == said]
    if theirs and bound not in {each.key for each in theirs}:
        raise UserError("an officer is called so, and this is not their account: say another name")
    if said in {_folded(each.name) for each in await callers.every(node)}:
        raise UserError("a token is called so: take another name")


async def _invite(  # noqa: PLR0913, PLR0917 - who, as what, until when
    node: Node, name: str, role: Role, bound: bytes | None, now: int, lasting: int
) -> str:
    secret = secrets.token_bytes(SIZE)
    tag = node.vault.tag(_CODE, secret)
    sealed = node.vault.seal(_INVITED, tag, name.encode())
    async with node.store.write() as connection:
        if await rows.named(connection, _name_tag(node, name)) is not None:
            raise UserError("an account of that name is there: take another name")
        if len(await rows.invited(connection)) >= MOST:
            raise UserError("%(most)s invitations wait already: let some end first", most=MOST)
        said = {"who": audit.who(), "what": "invite", "role": role, "account": name}
        await audit.record(connection, node.vault, "account", said, now)
        await rows.invite(connection, InvitationRow(tag, sealed, role, bound, now + lasting))
    return base64url(secret)


async def invitation(node: Node, code: str, now: int) -> Invitation:
    """What somebody is invited to.

    Raises:
        NotHere: no such invitation (any more).
    """
    try:
        tag = node.vault.tag(_CODE, from_base64url(code, SIZE))
    except Malformed:
        tag = b""
    async with node.store.read() as connection:
        row = await rows.invitation(connection, tag)
    if row is None or row.expires_at < now:
        raise NotHere("this link was used already, or has ended: ask for another one")
    return Invitation(_invited_as(node, row), row.role, row.officer, row.tag)


async def accept(
    node: Node, door: Door, invited: Invitation, password: str | None, now: int
) -> str:
    """Make the account of an invitation, which is used up; the account's id.

    Without a password a passkey is registered next, or another link is needed.

    Raises:
        NotHere: it was used meanwhile.
        UserError: the password is too short or too long, or the name was taken meanwhile.
    """
    id_ = str(uuid.uuid4())
    sealed = None if password is None else await _sealed(node, door, id_, password, invited.tag)
    row = AccountRow(
        id=id_,
        name_tag=_name_tag(node, invited.name),
        name_sealed=node.vault.seal(_NAME, id_, invited.name.encode()),
        role=invited.role,
        officer=invited.officer,
        password_sealed=sealed,
        created_on=day_of(now),
    )
    async with node.store.write() as connection:
        if not await rows.take_invitation(connection, invited.tag):
            raise NotHere("this link was used already, or has ended: ask for another one")
        if await rows.named(connection, row.name_tag) is not None:
            raise UserError("an account of that name is there already: ask for another link")
        if len(await rows.every(connection)) >= MOST:
            raise UserError(
                "there are %(most)s accounts: remove some that nobody uses any more", most=MOST
            )
        said = {"who": invited.name, "what": "made", "role": invited.role, "account": invited.name}
        await audit.record(connection, node.vault, "account", said, now)
        await rows.add(connection, row)
    return id_


async def by_password(  # noqa: PLR0913 - who, by what, where it is counted
    node: Node,
    door: Door,
    name: str,
    password: str,
    now: int,
    *,
    apart: bytes = b"",
    device: str = "",
) -> AccountRow:
    """The account of that name, if this is its password.

    What is tried within a session (`apart`, its tag), or in a browser that brings the cookie of
    one where somebody has signed in to it before (`device`), waits and is counted apart: no
    stranger keeps them out. As much is done where there is none of that name, so that nobody
    learns which there are; but only what is tried at an account that exists is recorded, as
    strangers can try for ever.

    Raises:
        WrongPassword: no such account, no password, or another one.
        UserError: too many wrong ones were given for it.
        ComeLater: too many try at once.
    """
    tag = _name_tag(node, name.strip())
    async with node.store.read() as connection:
        row = await rows.named(connection, tag)
    if row is not None:
        apart = apart or devices.mark(node, row, device, now)
    known = row.id.encode() if row is not None and apart else None
    async with door.turn(known):
        if door.is_shut(tag + apart, now):
            raise UserError(
                "too many wrong passwords: wait %(minutes)s minutes", minutes=PATIENCE // 60
            )
        if row is not None and await _holds(node, row, password):
            return row
        if row is None or row.password_sealed is None:
            await asyncio.to_thread(passwords.lock, b"", passwords.tried(password) or "-")
        door.wrong(tag + apart, now)
    loop = asyncio.get_running_loop()
    until = loop.time() + SAID_AFTER
    if row is not None:
        said = {"who": _NOBODY, "account": name_of(node, row)}
        await audit.write(node, "password", said, now)
    await asyncio.sleep(until - loop.time())
    raise WrongPassword("the name or the password is wrong: type both again")


async def open_link(node: Node, role: Role, officer: str | None, now: int) -> str:
    """The code of a link that signs in once, within `OPENED` seconds, whoever has this computer.

    Raises:
        UserError: as `invite`.
    """
    called = f"{officer or role}{_AT_HAND}"
    bound = None if officer is None else (await officers.named(node, officer)).key
    async with node.store.read() as connection:
        row = await rows.named(connection, _name_tag(node, called))
    if row is None:
        code = await _invite(node, called, role, bound, now, OPENED)
        id_ = await accept(node, Door(), await invitation(node, code, now), None, now)
    elif row.officer != bound:
        raise UserError(
            "this officer has another key since: remove the account that `comity open` made "
            "(`comity account list`, `comity account remove`), and open it again"
        )
    else:
        id_ = row.id
    said = {"who": audit.HERE, "what": "open", "role": role, "account": called}
    await audit.write(node, "account", said, now)
    return f"{id_}.{base64url(challenges.make(node.vault, _OPENED, id_, now, OPENED))}"


async def opened_by(node: Node, code: str, now: int) -> str:
    """The account that a link of `open_link` signs in to, which is used up.

    Raises:
        NotHere: it is none, was used, or has ended.
    """
    id_, _, said = code.partition(".")
    gone = NotHere("this link was used already, or has ended: type `comity open` again")
    try:
        challenge = from_base64url(said, challenges.SIZE)
    except Malformed:
        raise gone from None
    if not challenges.holds(node.vault, _OPENED, id_, challenge, now):
        raise gone
    async with node.store.write() as connection:
        if not await challenges.spend(connection, challenge):
            raise gone
        if await rows.get(connection, id_) is None:
            raise gone
    return id_


async def set_password(node: Node, door: Door, id_: str, password: str, now: int) -> None:
    """Take another password.

    Raises:
        UserError: it is too short, or too long.
    """
    sealed = await _sealed(node, door, id_, password, id_.encode())
    async with node.store.write() as connection:
        said = {"who": audit.who(), "what": "password"}
        await audit.record(connection, node.vault, "account", said, now)
        await rows.set_password(connection, id_, sealed)


async def every(node: Node) -> list[Account]:
    """All accounts, by name."""
    names = {each.key: each.name for each in await officers.every(node)}
    async with node.store.read() as connection:
        found = [
            Account(
                id=row.id,
                name=name_of(node, row),
                role=row.role,
                officer=None if row.officer is None else names.get(row.officer, "a former officer"),
                created_on=row.created_on,
                passkeys=len(await rows.passkeys_of(connection, row.id)),
                has_password=row.password_sealed is not None,
            )
            for row in await rows.every(connection)
        ]
    return sorted(found, key=lambda each: each.name)


async def invited(node: Node) -> list[tuple[str, Role, int]]:
    """Name, role and end (Unix seconds) of each invitation that waits."""
    async with node.store.read() as connection:
        found = await rows.invited(connection)
    return [(_invited_as(node, row), row.role, row.expires_at) for row in found]


async def remove(node: Node, name: str, now: int) -> None:
    """Remove an account, and what invites to one: whoever is signed in with it is so no more.

    Raises:
        NotHere: none has this name, and nobody of this name is invited.
    """
    tag = _name_tag(node, name)
    async with node.store.write() as connection:
        row = await rows.named(connection, tag)
        waiting = [
            each
            for each in await rows.invited(connection)
            if _name_tag(node, _invited_as(node, each)) == tag
        ]
        if row is None and not waiting:
            raise NotHere("no account has this name: `comity account list` shows them")
        said = {"who": audit.who(), "what": "remove", "account": name}
        await audit.record(connection, node.vault, "account", said, now)
        if row is not None:
            await rows.drop(connection, row.id)
        for each in waiting:
            await rows.take_invitation(connection, each.tag)


async def caller_of(node: Node, row: AccountRow) -> Caller | None:
    """As whom an account acts; None where it was an officer's who is one no more."""
    if row.officer is not None:
        community = (await ledger.own_register(node)).community
        if row.officer not in {each.key for each in community.officers}:
            return None
    return Caller(name_of(node, row), row.role, row.officer)


def name_of(node: Node, row: AccountRow) -> str:
    """What the person is called."""
    return node.vault.open(_NAME, row.id, row.name_sealed).decode()


def _invited_as(node: Node, row: InvitationRow) -> str:
    return node.vault.open(_INVITED, row.tag, row.name_sealed).decode()


def _folded(name: str) -> str:
    """A name as it is compared; that of nobody, an empty one, for what is too long to be one.

    The time of normalising grows with the square of the length, and strangers send names.
    """
    said = name.strip()
    return unicodedata.normalize("NFKC", said if len(said) <= _LONGEST_TYPED else "").casefold()


def _name_tag(node: Node, name: str) -> bytes:
    return node.vault.tag(_NAME_TAG, _folded(name).encode())


async def _sealed(node: Node, door: Door, id_: str, password: str, known: bytes) -> bytes:
    if len(password) < SHORTEST:
        raise UserError("this password is too short: a password manager makes longer ones")
    async with door.turn(known):
        locked = await asyncio.to_thread(passwords.lock, id_.encode(), password)
    return node.vault.seal(_PASSWORD, id_, locked)


async def _holds(node: Node, row: AccountRow, password: str) -> bool:
    if row.password_sealed is None:
        return False
    locked = node.vault.open(_PASSWORD, row.id, row.password_sealed)
    try:
        return await asyncio.to_thread(passwords.unlock, locked, password) == row.id.encode()
    except WrongPassword:
        return False
