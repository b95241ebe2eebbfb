"""What was typed when a session had ended is not lost, and goes nowhere else."""

import html
import re

from node import sessions
from tests.node.web.conftest import Answer, Browser, Pages

LONG = "a password of some length"
TYPED = "Ada <somebody@person.example>"


def _hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page; those in front of the language's."""
    main = page.partition("</main>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', main)
    return {html.unescape(name): html.unescape(value) for name, value in found}


async def _out_while_typing(pages: Pages) -> tuple[Browser, Answer]:
    """Somebody whose session ended before they sent what they had typed."""
    browser = await pages.stranger()
    await browser.post(await pages.invited("Ada"), {"password": LONG})
    await browser.get("/check")
    pages.community.clock[0] += sessions.IDLE + 1
    return browser, await browser.post("/check", {"who": TYPED, "event": "A", "password": "secret"})


async def test_what_was_typed_is_sent_again_after_signing_in(pages: Pages) -> None:
    """It is offered, not sent by itself; a wrong password on the way does not lose it."""
    browser, answer = await _out_while_typing(pages)
    assert (answer.status, "You were signed out meanwhile" in answer.text) == (403, True)
    assert TYPED not in answer.text  # escaped
    carried = _hidden(answer.text) | {"token": ""}
    wrong = await browser.post("/enter", carried | {"name": "Ada", "password": "a wrong one"})
    assert wrong.status == 422
    assert {name: _hidden(wrong.text)[name] for name in carried} == carried
    entered = await browser.post("/enter", carried | {"name": "Ada", "password": LONG})
    assert (entered.status, "You are signed in again" in entered.text) == (200, True)
    assert html.escape(TYPED) in entered.text.partition("<form")[0]
    again = _hidden(entered.text)
    assert again | {"who": TYPED, "event": "A"} == again
    assert "password" not in again
    assert 'action="/check"' in entered.text
    done = await browser.post("/check", again)
    assert (done.status, done.leads_to.startswith("/check/")) == (303, True)


async def test_it_is_sent_to_pages_of_ours_only(pages: Pages) -> None:
    """Wherever a form says that it comes from."""
    browser, answer = await _out_while_typing(pages)
    carried = _hidden(answer.text) | {"token": "", "typed-to": "//evil.example/check"}
    entered = await browser.post("/enter", carried | {"name": "Ada", "password": LONG})
    assert "evil" not in entered.text
    assert 'action="/"' in entered.text


async def test_what_is_too_long_is_said_not_to_be_taken(pages: Pages) -> None:
    """So is a file; whoever was never here is shown where one signs in as well."""
    stranger = await pages.stranger()
    answer = await stranger.post("/check", {"who": "x" * 40_000})
    assert (answer.status, "nothing was taken" in answer.text) == (403, True)
    assert "typed:" not in answer.text


async def test_who_shows_that_it_is_them_goes_on_where_they_were(pages: Pages) -> None:
    """And to no other site."""
    browser = await pages.stranger()
    await browser.post(await pages.invited("Ada"), {"password": LONG})
    for back, leads_to in (("/lists", "/lists"), ("//evil.example", "/me"), ("", "/me")):
        asked = await browser.get(f"/confirm?back={back}")
        shown = _hidden(asked.text) | {"shown-password": LONG}
        assert (await browser.post("/confirm", shown)).leads_to == leads_to


async def test_nobody_else_is_offered_what_somebody_typed(pages: Pages) -> None:
    """Whoever signs in next in the same browser sees nothing of it, and sends nothing of it."""
    other = await pages.stranger()
    await other.post(await pages.invited("Hana"), {"password": LONG})
    browser, answer = await _out_while_typing(pages)
    carried = _hidden(answer.text) | {"token": ""}
    entered = await browser.post("/enter", carried | {"name": "Hana", "password": LONG})
    assert (entered.status, entered.leads_to) == (303, "/")


async def test_a_prepared_page_sets_no_password(pages: Pages) -> None:
    """Neither is one carried, nor has the step-up been passed by signing in so."""
    browser, _ = await _out_while_typing(pages)
    prepared = {"typed-to": "/me/password", "typed:password": "chosen by another", "typed:x": "y"}
    entered = await browser.post("/enter", prepared | {"name": "Ada", "password": LONG})
    assert "chosen by another" not in entered.text
    asked = await browser.post("/me/password", {"password": "chosen by another"})
    assert (asked.status, "Show that it is you" in asked.text) == (403, True)
