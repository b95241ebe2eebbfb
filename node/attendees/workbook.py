"""xlsx workbooks, which are zip archives of XML and can be built to hurt their reader."""

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from node.attendees.headers import Owner, Role, recognise
from node.attendees.table import MAX_CELLS, Table, make_table
from node.errors import UserError
from protocol.english import English

MAX_UNPACKED = 64 * 2**20
"""Bytes of all parts of the archive together, unpacked."""

MAX_PARTS = 1_000
MAX_SHEETS = 64

MAX_NUMBER = 2**20
"""The last row of a sheet; office programs save empty ones down to there."""

_HEADER_WITHIN = 100
"""Rows of a sheet among which its header is looked for."""

_CHUNK = 2**20
_DOCTYPE = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the libraries raise at a damaged or encrypted file; they promise no smaller set."""


def read_workbook(data: bytes) -> Table:
    """Read the sheet that names attendees, of a workbook whose formulas are never evaluated.

    Raises:
        UserError: the workbook is damaged, encrypted, too large unpacked, or declares entities.
    """
    try:
        _inspect(data)
        return _read(data)
    except _DAMAGED as error:
        raise UserError(
            "The workbook cannot be read: it is damaged, encrypted, or no .xlsx. Export it again, "
            "or as CSV."
        ) from error


def _inspect(data: bytes) -> None:
    """Refuse what would grow without bound, before any XML is parsed.

    The sizes are those of the archive's directory: zipfile never reads past them. XML of office
    programs has no document type, so that no entity can be declared at all.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise UserError("The workbook unpacks to far too much. Export the list as CSV.")
        if "xl/workbook.xml" not in archive.namelist():
            raise UserError("This is no .xlsx workbook. Export the list as CSV or as .xlsx.")
        for part in parts:
            with archive.open(part) as stream:
                _refuse_document_type(stream)


def _refuse_document_type(stream: Any) -> None:
    tail = b""
    while chunk := stream.read(_CHUNK):
        if any(mark in tail + chunk for mark in _DOCTYPE):
            raise UserError("The workbook declares XML entities. Export the list again.")
        tail = chunk[-32:]


def _read(data: bytes) -> Table:
    with warnings.catch_warnings():
        # openpyxl warns of styles and extensions that it leaves out; none of them holds a cell.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        with closing(workbook):
            sheets = workbook.worksheets[:MAX_SHEETS]
            for sheet in sheets:
                # The stated dimensions may be anything, up to 17 billion cells.
                sheet.reset_dimensions()
            best = max(sheets, key=_attendee_headers)
            form = English('xlsx, sheet "%(title)s"', title=best.title)
            return make_table(_records(best), form, short_rows=True)


def _attendee_headers(sheet: Any) -> tuple[int, int]:
    """How many headers of a sheet name an attendee, and how many are known at all."""
    header = next(filter(any, islice(_records(sheet), _HEADER_WITHIN)), [])
    known = [found for found in map(recognise, header) if found is not None]
    naming = (Role.NAME, Role.GIVEN_NAME, Role.FAMILY_NAME, Role.EMAIL)
    return sum(f.owner is Owner.ATTENDEE and f.role in naming for f in known), len(known)


def _records(sheet: Any) -> Iterator[list[str]]:
    """The rows of a sheet, with the empty ones that it leaves out between those it numbers.

    Raises:
        UserError: a number, or what stands before a cell, is beyond what a sheet can hold: a
            kilobyte can number two rows a billion apart.
    """
    gone_through = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        gone_through += len(values)
        if number > MAX_NUMBER or gone_through > MAX_CELLS:
            raise UserError("The sheet has far too many rows or cells. Export the list as CSV.")
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _text(value: object) -> str:
    """The text of a cell; spreadsheets turn order codes of digits into numbers."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)
