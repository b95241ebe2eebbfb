"""`/log`, `/audit`, `/reports`, `/subjects`: what is held against what was done, and for whom."""

from collections import deque
from typing import Annotated, Any

from pydantic import Field

from node import audit, ledger, report, report_words, subject, terms
from node.api.checks import MAX_TERMS, Short
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.documents import Document, Entry
from node.store import logs
from protocol.encoding import Day, base64url

MOST = 500
"""Entries, or acts, that are read at a time."""


class Page(Query):
    """From which one on, and how many."""

    start: Annotated[int, Field(ge=0, le=2**53, alias="from")] = 0
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class Newest(Page):
    """Or the last ones, and then from none."""

    newest: bool = False


class Log(Document):
    """The log's head, and entries of it."""

    origin: str
    size: int
    root: str
    entries: list[Entry]


class Act(Document):
    """One act: who, what, when, and for which event; `chain` covers it and all before it."""

    seq: int
    at: int
    act: str
    detail: dict[str, Any]
    chain: str


class Acts(Document):
    """Acts in order, verified as a whole, and how many there are."""

    acts: list[Act]
    total: int


class HalfYear(Query):
    """The first and the last day of a half-year that is over."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]


class Report(Document):
    """A half-year, counted; it names nobody."""

    report: dict[str, Any]


class Subject(Body):
    """What the person has proven to be theirs, as `KIND:VALUE`."""

    identifiers: Annotated[list[Short], Field(min_length=1, max_length=MAX_TERMS)]


class Held(Document):
    """Everything that is held about a person, for that person."""

    held: dict[str, Any]


async def log(call: Call[Nothing, Page]) -> Log:
    """What stands in this community's log."""
    async with call.node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        entries = await logs.entries(connection, head)
    start, limit = call.query.start, call.query.limit
    chosen = list(enumerate(entries))[start : start + limit]
    return Log(
        origin=head.origin,
        size=head.size,
        root=base64url(head.root),
        entries=[Entry.of(index, data) for index, data in chosen],
    )


async def acts(call: Call[Nothing, Newest]) -> Acts:
    """The record of acts, verified; by `newest` its end."""
    said = {"who": audit.who(), "what": "audit"}
    await audit.write(call.node, "export", said, call.now)
    start, limit, newest = call.query.start, call.query.limit, call.query.newest
    found: deque[Act] = deque(maxlen=limit)
    total = 0
    async for each in audit.stream(call.node):
        total = each.seq + 1
        if newest or start <= each.seq < start + limit:
            found.append(_act(each))
    return Acts(acts=list(found), total=total)


def _act(act: audit.Recorded) -> Act:
    return Act(seq=act.seq, at=act.at, act=act.act, detail=dict(act.detail), chain=act.chain.hex())


async def half_year(call: Call[Nothing, HalfYear]) -> Report:
    """Decisions, appeals, reviews and checks of a half-year, counted without naming anyone."""
    period = report.half_year(call.query.start, call.query.end)
    made = await report.report(call.node, period, call.now)
    return Report(report=dict(report_words.document(made)))


async def held(call: Call[Subject, NoQuery]) -> Held:
    """Everything that is held about a person who has proven these to be theirs."""
    proven = terms.typed(terms.numbered(call.body.identifiers), call.node.config.default_region)
    found = await subject.export(call.node, proven, call.now)
    return Held(held=found.to_value())
