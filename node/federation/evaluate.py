"""`POST …/evaluate`: blinded elements in, evaluated ones and one proof out (SPEC.md, section 8)."""

import asyncio
import hashlib

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, budgets
from node.evaluation import Evaluation
from node.federation.middleware import Authenticated, authenticated
from node.federation.service import SERVICE, Service
from protocol.errors import OverBudget, UnknownOprfKey
from protocol.exchange import MAX_EVALUATE_BODY, EvaluateAnswer, EvaluateRequest

_log = structlog.get_logger()


@authenticated(MAX_EVALUATE_BODY)
async def evaluate(request: web.Request, asker: Authenticated) -> web.StreamResponse:
    """Evaluate under a live key, once it is paid for. Nothing of the request is kept but its size.

    Its digest is kept too, for a day: of elements that are random to everybody but the asker.
    """
    service = request.app[SERVICE]
    # Thousands of elements take tens of milliseconds to read and to write: not in the loop.
    asked = await asyncio.to_thread(EvaluateRequest.from_bytes, asker.body, MAX_EVALUATE_BODY)
    key = (await service.own.current()).oprf.get(asked.oprf_key)
    if key is None:
        raise UnknownOprfKey("this OPRF key is not live in this community's log")
    await _charge(service, asker, asked)
    evaluation = await service.evaluator.evaluate(key, asked.blinded)
    return web.Response(
        body=await asyncio.to_thread(_answer, evaluation), content_type="application/json"
    )


async def _charge(service: Service, asker: Authenticated, asked: EvaluateRequest) -> None:
    """Let the peer pay, and record it with that: a retry costs nothing, and adds no act."""
    digest, amount = hashlib.sha256(asker.body).digest(), len(asked.blinded)
    node, now = service.node, service.now()
    detail = {"who": asker.peer.id, "purpose": asked.purpose.to_value(), "elements": amount}

    async def record(connection: AsyncConnection) -> None:
        await audit.record(connection, node.vault, "evaluate", detail, now)

    try:
        await budgets.charge(node, asker.peer.fingerprint, digest, amount, now, within=record)
    except OverBudget as error:
        _log.warning("over-budget", peer=asker.peer.id, amount=amount, why=str(error))
        raise


def _answer(evaluation: Evaluation) -> bytes:
    answer = EvaluateAnswer(v=1, evaluated=tuple(evaluation.evaluated), proof=evaluation.proof)
    return answer.to_bytes()
