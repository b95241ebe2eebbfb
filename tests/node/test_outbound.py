"""What this node fetches from others, over real sockets: only from where it may, only so much."""

import asyncio
import gzip
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import Unreachable
from node.outbound import Response, is_public, open_outbound, public_socket
from protocol.errors import Malformed, TooLarge, UnsupportedMedia
from protocol.signatures import Answer, Request, read_answer_signature, sign_request, verify_answer
from tests.node.edge import ASKER, ASKER_KEY, NODE_KEY, NOW, running_node

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LIMIT = 4096
REFUSED = "not one of the public Internet"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Server:
    """Something at a port that says what it likes, and the request heads that it was sent."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def server(speak: Speak) -> AsyncIterator[Server]:
    """A server on loopback for as long as the context lasts."""
    running = Server()
    speaking: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.heads.append(await reader.readuntil(b"\r\n\r\n"))
        await speak(reader, writer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await connected(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        speaking.add(task)

    listening = await asyncio.start_server(start, "127.0.0.1", 0)
    running.port = listening.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        listening.close()
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)


def says(*parts: bytes, pause: float = 0.0, repeat: int = 1) -> Speak:
    """A server that writes the parts, the last of them `repeat` times."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in [*parts[:-1], *[parts[-1]] * repeat]:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return speak


async def fetch(
    port: int, *, deadline: float = 5.0, read_deadline: float = 5.0, path: str = "/"
) -> Response:
    """Fetch from loopback, with the development setting."""
    async with open_outbound(allow_private_networks=True, read_deadline=read_deadline) as outbound:
        return await outbound.fetch(
            "GET", f"http://127.0.0.1:{port}{path}", headers={}, max_bytes=LIMIT, deadline=deadline
        )


async def fetch_url(url: str) -> Response:
    """Fetch as in production."""
    async with open_outbound() as outbound:
        return await outbound.fetch("GET", url, headers={}, max_bytes=LIMIT, deadline=5)


# --- where to ------------------------------------------------------------------------------------

NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to bind
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::7f00:1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_row_16_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    """Local, private, shared, translated, tunnelled, documented, multicast: none of them."""
    assert not is_public(address)
    with pytest.raises(OSError, match="not a public address"):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    """The neighbours of the refused ranges are not refused with them."""
    assert is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    public_socket((family, socket.SOCK_STREAM, 6, "", (address, 443))).close()


@pytest.mark.parametrize("address", ["", "::::", "1.2.3", "issuer.example", "%1", "1.1.1.1/8"])
def test_row_16_what_is_no_address_is_not_public(address: str) -> None:
    """What one parser takes for an address and another does not."""
    assert not is_public(address)
    with pytest.raises(OSError, match="not a public address"):
        public_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443)))


@given(st.ip_addresses())
def test_row_16_whatever_python_holds_for_local_is_refused(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Our list is stricter than the standard library's, on every address."""
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]))
def test_row_16_an_ipv4_address_inside_ipv6_is_refused(
    address: ipaddress.IPv4Address, prefix: str
) -> None:
    """Mapped, translated or compatible: where such a connection ends is somebody else's choice."""
    inside = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
    assert not is_public(str(inside))


LOCAL_HOSTS = [
    "127.0.0.1",
    "localhost",
    "0",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to bind
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
]


@pytest.mark.parametrize("host", LOCAL_HOSTS)
async def test_row_16_no_spelling_of_loopback_is_connected_to(host: str) -> None:
    """Octal, hexadecimal, short and mapped forms: the resolver reads them, the socket refuses."""
    async with server(says(OK)) as peer:
        with pytest.raises((Unreachable, Malformed), match=f"{REFUSED}|not a URL"):
            await fetch_url(f"https://{host}:{peer.port}/")
    assert peer.heads == []


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_row_16_no_socket_is_made_for_any_spelling_of_loopback(host: str) -> None:
    """What the system's resolver makes of octal and hexadecimal forms is refused in itself."""
    for info in socket.getaddrinfo(host.strip("[]"), 443, type=socket.SOCK_STREAM):
        with pytest.raises(OSError, match="not a public address"):
            public_socket(info)


