"""Accounts of the pages, and what they are entered by: passkeys, sessions, invitations."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.tables import accounts, challenges, invitations, passkeys, sessions


@dataclass(frozen=True)
class AccountRow:
    """One person who may enter the pages, and as what."""

    id: str
    name_tag: bytes = field(repr=False)
    name_sealed: bytes = field(repr=False)
    role: Literal["checker", "officer", "operator"]
    officer: bytes | None
    password_sealed: bytes | None = field(repr=False)
    created_on: date


@dataclass(frozen=True)
class PasskeyRow:
    """A passkey that was registered for an account."""

    id: bytes
    account: str
    public_key: bytes
    sign_count: int
    name_sealed: bytes = field(repr=False)
    created_on: date
    used_on: date | None


@dataclass(frozen=True)
class SessionRow:
    """A browser in which somebody is signed in."""

    tag: bytes = field(repr=False)
    account: str
    begun_at: int
    seen_at: int
    shown_at: int
    browser_sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class InvitationRow:
    """A link by which somebody makes their account."""

    tag: bytes = field(repr=False)
    name_sealed: bytes = field(repr=False)
    role: Literal["checker", "officer", "operator"]
    officer: bytes | None
    expires_at: int


async def add(connection: AsyncConnection, row: AccountRow) -> None:
    """Keep an account."""
    await connection.execute(insert(accounts).values(**vars(row)))


async def get(connection: AsyncConnection, id_: str) -> AccountRow | None:
    """The account of an id."""
    row = (await connection.execute(select(accounts).where(accounts.c.id == id_))).one_or_none()
    return None if row is None else AccountRow(*row)


async def named(connection: AsyncConnection, tag: bytes) -> AccountRow | None:
    """The account whose name has this tag."""
    query = select(accounts).where(accounts.c.name_tag == tag)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else AccountRow(*row)


async def every(connection: AsyncConnection) -> list[AccountRow]:
    """All accounts."""
    return [AccountRow(*row) for row in await connection.execute(select(accounts))]


async def set_password(connection: AsyncConnection, id_: str, sealed: bytes | None) -> None:
    """Take another password, or none."""
    changed = update(accounts).where(accounts.c.id == id_).values(password_sealed=sealed)
    await connection.execute(changed)


async def hand_on(connection: AsyncConnection, before: bytes, after: bytes) -> None:
    """Bind an account that was an officer's by one key to another one.

    Who is signed in, or was invited, by the one before is so no more: it may be others' by now.
    """
    theirs = select(accounts.c.id).where(accounts.c.officer == before)
    await connection.execute(delete(sessions).where(sessions.c.account.in_(theirs)))
    await connection.execute(delete(invitations).where(invitations.c.officer == before))
    changed = update(accounts).where(accounts.c.officer == before).values(officer=after)
    await connection.execute(changed)


async def drop(connection: AsyncConnection, id_: str) -> None:
    """Forget an account, with its passkeys and sessions."""
    await connection.execute(delete(accounts).where(accounts.c.id == id_))


# --- Passkeys -------------------------------------------------------------------------------------


async def add_passkey(connection: AsyncConnection, row: PasskeyRow) -> None:
    """Keep a passkey."""
    await connection.execute(insert(passkeys).values(**vars(row)))


async def passkey(connection: AsyncConnection, id_: bytes) -> PasskeyRow | None:
    """The passkey of a credential id."""
    row = (await connection.execute(select(passkeys).where(passkeys.c.id == id_))).one_or_none()
    return None if row is None else PasskeyRow(*row)


async def passkeys_of(connection: AsyncConnection, account: str) -> list[PasskeyRow]:
    """All passkeys of an account, the oldest first."""
    query = select(passkeys).where(passkeys.c.account == account)
    found = [PasskeyRow(*row) for row in await connection.execute(query)]
    return sorted(found, key=lambda each: (each.created_on, each.id))


async def used_passkey(connection: AsyncConnection, id_: bytes, count: int, day: date) -> None:
    """Note that a passkey was used."""
    values = {"sign_count": count, "used_on": day}
    await connection.execute(update(passkeys).where(passkeys.c.id == id_).values(**values))


async def drop_passkey(connection: AsyncConnection, account: str, id_: bytes) -> bool:
    """Forget a passkey of an account; whether it was there."""
    dropped = delete(passkeys).where(passkeys.c.account == account, passkeys.c.id == id_)
    return (await connection.execute(dropped)).rowcount > 0


# --- Sessions -------------------------------------------------------------------------------------


async def begin(connection: AsyncConnection, row: SessionRow) -> None:
    """Keep a session."""
    await connection.execute(insert(sessions).values(**vars(row)))


async def session(connection: AsyncConnection, tag: bytes) -> SessionRow | None:
    """The session of a tag."""
    row = (await connection.execute(select(sessions).where(sessions.c.tag == tag))).one_or_none()
    return None if row is None else SessionRow(*row)


async def sessions_of(connection: AsyncConnection, account: str) -> list[SessionRow]:
    """All sessions of an account, the one used last first."""
    query = select(sessions).where(sessions.c.account == account)
    found = [SessionRow(*row) for row in await connection.execute(query)]
    return sorted(found, key=lambda each: -each.seen_at)


async def seen(connection: AsyncConnection, tag: bytes, now: int) -> None:
    """Note that a session was used."""
    await connection.execute(update(sessions).where(sessions.c.tag == tag).values(seen_at=now))


async def shown(connection: AsyncConnection, tag: bytes, now: int) -> None:
    """Note that it was shown anew who uses a session."""
    await connection.execute(update(sessions).where(sessions.c.tag == tag).values(shown_at=now))


async def end(connection: AsyncConnection, tag: bytes) -> None:
    """End a session."""
    await connection.execute(delete(sessions).where(sessions.c.tag == tag))


async def end_all_of(connection: AsyncConnection, account: str, but: bytes | None = None) -> None:
    """End all sessions of an account, save one."""
    ended = delete(sessions).where(sessions.c.account == account)
    await connection.execute(ended if but is None else ended.where(sessions.c.tag != but))


async def end_unused(connection: AsyncConnection, begun: int, seen: int) -> None:
    """End what began, or was used last, before these times."""
    late = or_(sessions.c.begun_at < begun, sessions.c.seen_at < seen)
    await connection.execute(delete(sessions).where(late))


# --- Invitations and challenges -------------------------------------------------------------------


async def invite(connection: AsyncConnection, row: InvitationRow) -> None:
    """Keep an invitation."""
    await connection.execute(insert(invitations).values(**vars(row)))


async def invitation(connection: AsyncConnection, tag: bytes) -> InvitationRow | None:
    """The invitation of a tag."""
    query = select(invitations).where(invitations.c.tag == tag)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else InvitationRow(*row)


async def invited(connection: AsyncConnection) -> list[InvitationRow]:
    """All invitations, the one that ends first first."""
    query = select(invitations).order_by(invitations.c.expires_at)
    return [InvitationRow(*row) for row in await connection.execute(query)]


async def take_invitation(connection: AsyncConnection, tag: bytes) -> bool:
    """Use up an invitation; whether it was there."""
    taken = await connection.execute(delete(invitations).where(invitations.c.tag == tag))
    return taken.rowcount > 0


async def spend(connection: AsyncConnection, tag: bytes, expires_at: int) -> bool:
    """Note that a challenge was answered; False where it was before."""
    query = select(challenges.c.tag).where(challenges.c.tag == tag)
    if (await connection.execute(query)).one_or_none() is not None:
        return False
    await connection.execute(insert(challenges).values(tag=tag, expires_at=expires_at))
    return True


async def forget_expired(connection: AsyncConnection, now: int) -> None:
    """Forget invitations, and challenges that were answered, whose time is over."""
    await connection.execute(delete(invitations).where(invitations.c.expires_at < now))
    await connection.execute(delete(challenges).where(challenges.c.expires_at < now))
