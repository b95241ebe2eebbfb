"""How fast one key may ask (SPEC.md, section 8, "Budgets").

Every request leaves a nonce behind for more than a day, and an evaluation leaves a charge. Without
a bound on requests, those that cost no budget could fill the database.
"""

from dataclasses import dataclass, field

from protocol.errors import OverBudget

REQUESTS = 600
"""Requests that one key may sign within an interval: ten times what a large event needs."""

INTERVAL = 600
"""Seconds."""


@dataclass
class Pace:
    """Counts requests by key, of the interval at hand alone. A restart begins anew."""

    _interval: int = 0
    _asked: dict[str, int] = field(default_factory=dict)

    def take(self, keyid: str, now: int) -> None:
        """Count an authentic request at a time (Unix seconds).

        Raises:
            OverBudget: the key has signed as many in this interval as it may.
        """
        # By the clock and for all keys alike, so that nothing is kept of earlier ones. A clock that
        # was set back allows nothing anew.
        interval = max(self._interval, now // INTERVAL)
        if interval > self._interval:
            self._interval = interval
            self._asked.clear()
        asked = self._asked.get(keyid, 0)
        if asked >= REQUESTS:
            wait = (interval + 1) * INTERVAL - now
            raise OverBudget("too many requests: come back in some minutes", wait)
        self._asked[keyid] = asked + 1
