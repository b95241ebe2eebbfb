"""Officers at their pages, as every flow of a committee has them."""

from typing import Any

from tests.browser.visitor import Visitor, Visitors, invitation
from tests.node.federation import Community, password


async def officer(visitors: Visitors, community: Community, name: str, **options: Any) -> Visitor:
    """An officer who has just made their account; options as playwright's `new_context`."""
    visitor = await visitors.to(community, **options)
    await visitor.enter(await invitation(community, name.title(), "officer", name))
    return visitor


async def approve(visitor: Visitor, name: str) -> None:
    """Approve the first decision that waits for them, by the key that the node keeps."""
    await visitor.go("/decisions")
    await visitor.page.locator("main a[href^='/decisions/']").first.click()
    await visitor.page.locator("form[action$=approve] input[type=password]").fill(password(name))
    await visitor.click("Approve")
    await visitor.page.wait_for_load_state()
