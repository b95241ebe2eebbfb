"""Answers that go on for a while, and how many of them one session has at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

MOST = 3
"""Of one session: half of the connections that a browser opens to one address by HTTP/1.1."""


class Streams:
    """A newer answer takes the place of the oldest one of its session, which then ends.

    A browser opens what has ended again after some seconds, so that of many tabs each is told in
    turn how far it is.
    """

    def __init__(self) -> None:
        self._open: list[tuple[bytes, asyncio.Timeout]] = []

    @asynccontextmanager
    async def place(self, session: bytes) -> AsyncIterator[None]:
        """Go on within the block, for as long as there is a place."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as lasting:
                mine = (session, lasting)
                self._open.append(mine)
                self._end_oldest(session)
                try:
                    yield
                finally:
                    if mine in self._open:
                        self._open.remove(mine)

    def _end_oldest(self, session: bytes) -> None:
        for each in [each for each in self._open if each[0] == session][:-MOST]:
            self._open.remove(each)
            each[1].reschedule(asyncio.get_running_loop().time())
