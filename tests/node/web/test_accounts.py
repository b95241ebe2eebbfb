"""Who gets in, by what, and for how long."""

import unicodedata
from typing import Literal

import pytest

from node import accounts, audit, constitution, passwords, sessions
from node.callers import Role
from node.officers import MOST_WRONG, PATIENCE
from node.passwords import Cost
from node.web.table import PAGES
from node.web.visit import Page
from tests.node.web.conftest import Answer, Browser, Pages

ROLES: tuple[Role, ...] = ("checker", "officer", "operator")
LONG = "a password of some length"
MARKS = "a" + "\u0301" * 4000 + "\u0327" * 4000
"""What is put in order in as many steps as there are pairs of these marks."""


async def _accept(pages: Pages, name: str, role: Role = "checker") -> Browser:
    """Somebody with an account and a password, signed in."""
    browser = await pages.stranger()
    made = await browser.post(await pages.invited(name, role), {"password": LONG})
    assert (made.status, made.leads_to) == (303, "/")
    await browser.get("/me")
    return browser


async def _enter(browser: Browser, name: str, password: str) -> Answer:
    return await browser.post("/enter", {"name": name, "password": password})


async def test_an_invitation_is_used_once_and_in_time(pages: Pages) -> None:
    """Looking uses nothing up, as programs do that search for viruses; a week later it is over."""
    path, browser = await pages.invited("Ada"), await pages.stranger()
    for _ in range(2):
        shown = await browser.get(path)
        assert (shown.status, "Welcome, Ada" in shown.text) == (200, True)
    short = await browser.post(path, {"password": "short"})
    assert (short.status, "Error:" in short.text) == (422, True)
    assert (await browser.post(path, {"password": LONG})).leads_to == "/"
    assert (await browser.get("/check")).status == 200
    other = await pages.stranger()
    assert (await other.get(path)).status == 404
    assert (await other.post(path, {"password": LONG})).status == 404
    late = await pages.invited("Late")
    pages.community.clock[0] += accounts.INVITED + 1
    assert (await other.get(late)).status == 404
    assert (await other.post(late, {"password": LONG})).status == 404
    assert [each.name for each in await accounts.every(pages.community.node)] == ["Ada"]


async def test_a_link_that_signs_in_works_once_and_in_time(pages: Pages) -> None:
    """What `comity open` prints is no way in for who finds it later."""
    node, now = pages.community.node, pages.community.now
    browser = await pages.stranger()
    used, late = [await accounts.open_link(node, "checker", None, now) for _ in range(2)]
    assert (await browser.get(f"/opened/{used}")).leads_to == "/"
    other = await pages.stranger()
    assert (await other.get(f"/opened/{used}")).status == 404
    pages.community.clock[0] += accounts.OPENED + 1
    assert (await other.get(f"/opened/{late}")).status == 404
    for never in ("x", "x.y", f"{late.partition('.')[0]}.", "%00"):
        assert (await other.get(f"/opened/{never}")).status == 404


async def test_wrong_passwords_are_slowed_and_recorded(pages: Pages) -> None:
    """For a name that there is and for one that there is not, in the same words."""
    await _accept(pages, "Ada")
    browser = await pages.stranger()
    said = {"Ada": [], "Eve": []}  # type: dict[str, list[tuple[int, str]]]
    for name, answers in said.items():
        for _ in range(MOST_WRONG + 1):
            answer = await _enter(browser, name, "a wrong one")
            answers.append((answer.status, answer.text.replace(name, "")))
    assert said["Ada"] == said["Eve"]
    assert len({text for _, text in said["Ada"]}) == 2  # wrong, and then: wait
    assert (await _enter(browser, "Ada", LONG)).status == 422
    wrong = await audit.since(pages.community.node, "password", 0)
    # Strangers can try for ever: what they try at nobody's account is not recorded.
    assert [dict(each.detail) for each in wrong] == [
        {"who": "nobody", "account": "Ada"}
    ] * MOST_WRONG
    pages.community.clock[0] += PATIENCE + 1
    assert (await _enter(browser, "ada ", LONG)).leads_to == "/"


