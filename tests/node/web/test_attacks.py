"""Attacks on the pages that once came through, or might, each as its attacker would try it."""

import asyncio
import re
from typing import Any

import pytest
from yarl import URL

from node import accounts, audit
from node.callers import Role
from node.errors import UserError
from node.web import rendering
from node.web.table import PAGES
from node.web.visit import Page
from tests.node.federation import Federation
from tests.node.web.conftest import Answer, Browser, Pages

LONG = "a password of some length"

NAMES = ("12345678", "%00", "a%00b", "%0d%0aSet-Cookie:x", "..%2f..", "x" * 300, "%E2%80%AE")
"""What stands in an address where a name should."""

TYPED = ("\0", "a\0b", "//[", "9" * 400, "\u202e", "[]", "null", "2026-02-31")
"""What is typed into every field of a form."""

FIELDS = (
    "name", "password", "answer", "language", "back", "who", "handle", "event", "purpose", "from",
    "to", "file", "list", "column", "judged", "place", "signed", "reason", "public_key", "measure",
    "scope", "notice", "act", "allowance", "compare", "contact", "id", "token-name", "expires_on",
    "url", "peer", "step", "review_by", "ends_on", "phrase", "release", "recognises", "basis",
)  # fmt: skip


async def _in(pages: Pages, name: str, role: Role = "checker") -> Browser:
    browser = await pages.stranger()
    made = await browser.post(await pages.invited(name, role), {"password": LONG})
    assert made.status == 303
    await browser.get("/me")
    return browser


def _addresses(browser: Browser, page: Page) -> list[URL]:
    """A page by all those names."""
    form = page.path.replace("{form:csv|xlsx}", "csv")
    paths = dict.fromkeys(re.sub(r"\{\w+\}", name, form) for name in NAMES)
    return [URL(browser.origin + path, encoded=True) for path in paths]


async def _send(browser: Browser, page: Page, url: URL, typed: str = "") -> Answer:
    data = dict.fromkeys(FIELDS, typed) | {"token": browser.token}
    options: dict[str, Any] = {"data": data} if page.method == "POST" else {}
    async with browser.session.request(
        page.method, url, headers={"Origin": browser.origin}, allow_redirects=False, **options
    ) as answer:
        return Answer(answer.status, await answer.text(), answer.headers)


@pytest.mark.parametrize("role", ["checker", "officer", "operator"])
async def test_whatever_an_address_or_a_form_says_the_node_answers(
    pages: Pages, role: Role
) -> None:
    """It never fails, on either database, and leads to none but its own pages."""
    browser = await pages.signed_in(role)
    tried = [page for page in PAGES if page.roles is None or role in page.roles]
    for page in tried:
        if page.path == "/leave":
            continue
        first, *others = _addresses(browser, page)
        sent = [(url, "") for url in others]
        sent += [(first, typed) for typed in TYPED if page.method == "POST"]
        for url, typed in sent:
            answer = await _send(browser, page, url, typed)
            assert answer.status < 500, (page.path, url, typed)
            assert not re.match(r"[^/]|/[/\\]", answer.leads_to), (page.path, url, typed)


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/lists", "/lists"),
        ("/a//b", "/a//b"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("//[", "/"),
        ("", "/"),
        ("/x?y", "/"),
    ],
)
async def test_another_language_leads_to_no_other_site(
    pages: Pages, back: str, leads_to: str
) -> None:
    """Whatever the form says where it was."""
    browser = await pages.stranger()
    answer = await browser.post("/language", {"language": "de", "back": back})
    assert (answer.status, answer.leads_to) == (303, leads_to)


