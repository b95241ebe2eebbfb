"""What the node says of itself: one JSON object a line on standard error, nothing about people.

Our own lines are written for that. What libraries log is not: it may quote addresses, parameters
or what a peer sent, so of their lines only the place and the kind of error are kept.
"""

import logging
import sys
from typing import TextIO

import structlog


def configure(stream: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Send all logging to `stream`. Called once, by whatever is run."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    logging.basicConfig(handlers=[_Libraries()], level=max(level, logging.WARNING), force=True)


class _Libraries(logging.Handler):
    """Reduces what libraries log to where they did."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().warning(
            "library",
            logger=record.name,
            at=f"{record.module}:{record.lineno}",
            error=None if error is None else error.__name__,
        )