async def test_as_much_work_is_done_for_a_name_that_there_is_not(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody learns by the time which names there are."""
    await _accept(pages, "Ada")
    browser = await pages.stranger()
    work: list[object] = []
    stretched = passwords._stretched  # noqa: SLF001 - where all the work is

    def counted(password: str, salt: bytes, cost: Cost) -> bytes:
        work.append(cost)
        return stretched(password, salt, cost)

    monkeypatch.setattr(passwords, "_stretched", counted)
    for name, password in (("Ada", "a wrong one"), ("Eve", "a wrong one"), ("Ada", MARKS)):
        await _enter(browser, name, password)
    await _enter(browser, "Eve", MARKS)
    await _enter(browser, MARKS, "a wrong one")
    assert work == [work[0]] * 5


async def test_what_takes_long_to_normalise_is_not(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time grows with the square of the length, and nobody would be served meanwhile."""
    await _accept(pages, "Ada")
    browser, invited = await pages.stranger(), await pages.invited("Eve")
    seen: list[int] = []
    normalize = unicodedata.normalize

    def counted(form: Literal["NFC", "NFKC"], text: str) -> str:
        seen.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counted)
    for name, password in (("x", LONG), (MARKS, LONG), ("Ada", MARKS)):
        answer = await _enter(browser, name, password)
        assert (answer.status, "the name or the password is wrong" in answer.text) == (422, True)
    refused = await browser.post(invited, {"password": MARKS})
    assert (refused.status, "1024 characters at most" in refused.text) == (422, True)
    assert 0 < max(seen) <= passwords.LONGEST


async def test_a_name_is_found_however_it_is_typed(pages: Pages) -> None:
    """The longest, too, which some keyboards send in four times as many characters."""
    name = "\u1fa7" * accounts.MAX_NAME  # alpha with three marks, each of which can come apart
    await _accept(pages, name)
    apart = unicodedata.normalize("NFD", name)
    assert len(apart) == 4 * accounts.MAX_NAME
    assert (await _enter(await pages.stranger(), apart, LONG)).leads_to == "/"


async def test_a_session_ends_by_itself(pages: Pages) -> None:
    """Some hours after its last use, and a week after it began, however often it was used."""
    browser, clock = await pages.signed_in("checker"), pages.community.clock
    clock[0] += sessions.IDLE
    assert (await browser.get("/check")).status == 200
    clock[0] += sessions.IDLE + 1
    assert (await browser.get("/check")).leads_to == "/enter"
    again = await pages.signed_in("checker")
    began = clock[0]
    while clock[0] + sessions.IDLE <= began + sessions.MOST:
        clock[0] += sessions.IDLE
        assert (await again.get("/check")).status == 200
    clock[0] = began + sessions.MOST + 1
    assert (await again.get("/check")).leads_to == "/enter"


async def test_sessions_are_listed_and_revoked(pages: Pages) -> None:
    """One, all others, and one's own by signing out; another person's never."""
    here, there, third = [await pages.signed_in("checker") for _ in range(3)]
    officer = await pages.signed_in("officer")
    listed = (await here.get("/me")).text
    assert listed.count("last used") == 3
    chosen = listed.split('name="id" value="')[1].partition('"')[0]
    assert (await officer.post("/me/sessions/end", {"id": chosen})).status == 303
    assert (await here.get("/me")).text.count("last used") == 3
    assert (await here.post("/me/sessions/end", {"id": chosen})).status == 303
    assert (await here.get("/me")).text.count("last used") == 2
    assert (await here.post("/me/sessions/end")).status == 303
    assert [(await each.get("/check")).status for each in (here, there, third)] == [200, 303, 303]
    assert (await here.post("/leave")).leads_to == "/enter"
    assert (await here.get("/check")).leads_to == "/enter"
    assert (await officer.get("/check")).status == 200


