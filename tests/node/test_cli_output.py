"""Lists for people: a table where it fits, a block for each row where words would break."""

from io import StringIO

import pytest
from rich.console import Console

from node.cli.output import table

ID = "0123456789abcdef"
ADDRESSES = ["email:mallory@example.org", "email-untagged:mallory@example.org"]


def _printed(width: int) -> str:
    shown = table("Decision", "State", "Identifiers")
    shown.add_row(ID, "in_force", ", ".join(ADDRESSES))
    shown.add_row(ID, "[red]", "none")
    shown.caption = "two of them"
    console = Console(file=StringIO(), width=width, markup=False, highlight=False)
    console.print(shown)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_word_is_broken_at_any_width(width: int) -> None:
    """An id or an address that is cut in two can neither be copied nor searched for."""
    printed = _printed(width)
    for word in (ID, *ADDRESSES, "two of them"):
        assert word in printed
    assert "[red]" in printed
    assert all(len(line) <= width for line in printed.splitlines())


def test_a_list_is_a_table_where_there_is_room() -> None:
    """Each row on one line; in a narrow window, each cell."""
    assert "State" in _printed(120).splitlines()[1]
    assert "State        in_force" in _printed(40)
