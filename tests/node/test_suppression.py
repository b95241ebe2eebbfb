"""No number that is held back is determined by what is shown, whoever does the sums."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.suppression import FEW, suppressed

Cells = tuple[int, ...]
Shown = tuple[int | None, ...]


def shown(cells: Sequence[int]) -> Shown:
    """A table as it is published, under names that say nothing."""
    return tuple(suppressed({str(place): count for place, count in enumerate(cells)}).values())


def tables(width: int, total: int) -> Iterator[Cells]:
    """Every table of so many cells that has this total."""
    for bars in itertools.combinations(range(total + width - 1), width - 1):
        ends = (-1, *bars, total + width - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(ends))


def neighbours(cells: Cells, hidden: Sequence[int]) -> Iterator[Cells]:
    """Tables of the same total that differ from this one in two of the hidden cells, or in all."""
    for one, other in itertools.permutations(hidden, 2):
        pair = cells[one] + cells[other]
        for value in {cells[other], cells[one] - 1, cells[one] + 1, pair - 1, pair}:
            if 0 <= value <= pair:
                changed = list(cells)
                changed[one], changed[other] = value, pair - value
                yield tuple(changed)
        changed = [0 if place in hidden else count for place, count in enumerate(cells)]
        changed[one], changed[other] = sum(cells[place] for place in hidden) - 1, 1
        yield tuple(changed)


def require_undetermined(cells: Cells) -> None:
    """Each cell that is held back could have another value and all would look the same.

    By witnesses, so that a table may be of any size.
    """
    published = shown(cells)
    hidden = [place for place, count in enumerate(published) if count is None]
    alike = [each for each in neighbours(cells, hidden) if shown(each) == published]
    for place in hidden:
        assert any(each[place] != cells[place] for each in alike)


@pytest.mark.parametrize("width", [2, 3, 4, 5])
def test_every_small_table_leaves_two_values_to_each_cell_that_is_held_back(width: int) -> None:
    """All tables up to past the total at which every cell could be small, against each other."""
    for total in range((FEW - 1) * width + FEW):
        alike: dict[Shown, list[Cells]] = defaultdict(list)
        for cells in tables(width, total):
            alike[shown(cells)].append(cells)
        for published, possible in alike.items():
            for place, count in enumerate(published):
                values = {cells[place] for cells in possible}
                assert values == {count} if count is not None else len(values) > 1


COUNTS = st.lists(st.one_of(st.integers(0, 6), st.integers(0, 400)), min_size=2, max_size=7)


@given(COUNTS)
def test_no_table_of_any_size_gives_away_a_cell(cells: list[int]) -> None:
    """Also with large numbers, and with as many cells as reports have."""
    require_undetermined(tuple(cells))


@given(COUNTS)
def test_what_is_shown_is_true_and_never_few(cells: list[int]) -> None:
    """A cell is what it is; or, unless all small ones are empty, held back when under five."""
    published = shown(cells)
    for count, seen in zip(cells, published, strict=True):
        assert seen in (count, None)
        assert seen is None or seen >= FEW or not any(0 < each < FEW for each in cells)


@given(COUNTS)
def test_what_is_held_back_is_no_small_number_together(cells: list[int]) -> None:
    """The total less all that is shown would be a breakdown as well."""
    published = shown(cells)
    together = sum(cells) - sum(count or 0 for count in published)
    assert together == 0 or together >= FEW or sum(cells) < FEW


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((9, 0, 0), (9, 0, 0)),
        ((3, 0, 0), (None, None, None)),
        ((9, 7, 1), (9, None, None)),
        ((9, 7, 7, 1), (9, None, None, None)),
        ((9, 3, 4), (9, None, None)),
        ((9, 4, 4), (None, None, None)),
    ],
)
def test_examples(cells: Cells, expected: Shown) -> None:
    """A lone small cell takes the smallest other with it; two that hide each other do not."""
    assert shown(cells) == expected
