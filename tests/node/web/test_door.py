"""Who is let in by a password while strangers crowd at the door."""

import asyncio
from threading import Event

import pytest
from yarl import URL

from node import passwords
from node.door import MOST_AT_DOOR, Door
from node.officers import MOST_WRONG
from node.passwords import Cost
from tests.node.web.conftest import Answer, Browser, Pages

LONG = "a password of some length"


async def _with_account(pages: Pages, name: str) -> Browser:
    """A browser in which somebody has signed in, and out again."""
    browser = await pages.stranger()
    assert (await browser.post(await pages.invited(name), {"password": LONG})).leads_to == "/"
    await browser.get("/me")
    assert (await browser.post("/leave")).leads_to == "/enter"
    return browser


async def _enter(browser: Browser, name: str, password: str = LONG) -> Answer:
    return await browser.post("/enter", {"name": name, "password": password})


class Crowd:
    """Strangers at the door, as many as are taken; none comes to an end before it `moves`."""

    def __init__(self, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pages = pages
        self._may = Event()
        stretched = passwords._stretched  # noqa: SLF001 - where all the work is

        def slow(password: str, salt: bytes, cost: Cost) -> bytes:
            self._may.wait(30)
            return stretched(password, salt, cost)

        monkeypatch.setattr(passwords, "_stretched", slow)
        self._waiting: list[asyncio.Task[Answer]] = []

    async def comes(self) -> None:
        """One after the other, until the door is full, and one is told so."""
        while not any(each.done() for each in self._waiting):
            trying = asyncio.create_task(_enter(await self._pages.stranger(), "Nobody"))
            self._waiting.append(trying)
            await asyncio.wait([trying], timeout=0.5)
        assert len(self._waiting) > MOST_AT_DOOR

    def moves(self) -> None:
        """Let passwords be tried again."""
        self._may.set()

    async def goes(self) -> None:
        """Until all of them were tried."""
        await asyncio.gather(*self._waiting)


async def test_strangers_keep_nobody_out_who_was_in(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has signed in there before, has a place of their own; others are told to come later."""
    ada, eve = await _with_account(pages, "Ada"), await _with_account(pages, "Eve")
    invited = await pages.invited("Grace")
    crowd = Crowd(pages, monkeypatch)
    await crowd.comes()
    grace = await pages.stranger()
    coming = [
        asyncio.create_task(_enter(ada, "Ada")),
        asyncio.create_task(grace.post(invited, {"password": LONG})),
    ]
    assert (await _enter(await pages.stranger(), "Ada")).status == 503
    assert (await _enter(eve, "Ada")).status == 503  # known, but not as Ada
    await asyncio.sleep(0.2)
    # One place each: nobody who is known fills the door for others either.
    again = await _enter(ada, "Ada")
    assert (again.status, "being tried for you" in again.text) == (503, True)
    crowd.moves()
    assert [(await each).leads_to for each in coming] == ["/", "/"]
    await crowd.goes()


async def test_who_is_known_waits_for_two_strangers_at_most() -> None:
    """For the one that is being tried, and the one that was next already."""
    door, came = Door(), list[str]()

    async def come(who: str, known: bytes | None) -> None:
        async with door.turn(known):
            came.append(who)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as coming:
        for number in range(MOST_AT_DOOR):
            coming.create_task(come(f"stranger {number}", None))
        await asyncio.sleep(0)
        coming.create_task(come("Ada", b"Ada"))
        coming.create_task(come("Eve", b"Eve"))
    assert came[:4] == ["stranger 0", "Ada", "Eve", "stranger 1"]
    assert len(came) == MOST_AT_DOOR + 2


async def test_wrong_passwords_of_strangers_shut_nobody_out_who_was_in(pages: Pages) -> None:
    """They are counted apart, until the password is another one."""
    ada, eve = await _with_account(pages, "Ada"), await pages.stranger()
    for _ in range(MOST_WRONG):
        await _enter(eve, "Ada", "a wrong one")
    assert (await _enter(eve, "Ada")).status == 422
    assert (await _enter(ada, "Ada")).leads_to == "/"
    await ada.get("/me")
    stolen = ada.session.cookie_jar.filter_cookies(URL(ada.origin))
    assert (await ada.post("/me/password", {"password": "another " + LONG})).leads_to == "/me"
    assert (await ada.post("/leave")).leads_to == "/enter"
    assert (await _enter(ada, "Ada", "another " + LONG)).leads_to == "/"
    eve.session.cookie_jar.update_cookies(stolen)
    assert (await _enter(eve, "Ada", "another " + LONG)).status == 422


async def test_a_browser_that_is_known_guesses_no_more_than_others(pages: Pages) -> None:
    """After as many wrong ones none is tried for it."""
    ada = await _with_account(pages, "Ada")
    for _ in range(MOST_WRONG):
        await _enter(ada, "Ada", "a wrong one")
    assert (await _enter(ada, "Ada")).status == 422
    assert (await _enter(await pages.stranger(), "Ada")).leads_to == "/"
