"""Pages at `localhost`, which is two addresses: nobody else of the machine has either."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from node import loopback
from node.app import serving
from node.config import Config
from node.errors import UserError
from node.node import Node
from tests.node.served import NOW, founded

BOTH = len(loopback.addresses()) > 1


@asynccontextmanager
async def _served(node: Node, listen: str, pages_url: str | None = None) -> AsyncIterator[int]:
    """A node with pages; their port."""
    settings = Config(database=node.config.database, pages_url=pages_url)
    await founded(node)
    node = Node(node.home, settings, node.vault, node.store)
    async with serving(node, "127.0.0.1:0", listen, now=lambda: NOW) as running:
        port = urlsplit(running.api or "").port
        assert port is not None
        if pages_url is None:
            assert running.pages == f"http://localhost:{port}"
        yield port


async def _answers(address: str, port: int) -> bool:
    host = f"[{address}]" if ":" in address else address
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"http://{host}:{port}/openapi.json") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


@pytest.mark.parametrize(
    ("listen", "pages_url"),
    [
        ("127.0.0.1:0", None),
        pytest.param("[::1]:0", None, marks=pytest.mark.skipif(not BOTH, reason="no IPv6")),
        ("localhost:0", None),
        ("0.0.0.0:0", None),
        ("127.0.0.1:0", "http://localhost:9000"),
    ],
)
async def test_pages_are_at_all_that_localhost_is(
    node: Node, listen: str, pages_url: str | None
) -> None:
    """At one port: what browsers find there first is these pages."""
    async with _served(node, listen, pages_url) as port:
        for address in loopback.addresses():
            assert await _answers(address, port)
            assert not loopback.is_free(port)


@pytest.mark.skipif(not BOTH, reason="no IPv6")
async def test_where_somebody_else_is_at_the_other_one_there_are_no_pages(node: Node) -> None:
    """It would be the same origin: it could read cookies and sign with keys of browsers."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"\[::1\]:{port}: .*Stop what listens there"):
            async with _served(node, f"127.0.0.1:{port}"):
                pass


async def test_pages_with_a_name_of_their_own_are_where_they_were_told_to_be(node: Node) -> None:
    """Browsers reach them through a proxy, which is told one address."""
    async with _served(node, "127.0.0.1:0", "https://desk.conf.example") as port:
        assert await _answers("127.0.0.1", port)
        assert not await _answers("::1", port)


async def test_a_machine_without_ipv6_has_pages(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At an address that is not there nobody else can be either."""
    monkeypatch.setitem(loopback.FAMILIES, "::1", 999)  # no such kind of address
    assert loopback.addresses() == ["127.0.0.1"]
    async with _served(node, "127.0.0.1:0") as port:
        assert await _answers("127.0.0.1", port)
