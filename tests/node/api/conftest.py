"""A node that serves the local API, a peer that has published, and tokens of each role."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from node import callers
from node.callers import Role
from tests.node.federation import Community, Federation, password

ROLES: tuple[Role, ...] = ("checker", "officer", "operator")


@dataclass
class Api:
    """Calls to one node's API, by whoever has a token there."""

    community: Community
    issuer: Community
    tokens: dict[str, str]
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """Where it is answered."""
        serving = self.community.serving
        assert serving is not None
        assert serving.api is not None
        return serving.api

    async def send(
        self, method: str, path: str, token: str | None, **options: Any
    ) -> tuple[int, Any]:
        """One request; the status, and the JSON that was answered."""
        headers = options.pop("headers", {})
        if token is not None:
            headers = headers | {"Authorization": f"Bearer {token}"}
        url = f"{self.url}/api/v1{path}"
        async with self.session.request(method, url, headers=headers, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def call(
        self, role: Role, method: str, path: str, body: Any = None, **query: Any
    ) -> tuple[int, Any]:
        """One call with the token of a role."""
        options: dict[str, Any] = {"params": query}
        if body is not None:
            options["json"] = body
        return await self.send(method, path, self.tokens[role], **options)

    async def done(self, role: Role, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer to a call that succeeds."""
        status, answer = await self.call(role, method, path, body, **query)
        assert status == 200, answer
        return answer

    async def elsewhere(self, community: Community, role: Role, officer: str) -> "Api":
        """Calls to another community's node, by one of its officers."""
        token = await callers.create(
            community.node, "there", role, officer=officer, expires_on=None, now=community.now
        )
        return Api(community, self.community, {role: token}, self.session)

    async def logged(self, decided: dict[str, Any]) -> dict[str, Any]:
        """Approve by both officers, each with a token of their own."""
        for officer, role in (("alice", "officer"), ("bob", "bob")):
            status, decided = await self.send(
                "POST",
                f"/decisions/{decided['decision']}/approve",
                self.tokens[role],
                json={"password": password(officer)},
            )
            assert status == 200, decided
            if decided["state"] == "logged":  # what is small takes one of them
                break
        assert decided["state"] == "logged"
        return decided


@pytest.fixture
async def api(federation: Federation) -> AsyncIterator[Api]:
    """The API of a conference whose peer is a foundation."""
    conf = await federation.community("conf.example")
    foundation = await federation.community("foundation.example")
    await federation.peer(conf, foundation)
    tokens: dict[str, str] = {
        role: await callers.create(
            conf.node,
            f"{role} token",
            role,
            officer="alice" if role == "officer" else None,
            expires_on=None,
            now=conf.now,
        )
        for role in ROLES
    }
    tokens["bob"] = await callers.create(
        conf.node, "bob's", "officer", officer="bob", expires_on=None, now=conf.now
    )
    async with aiohttp.ClientSession() as session:
        yield Api(conf, foundation, tokens, session)
