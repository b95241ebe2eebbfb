"""A table of text cells, with the limits that every reader keeps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from node.errors import UserError
from protocol.english import English

MAX_BYTES = 64 * 2**20
"""Bytes of a file."""

MAX_ROWS = 200_000
"""Data rows of a table."""

MAX_COLUMNS = 512

MAX_CELLS = 2**24
"""Cells of a table, or those gone through for one, empty ones and all."""

MAX_CELL = 32_768
"""Characters of a cell; a spreadsheet holds one fewer."""


@dataclass(frozen=True)
class TableRow:
    """One data row: as many cells as the header has, and what is wrong with them, if anything."""

    cells: tuple[str, ...]
    fault: str | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing but white space is in the row."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """A header, the rows below it in the file's order, and how the file was understood."""

    header: tuple[str, ...]
    rows: tuple[TableRow, ...]
    form: English
    """For people: the format, the character encoding, the delimiter."""


def make_table(records: Iterable[list[str]], form: English, *, short_rows: bool) -> Table:
    """Make a table of records, the first one that is not empty being the header.

    Blank lines and rows without a cell are no rows where nothing follows: spreadsheets save them
    by the thousand.

    Args:
        records: the cells of each record, as they stand in the file; none for a blank line.
        form: how the file was understood, in words.
        short_rows: whether this format leaves out empty cells at the end of a row. Where it does
            not, a short row was cut or shifted, and what is missing cannot be known.

    Raises:
        UserError: there is no header, or there are too many columns, rows or cells.
    """
    remaining = iter(records)
    header = _header(remaining)
    rows: list[TableRow] = []
    empty = 0
    for record in remaining:
        if not record:
            empty += 1
            continue
        rows += [TableRow(("",) * len(header))] * min(empty, MAX_ROWS)
        rows.append(_row(record, len(header), short_rows=short_rows))
        empty = 0
        if len(rows) > MAX_ROWS:
            raise UserError(
                "The list has more than %(thousand)s,000 rows. Split it into several.",
                thousand=MAX_ROWS // 1000,
            )
        if len(rows) * len(header) > MAX_CELLS:
            raise UserError(
                "The list has more than %(most)s cells. Remove some columns.", most=f"{MAX_CELLS:,}"
            )
    return Table(header, tuple(rows), form)


def _header(records: Iterator[list[str]]) -> tuple[str, ...]:
    for record in records:
        cells = [cell.strip() for cell in record]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise UserError(
                "The list has more than %(most)s columns. Remove some.", most=MAX_COLUMNS
            )
        if cells:
            return tuple(cells)
    raise UserError("The list is empty: it has not even a header. Export it again.")


def _row(record: list[str], width: int, *, short_rows: bool) -> TableRow:
    """Fit a record to the header, saying so where that cannot be done without a guess."""
    cells = (record + [""] * (width - len(record)))[:width]
    surplus = any(cell.strip() for cell in record[width:])
    fault = None
    if surplus or (len(record) < width and not short_rows and any(c.strip() for c in record)):
        fault = f"the row has {len(record)} cells where the header has {width}"
    if any(len(cell) > MAX_CELL for cell in cells):
        cells = [cell if len(cell) <= MAX_CELL else "" for cell in cells]
        fault = f"a cell has more than {MAX_CELL:,} characters"
    return TableRow(tuple(cells), fault)
