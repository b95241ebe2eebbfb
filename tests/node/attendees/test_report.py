"""The report: nothing in it runs, nobody is in it, and the old file survives a failure."""

import csv
import io
import stat
import unicodedata
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.attendees.report import ReportLine, check_report, neutralise, write_report
from node.errors import UserError
from tests.node.attendees.test_rows import HOSTILE_NAMES

LINE = ReportLine(7, "3E789", "match", "python.example", "coc@python.example", "F-1")
STARTS = "=+-@|%"


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(
    text=st.text(st.characters(), max_size=30) | st.text("=+-@|%\t\r\n;,\"' a1\uff1d", max_size=9)
)
def test_row_26_no_part_of_a_cell_starts_like_a_formula(text: str, delimiter: str) -> None:
    """Not even where a program with another delimiter would begin a cell, nor in wide forms."""
    for part in neutralise(text).split(delimiter):
        begin = unicodedata.normalize("NFKC", part.strip(" \"'")[:1])
        assert begin not in STARTS or not begin or part.lstrip(' "').startswith("'")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_row_26_hostile_cells_are_written_as_harmless_text(tmp_path: Path, suffix: str) -> None:
    """The corpus of hostile names in every text field: no formula, no control, no direction."""
    path = tmp_path / f"report{suffix}"
    write_report(path, [ReportLine(1, name, name, name, name, name) for name in HOSTILE_NAMES])
    if suffix == ".csv":
        cells = [cell for record in read_csv(path)[1:] for cell in record]
    else:
        sheet = openpyxl.load_workbook(path).worksheets[0]
        cells = [str(cell.value) for record in sheet.iter_rows(min_row=2) for cell in record]
        assert {cell.data_type for record in sheet.iter_rows() for cell in record} == {"s"}
    assert len(cells) == 6 * len(HOSTILE_NAMES)
    for cell in cells:
        assert cell[0] not in STARTS
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in cell)


@pytest.mark.parametrize("suffix", [".csv", ".XLSX"])
@pytest.mark.parametrize("code", ["3E789", "38973", "00123", "GIAO-1"])
def test_order_codes_stay_as_they_are(tmp_path: Path, suffix: str, code: str) -> None:
    """Text in CSV, text cells in xlsx: a code that looks like a number is not made one."""
    path = tmp_path / f"report{suffix}"
    write_report(path, [ReportLine(1, code, "nothing_found", "", "", "")])
    if suffix == ".csv":
        assert read_csv(path)[1][1] == code
    else:
        cell = openpyxl.load_workbook(path).worksheets[0]["B2"]
        assert (cell.value, cell.number_format) == (code, "@")


def test_row_25_the_report_has_six_columns_and_no_name(tmp_path: Path) -> None:
    """Row, order code, outcome, issuer, contact, finding: nothing else can be written."""
    path = tmp_path / "report.csv"
    write_report(path, [LINE])
    assert read_csv(path) == [
        ["row", "order code", "outcome", "issuer", "contact", "finding"],
        ["7", "3E789", "match", "python.example", "coc@python.example", "F-1"],
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_attendee_list_is_never_overwritten(tmp_path: Path) -> None:
    """Nor through another name of it."""
    source = tmp_path / "attendees.csv"
    source.write_bytes(b"Name\r\nMia\r\n")
    link, hard = tmp_path / "link.csv", tmp_path / "hard.csv"
    link.symlink_to(source)
    hard.hardlink_to(source)
    for path in (source, link, hard, tmp_path / "." / "attendees.csv"):
        with pytest.raises(UserError, match="overwrite"):
            write_report(path, [LINE], source=source)
    assert source.read_bytes() == b"Name\r\nMia\r\n"


def test_an_older_report_is_replaced_whole(tmp_path: Path) -> None:
    """And nothing is left beside it."""
    path, source = tmp_path / "report.csv", tmp_path / "list.csv"
    path.write_text("old")
    source.write_text("Name")
    write_report(path, [LINE], source=source)
    assert len(read_csv(path)) == 2
    assert sorted(tmp_path.iterdir()) == [source, path]


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """A folder in the way, or a folder that is not there."""
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "folder.csv", tmp_path / "absent" / "report.csv"):
        with pytest.raises(UserError, match=f"{path.name} cannot be written"):
            write_report(path, [LINE])
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_line_about_no_row_has_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_report(path, [ReportLine(None, "", "heard", "python.example", "", "")])
    assert read_csv(path)[1] == ["", "", "heard", "python.example", "", ""]


def test_whether_a_report_can_be_written_is_known_beforehand(tmp_path: Path) -> None:
    """The folder is there, the suffix is known, the list is spared; the error names the path."""
    source = tmp_path / "list.csv"
    source.write_text("Name")
    (tmp_path / "folder.csv").mkdir()
    for name in ("new.csv", "NEW.XLSX"):
        check_report(tmp_path / name, source)
    for name in ("new.txt", "new", "list.csv", "folder.csv", "absent/new.csv", "list.csv/new.csv"):
        with pytest.raises(UserError, match=name):
            check_report(tmp_path / name, source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "list.csv"]


def test_a_folder_that_is_only_read_takes_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the system, because whoever runs the tests may be allowed everything."""
    source = tmp_path / "list.csv"
    source.write_text("Name")
    monkeypatch.setattr("os.access", lambda _path, mode: not mode & 2)
    with pytest.raises(UserError, match=r"new\.csv cannot be written"):
        check_report(tmp_path / "new.csv", source)
