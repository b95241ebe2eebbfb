"""From a finding to the committee of its issuer and back: asked, answered and read."""

import re

from node import inquiries
from tests.browser.officers import officer
from tests.browser.story import CASEY, Story
from tests.browser.visitor import Visitors


async def test_an_issuer_is_asked_answers_and_is_read(story: Story, visitors: Visitors) -> None:
    """Without script: it is said what asking reveals, and in words what the answer is."""
    ada, fiona = [
        await officer(visitors, community, "alice", java_script_enabled=False)
        for community in (story.conf, story.foundation)
    ]
    await ada.go("/check")
    await ada.type("What do you know of the person?", CASEY)
    await ada.type("Name of the event", "PyRegion")
    await ada.page.get_by_label("Kind").select_option(label="volunteers or speakers")
    await ada.click("Check")
    await ada.click("Look closer, or ask foundation.example")
    assert "So far foundation.example does not know" in await ada.text()
    await ada.click("Ask, and reveal that")
    assert "no answer yet" in await ada.text()
    finding = ada.page.url

    await fiona.go("/")
    await fiona.click("1 question of another community waits for an answer")
    waiting = await fiona.text()
    assert "conf.example asked on" in waiting
    assert "What the person is expected for: volunteers or speakers" in waiting
    assert "PyRegion" not in waiting
    await fiona.click("The sanction that is meant")
    assert CASEY in await fiona.text()
    await fiona.go("/inquiries")
    await fiona.page.get_by_label("This much we release:").check()
    await fiona.click("Answer")
    assert "Choose what is released" in await fiona.text()
    await fiona.page.get_by_label("the reason").check()
    await fiona.page.get_by_label("who decided, with how many votes").check()
    await fiona.click("Answer")
    assert "They have not fetched it yet." in await fiona.text()

    await inquiries.carry(story.conf.node, story.conf.clients, story.conf.now)
    for page in ("/inquiries", finding):
        await ada.go(page)
        said = await ada.text()
        for words in ("This much we release", "Reason: harassment", "2 in favour, of 2 present"):
            assert words in said
    await ada.go("/inquiries")
    await ada.page.get_by_role("link", name=re.compile("^foundation.example, asked on")).click()
    assert ada.page.url == finding
    await fiona.go("/inquiries")
    assert "They have read it." in await fiona.text()
