"""Screening a list: every row's people asked about at once, and no row lost.

What is asked about is read by `node.attendees`; here each row gets its identifiers, all rows are
one question (`checking.answer`), and each row its own result. The list itself is not kept, only
what was found (`kept`): where it is screened again, the tokens that it left stand for what was
answered before. The same row for the same event has findings of the same ids, however often it is
screened.

A row is `checked_by`

- `identifier`  if something strong of it could be asked about;
- `name_only`   if only what is weak could: a name, a role address;
- `nothing`     if nothing could, or if not all of the row could be read (it may still match);
- `skipped`     if it is cancelled, empty or has no attendee.

A row of which something was asked about may hold cells besides that could not be read (`unread`).
Nobody was asked about those: it is named, and no list with such a row is all clear. Only initials
and the like in place of a name are left aside there, as a name alone is never a match.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from node import audit, kept
from node.asking import Progress, Question, Reach, nobody_listens
from node.attendees.headers import Owner
from node.attendees.report import ReportLine
from node.attendees.rows import AttendeeRow, Candidate, State
from node.checking import Occasion, Result, answer, asking_in_record, kept_until, person_asked
from node.coverage import Coverage
from node.findings import Finding, Person
from node.kept import Found
from node.node import Node
from node.vault import Vault
from protocol.identifiers import Identifier, InvalidIdentifier, related

CheckedBy = Literal["identifier", "name_only", "nothing", "skipped"]

TOGETHER = 50
"""Rows that are judged before others have their turn."""

NOTHING_GIVEN = "nothing to ask about"
UNREADABLE = "nothing in the row could be read as an address, handle or name"

_WHOSE = (Owner.ATTENDEE, Owner.PARENT, Owner.BUYER, Owner.UNKNOWN)
"""Of one who is meant twice, the owner that says most."""


@dataclass(frozen=True)
class RowToAsk:
    """One row: whom it is about, and what of it could not be read."""

    row: AttendeeRow
    identifiers: Mapping[Identifier, str] = field(repr=False)
    """Whose each one is."""
    unreadable: tuple[str, ...]
    """Kinds of the cells that are no address, handle or name of their kind."""

    @cached_property
    def checked_by(self) -> CheckedBy:
        """By what the row can be checked."""
        if self.row.state is State.SKIPPED:
            return "skipped"
        if self.row.state is State.UNCHECKED or not self.identifiers:
            return "nothing"
        return "identifier" if any(each.strong for each in self.identifiers) else "name_only"

    @property
    def unread(self) -> tuple[str, ...]:
        """Kinds of what stands in it and nobody could be asked about; none where it is skipped."""
        return () if self.checked_by == "skipped" else self.unreadable

    @property
    def reason(self) -> str | None:
        """Why it is skipped or checked by nothing."""
        if self.row.reason is not None or self.checked_by != "nothing":
            return self.row.reason
        return UNREADABLE if self.unreadable else NOTHING_GIVEN


@dataclass(frozen=True)
class RowResult:
    """What became of one row; `result` is None where it was skipped or holds nothing to ask."""

    asked: RowToAsk
    result: Result | None

    @property
    def outcome(self) -> str | None:
        """The row's outcome. Nothing is said of a row that was not checked and did not match."""
        if self.result is None:
            return None
        unchecked = self.asked.checked_by == "nothing"
        return None if unchecked and self.result.outcome == "nothing_found" else self.result.outcome

    def to_value(self) -> dict[str, object]:
        """As the command line prints it."""
        value: dict[str, object] = {
            "row": self.asked.row.number,
            "checked_by": self.asked.checked_by,
            "reason": self.asked.reason,
            "unreadable": list(self.asked.unreadable),
            "outcome": self.outcome,
            "coverage": None,
            "findings": [],
        }
        if self.result is not None:
            value |= self.result.to_value(with_owners=True) | {"outcome": self.outcome}
        return value

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found, what counts first."""
        return self.result.findings if self.result else ()

    @property
    def notes(self) -> int:
        """How many of its findings make no match: stayed, out of the days, said elsewhere."""
        return sum(not each.counts for each in self.findings)

    def report_lines(self) -> Iterator[ReportLine]:
        """What a human is to look at: each finding, and a row not checked, or not all read."""
        row = self.asked.row
        for each in self.findings:
            outcome = self.outcome if each.counts else "note"
            yield ReportLine(
                row.number, row.order_code, str(outcome), each.issuer, each.contact or "", each.id
            )
        left = not_asked(self.asked.checked_by, self.asked.unread)
        if left:
            yield ReportLine(row.number, row.order_code, left, "", "", "")


@dataclass(frozen=True)
class Screened:
    """What became of a list."""

    rows: Sequence[RowResult]
    coverage: Coverage

    @cached_property
    def heard_in_part(self) -> dict[bytes, int]:
        """Peers that were heard about some rows only, by fingerprint: about how many they were not.

        Of the rows that can be checked; a peer that was heard about all, or none, is not in it.
        """
        heard = Counter(
            peer.fingerprint
            for row in self._checkable
            for peer in row.coverage.peers
            if peer.state == "heard"
        )
        total = len(self._checkable)
        return {peer: total - number for peer, number in heard.items() if number < total}

    @cached_property
    def _checkable(self) -> list[Result]:
        return [
            row.result
            for row in self.rows
            if row.result is not None and row.asked.checked_by != "nothing"
        ]

    def summary(self) -> dict[str, Any]:
        """Counts: every row is one of checked, name_only, unchecked and skipped.

        `partly_checked`: how many of the first two hold something besides that could not be read.
        `checked` and `name_only` are by what a row can be checked; that it was, for all or some of
        the peers, is in `answered_by_all` and `answered_by_some`; `heard_in_part`: about how many a
        peer, by its id, was not heard, that was heard about others. `notes` are findings, not rows.
        """
        by = Counter(each.asked.checked_by for each in self.rows)
        complete = sum(row.coverage.complete for row in self._checkable)
        heard = sum(
            any(peer.state == "heard" for peer in row.coverage.peers) for row in self._checkable
        )
        outcomes = Counter(each.outcome for each in self.rows)
        return {
            "rows": len(self.rows),
            "checked": by["identifier"],
            "name_only": by["name_only"],
            "partly_checked": sum(row.checked_by != "nothing" for row in self.unread),
            "unchecked": by["nothing"],
            "skipped": by["skipped"],
            "match": outcomes["match"],
            "possible": outcomes["possible"],
            "nothing_found": outcomes["nothing_found"],
            "notes": sum(row.notes for row in self.rows),
            "answered_by_all": complete,
            "answered_by_some": heard - complete,
            "heard_in_part": {
                peer.id: self.heard_in_part[peer.fingerprint]
                for peer in self.coverage.peers
                if peer.fingerprint in self.heard_in_part
            },
            "coverage": self.coverage.to_value(),
        }

    def report_lines(self) -> Iterator[ReportLine]:
        """The report: what is to be said of rows, and then who was heard about how many."""
        for row in self.rows:
            yield from row.report_lines()
        yield from report_ending(self.summary())

    def is_all_clear(self, *, strict: bool) -> bool:
        """Whether nothing found may be said: all peers heard, every live row checked, all of it.

        A list of which no row was checked is none; `strict`: nor one with a row checked by name
        only, or with a name that could not be read.
        """
        by = Counter(each.asked.checked_by for each in self.rows)
        asked = by["identifier"] + (0 if strict else by["name_only"])
        unread = any(set(row.unread) - (set() if strict else {"name"}) for row in self.unread)
        left = by["nothing"] + (by["name_only"] if strict else 0)
        return self.coverage.complete and asked > 0 and left == 0 and not unread

    @cached_property
    def unread(self) -> list[RowToAsk]:
        """The rows that hold something that could not be read, whatever else of them was asked."""
        return [row.asked for row in self.rows if row.asked.unread]


def not_asked(checked_by: CheckedBy, unread: Sequence[str]) -> str:
    """What of a row nobody was asked about, as reports say it; empty for nothing."""
    words = f"could not be read: {', '.join(unread)}"
    if checked_by == "nothing":
        return f"not checked, {words}" if unread else "not checked"
    return f"checked in part, {words}" if unread else ""


def report_ending(counts: Mapping[str, Any]) -> Iterator[ReportLine]:
    """How a report ends: who was heard about how many rows; from the counts of a summary."""
    peers = counts["coverage"]["peers"]
    if not peers:
        yield ReportLine(None, "", "nobody was asked: no peer is active", "", "", "")
    for peer in peers:
        lacking = counts["heard_in_part"].get(peer["id"])
        yield ReportLine(None, "", _heard(peer, lacking), peer["id"], "", "")
    lacking = counts["checked"] + counts["name_only"] - counts["answered_by_all"]
    if lacking:
        yield ReportLine(
            None, "", f"not completely answered: {counted(lacking, 'row')}", "", "", ""
        )


def _heard(peer: Mapping[str, Any], lacking: int | None) -> str:
    if peer["state"] == "heard":
        return "heard" if peer["as_of"] is None else f"heard as of {peer['as_of'][:10]}"
    if lacking is not None:
        return f"partly heard, not about {counted(lacking, 'row')} ({peer['because']})"
    return f"not heard ({peer['because']})"


def counted(number: int, word: str) -> str:
    """A number of things, as "1 row" or "2 rows"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def identify(rows: Iterable[AttendeeRow], region: str | None) -> list[RowToAsk]:
    """Whom each row is about; what cannot be read is noted, never dropped."""
    known: dict[tuple[str, str], tuple[Identifier, ...]] = {}
    return [_identified(row, region, known) for row in rows]


