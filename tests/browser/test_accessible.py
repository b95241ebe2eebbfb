"""Every page, as axe sees it, in each language; and by keyboard alone.

Light and dark, on a phone and on a desk; with what was wrong in each form, too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pytest

from node import acts, answering, inquiries, lists
from node.callers import Role
from node.checking import Occasion, check
from node.web import rendering
from node.web.rendering import LANGUAGES
from protocol.claims import DAY
from protocol.exchange import Purpose
from protocol.identifiers import from_text
from protocol.items import Notice
from tests.browser.story import CASEY, ONCE, ROBIN, Story
from tests.browser.test_listing import LIST
from tests.browser.visitor import DESKTOP, PASSWORD, PHONE, Visitor, Visitors, invitation
from tests.node.federation import Community, Federation, free_address
from tests.node.mail_server import mail_server
from tests.paths import ROOT

TEMPLATES = ROOT / "node" / "web" / "templates"

VIEWS: list[tuple[Literal["light", "dark"], Any]] = [
    ("light", DESKTOP),
    ("light", PHONE),
    ("dark", PHONE),
]


@dataclass
class Look:
    """Looks at one page in every view, and keeps what is wrong with it."""

    visitor: Visitor
    language: str
    made: list[str]
    """Templates of which pages were made, wherever; the newest last."""
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Templates whose pages were looked at."""

    async def __call__(self, name: str) -> None:
        """Look at the page that is open now."""
        page = self.visitor.page
        assert await page.locator("html").get_attribute("lang") == self.language
        self.seen.add(self.made[-1])
        for scheme, size in VIEWS:
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size(size)
            where = f"{self.language} {name} {scheme} {size['width']}"
            self.faults += await self.visitor.accessible(where)


LOCALES = {"en": "en-GB", "de": "de-DE"}

SEEN = {
    "asking": {
        "check",
        "checked",
        "confirm",
        "deleted",
        "enter",
        "failed",
        "finding",
        "home",
        "inquiries",
        "invited",
        "me",
        "resumed",
    },
    "listing": {"deleted", "gone", "list", "lists", "understood"},
    "deciding": {
        "accounts",
        "browser_key",
        "decision",
        "decisions",
        "inquiries",
        "invitation",
        "letter",
        "letter_sent",
        "policy",
        "policy_previewed",
        "report",
        "sanction",
        "sanction_draft",
        "sanction_new",
        "sanctions",
    },
    "running": {
        "about",
        "accounts",
        "desk",
        "elsewhere",
        "node",
        "peer",
        "peers",
        "policy",
        "record",
        "token",
    },
}
"""The pages by their templates; each test looks at those of one of these, and says so."""

_USED = re.compile(r'{% (?:extends|import|include) "([a-z_]+)\.html"')


