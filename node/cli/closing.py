"""The words that end a screening: what became of the rows, and who was heard.

No word of it may sound like an all-clear that nobody gave: rows that could be checked and about
which nobody answered were not checked, and cells that could not be read are named by their rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
        yield _nothing(result)
    if counts["notes"]:
        yield (
            f"Besides, {counted(counts['notes'], 'finding')} without a match: stayed, out of the "
            "days asked about, or counted elsewhere already."
        )
    yield from _unread(result)
    in_part = {peer: counted(rows, "row") for peer, rows in result.heard_in_part.items()}
    yield heard_in_words(result.coverage, in_part)
    if counts["match"] or counts["possible"]:
        yield "A human decides what follows; whoever only has the same name is somebody else."


def _nothing(result: Screened) -> str:
    """That nothing was found; in what, where that was not all."""
    found = "Nothing found" if result.coverage.complete else "Nothing found SO FAR"
    rows = len(result.unread)
    if not rows:
        return f"{found}."
    hold = "holds" if rows == 1 else "hold"
    return f"{found} in what could be read; {counted(rows, 'row')} {hold} something that could not."


def _unread(result: Screened) -> Iterator[str]:
    """Which rows hold something that could not be read; of what kind, and never what."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for row in result.unread:
        for kind in row.unread:
            by_kind[kind].append(row.row.number)
    if by_kind:
        yield "NOT asked about, as it could not be read (row 1 is the first below the header):"
    for kind, rows in by_kind.items():
        yield f"  {kind}: row{'s' * (len(rows) > 1)} {_ranges(rows)}"
    if "phone" in by_kind:
        yield (
            "  Phone numbers need + and the country's code, or --region COUNTRY, such as DE "
            "(default_region in comity.toml)."
        )


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in words, as `1, 3 to 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


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
    if counts["partly_checked"] and counts["answered_by_all"] + counts["answered_by_some"]:
        said += f"; {counts['partly_checked']} of them in part only"
    if counts["unchecked"]:
        said += f"; {counts['unchecked']} could not be checked"
    if counts["skipped"]:
        why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        said += f"; {counts['skipped']} {_be(counts['skipped'])} skipped ({why})"
    return said


def _be(number: int) -> str:
    return "was" if number == 1 else "were"
