"""Refusals as problem documents (RFC 9457); the one place where an error becomes HTTP.

Nothing that arrives from outside may produce a 500 (SPEC.md, section 9).
"""

import traceback
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from node.errors import ComeLater
from protocol.encoding import JSON, canonical_json
from protocol.errors import (
    ComityError,
    Malformed,
    MethodNotAllowed,
    NotFound,
    OverBudget,
    TooLarge,
    TooSlow,
    Unavailable,
    UnsupportedMedia,
    Violation,
)

MEDIA_TYPE = "application/problem+json"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger()
_OF_STATUS: dict[int, type[Violation]] = {
    error.status: error
    for error in (Malformed, NotFound, MethodNotAllowed, TooSlow, TooLarge, UnsupportedMedia)
}


def problem_response(error: ComityError) -> web.Response:
    """The problem document of an error, with Retry-After where the error knows when."""
    document: dict[str, JSON] = {
        "type": f"urn:comity:problem:{error.code}",
        "title": error.code.replace("-", " "),
        "status": error.status,
        "detail": str(error),
    }
    response = web.Response(
        status=error.status, body=canonical_json(document), content_type=MEDIA_TYPE
    )
    if isinstance(error, OverBudget):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def answer_or_problem(answer: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    """What `answer` gives, or the problem document of what it raises, whatever that is."""
    try:
        return await answer
    except ComityError as error:
        if isinstance(error, ComeLater):  # strangers must not be able to fill the log with alarms
            _log.info("come-later", why=str(error))
        elif error.status == Unavailable.status:
            _log.error("unavailable", error=type(error).__name__, why=str(error))
        return problem_response(error)
    except web.HTTPException as error:
        return _of_http_exception(error)
    except Exception as error:  # noqa: BLE001 - the promise of this module: never a 500
        _log.error("unexpected", error=type(error).__name__, at=innermost(error))
        return problem_response(Unavailable("this node failed to answer; its operator can see why"))


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error of a handler, and of aiohttp's router, into a problem document."""
    return await answer_or_problem(handler(request))


def _of_http_exception(error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        return error
    kind = _OF_STATUS.get(error.status, Malformed if error.status < 500 else Unavailable)
    response = problem_response(kind(error.reason))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def innermost(error: Exception) -> str:
    """Where it was raised. Never the message, which may quote what a person's data are."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name}:{frame.lineno}"
