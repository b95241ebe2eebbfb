"""Browsers in which somebody has signed in before, so that no stranger can keep them out.

A cookie says for which account, under a tag of the vault's; nothing of it is stored here. It opens
nothing: the password is due as ever. But whoever brings it waits apart from strangers, and what
they get wrong is counted apart. With another password it says nothing any more.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

from node import challenges
from node.node import Node
from node.store import accounts as rows
from node.store.accounts import AccountRow
from protocol.encoding import base64url, from_base64url
from protocol.errors import Malformed

LASTING = 365 * 86_400
"""Seconds from signing in there to when a browser is none of these any more."""

_PURPOSE = "device"


async def cookie(node: Node, account: str, now: int) -> str:
    """What a browser is given in which somebody has just signed in; empty for no account."""
    async with node.store.read() as connection:
        row = await rows.get(connection, account)
    if row is None:
        return ""
    return base64url(challenges.make(node.vault, _PURPOSE, _whom(row), now, LASTING))


def mark(node: Node, account: AccountRow, cookie: str, now: int) -> bytes:
    """By what a browser of this account is known; empty where it is none."""
    try:
        said = from_base64url(cookie, challenges.SIZE)
    except Malformed:
        return b""
    return said if challenges.holds(node.vault, _PURPOSE, _whom(account), said, now) else b""


def _whom(account: AccountRow) -> str:
    return f"{account.id} {(account.password_sealed or b'').hex()}"