async def test_another_password_ends_all_other_sessions(pages: Pages) -> None:
    """Whoever took a browser over is out, and whose account it is stands in the record."""
    other = await _accept(pages, "Ada")
    here = await pages.stranger()
    assert (await _enter(here, "Ada", LONG)).leads_to == "/"
    await here.get("/me")
    assert (await here.post("/me/password", {"password": "another " + LONG})).leads_to == "/me"
    assert (await other.get("/check")).leads_to == "/enter"
    assert (await here.get("/check")).status == 200
    assert (await _enter(other, "Ada", LONG)).status == 422
    *_, act = await audit.since(pages.community.node, "account", 0)
    assert (act.detail["who"], act.detail["what"]) == ("Ada", "password")


async def test_what_weighs_much_asks_anew_who_it_is(pages: Pages) -> None:
    """Some minutes after somebody signed in; then their password is enough for a while."""
    browser = await _accept(pages, "Olga", "operator")
    pages.community.clock[0] += sessions.CONFIRMED + 1
    form = {"name": "Ada"}
    asked = await browser.post("/accounts/invite", form)
    assert asked.status == 403
    assert 'value="Ada"' in asked.text  # what was typed goes on from there
    wrong = form | {"shown-password": "a wrong one"}
    assert (await browser.post("/accounts/invite", wrong)).status == 422
    assert (await browser.post("/accounts/invite", form)).status == 403
    assert (await browser.post("/accounts/invite", form | {"shown-password": LONG})).status == 200
    assert (await browser.post("/accounts/invite", {"name": "Grace"})).status == 200


async def test_who_is_removed_is_out_at_once(pages: Pages) -> None:
    """With the next request, wherever they are signed in."""
    browser, operator = await _accept(pages, "Ada"), await pages.signed_in("operator")
    assert (await browser.get("/check")).status == 200
    assert (await operator.post("/accounts/remove", {"name": "Ada"})).leads_to == "/accounts"
    assert (await browser.get("/check")).leads_to == "/enter"
    assert (await _enter(browser, "Ada", LONG)).status == 422
    assert (await operator.post("/accounts/remove", {"name": "Ada"})).status == 404


async def test_an_invitation_is_withdrawn(pages: Pages) -> None:
    """Sent to the wrong address, it makes no account."""
    path, operator = await pages.invited("Ada"), await pages.signed_in("operator")
    assert (await operator.post("/accounts/remove", {"name": "ada"})).leads_to == "/accounts"
    assert (await (await pages.stranger()).get(path)).status == 404
    assert await accounts.invited(pages.community.node) == []


async def test_an_officer_who_is_one_no_more_is_out(pages: Pages) -> None:
    """With the next request after the decision is in the log."""
    community = pages.community
    browser = await pages.signed_in("officer", "bob")
    assert (await browser.get("/check")).status == 200
    await community.approve(await constitution.remove(community.node, "bob", 1, community.now))
    assert (await browser.get("/check")).leads_to == "/enter"


@pytest.mark.parametrize("role", [*ROLES, None])
async def test_every_page_answers_whom_it_is_for(pages: Pages, role: Role | None) -> None:
    """Each by each method; never by failing, and never with a cache or without its policy."""
    for page in PAGES:
        if role not in (page.roles or (role,)) or page.path == "/confirm":
            continue
        browser = await (pages.stranger() if role is None else pages.signed_in(role))
        answer = await _try(browser, page)
        said = f"{page.method} {page.path}: {answer.status} {answer.text}"
        assert answer.headers["Cache-Control"] == "no-store", said
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], said
        assert "unsafe" not in answer.headers["Content-Security-Policy"], said
        assert answer.status < 500, said
        assert answer.status not in {401, 403}, said
        assert answer.leads_to != "/enter" or page.path in {"/enter", "/leave"}, said
        await browser.session.close()


async def _try(browser: Browser, page: Page) -> Answer:
    path = page.path.replace("{form:csv|xlsx}", "csv")
    for variable in ("id", "code"):
        path = path.replace(f"{{{variable}}}", "12345678")
    return await (browser.get(path) if page.method == "GET" else browser.post(path))
