"""Getting in and out: passkey, password, invitation, and the step-up before what weighs much."""

from dataclasses import replace

from aiohttp import web

from node import accounts, devices, passkeys, sessions
from node.errors import NotHere, UserError
from node.passkeys import WrongPasskey
from node.passwords import SHORTEST
from node.web import rendering, resuming
from node.web.visit import Visit, ours
from protocol.errors import ComityError

YEAR = 365 * 86_400

PASSKEY = "shown-passkey"
PASSWORD = "shown-password"  # noqa: S105 - the name of a field
"""What a form carries beside its own fields, where it has to be shown who sends it."""


async def look(visit: Visit) -> web.StreamResponse:
    """`GET /enter`."""
    if visit.session is not None:
        return visit.go("/")
    return visit.page("enter", carried=[])


async def by_password(visit: Visit) -> web.StreamResponse:
    """`POST /enter`."""
    name, password = visit.form.one("name"), visit.form.one("password")
    door, device = visit.site.door, visit.request.cookies.get(visit.site.device, "")
    try:
        account = await accounts.by_password(
            visit.node, door, name, password, visit.now, device=device
        )
    except UserError as error:
        return visit.page(
            "enter", 422, fault=visit.say(str(error)), carried=resuming.carried(visit)
        )
    return await _in(visit, account.id)


async def options(visit: Visit) -> web.StreamResponse:
    """`POST /enter/options`: what a passkey is asked to sign, for the script."""
    asked = await passkeys.authentication(visit.node, None, visit.site.origin, visit.now)
    return rendering.data(asked)


async def by_passkey(visit: Visit) -> web.StreamResponse:
    """`POST /enter/passkey`."""
    answer = visit.form.one("answer")
    try:
        account = await passkeys.authenticate(
            visit.node, None, answer, visit.site.origin, visit.now
        )
    except WrongPasskey as error:
        return visit.page(
            "enter", 422, fault=visit.say(str(error)), carried=resuming.carried(visit)
        )
    return await _in(visit, account.id)


async def invited(visit: Visit) -> web.StreamResponse:
    """`GET /invited/{code}`: what somebody is invited to. Looking uses nothing up."""
    try:
        invitation = await accounts.invitation(visit.node, visit.path["code"], visit.now)
    except NotHere as error:
        return visit.page("failed", 404, words=visit.say(str(error)))
    return visit.page("invited", invitation=invitation, shortest=SHORTEST)


async def accept(visit: Visit) -> web.StreamResponse:
    """`POST /invited/{code}`: the account is made; without a password a passkey is due next."""
    password = visit.form.one("password") or None
    invitation = await accounts.invitation(visit.node, visit.path["code"], visit.now)
    try:
        account = await accounts.accept(
            visit.node, visit.site.door, invitation, password, visit.now
        )
    except NotHere:
        raise
    except UserError as error:
        return visit.page(
            "invited",
            422,
            invitation=invitation,
            shortest=SHORTEST,
            faults={"password": visit.say(str(error))},
        )
    return await _in(visit, account, "/me#passkeys" if password is None else "/")


async def opened(visit: Visit) -> web.StreamResponse:
    """`GET /opened/{code}`: the link that `comity open` gives, once."""
    account = await accounts.opened_by(visit.node, visit.path["code"], visit.now)
    return await _in(visit, account)


async def leave(visit: Visit) -> web.StreamResponse:
    """`POST /leave`."""
    await sessions.end(visit.node, visit.here)
    visit.site.answers.drop(visit.here.tag)
    response = visit.go("/enter")
    _cookie(visit, response, visit.site.cookie, "", 0)
    return response


async def language(visit: Visit) -> web.StreamResponse:
    """`POST /language`: for a year, in this browser."""
    chosen, back = visit.form.one("language"), visit.form.one("back")
    response = visit.go(ours(back, "/"))
    if chosen in rendering.LANGUAGES:
        secure = visit.site.is_secure
        response.set_cookie(
            "language", chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=secure
        )
    return response


async def ask_again(visit: Visit) -> web.StreamResponse:
    """`GET /confirm`: who uses this session, before what weighs much; `back`: where to go on."""
    return await _asked_again(visit, 200)


async def confirm_options(visit: Visit) -> web.StreamResponse:
    """`POST /confirm/options`, for the script."""
    asked = await passkeys.authentication(
        visit.node, visit.here.account, visit.site.origin, visit.now
    )
    return rendering.data(asked)


async def confirm(visit: Visit) -> web.StreamResponse:
    """`POST /confirm`: by a passkey or the password."""
    return await show_again(visit) or visit.go(ours(visit.form.one("back"), "/me"))


async def show_again(visit: Visit) -> web.StreamResponse | None:
    """Take the passkey or password that a form carries; a page that asks for it where none holds.

    That page carries on what was typed, so that it is sent again with what was shown.
    """
    answer, password = visit.form.one(PASSKEY), visit.form.one(PASSWORD)
    if not answer and not password:
        return await _asked_again(visit, 403)
    account = visit.here.account
    try:
        if answer:
            await passkeys.authenticate(visit.node, account, answer, visit.site.origin, visit.now)
        else:
            name = accounts.name_of(visit.node, account)
            door = visit.site.door
            apart = visit.here.tag
            await accounts.by_password(visit.node, door, name, password, visit.now, apart=apart)
    except (ComityError, UserError) as error:
        return await _asked_again(visit, 422, visit.say(str(error)))
    await sessions.confirm(visit.node, visit.here, visit.now)
    return None


async def _asked_again(visit: Visit, status: int, fault: str | None = None) -> web.Response:
    carried = [
        (name, value)
        for name, values in visit.form.fields.items()
        for value in values
        # A password is typed anew: what a page holds can be read in the browser's history.
        if name not in ("token", PASSKEY) and "password" not in name
    ]
    if back := visit.request.query.get("back"):
        carried.append(("back", back))
    return visit.page(
        "confirm",
        status,
        fault=fault,
        passkeys=await passkeys.every(visit.node, visit.here.account),
        action=visit.request.path,
        carried=carried,
    )


async def _in(visit: Visit, account: str, to: str = "/") -> web.Response:
    browser = visit.request.headers.get("User-Agent", "")
    if visit.session is not None:
        await sessions.end(visit.node, visit.session)
    cookie = await sessions.begin(visit.node, account, browser, visit.now)
    begun = await sessions.of(visit.node, cookie, visit.now)
    if begun is not None and resuming.is_theirs(visit, begun.account):
        # What was typed is sent by a click: before what weighs much, it is asked who that was.
        await sessions.confirm(visit.node, begun, 0)
        caller = await accounts.caller_of(visit.node, begun.account)
        response = resuming.resumed(replace(visit, session=begun, caller=caller))
    else:
        response = visit.go(to)
    # On this machine it ends with the browser: whatever else listens here is sent it, too.
    lasting = sessions.MOST if visit.site.is_secure else None
    _cookie(visit, response, visit.site.cookie, cookie, lasting)
    await remember(visit, response, account)
    return response


async def remember(visit: Visit, response: web.Response, account: str) -> None:
    """Have this browser known as one where somebody has signed in to an account."""
    cookie = await devices.cookie(visit.node, account, visit.now)
    _cookie(visit, response, visit.site.device, cookie, devices.LASTING)


def _cookie(visit: Visit, response: web.Response, name: str, value: str, age: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=age,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=visit.site.is_secure,
    )
