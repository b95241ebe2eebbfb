"""What a node does unasked. A task that fails says so in the log, and tries again in its time."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

import structlog

from node.errors import UserError
from protocol.errors import ComityError

_log = structlog.get_logger()


async def attempt(task: str, work: Awaitable[object], **about: str) -> bool:
    """Do it; whatever it raises is logged under the task's name. Whether it succeeded.

    The log holds the words of our own errors only, which never quote personal data.
    """
    try:
        await work
    except (ComityError, UserError) as error:
        _log.warning("failed", task=task, why=str(error), **about)
    except Exception as error:  # noqa: BLE001 - one task's defect must not stop the others
        log_unexpected(task, error, **about)
    else:
        return True
    return False


def log_unexpected(task: str, error: Exception, **about: str) -> None:
    """Log what nobody expected by its class and place only: its words may hold a name."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    _log.error("unexpected", task=task, error=type(error).__name__, at=at, **about)


async def repeat(task: str, interval: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do it now and `interval` seconds after each time it was done, until cancelled."""
    while True:
        await attempt(task, work())
        await asyncio.sleep(interval)


@asynccontextmanager
async def running(tasks: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run tasks beside the block; at its end they are cancelled, and have ended."""
    started = [asyncio.create_task(task) for task in tasks]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)
