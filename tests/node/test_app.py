"""The node at work: what it does unasked, how it stops, and what it says of itself."""

import asyncio
import io
import json
import logging as stdlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from click.testing import CliRunner

from node import app, background, founding, ledger, logging, notify, sync
from node.app import serving
from node.cli import cli
from node.config import Config
from node.errors import UserError
from node.founding import Founding, NewOfficer
from node.home import Home
from node.node import Node
from node.passwords import Cost
from node.store import peers
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.encoding import base64url, canonical_json
from protocol.errors import Unavailable
from protocol.note import SignedNote
from protocol.signatures import Request
from tests.node.served import AUTHORITY, BASE, KEYS, NOW, PeerLog, Served, admitted, served
from tests.paths import ROOT
from tests.protocol.committee import community_decision, entry

CHEAP = Cost(1, 8 * 1024)


async def until(condition: Callable[[], Any]) -> None:
    """Wait until it holds; fails where it does not within ten seconds."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came")


async def test_a_failing_task_is_logged_without_its_words_and_tried_again() -> None:
    """What a library says may hold a name; the service goes on whatever a task raises."""
    tries: list[int] = []

    async def work() -> None:
        tries.append(1)
        raise RuntimeError("alice@person.example")

    with structlog.testing.capture_logs() as logged:
        async with background.running([background.repeat("a task", 0.0, work)]):
            await until(lambda: len(tries) > 2)
    assert logged[0]["task"] == "a task"
    assert logged[0]["error"] == "RuntimeError"
    assert "alice" not in str(logged)


async def test_our_own_errors_are_logged_with_their_words() -> None:
    """They never quote what is about people."""

    async def work() -> None:
        raise Unavailable("the other side sleeps")

    with structlog.testing.capture_logs() as logged:
        assert not await background.attempt("a task", work(), peer="conf.example")
    assert logged == [
        {
            "event": "failed",
            "log_level": "warning",
            "task": "a task",
            "why": "the other side sleeps",
            "peer": "conf.example",
        }
    ]


async def test_our_head_is_cosigned_anew(node: Node) -> None:
    """So that peers see how fresh it is; at the start, and every few minutes from then on."""
    node = Node(
        node.home, Config(database=node.config.database, cosign_renewal=1), node.vault, node.store
    )
    own = cosign_key("python.example", KEYS.cosign.public_key)
    async with served(node) as running:
        running.clock[0] += 500
        async with asyncio.timeout(10):
            while True:
                note = SignedNote.from_bytes((await ledger.own_head(node)).note)
                if cosignature_time(note, own) == NOW + 500:
                    break
                await asyncio.sleep(0.05)


async def test_peers_are_told_when_any_process_lets_our_log_grow(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is looked at each second, since commands append to it too."""
    told: list[int] = []

    async def tell(node: Node, _clients: Any, _now: int) -> list[Any]:
        told.append((await ledger.own_head(node)).size)
        if len(told) == 1:
            raise Unavailable("nobody is there")
        return []

    monkeypatch.setattr(notify, "notify", tell)
    monkeypatch.setattr(app, "HEAD_INTERVAL", 0.02)
    async with served(node):
        await until(lambda: told == [1, 1])  # what failed is tried again
        register = await ledger.own_register(node)
        value = register.community.to_value() | {"name": "Renamed"}
        await ledger.append(node, [entry(community_decision(register, **value), "ada")], NOW)
        await until(lambda: told == [1, 1, 2])


