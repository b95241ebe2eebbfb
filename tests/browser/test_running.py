"""Whoever runs a node, at its pages and without script: peers, people, programs, the record."""

from node.store import peers
from node.store.peers import Peer
from tests.browser.story import Story
from tests.browser.visitor import PASSWORD, Visitor, Visitors, invitation
from tests.node.federation import Community, Federation


async def _operator(visitors: Visitors, community: Community, name: str) -> Visitor:
    visitor = await visitors.to(community, java_script_enabled=False)
    await visitor.enter(await invitation(community, name, "operator"))
    return visitor


async def _read_out(visitor: Visitor) -> str:
    """What an operator reads out to another one."""
    await visitor.go("/peers")
    return await visitor.page.locator("section[aria-labelledby=own] .code").inner_text()


async def test_two_operators_become_peers_and_part(
    federation: Federation, visitors: Visitors
) -> None:
    """Each types what the other one reads out; one looks for what is new, and later ends it."""
    foundation = await federation.community("foundation.example")
    meetup = await federation.community("meetup.example")
    olga = await _operator(visitors, foundation, "Olga")
    otto = await _operator(visitors, meetup, "Otto")
    hers, his = await _read_out(olga), await _read_out(otto)

    await otto.page.locator("#url").fill(await foundation.url())
    await otto.page.locator("#compare").fill(his)
    await otto.click("Ask them to be a peer")
    assert await otto.page.locator("#compare-wrong").is_visible()
    await otto.page.locator("#compare").fill(hers)
    await otto.click("Ask them to be a peer")
    assert "They were asked." in await otto.text()

    await olga.go("/peers")
    await olga.page.locator("main a[href^='/peers/']").first.click()
    await olga.page.locator("#compare").fill(his)
    await olga.click("Accept")
    await olga.click("Look for what is new, now")
    assert [peer.id for peer in await _active(foundation)] == ["meetup.example"]
    await olga.page.locator("summary").last.click()
    await olga.click("Remove meetup.example")
    assert "is a peer no more" in await olga.text()
    assert await _active(foundation) == []


async def test_an_operator_invites_and_lets_programs_in(story: Story, visitors: Visitors) -> None:
    """A link and a token are shown once; what was done stands in the record, by whom."""
    olga = await _operator(visitors, story.conf, "Olga")
    await olga.go("/accounts")
    await olga.type("What they are called here", "Otto")
    await olga.click("Make a link for them")
    link = await olga.page.locator("#link").inner_text()
    otto = await visitors.to(story.conf, java_script_enabled=False)
    await otto.enter(link)
    await otto.go("/accounts")
    assert "Olga" in await otto.text()
    await otto.page.locator("#token-name").fill("ticket shop")
    await otto.click("Make a token")
    assert "comity_" in await otto.text()
    await otto.go("/accounts")
    assert "ticket shop" in await otto.text()
    assert "comity_" not in await otto.text()
    await otto.page.locator("button[aria-label='Revoke the token ticket shop']").click()
    await otto.go("/record")
    said = await otto.text()
    assert "Olga" in said
    assert "Otto" in said
    assert PASSWORD not in said
    await otto.go("/node")
    assert "conf.example" in await otto.text()


async def test_an_officer_sees_what_a_rule_would_change_before_it_does(
    story: Story, visitors: Visitors
) -> None:
    """Dropped again, everything is as it was."""
    ada = await visitors.to(story.conf, java_script_enabled=False)
    await ada.enter(await invitation(story.conf, "Ada", "officer"))
    await ada.go("/policy")
    before = await ada.text()
    await ada.page.locator("form:has(input[value=rule]) button").click()
    assert await ada.title() == "What it would change"
    await ada.click("Leave it as it is")
    assert await ada.text() == before
    await ada.page.locator("form:has(input[value=rule]) button").click()
    await ada.click("Set it")
    assert await ada.text() != before
    await ada.click("See what it would change to drop this")
    await ada.click("Drop it")
    assert await ada.text() == before


async def _active(community: Community) -> list[Peer]:
    async with community.node.store.read() as connection:
        return await peers.active(connection)
