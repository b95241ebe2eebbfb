"""Where passwords of accounts are tried: what strangers can ask for is bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from node.errors import ComeLater
from node.officers import MOST_WRONG, PATIENCE

MOST_AT_DOOR = 16
"""Passwords that wait to be tried at a time."""

MOST_NAMES = 10_000
"""Names for which it is remembered that wrong passwords were given."""


class Door:
    """Passwords are tried one at a time, and after some wrong ones none for that name.

    It forgets with the process, and the names that were tried first where there are very many.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._wrong: dict[bytes, list[int]] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn; as each takes 256 MiB, it is one at a time."""
        if self._waiting >= MOST_AT_DOOR:
            raise ComeLater("many are signing in at this moment: try again in a minute")
        self._waiting += 1
        try:
            async with self._lock:
                yield
        finally:
            self._waiting -= 1

    def is_shut(self, name: bytes, now: int) -> bool:
        """Whether too many wrong passwords were given for a name, known by its tag."""
        recent = [at for at in self._wrong.get(name, []) if now - at <= PATIENCE]
        return len(recent) >= MOST_WRONG

    def wrong(self, name: bytes, now: int) -> None:
        """Note a wrong one."""
        tried = [*self._wrong.pop(name, []), now][-MOST_WRONG:]
        self._wrong[name] = tried  # last, as the one that was tried last
        while len(self._wrong) > MOST_NAMES:
            del self._wrong[next(iter(self._wrong))]
