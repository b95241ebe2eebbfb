"""What stands in the columns of a list, so that people see whether each is read as it should be.

A few values of each column are looked at, as they stand in the file. They go back to whoever
handed the list over, and are kept nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from node.attendees.columns import Column
from node.attendees.headers import HANDLES, Role
from node.attendees.rows import BETWEEN_HANDLES
from node.attendees.table import Table
from protocol.identifiers import InvalidIdentifier, canonicalise

LOOKED_AT = 100
"""Values of a column that are looked at, the first ones."""

SAMPLES = 2
"""Values of a column that are shown."""

LONGEST = 60
"""Characters of a value that is shown."""

Alike = Literal["email", "phone", "matrix", "fediverse", "handle"]
"""What values of a column look like; `handle`: of which platform, they do not say."""


@dataclass(frozen=True)
class Look:
    """What stands in one column.

    `readable`: how many of the `looked_at` values can be read as what the column is said to hold;
    None where it is said to hold no address and no handle. `looks_like`: what most values of a
    column look like that is left aside; None where that is nothing known.
    """

    samples: tuple[str, ...] = field(repr=False)
    looked_at: int
    readable: int | None
    looks_like: Alike | None


def look(table: Table, column: Column, region: str | None) -> Look:
    """Look at the first values of a column."""
    filled = (cell for row in table.rows if (cell := row.cells[column.index].strip()))
    values = list(islice(filled, LOOKED_AT))
    readable = None
    if column.role in {Role.EMAIL, Role.PHONE, *HANDLES}:
        readable = sum(_reads(str(column.role), value, region) for value in values)
    looks_like = None if column.role is not None else _most(values)
    samples = tuple(_shortened(value) for value in dict.fromkeys(values[: SAMPLES + 1]))
    return Look(samples[:SAMPLES], len(values), readable, looks_like)


def _reads(kind: str, value: str, region: str | None = None) -> bool:
    parts = BETWEEN_HANDLES.split(value) if kind in HANDLES else [value]
    return any(_is(kind, part, region) for part in parts if part)


def _is(kind: str, value: str, region: str | None = None) -> bool:
    try:
        canonicalise(kind, value, region=region)
    except InvalidIdentifier:
        return False
    return True


def _most(values: Sequence[str]) -> Alike | None:
    """What more than half of some values look like."""
    found = [_alike(value) for value in values]
    best = max(set(found), key=found.count, default=None)
    return best if found.count(best) * 2 > len(found) else None


def _alike(value: str) -> Alike | None:
    if value.startswith(("@", "http://", "https://")):
        return _handle(value)
    if value.startswith("+"):
        return "phone" if _is("phone", value) else None
    return "email" if "@" in value and _is("email", value) else None


def _handle(value: str) -> Alike | None:
    if _is("fediverse", value):
        return "fediverse"
    if _is("matrix", value):
        return "matrix"
    return "handle" if any(_is(str(kind), value) for kind in HANDLES) else None


def _shortened(value: str) -> str:
    # A cell may hold a lone surrogate, which UTF-8 has no bytes for.
    said = " ".join(value.encode("utf-8", "replace").decode().split())
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
