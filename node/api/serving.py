"""The local API as an application: who calls, what is sent, what is answered.

The order is that of cost and of trust: the token, the role, the body within its cap, its form. Then
the call is recorded, and only then carried out. Everything that is refused is a problem document.
"""

from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from node import audit, callers
from node.api.openapi import description
from node.api.routes import Body, Call, Nothing, NotYours, Query, Route
from node.api.table import ROUTES
from node.callers import Caller
from node.errors import NotHere, Unprocessable, UserError
from node.federation.bodies import read_body
from node.federation.middleware import strict_http
from node.federation.problems import problem_response, problems
from node.federation.service import SERVICE, Service
from node.passwords import WrongPassword
from protocol.english import English
from protocol.errors import Malformed, NotFound, UnknownKey

BASE = "/api/v1"

_MAX_FAULTS = 8
_MAX_VARIABLE = 256

Responder = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NoToken(UnknownKey):
    """No token, or one that opens nothing (any more)."""

    code = "no-token"


def application(service: Service) -> web.Application:
    """The local API of a node at work."""
    app = web.Application(middlewares=[_headers, problems, strict_http])
    app[SERVICE] = service
    app.router.add_get("/openapi.json", _openapi, allow_head=False)
    for route in ROUTES:
        app.router.add_route(route.method, BASE + route.path, _responder(route))
    return app


async def _openapi(_request: web.Request) -> web.Response:
    return web.Response(body=_description(), content_type="application/json")


@cache
def _description() -> bytes:
    # Made when it is first asked for: it takes longer than all the rest of a start.
    return description(ROUTES, BASE)


def _responder(route: Route) -> Responder:
    async def respond(request: web.Request) -> web.StreamResponse:
        service = request.app[SERVICE]
        caller = await _caller(request, service, route)
        call = await _call(request, service, caller, route)
        if route.takes_body:
            await _caller(request, service, route)  # revoked while the body came
        with audit.acting(caller.name):
            answer = await perform(route, call)
        return web.Response(
            body=answer.model_dump_json(by_alias=True).encode(), content_type="application/json"
        )

    return respond


async def _caller(request: web.Request, service: Service, route: Route) -> Caller:
    """Whose token it is, if it opens this."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        caller = await callers.caller_of(service.node, token.strip(), service.now())
        if caller is not None and caller.role not in route.roles:
            raise NotYours("a token of role %(role)s does not open this", role=caller.role)
        if caller is not None:
            return caller
    raise NoToken("a token that is valid is due: Authorization: Bearer comity_…")


async def _call(
    request: web.Request, service: Service, caller: Caller, route: Route
) -> Call[Body, Query]:
    body, query, _ = route.models
    deadline = service.node.config.request_deadline
    data = await read_body(request, route.limit, media_type="application/json", deadline=deadline)
    if body is Nothing and data:
        raise Malformed("nothing is to be sent with this")
    return Call(service, caller, path_of(request), body_of(body, data), _query(query, request))


def path_of(request: web.Request) -> dict[str, str]:
    """The variables of an address.

    Raises:
        NotFound: one of them names nothing that there can be, such as what databases do not take.
    """
    path = dict(request.match_info)
    if any(len(each) > _MAX_VARIABLE or not each.isprintable() for each in path.values()):
        raise NotFound("there is nothing at this address")
    return path


def body_of(model: type[Body], data: bytes) -> Body:
    """What is sent, of its form.

    Raises:
        Malformed: it is not; where.
    """
    if model is Nothing:
        return Nothing()
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise _faults(error) from None  # the cause would quote what was sent


def _query(model: type[Query], request: web.Request) -> Query:
    given = request.query
    if len(set(given)) != len(given):
        raise Malformed("a parameter is given once")
    try:
        return model.model_validate_strings(dict(given))
    except ValidationError as error:
        raise _faults(error) from None


def _faults(error: ValidationError) -> Malformed:
    """Where it is not as due; never what was sent, which may be about a person."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    words = [
        English("%(place)s: %(fault)s", place=_place(each["loc"]), fault=English(each["msg"]))
        if each["type"] != "extra_forbidden"
        else English("unknown members or parameters are refused")
        for each in found[:_MAX_FAULTS]
    ]
    return Malformed(English.joined(dict.fromkeys(words), "; "))


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc)) or "body"


async def perform(route: Route, call: Call[Body, Query]) -> BaseModel:
    """Record a call that may be answered, and carry it out.

    Raises:
        ComityError: it cannot be carried out; why.
    """
    try:
        if route.changes and not route.recorded:
            said = {
                "who": audit.who(),
                "what": f"{route.method} {route.path}",
                "at": dict(call.path),
            }
            await audit.write(call.node, "call", said, call.now)
        return await route.handler(call)
    except NotHere as error:
        raise NotFound(str(error)) from error
    except WrongPassword as error:
        raise NotYours(str(error)) from error
    except UserError as error:
        raise Unprocessable(str(error)) from error


@web.middleware
async def _headers(request: web.Request, handler: Responder) -> web.StreamResponse:
    """Nothing is kept on the way, and no browser takes it for anything but data."""
    if not request.path.startswith((BASE, "/openapi.json")):
        return await handler(request)  # one of the pages, which have headers of their own
    if hdrs.ORIGIN in request.headers:
        # Pages of other sites have no business here; pages of the node's own call no API.
        response: web.StreamResponse = problem_response(NotYours("browsers are not answered"))
    else:
        response = await handler(request)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "comity"
    if response.status == NoToken.status:
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="comity"'
    return response
