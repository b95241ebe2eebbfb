"""Time as the node reckons it: Unix seconds, and the UTC calendar day that they fall on.

The clock itself is read at the edge only: by commands and by the service.
"""

import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day


def now() -> int:
    """The present, in Unix seconds."""
    return int(time.time())


def noon(day: date) -> int:
    """The middle of a UTC calendar day, of which no time is known, in Unix seconds."""
    return int(datetime.combine(day, time_of_day(12), UTC).timestamp())


def day_of(seconds: int) -> date:
    """The UTC calendar day on which a time falls."""
    return datetime.fromtimestamp(seconds, UTC).date()
