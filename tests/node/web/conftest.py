"""A node that serves pages, and browsers in which people are signed in there."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import pytest

from node import accounts, passwords
from node.callers import Role
from tests.node.federation import CHEAP, Community, Federation

_TOKEN = re.compile(r'name="token" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back; redirects are not followed."""

    status: int
    text: str
    headers: Any

    @property
    def leads_to(self) -> str:
        """Where a redirect leads, empty where there is none."""
        return str(self.headers.get("Location", ""))


@dataclass
class Browser:
    """One browser, whoever is signed in; it knows the token of the page that it saw last."""

    session: aiohttp.ClientSession
    origin: str
    token: str = ""

    async def get(self, path: str, **headers: str) -> Answer:
        """A page."""
        return await self._send("GET", path, headers)

    async def post(
        self, path: str, fields: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """A form, from a page of the node; other headers in place of those that say so."""
        given = {"Origin": self.origin} if headers is None else headers
        data = {"token": self.token} | (fields or {})
        return await self._send("POST", path, given, data=data)

    async def upload(self, path: str, data: bytes, name: str = "list.csv") -> Answer:
        """A form with a file; a browser sends one without a name where none was chosen."""
        form = aiohttp.FormData({"token": self.token})
        form.add_field("file", data, filename=name, content_type="text/csv")
        return await self._send("POST", path, {"Origin": self.origin}, data=form)

    async def open(self, path: str, status: int = 200) -> str:
        """What a page says, or the one that it leads to."""
        async with self.session.get(self.origin + path) as answer:
            text = await answer.text()
            assert answer.status == status, text
        if found := _TOKEN.search(text):
            self.token = found[1] or self.token
        return text

    async def send(self, path: str, fields: Any, status: int = 200) -> tuple[str, str]:
        """A form, or one of several fields of a name; where it leads, and what it says there."""
        if isinstance(fields, aiohttp.FormData):
            fields.add_field("token", self.token)
        else:
            pairs = fields.items() if isinstance(fields, Mapping) else fields
            fields = [*pairs, ("token", self.token)]
        sending = self.session.post(
            self.origin + path, data=fields, headers={"Origin": self.origin}
        )
        async with sending as answer:
            text = await answer.text()
            assert answer.status == status, text
            return answer.url.path, text

    async def _send(
        self, method: str, path: str, headers: dict[str, str], **options: Any
    ) -> Answer:
        sending = self.session.request(
            method, self.origin + path, headers=headers, allow_redirects=False, **options
        )
        async with sending as answer:
            text = await answer.text()
        if found := _TOKEN.search(text):
            self.token = found[1] or self.token
        return Answer(answer.status, text, answer.headers)


@dataclass
class Pages:
    """A node with pages, and whoever opens them."""

    community: Community
    stack: AsyncExitStack

    @property
    def origin(self) -> str:
        """Where browsers reach them."""
        serving = self.community.serving
        assert serving is not None
        assert serving.pages is not None
        return serving.pages

    async def stranger(self) -> Browser:
        """A browser in which nobody is signed in."""
        session = await self.stack.enter_async_context(aiohttp.ClientSession())
        return Browser(session, self.origin)

    async def signed_in(self, role: Role, officer: str | None = None) -> Browser:
        """A browser in which somebody has just signed in."""
        browser, community = await self.stranger(), self.community
        if role == "officer":
            officer = officer or community.officers[0]
        code = await accounts.open_link(community.node, role, officer, community.now)
        entered = await browser.get(f"/opened/{code}")
        assert (entered.status, entered.leads_to) == (303, "/")
        await browser.get("/me")
        return browser

    async def invited(self, name: str, role: Role = "checker") -> str:
        """The path of an invitation."""
        node, now = self.community.node, self.community.now
        return f"/invited/{await accounts.invite(node, name, role, None, now)}"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What ends with the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost little here, and it is soon said that they are wrong."""
    lock = passwords.lock
    monkeypatch.setattr(accounts, "SAID_AFTER", 0.01)
    monkeypatch.setattr(passwords, "lock", partial(lock, cost=CHEAP))


@pytest.fixture
async def pages(federation: Federation, stack: AsyncExitStack) -> Pages:
    """The pages of a conference, in which one officer decides."""
    return Pages(await federation.community("conf.example", threshold=1), stack)
