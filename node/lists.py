"""Lists that are screened in the background, while `serve` is at work, for the API and its pages.

A list waits, sealed, until its turn; what was found about each row is kept, sealed, until the day
on which its findings go as well. One list is screened at a time. A node that was stopped in the
middle begins the list anew: what was answered is not asked again.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, kept, screening
from node.asking import Reach
from node.attendees.columns import Mapping as Mapped
from node.attendees.columns import propose, understand
from node.attendees.looks import Look, look
from node.attendees.reading import read_table
from node.attendees.rows import attendee_rows
from node.background import log_unexpected
from node.checking import Occasion, kept_until
from node.errors import NotHere, UserError
from node.findings import outcome_of
from node.node import Node
from node.screening import RowResult, RowToAsk, Screened, identify
from node.store import findings
from node.store import screenings as rows
from node.store.screenings import ResultRow, ScreeningRow, State
from protocol.encoding import base64url, from_base64url
from protocol.english import English
from protocol.errors import ComityError
from protocol.exchange import Purpose

MAX_LIST = 2 * 2**20
"""Bytes of a list that is screened so; `comity screen` takes larger ones."""

MAX_ASKED = 40_000
"""Rows, or identifiers, of such a list."""

MOST_WAITING = 16
"""Lists that wait at a time."""

MOST_ROWS = 500
"""Rows that are read at a time."""

_FAILED = English("it could not be screened, and why is in the log of this service")
_JOB = "screenings.job"
_SUMMARY = "screenings.summary"
_RESULT = "screening_rows.result"


@dataclass(frozen=True)
class Listed:
    """A screening and how far it is; `summary` once it is done."""

    id: str
    state: State
    fault: str | None
    occasion: Occasion
    rows: int
    created_at: int
    kept_until: date
    summary: Mapping[str, Any] | None


@dataclass
class Lists:
    """Lists at work: how far the one is that is screened now, by elements that peers answered.

    One list is read at a time, as that may take a while: everybody else's work needs threads, too.
    """

    screening: str | None = None
    peers: dict[str, tuple[int, int]] = field(default_factory=dict)
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    def began(self, id_: str) -> Callable[[str, int, int], None]:
        """Note that a list is screened from now on."""
        self.screening, self.peers = id_, {}

        def note(peer: str, answered: int, asked: int) -> None:
            self.peers[peer] = answered, asked

        return note

    def of(self, id_: str) -> dict[str, tuple[int, int]]:
        """How far this list is; nothing where it is not its turn."""
        return dict(self.peers) if self.screening == id_ else {}


@dataclass(frozen=True)
class Understood:
    """How a list is read, how many rows it has, and what stands in each of its columns."""

    mapping: Mapped
    rows: int
    looks: Sequence[Look]


async def understood(node: Node, lists: Lists, data: bytes, columns: Sequence[str]) -> Understood:
    """How a list is read; nothing of it is kept.

    Raises:
        UserError: it cannot be read.
    """
    _require_small(data)
    region = node.config.default_region

    def read() -> Understood:
        table = read_table(data)
        mapping = understand(table, columns)
        looks = [look(table, column, region) for column in mapping.columns]
        return Understood(mapping, len(table.rows), looks)

    async with lists.reading:
        return await asyncio.to_thread(read)


async def add(  # noqa: PLR0913, PLR0917 - a list, how it is read, what for
    node: Node,
    lists: Lists,
    data: bytes,
    columns: Sequence[str],
    occasion: Occasion,
    now: int,
) -> str:
    """Let a list wait for its turn; the id of its screening.

    Raises:
        UserError: it cannot be read, has no rows, is too large, or too many wait.
    """
    _require_small(data)
    async with node.store.read() as connection:
        await _require_room(connection)
    asked = await _read(node, lists, data, columns)
    if not asked:
        raise UserError("the list has headers and no row below them")
    id_ = str(uuid.uuid4())
    job = {"list": base64url(data), "columns": list(columns), "who": audit.who()}
    row = ScreeningRow(
        id_,
        "waiting",
        node.vault.seal(_JOB, id_, _json(job)),
        node.vault.seal(
            _SUMMARY, id_, _json({"occasion": occasion.to_value(), "rows": len(asked)})
        ),
        None,
        now,
        kept_until(node, occasion.purpose, now),
    )
    async with node.store.write() as connection:
        await _require_room(connection)
        await rows.add(connection, row)
    return id_


async def run_next(node: Node, reach: Reach, lists: Lists, now: int) -> bool:
    """Screen the list that has waited longest; False where none waits."""
    async with node.store.read() as connection:
        row = await rows.waiting(connection)
    if row is None or row.job_sealed is None:
        return False
    try:
        job = json.loads(node.vault.open(_JOB, row.id, row.job_sealed))
        with audit.acting(job["who"]):
            await _run(node, reach, lists, row, job, now)
    except (UserError, ComityError) as error:
        await _fail(node, row, str(error))
    except Exception as error:  # noqa: BLE001 - one list must not keep those after it waiting
        log_unexpected("screen a list", error, screening=row.id)
        await _fail(node, row, _FAILED)
    finally:
        lists.screening = None
    await node.store.scrub()
    return True


async def _fail(node: Node, row: ScreeningRow, why: str) -> None:
    async with node.store.write() as connection:
        await rows.fail(connection, row.id, why)


async def _run(  # noqa: PLR0913, PLR0917 - a list, how it is read, what for
    node: Node, reach: Reach, lists: Lists, row: ScreeningRow, job: Mapping[str, Any], now: int
) -> None:
    occasion = _listed(node, row).occasion
    asked = await _read(node, lists, from_base64url(job["list"]), job["columns"])
    progress = lists.began(row.id)
    done = await screening.screen(node, reach, asked, occasion, now=now, progress=progress)
    try:
        is_kept = await _finish(node, row, occasion, done)
    except Exception:
        await _drop(node, done)
        raise
    if not is_kept:
        await _drop(node, done)


async def _finish(node: Node, row: ScreeningRow, occasion: Occasion, done: Screened) -> bool:
    """Keep what became of a list; False where it was deleted meanwhile."""
    counts = done.summary()
    summary = {"occasion": occasion.to_value(), "rows": counts["rows"], "counts": counts}
    sealed = node.vault.seal(_SUMMARY, row.id, _json(summary))
    results = await asyncio.to_thread(lambda: [_sealed(node, row.id, each) for each in done.rows])
    async with node.store.write() as connection:
        return await rows.finish(connection, row.id, sealed, results)


async def _drop(node: Node, done: Screened) -> None:
    """What was found for a list that is kept nowhere is kept nowhere."""
    found = [each.id for result in done.rows if result.result for each in result.result.findings]
    async with node.store.write() as connection:
        await findings.drop(connection, *found)


async def every(node: Node) -> list[Listed]:
    """All screenings, the newest first; no row of any list is read for it."""
    async with node.store.read() as connection:
        found = await rows.every(connection)
    return [_listed(node, each) for each in found]


async def show(node: Node, id_: str) -> Listed:
    """One screening.

    Raises:
        NotHere: none has this id (any more).
    """
    return _listed(node, await _row(node, id_))


async def before(node: Node, listed: Listed) -> int:
    """How many lists have their turn before one that waits, with the one that is screened now."""
    if listed.state != "waiting":
        return 0
    async with node.store.read() as connection:
        return await rows.number_before(connection, listed.created_at, listed.id)


async def results(  # noqa: PLR0913 - which rows of which list, now
    node: Node,
    id_: str,
    after: int,
    limit: int,
    now: int,
    *,
    attention: bool,
    found: bool | None = None,
) -> list[dict[str, Any]]:
    """Results of rows after a row, in order: all, or those that a human has to look at.

    `found`: only those about which something was found, or nothing.

    What was found is shown as it is judged now; what was deleted since is not.

    Raises:
        NotHere: no screening has this id (any more).
    """
    await _row(node, id_)
    async with node.store.read() as connection:
        read = await rows.rows(
            connection, id_, after, min(limit, MOST_ROWS), attention=attention, found=found
        )
    values = [_opened(node, each) for each in read]
    current = await kept.several(node, [id_ for each in values for id_ in each["findings"]], now)
    return [_as_now(each, current) for each in values]


def _as_now(value: dict[str, Any], current: Mapping[str, kept.Kept]) -> dict[str, Any]:
    found = [current[id_].finding for id_ in value["findings"] if id_ in current]
    outcome = None if value["coverage"] is None else outcome_of(found)
    if outcome == "nothing_found" and value["checked_by"] == "nothing":
        outcome = None
    return value | {
        "outcome": outcome,
        "findings": [each.to_value(with_owners=True) for each in found],
    }


async def delete(node: Node, id_: str, now: int) -> None:
    """Delete a screening with its rows and what was found; one under way leaves nothing.

    Raises:
        NotHere: none has this id (any more).
    """
    async with node.store.write() as connection:
        marked = await rows.rows(connection, id_, 0, MAX_ASKED, attention=True, found=True)
        found = [each for row in marked for each in _opened(node, row)["findings"]]
        said = {"who": audit.who(), "what": "screening", "number": 1}
        await audit.record(connection, node.vault, "delete", said, now)
        if not await rows.drop(connection, id_):
            raise NotHere("no screening has this id, or it was deleted")
        await findings.drop(connection, *found)
    await node.store.scrub()


def _require_small(data: bytes) -> None:
    if len(data) > MAX_LIST:
        raise UserError(
            "a list has at most %(most)s MiB here: split it, or use `comity screen`",
            most=MAX_LIST // 2**20,
        )


async def _require_room(connection: AsyncConnection) -> None:
    if await rows.number_waiting(connection) >= MOST_WAITING:
        raise UserError(
            "%(most)s lists wait already: try again when some are done", most=MOST_WAITING
        )


async def _read(node: Node, lists: Lists, data: bytes, columns: Sequence[str]) -> list[RowToAsk]:
    region = node.config.default_region

    def read() -> list[RowToAsk]:
        table = read_table(data)
        return identify(attendee_rows(table, propose(table, columns)), region)

    async with lists.reading:
        found = await asyncio.to_thread(read)
    if max(len(found), sum(len(each.identifiers) for each in found)) > MAX_ASKED:
        raise UserError(
            "a list has at most %(most)s rows, and people's addresses and handles, here: split "
            "it, or use `comity screen`",
            most=MAX_ASKED,
        )
    return found


async def _row(node: Node, id_: str) -> ScreeningRow:
    async with node.store.read() as connection:
        row = await rows.get(connection, id_)
    if row is None:
        raise NotHere("no screening has this id, or it was deleted")
    return row


def _summary(node: Node, row: ScreeningRow) -> dict[str, Any]:
    return dict(json.loads(node.vault.open(_SUMMARY, row.id, row.summary_sealed)))


def _listed(node: Node, row: ScreeningRow) -> Listed:
    summary = _summary(node, row)
    said = summary["occasion"]
    return Listed(
        id=row.id,
        state=row.state,
        fault=row.fault,
        occasion=Occasion(said["event"], Purpose.from_value(said["purpose"])),
        rows=summary["rows"],
        created_at=row.created_at,
        kept_until=row.delete_after,
        summary=summary.get("counts"),
    )


def _sealed(node: Node, id_: str, result: RowResult) -> ResultRow:
    """What was found is kept once, as findings: here are their ids."""
    number, value = result.asked.row.number, result.to_value()
    found = [] if result.result is None else [each.id for each in result.result.findings]
    value |= {"order": _text(result.asked.row.order_code), "findings": found}
    attention = bool(found or result.asked.unread) or result.asked.checked_by == "nothing"
    sealed = node.vault.seal(_RESULT, _place(id_, number), _json(value))
    return ResultRow(id_, number, attention, bool(found), sealed)


def _opened(node: Node, row: ResultRow) -> dict[str, Any]:
    place = _place(row.screening, row.row)
    return dict(json.loads(node.vault.open(_RESULT, place, row.result_sealed)))


def _place(id_: str, row: int) -> str:
    return f"{id_}:{row}"


def _json(value: Any) -> bytes:
    # Escaped: a cell may hold a lone surrogate, which UTF-8 has no bytes for.
    return json.dumps(value).encode("ascii")


def _text(cell: str) -> str:
    return cell.encode("utf-8", "replace").decode()
