"""Whoever runs a node, at its pages and without script: peers, people, programs, the record."""

from datetime import timedelta

from node import budgets
from node.store import peers
from node.store.peers import Peer
from protocol.claims import DAY
from protocol.exchange import Purpose
from tests.browser.story import CASEY, ONCE, Story
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
    anybody = await visitors.at(await foundation.url(), java_script_enabled=False)
    await anybody.go("/about")
    assert hers in await anybody.text()

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
    said = await otto.text()
    for words in ("conf.example", "outlives its event by 30 days", "Next step, typed at the node:"):
        assert words in said

    await olga.go("/accounts")
    await olga.type("What they are called here", "Eve")
    await olga.click("Make a link for them")
    link = await olga.page.locator("#link").inner_text()
    await olga.click("Back to people")
    await olga.click("Withdraw the invitation of Eve")
    assert (await (await visitors.to(story.conf)).go(link)).status == 404
    await olga.page.get_by_text("Remove Otto").click()
    await olga.page.locator("details[open]").get_by_role("button").click()
    assert "Otto" not in await olga.text()
    await otto.go("/node")
    assert await otto.title() == "Sign in"


@ONCE
async def test_what_a_peer_may_ask_is_seen_and_lowered(story: Story, visitors: Visitors) -> None:
    """An event that it declared stands with what it may ask; it is never raised."""
    issuer, day = story.foundation, story.foundation.today
    event = Purpose(kind="registration", start=day, end=day + timedelta(days=3))
    await budgets.declare(issuer.node, await story.conf.fingerprint(), event, issuer.now)
    olga = await _operator(visitors, issuer, "Olga")
    await olga.go("/peers")
    assert "declared 1 event" in await olga.text()
    await olga.click("The community conf.example")
    assert "An event of theirs (registration for an event)" in await olga.text()
    allowance = olga.page.get_by_label("Let it ask no more than")
    await allowance.fill("100")
    await olga.click("Lower it")
    assert "may ask 100 questions; 0 are used" in await olga.text()
    await allowance.evaluate("field => field.max = 1000")
    await allowance.fill("200")
    await olga.click("Lower it")
    assert await allowance.get_attribute("aria-invalid") == "true"
    assert "may ask 100 questions" in await olga.text()


@ONCE
async def test_the_report_of_a_half_year_is_made_and_public(
    federation: Federation, visitors: Visitors
) -> None:
    """Whoever runs the node, or decides, makes it; then anybody reads the same at `/about`."""
    issuer = await federation.community("foundation.example")
    await issuer.publish(f"email:{CASEY}")
    anybody = await visitors.at(await issuer.url(), java_script_enabled=False)
    await anybody.go("/about")
    assert "Numbers that stand alone" not in await anybody.text()
    federation.later(200 * DAY)
    olga = await _operator(visitors, issuer, "Olga")
    await olga.click("Report")
    await olga.page.get_by_label("Which half-year?").select_option(
        label="1 January 2027 to 30 June 2027"
    )
    await olga.click("Show its report")
    said = await olga.text()
    for words in ("1 January 2027 to 30 June 2027", "Sanctions decided", "held back"):
        assert words in said
    alone = await olga.page.locator("table").first.inner_text()
    await anybody.go("/about")
    assert alone in await anybody.text()
    await anybody.page.get_by_text("Sanctions decided").first.click()
    assert "held back" in await anybody.text()


async def test_an_officer_sees_what_a_rule_would_change_before_it_does(
    story: Story, visitors: Visitors
) -> None:
    """Dropped again, everything is as it was."""
    ada = await visitors.to(story.conf, java_script_enabled=False)
    await ada.enter(await invitation(story.conf, "Ada", "officer"))
    await ada.go("/check")
    await ada.type("What do you know of the person?", CASEY)
    await ada.click("Check")
    await ada.go("/policy")
    before = await ada.text()
    rule = ada.page.locator("form:has(input[value=rule])")
    await rule.get_by_label("Of whom").select_option("foundation.example")
    await rule.get_by_label("Attention").select_option(label="urgent")
    await ada.click("See what this rule would change")
    assert await ada.title() == "What it would change"
    assert "1 finding that is kept would be shown otherwise." in await ada.text()
    (row,) = await ada.page.locator("tbody tr").all_inner_texts()
    assert row.index("Look at this") < row.index("Urgent")
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
