"""A token opens what its role may do, and nothing else does."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from node import callers
from node.api.serving import application
from node.api.table import ROUTES
from node.clock import day_of
from node.errors import NotHere, UserError
from protocol.encoding import base64url
from protocol.keys import SigningKey
from tests.node.api.conftest import ROLES, Api
from tests.node.federation import password


def _path(path: str) -> str:
    """A path with its variables filled in by something that is not there."""
    return path.replace("{id}", "12345678").replace("{name}", "nobody")


async def test_every_route_answers_its_roles_and_nobody_else(api: Api) -> None:
    """Each route tried by each role and by nobody; where a role may, it is not refused as such."""
    for route in ROUTES:
        path = _path(route.path)
        body = {"json": {"unknown": 1}} if route.takes_body else {}
        status, problem = await api.send(route.method, path, None, **body)
        assert (status, problem["type"]) == (401, "urn:comity:problem:no-token"), route.name
        for role in ROLES:
            status, problem = await api.send(route.method, path, api.tokens[role], **body)
            if role in route.roles:
                assert status not in {401, 403, 500}, (route.name, role, problem)
            else:
                assert (status, problem["type"]) == (403, "urn:comity:problem:not-yours")


async def test_every_route_of_the_application_is_in_the_table(api: Api) -> None:
    """Nothing is answered that the table does not know, but its description."""
    assert api.community.serving is not None
    app = application(api.community.serving.service)
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if isinstance(route.resource, web.PlainResource | web.DynamicResource)
    }
    table = {(route.method, f"/api/v1{route.path}") for route in ROUTES}
    assert served == table | {("GET", "/openapi.json")}


async def test_what_is_no_token_opens_nothing(api: Api) -> None:
    """Whatever form it has."""
    for token in ("", "comity_", "x", "comity_" + base64url(bytes(32)), "comity_\u00e4"):
        status, _ = await api.send("GET", "/me", token)
        assert status in {400, 401}, token


async def test_a_token_that_was_revoked_or_is_over_opens_nothing(api: Api) -> None:
    """From the next call on."""
    now = api.community.now
    short = await callers.create(
        api.community.node,
        "short",
        "checker",
        officer=None,
        expires_on=day_of(now),
        now=now,
    )
    assert (await api.send("GET", "/me", short))[0] == 200
    api.community.clock[0] += 86_400
    assert (await api.send("GET", "/me", short))[0] == 401
    assert await api.done("operator", "DELETE", "/tokens/checker token") == {
        "revoked": "checker token"
    }
    assert (await api.call("checker", "GET", "/me"))[0] == 401
    listed = (await api.done("operator", "GET", "/tokens"))["tokens"]
    names = [each["name"] for each in listed]
    assert names == ["bob's", "officer token", "operator token", "short"]


async def test_a_token_that_is_revoked_while_a_body_comes_opens_nothing(api: Api) -> None:
    """Who sends slowly keeps no door open."""

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"identifiers":'
        await callers.revoke(api.community.node, "checker token", api.community.now)
        yield b'["email:person@person.example"]}'

    headers = {"Content-Type": "application/json"}
    token = api.tokens["checker"]
    status, _ = await api.send("POST", "/checks", token, data=slowly(), headers=headers)
    assert status == 401


async def test_a_token_alone_approves_nothing(api: Api) -> None:
    """It takes the officer's password besides, and an officer's token speaks for that one only."""
    proposed = await api.done("operator", "POST", "/officers/threshold", {"threshold": 1})
    path = f"/decisions/{proposed['decision']}/approve"
    status, problem = await api.call("officer", "POST", path, {"password": "guessed"})
    assert status == 403
    assert "guessed" not in str(problem)
    status, _ = await api.call("officer", "POST", path, {"password": password("bob")})
    assert status == 403
    status, _ = await api.call("officer", "POST", path, {"officer": "bob", "password": "x"})
    assert status == 400
    shown = await api.done("officer", "GET", f"/decisions/{proposed['decision']}")
    assert (shown["state"], shown["approvals"]) == ("pending", 0)


async def test_pages_of_other_sites_are_not_answered(api: Api) -> None:
    """Whatever token a browser was talked into sending."""
    status, _ = await api.send(
        "GET", "/me", api.tokens["checker"], headers={"Origin": "https://evil.example"}
    )
    assert status == 403


async def test_tokens_are_made_as_they_may_be(api: Api) -> None:
    """Names once; an officer's token names its officer."""
    node, now = api.community.node, api.community.now
    yesterday = day_of(now) - timedelta(days=1)
    for name, role, officer, ends in (
        ("checker token", "checker", None, None),
        ("", "checker", None, None),
        ("a", "officer", None, None),
        ("a", "officer", "nobody", None),
        ("a", "checker", "alice", None),
        ("a", "checker", None, yesterday),
        ("here", "checker", None, None),
    ):
        with pytest.raises(UserError):
            await callers.create(node, name, role, officer=officer, expires_on=ends, now=now)  # type: ignore[arg-type]
    with pytest.raises(NotHere):
        await callers.revoke(node, "a", now)


async def test_an_operator_makes_no_token_that_asks_or_decides(api: Api) -> None:
    """Or they would see who is under a sanction, and speak for an officer."""
    for role in ("officer", "checker"):
        body = {"name": "mine", "role": role, "officer": "alice"}
        assert (await api.call("operator", "POST", "/tokens", body))[0] == 400
    made = await api.done("operator", "POST", "/tokens", {"name": "mine"})
    status, _ = await api.send("GET", "/sanctions", made["token"])
    assert status == 403


async def test_the_token_of_an_officer_who_is_one_no_more_opens_nothing(api: Api) -> None:
    """Nor does one that is bound to a key that was replaced."""
    await api.logged(await api.done("operator", "POST", "/officers/threshold", {"threshold": 1}))
    assert (await api.send("GET", "/me", api.tokens["bob"]))[0] == 200
    await api.logged(await api.done("operator", "DELETE", "/officers/bob"))
    assert (await api.send("GET", "/me", api.tokens["bob"]))[0] == 401
    with pytest.raises(UserError, match="not listed"):
        await callers.create(
            api.community.node,
            "again",
            "officer",
            officer="bob",
            expires_on=None,
            now=api.community.now,
        )


async def test_nobody_declines_for_an_officer_whose_key_is_elsewhere(api: Api) -> None:
    """Nothing would show who did, and enough of it ends a decision."""
    key = base64url(SigningKey(bytes(range(32))).public_key)
    added = {"name": "dora", "public_key": key}
    await api.logged(await api.done("operator", "POST", "/officers", added))
    token = await callers.create(
        api.community.node,
        "dora's",
        "officer",
        officer="dora",
        expires_on=None,
        now=api.community.now,
    )
    proposed = await api.done("operator", "POST", "/officers/threshold", {"threshold": 1})
    path = f"/decisions/{proposed['decision']}/decline"
    status, _ = await api.send("POST", path, token, json={"reason": ""})
    assert status == 422