async def test_who_is_put_out_while_a_form_comes_does_nothing_by_it(pages: Pages) -> None:
    """A form can take long to come."""
    browser, origin = await _in(pages, "Ada"), URL(pages.origin)
    cookies = browser.session.cookie_jar.filter_cookies(origin)
    body = f"token={browser.token}&password=another+{LONG.replace(' ', '+')}"
    head = (
        f"POST /me/password HTTP/1.1\r\nHost: {origin.authority}\r\nOrigin: {pages.origin}\r\n"
        f"Cookie: {'; '.join(f'{name}={each.value}' for name, each in cookies.items())}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("localhost", origin.port)
    writer.write(f"{head}{body[:5]}".encode())
    await writer.drain()
    await asyncio.sleep(0.3)
    await accounts.remove(pages.community.node, "Ada", pages.community.now)
    writer.write(body[5:].encode())
    answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    assert "Location: /enter\r\n" in answer
    *_, last = await audit.since(pages.community.node, "account", 0)
    assert last.detail["what"] == "remove"


async def test_it_takes_as_long_to_say_that_there_is_no_such_name(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a wrong password is recorded takes a part of the time after which it is said."""
    await _in(pages, "Ada")
    browser, loop = await pages.stranger(), asyncio.get_running_loop()
    monkeypatch.setattr(accounts, "SAID_AFTER", 0.5)
    for name in ("Ada", "Nobody"):
        began = loop.time()
        answer = await browser.post("/enter", {"name": name, "password": "a wrong one"})
        assert answer.status == 422
        assert loop.time() - began >= 0.5


async def test_a_link_that_many_open_at_once_lets_one_of_them_in(pages: Pages) -> None:
    """And so does an invitation; of two invitations of one name, one makes an account."""
    node, now = pages.community.node, pages.community.now
    browsers = [await pages.stranger() for _ in range(6)]
    code = await accounts.open_link(node, "checker", None, now)
    opened = await asyncio.gather(*(each.get(f"/opened/{code}") for each in browsers))
    assert sorted(each.status for each in opened) == [303] + [404] * 5
    others = [await pages.stranger() for _ in range(6)]
    path = await pages.invited("Ada")
    made = await asyncio.gather(*(each.post(path) for each in others))
    assert sorted(each.status for each in made) == [303] + [404] * 5
    paths = [await pages.invited("Eve") for _ in range(3)]
    others = [await pages.stranger() for _ in paths]
    both = await asyncio.gather(*(each.post(at) for each, at in zip(others, paths, strict=True)))
    assert sorted(each.status for each in both) == [303, 422, 422]
    assert [each.name for each in await accounts.every(node)].count("Eve") == 1


async def test_a_file_is_kept_by_nobody_under_the_address_of_another_version(pages: Pages) -> None:
    """Else a proxy could be made to keep this one in the place of the next."""
    browser = await pages.stranger()
    text = (await browser.get("/enter")).text
    (ours,) = re.findall(r'"(/static/[0-9a-f]+/comity\.js)"', text)
    assert "immutable" in (await browser.get(ours)).headers["Cache-Control"]
    other = await browser.get("/static/0123456789ab/comity.js")
    assert (other.status, other.headers["Cache-Control"]) == (200, "no-store")


async def test_a_method_that_no_page_has_does_nothing(pages: Pages) -> None:
    """Neither does it come past what is looked at before a page is opened."""
    browser = await pages.signed_in("operator")
    before = await audit.verify(pages.community.node)
    for method in ("HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"):
        for path in ("/record", "/accounts", "/enter", "/static/x/comity.js"):
            async with browser.session.request(method, browser.origin + path) as answer:
                assert answer.status == 403, (method, path)
                assert answer.headers["Cache-Control"] == "no-store"
                for name, value in rendering.HEADERS.items():
                    assert answer.headers[name] == value
    assert await audit.verify(pages.community.node) == before


@pytest.mark.parametrize("cookie", ["x" * 7000, "a=b; " * 1000, 'a="; b', "=;=;;==", "\xff=\xff"])
async def test_cookies_of_others_are_no_fault(pages: Pages, cookie: str) -> None:
    """At this machine every program can set some."""
    browser = await pages.stranger()
    assert (await browser.get("/enter", Cookie=cookie)).status == 200


async def test_nobody_who_only_checks_undoes_what_the_committee_decided(pages: Pages) -> None:
    """To say that it is somebody else would hide it from all who ask after them."""
    await pages.community.publish("email:mallory@person.example")
    eve, alice = await pages.signed_in("checker"), await pages.signed_in("officer")
    for browser, status in ((eve, 403), (alice, 303)):
        answer = await browser.post("/check", {"who": "mallory@person.example"})
        shown = await browser.open(answer.leads_to)
        (finding,) = set(re.findall(r'href="(/findings/[0-9a-f-]{36})"', shown))
        offered = "No, somebody else" in await browser.open(finding)
        assert offered is (browser is alice)
        judged = await browser.post(f"{finding}/judge", {"judged": "different"})
        assert judged.status == status


async def test_no_peer_speaks_as_this_community(federation: Federation) -> None:
    """Its findings would read as what our own committee has decided."""
    conf = await federation.community("conf.example")
    folder, federation.folder = federation.folder, federation.folder / "elsewhere"
    federation.folder.mkdir()
    another = await federation.community("conf.example")
    federation.folder = folder
    with pytest.raises(UserError, match="speaks in your name"):
        await federation.peer(conf, another)
