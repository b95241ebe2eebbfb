"""A small node on loopback: the real edge in front of three handlers, and an asker of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web

from node.federation.bodies import SERVER_LIMITS
from node.federation.middleware import (
    EDGE,
    PEERS,
    AdmittedPeer,
    Authenticated,
    Edge,
    authenticated,
    strict_http,
)
from node.federation.problems import problems
from protocol.encoding import canonical_json, from_json
from protocol.errors import OverBudget
from protocol.keys import SigningKey, http_key_id
from protocol.signatures import Request, sign_request

NOW = 1_800_000_000
LIMIT = 4096
ASKER_KEY = SigningKey(bytes(range(32)))
ASKER = http_key_id("asker.example", ASKER_KEY.public_key)
NODE_KEY = SigningKey(bytes(range(1, 33)))
NODE = http_key_id("issuer.example", NODE_KEY.public_key)
AUTHORITY = "issuer.example"


@dataclass
class Directory:
    """One admitted peer, and nonces kept in memory."""

    peers: dict[str, AdmittedPeer] = field(
        default_factory=lambda: {
            ASKER: AdmittedPeer(bytes(32), "asker.example", ASKER_KEY.public_key)
        }
    )
    nonces: dict[tuple[str, bytes], int] = field(default_factory=dict)

    async def http_key(self, keyid: str) -> AdmittedPeer | None:
        """The peer with that key."""
        return self.peers.get(keyid)

    async def remember_nonce(self, keyid: str, nonce: bytes, expires: int) -> bool:
        """Whether the nonce is new."""
        new = (keyid, nonce) not in self.nonces
        self.nonces[keyid, nonce] = expires
        return new


@dataclass
class Node:
    """A running node: its port, and what its handlers were given."""

    port: int
    directory: Directory
    handled: list[bytes]
    clock: list[int]


@asynccontextmanager
async def running_node(body_deadline: float = 5.0) -> AsyncIterator[Node]:
    """The edge on a real socket, with the limits that nodes run with."""
    handled: list[bytes] = []
    clock = [NOW]

    @authenticated(LIMIT)
    async def echo(request: web.Request, asker: Authenticated) -> web.StreamResponse:
        handled.append(asker.body)
        value = from_json(asker.body or b"null", LIMIT)
        return web.Response(body=canonical_json(value), content_type="application/json")

    @authenticated(LIMIT)
    async def over_budget(request: web.Request, asker: Authenticated) -> web.StreamResponse:
        raise OverBudget("the budget is used up", retry_after=60)

    @authenticated(LIMIT)
    async def broken(request: web.Request, asker: Authenticated) -> web.StreamResponse:
        raise RuntimeError("alice@person.example is the reason")

    @authenticated(LIMIT)
    async def streaming(request: web.Request, asker: Authenticated) -> web.StreamResponse:
        return web.StreamResponse()

    async def broken_in_public(request: web.Request) -> web.StreamResponse:
        raise RuntimeError("alice@person.example is the reason")

    directory = Directory()
    app = web.Application(middlewares=[problems, strict_http])
    app[EDGE] = Edge(AUTHORITY, lambda: (NODE, NODE_KEY), lambda: clock[0], body_deadline)
    app[PEERS] = directory
    app.router.add_post("/echo", echo)
    app.router.add_get("/echo", echo, allow_head=False)
    app.router.add_post("/over-budget", over_budget)
    app.router.add_post("/broken", broken)
    app.router.add_post("/streaming", streaming)
    app.router.add_get("/broken-in-public", broken_in_public)
    runner = web.AppRunner(
        app, **(SERVER_LIMITS | {"lingering_time": 0.1, "shutdown_timeout": 0.1})
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Node(runner.addresses[0][1], directory, handled, clock)
    finally:
        await runner.cleanup()


def request_bytes(request: Request, headers: dict[str, str], target: str | None = None) -> bytes:
    """A request as it stands on the wire, with a Host that nobody looks at."""
    fields = {"Host": "host.nobody.example"} | headers
    fields |= {"Content-Length": str(len(request.body))} if request.body else {}
    lines = [f"{request.method} {target or request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def post(body: bytes = b'{"v":1}', target: str = "/echo") -> Request:
    """A request of the asker's."""
    return Request("POST", AUTHORITY, target, body)


def signed(request: Request, nonce: int = 0, now: int = NOW) -> dict[str, str]:
    """The asker's signature."""
    return sign_request(request, ASKER_KEY, ASKER, now, nonce.to_bytes(16, "big"))


@dataclass(frozen=True)
class RawAnswer:
    """What came back on a raw socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> str:
        """The code of the problem document; empty where there is none."""
        if self.headers.get("content-type") != "application/problem+json":
            return ""
        document = from_json(self.body, 10_000)
        assert document["status"] == self.status
        code: str = document["type"].removeprefix("urn:comity:problem:")
        return code


async def exchange(port: int, *parts: bytes, pause: float = 0.0) -> RawAnswer:
    """Write the parts to a fresh connection, and read one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        sending = asyncio.create_task(_send(writer, parts, pause))
        try:
            return await asyncio.wait_for(read_answer(reader), 20)
        finally:
            sending.cancel()
    finally:
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, parts: tuple[bytes, ...], pause: float) -> None:
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
    except ConnectionError:
        return


async def read_answer(reader: asyncio.StreamReader) -> RawAnswer:
    """Read one answer from a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return RawAnswer(int(status_line.split(" ")[1]), headers, body)


async def ask(node: Node, request: Request, headers: dict[str, str] | None = None) -> RawAnswer:
    """Send one request, signed by the asker unless `headers` say otherwise."""
    headers = signed(request) if headers is None else headers
    return await exchange(node.port, request_bytes(request, headers))


def at_another_authority(request: Request) -> Request:
    """The same request as addressed to another node."""
    return replace(request, authority="another.example")
