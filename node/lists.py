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

from node import audit, screening
from node.asking import Reach
from node.attendees.columns import describe, propose
from node.attendees.reading import read_table
from node.attendees.rows import attendee_rows
from node.checking import Occasion, kept_until
from node.errors import NotHere, UserError
from node.node import Node
from node.screening import RowResult, RowToAsk, identify
from node.store import screenings as rows
from node.store.screenings import ResultRow, ScreeningRow, State
from protocol.encoding import base64url, from_base64url
from protocol.errors import ComityError
from protocol.exchange import Purpose

MAX_LIST = 8 * 2**20
"""Bytes of a list that is screened so."""

MOST_WAITING = 16
"""Lists that wait at a time."""

MOST_ROWS = 500
"""Rows that are read at a time."""

_JOB = "screenings.job"
_SUMMARY = "screenings.summary"
_RESULT = "screening_rows.result"


@dataclass(frozen=True)
class Listed:
    """A screening and how far it is; `summary` once it is done."""

    id: str
    state: State
    fault: str | None
    event: str | None
    created_at: int
    kept_until: date
    summary: Mapping[str, Any] | None


@dataclass
class Progress:
    """How far the list is that is screened now: elements answered, and asked, by peer."""

    screening: str | None = None
    peers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def began(self, id_: str) -> Callable[[str, int, int], None]:
        """Note that a list is screened from now on."""
        self.screening, self.peers = id_, {}

        def note(peer: str, answered: int, asked: int) -> None:
            self.peers[peer] = answered, asked

        return note

    def of(self, id_: str) -> dict[str, tuple[int, int]]:
        """How far this list is; nothing where it is not its turn."""
        return dict(self.peers) if self.screening == id_ else {}


def understood(data: bytes, columns: Sequence[str]) -> list[str]:
    """How a list is read, in words; nothing of it is kept.

    Raises:
        UserError: it cannot be read.
    """
    return describe(propose(read_table(data), columns))


async def add(node: Node, data: bytes, columns: Sequence[str], occasion: Occasion, now: int) -> str:
    """Let a list wait for its turn; the id of its screening.

    Raises:
        UserError: it cannot be read, is too large, or too many wait.
    """
    if len(data) > MAX_LIST:
        raise UserError(
            f"a list has at most {MAX_LIST // 2**20} MiB here: split it, or use `comity screen`"
        )
    await asyncio.to_thread(_read, data, columns, node.config.default_region)
    id_ = str(uuid.uuid4())
    job = {"list": base64url(data), "columns": list(columns)}
    row = ScreeningRow(
        id_,
        "waiting",
        node.vault.seal(_JOB, id_, _json(job)),
        node.vault.seal(_SUMMARY, id_, _json({"occasion": occasion.to_value()})),
        None,
        now,
        kept_until(node, occasion.purpose, now),
    )
    async with node.store.write() as connection:
        if await rows.number_waiting(connection) >= MOST_WAITING:
            raise UserError(f"{MOST_WAITING} lists wait already: try again when some are done")
        await rows.add(connection, row)
    return id_


async def run_next(node: Node, reach: Reach, progress: Progress, now: int) -> bool:
    """Screen the list that has waited longest; False where none waits."""
    async with node.store.read() as connection:
        row = await rows.waiting(connection)
    if row is None or row.job_sealed is None:
        return False
    occasion = _occasion(node, row)
    job = json.loads(node.vault.open(_JOB, row.id, row.job_sealed))
    try:
        data, region = from_base64url(job["list"]), node.config.default_region
        asked = await asyncio.to_thread(_read, data, job["columns"], region)
        done = await screening.screen(
            node, reach, asked, occasion, now=now, progress=progress.began(row.id)
        )
    except (UserError, ComityError) as error:
        async with node.store.write() as connection:
            await rows.finish(connection, row.id, None, str(error), [])
        return True
    finally:
        progress.screening = None
    summary = {"occasion": occasion.to_value(), "counts": done.summary()}
    sealed = node.vault.seal(_SUMMARY, row.id, _json(summary))
    results = [_sealed(node, row.id, each) for each in done.rows]
    async with node.store.write() as connection:
        await rows.finish(connection, row.id, sealed, None, results)
    await node.store.scrub()
    return True


async def every(node: Node) -> list[ScreeningRow]:
    """All screenings, the newest first."""
    async with node.store.read() as connection:
        return await rows.every(connection)


async def show(node: Node, id_: str) -> Listed:
    """One screening.

    Raises:
        NotHere: none has this id (any more).
    """
    row = await _row(node, id_)
    return Listed(
        id=row.id,
        state=row.state,
        fault=row.fault,
        event=_occasion(node, row).name,
        created_at=row.created_at,
        kept_until=row.delete_after,
        summary=_summary(node, row).get("counts"),
    )


async def results(
    node: Node, id_: str, after: int, limit: int, *, attention: bool
) -> list[dict[str, Any]]:
    """Results of rows after a row, in order: all, or those that a human has to look at.

    Raises:
        NotHere: no screening has this id (any more).
    """
    await _row(node, id_)
    async with node.store.read() as connection:
        found = await rows.rows(connection, id_, after, min(limit, MOST_ROWS), attention=attention)
    return [
        json.loads(node.vault.open(_RESULT, _place(id_, each.row), each.result_sealed))
        for each in found
    ]


async def delete(node: Node, id_: str, now: int) -> None:
    """Delete a screening with all its rows; one that is under way leaves nothing.

    Raises:
        NotHere: none has this id (any more).
    """
    async with node.store.write() as connection:
        said = {"who": audit.who(), "what": "screening", "number": 1}
        await audit.record(connection, node.vault, "delete", said, now)
        if not await rows.drop(connection, [id_]):
            raise NotHere("no screening has this id, or it was deleted")
    await node.store.scrub()


def _read(data: bytes, columns: Sequence[str], region: str | None) -> list[RowToAsk]:
    table = read_table(data)
    return identify(attendee_rows(table, propose(table, columns)), region)


async def _row(node: Node, id_: str) -> ScreeningRow:
    async with node.store.read() as connection:
        row = await rows.get(connection, id_)
    if row is None:
        raise NotHere("no screening has this id, or it was deleted")
    return row


def _summary(node: Node, row: ScreeningRow) -> dict[str, Any]:
    if row.summary_sealed is None:
        return {}
    return dict(json.loads(node.vault.open(_SUMMARY, row.id, row.summary_sealed)))


def _occasion(node: Node, row: ScreeningRow) -> Occasion:
    kept = _summary(node, row)["occasion"]
    return Occasion(kept["event"], Purpose.from_value(kept["purpose"]))


def _sealed(node: Node, id_: str, result: RowResult) -> ResultRow:
    number = result.asked.row.number
    value = result.to_value() | {"order": _text(result.asked.row.order_code)}
    attention = bool(value["findings"]) or result.asked.checked_by == "nothing"
    sealed = node.vault.seal(_RESULT, _place(id_, number), _json(value))
    return ResultRow(id_, number, attention, sealed)


def _place(id_: str, row: int) -> str:
    return f"{id_}:{row}"


def _json(value: Any) -> bytes:
    # Escaped: a cell may hold a lone surrogate, which UTF-8 has no bytes for.
    return json.dumps(value).encode("ascii")


def _text(cell: str) -> str:
    return cell.encode("utf-8", "replace").decode()
