"""How far a list is, told to many tabs at once."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest

from node import lists
from node.app import Serving
from node.web.streams import MOST, Streams
from tests.node.federation import eventually
from tests.node.web.conftest import Browser, Pages
from tests.node.web.test_lists import NO_EVENT


async def _waiting(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> str:
    """A list that stays as it is; where it is told how far it is."""

    async def nothing(*_arguments: object) -> bool:
        return False

    monkeypatch.setattr(lists, "run_next", nothing)
    community = pages.community
    assert isinstance(community.serving, Serving)
    id_ = await lists.add(
        community.node,
        community.serving.service.lists,
        b"Order code,E-mail\nA1,nobody@else.example\n",
        [],
        NO_EVENT,
        community.now,
    )
    return f"/lists/{id_}/progress"


async def _listen(browser: Browser, path: str, stack: AsyncExitStack) -> aiohttp.ClientResponse:
    """A stream that is read by nobody after its first words."""
    answer = await stack.enter_async_context(browser.session.get(browser.origin + path))
    assert (await answer.content.readline()).startswith(b"data: ")
    return answer


async def test_a_session_has_a_few_streams_and_the_newest_go_on(
    pages: Pages, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest end as new ones come; those of another session do not."""
    path = await _waiting(pages, monkeypatch)
    browser, other = [await pages.signed_in("checker") for _ in range(2)]
    theirs = await _listen(other, path, stack)
    ours = [await _listen(browser, path, stack) for _ in range(MOST + 4)]

    async def are_ended() -> bool:
        return all(each.content.at_eof() for each in ours[:-MOST])

    for each in ours[:-MOST]:
        await asyncio.wait_for(each.content.read(), 10)
    await eventually(are_ended)
    for each in [*ours[-MOST:], theirs]:
        while not (await asyncio.wait_for(each.content.readline(), 10)).startswith(b"data: "):
            pass


async def test_a_place_is_free_again_once_its_stream_has_ended() -> None:
    """So that those who come one after the other end nobody."""
    streams, held, ended = Streams(), asyncio.Event(), list[str]()

    async def hold(who: str) -> None:
        async with streams.place(b"a session"):
            await held.wait()
            ended.append(who)

    first = asyncio.create_task(hold("first"))
    for _ in range(MOST * 2):
        async with streams.place(b"a session"):
            await asyncio.sleep(0)
    assert not first.done()
    crowd = [asyncio.create_task(hold(str(number))) for number in range(MOST * 2)]
    await first
    held.set()
    await asyncio.gather(*crowd)
    assert ended == [str(number) for number in range(MOST * 2)][-MOST:]
