"""Answering evaluations without holding up the rest of the node.

The group's arithmetic runs in `THREADS` threads (libsodium lets go of the interpreter meanwhile),
in pieces of some 3 ms. A request has all threads while it is alone, and one piece at a time where
there are others, the next only when that is done: so requests take turns, and a small one beside
large ones waits for a few pieces instead of for all of them.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from protocol.errors import Unavailable
from protocol.ristretto import Element
from protocol.voprf import CHUNK, OprfKey, evaluate_chunk, prove

THREADS = 2
"""Threads that compute: each further one would slow down what answers everything else."""

REQUESTS = 32
"""Requests that take turns; further ones wait until one of these is done."""

T = TypeVar("T")


@dataclass(frozen=True)
class Evaluation:
    """The answer to a request: elements evaluated in the order asked, and one proof for all."""

    evaluated: list[Element]
    proof: bytes


class Evaluator:
    """Evaluates requests side by side. One for a node; to be closed at its end."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(THREADS, thread_name_prefix="evaluation")
        # They only wait for the workers and hand out pieces. Were they workers themselves, they
        # could wait for each other for ever.
        self._requests = ThreadPoolExecutor(REQUESTS, thread_name_prefix="evaluation-request")
        self._closing = threading.Event()
        self._running: set[_Turns] = set()

    async def evaluate(self, key: OprfKey, blinded: Sequence[bytes]) -> Evaluation:
        """Evaluate 1 to 4096 blinded elements (32 bytes each) as received, and prove it.

        When the caller is cancelled, as when whoever asked hangs up, the rest is not computed.

        Raises:
            Malformed: an element is not canonical or is the identity, or their number is wrong.
            Unavailable: the node is stopping.

        Source: RFC 9497, section 3.3.2, BlindEvaluate.
        """
        turns = _Turns(self._workers, self._closing, self._running)
        self._running.add(turns)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._requests, _evaluate, key, blinded, turns.map)
        finally:
            self._running.remove(turns)
            turns.given_up.set()

    def close(self) -> None:
        """Break off what is being computed, and end the threads; takes some milliseconds."""
        self._closing.set()
        self._requests.shutdown()
        self._workers.shutdown()


@dataclass(frozen=True, eq=False)
class _Turns:
    """One request's share of the workers."""

    workers: ThreadPoolExecutor
    closing: threading.Event
    running: Collection["_Turns"]
    given_up: threading.Event = field(default_factory=threading.Event)

    def map(self, function: Callable[..., T], *columns: Sequence[Any]) -> Iterator[T]:
        """Like the builtin, but on the workers, with few pieces waiting at any time."""
        waiting: deque[Future[T]] = deque()
        for piece in zip(*columns, strict=True):
            while len(waiting) >= (THREADS if len(self.running) == 1 else 1):
                yield waiting.popleft().result()
            if self.closing.is_set() or self.given_up.is_set():
                raise Unavailable("the evaluation was broken off")
            waiting.append(self.workers.submit(function, *piece))
        while waiting:
            yield waiting.popleft().result()


def _evaluate(
    key: OprfKey, blinded: Sequence[bytes], run: Callable[..., Iterator[Any]]
) -> Evaluation:
    chunks = [blinded[start : start + CHUNK] for start in range(0, len(blinded), CHUNK)]
    evaluated: list[Element] = []
    for part in run(evaluate_chunk, [key.secret] * len(chunks), chunks):
        evaluated += part
    return Evaluation(evaluated, prove(key, blinded, evaluated, run=run))
