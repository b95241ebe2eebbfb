"""The record of acts: who did what, and when."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from node.api import officers, records
from node.web.visit import Visit
from protocol.encoding import from_base64url

PAGE = 50
"""Acts of a page."""

_DIGITS = 15
"""Most digits of an act's number."""


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /record`: the newest first; by `from`, those from that number on."""
    start = visit.request.query.get("from", "")
    query: dict[str, Any] = {"limit": PAGE, "newest": True}
    if start.isdecimal() and len(start) <= _DIGITS:
        query = {"limit": PAGE, "from": int(start)}
    found = await visit.ask(records.acts, None, query)
    first = found.acts[0].seq if found.acts else 0
    names = {
        from_base64url(each.public_key, 32).hex(): each.name
        for each in (await visit.ask(officers.every)).officers
    }
    return visit.page(
        "record",
        acts=[(each, _details(each.detail)) for each in reversed(found.acts)],
        names=names,
        total=found.total,
        older=max(first - PAGE, 0) if first else None,
        newer=first + PAGE if found.acts and first + PAGE < found.total else None,
    )


def _details(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is said of an act beside who did it, what it was first."""
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in sorted(detail.items(), key=lambda each: each[0] != "what")
        if name != "who"
    ]
