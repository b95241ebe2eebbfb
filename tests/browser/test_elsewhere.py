"""Coming from another site: links lead here, and what leaves something behind takes a click."""

from urllib.parse import quote

from node import accounts, audit
from tests.browser.story import ONCE, Story
from tests.browser.visitor import Visitor, Visitors


async def _follow(visitor: Visitor, path: str) -> None:
    """A link to the pages, on a page of another site."""
    link = f"<a href='{visitor.base}{path}'>There</a>"
    await visitor.page.goto(f"data:text/html,{quote(link)}")
    await visitor.click("There")


@ONCE
async def test_a_link_to_the_record_takes_a_click(story: Story, visitors: Visitors) -> None:
    """Until then nobody has looked at it."""
    conf = story.conf
    otto = await visitors.to(conf)
    code = await accounts.open_link(conf.node, "operator", None, conf.now)
    await otto.go(f"/opened/{code}")
    before = await audit.verify(conf.node)
    await _follow(otto, "/record?from=1")
    assert await otto.title() == "Go on?"
    assert await audit.verify(conf.node) == before
    await otto.click("Go on")
    assert await otto.title() == "Record of acts"
    assert otto.page.url.endswith("/record?from=1")
    assert await audit.verify(conf.node) == before + 1


@ONCE
async def test_a_link_signs_nobody_in_unasked(story: Story, visitors: Visitors) -> None:
    """Another site cannot put somebody into an account of its own choice; an invitation opens."""
    conf = story.conf
    ada = await visitors.to(conf)
    code = await accounts.open_link(conf.node, "checker", None, conf.now)
    await _follow(ada, f"/opened/{code}")
    assert await ada.title() == "Go on?"
    assert await ada.context.cookies() == []
    invited = await accounts.invite(conf.node, "Ada", "checker", None, conf.now)
    await _follow(ada, f"/invited/{invited}")
    assert await ada.title() == "Welcome, Ada"
