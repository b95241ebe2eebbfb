"""Screening a list: what was understood, progress, the rows that need a human, downloads."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from node.api import screenings
from node.attendees.columns import OVERRIDES
from node.attendees.report import ReportLine, report
from node.screening import not_asked, report_ending
from node.web import rendering
from node.web.checking import event_faults, event_of
from node.web.visit import Visit
from protocol.errors import ComityError, NotFound

LIMIT = screenings.LIMIT + 2**16
"""Bytes of a form with a list."""

PAGE = 25
"""Rows of a page."""

_ROLES = [each for each in OVERRIDES if f"attendee-{each}" not in OVERRIDES]
"""What a column can be said to hold; of people, with whose it is."""

_PROGRESS = 1.0
"""Seconds from one look at how far a list is to the next."""

_MOST_LOOKS = 3_600

_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def every(visit: Visit) -> web.StreamResponse:
    """`GET /lists`."""
    return await _every(visit)


async def understand(visit: Visit) -> web.StreamResponse:
    """`POST /lists/understand`: how the list is read, to be corrected before anybody is asked.

    The list goes back with the page and is not kept here.
    """
    data, kept = visit.form.files.get("file"), visit.form.one("list")
    if data is None and not kept:
        return await _every(visit, 422, {"file": visit.say("Choose the file that was exported.")})
    if data is not None and not data.strip():
        words = visit.say("The file is empty. Export the list again.")
        return await _every(visit, 422, {"file": words})
    return await _understood(visit, kept if data is None else b64encode(data).decode())


async def begin(visit: Visit) -> web.StreamResponse:
    """`POST /lists`: the list is screened from now on; the tab may be closed."""
    file = visit.form.one("list")
    body = {"file": file, "columns": _columns(visit), "event": event_of(visit)}
    try:
        begun = await visit.ask(screenings.begin, body)
    except ComityError as error:
        return await _understood(visit, file, error)
    return visit.go(f"/lists/{begun.id}")


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /lists/{id}`: how far it is; once it is done, the rows that need a human."""
    try:
        found = await visit.ask(screenings.show, id=visit.path["id"])
    except NotFound:
        return visit.page("gone", NotFound.status)
    rows, left = None, None
    after, left_after = _number(visit, "after"), _number(visit, "left")
    if found.state == "done":
        rows = await _rows(visit, after, found=True)
        left = await _rows(visit, left_after, found=False)
    return visit.page("list", found=found, rows=rows, left=left, after=after, page_size=PAGE)


async def progress(visit: Visit) -> web.StreamResponse:
    """`GET /lists/{id}/progress`: how far it is, as server-sent events, until it is done."""
    response = web.StreamResponse(headers=rendering.HEADERS | {"Content-Type": "text/event-stream"})
    await visit.ask(screenings.show, id=visit.path["id"])
    await response.prepare(visit.request)
    async with visit.site.streams.place(visit.here.tag):
        with suppress(ConnectionError):  # the tab was closed
            async for said in _looks(visit):
                await response.write(f"data: {json.dumps(said)}\n\n".encode())
    return response


async def _looks(visit: Visit) -> AsyncIterator[dict[str, object]]:
    for _ in range(_MOST_LOOKS):
        if not await visit.is_still_here():
            yield {"state": "gone"}
            return
        try:
            found = await visit.ask(screenings.show, id=visit.path["id"])
        except ComityError:
            yield {"state": "gone"}
            return
        asked = [each.to_value() for each in found.progress]
        yield {"state": found.state, "before": found.before, "progress": asked}
        if found.state != "waiting":
            return
        await asyncio.sleep(_PROGRESS)


async def download(visit: Visit) -> web.StreamResponse:
    """`GET /lists/{id}/report.csv` or `.xlsx`: what a human is to look at, naming nobody."""
    id_, form = visit.path["id"], visit.path["form"]
    counts = (await visit.ask(screenings.show, id=id_)).counts
    lines: list[ReportLine] = []
    after = 0
    while True:
        query = {"after": after, "limit": 500, "attention": True}
        found = await visit.ask(screenings.rows, None, query, id=id_)
        for row in found.rows:
            lines += _lines(row)
        if not found.rows:
            break
        after = found.next
    if counts is not None:
        lines += report_ending(counts.model_dump())
    body = await asyncio.to_thread(report, lines, f".{form}")
    headers = rendering.HEADERS | {
        "Content-Disposition": f'attachment; filename="screening.{form}"'
    }
    return web.Response(body=body, content_type=_TYPES[form], headers=headers)


async def delete(visit: Visit) -> web.StreamResponse:
    """`POST /lists/{id}/delete`: with all rows and what was found, now."""
    await visit.ask(screenings.delete, id=visit.path["id"])
    return visit.page("deleted", back="")


def _columns(visit: Visit) -> list[str]:
    """What was chosen for columns, as `NUMBER=ROLE`."""
    return [each for each in visit.form.all("column") if re.fullmatch("[0-9]{1,4}=[a-z-]+", each)]


def _number(visit: Visit, name: str) -> int:
    """The row after which a part of the page begins; what is no number is the beginning."""
    said = visit.request.query.get(name, "")
    return int(said) if re.fullmatch("[0-9]{1,9}", said) else 0


async def _rows(visit: Visit, after: int, *, found: bool) -> screenings.Rows:
    """A page of the rows that need a human: of those about which something was found, or of others.

    Nobody was asked about something that stands in those others.
    """
    query = {"after": after, "limit": PAGE, "attention": True, "found": found}
    return await visit.ask(screenings.rows, None, query, id=visit.path["id"])


def _lines(row: screenings.Row) -> list[ReportLine]:
    outcome = (row.outcome or "not checked").replace("_", " ")
    # What is listed beside "nothing found" makes no match.
    found = "note" if row.outcome == "nothing_found" else outcome
    lines = [
        ReportLine(row.row, row.order, found, each.issuer, each.contact or "", each.id)
        for each in row.findings
    ]
    left = not_asked(row.checked_by, row.unreadable)
    if row.reason and not row.unreadable:
        left = f"{left}: {row.reason}"
    if left or not lines:
        lines.append(ReportLine(row.row, row.order, left or outcome, "", "", ""))
    return lines


async def _understood(
    visit: Visit, file: str, fault: ComityError | None = None
) -> web.StreamResponse:
    """How a list is read, to be corrected; or why it is not."""
    body = {"file": file, "columns": _columns(visit), "event": event_of(visit)}
    try:
        found = await visit.ask(screenings.understand, body)
    except ComityError as error:
        faults = event_faults(visit, error) or {"file": visit.say(str(error))}
        return await _every(visit, error.status, faults)
    if not found.rows:
        words = visit.say(
            "The list has no rows: nothing stands below its headers. Export it again."
        )
        return await _every(visit, 422, {"file": words})
    return visit.page(
        "understood",
        200 if fault is None else fault.status,
        found=found,
        list=file,
        roles=_ROLES,
        chosen={int(each.partition("=")[0]): each for each in body["columns"]},
        # Where no column names anybody, the page says so in its own words.
        fault=visit.say(str(fault)) if fault is not None and found.identifies else None,
    )


async def _every(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    held = (await visit.ask(screenings.every)).screenings
    days = visit.node.config.retention_days
    return visit.page("lists", status, lists=held, faults=faults or {}, retention_days=days)
