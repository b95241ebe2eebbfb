"""From the bytes of a list to what became of its rows, as the command line goes."""

from collections.abc import Sequence

from node.attendees.columns import propose
from node.attendees.reading import read_table
from node.attendees.rows import attendee_rows
from node.checking import Occasion
from node.node import Node
from node.screening import RowResult, Screened, identify, screen
from protocol.exchange import Purpose
from tests.node.issuers import NOW, Issuer, Reach

NO_EVENT = Purpose(kind="registration", start=None, end=None)


async def screened(
    node: Node,
    data: bytes,
    issuers: Sequence[Issuer],
    purpose: Purpose = NO_EVENT,
    *,
    now: int = NOW,
) -> Screened:
    """Screen a list at issuers that were admitted."""
    table = read_table(data)
    rows = attendee_rows(table, propose(table))
    asked = identify(rows, node.config.default_region)
    result = await screen(node, Reach(*issuers), asked, Occasion("PyRegion", purpose), now=now)
    check_counts(result, len(table.rows))
    return result


def check_counts(result: Screened, rows: int) -> None:
    """No row is lost: each is there once, and in one count."""
    summary = result.summary()
    assert [each.asked.row.number for each in result.rows] == list(range(1, rows + 1))
    counts = [summary[name] for name in ("checked", "name_only", "unchecked", "skipped")]
    assert summary["rows"] == rows
    assert sum(int(str(count)) for count in counts) == rows


def by_outcome(result: Screened, outcome: str) -> list[RowResult]:
    """The rows of an outcome."""
    return [each for each in result.rows if each.outcome == outcome]
