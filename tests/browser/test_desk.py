"""“What is held about me?”: by anybody, without script; answered to the proven address alone."""

import re

import pytest

from node import desk
from tests.browser.officers import officer
from tests.browser.story import ONCE
from tests.browser.visitor import Visitor, Visitors, invitation
from tests.node.federation import Federation
from tests.node.mail_server import MailServer, mail_server

MALLORY = "mallory@person.example"
NOBODY = "nobody@person.example"


async def _ask(visitor: Visitor, mails: MailServer, address: str) -> list[str]:
    """Ask by the page and go on by the link in the letter; what each page said on the way."""
    letters = len(mails.received)
    await visitor.go("/about")
    await visitor.click("Ask what is held about you")
    said = [await visitor.text()]
    await visitor.type("E-mail address", address)
    await visitor.click("Send me a code")
    said.append(await visitor.text())
    letter = await mails.arrived(letters + 1)
    assert letter.recipients == [address]
    (link,) = re.findall(r"http://\S+code=\S+", letter.text)
    await visitor.go(link)
    await visitor.page.get_by_label("Also have whatever is held there reviewed.").check()
    said.append(await visitor.text())
    await visitor.click("Send it to my address")
    said.append(await visitor.text())
    await visitor.go(link)
    await visitor.click("Send it to my address")
    assert "This code was used" in await visitor.text()
    return said


async def test_who_is_meant_learns_it_by_mail_and_asks_for_a_review(
    federation: Federation, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page tells them from whom nothing is held of; the committee then sees what is due."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.05)
    async with mail_server() as mails:
        issuer = await federation.community("foundation.example", settings=mails.settings)
        await issuer.publish(f"email:{MALLORY}", basis="harassment")
        anybody = await visitors.at(await issuer.url(), java_script_enabled=False)
        await anybody.go("/desk")
        await anybody.page.locator("form").evaluate("form => form.noValidate = true")
        await anybody.type("E-mail address", "no address")
        await anybody.click("Send me a code")
        assert "No letter can be sent to this." in await anybody.text()

        pages = [await _ask(anybody, mails, address) for address in (MALLORY, NOBODY)]
        assert pages[0] == pages[1]
        at = re.findall(r"leaves at (\d\d:\d\d) \(UTC\)", pages[0][-1])
        letters = len(mails.received)
        federation.clock[0] = desk.slot_of(issuer.now)
        assert at == [f"{federation.clock[0] // 3600 % 24:02}:{federation.clock[0] // 60 % 60:02}"]
        await mails.arrived(letters + 2)
        answers = {each.recipients[0]: each for each in mails.received[letters:]}
        assert len(answers[MALLORY].data) == len(answers[NOBODY].data)
        for words in ("Decided: ban", "Reason: harassment", "Appeal", "coc@foundation.example"):
            assert words in answers[MALLORY].text
        assert "harassment" not in answers[NOBODY].text

        alice = await officer(visitors, issuer, "alice", java_script_enabled=False)
        await alice.go("/")
        await alice.click("1 sanction is due for a review, or ends soon")
        assert "the person asked for a review; answer until" in await alice.text()


@ONCE
async def test_row_24_who_was_asked_about_once_learns_it(
    federation: Federation, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lone check by page stands in the record, and in what the person is sent, and no other."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.05)
    async with mail_server() as mails:
        conf = await federation.community("conf.example", settings=mails.settings)
        eve = await visitors.to(conf)
        await eve.enter(await invitation(conf, "Eve"))
        await eve.go("/check")
        await eve.type("What do you know of the person?", MALLORY)
        await eve.type("Name of the event", "PyRegion")
        await eve.click("Check")
        assert await eve.title() == "Nothing was found so far"

        olga = await visitors.to(conf)
        await olga.enter(await invitation(conf, "Olga", "operator"))
        await olga.go("/record")
        (asked,) = await olga.page.locator("li", has_text="asked about somebody").all_inner_texts()
        assert "Eve" in asked
        assert "PyRegion" in asked
        assert "mallory" not in asked

        anybody = await visitors.at(await conf.url(), java_script_enabled=False)
        for address in (MALLORY, NOBODY):
            await _ask(anybody, mails, address)
        letters = len(mails.received)
        federation.clock[0] = desk.slot_of(conf.now)
        await mails.arrived(letters + 2)
        answers = {each.recipients[0]: each for each in mails.received[letters:]}
        assert "PyRegion" in answers[MALLORY].text
        assert "PyRegion" not in answers[NOBODY].text
