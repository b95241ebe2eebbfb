"""A node with pages, and somebody who is signed in there, without a browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from node import accounts
from tests.node.federation import Community, Federation


@dataclass
class Reader:
    """Requests of somebody who is signed in at a community's node."""

    community: Community
    base: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        """One page; its status and its text."""
        async with self.session.get(self.base + path) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def reader(federation: Federation) -> AsyncIterator[Reader]:
    """A checker, at a community without peers."""
    conf = await federation.community("conf.example")
    assert conf.serving is not None
    assert conf.serving.pages is not None
    code = await accounts.open_link(conf.node, "checker", None, conf.now)
    async with aiohttp.ClientSession() as session:
        reader = Reader(conf, conf.serving.pages, session)
        status, _ = await reader.get(f"/opened/{code}")
        assert status == 200
        yield reader
