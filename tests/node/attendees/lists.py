"""Lists built by the tests, and the way from the bytes of a file to its rows."""

import csv
import io
from collections.abc import Iterable, Sequence

import openpyxl

from node.attendees.columns import propose
from node.attendees.reading import read_table
from node.attendees.rows import AttendeeRow, attendee_rows

PRETIX = (
    "Order code", "Position ID", "Status", "Email", "Phone number", "Attendee name",
    "Attendee name: Given name", "Attendee name: Family name", "Attendee email",
    "Add-on to position ID", "GitHub handle",
)  # fmt: skip
"""The columns of pretix's list of positions that anything is read from."""


def rows_of(data: bytes, overrides: Iterable[str] = ()) -> list[AttendeeRow]:
    table = read_table(data)
    rows = attendee_rows(table, propose(table, overrides))
    assert len(rows) == len(table.rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    return rows


def csv_list(*records: Sequence[str], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(records)
    return out.getvalue().encode(encoding)


def xlsx_list(*records: Sequence[object], title: str = "Sheet") -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet(title, 0)
    for record in records:
        sheet.append(list(record))
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def values(row: AttendeeRow, kind: str, whose: str) -> list[str]:
    return [c.raw for c in row.candidates if (c.kind, c.whose) == (kind, whose)]
