"""Where passwords of accounts are tried: what strangers can ask for is bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from node.errors import ComeLater
from node.officers import MOST_WRONG, PATIENCE

MOST_AT_DOOR = 16
"""Passwords of strangers that wait to be tried at a time."""

MOST_NAMES = 10_000
"""Names for which it is remembered that wrong passwords were given."""


class Door:
    """Passwords are tried one at a time, and after some wrong ones none for that name.

    Whoever is known has a place to wait that no stranger can take, before all strangers but one.
    It forgets with the process, and the names that were tried first where there are very many.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._strangers = asyncio.Lock()
        self._waiting = 0
        self._known: set[bytes] = set()
        self._wrong: dict[bytes, list[int]] = {}

    @asynccontextmanager
    async def turn(self, known: bytes | None) -> AsyncIterator[None]:
        """Wait for one's turn; as each takes 256 MiB, it is one at a time.

        `known`: whose place it is, one each; None for strangers, who wait in one line.

        Raises:
            ComeLater: there is no place.
        """
        async with self._line() if known is None else self._place(known), self._lock:
            yield

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_AT_DOOR:
            raise ComeLater("many are signing in at this moment: try again in a minute")
        self._waiting += 1
        try:
            # The first of the line alone goes on to wait beside those who are known.
            async with self._strangers:
                yield
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def _place(self, known: bytes) -> AsyncIterator[None]:
        if known in self._known:
            raise ComeLater("a password is being tried for you at this moment: try again")
        self._known.add(known)
        try:
            yield
        finally:
            self._known.remove(known)

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
