"""Which peers' logs are to be followed at once, because something told us that they have grown.

Who told is answered without waiting for it: what goes wrong with the peer's log is no fault of
whoever asked, and is none of its business.
"""

import asyncio
from collections.abc import Callable

INTERVAL = 60
"""Seconds between two pulls of one peer that strangers can cause."""


class Pulls:
    """Wishes to follow peers, to be fulfilled in the background. `clock` never runs back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wanted: dict[bytes, None] = {}
        self._some = asyncio.Event()
        self._doubted: dict[bytes, float] = {}

    def want(self, fingerprint: bytes) -> None:
        """Follow this peer soon: its own key said that its log has grown."""
        self._wanted[fingerprint] = None
        self._some.set()

    def doubt(self, fingerprint: bytes) -> None:
        """Somebody names a key that this peer's log, as held, has not: once a minute, look."""
        last = self._doubted.get(fingerprint)
        if last is None or self._clock() - last >= INTERVAL:
            self._doubted[fingerprint] = self._clock()
            self.want(fingerprint)

    async def next(self) -> list[bytes]:
        """Wait for wishes, and take all that there are."""
        await self._some.wait()
        self._some.clear()
        wanted, self._wanted = list(self._wanted), {}
        return wanted
