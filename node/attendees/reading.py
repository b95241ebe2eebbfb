"""The bytes of an exported file, as a table."""

from node.attendees.delimited import read_delimited
from node.attendees.table import MAX_BYTES, Table
from node.attendees.workbook import read_workbook
from node.errors import UserError

_ZIP = b"PK\x03\x04"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = b"%PDF-"


def read_table(data: bytes) -> Table:
    """Read a CSV or xlsx file; what it is shows in its bytes, not in its name.

    Args:
        data: the whole file, at most `MAX_BYTES`.

    Raises:
        UserError: the file is too large, empty, of another format, damaged, or no list.
    """
    if len(data) > MAX_BYTES:
        raise UserError(
            "The file has more than %(most)s MiB. Split the list.", most=MAX_BYTES // 2**20
        )
    if not data.strip():
        raise UserError("The file is empty. Export the list again.")
    if data.startswith(_ZIP):
        return read_workbook(data)
    if data.startswith((_OLE2, _PDF)):
        raise UserError("This format is not read. Export the list as CSV or as .xlsx.")
    return read_delimited(data)
