"""`POST …/events`: a peer declares an event, which raises its budget for a while, or ends it."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, budgets
from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE
from protocol.exchange import MAX_EVENT_BODY, EventAnswer, EventRequest


@authenticated(MAX_EVENT_BODY)
async def events(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """Answers with the budget that holds from now on."""
    service = request.app[SERVICE]
    asked = EventRequest.from_bytes(asker.body, MAX_EVENT_BODY)
    node, now = service.node, service.now()
    detail = {"who": asker.peer.id, "what": asked.act, "purpose": asked.event.to_value()}

    async def record(connection: AsyncConnection) -> None:
        await audit.record(connection, node.vault, "event", detail, now)

    act = budgets.declare if asked.act == "declare" else budgets.end
    budget = await act(node, asker.peer.fingerprint, asked.event, now, within=record)
    answer = EventAnswer(v=1, available=budget.available, until=budget.until)
    return web.Response(body=answer.to_bytes(), content_type="application/json")
