"""A federation of real nodes, and a real browser, in which nothing may go wrong unseen."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.story import Story, begun
from tests.browser.visitor import Visitors
from tests.node.federation import Federation

CHROMIUM = Path("/usr/bin/chromium")
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser is run by `make test-browser` only."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
async def federation(
    databases: Callable[[], Awaitable[str]], tmp_path: Path
) -> AsyncIterator[Federation]:
    """Communities with nodes of their own on loopback; the test runs on both databases."""
    async with AsyncExitStack() as stack:
        yield Federation(databases, tmp_path, stack)


@pytest.fixture
async def story(federation: Federation) -> Story:
    """Three communities, of which one asks the others."""
    return await begun(federation)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser of Debian."""
    if not CHROMIUM.exists():
        pytest.fail("apt-get install chromium: this needs the browser of Debian")
    return CHROMIUM


@pytest.fixture
async def visitors(chromium: Path) -> AsyncIterator[Visitors]:
    """Browsers; fails the test for whatever a policy stopped, and for errors in any of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],  # CI is root, for whom Chromium has no sandbox
        )
        async with Visitors(browser) as visitors:
            yield visitors
            faults = [fault for each in visitors.made for fault in each.faults]
        await browser.close()
    assert faults == []
