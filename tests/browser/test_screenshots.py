"""The pictures of the pages, for the documents: `make screenshots` takes them anew.

Each run of the tests takes them, into a folder of its own unless SCREENSHOTS names one; so it is
known that each picture of the documents is one of a page as it is.
"""

import os
import re
from pathlib import Path

import pytest

from node import acts
from tests.browser.story import CASEY, ONCE, Story
from tests.browser.test_listing import LIST, done, upload
from tests.browser.visitor import DESKTOP, PHONE, Visitor, Visitors, invitation
from tests.paths import ROOT

PICTURES = ROOT / "docs" / "pages"

SHOWN = {
    "asking": {"enter", "check", "answer", "finding", "understood", "list", "phone"},
    "deciding": {"home", "sanctions", "propose", "decision", "questions"},
    "running": {"node", "peer", "policy", "about"},
}
"""By who they are of: what each test takes."""


class Camera:
    """Takes pictures of what one visitor sees."""

    def __init__(self, folder: Path, visitor: Visitor) -> None:
        self.folder, self.visitor = folder, visitor

    async def __call__(self, name: str, below: str = "h1") -> None:
        """Take one, from an element on; by its selector."""
        await self.visitor.page.locator(below).first.evaluate(
            "it => scrollTo(0, it.tagName === 'H1' ? 0 : it.offsetTop - 16)"
        )
        picture = await self.visitor.page.screenshot(
            path=self.folder / f"{name}.png", animations="disabled"
        )
        assert picture.startswith(b"\x89PNG")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go to."""
    return Path(os.environ.get("SCREENSHOTS", tmp_path))


def _taken(folder: Path) -> set[str]:
    return {each.stem for each in folder.glob("*.png")}


def test_each_picture_is_taken_and_shown() -> None:
    """None is left over of a page that is no more, and none is missing in the documents."""
    held = _taken(PICTURES)
    assert held == set().union(*SHOWN.values())
    shown = re.findall(r"\]\(([a-z]+)\.png\)", (PICTURES / "README.md").read_text())
    assert sorted(shown) == sorted(held)


@ONCE
async def test_pictures_of_asking(story: Story, visitors: Visitors, folder: Path) -> None:
    """Getting in, checking somebody, the answer, what is known of it, and a list."""
    ada = await visitors.to(story.conf, color_scheme="light")
    take = Camera(folder, ada)
    await ada.go("/enter")
    await take("enter")
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", f"Casey Brandt <{CASEY}>")
    await take("check")
    await ada.click("Check")
    await take("answer")
    await ada.click("Look closer, or ask foundation.example")
    await take("finding")
    await upload(ada, "list.csv", LIST.encode())
    await take("understood")
    await ada.click("Screen this list")
    await done(ada)
    await take("list")
    await ada.page.emulate_media(color_scheme="dark")
    await ada.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await take("phone")
    assert _taken(folder) >= SHOWN["asking"]


@ONCE
async def test_pictures_of_deciding(story: Story, visitors: Visitors, folder: Path) -> None:
    """What waits for an officer, what is in force, a proposal, a decision, questions."""
    issuer = story.foundation
    published = await issuer.publish("email:other@person.example")
    waiting = await acts.stay(issuer.node, [published], issuer.today, issuer.now)
    ada = await visitors.to(issuer, color_scheme="light")
    take = Camera(folder, ada)
    await ada.enter(await invitation(issuer, "Ada", "officer"))
    await take("home")
    for name, path in (
        ("sanctions", "/sanctions"),
        ("propose", "/sanctions/new"),
        ("decision", f"/decisions/{waiting.decision.hex()}"),
        ("questions", "/inquiries"),
    ):
        await ada.go(path)
        await take(name)
    assert _taken(folder) >= SHOWN["deciding"]


@ONCE
async def test_pictures_of_running(story: Story, visitors: Visitors, folder: Path) -> None:
    """The node, one of its peers, what their words mean; and what it is to anybody."""
    olga = await visitors.to(story.conf, color_scheme="light")
    take = Camera(folder, olga)
    await olga.enter(await invitation(story.conf, "Olga", "operator"))
    await olga.go("/node")
    await take("node", below="#compare")  # above it stands where this computer keeps its files
    for name, path in (
        ("peer", "/peers/foundation.example"),
        ("policy", "/policy"),
    ):
        await olga.go(path)
        await take(name)
    anybody = await visitors.at(
        await story.foundation.url(), color_scheme="light", viewport=DESKTOP
    )
    await anybody.go("/about")
    await Camera(folder, anybody)("about")
    assert _taken(folder) >= SHOWN["running"]
