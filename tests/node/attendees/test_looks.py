"""What stands in the columns of a list, whatever that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.attendees.columns import Column
from node.attendees.headers import Role
from node.attendees.looks import LONGEST, LOOKED_AT, SAMPLES, look
from node.attendees.table import Table, TableRow
from protocol.english import English

CELLS = st.lists(st.text(st.characters(), max_size=80), max_size=20)
ASIDE = Column(1, "Where")


def _table(cells: list[str]) -> Table:
    return Table(("Where",), tuple(TableRow((cell,)) for cell in cells), English("CSV"))


@given(CELLS, st.sampled_from([None, Role.NAME, Role.EMAIL, Role.PHONE, Role.GITHUB, Role.MATRIX]))
def test_whatever_stands_there_little_of_it_is_shown(cells: list[str], role: Role | None) -> None:
    """Two values, short, and such that any document can hold them."""
    seen = look(_table(cells), Column(1, "Where", role), None)
    assert len(seen.samples) <= SAMPLES
    assert all(0 < len(each) <= LONGEST and each.encode() for each in seen.samples)
    assert seen.looked_at == sum(bool(cell.strip()) for cell in cells)
    assert (seen.readable is None) == (role in {None, Role.NAME})
    assert repr(seen).count("samples") == 0


def test_no_more_than_the_first_values_are_looked_at() -> None:
    """However long the list is."""
    cells = [f"p{number}@a.example" for number in range(LOOKED_AT)] + ["nobody"] * 10_000
    seen = look(_table(cells), Column(1, "Where", Role.EMAIL), None)
    assert (seen.looked_at, seen.readable) == (LOOKED_AT, LOOKED_AT)


@pytest.mark.parametrize(
    ("cells", "alike"),
    [
        (["ada@a.example", "bob@b.example", "none"], "email"),
        (["@ada", "@bob"], "handle"),
        (["https://github.com/octocat"], "handle"),
        (["@ada@social.example"], "fediverse"),
        (["https://social.example/@ada"], "fediverse"),
        (["@ada:matrix.example"], "matrix"),
        (["+49 30 901820"], "phone"),
        (["vegan", "ada@a.example"], None),
        (["vegan", "none", "@ada"], None),
        ([], None),
    ],
)
def test_what_is_left_aside_may_look_like_something(cells: list[str], alike: str | None) -> None:
    """Where more than half of its values do."""
    assert look(_table(cells), ASIDE, None).looks_like == alike
