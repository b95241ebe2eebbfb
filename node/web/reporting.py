"""The half-year's report, for everybody to read."""

from datetime import date, timedelta

from aiohttp import web

from node.api import records
from node.clock import day_of
from node.report_words import ALONE, NOT_COUNTED, TABLES
from node.suppression import FEW
from node.web.visit import Visit
from protocol.errors import ComityError

MOST = 10
"""Half-years that are offered."""


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /report`: choose a half-year that is over."""
    return visit.page("report", halves=await _halves(visit), report=None)


async def make(visit: Visit) -> web.StreamResponse:
    """`POST /report`: its report, which is made when it is first shown, and stays so."""
    halves, chosen = await _halves(visit), visit.form.one("from")
    half = next((each for each in halves if str(each[0]) == chosen), None)
    if half is None:
        words = visit.say("Choose one of these half-years.")
        return visit.page("report", 422, halves=halves, report=None, faults={"from": words})
    try:
        days = {"from": half[0].isoformat(), "to": half[1].isoformat()}
        made = (await visit.ask(records.half_year, None, days)).report
    except ComityError as error:
        fault = visit.say(str(error))
        return visit.page("report", error.status, halves=halves, report=None, fault=fault)
    tables = {table["name"]: table for table in made["tables"]}
    return visit.page(
        "report",
        halves=halves,
        report=made,
        alone=ALONE,
        tables=[(heading, tables[name]) for name, heading in TABLES.items()],
        few=FEW,
        not_counted=NOT_COUNTED,
    )


async def _halves(visit: Visit) -> list[tuple[date, date]]:
    """The half-years that are over, since there is this community."""
    first = (await visit.ask(records.log, None, {"limit": 1})).entries[0]
    founded = date.fromisoformat(first.on)
    return [each for each in _over(day_of(visit.now)) if each[1] >= founded]


def _over(today: date) -> list[tuple[date, date]]:
    """The first and the last day of each half-year before this one, the newest first."""
    begins = date(today.year, 1 if today.month < 7 else 7, 1)
    found = []
    for _ in range(MOST):
        last = begins - timedelta(days=1)
        begins = date(last.year, 1 if last.month < 7 else 7, 1)
        found.append((begins, last))
    return found
