"""The report of a screening: safe to open in a spreadsheet program, and naming nobody.

Cells come partly from strangers. No cell begins like a formula, nor does anything in a cell after
what another program could take for a delimiter; control, invisible and direction characters are
gone. Order codes stay as they are in CSV, where they are text; a spreadsheet program that opens
CSV may still show `3E789` as a number, so that it should be given xlsx, where they are text cells.
"""

import csv
import io
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import openpyxl
from openpyxl.cell import WriteOnlyCell

from node.errors import UserError, cause


@dataclass(frozen=True)
class ReportLine:
    """One line of the report: no name, no address of anybody's, no measure."""

    row: int | None
    """1 for the first data row of the list; None where the line is about the list or a peer."""
    order_code: str
    outcome: str
    issuer: str
    contact: str
    finding: str
    """The id under which the node holds the finding; empty where there is none."""


_FORMULA = re.compile(
    "(^|[,;|\"'\\s])(?=[=+@%|-]|[\uff1d\uff0b\uff0d\uff20\uff05\uff5c\ufe66\ufe62\ufe63\ufe6b\ufe6a])"
)
"""Where a formula could begin; the second class is the full-width and small forms."""

_FORMATS = (".csv", ".xlsx")

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def neutralise(text: str) -> str:
    """`text` in a form that no spreadsheet program evaluates and no terminal obeys."""
    seen = (" " if unicodedata.category(c) in _UNSEEN else c for c in text)
    return _FORMULA.sub(r"\1'", " ".join("".join(seen).split()))


def check_report(path: Path, source: Path) -> None:
    """Make sure, before anybody is asked, that a report can be written to `path`.

    Args:
        path: where to.
        source: the attendee list, which is never overwritten.

    Raises:
        UserError: `path` ends in neither `.csv` nor `.xlsx`, is the list itself, or its folder does
            not exist or cannot be written to.
    """
    if path.suffix.casefold() not in _FORMATS:
        raise UserError("The report %(path)s has to end in .csv or in .xlsx.", path=path)
    _spare(source, path)
    if not path.parent.is_dir():
        raise UserError(
            "The report %(path)s cannot be written: there is no folder %(folder)s.",
            path=path,
            folder=path.parent,
        )
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError("The report %(path)s cannot be written there.", path=path)


def write_report(path: Path, lines: Iterable[ReportLine], *, source: Path | None = None) -> None:
    """Write the report as xlsx where `path` ends in `.xlsx`, else as CSV; all of it or nothing.

    Args:
        path: where to; what is there is replaced. Only the owner may read it (mode 0600).
        lines: the report, in the list's order.
        source: the attendee list, which is never overwritten.

    Raises:
        UserError: `path` is the list itself, or cannot be written.
    """
    content = report(lines, path.suffix.casefold())
    try:
        if source is not None:
            _spare(source, path)
        _replace(path, content)
    except OSError as error:
        raise UserError(
            "The report %(path)s cannot be written: %(cause)s.", path=path, cause=cause(error)
        ) from error


def report(lines: Iterable[ReportLine], suffix: str) -> bytes:
    """The report as a file: xlsx where `suffix` is `.xlsx`, else CSV."""
    table = [tuple(field.name.replace("_", " ") for field in fields(ReportLine))]
    table += [
        tuple("" if value is None else neutralise(str(value)) for value in astuple(line))
        for line in lines
    ]
    return _workbook(table) if suffix == ".xlsx" else _delimited(table)


def _spare(source: Path, path: Path) -> None:
    if path.exists() and path.samefile(source):
        raise UserError(
            "The report %(path)s would overwrite the attendee list. Choose another.", path=path
        )


def _delimited(table: Iterable[tuple[str, ...]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    return out.getvalue().encode()


def _workbook(table: Iterable[tuple[str, ...]]) -> bytes:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Report")
    for row in table:
        cells = [WriteOnlyCell(sheet, value) for value in row]
        for cell in cells:
            cell.data_type = "s"
            cell.number_format = "@"
        sheet.append(cells)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write beside `path` and rename, so that a full disk or a crash leaves the old file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