async def test_row_16_a_name_that_resolves_otherwise_at_each_look_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rebinding: public when somebody checks, loopback when the socket connects."""
    looks = iter(["8.8.8.8"])

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        address = next(looks, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    checked = socket.getaddrinfo("rebinding.example", 443)[0][4][0]
    assert is_public(str(checked))
    async with server(says(OK)) as peer:
        with pytest.raises(Unreachable, match=REFUSED):
            await fetch_url(f"https://rebinding.example:{peer.port}/")


async def test_row_16_all_addresses_of_a_name_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with several private addresses: none of them is tried."""

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("10.0.0.1", "127.0.0.1", "192.168.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with server(says(OK)) as peer:
        with pytest.raises(Unreachable, match=REFUSED):
            await fetch_url(f"https://many.example:{peer.port}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "//issuer.example/",
        "/relative",
        "https://",
        "https://user@issuer.example/",
        "https://user:secret@issuer.example/",
        "https://issuer.example/#fragment",
        "https://issuer.example:port/",
        "https://issuer.example:99999/",
        "",
    ],
)
async def test_row_16_a_url_of_another_kind_is_not_followed(url: str) -> None:
    """Only https with a host, and nothing dressed up."""
    with pytest.raises(Malformed):
        await fetch_url(url)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "host", ["[::::]", "[:.]", "[fe80::1", "[1.2.3.4]", "[v1.a]", "..", "-", "a..b", "%00", "a%"]
)
async def test_row_16_no_odd_host_raises_anything_of_a_library(
    host: str,
    private: bool,  # noqa: FBT001 - a parameter of the cases
) -> None:
    """Parsers disagree about what a host is; whoever asks hears one of two errors only."""
    async with open_outbound(allow_private_networks=private) as outbound:
        with pytest.raises((Unreachable, Malformed)):
            await outbound.fetch("GET", f"https://{host}/", headers={}, max_bytes=LIMIT, deadline=5)


async def test_row_16_a_redirect_is_an_answer_like_any_other() -> None:
    """Where it points to is nobody's business here."""
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with server(says(elsewhere)) as peer:
        assert await fetch(peer.port) == Response(302, (), b"")


async def test_row_16_a_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A proxy would connect where we refuse to, and would see whom we ask."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with server(says(OK)) as peer:
        assert (await fetch(peer.port)).body == b"{}"


async def test_cookies_are_not_kept() -> None:
    """Nothing that a peer gives us is shown to it, or to anybody, again."""
    head, body = OK.split(b"\r\n\r\n")
    cookie = head + b"\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n" + body
    async with (
        server(says(cookie)) as peer,
        open_outbound(allow_private_networks=True) as outbound,
    ):
        for _ in range(2):
            url = f"http://127.0.0.1:{peer.port}/"
            await outbound.fetch("GET", url, headers={}, max_bytes=LIMIT, deadline=5)
    assert len(peer.heads) == 2
    assert not any(b"cookie" in head.lower() for head in peer.heads)


@pytest.mark.parametrize("path", ["/a%2Fb", "/a/../b", "/%61", "/a?x=%2f&y=+", "//a", "/a%20b?x"])
async def test_the_target_is_sent_as_written(path: str) -> None:
    """The signature covers it as written; a client that tidies up would break it."""
    async with server(says(OK)) as peer:
        await fetch(peer.port, path=path)
    assert [head.split(b"\r\n")[0] for head in peer.heads] == [f"GET {path} HTTP/1.1".encode()]


# --- how much, and how long ----------------------------------------------------------------------


