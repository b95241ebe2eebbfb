"""A committee at its pages: from a proposal to a lifted ban, and a key that the browser keeps."""

from tests.browser.officers import approve, officer
from tests.browser.story import ONCE, Story
from tests.browser.visitor import PASSWORD, Visitor, Visitors
from tests.node.federation import free_address

BAN = "new@person.example"


async def _propose(visitor: Visitor) -> None:
    await visitor.go("/sanctions/new")
    await visitor.page.locator("#who").fill(BAN)
    await visitor.page.locator("input[name=measure][value=ban]").check()
    await visitor.page.locator("input[name=scope][value=all_own_spaces]").check()
    await visitor.page.locator("input[name=notice][value=unreachable]").check()
    await visitor.click("See what would be proposed")
    shown = await visitor.text()
    assert BAN in shown
    assert "The person has not been told." in shown
    await visitor.click("Propose it")


async def test_a_committee_bans_and_lifts_without_script(story: Story, visitors: Visitors) -> None:
    """Two officers in two browsers: in force with the second approval, ended in the same way."""
    issuer = story.foundation
    alice, bob = [
        await officer(visitors, issuer, name, java_script_enabled=False)
        for name in ("alice", "bob")
    ]
    await _propose(alice)
    await approve(alice, "alice")
    assert "You have approved it. It waits for others." in await alice.text()
    await approve(bob, "bob")
    await bob.go("/sanctions")
    await bob.page.locator("main a[href^='/sanctions/']:not([href$=new])").last.click()
    assert BAN in await bob.text()
    assert "in force" in await bob.text()
    await bob.page.locator("button[value=lifted]").click()
    await approve(bob, "bob")
    await approve(alice, "alice")
    await bob.go("/sanctions")
    assert BAN not in await bob.text()
    register = await issuer.register()
    (lifted,) = [each for each in register.attestations.values() if each.ending == "lifted"]
    assert len(lifted.quorum.approved) == 2


@ONCE
async def test_an_officer_signs_by_a_key_that_the_browser_keeps(
    story: Story, visitors: Visitors
) -> None:
    """Made there, never readable, listed by the others; what it signs is what the browser read."""
    issuer = story.foundation
    listen = await issuer.address()
    await issuer.stop()
    await issuer.start(listen, free_address())
    alice, bob = [await officer(visitors, issuer, name) for name in ("alice", "bob")]
    await alice.go("/browser-key")
    await alice.click("Make a key in this browser")
    await alice.click("Propose it as my key")
    await alice.page.wait_for_url("**/decisions/*")
    await approve(alice, "alice")
    await approve(bob, "bob")
    # Whoever was signed in with the key of before is so no more.
    await alice.go("/enter")
    await alice.type("Name", "Alice")
    await alice.page.locator("form[action='/enter'] input[type=password]").fill(PASSWORD)
    await alice.page.locator("form[action='/enter'] button").click()
    await alice.page.wait_for_load_state()
    listed = {each.key: each.custody for each in (await issuer.register()).community.officers}
    assert sorted(listed.values()) == ["browser", "node"]

    await _propose(alice)
    await alice.go("/decisions")
    await alice.page.locator("main a[href^='/decisions/']").first.click()
    await alice.click("Look at what is decided")
    await alice.page.locator("[data-checked]").wait_for()
    assert BAN in await alice.page.locator("[data-lines]").inner_text()
    await alice.page.locator("[data-checked] button[value=approve]").click()
    await alice.page.get_by_text("You have approved it. It waits for others.").wait_for()
    await approve(bob, "bob")
    register = await issuer.register()
    newest = max(register.attestations.values(), key=lambda each: each.index)
    assert newest.quorum.custody == "node"  # the weakest of the two
    assert {listed[key] for key in newest.quorum.approved} == {"browser", "node"}


@ONCE
async def test_no_key_is_made_where_it_would_be_left_behind(
    story: Story, visitors: Visitors
) -> None:
    """At an address that is another one after the next start, a browser would not find it again."""
    alice = await officer(visitors, story.foundation, "alice")
    await alice.go("/browser-key")
    assert "another address each time" in await alice.text()
    assert not await alice.page.get_by_role("button", name="Make a key").count()


@ONCE
async def test_a_wrong_password_approves_nothing(story: Story, visitors: Visitors) -> None:
    """It is said beside the field, and what waits goes on waiting."""
    alice = await officer(visitors, story.foundation, "alice")
    await _propose(alice)
    await alice.go("/decisions")
    await alice.page.locator("main a[href^='/decisions/']").first.click()
    await alice.page.locator("form[action$=approve] input[type=password]").fill("a guess of mine")
    await alice.click("Approve")
    assert "wrong password" in await alice.text()
