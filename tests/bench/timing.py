"""Medians of interleaved repeats, two threads to measure with, and a table to read."""

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor


def medians(tasks: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each task, run in turn with the others `repeats` times.

    In turn, so that a machine that slows down meanwhile slows down all of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            gc.collect()
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def two_threads() -> ThreadPoolExecutor:
    """Two threads, each on a processor of its own where the system lets us say so (Linux).

    Left alone, the scheduler often wakes both on one processor and moves one of them only after
    some of these short tasks are over: the same work then takes anything from 19 to 37 ms.
    """
    if not hasattr(os, "sched_setaffinity"):
        return ThreadPoolExecutor(2)
    processors = sorted(os.sched_getaffinity(0))
    turns = iter([processors[0], processors[-1]])
    return ThreadPoolExecutor(2, initializer=lambda: os.sched_setaffinity(0, {next(turns)}))


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in [heading, rule, *rows]
    )
