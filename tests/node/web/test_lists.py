"""The page of a list, however long the list is."""

import pytest

from node import lists
from node.checking import Occasion
from node.store import screenings
from node.store.screenings import ResultRow
from protocol.exchange import Purpose
from tests.node.federation import eventually
from tests.node.statements import statements
from tests.node.web.conftest import Pages

NO_EVENT = Occasion(None, Purpose.from_value({"kind": "unspecified", "start": None, "end": None}))


async def _screened(pages: Pages, rows: int) -> str:
    """A list of which every row needs a human; the id of its screening."""
    conf = pages.community
    assert conf.serving is not None
    data = "Order code,E-mail\n" + "".join(f"A{n},nobody at all\n" for n in range(rows))
    at_work = conf.serving.service.lists
    id_ = await lists.add(conf.node, at_work, data.encode(), [], NO_EVENT, conf.now)

    async def is_done() -> bool:
        return (await lists.show(conf.node, id_)).state == "done"

    await eventually(is_done)
    return id_


async def test_the_page_of_a_long_list_reads_no_more_than_that_of_a_short_one(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many statements for 10,000 rows as for 100, and as many rows read by them."""
    read: list[int] = []
    rows = screenings.rows

    async def counted(*arguments: object, **options: object) -> list[ResultRow]:
        found = await rows(*arguments, **options)  # type: ignore[arg-type]
        read.append(len(found))
        return found

    monkeypatch.setattr(screenings, "rows", counted)
    browser = await pages.signed_in("checker")
    seen = []
    for number in (100, 10_000):
        id_ = await _screened(pages, number)
        read.clear()
        with statements(pages.community.node.store) as sent:
            text = await browser.open(f"/lists/{id_}?left=50")
        assert f"Of {number} rows" in text
        assert text.count('<article class="row"') == 25
        assert "Row 51" in text
        seen.append(([each for each in sent if "FROM screening_rows" in each], list(read)))
    assert seen[0] == seen[1]
    assert seen[0][1] == [0, 25]


@pytest.mark.parametrize("after", ["-1", "x", "99999999999999999999", "²", "1&after=2", ""])
async def test_whatever_the_address_says_the_page_is_there(pages: Pages, after: str) -> None:
    """What is no number of a row is the beginning."""
    id_ = await _screened(pages, 3)
    browser = await pages.signed_in("checker")
    text = await browser.open(f"/lists/{id_}?after={after}&left={after}")
    assert "What came of it" in text
