"""One's own account: passkeys, password, and where one is signed in."""

from aiohttp import web

from node import accounts, passkeys, sessions
from node.errors import UserError
from node.passwords import SHORTEST
from node.web import rendering
from node.web.entering import remember
from node.web.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    """`GET /me`."""
    return await _page(visit)


async def password(visit: Visit) -> web.StreamResponse:
    """`POST /me/password`."""
    try:
        await accounts.set_password(
            visit.node,
            visit.site.door,
            visit.here.account.id,
            visit.form.one("password"),
            visit.now,
        )
    except UserError as error:
        return await _page(visit, 422, {"password": visit.say(str(error))})
    await sessions.end_others(visit.node, visit.here)
    response = visit.go("/me")
    await remember(visit, response, visit.here.account.id)
    return response


async def passkey_options(visit: Visit) -> web.StreamResponse:
    """`POST /me/passkeys/options`, for the script."""
    asked = await passkeys.registration(
        visit.node, visit.here.account, visit.site.origin, visit.now
    )
    return rendering.data(asked)


async def add_passkey(visit: Visit) -> web.StreamResponse:
    """`POST /me/passkeys`."""
    answer, name = visit.form.one("answer"), visit.form.one("name")
    try:
        await passkeys.register(
            visit.node, visit.here.account, answer, name, visit.site.origin, visit.now
        )
    except UserError as error:
        return await _page(visit, 422, {"passkey": visit.say(str(error))})
    return visit.go("/me")


async def remove_passkey(visit: Visit) -> web.StreamResponse:
    """`POST /me/passkeys/remove`."""
    try:
        await passkeys.remove(visit.node, visit.here.account, visit.form.one("id"), visit.now)
    except UserError as error:
        return await _page(visit, 422, {"passkey": visit.say(str(error))})
    return visit.go("/me")


async def end_session(visit: Visit) -> web.StreamResponse:
    """`POST /me/sessions/end`: one, or all others."""
    chosen = visit.form.one("id")
    if chosen:
        await sessions.end_one(visit.node, visit.here, chosen)
    else:
        await sessions.end_others(visit.node, visit.here)
    return visit.go("/me")


async def _page(
    visit: Visit, status: int = 200, faults: dict[str, str] | None = None
) -> web.Response:
    account = visit.here.account
    return visit.page(
        "me",
        status,
        faults=faults or {},
        passkeys=await passkeys.every(visit.node, account),
        sessions=await sessions.every(visit.node, visit.here),
        has_password=account.password_sealed is not None,
        is_confirmed=visit.here.is_confirmed(visit.now),
        shortest=SHORTEST,
    )