async def screen(  # noqa: PLR0913 - time and progress are named at every call
    node: Node,
    reach: Reach,
    rows: Sequence[RowToAsk],
    occasion: Occasion,
    *,
    now: int,
    progress: Progress = nobody_listens,
) -> Screened:
    """Ask all peers about all rows, and keep what is found."""
    keep_until = kept_until(node, occasion.purpose, now)
    asked = sorted({each for row in rows for each in row.identifiers})
    question = Question(asked, occasion.purpose, keep_until)
    detail = asking_in_record(occasion, asked) | {"rows": len(rows)}
    await audit.write(node, "screen", detail, now, asked)
    answered = await answer(node, reach, question, now=now, progress=progress)
    results, found = [], []
    for number, row in enumerate(rows):
        if number % TOGETHER == 0:
            await asyncio.sleep(0)  # others are answered meanwhile
        person = _person(node.vault, row, occasion)
        results.append(RowResult(row, answered.about(person) if row.identifiers else None))
        found.append(Found(person, results[-1].findings))
    await kept.keep(node, found, occasion.name, occasion.purpose, keep_until, now)
    return Screened(results, answered.coverage(asked))


def _identified(
    row: AttendeeRow,
    region: str | None,
    known: dict[tuple[str, str], tuple[Identifier, ...]],
) -> RowToAsk:
    owners: dict[Identifier, Owner] = {}
    unreadable: dict[str, None] = {}
    for candidate in row.candidates:
        key = candidate.kind, candidate.raw
        if key not in known:
            known[key] = _related(candidate, region)
        if not known[key]:
            unreadable[str(candidate.kind)] = None
        for each in known[key]:
            before = owners.setdefault(each, candidate.whose)
            owners[each] = min(before, candidate.whose, key=_WHOSE.index)
    return RowToAsk(row, {each: str(whose) for each, whose in owners.items()}, tuple(unreadable))


def _related(candidate: Candidate, region: str | None) -> tuple[Identifier, ...]:
    try:
        return related(str(candidate.kind), candidate.raw, region=region)
    except InvalidIdentifier:
        return ()


def _person(vault: Vault, row: RowToAsk, occasion: Occasion) -> Person:
    texts = sorted(each.text for each in row.identifiers)
    # Escaped, because a cell may hold a lone surrogate, which UTF-8 has no bytes for.
    about = json.dumps([row.row.number, texts, occasion.to_value()]).encode("ascii")
    return person_asked(vault, row.identifiers, about)
