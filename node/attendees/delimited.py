"""CSV as the ticket tools write it: any of four delimiters, cells with line breaks in them.

Lines mean nothing here. Cells hold LF, CR, U+2028 or NUL, so only the csv module may say where a
record ends; `splitlines` once read 797 rows where there were 584.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator

import charset_normalizer
import clevercsv

from node.attendees.headers import recognise
from node.attendees.table import MAX_COLUMNS, Table, make_table
from node.errors import UserError
from protocol.english import English

DELIMITERS = (",", ";", "\t", "|")
_NAMES = {
    ",": English("comma"),
    ";": English("semicolon"),
    "\t": English("tab"),
    "|": English("vertical bar"),
}

_MAX_DELIMITERS = 2**17
"""In one record, those that its cells hold included; a cell of the csv module is no longer."""

_SAMPLE = 2**14
"""Characters shown to the guessing libraries, whose cost grows faster than the file."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNCLEAR = English(
    "The file's characters are unclear. Export the list as CSV in UTF-8, or as .xlsx."
)
_SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n")
"""The first line by which some tools tell a spreadsheet program the delimiter."""

_NEUTRALISED = re.compile(r"'(?=[@+=%-]|\\\|)(?:[^|\\]|\\\||\\(?!\|))*\Z", re.DOTALL)
"""A cell as the csv writer of pretix leaves it: no `|` without a backslash before it."""


def read_delimited(data: bytes) -> Table:
    """Read a CSV file.

    Raises:
        UserError: it is no text, no table, or a quotation mark is missing somewhere.
    """
    text, encoding = _decode(data)
    separator = _SEPARATOR_LINE.match(text)
    if separator:
        text = text[separator.end() :]
    delimiter = separator[1] if separator else _delimiter(text)
    form = English.joined(["CSV", encoding, _NAMES[delimiter]])
    cells = ([restore(cell) for cell in record] for record in _records(text, delimiter))
    return make_table(cells, form, short_rows=False)


def restore(cell: str) -> str:
    r"""Take back what pretix does to a cell that a spreadsheet could run as a formula.

    It puts `'` before a cell that starts with one of `@+-=|%`, and writes each `|` in it as `\|`.
    A cell that starts with `'` and a letter is a name such as 't Hooft; one with a bare `|` was
    never neutralised. Somebody who really typed `'=` cannot be told apart.
    """
    if _NEUTRALISED.match(cell):
        return cell[1:].replace("\\|", "|")
    return cell


def _decode(data: bytes) -> tuple[str, str]:
    """UTF-8 where the bytes allow it, which chance hardly ever does; a guess otherwise."""
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        return data.decode(encoding), encoding.removesuffix("-sig").upper()
    except UnicodeDecodeError as error:
        guess = charset_normalizer.from_bytes(data[:_SAMPLE]).best()
        if guess is None or b"\x00" in data:
            raise UserError(_UNCLEAR) from error
    try:
        return data.decode(guess.encoding), guess.encoding
    except UnicodeDecodeError as error:
        raise UserError(_UNCLEAR) from error


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of the text; strict, so that a missing quotation mark swallows no rows."""
    lines = _Lines(text, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                "Record %(number)s of the CSV file cannot be read: a quotation mark is missing or "
                "misplaced there, or the file was cut. Export the list again, or as .xlsx.",
                number=number,
            ) from error
        lines.delimiters = 0
        yield record


class _Lines:
    """The lines of a text, as far as those of one record could still be a row.

    The csv module splits a record whole before anybody can count its cells, and a file of
    delimiters alone takes thirty times its size then.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._delimiter = delimiter
        self.delimiters = 0
        """Those in the lines of the record at hand."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.delimiters += line.count(self._delimiter)
        if self.delimiters > _MAX_DELIMITERS:
            raise UserError(
                "A row has far more than %(most)s columns. Export the list anew.", most=MAX_COLUMNS
            )
        return line


def _delimiter(text: str) -> str:
    """The delimiter under which most headers are known; else what clevercsv makes of the text."""
    scores = {delimiter: _known_headers(text, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best]:
        return best
    # clevercsv takes no NUL, which cells do hold.
    sample = _whole_records(text).replace("\0", " ")
    guess = clevercsv.Sniffer().sniff(sample, delimiters="".join(DELIMITERS))
    if guess is None or guess.delimiter not in DELIMITERS:
        raise UserError(
            "This is no list with a header that is known here. Export the list as CSV in UTF-8 "
            "with its header row, or as .xlsx."
        )
    return str(guess.delimiter)


def _known_headers(text: str, delimiter: str) -> int:
    try:
        header = next((r for r in _records(text, delimiter) if any(r)), [])
    except UserError:
        return 0
    return sum(recognise(cell) is not None for cell in header[:MAX_COLUMNS])


def _whole_records(text: str) -> str:
    """The sample without its last line, which the cut may have torn."""
    if len(text) <= _SAMPLE:
        return text
    return text[:_SAMPLE].rpartition("\n")[0] or text[:_SAMPLE]