def test_every_page_is_looked_at() -> None:
    """Whichever template is no part of others makes a page."""
    templates = {each.stem: each.read_text("utf-8") for each in TEMPLATES.glob("*.html")}
    parts = {name for text in templates.values() for name in _USED.findall(text)}
    assert set().union(*SEEN.values()) == templates.keys() - parts


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Templates of which pages are made, as they are."""
    names: list[str] = []
    filled = rendering.filled

    def noted(template: str, language: str, values: Mapping[str, Any]) -> str:
        names.append(template)
        return filled(template, language, values)

    monkeypatch.setattr(rendering, "filled", noted)
    return names


async def _nothing(*_: object) -> bool:
    """In place of the work on lists, so that one waits while it is looked at."""
    return False


async def _send(visitor: Visitor, selector: str = "main button[type=submit]") -> None:
    # By what a button is, as its words are the language's; what is due is looked at by the node.
    button = visitor.page.locator(selector).first
    await button.evaluate("it => { if (it.form) it.form.noValidate = true; }")
    await button.click()
    await visitor.page.wait_for_load_state()


async def _fill(visitor: Visitor, given: Mapping[str, str]) -> None:
    """Type or choose, by selectors."""
    for selector, value in given.items():
        field_ = visitor.page.locator(selector).first
        await (field_.fill(value) if value else field_.check())


async def _enter(visitor: Visitor, community: Community, role: Role) -> None:
    await visitor.go(await invitation(community, "Ada", role))
    await visitor.page.locator("#password").fill(PASSWORD)
    await _send(visitor)


async def _out_and_in(look: Look) -> None:
    """A session that ends while somebody types."""
    ada = look.visitor
    await ada.go("/check")
    await ada.page.locator("#who").fill(CASEY)
    await ada.context.clear_cookies(name=re.compile(r"comity-\d+"))
    await _send(ada)
    await look("check, signed out meanwhile")
    await _fill(ada, {"#name": "Ada", "#password": PASSWORD})
    await _send(ada, "form[action='/enter'] button")
    await look("signed in again")
    await _send(ada)
    assert CASEY in await ada.text()


@ONCE
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(
    story: Story,
    visitors: Visitors,
    language: str,
    made: list[str],
) -> None:
    """Getting in, the account, checking, lists, findings, and what is not there."""
    ada = await visitors.to(story.conf, locale=LOCALES[language])
    look = Look(ada, language, made)
    await ada.go("/enter")
    await look("enter")
    await _send(ada, "form[action='/enter'] button")
    await look("enter, with a fault")
    link = await invitation(story.conf, "Ada", "officer")
    await ada.go(link)
    await look("invited")
    for password, name in (("short", "invited, with a fault"), (PASSWORD, "home")):
        await ada.page.locator("#password").fill(password)
        await _send(ada)
        await look(name)
    for path in ("/me", "/confirm", "/check", "/nowhere"):
        await ada.go(path)
        await look(path)
    await ada.go("/me")
    await _send(ada, "form[action='/me/password'] button")
    await look("/me, with a fault")
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
    finding = ada.page.url
    (asked,) = await answering.every(story.foundation.node)
    reply = answering.Reply("released", frozenset({"basis", "decided_by"}))
    await answering.answer(story.foundation.node, asked.id, reply, story.conf.now)
    await inquiries.carry(story.conf.node, story.conf.clients, story.conf.now)
    for path in ("/inquiries", finding):
        await ada.go(path)
        assert "coc@foundation.example" in await ada.text()
        await look(f"{path}, answered")
    await _send(ada, "form[action$=delete] button")
    await look("finding, deleted")
    await _out_and_in(look)
    assert look.faults == []
    assert look.seen == SEEN["asking"]


@ONCE
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_where_a_list_is_screened(
    story: Story,
    visitors: Visitors,
    language: str,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the file to what came of it, also while it is under way."""
    ada = await visitors.to(story.conf, locale=LOCALES[language])
    look = Look(ada, language, made)
    await _enter(ada, story.conf, "checker")
    await ada.go("/lists")
    await look("lists")
    await _send(ada)
    await look("lists, with a fault")
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
    page = ada.page.url
    await _send(ada, "form[action$=delete] button")
    await look("list, deleted")
    await ada.go(page)
    await look("list, gone")
    assert look.faults == []
    assert look.seen == SEEN["listing"]


async def _asked(conf: Community, issuer: Community, person: str) -> None:
    """Let the one ask the other about somebody."""
    await conf.sync()
    occasion = Occasion("PyRegion", Purpose(kind="meetup", start=None, end=None))
    checked = await check(
        conf.node, conf.clients.to, [from_text(f"email:{person}")], occasion, now=conf.now
    )
    (found,) = checked.findings
    await inquiries.ask(
        conf.node, await inquiries.draft(conf.node, found.id, None, conf.now), conf.now
    )
    await inquiries.carry(conf.node, conf.clients, conf.now)
    assert len(await answering.every(issuer.node)) == 1


