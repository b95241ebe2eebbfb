"""Make the frozen tables of the identifiers' rules: `python -m tests.vectors.make_tables`.

They are made once, by a Python whose Unicode is 14.0 (3.11) and anyascii 0.3.3. To run this with
anything else is to make another version of the rules; the tests compare, they never overwrite.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from anyascii import anyascii

from protocol.identifiers.text import fold
from tests.paths import ROOT

TABLES = ROOT / "protocol" / "identifiers" / "tables"


def assigned() -> Iterator[int]:
    """All code points but unassigned ones, surrogates and private use."""
    for point in range(0x110000):
        if unicodedata.category(chr(point)) not in {"Cn", "Cs", "Co"}:
            yield point


def ranges(points: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Ascending code points as first and last of each run."""
    first = last = next(points)
    for point in points:
        if point != last + 1:
            yield first, last
            first = point
        last = point
    yield first, last


def rendered(character: str) -> str | None:
    """A letter or mark in a to z; None for whatever else, and for what `fold` changes."""
    if unicodedata.category(character)[0] not in "LM" or fold(character) != character:
        return None
    return re.sub("[^a-z]", "", anyascii(character).lower())


def letters() -> Iterator[str]:
    """The lines of the table."""
    fields: dict[int, list[str]] = {}
    for point in assigned():
        value = rendered(chr(point))
        if value is not None:
            block = fields.setdefault(point >> 8, [])
            block.extend(["."] * ((point & 0xFF) - len(block)))
            block.append(value or "-")
    for number, block in fields.items():
        yield f"{number:x} {' '.join(block)}\n"


def main(folder: Path = TABLES) -> None:
    """Write both tables."""
    lines = [f"{first:x}..{last:x}\n" for first, last in ranges(assigned())]
    (folder / "assigned.txt").write_text("".join(lines), "ascii")
    (folder / "letters.txt").write_text("".join(letters()), "ascii")


if __name__ == "__main__":
    main()
