"""The half-year's report: decisions, appeals, reviews and checks counted, without naming anyone.

1. Reports are about whole half-years that are over, and nothing else. Two of them have no day in
   common, so that none can be subtracted from another.
2. What each table may show stands in `node.suppression`.
3. The first report of a half-year is kept as it was shown, and shown again ever after: what was
   erased since, or counted otherwise by a later version, would be the difference of two.
"""

import itertools
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, ledger, sanctions
from node.clock import day_of
from node.counting import ACTS, Counts, Logged, Period, count
from node.errors import UserError
from node.node import Node
from node.store import decisions, logs, reports
from node.suppression import suppressed
from protocol.encoding import Day, Message
from protocol.encoding import Sequence as Array
from protocol.register import Register
from protocol.statements import read_decision, read_entry

MAX_REPORT = 64 * 1024
"""Bytes of a kept report; it has some eighty numbers."""


class Shown(Message):
    """A table as it is shown: cells that are null are held back."""

    name: str
    total: int
    cells: dict[str, int | None]


class Report(Message):
    """A report as it is kept and shown."""

    id: str
    """The community's."""
    community: str
    """Its name for itself."""
    start: Day
    end: Day
    made_on: Day
    alone: dict[str, int]
    tables: Array[Shown]

    def table(self, name: str) -> Shown:
        """The table of a name."""
        return next(table for table in self.tables if table.name == name)


def half_year(first: date, last: date) -> Period:
    """The half-year from `first` to `last`.

    Raises:
        UserError: these days are no half-year; which ones would be.
    """
    for begin in (date(first.year, 1, 1), date(first.year, 7, 1)):
        if (first, last) == (begin, _last_day(begin)):
            return Period(first, last)
    near = date(first.year, 1 if first.month < 7 else 7, 1)
    raise UserError(
        "reports are about half-years, so that none can be subtracted from another: --from "
        "%(start)s --to %(end)s",
        start=near,
        end=_last_day(near),
    )


def _last_day(begin: date) -> date:
    after = date(begin.year, 7, 1) if begin.month == 1 else date(begin.year + 1, 1, 1)
    return after - timedelta(days=1)


async def report(node: Node, period: Period, now: int) -> Report:
    """The report of a half-year; making it is recorded, showing it again is not.

    Raises:
        UserError: the half-year is not over, or nothing is founded here.
        Altered: the record of acts is not as it was written.
    """
    if day_of(now) <= period.last:
        raise UserError(
            "this half-year is not over: its report can be made from %(day)s on",
            day=period.last + timedelta(days=1),
        )
    async with node.store.read() as connection:
        kept = await reports.get(connection, period.first)
    if kept is not None:
        return Report.from_bytes(kept, MAX_REPORT)
    made = await _made(node, period, now)
    async with node.store.write() as connection:
        # Another process may have been faster, with other numbers.
        kept = await reports.get(connection, period.first)
        if kept is not None:
            return Report.from_bytes(kept, MAX_REPORT)
        said = {"who": audit.who(), "what": "report"}
        await audit.record(connection, node.vault, "export", said, now)
        await reports.add(connection, period.first, made.to_bytes())
    return made


async def newest(node: Node) -> Report | None:
    """The report of the newest half-year of which one was made; it is made by nobody's looking."""
    async with node.store.read() as connection:
        kept = await reports.newest(connection)
    return None if kept is None else Report.from_bytes(kept, MAX_REPORT)


async def _made(node: Node, period: Period, now: int) -> Report:
    acts = await audit.every(node, *ACTS)
    claims = {
        each.id: each.attestation.claims
        for each in await sanctions.every(node)
        if each.attestation is not None
    }
    register = await ledger.own_register(node)
    async with node.store.read() as connection:
        logged = await _logged(connection)
    counts = count(logged, register.attestations.values(), claims, acts, period)
    return _shown(register, counts, period, day_of(now))


async def _logged(connection: AsyncConnection) -> list[Logged]:
    """Our log's decisions, and when each came there: with the newest approval until then.

    `on` is the day of the proposal, which can be in the period before.
    """
    entries = await logs.entries(connection, await ledger.own_head_in(connection))
    approved = await decisions.approved_at(connection)
    times = itertools.accumulate((approved.get(index, 0) for index in range(len(entries))), max)
    return [
        # Nothing void is ever appended to a log of our own, so the type is known.
        Logged(day_of(at), read_decision(read_entry(entry).decision))
        for at, entry in zip(times, entries, strict=True)
    ]


def _shown(register: Register, counts: Counts, period: Period, today: date) -> Report:
    return Report(
        id=register.community.id,
        community=register.community.name,
        start=period.first,
        end=period.last,
        made_on=today,
        alone=dict(counts.alone),
        tables=tuple(
            Shown(name=table.name, total=table.total, cells=suppressed(table.cells))
            for table in counts.tables
        ),
    )
