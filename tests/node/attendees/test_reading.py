"""Files of every making: each is read whole, or refused in words."""

import io
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.attendees import table as limits
from node.attendees import workbook as workbook_module
from node.attendees.delimited import DELIMITERS, restore
from node.attendees.reading import read_table
from node.attendees.rows import EMPTY, State
from node.errors import UserError
from tests.node.attendees.lists import PRETIX, csv_list, rows_of, saved, values, xlsx_list

HEADER = ("Name", "Email", "Notes")
HARD_CELLS = [
    "two\nlines",
    "two\r\nlines",
    "bare\rreturn",
    "line\u2028separator",
    "next\x85line",
    "nul\x00byte",
    "\ufeffmark",
    "\x1b[31mred",
    'a "quoted", b; c | d\te',
    "\u202eoverride",
]
cells = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=60)
@given(
    records=st.lists(st.tuples(cells, cells, cells), max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
)
def test_whatever_cells_hold_each_record_is_one_row(
    records: list[tuple[str, str, str]], delimiter: str
) -> None:
    """Whatever is in the cells, as many rows come out as went in, in order, unaltered."""
    read = read_table(csv_list(HEADER, *records, ("last", "", ""), delimiter=delimiter))
    assert [row.cells for row in read.rows[:-1]] == [
        tuple(restore(cell) for cell in record) for record in records
    ]


@settings(max_examples=150)
@given(
    data=st.binary(max_size=200)
    | st.text("ab,;|\t\"'\\\n\r\0").map(str.encode)
    | st.binary(max_size=60).map(lambda b: b"PK\x03\x04" + b)
)
def test_no_bytes_bring_anything_but_a_list_or_words(data: bytes) -> None:
    """Garbage is refused with a message, never a traceback."""
    with suppress(UserError):
        assert read_table(data).header


@given(
    cell=st.text(alphabet="@+=-%|\\'ab1 ", min_size=1, max_size=8)
    .filter(lambda cell: cell[0] in "@+=-%|")
    .filter(lambda cell: "\\|" not in cell)
)
def test_a_neutralised_cell_is_restored(cell: str) -> None:
    """What pretix put before and into a cell is taken back exactly."""
    assert restore("'" + cell.replace("|", "\\|")) == cell


@pytest.mark.parametrize(
    "cell", ["'t Hooft", "'", "O'Neil", "'=a|b", "=eve", "\\|x", "plain", "", "'|x"]
)
def test_a_cell_that_was_not_certainly_neutralised_stays(cell: str) -> None:
    """A real apostrophe is part of the name."""
    assert restore(cell) == cell


def test_an_apostrophe_in_xlsx_is_what_somebody_typed() -> None:
    """In CSV alone does pretix put one there."""
    (row,) = rows_of(xlsx_list(("Name", "GitHub handle"), ("x", "'@octo-fake")))
    assert values(row, "github", "attendee") == ["'@octo-fake"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_hard_cells_survive_every_delimiter_and_unicode_encoding(
    delimiter: str, encoding: str
) -> None:
    """Line breaks of seven kinds, NUL and direction marks make no row more and no row fewer."""
    records = [(f"n{i}", f"p{i}@example.org", cell) for i, cell in enumerate(HARD_CELLS)]
    read = read_table(csv_list(HEADER, *records, delimiter=delimiter, encoding=encoding))
    assert [row.cells for row in read.rows] == records


def test_an_old_encoding_is_guessed_and_named() -> None:
    """A list in a Windows code page is read, and the description says what was assumed."""
    people = [(f"Jürgen Größe {i}", f"p{i}@example.org", "Straße, später, für") for i in range(40)]
    read = read_table(csv_list(HEADER, *people, encoding="cp1252"))
    assert read.rows[0].cells[0] == "Jürgen Größe 0"
    assert "UTF-8" not in read.form


def test_a_line_that_names_the_separator_is_obeyed() -> None:
    """Some tools write `sep=;` first for spreadsheet programs."""
    read = read_table(b"sep=;\r\n" + csv_list(HEADER, ("a", "b@example.org", ""), delimiter=";"))
    assert read.header == HEADER
    assert len(read.rows) == 1


def test_unknown_headers_leave_the_delimiter_to_clevercsv() -> None:
    """A list with headers of nobody's is still split, for columns named by hand."""
    data = csv_list(
        ("wer", "wo", "was"), *[(f"a{i}", f"b{i}@example.org", "c d") for i in range(2000)],
        delimiter=";",
    )  # fmt: skip
    rows = rows_of(data, ["wo=email"])
    assert len(rows) == 2000
    assert values(rows[3], "email", "attendee") == ["b3@example.org"]


def test_row_35_an_empty_file_is_refused() -> None:
    """Nothing at all, and nothing but white space, is no list."""
    for data in (b"", b" \r\n\t\n", b"\xef\xbb\xbf", b",,\r\n,,\r\n"):
        with pytest.raises(UserError):
            read_table(data)


def test_row_35_a_header_without_rows_is_an_empty_list() -> None:
    """It is read, and has no row that could match."""
    assert rows_of(csv_list(HEADER)) == []
    assert rows_of(xlsx_list(HEADER)) == []


def test_row_35_an_empty_row_between_others_is_counted_and_skipped() -> None:
    """It neither vanishes nor matches; blank lines after the last are no rows."""
    data = csv_list(HEADER, ("a", "", ""), ("", " ", ""), (), ("b", "", ""), (), ())
    assert [(row.state, row.reason) for row in rows_of(data)] == [
        (State.LIVE, None),
        (State.SKIPPED, EMPTY),
        (State.SKIPPED, EMPTY),
        (State.LIVE, None),
    ]


@pytest.mark.parametrize("record", [("a",), ("a", "b@example.org", "", "more")])
def test_a_ragged_row_is_unchecked(record: tuple[str, ...]) -> None:
    """Where cells are missing or left over, what stands where is a guess."""
    good = ("n", "n@example.org", "")
    rows = rows_of(csv_list(HEADER, good, record, good))
    assert [row.state for row in rows] == [State.LIVE, State.UNCHECKED, State.LIVE]
    assert "cells" in (rows[1].reason or "")


def test_an_oversized_cell_leaves_its_row_unchecked() -> None:
    """One long answer does not cost the whole list, and is not passed over."""
    long = "x" * (limits.MAX_CELL + 1)
    rows = rows_of(csv_list(HEADER, ("a", "a@example.org", long), ("b", "b@example.org", "")))
    assert [row.state for row in rows] == [State.UNCHECKED, State.LIVE]


@pytest.mark.parametrize(
    "data",
    [
        b'Name,Email\r\n"open,a@example.org\r\nb,b@example.org\r\n',
        b'Name,Email\r\n"a" b,a@example.org\r\n',
        b'Name,Email\r\n"' + b"x" * 200_000 + b'",a@example.org\r\n',
    ],
    ids=["unterminated", "text after a quote", "huge"],
)
def test_a_broken_quotation_is_refused_rather_than_swallowing_rows(data: bytes) -> None:
    """The message names the record and nothing that is in it."""
    with pytest.raises(UserError, match="Record 2") as caught:
        read_table(data)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7 ...", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"PK\x03\x04junk"]
)
def test_other_formats_are_named_as_such(data: bytes) -> None:
    """The message says which formats are read."""
    with pytest.raises(UserError, match="CSV"):
        read_table(data)


def test_limits_hold_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes, rows or columns are refused."""
    with pytest.raises(UserError, match="MiB"):
        read_table(bytes(limits.MAX_BYTES + 1))
    with pytest.raises(UserError, match="columns"):
        read_table(csv_list(("Email",) * (limits.MAX_COLUMNS + 1)))
    monkeypatch.setattr(limits, "MAX_ROWS", 5)
    with pytest.raises(UserError, match="rows"):
        read_table(csv_list(HEADER, *[("a", "b", "c")] * 6))
    with pytest.raises(UserError, match="rows"):
        read_table(csv_list(HEADER, *[()] * 6, ("a", "b", "c")))


@pytest.mark.parametrize("piece", [",", '"\n",'], ids=["one line", "line breaks in cells"])
def test_a_record_of_delimiters_is_refused_before_it_is_split(piece: str) -> None:
    """Megabytes of them in one record would take gigabytes as cells."""
    for start in ("", "Name,Email\r\n"):
        data = (start + piece * 2**21).encode()
        tracemalloc.start()
        with pytest.raises(UserError):
            read_table(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 6 * len(data) + 2**23


def test_a_wide_header_over_short_rows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each short row is filled up to the header, however little stands in the file."""
    monkeypatch.setattr(limits, "MAX_CELLS", 1_000)
    with pytest.raises(UserError, match="cells"):
        read_table(csv_list(("Email",) * 100, *[("a@example.org",)] * 11))


def test_text_that_is_no_text_further_down_is_refused() -> None:
    """A guess from the beginning of the file that fails later is no guess."""
    start = csv_list(HEADER, *[("\u6c38\u4e95\u592a\u90ce", "", "")] * 3000, encoding="shift_jis")
    with pytest.raises(UserError, match="UTF-8"):
        read_table(start + b"\x80\xa0\xfd\xff,,\r\n")
    with pytest.raises(UserError, match="UTF-8"):
        read_table(b"\xff\xfeN\x00a\x00\x00\xd8,")


def test_a_zip_archive_of_something_else_is_no_workbook() -> None:
    """An OpenDocument sheet, for one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(UserError, match=r"no \.xlsx"):
        read_table(out.getvalue())


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The same workbook with one part replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


WORKBOOK = xlsx_list(PRETIX, ("ABCDE", 1, "paid", "b@example.org", "", "A B"))


def test_a_zip_bomb_is_refused_before_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive's directory tells its unpacked size."""
    monkeypatch.setattr(workbook_module, "MAX_UNPACKED", 2**20)
    assert rows_of(WORKBOOK)
    bomb = with_part(WORKBOOK, "xl/sharedStrings.xml", bytes(2**21))
    assert len(bomb) < 2**15
    with pytest.raises(UserError, match="unpacks"):
        read_table(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stops where the directory says the part ends, so that a lie breaks the checksum."""
    monkeypatch.setattr(workbook_module, "MAX_UNPACKED", 2**20)
    bomb = with_part(WORKBOOK, "xl/sharedStrings.xml", bytes(2**21))
    lie = bomb.replace((2**21).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lie != bomb
    with pytest.raises(UserError, match="damaged"):
        read_table(lie)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_unread(encoding: str) -> None:
    """No document type, no entity: neither one that grows nor one that reads files."""
    xml = (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]><worksheet>&x;</worksheet>'
    ).encode(encoding)
    with pytest.raises(UserError, match="entities"):
        read_table(with_part(WORKBOOK, "xl/worksheets/sheet1.xml", xml))


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_damaged_parts_are_refused(part: str) -> None:
    """Whatever the library stumbles over becomes one message."""
    with pytest.raises(UserError, match="damaged"):
        read_table(with_part(WORKBOOK, part, b"<worksheet><sheetData><row><c"))


def test_stated_dimensions_are_not_believed() -> None:
    """A sheet that claims 17 billion cells costs what it holds."""
    sheet = zipfile.ZipFile(io.BytesIO(WORKBOOK)).read("xl/worksheets/sheet1.xml")
    claim = sheet.replace(b'ref="A1:K2"', b'ref="A1:XFD1048576"')
    assert claim != sheet
    assert len(rows_of(with_part(WORKBOOK, "xl/worksheets/sheet1.xml", claim))) == 1


def sheet_of(rows: str) -> bytes:
    """A workbook whose sheet has these rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
    return with_part(WORKBOOK, "xl/worksheets/sheet1.xml", sheet.encode())


def text_cell(place: str, value: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'


HEADER_ROW = f'<row r="1">{text_cell("A1", "Name")}{text_cell("B1", "Email")}</row>'


@pytest.mark.parametrize(
    "rows",
    [
        HEADER_ROW + '<row r="1000000000"/>',
        '<row r="1000000000"/>',
        HEADER_ROW + "".join(f'<row r="{n}"><c r="ZZZ{n}"/></row>' for n in range(2, 1_500)),
    ],
    ids=["a row far below", "nothing but that", "cells far to the right"],
)
def test_places_far_off_are_not_walked_to(rows: str) -> None:
    """A kilobyte that numbers a row or a cell far off costs no more than a sheet may hold."""
    with pytest.raises(UserError, match=r"too many|empty"):
        read_table(sheet_of(rows))


def test_an_empty_last_row_of_a_sheet_is_no_row() -> None:
    """Formatting a whole column leaves one there."""
    row = f'<row r="2">{text_cell("A2", "Eve")}{text_cell("B2", "eve@example.org")}</row>'
    last = '<row r="1048576"><c r="A1048576"/></row>'
    assert len(rows_of(sheet_of(HEADER_ROW + row + last))) == 1


def test_the_sheet_with_attendees_is_found_by_its_headers() -> None:
    """Titles are translated, and the first sheet lists orders."""
    workbook = openpyxl.Workbook()
    for title, header in (
        ("Bestellungen", ("Bestellnummer", "Status", "E-Mail", "Telefonnummer", "Name")),
        ("Positionen", ("Bestellnummer", "E-Mail", "Name Teilnehmer*in", "E-Mail Teilnehmer*in")),
        ("Gebühren", ("Bestellnummer", "Status", "E-Mail", "Telefonnummer")),
    ):
        workbook.create_sheet(title).append(header)
    assert 'sheet "Positionen"' in read_table(saved(workbook)).form


def test_a_number_written_with_a_fraction_of_zero_is_whole() -> None:
    """Some programs save an order code of digits as `38973.0`."""
    data = xlsx_list(PRETIX, (38973, 1, "paid", "b@example.org", "", "A B"))
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    saved_anew = sheet.replace(b"<v>38973</v>", b"<v>38973.0</v>")
    assert saved_anew != sheet
    (row,) = rows_of(with_part(data, "xl/worksheets/sheet1.xml", saved_anew))
    assert row.order_code == "38973"


def test_cells_of_other_types_become_text() -> None:
    """An order code of digits stays itself, and cells left out at the end of a row are empty."""
    rows = rows_of(xlsx_list(PRETIX, (38973, 1.0, "paid", "b@example.org", None, "A B")))
    assert rows[0].order_code == "38973"
    assert rows[0].state is State.LIVE
    moments = (datetime(2027, 6, 10, 9, 30), date(2027, 6, 10), 1.5, True)  # noqa: DTZ001 - xlsx
    read = read_table(xlsx_list(("Name", "Start", "Day", "Price", "Paid"), ("A B", *moments)))
    assert read.rows[0].cells == (
        "A B", "2027-06-10 09:30:00", "2027-06-10 00:00:00", "1.5", "True",
    )  # fmt: skip
