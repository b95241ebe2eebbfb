"""Somebody at a browser: pages are opened, read and filled in as people do it.

Whatever a page's policy stops, a script's error and a node's failure are noted; the fixture that
hands a visitor out fails the test for them.
"""

import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from node import accounts
from node.callers import Role
from tests.node.federation import Community

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}

PASSWORD = "a long password of nobody"

_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""

# Chromium says so of every answer that is no 200; statuses are looked at by themselves.
_STATUS = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d")


def pages_of(community: Community) -> str:
    """Where the pages of a community's node are reached."""
    assert community.serving is not None
    assert community.serving.pages is not None
    return community.serving.pages


async def invitation(
    community: Community, name: str, role: Role = "checker", officer: str = "alice"
) -> str:
    """The link of an invitation; `officer` is whose key an officer's account is for."""
    listed = officer if role == "officer" else None
    code = await accounts.invite(community.node, name, role, listed, community.now)
    return f"{pages_of(community)}/invited/{code}"


@dataclass
class Visitor:
    """A browser of one person at one community's node."""

    page: Page
    context: BrowserContext
    base: str
    faults: list[str] = field(default_factory=list)

    async def go(self, path: str) -> Response:
        """Open an address of the node."""
        response = await self.page.goto(path if path.startswith("http") else self.base + path)
        assert response is not None
        return response

    async def click(self, words: str, role: Any = None) -> None:
        """Press the button, or follow the link, that is called so."""
        if role is not None:
            await self.page.get_by_role(role, name=words, exact=True).first.click()
            return
        button = self.page.get_by_role("button", name=words, exact=True)
        link = self.page.get_by_role("link", name=words, exact=True)
        await button.or_(link).first.click()

    async def type(self, label: str, text: str) -> None:
        """Fill in the field that is called so."""
        await self.page.get_by_label(label).first.fill(text)

    async def text(self) -> str:
        """What the page says."""
        return await self.page.locator("main").inner_text()

    async def title(self) -> str:
        """The page's heading."""
        return await self.page.locator("h1").inner_text()

    async def enter(self, link: str) -> None:
        """Accept an invitation with a password."""
        await self.go(link)
        await self.type("Choose a password", PASSWORD)
        await self.click("Make my account")
        await self.page.wait_for_url(re.compile(r":\d+/(node)?$"))

    async def accessible(self, where: str) -> list[str]:
        """What axe finds on the page, and whether it is wider than the screen."""
        found = await Axe().run(self.page)
        said = [
            f"{where}: {each['id']}: {node['html'][:160]}"
            for each in found.response["violations"]
            for node in each["nodes"]
        ]
        wide = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return said + ([f"{where}: {wide} px wider than the screen"] if wide > 0 else [])


@dataclass
class Visitors:
    """Browsers of people, each with cookies of their own."""

    browser: Browser
    made: list[Visitor] = field(default_factory=list)

    async def to(self, community: Community, **options: Any) -> Visitor:
        """Somebody who visits a community's node; options as playwright's `new_context`."""
        return await self.at(pages_of(community), **options)

    async def at(self, base: str, **options: Any) -> Visitor:
        """Somebody who visits the pages at an address."""
        options = {"viewport": DESKTOP, "locale": "en-GB"} | options
        context = await self.browser.new_context(**options)
        context.set_default_timeout(15_000)
        await context.add_init_script(_WATCH)
        visitor = Visitor(await context.new_page(), context, base)
        context.on("console", lambda message: _note(visitor, message))
        context.on("weberror", lambda error: visitor.faults.append(f"script: {error.error}"))
        context.on("response", lambda response: _look(visitor, response))
        self.made.append(visitor)
        return visitor

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self.made:
            await each.context.close()


def _note(visitor: Visitor, message: ConsoleMessage) -> None:
    if message.type == "error" and not _STATUS.match(message.text):
        visitor.faults.append(f"console: {message.text}")


def _look(visitor: Visitor, response: Response) -> None:
    if response.status >= 500:
        visitor.faults.append(f"status {response.status} of {response.url}")
    if not response.url.startswith((visitor.base, "data:")):
        visitor.faults.append(f"something from elsewhere: {response.url}")
