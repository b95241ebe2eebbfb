"""Counts that are shown without giving a small one away, also to whoever subtracts.

A table is a number of cells that exclude each other, and its total is known: of most of them
whoever reads the log can count it. So a small cell that stood alone in being held back would be
the total less the others. The rule:

1. A cell under `FEW` is held back, an empty one like all others, unless all of these are empty.
2. Where what is held back sums to less than `FEW`, or to the most that so many small cells can
   hold, the smallest of the other cells is held back as well, with all that equal it.

What is held back is never determined by what is shown, not even for somebody who knows this rule:

- held back by step 1 alone, cells of 0 to 4 have a sum that leaves each of them two values;
- with larger ones from step 2, they are not all equal, and would be held back in any order;
- where there is no larger one, the total is under `FEW`, and any cells of that total would be held
  back; or every cell holds four, and one of them could as well hold all of the total but one.

Nor is their sum a small number, unless the total is. Why so: docs/decisions/0010.
"""

from collections.abc import Mapping

FEW = 5
"""The smallest number that is shown."""


def suppressed(cells: Mapping[str, int]) -> dict[str, int | None]:
    """The cells of a table of two or more as they may be shown; None is held back."""
    held = _held_back(cells)
    return {name: None if name in held else count for name, count in cells.items()}


def _held_back(cells: Mapping[str, int]) -> set[str]:
    small = {name for name, count in cells.items() if count < FEW}
    others = [count for count in cells.values() if count >= FEW]
    together = sum(cells[name] for name in small)
    if together == 0:
        return set()
    if not others or FEW <= together < (FEW - 1) * len(small):
        return small
    return small | {name for name, count in cells.items() if count == min(others)}
