"""Every page of whoever asks, as axe sees it, in each language; and by keyboard alone.

Light and dark, on a phone and on a desk.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import pytest

from node import acts, lists
from node.web.rendering import LANGUAGES
from tests.browser.story import CASEY, ONCE, ROBIN, Story
from tests.browser.test_listing import LIST
from tests.browser.visitor import DESKTOP, PASSWORD, PHONE, Visitor, Visitors, invitation
from tests.node.federation import free_address

pytestmark = ONCE

VIEWS: list[tuple[Literal["light", "dark"], Any]] = list(
    product(("light", "dark"), (DESKTOP, PHONE))
)


@dataclass
class Look:
    """Looks at one page in every view, and keeps what is wrong with it."""

    visitor: Visitor
    language: str
    faults: list[str]

    async def __call__(self, name: str) -> None:
        """Look at the page that is open now."""
        page = self.visitor.page
        assert await page.locator("html").get_attribute("lang") == self.language
        for scheme, size in VIEWS:
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size(size)
            where = f"{self.language} {name} {scheme} {size['width']}"
            self.faults += await self.visitor.accessible(where)


async def _nothing(*_: object) -> bool:
    """In place of the work on lists, so that one waits while it is looked at."""
    return False


async def _send(visitor: Visitor, selector: str = "main button[type=submit]") -> None:
    # By what a button is, as its words are the language's.
    await visitor.page.locator(selector).first.click()
    await visitor.page.wait_for_load_state()


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(
    story: Story, visitors: Visitors, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Getting in, the account, checking, lists, findings, and what is not there."""
    ada = await visitors.to(story.conf, locale={"en": "en-GB", "de": "de-DE"}[language])
    look = Look(ada, language, [])
    await ada.go("/enter")
    await look("enter")
    link = await invitation(story.conf, "Ada", "officer")
    await ada.go(link)
    await look("invited")
    await ada.page.locator("#password").fill("short")
    await _send(ada)
    await look("invited, with a fault")
    await ada.page.locator("#password").fill(PASSWORD)
    await _send(ada)
    await look("home")
    for path in ("/me", "/confirm", "/check", "/lists", "/nowhere"):
        await ada.go(path)
        await look(path)
    await ada.go("/check")
    await ada.page.locator("#who").fill("+49 none 1")
    await _send(ada)
    await look("check, with a fault")
    for name, typed in (("nothing", "nobody@else.example"), ("found", f"{CASEY}\n@{ROBIN}")):
        await ada.go("/check")
        await ada.page.locator("#who").fill(typed)
        await _send(ada)
        await look(f"checked, {name}")
    for details in await ada.page.locator("details").all():
        await details.locator("summary").click()
    await look("checked, opened")
    await ada.page.locator("article.finding a.button").first.click()
    await look("finding")
    await _send(ada, "form[action$=judge] button")
    await look("finding, judged")
    await _send(ada, "form[action$=ask] button")
    await look("finding, asked")

    await ada.go("/lists")
    file: Any = {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    await ada.page.locator("#file").set_input_files(file)
    await _send(ada)
    await look("understood")
    with monkeypatch.context() as patch:
        patch.setattr(lists, "run_next", _nothing)
        await _send(ada)
        assert story.conf.serving is not None
        at_work = story.conf.serving.service.lists
        at_work.screening = ada.page.url.rpartition("/")[2]
        at_work.peers = {"foundation.example": (1, 3), "meetup.example": (0, 3)}
        await ada.page.locator("progress").nth(1).wait_for()
        await look("list, waiting")
    await ada.page.locator("#closing").wait_for()
    await look("list")
    assert look.faults == []


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_where_a_committee_decides(
    story: Story, visitors: Visitors, language: str
) -> None:
    """What waits, what is in force, what is proposed, asked, reported and meant."""
    issuer = story.foundation
    listen = await issuer.address()
    await issuer.stop()
    await issuer.start(listen, free_address())
    published = await issuer.publish("email:other@person.example")
    waiting = await acts.stay(issuer.node, [published], issuer.today, issuer.now)
    ada = await visitors.to(issuer, locale={"en": "en-GB", "de": "de-DE"}[language])
    look = Look(ada, language, [])
    await ada.go(await invitation(issuer, "Ada", "officer"))
    await ada.page.locator("#password").fill(PASSWORD)
    await _send(ada)
    for path in (
        "/decisions",
        "/decisions?ended=1",
        f"/decisions/{waiting.decision.hex()}",
        "/browser-key",
        "/sanctions",
        f"/sanctions/{published}",
        f"/sanctions/{published}/letter",
        "/sanctions/new",
        "/inquiries",
        "/report",
        "/policy",
        "/accounts",
    ):
        await ada.go(path)
        await look(path)
    await ada.go("/sanctions/new")
    await ada.page.locator("#who").fill("A Name")
    await ada.page.locator("input[name=measure]").first.check()
    await _send(ada, "button[value=show]")
    await look("/sanctions/new, with faults")
    assert look.faults == []


@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_where_a_node_is_run_and_where_anybody_looks(
    story: Story, visitors: Visitors, language: str
) -> None:
    """The node, its peers and people, its record; and what it is to the public."""
    locale = {"en": "en-GB", "de": "de-DE"}[language]
    olga = await visitors.to(story.conf, locale=locale)
    look = Look(olga, language, [])
    await olga.go(await invitation(story.conf, "Olga", "operator"))
    await olga.page.locator("#password").fill(PASSWORD)
    await _send(olga)
    for path in ("/node", "/peers", "/peers/foundation.example", "/policy", "/accounts", "/record"):
        await olga.go(path)
        await look(path)
    await olga.page.goto(f"data:text/html,<a href='{olga.base}/record'>There</a>")
    await olga.click("There")
    await look("from elsewhere")
    anybody = await visitors.at(await story.foundation.url(), locale=locale)
    look = Look(anybody, language, look.faults)
    for path in ("/about", "/desk"):
        await anybody.go(path)
        await look(path)
    assert look.faults == []


async def _tab_to(visitor: Visitor, words: str) -> None:
    """Go on by Tab until what has the focus is called so."""
    reached = visitor.page.locator(":focus")
    seen = []
    for _ in range(40):
        await visitor.page.keyboard.press("Tab")
        seen.append(await _called(visitor))
        if words in seen[-1]:
            outline = await reached.evaluate("it => getComputedStyle(it).outlineStyle")
            assert outline != "none", f"nothing shows that {words} has the focus"
            return
    raise AssertionError(f"{words} is not reached by Tab: {seen}")


async def _called(visitor: Visitor) -> str:
    return str(
        await visitor.page.evaluate(
            "(it => (it.labels?.[0]?.innerText ?? '') || it.innerText || it.value || '')"
            "(document.activeElement)"
        )
    )


async def test_signing_in_checking_and_listing_by_keyboard_alone(
    story: Story, visitors: Visitors
) -> None:
    """Every field and button is reached by Tab, seen to be, and works by Enter."""
    hana = await visitors.to(story.conf)
    await hana.enter(await invitation(story.conf, "Hana"))
    ada = await visitors.to(story.conf)
    keys = ada.page.keyboard
    await ada.go("/enter")
    await _tab_to(ada, "Skip to content")
    await keys.press("Enter")
    await _tab_to(ada, "Name")
    await keys.type("Hana")
    await _tab_to(ada, "Password")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await ada.page.wait_for_url(re.compile(r":\d+/$"))

    await _tab_to(ada, "Check one person")
    await keys.press("Enter")
    await ada.page.wait_for_url("**/check")
    await _tab_to(ada, "What do you know of the person?")
    await keys.type(CASEY)
    await _tab_to(ada, "Check")
    await keys.press("Enter")
    await ada.page.get_by_role("heading", name="Something was found").wait_for()
    await _tab_to(ada, "Look closer")
    await keys.press("Enter")
    await ada.page.get_by_role("heading", name="What foundation.example states").wait_for()

    await _tab_to(ada, "Screen a list")
    await keys.press("Enter")
    await ada.page.wait_for_url("**/lists")
    async with ada.page.expect_file_chooser() as coming:
        await _tab_to(ada, "The file")
        await keys.press("Enter")
    file: Any = {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    await (await coming.value).set_files(file)
    await _tab_to(ada, "See how it is read")
    await keys.press("Enter")
    await ada.page.get_by_role("heading", name="How the list is read").wait_for()
    await _tab_to(ada, "Where we find you")
    await keys.type("GitHub (the att")
    await _tab_to(ada, "Screen this list")
    await keys.press("Enter")
    await ada.page.get_by_role("heading", name="What came of it").wait_for()
    assert "Matches: 2." in await ada.text()
    await _tab_to(ada, "Delete it now")
    await keys.press("Enter")
    await ada.page.wait_for_url("**/lists")
    assert await ada.title() == "Screen a list"
