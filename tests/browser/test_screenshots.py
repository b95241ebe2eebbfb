"""The pictures of the pages, for the documents: `make screenshots` takes them anew."""

import os
from pathlib import Path

from tests.browser.story import CASEY, ONCE, Story
from tests.browser.test_listing import LIST, done, upload
from tests.browser.visitor import Visitors, invitation

pytestmark = ONCE


async def test_screenshots_of_the_main_pages(story: Story, visitors: Visitors) -> None:
    """Getting in, checking somebody, the answer, what is known of it, and a list."""
    folder = Path(os.environ["SCREENSHOTS"])
    ada = await visitors.to(story.conf, color_scheme="light")

    async def take(name: str) -> None:
        await ada.page.screenshot(path=folder / f"{name}.png", animations="disabled")

    await ada.go("/enter")
    await take("enter")
    await ada.enter(await invitation(story.conf, "Ada", "officer"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", f"Casey Brandt <{CASEY}>")
    await take("check")
    await ada.click("Check")
    await take("answer")
    await ada.click("Look closer, or ask foundation.example")
    await take("finding")
    await upload(ada, "list.csv", LIST.encode())
    await ada.click("Screen this list")
    await done(ada)
    await take("list")
