"""`/screenings`: lists that are screened in the background, and what became of each row."""

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import Field

from node import lists
from node.api.checks import Coverage, Event, FindingAnswer
from node.api.findings import Deleted
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.attendees.columns import describe, override_of
from node.clock import day_of
from node.documents import Document
from node.errors import UserError
from protocol.english import English

LIMIT = lists.MAX_LIST * 4 // 3 + 2**16
"""Bytes of a list in base64, and of what stands beside it."""

Text = Annotated[str, Field(max_length=512)]


class List(Body):
    """A list as the ticket tool exported it (CSV or xlsx), in base64, and what columns hold.

    `columns` overrules what is understood, as `HEADER=ROLE`.
    """

    file: str
    columns: Annotated[list[Text], Field(max_length=100, default_factory=list)]
    event: Event = Event()

    def data(self) -> bytes:
        """The list's bytes.

        Raises:
            UserError: it is no base64.
        """
        try:
            return b64decode(self.file, validate=True)
        except ValueError as error:
            raise UserError("`file` is no base64") from error


class ColumnRead(Document):
    """A column, its header, and what it is read as: what `columns` of a list can say."""

    number: int
    header: str
    read_as: str


class Understood(Document):
    """How a list is read: in words, a line for each column that says anything; and every column."""

    words: list[English]
    columns: list[ColumnRead]


class Begun(Document):
    """A screening that waits for its turn."""

    id: str


class Counts(Document):
    """Every row is one of checked, name_only, unchecked and skipped."""

    rows: int
    checked: int
    name_only: int
    unchecked: int
    skipped: int
    match: int
    possible: int
    nothing_found: int
    notes: int
    answered_by_all: int
    answered_by_some: int
    coverage: Coverage


class Asked(Document):
    """How many elements a peer has answered, of how many."""

    peer: str
    answered: int
    asked: int


class Screening(Document):
    """A screening, how far it is, and once it is done what it came to."""

    id: str
    state: Literal["waiting", "done", "failed"]
    fault: English | None
    event: str | None
    begun_on: str
    kept_until: str
    progress: list[Asked]
    counts: Counts | None


class ScreeningListed(Document):
    """A screening among others."""

    id: str
    state: Literal["waiting", "done", "failed"]
    begun_on: str
    kept_until: str


class Screenings(Document):
    """All screenings, the newest first."""

    screenings: list[ScreeningListed]


class Row(Document):
    """What became of one row; `row` is 1 for the first below the headers."""

    row: int
    order: str
    checked_by: Literal["identifier", "name_only", "nothing", "skipped"]
    reason: English | None
    unreadable: list[str]
    outcome: Literal["match", "possible", "nothing_found"] | None
    coverage: Coverage | None
    findings: list[FindingAnswer]


class Rows(Document):
    """Rows in order; `next` is the `after` to go on from."""

    rows: list[Row]
    next: int


class Which(Query):
    """Which rows: those after a row, so many; `attention`: those a human has to look at."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=lists.MOST_ROWS)] = 100
    attention: bool = True


async def understand(call: Call[List, NoQuery]) -> Understood:
    """Say how a list is read, without asking anybody or keeping anything."""
    call.body.event.occasion()  # so that it is known now what is wrong with its days
    data, columns = call.body.data(), call.body.columns
    found = await lists.understood(call.service.lists, data, columns)
    return Understood(
        words=describe(found),
        columns=[
            ColumnRead(number=each.number, header=each.header, read_as=override_of(each))
            for each in found.columns
        ],
    )


async def begin(call: Call[List, NoQuery]) -> Begun:
    """Screen a list: it waits for its turn, and goes on when the node is started again."""
    occasion = call.body.event.occasion()
    data, columns = call.body.data(), call.body.columns
    id_ = await lists.add(call.node, call.service.lists, data, columns, occasion, call.now)
    return Begun(id=id_)


async def every(call: Call[Nothing, NoQuery]) -> Screenings:
    """All screenings that are kept, the newest first."""
    found = await lists.every(call.node)
    return Screenings(
        screenings=[
            ScreeningListed(
                id=each.id,
                state=each.state,
                begun_on=day_of(each.created_at).isoformat(),
                kept_until=each.delete_after.isoformat(),
            )
            for each in found
        ]
    )


async def show(call: Call[Nothing, NoQuery]) -> Screening:
    """One screening, and how far it is."""
    found = await lists.show(call.node, call.path["id"])
    progress = call.service.lists.of(found.id)
    return Screening(
        id=found.id,
        state=found.state,
        fault=None if found.fault is None else English(found.fault),
        event=found.event,
        begun_on=day_of(found.created_at).isoformat(),
        kept_until=found.kept_until.isoformat(),
        progress=[
            Asked(peer=peer, answered=answered, asked=asked)
            for peer, (answered, asked) in sorted(progress.items())
        ],
        counts=None if found.summary is None else Counts.model_validate(dict(found.summary)),
    )


async def rows(call: Call[Nothing, Which]) -> Rows:
    """Results of its rows, in order."""
    query = call.query
    found: list[dict[str, Any]] = await lists.results(
        call.node, call.path["id"], query.after, query.limit, call.now, attention=query.attention
    )
    shown = [Row.model_validate(each) for each in found]
    return Rows(rows=shown, next=shown[-1].row if shown else query.after)


async def delete(call: Call[Nothing, NoQuery]) -> Deleted:
    """Delete a screening with all its rows, now."""
    await lists.delete(call.node, call.path["id"], call.now)
    return Deleted(deleted=1)
