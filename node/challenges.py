"""What has to be answered once, in time: what a passkey signs, and links that sign in.

A challenge says itself until when it holds, under a tag of the vault's: asking for one stores
nothing, so that strangers can ask for as many as they like. That it was answered is kept until it
would not hold any more.

    nonce    16 bytes, random
    expires  8 bytes, big-endian   Unix seconds
    tag      16 bytes              of purpose, whom it is for, nonce and expires
"""

import hmac
import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from node.store import accounts as rows
from node.vault import Vault

SIZE = 40

_BOUND = "challenges."


def make(vault: Vault, purpose: str, whom: str, now: int, lasting: int) -> bytes:
    """A challenge of `SIZE` bytes for somebody, which holds for so many seconds."""
    said = secrets.token_bytes(16) + (now + lasting).to_bytes(8, "big")
    return said + _tag(vault, purpose, whom, said)


def holds(vault: Vault, purpose: str, whom: str, challenge: bytes, now: int) -> bool:
    """Whether this was asked here of them, and not too long ago."""
    said, tag = challenge[:24], challenge[24:]
    if len(challenge) != SIZE or not hmac.compare_digest(tag, _tag(vault, purpose, whom, said)):
        return False
    return now <= int.from_bytes(said[16:], "big")


async def spend(connection: AsyncConnection, challenge: bytes) -> bool:
    """Use up one that holds, within a writing transaction; False where it was used before."""
    return await rows.spend(connection, challenge[24:], int.from_bytes(challenge[16:24], "big"))


def _tag(vault: Vault, purpose: str, whom: str, said: bytes) -> bytes:
    return vault.tag(_BOUND + purpose, whom.encode() + b"\0" + said)[:16]
