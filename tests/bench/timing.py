"""Medians of interleaved repeats, and a table to read them in."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


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


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in [heading, *rows]) for column in range(len(heading))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in [heading, rule, *rows]
    )
