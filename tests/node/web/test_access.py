"""Who may open which page, and what of a request is believed, of every page that there is."""

import re
from http.cookies import SimpleCookie

import pytest
from yarl import URL

from node import accounts, sessions
from node.callers import Role
from node.web import rendering
from node.web.table import PAGES
from node.web.visit import Page
from tests.node.federation import Community
from tests.node.web.conftest import Browser, Pages

ROLES: tuple[Role, ...] = ("checker", "officer", "operator")

CLOSED = [page for page in PAGES if page.roles is not None]


def _address(page: Page) -> str:
    return re.sub(r"\{\w+(:[^}]*)?\}", "nothing", page.path.replace("{form:csv|xlsx}", "csv"))


async def _cookie(conf: Community, role: Role) -> tuple[str, str]:
    """What a session's cookie holds, and what its forms carry."""
    officer = "alice" if role == "officer" else None
    code = await accounts.open_link(conf.node, role, officer, conf.now)
    account = await accounts.opened_by(conf.node, code, conf.now)
    cookie = await sessions.begin(conf.node, account, "a browser", conf.now)
    session = await sessions.of(conf.node, cookie, conf.now)
    assert session is not None
    return cookie, session.form


def _named(browser: Browser) -> str:
    """What the cookie of a session is called there."""
    return f"comity-{URL(browser.origin).port}"


@pytest.fixture
async def strangers(pages: Pages) -> Browser:
    """Requests without any cookie."""
    return await pages.stranger()


async def test_whoever_is_not_signed_in_is_led_to_where_one_does(strangers: Browser) -> None:
    """From every page that is not for everybody; nothing of it is shown or done."""
    for page in CLOSED:
        async with strangers.session.request(
            page.method,
            strangers.origin + _address(page),
            headers={"Origin": strangers.origin},
            allow_redirects=False,
        ) as answer:
            led = (303, "/enter") if page.method == "GET" else (403, None)
            assert (answer.status, answer.headers.get("Location")) == led, page.path
            assert page.method == "GET" or "Sign in" in await answer.text()


@pytest.mark.parametrize("role", ROLES)
async def test_a_page_opens_to_its_roles_only(pages: Pages, strangers: Browser, role: Role) -> None:
    """Others are told so, whatever the form says."""
    cookie, token = await _cookie(pages.community, role)
    for page in CLOSED:
        assert page.roles is not None
        if role in page.roles:
            continue
        async with strangers.session.request(
            page.method,
            strangers.origin + _address(page),
            headers={"Origin": strangers.origin},
            cookies={_named(strangers): cookie},
            data={"token": token} if page.method == "POST" else None,
        ) as answer:
            assert answer.status == 403, page.path
            assert "not for your role" in await answer.text()


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost"])
async def test_what_changes_anything_comes_from_these_pages(
    pages: Pages, strangers: Browser, origin: str | None
) -> None:
    """Every form of another site, or of none, is sent back, with the right cookie and token."""
    for role in ROLES:
        cookie, token = await _cookie(pages.community, role)
        for page in PAGES:
            if page.method == "GET" or (page.roles is not None and role not in page.roles):
                continue
            async with strangers.session.post(
                strangers.origin + _address(page),
                headers={} if origin is None else {"Origin": origin},
                cookies={_named(strangers): cookie},
                data={"token": token},
            ) as answer:
                assert answer.status == 403, page.path
                assert "not sent from these pages" in await answer.text()


async def test_a_form_carries_what_only_its_session_knows(pages: Pages, strangers: Browser) -> None:
    """Without it, or with that of another session, nothing is done."""
    cookie, _ = await _cookie(pages.community, "officer")
    _, of_another = await _cookie(pages.community, "officer")
    for page in CLOSED:
        if page.method == "GET" or "officer" not in (page.roles or ()):
            continue
        for token in ("", of_another):
            async with strangers.session.post(
                strangers.origin + _address(page),
                headers={"Origin": strangers.origin},
                cookies={_named(strangers): cookie},
                data={"token": token},
            ) as answer:
                assert answer.status == 403, page.path
                assert "another visit" in await answer.text()


async def test_what_weighs_much_asks_once_more_who_it_is(pages: Pages, strangers: Browser) -> None:
    """Five minutes after somebody signed in; what was sent stands in the form that asks."""
    conf = pages.community
    for role in ROLES:
        cookie, token = await _cookie(conf, role)
        conf.clock[0] += sessions.CONFIRMED + 1
        for page in CLOSED:
            if not page.confirmed or role not in (page.roles or ()):
                continue
            async with strangers.session.post(
                strangers.origin + _address(page),
                headers={"Origin": strangers.origin},
                cookies={_named(strangers): cookie},
                data=[("token", token), ("typed", "first"), ("typed", "<second>")],
            ) as answer:
                text = await answer.text()
                assert answer.status == 403, page.path
                assert "Show that it is you" in text
                assert f'action="{_address(page)}"' in text
                assert 'name="typed" value="first"' in text
                assert 'name="typed" value="&lt;second&gt;"' in text


async def test_another_name_for_this_machine_leads_to_the_right_one(strangers: Browser) -> None:
    """So that no other site's name, pointed here, becomes an origin of these pages."""
    port = URL(strangers.origin).port
    for host in ("evil.example", f"127.0.0.1:{port}", f"evil.example:{port}"):
        for method, status in (("GET", 303), ("POST", 421)):
            async with strangers.session.request(
                method, f"{strangers.origin}/enter", headers={"Host": host}, allow_redirects=False
            ) as answer:
                assert answer.status == status
                assert (
                    answer.headers.get("Location", f"{strangers.origin}/") == f"{strangers.origin}/"
                )


async def test_every_answer_forbids_what_these_pages_do_not_do(strangers: Browser) -> None:
    """Nothing is kept, framed, or run from elsewhere: also where there is nothing."""
    for path in ("/enter", "/", "/nowhere", "/invited/x", "/opened/x.y", "/lists/understand"):
        async with strangers.session.get(strangers.origin + path, allow_redirects=False) as answer:
            for name, value in rendering.HEADERS.items():
                assert answer.headers[name] == value, path
            assert answer.headers["Server"] == "comity"


async def test_the_cookie_is_for_this_browser_and_these_pages_alone(
    pages: Pages, strangers: Browser
) -> None:
    """No script reads it, and no other site sends it along with a form."""
    conf = pages.community
    code = await accounts.open_link(conf.node, "checker", None, conf.now)
    async with strangers.session.get(
        f"{strangers.origin}/opened/{code}", allow_redirects=False
    ) as answer:
        given = [SimpleCookie(each) for each in answer.headers.getall("Set-Cookie")]
    assert {name for each in given for name in each} == {
        _named(strangers), _named(strangers).replace("comity", "comity-device")
    }  # fmt: skip
    for morsel in (morsel for each in given for morsel in each.values()):
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
        assert not morsel["domain"]


async def test_an_address_that_only_takes_forms_leads_to_what_it_belongs_to(
    pages: Pages,
) -> None:
    """For whoever opens again what they see after a form was sent."""
    browser = await pages.signed_in("checker")
    for path, title in (("/lists/understand", "Screen a list"), ("/me/password", "My account")):
        moved = await browser.get(path)
        assert moved.status == 303
        assert f"<h1>{title}</h1>" in await browser.open(moved.leads_to)