@ONCE
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_where_a_committee_decides(
    federation: Federation, visitors: Visitors, language: str, made: list[str]
) -> None:
    """What waits, what is in force, what is proposed, asked, reported and meant."""
    async with mail_server() as mails:
        issuer = await federation.community("issuer.example", settings=mails.settings)
        conf = await federation.community("conf.example")
        await federation.peer(conf, issuer)
        federation.later(184 * DAY)  # a half-year is over, of which there is a report
        # At an address that lasts, a browser may keep a key.
        listen = await issuer.address()
        await issuer.stop()
        await issuer.start(listen, free_address())
        untold = Notice(state="delayed", until=issuer.today + timedelta(days=20))
        published = await issuer.publish("email:other@person.example", notice=untold)
        await _asked(conf, issuer, "other@person.example")
        waiting = await acts.stay(issuer.node, [published], issuer.today, issuer.now)
        ada = await visitors.to(issuer, locale=LOCALES[language])
        look = Look(ada, language, made)
        await _enter(ada, issuer, "officer")
        looked = ["/browser-key", "/decisions", "/decisions?ended=1"]
        for path in looked:
            await ada.go(path)
            await look(path)
        letter = f"/sanctions/{published}/letter"
        proposed = {"#who": "Ada Name <name@person.example>", "input[name=measure]": ""}
        complete = proposed | {"input[name=scope]": "", "input[name=notice][value=given]": ""}
        for path, given, button in (
            (f"/decisions/{waiting.decision.hex()}", {}, "form[action$=approve] button"),
            ("/sanctions", {}, "button[value=lifted]"),
            (f"/sanctions/{published}", {}, "form[action$=amend] button"),
            ("/inquiries", {}, "form[action^='/inquiries/'] button"),
            ("/inquiries", {"[value=please_talk_to_us]": ""}, "form[action^='/inquiries/'] button"),
            ("/accounts", {}, "form[action$=invite] button"),
            ("/accounts", {"#name": "Eve"}, "form[action$=invite] button"),
            (letter, {"#to": "no address"}, "form[action$=letter] button"),
            (letter, {"#to": "other@person.example"}, "form[action$=letter] button"),
            ("/policy", {}, "form:has(input[value=rule]) button"),
            ("/report", {}, "form[action$=report] button"),
            ("/sanctions/new", proposed, "button[value=show]"),
            ("/sanctions/new", complete, "button[value=show]"),
        ):
            await ada.go(path)
            if path not in looked:
                await look(path)
                looked.append(path)
            await _fill(ada, given)
            await _send(ada, button)
            await look(f"{path}, sent with {given}")
        await _send(ada, "button[value=propose]")
        await look("a sanction, proposed")
    assert look.faults == []
    assert look.seen == SEEN["deciding"]


@ONCE
@pytest.mark.parametrize("language", list(LANGUAGES))
async def test_axe_finds_nothing_where_a_node_is_run_and_where_anybody_looks(
    federation: Federation,
    visitors: Visitors,
    language: str,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The node, its peers and people, its record; and what it is to the public."""
    monkeypatch.setattr("node.app.MAIL_INTERVAL", 0.05)
    async with mail_server() as mails:
        conf = await federation.community("conf.example")
        issuer = await federation.community("issuer.example", settings=mails.settings)
        await federation.peer(conf, issuer)
        olga = await visitors.to(conf, locale=LOCALES[language])
        look = Look(olga, language, made)
        await _enter(olga, conf, "operator")
        for path in ("/node", "/peers", "/peers/issuer.example", "/policy", "/accounts", "/record"):
            await olga.go(path)
            await look(path)
        await olga.go("/peers")
        await _send(olga, "form[action='/peers'] button")
        await look("/peers, with a fault")
        await olga.go("/accounts")
        await _send(olga, "form[action='/tokens'] button")
        await look("/tokens, with a fault")
        await olga.page.locator("#token-name").fill("shop")
        await _send(olga, "form[action='/tokens'] button")
        await look("/tokens")
        await olga.page.goto(f"data:text/html,<a href='{olga.base}/record'>There</a>")
        await olga.click("There")
        await look("from elsewhere")

        anybody = await visitors.at(await issuer.url(), locale=LOCALES[language])
        look.visitor = anybody
        for path in ("/about", "/desk"):
            await anybody.go(path)
            await look(path)
        await _send(anybody)
        await look("/desk, with a fault")
        await anybody.page.locator("#address").fill("anybody@person.example")
        await _send(anybody)
        await look("/desk, sent")
        letter = await mails.arrived(1)
        await anybody.go("/desk/confirm?" + letter.text.partition("/desk/confirm?")[2].split()[0])
        await look("/desk/confirm")
        await _send(anybody)
        await look("/desk/confirm, done")
        await anybody.go("/desk/confirm")
        await _send(anybody)
        await look("/desk/confirm, with a fault")
    nowhere = await visitors.at(await conf.url(), locale=LOCALES[language])
    look.visitor = nowhere
    await nowhere.go("/desk")
    await look("/desk, closed")
    assert look.faults == []
    assert look.seen == SEEN["running"]


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


@ONCE
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
    await ada.page.get_by_role("heading", name="It is deleted").wait_for()
