"""Lists of earlier decisions, as a committee keeps them: a CSV, a row for each sanction.

Columns: `identifiers`, `measure`, `scope`; and, where wanted, `in_force_from`, `ends_on`,
`review_by`, `basis`, `notice`, `decided_on`, `decided_by` (BODY:PRESENT:IN_FAVOUR). Several
identifiers, or scopes, of a cell are separated by semicolons. An unknown column is refused: what
would be dropped silently was meant to count.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, cast, get_args

from node import terms
from node.errors import UserError
from node.proposing import Proposal
from node.sanctions import MOST
from protocol.claims import Basis, Measure, ScopeKind
from protocol.encoding import day_from_text
from protocol.errors import Violation
from protocol.identifiers import Identifier, InvalidIdentifier, related

MAX_FILE = 1024 * 1024
"""Bytes of a list of at most `MOST` rows."""

_REQUIRED = ("identifiers", "measure", "scope")
_WANTED = ("in_force_from", "ends_on", "review_by", "basis", "notice", "decided_on", "decided_by")
_COLUMNS = (*_REQUIRED, *_WANTED)

_DAY = "a day such as 2027-03-31"
_DUE = {
    "identifiers": "KIND:VALUE, several separated by semicolons,",
    "scope": f"KIND or KIND:SPACE, KIND one of {', '.join(get_args(ScopeKind))},",
    "measure": f"one of {', '.join(get_args(Measure))}",
    "basis": f"one of {', '.join(get_args(Basis))}",
    "notice": "given, delayed:DATE or unreachable",
    "in_force_from": _DAY,
    "review_by": _DAY,
    "ends_on": f"{_DAY}, or never,",
    "decided_on": _DAY,
    "decided_by": "BODY:PRESENT:IN_FAVOUR",
}
"""What may stand in each column."""


def read(data: bytes, region: str | None = None) -> list[Proposal]:
    """The proposals of a list in UTF-8; `region` is that of phone numbers without a country.

    Raises:
        UserError: it is no such list; which row, and which column. Values are not repeated.
    """
    if len(data) > MAX_FILE:
        raise UserError("this list has more than %(most)s bytes", most=MAX_FILE)
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError("this is not a CSV in UTF-8") from error
    if not 1 <= len(rows) <= MOST:
        raise UserError("a list has 1 to %(most)s rows below its headings", most=MOST)
    _require_columns(list(rows[0]))
    return [_proposal(row, number, region) for number, row in enumerate(rows, start=1)]


def _require_columns(given: list[str | None]) -> None:
    missing = [name for name in _REQUIRED if name not in given]
    unknown = [name for name in given if name not in _COLUMNS]
    if missing or unknown or len(set(given)) != len(given):
        raise UserError(
            "the first row names the columns, each once: %(required)s and, where wanted, "
            "%(others)s",
            required=", ".join(_REQUIRED),
            others=", ".join(_COLUMNS[len(_REQUIRED) :]),
        )


def _proposal(row: Mapping[str, str | None], number: int, region: str | None) -> Proposal:
    if None in row or None in row.values():
        raise UserError(
            "%(place)s: it has more or fewer cells than there are columns", place=_place(number)
        )
    cells = {name: (value or "").strip() for name, value in row.items()}
    column = ""
    try:
        column = "identifiers"
        identifiers = [each for text in _parts(cells[column]) for each in _related(text, region)]
        column = "scope"
        scope = [terms.scope(text) for text in _parts(cells[column])]
        column = "measure"
        measure = _word(cells[column], get_args(Measure))
        column = "basis"
        basis = _word(cells.get(column) or "undisclosed", get_args(Basis))
        column = "notice"
        notice = terms.notice(cells.get(column) or "given")
        days: dict[str, date | None] = {}
        for column in ("in_force_from", "review_by", "decided_on"):
            days[column] = day_from_text(cells[column]) if cells.get(column) else None
        column = "decided_by"
        decided_by = terms.decided_by(cells[column]) if cells.get(column) else None
        column = "ends_on"
        ends_on = _end(cells.get(column, ""))
    except (Violation, ValueError) as error:
        # What an identifier lacks, its own error says, and repeats no value.
        why = f": {error}" if isinstance(error, InvalidIdentifier) else ""
        due = f"{_DUE[column]} is due{why}"
        raise UserError(
            "%(place)s, column %(column)s: %(due)s", place=_place(number), column=column, due=due
        ) from error
    return Proposal(
        identifiers=identifiers,
        measure=cast("Measure", measure),
        scope=scope,
        basis=cast("Basis", basis),
        notice=notice,
        ends_on=ends_on,
        in_force_from=days["in_force_from"],
        review_by=days["review_by"],
        decided_on=days["decided_on"],
        decided_by=decided_by,
        place=_place(number),
    )


def _place(number: int) -> str:
    """A row as errors name it; spreadsheet programs count the header, too."""
    first = "the first" if number == 1 else "row 1 is the first"
    return f"row {number} ({first} below the header)"


def _parts(cell: str) -> list[str]:
    parts = [part.strip() for part in cell.split(";") if part.strip()]
    if not parts:
        raise ValueError("an empty cell")
    return parts


def _related(text: str, region: str | None) -> Sequence[Identifier]:
    kind, colon, value = text.partition(":")
    if not colon:
        raise ValueError("KIND:VALUE is due")
    try:
        return related(kind.strip().lower(), value, region=region)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(terms.why(kind, region, error)) from error


def _word(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError("an unknown word")
    return text


def _end(text: str) -> date | Literal["indefinite"] | None:
    if not text:
        return None
    return "indefinite" if text == "never" else day_from_text(text)
