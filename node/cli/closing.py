"""The words that end a screening: what became of the rows, and who was heard.

No word of it may sound like an all-clear that nobody gave: rows that could be checked and about
which nobody answered were not checked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from node.cli.occasion import heard_in_words
from node.screening import Screened, counted


def closing(result: Screened) -> Iterator[str]:
    """How many rows were checked, by name only, or not at all; and who was heard."""
    counts = result.summary()
    yield f"{_checked(counts)}{_not_asked(result, counts)}."
    answered = counts["answered_by_all"] + counts["answered_by_some"]
    if counts["match"] or counts["possible"]:
        yield (
            f"Matches: {counted(counts['match'], 'row')}. "
            f"Possible: {counted(counts['possible'], 'row')}."
        )
    elif answered:
        yield "Nothing found." if result.coverage.complete else "Nothing found SO FAR."
    if counts["notes"]:
        yield (
            f"Besides, {counted(counts['notes'], 'finding')} without a match: stayed, out of the "
            "days asked about, or counted elsewhere already."
        )
    unreadable = sum(bool(row.asked.unreadable) for row in result.rows)
    if unreadable:
        yield f"Cells that are no address, handle or name: in {counted(unreadable, 'row')}."
    in_part = {peer: counted(rows, "row") for peer, rows in result.heard_in_part.items()}
    yield heard_in_words(result.coverage, in_part)
    if counts["match"] or counts["possible"]:
        yield "A human decides what follows; whoever only has the same name is somebody else."


def _checked(counts: Mapping[str, Any]) -> str:
    """What became of the rows that could be checked; that one was needs somebody's answer."""
    able = counts["checked"] + counts["name_only"]
    by_all, by_some = counts["answered_by_all"], counts["answered_by_some"]
    rows = counted(counts["rows"], "row")
    if not counts["rows"]:
        return "The list has a header and no row below it: nobody was asked about"
    if not able:
        return f"Of {rows} none could be checked"
    if not by_all + by_some:
        why = "no peer answered" if counts["coverage"]["peers"] else "there is no peer to ask"
        return f"{counted(able, 'row')} could be checked, NONE was: {why}"
    if by_all == able:
        return (
            f"Of {rows} {counts['checked']} {_be(counts['checked'])} checked, "
            f"{counts['name_only']} by name only"
        )
    return (
        f"{counted(able, 'row')} could be checked: {by_all} {_be(by_all)} answered for by every "
        f"peer, {by_some} by some of them only, {able - by_all - by_some} by none"
    )


def _not_asked(result: Screened, counts: Mapping[str, Any]) -> str:
    """The rest of that sentence: rows that nobody could be asked about, and why."""
    reasons = Counter(row.asked.reason for row in result.rows if row.asked.checked_by == "skipped")
    said = ""
    if counts["unchecked"]:
        said += f"; {counts['unchecked']} could not be checked"
    if counts["skipped"]:
        why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        said += f"; {counts['skipped']} {_be(counts['skipped'])} skipped ({why})"
    return said


def _be(number: int) -> str:
    return "was" if number == 1 else "were"
