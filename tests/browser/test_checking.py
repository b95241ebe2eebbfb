"""Checking one person, from what was typed to what was found."""

import pytest

from node import audit
from tests.browser.story import CASEY, ONCE, ROBIN, Story
from tests.browser.visitor import Visitors, invitation


async def test_an_answer_says_what_matched_and_whom_to_ask(
    story: Story, visitors: Visitors
) -> None:
    """Whatever form it was typed in; and nothing of whom it is about stands in an address."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.click("Check one person")
    await ada.type("What do you know of the person?", f"Casey Brandt <{CASEY.upper()}>")
    await ada.click("Check")
    assert await ada.title() == "Something was found"
    said = await ada.text()
    assert "same e-mail address" in said
    assert "coc@foundation.example" in said
    assert "All 2 communities you work with have answered" in said
    assert "casey" not in ada.page.url
    await ada.click("Look closer, or ask foundation.example")
    assert await ada.title() == "What foundation.example states"

    await ada.go("/check")
    await ada.type("What do you know of the person?", f"https://github.com/{ROBIN}")
    await ada.click("Check")
    assert "restriction: may attend" in await ada.text()


@ONCE
async def test_going_back_and_loading_again_show_the_answer(
    story: Story, visitors: Visitors
) -> None:
    """Nothing is sent again for it, and whom it is about stands in no address on the way."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", CASEY)
    await ada.click("Check")
    address = ada.page.url
    await ada.click("Look closer, or ask foundation.example")
    await ada.page.go_back()
    assert await ada.title() == "Something was found"
    await ada.page.reload()
    assert await ada.title() == "Something was found"
    assert CASEY in await ada.text()
    assert ada.page.url == address
    assert "casey" not in address
    await ada.page.go_back()
    assert await ada.title() == "Check one person"


async def test_nothing_found_is_said_plainly_only_when_all_were_heard(
    story: Story, visitors: Visitors
) -> None:
    """While one that is asked is down, it is named, and nothing reads as an all-clear."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", "somebody@else.example")
    await ada.click("Check")
    assert await ada.title() == "Nothing was found"
    assert "was found so far" not in await ada.text()

    await story.meetup.stop()
    await ada.click("Check somebody else")
    await ada.type("What do you know of the person?", "nobody@else.example")
    await ada.click("Check")
    assert await ada.title() == "Nothing was found so far"
    said = await ada.text()
    assert "this is no all-clear" in said
    assert "meetup.example: not heard: it cannot be reached" in said
    assert "foundation.example: heard" in said


@ONCE
@pytest.mark.parametrize("scripts", [True, False])
async def test_what_cannot_be_asked_is_said_beside_the_field(
    story: Story, visitors: Visitors, *, scripts: bool
) -> None:
    """What was typed stays; with scripts the summary has the focus."""
    ada = await visitors.to(story.conf, java_script_enabled=scripts)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", "+49 not a number 1")
    await ada.type("Name of the event", "PyRegion")
    await ada.click("Check")
    assert await ada.page.title() == "Error: Check one person · Comity"
    assert await ada.page.get_by_label("Name of the event").input_value() == "PyRegion"
    assert await ada.page.locator("#who").input_value() == "+49 not a number 1"
    assert await ada.page.locator("#who").get_attribute("aria-invalid") == "true"
    if scripts:
        assert await ada.page.evaluate("document.activeElement.id") == "errors"


async def test_a_finding_is_judged_and_deleted(story: Story, visitors: Visitors) -> None:
    """The page says what asking reveals, before; a finding is gone when it is deleted."""
    ada = await visitors.to(story.conf, java_script_enabled=False)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", f"{CASEY}\n@{ROBIN}")
    await ada.click("Check")
    await ada.click("Look closer, or ask foundation.example")
    finding = ada.page.url
    await ada.click("Yes, the same person")
    assert "judged" in await ada.text()
    assert "foundation.example" in await ada.page.locator(".notice").inner_text()
    await ada.click("Ask, and reveal that")
    assert "no answer yet" in await ada.text()
    await ada.click("Delete it now")
    assert await ada.title() == "It is deleted"
    assert (await ada.go(finding)).status == 404


@ONCE
async def test_how_it_is_read_is_seen_before_anybody_is_asked(
    story: Story, visitors: Visitors
) -> None:
    """As soon as one goes on from the field; what is not clear is named, and cleared up."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    before = await audit.verify(story.conf.node)
    who = ada.page.get_by_label("What do you know of the person?")
    await who.fill(f"Casey Brandt <{CASEY}>\n{ROBIN}")
    await who.blur()
    shown = ada.page.get_by_role("status")
    await shown.get_by_text("Not clear:").wait_for()
    assert (
        f"Understood as: {CASEY} (e-mail address); Casey Brandt (name)" in await shown.inner_text()
    )
    assert ROBIN in await shown.locator("li").inner_text()
    await ada.page.get_by_label("A bare handle is of").select_option("github")
    await shown.get_by_text(f"{ROBIN} (GitHub)").wait_for()
    assert await shown.get_by_text("Not clear:").count() == 0
    assert await audit.verify(story.conf.node) == before
    assert await ada.accessible("read") == []


@ONCE
async def test_what_matched_stands_beside_what_did_not(story: Story, visitors: Visitors) -> None:
    """And by a name alone nobody is judged."""
    ada = await visitors.to(story.conf)
    await ada.enter(await invitation(story.conf, "Ada"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", f"Casey Brandt <{CASEY}>\n@somebody-fake")
    await ada.click("Check")
    beside = ada.page.locator(".finding .pair")
    assert "What matched\nsame e-mail address, same name" in await beside.inner_text()
    assert "What did not\nGitHub" in await beside.inner_text()

    await ada.go("/check")
    await ada.type("What do you know of the person?", "Casey Brandt <casey@elsewhere.example>")
    await ada.click("Check")
    assert await ada.title() == "Perhaps: somebody has to look at this"
    assert "What did not\ne-mail address" in await beside.inner_text()
    await ada.click("Look closer, or ask foundation.example")
    assert await ada.page.get_by_role("button", name="No, somebody else").count() == 0
    assert "nobody can say who has no more than this" in await ada.text()


@ONCE
async def test_what_another_states_is_recognised(story: Story, visitors: Visitors) -> None:
    """An officer proposes the same for their own community, and it is said what it follows."""
    ada = await visitors.to(story.conf, java_script_enabled=False)
    await ada.enter(await invitation(story.conf, "Ada", "officer"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", CASEY)
    await ada.click("Check")
    await ada.click("Look closer, or ask foundation.example")
    await ada.click("Propose to recognise it")
    assert "recognises what foundation.example states" in await ada.text()
    await ada.type("What do you know of the person?", CASEY)
    await ada.click("Ban", "radio")
    await ada.page.get_by_label("In all of our own spaces").check()
    await ada.page.get_by_label("was told", exact=True).check()
    await ada.click("See what would be proposed")
    assert "Recognises\nwhat foundation.example states" in await ada.text()
    await ada.click("Propose it")
    assert await ada.title() == "A sanction"

    await ada.go("/sanctions/new?recognises=nobody.example/none")
    await ada.type("What do you know of the person?", CASEY)
    await ada.click("Ban", "radio")
    await ada.page.get_by_label("In all of our own spaces").check()
    await ada.page.get_by_label("was told", exact=True).check()
    await ada.click("See what would be proposed")
    assert await ada.page.locator(".summary a").get_attribute("href") == "#recognises"
