"""Browsers in which somebody is signed in, and what their forms are known by.

A cookie holds 32 random bytes, of which only the vault's tag is kept. A session ends `IDLE` seconds
after it was used last, and `MOST` seconds after it began. Its forms carry a tag of the cookie,
which no other site can know.
"""

import hmac
import secrets
from dataclasses import dataclass

from node.node import Node
from node.store import accounts as rows
from node.store.accounts import AccountRow, SessionRow
from protocol.encoding import base64url, from_base64url
from protocol.errors import Malformed

IDLE = 12 * 3600
MOST = 7 * 86_400

CONFIRMED = 300
"""Seconds for which a passkey or password that was shown counts for what weighs much."""

SIZE = 32
"""Random bytes of a cookie."""

_TAG = "sessions.cookie"
_FORM = "sessions.form"
_BROWSER = "sessions.browser"
_SEEN = 60
"""Seconds within which it is not written down again that a session was used."""


@dataclass(frozen=True)
class Session:
    """A browser in which somebody is signed in."""

    tag: bytes
    form: str
    """What its forms carry."""
    account: AccountRow
    begun_at: int
    seen_at: int
    shown_at: int

    def is_confirmed(self, now: int) -> bool:
        """Whether a passkey or password was shown just now."""
        return now - self.shown_at <= CONFIRMED


@dataclass(frozen=True)
class Listed:
    """A session among those of an account."""

    id: str
    """By which it is ended."""
    browser: str
    begun_at: int
    seen_at: int
    is_this: bool


async def begin(node: Node, account: str, browser: str, now: int) -> str:
    """Begin a session; what its cookie holds."""
    secret = secrets.token_bytes(SIZE)
    tag = node.vault.tag(_TAG, secret)
    sealed = node.vault.seal(_BROWSER, tag, browser[:200].encode(errors="replace"))
    async with node.store.write() as connection:
        await rows.begin(connection, SessionRow(tag, account, now, now, now, sealed))
    return base64url(secret)


async def of(node: Node, cookie: str, now: int) -> Session | None:
    """The session of a cookie; None where there is none (any more)."""
    try:
        secret = from_base64url(cookie, SIZE)
    except Malformed:
        return None
    tag = node.vault.tag(_TAG, secret)
    async with node.store.read() as connection:
        row = await rows.session(connection, tag)
        if row is None or now - row.seen_at > IDLE or now - row.begun_at > MOST:
            return None
        account = await rows.get(connection, row.account)
    if account is None:
        return None
    if now - row.seen_at > _SEEN:
        async with node.store.write() as connection:
            await rows.seen(connection, tag, now)
    form = base64url(node.vault.tag(_FORM, secret))
    return Session(tag, form, account, row.begun_at, row.seen_at, row.shown_at)


def is_form_of(session: Session, given: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(session.form.encode(), given.encode())


async def confirm(node: Node, session: Session, now: int) -> None:
    """Note that it was shown just now who uses it."""
    async with node.store.write() as connection:
        await rows.shown(connection, session.tag, now)


async def end(node: Node, session: Session) -> None:
    """Sign out."""
    async with node.store.write() as connection:
        await rows.end(connection, session.tag)


async def end_others(node: Node, session: Session) -> None:
    """Sign out everywhere else."""
    async with node.store.write() as connection:
        await rows.end_all_of(connection, session.account.id, but=session.tag)


async def end_one(node: Node, session: Session, id_: str) -> None:
    """End another session of the same account; nothing where there is none."""
    async with node.store.write() as connection:
        for row in await rows.sessions_of(connection, session.account.id):
            if _id(row) == id_:
                await rows.end(connection, row.tag)


async def every(node: Node, session: Session) -> list[Listed]:
    """All sessions of the account, the one used last first."""
    async with node.store.read() as connection:
        held = await rows.sessions_of(connection, session.account.id)
    return [
        Listed(
            id=_id(row),
            browser=node.vault.open(_BROWSER, row.tag, row.browser_sealed).decode(),
            begun_at=row.begun_at,
            seen_at=row.seen_at,
            is_this=row.tag == session.tag,
        )
        for row in held
    ]


async def forget(node: Node, now: int) -> None:
    """Forget sessions, invitations and challenges whose time is over."""
    async with node.store.write() as connection:
        await rows.end_unused(connection, now - MOST, now - IDLE)
        await rows.forget_expired(connection, now)


def _id(row: SessionRow) -> str:
    return row.tag[:8].hex()