async def test_row_18_a_gigabyte_declared_is_refused_unread() -> None:
    """By its Content-Length alone."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    async with server(says(head)) as peer:
        with pytest.raises(TooLarge):
            await fetch(peer.port)


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"Transfer-Encoding: chunked", b"1000\r\n" + bytes(4096) + b"\r\n"),
        (b"Connection: close", bytes(4096)),
    ],
)
async def test_row_18_a_gigabyte_streamed_is_cut_off(head: bytes, part: bytes) -> None:
    """An answer without a length is read up to the cap, and no further."""
    flood = says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n", part, repeat=250_000)
    async with server(flood) as peer:
        with pytest.raises(TooLarge):
            await asyncio.wait_for(fetch(peer.port), 5)


async def test_an_answer_of_exactly_the_cap_is_taken() -> None:
    """The cap is inclusive."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LIMIT
    async with server(says(head + bytes(LIMIT))) as peer:
        assert (await fetch(peer.port)).body == bytes(LIMIT)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"identity"])
async def test_row_18_a_compressed_answer_is_refused_packed(coding: bytes) -> None:
    """No bomb is unpacked: nobody asked for a coding."""
    bomb = gzip.compress(bytes(1_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    async with server(says(head % (coding, len(bomb)) + bomb)) as peer:
        with pytest.raises(UnsupportedMedia):
            await fetch(peer.port)


async def test_row_18_one_byte_a_second_ends_at_the_deadline() -> None:
    """The deadline is for the whole answer, and does not move with each byte."""
    drip = says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", pause=0.05, repeat=1000)
    async with server(drip) as peer:
        with pytest.raises(Unreachable):
            await asyncio.wait_for(fetch(peer.port, deadline=0.3), 3)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
async def test_row_18_silence_ends_at_the_read_deadline(start: bytes) -> None:
    """Before the first byte and in the middle of a body."""
    async with server(says(start, pause=10)) as peer:
        with pytest.raises(Unreachable):
            await asyncio.wait_for(fetch(peer.port, read_deadline=0.2), 3)


async def test_row_18_endless_headers_are_refused() -> None:
    """Header lines are capped before there is any body."""
    flood = says(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 1000 + b"\r\n", repeat=100_000)
    async with server(flood) as peer:
        with pytest.raises(Unreachable):
            await asyncio.wait_for(fetch(peer.port), 5)


@pytest.mark.parametrize(
    "answer",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
async def test_row_17_a_broken_answer_is_no_answer(answer: bytes) -> None:
    """Whatever two readers could read differently, or that breaks off, is as good as silence."""
    async with server(says(answer)) as peer:
        with pytest.raises(Unreachable):
            await asyncio.wait_for(fetch(peer.port), 5)


async def test_row_17_a_header_cannot_be_injected_into_a_request() -> None:
    """A value with a line break is refused before anything is sent."""
    async with server(says(OK)) as peer, open_outbound(allow_private_networks=True) as outbound:
        with pytest.raises(Malformed):
            await outbound.fetch(
                "GET",
                f"http://127.0.0.1:{peer.port}/",
                headers={"X": "a\r\nY: b"},
                max_bytes=LIMIT,
                deadline=5,
            )
    assert peer.heads == []


async def test_a_name_that_no_resolver_takes_is_unreachable() -> None:
    """A label of 64 letters fails before any question is asked."""
    with pytest.raises(Unreachable):
        await fetch_url(f"https://{'a' * 64}.example/")


async def test_nobody_there_is_unreachable() -> None:
    """And the message names no address."""
    with pytest.raises(Unreachable, match=r"^no connection$"):
        await fetch(1)


# --- both sides together -------------------------------------------------------------------------


async def test_a_signed_request_goes_through_and_its_answer_verifies() -> None:
    """Client and server of the node speak to each other, signatures included."""
    async with running_node() as node, open_outbound(allow_private_networks=True) as outbound:
        request = Request("POST", "issuer.example", "/echo?x=%2F", b'{"v":1}')
        headers = sign_request(request, ASKER_KEY, ASKER, NOW, bytes(16))
        response = await outbound.fetch(
            "POST",
            f"http://127.0.0.1:{node.port}{request.target}",
            headers=headers,
            body=request.body,
            max_bytes=LIMIT,
            deadline=5,
        )
    claim = read_answer_signature(response.headers, NOW)
    answer = Answer(response.status, response.body, dict(response.headers)["content-type"])
    verified = verify_answer(
        answer, response.headers, claim, NODE_KEY.public_key, headers["Signature"]
    )
    assert verified.answer.body == request.body
