"""`/screenings`: lists that are screened in the background, and what became of each row."""

from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import Field

from node import lists
from node.api.checks import Coverage, Event, FindingAnswer
from node.api.findings import Deleted
from node.api.routes import Body, Call, NoQuery, Nothing, Query
from node.attendees.columns import describe, override_of
from node.attendees.looks import Alike
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
    """A column, its header, and what it is read as: what `columns` of a list can say.

    `samples`: up to two of its values, shortened. `readable`: of the `looked_at` values, the first
    ones, how many can be read as that; null where it is no address and no handle. `looks_like`:
    what most values look like of a column that is left aside.
    """

    number: int
    header: str
    read_as: str
    samples: list[str]
    looked_at: int
    readable: int | None
    looks_like: Alike | None


class Understood(Document):
    """How a list is read: in words, a line for each column that says anything; and every column.

    `rows`: how many there are below the headers. `identifies`: whether a column is known to hold
    names, addresses or handles; a list without one is not screened.
    """

    words: list[English]
    rows: int
    identifies: bool
    columns: list[ColumnRead]


class Begun(Document):
    """A screening that waits for its turn."""

    id: str


class Counts(Document):
    """Every row is one of checked, name_only, unchecked and skipped.

    `partly_checked`: how many of the first two hold something besides that could not be read.
    `answered_by_all` and `answered_by_some` of them were answered. `heard_in_part`: about how many
    of them a peer was not heard that was heard about others.
    """

    rows: int
    checked: int
    name_only: int
    partly_checked: int
    unchecked: int
    skipped: int
    match: int
    possible: int
    nothing_found: int
    notes: int
    answered_by_all: int
    answered_by_some: int
    heard_in_part: dict[str, int]
    coverage: Coverage


class Asked(Document):
    """How many elements a peer has answered, of how many."""

    peer: str
    answered: int
    asked: int


class Screening(Document):
    """A screening, how far it is, and once it is done what it came to.

    `first_day` and `last_day` are those of the event. `before`: how many lists have their turn
    before it.
    """

    id: str
    state: Literal["waiting", "done", "failed"]
    fault: English | None
    event: str | None
    first_day: str | None
    last_day: str | None
    rows: int
    begun_on: str
    begun_at: int
    kept_until: str
    before: int
    progress: list[Asked]
    counts: Counts | None


class ScreeningListed(Document):
    """A screening among others; `match` and `possible` once it is done, as they were then."""

    id: str
    state: Literal["waiting", "done", "failed"]
    event: str | None
    rows: int
    match: int | None
    possible: int | None
    begun_on: str
    begun_at: int
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
    """Which rows: those after a row, so many; `attention`: those a human has to look at.

    `found`: of those, only the ones about which something was found, or nothing was.
    """

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=lists.MOST_ROWS)] = 100
    attention: bool = True
    found: bool | None = None


async def understand(call: Call[List, NoQuery]) -> Understood:
    """Say how a list is read, without asking anybody or keeping anything."""
    call.body.event.occasion()  # so that it is known now what is wrong with its days
    data, columns = call.body.data(), call.body.columns
    found = await lists.understood(call.node, call.service.lists, data, columns)
    return Understood(
        words=describe(found.mapping),
        rows=found.rows,
        identifies=found.mapping.identifies,
        columns=[
            ColumnRead(
                number=column.number,
                header=column.header,
                read_as=override_of(column),
                samples=list(look.samples),
                looked_at=look.looked_at,
                readable=look.readable,
                looks_like=look.looks_like,
            )
            for column, look in zip(found.mapping.columns, found.looks, strict=True)
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
                event=each.occasion.name,
                rows=each.rows,
                match=each.summary and each.summary["match"],
                possible=each.summary and each.summary["possible"],
                begun_on=day_of(each.created_at).isoformat(),
                begun_at=each.created_at,
                kept_until=each.kept_until.isoformat(),
            )
            for each in found
        ]
    )


async def show(call: Call[Nothing, NoQuery]) -> Screening:
    """One screening, and how far it is."""
    found = await lists.show(call.node, call.path["id"])
    progress, purpose = call.service.lists.of(found.id), found.occasion.purpose
    return Screening(
        id=found.id,
        state=found.state,
        fault=None if found.fault is None else English(found.fault),
        event=found.occasion.name,
        first_day=purpose.start and purpose.start.isoformat(),
        last_day=purpose.end and purpose.end.isoformat(),
        rows=found.rows,
        begun_on=day_of(found.created_at).isoformat(),
        begun_at=found.created_at,
        kept_until=found.kept_until.isoformat(),
        before=await lists.before(call.node, found),
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
        call.node,
        call.path["id"],
        query.after,
        query.limit,
        call.now,
        attention=query.attention,
        found=query.found,
    )
    shown = [Row.model_validate(each) for each in found]
    return Rows(rows=shown, next=shown[-1].row if shown else query.after)


async def delete(call: Call[Nothing, NoQuery]) -> Deleted:
    """Delete a screening with all its rows, now."""
    await lists.delete(call.node, call.path["id"], call.now)
    return Deleted(deleted=1)