async def test_a_pull_that_hangs_or_fails_keeps_no_other_waiting(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each peer is followed by itself."""
    followed: list[bytes] = []

    async def follow(_node: Node, _clients: Any, fingerprint: bytes, _now: int) -> None:
        if fingerprint == b"slow":
            await asyncio.Event().wait()
        followed.append(fingerprint)
        if fingerprint == b"bad":
            raise RuntimeError

    monkeypatch.setattr(sync, "follow", follow)
    async with served(node) as running:
        for fingerprint in (b"slow", b"bad", b"good"):
            running.service.pulls.want(fingerprint)
        await until(lambda: followed == [b"bad", b"good"])
        running.service.pulls.want(b"late")
        await until(lambda: followed[-1] == b"late")


async def test_polling_waits_for_no_peer(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs is not asked twice at a time, and the others are asked in every round."""
    node = Node(
        node.home, Config(database=node.config.database, poll_interval=1), node.vault, node.store
    )
    begun: list[bytes] = []
    slow, quick = PeerLog("slow.example"), PeerLog("quick.example")

    async def follow(_node: Node, _clients: Any, fingerprint: bytes, _now: int) -> None:
        begun.append(fingerprint)
        if fingerprint == slow.fingerprint:
            await asyncio.Event().wait()

    monkeypatch.setattr(sync, "follow", follow)
    async with served(node):
        for log in (slow, quick):
            await admitted(node, log)
            async with node.store.write() as connection:
                await peers.change(connection, log.fingerprint, url=f"https://{log.id}")
        await until(lambda: begun.count(quick.fingerprint) > 1)
    assert begun.count(slow.fingerprint) == 1


async def test_so_many_peers_are_followed_at_a_time_each_once(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others have their turn after these; whoever was told of meanwhile is followed again."""
    begun: list[bytes] = []

    async def follow(_node: Node, _clients: Any, fingerprint: bytes, _now: int) -> None:
        begun.append(fingerprint)
        await ended.wait()

    ended = asyncio.Event()
    monkeypatch.setattr(sync, "follow", follow)
    monkeypatch.setattr(app, "PULLS", 2)
    async with served(node) as running:
        for fingerprint in (b"one", b"two", b"three"):
            running.service.pulls.want(fingerprint)
        await until(lambda: begun[:2] == [b"one", b"two"])
        for _ in range(3):
            running.service.pulls.want(b"one")
            await asyncio.sleep(0.05)
        assert len(begun) == 2
        ended.set()
        await until(lambda: sorted(begun[2:]) == [b"one", b"three"])


async def test_a_community_without_address_serves_its_health_only(node: Node) -> None:
    """Nobody can address it, so that no signature to it could be verified."""
    async with served(node, url=None) as running:
        assert (await running.get("/healthz")).status == 200
        for path in ("/.well-known/comity", "/comity/v1/log/checkpoint"):
            assert (await running.get(path)).problem == "not-found"


async def test_an_address_in_use_is_said_in_words(node: Node) -> None:
    """With what to do about it."""
    async with served(node) as running:
        with pytest.raises(UserError, match="listen"):
            async with serving(node, f"127.0.0.1:{running.port}"):
                pass


async def test_a_community_that_is_not_founded_is_not_served(node: Node) -> None:
    """It says what to type."""
    with pytest.raises(UserError, match="comity init"):
        async with serving(node, "127.0.0.1:0"):
            pass


# --- Asking to peer -------------------------------------------------------------------------------


@pytest.fixture
async def running(node: Node) -> AsyncIterator[Served]:
    private = Config(database=node.config.database, allow_private_networks=True)
    async with served(Node(node.home, private, node.vault, node.store)) as running:
        yield running


def asks(log: PeerLog, url: str) -> bytes:
    value = {
        "v": 1,
        "act": "ask",
        "id": log.id,
        "name": "Stranger",
        "fingerprint": "A" * 43,
        "url": url,
        "carried": None,
    }
    return canonical_json(value)


async def peering_request(running: Served, log: PeerLog, url: str) -> tuple[int, str]:
    request = Request("POST", AUTHORITY, f"{BASE}/comity/v1/peering", asks(log, url))
    answer = await running.send(request, running.signed(request, log))
    return answer.status, answer.problem


async def test_what_an_address_answers_is_not_told_to_who_named_it(running: Served) -> None:
    """Or this node would be everybody's window on what it can reach."""
    stranger = PeerLog("stranger.example")
    answered: list[str] = []

    async def anything(request: web.Request) -> web.Response:
        answered.append(request.path)
        status = 200 if request.path.startswith("/junk") else 403
        return web.Response(status=status, text="whatever")

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", anything)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        assert await peering_request(running, stranger, f"{url}/junk") == (401, "unknown-key")
        assert await peering_request(running, stranger, f"{url}/shut") == (503, "unavailable")
        assert len(answered) >= 2
    finally:
        await runner.cleanup()
    assert await peering_request(running, stranger, f"{url}/dead") == (503, "unavailable")
    async with running.node.store.read() as connection:
        assert [peer.id for peer in await peers.every(connection)] == ["conf.example"]


async def test_strangers_do_not_make_the_node_fetch_without_end(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four addresses are looked at, each once and not for long; whose key is held need not wait."""
    monkeypatch.setattr("node.federation.peering.LOOKING", 3.0)
    hung = asyncio.Event()
    connections: list[Any] = []

    async def hang(_reader: Any, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await hung.wait()
        writer.close()

    servers = [await asyncio.start_server(hang, "127.0.0.1", 0) for _ in range(5)]
    urls = [f"http://127.0.0.1:{each.sockets[0].getsockname()[1]}/x" for each in servers]
    logs = [PeerLog(f"stranger{number}.example") for number in range(5)]
    asking = [
        asyncio.create_task(peering_request(running, log, url))
        for log, url in zip(logs[:4], urls, strict=False)
    ]
    with structlog.testing.capture_logs() as logged:
        try:
            await until(lambda: len(connections) >= 4)
            assert await peering_request(running, logs[4], urls[4]) == (503, "unavailable")
            assert await peering_request(running, logs[4], f"{urls[0]}/y") == (503, "unavailable")
            known = canonical_json(
                json.loads(asks(running.peer, urls[4]))
                | {"fingerprint": base64url(running.peer.fingerprint)}
            )
            assert (await running.ask("/peering", known)).status == 200
            assert {await each for each in asking} == {(503, "unavailable")}
        finally:
            hung.set()
            for server in servers:
                server.close()
                await server.wait_closed()
    assert {each["log_level"] for each in logged if each["event"] == "come-later"} == {"info"}
    assert [each for each in logged if each["event"] == "unavailable"] == []


# --- The process ----------------------------------------------------------------------------------


async def _founded_at(home: Home) -> None:
    small = Founding(
        id="python.example",
        name="Python Foundation",
        url="http://127.0.0.1:8101",
        contact="coc@python.example",
        policy="https://python.example/coc",
        officers=(NewOfficer("ada", None),),
        threshold=1,
    )
    await founding.found(
        home, small, database=None, password="password of {}".format, now=NOW, cost=CHEAP
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_serve_says_where_it_listens_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    """One JSON document when it answers; JSON lines on standard error; status 0 when stopped."""
    home = Home(tmp_path / "node")
    await _founded_at(home)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "node", "--home", str(home.path), "--json",
        "serve", "--listen", "127.0.0.1:0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert json.loads(line)["listen"].startswith("http://127.0.0.1:")
    process.send_signal(number)
    stdout, stderr = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, stdout) == (0, b"")
    logged = [json.loads(line) for line in stderr.splitlines()]
    assert "serving" in {each["event"] for each in logged}


@pytest.mark.parametrize("listen", ["8101", "::1:8101", "127.0.0.1:99999", "127.0.0.1:x"])
def test_serve_refuses_what_is_no_address(tmp_path: Path, listen: str) -> None:
    """As a fault of usage, before a node is opened."""
    arguments = ["--home", str(tmp_path), "serve", "--listen", listen]
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, "--listen" in result.stderr) == (2, True)


async def test_a_changed_address_is_said_loudly(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are verified for the address that the node started with."""
    monkeypatch.setattr(app, "HEAD_INTERVAL", 0.02)
    with structlog.testing.capture_logs() as logged:
        async with served(node):
            register = await ledger.own_register(node)
            value = register.community.to_value() | {"url": "https://new.python.example"}
            moved = entry(community_decision(register, **value), "ada")
            await ledger.append(node, [moved], NOW)
            await until(lambda: any("restart" in line["event"] for line in logged))


def test_libraries_are_logged_without_what_they_say() -> None:
    """Their place and the kind of their error; our own lines as they are."""
    stream = io.StringIO()
    root = stdlib.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logging.configure(stream)
        error = RuntimeError("alice@person.example")
        stdlib.getLogger("a.library").error("about %s", error, exc_info=error)
        structlog.get_logger().info("ours", peer="conf.example")
    finally:
        structlog.reset_defaults()
        root.handlers, root.level = handlers, level
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["logger"], first["error"]) == ("a.library", "RuntimeError")
    assert (second["event"], second["peer"]) == ("ours", "conf.example")
    assert "alice" not in stream.getvalue()
