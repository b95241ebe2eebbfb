"""What reaches a handler of this node, over real sockets: nothing but what a peer signed, once."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import structlog
from aiohttp import web

from node.federation import pace
from node.federation.problems import answer_or_problem
from protocol.errors import BadSignature, OverBudget
from protocol.keys import SigningKey, http_key_id
from protocol.signatures import Answer, read_answer_signature, sign_request, verify_answer
from tests.node.edge import (
    ASKER,
    LIMIT,
    NODE,
    NODE_KEY,
    NOW,
    Node,
    RawAnswer,
    ask,
    at_another_authority,
    exchange,
    post,
    request_bytes,
    running_node,
    signed,
)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with running_node() as running:
        yield running


def verify(answer: RawAnswer, headers: dict[str, str]) -> None:
    """Verify an answer as an asker does."""
    lines = list(answer.headers.items())
    claim = read_answer_signature(lines, NOW)
    assert claim.keyid == NODE
    received = Answer(answer.status, answer.body, answer.headers["content-type"])
    verify_answer(received, lines, claim, NODE_KEY.public_key, headers["Signature"])


async def test_a_signed_request_is_answered_and_the_answer_is_signed(node: Node) -> None:
    """The asker can hold the answer against this node, as the answer to that request alone."""
    answer = await ask(node, post())
    assert (answer.status, answer.body) == (200, b'{"v":1}')
    verify(answer, signed(post()))
    with pytest.raises(BadSignature):
        verify(answer, signed(post(), nonce=1))


async def test_a_request_without_body_is_answered(node: Node) -> None:
    """GET carries no content fields, and its query is signed as it stands."""
    request = replace(post(b"", "/echo?x=%2F"), method="GET")
    assert (await ask(node, request)).body == b"null"


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [("/over-budget", 429, "over-budget"), ("/broken", 503, "unavailable")],
)
async def test_refusals_after_authentication_are_signed(
    node: Node, target: str, status: int, code: str
) -> None:
    """A peer can prove that it was refused, and nobody in between can refuse in our name."""
    request = post(target=target)
    answer = await ask(node, request)
    assert (answer.status, answer.problem) == (status, code)
    verify(answer, signed(request))
    assert answer.headers.get("retry-after") == ("60" if code == "over-budget" else None)


@pytest.mark.parametrize("target", ["/broken", "/broken-in-public"])
async def test_nothing_from_outside_produces_a_500_or_personal_data(
    node: Node, target: str
) -> None:
    """A handler that fails gives a 503, and the log says where but not what."""
    request = (
        post(target=target) if target == "/broken" else replace(post(b"", target), method="GET")
    )
    with structlog.testing.capture_logs() as logs:
        answer = await ask(node, request)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert [entry["error"] for entry in logs] == ["RuntimeError"]
    assert b"alice" not in answer.body
    assert "alice" not in repr(logs)


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (web.HTTPSeeOther("/"), 303),
        (web.HTTPUnauthorized(), 400),
        (web.HTTPInternalServerError(), 503),
    ],
)
async def test_what_aiohttp_raises_is_never_a_500(raised: web.HTTPException, status: int) -> None:
    """Redirects pass; whatever has no code of ours is `malformed` or `unavailable`."""

    async def handler() -> web.StreamResponse:
        raise raised

    assert (await answer_or_problem(handler())).status == status


async def test_an_answer_that_cannot_be_signed_is_not_sent(node: Node) -> None:
    """Better no answer than one that proves nothing."""
    answer = await ask(node, post(target="/streaming"))
    assert (answer.status, answer.problem) == (503, "unavailable")


# --- who is let through --------------------------------------------------------------------------


async def test_row_13_the_same_bytes_twice_are_refused(node: Node) -> None:
    """A captured request is worth nothing, on another connection either."""
    raw = request_bytes(post(), signed(post()))
    assert (await exchange(node.port, raw)).status == 200
    again = await exchange(node.port, raw)
    assert (again.status, again.problem) == (401, "replayed")
    assert node.handled == [post().body]
    assert node.directory.nonces == {(ASKER, bytes(16)): NOW + 300}


async def test_row_13_of_many_at_once_one_passes(node: Node) -> None:
    """A race gains nothing."""
    raw = request_bytes(post(), signed(post()))
    answers = await asyncio.gather(*(exchange(node.port, raw) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200, *[401] * 9]


async def test_row_13_a_request_to_another_node_is_refused_whatever_its_host(node: Node) -> None:
    """The authority is configured; Host, which the sender writes, is not looked at."""
    elsewhere = at_another_authority(post())
    for host in ("issuer.example", "another.example"):
        answer = await ask(node, post(), {"Host": host} | signed(elsewhere))
        assert (answer.status, answer.problem) == (401, "bad-signature")


@pytest.mark.parametrize("off", [-86_400, -301, 301, 86_400])
async def test_row_13_late_and_early_requests_are_refused(node: Node, off: int) -> None:
    """By the receiver's clock, a day or a second beyond the limits."""
    answer = await ask(node, post(), signed(post(), now=NOW + off))
    assert (answer.status, answer.problem) == (401, "out-of-time")


async def test_row_28_a_clock_that_runs_back_reopens_nothing(node: Node) -> None:
    """The nonce is still known when an old request is in time again."""
    raw = request_bytes(post(), signed(post()))
    assert (await exchange(node.port, raw)).status == 200
    for clock in (NOW + 1000, NOW - 100):
        node.clock[0] = clock
        assert (await exchange(node.port, raw)).status == 401


@pytest.mark.parametrize(
    "sent",
    [
        replace(post(), method="GET"),
        post(target="/over-budget"),
        post(target="/echo?x=1"),
        post(target="/%65cho"),
        post(body=b'{"v":2}'),
    ],
)
async def test_row_13_a_signature_for_another_request_is_refused(node: Node, sent: object) -> None:
    """Method, path, query, body: the signature of one request fits no other."""
    assert isinstance(sent, type(post()))
    answer = await ask(node, sent, signed(post()))
    assert (answer.status, answer.problem) == (401, "bad-signature")
    assert node.handled == []


async def test_a_key_asks_no_faster_than_its_pace(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much leaves no nonce, and is answered in the next interval; nobody else's is."""
    monkeypatch.setattr(pace, "REQUESTS", 3)
    for number in range(3):
        assert (await ask(node, post(), signed(post(), nonce=number))).status == 200
    fields = signed(post(), nonce=9)
    kept = len(node.directory.nonces)
    answer = await ask(node, post(), fields)
    assert (answer.status, answer.problem) == (429, "over-budget")
    wait = int(answer.headers["retry-after"])
    assert 0 < wait <= pace.INTERVAL
    assert len(node.directory.nonces) == kept
    node.clock[0] += wait
    late = signed(post(), now=node.clock[0], nonce=9)
    assert (await ask(node, post(), late)).status == 200


def test_the_pace_of_a_key_is_its_own_and_survives_a_clock_set_back() -> None:
    """600 requests in ten minutes, for each key."""
    counted = pace.Pace()
    for _ in range(600):
        counted.take("a.example/1", NOW)
    counted.take("b.example/1", NOW)
    for now in (NOW, NOW - pace.INTERVAL):
        with pytest.raises(OverBudget) as refused:
            counted.take("a.example/1", now)
        counted.take("b.example/1", now)
    later = NOW - pace.INTERVAL + refused.value.retry_after
    assert later == (NOW // pace.INTERVAL + 1) * pace.INTERVAL
    counted.take("a.example/1", later)


async def test_a_stranger_is_refused_before_its_body_is_read(node: Node) -> None:
    """An unknown key gets 401 at once; no body of a stranger's is waited for."""
    key = SigningKey(bytes(32))
    request = post(b"x" * LIMIT)
    headers = sign_request(
        request, key, http_key_id("stranger.example", key.public_key), NOW, bytes(16)
    )
    head = request_bytes(request, headers).removesuffix(request.body)
    answer = await asyncio.wait_for(exchange(node.port, head), 2)
    assert (answer.status, answer.problem) == (401, "unknown-key")
    assert "signature" not in answer.headers


async def test_a_forged_request_uses_up_no_nonce(node: Node) -> None:
    """Or anybody could make a peer's next request look like a replay."""
    forged = signed(post()) | {"Signature": "comity=:" + "A" * 86 + "==:"}
    assert (await ask(node, post(), forged)).problem == "bad-signature"
    assert node.directory.nonces == {}
    assert (await ask(node, post())).status == 200


async def test_an_unsigned_request_is_refused(node: Node) -> None:
    """Nothing is answered to whoever shows no signature, and the refusal is unsigned."""
    answer = await ask(node, post(), {"Content-Type": "application/json"})
    assert (answer.status, answer.problem) == (401, "bad-signature")
    assert "signature" not in answer.headers


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [("GET", "/nowhere", 404, "not-found"), ("PUT", "/echo", 405, "method-not-allowed")],
)
async def test_routing_errors_are_problem_documents(
    node: Node, method: str, target: str, status: int, code: str
) -> None:
    """The refusals of the router read like ours."""
    answer = await ask(node, replace(post(target=target), method=method))
    assert (answer.status, answer.problem) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


# --- broken HTTP ---------------------------------------------------------------------------------


def with_line(line: bytes) -> bytes:
    """A good request with one more header line."""
    head, body = request_bytes(post(), signed(post())).split(b"\r\n\r\n", 1)
    return head + b"\r\n" + line + b"\r\n\r\n" + body


def chunked(chunks: bytes) -> bytes:
    raw = with_line(b"Transfer-Encoding: chunked").replace(b"Content-Length: 7\r\n", b"")
    return raw.removesuffix(post().body) + chunks


BROKEN = {
    "length and chunks (CL.TE)": with_line(b"Transfer-Encoding: chunked"),
    "chunks in disguise (TE.TE)": with_line(b"Transfer-Encoding: xchunked"),
    "two lengths": with_line(b"Content-Length: 3"),
    "a signed length": with_line(b"X: 1").replace(b"Content-Length: 7", b"Content-Length: +7"),
    "a list of lengths": with_line(b"X: 1").replace(b"Content-Length: 7", b"Content-Length: 7, 7"),
    "a chunk size that is none": chunked(b'zz\r\n{"v":1}\r\n0\r\n\r\n'),
    "a negative chunk size": chunked(b'-7\r\n{"v":1}\r\n0\r\n\r\n'),
    "a chunk longer than its size": chunked(b'3\r\n{"v":1}\r\n0\r\n\r\n'),
    "an endless chunk size": chunked(b"f" * 20 + b"\r\n"),
    "space before the colon": with_line(b"Content-Type : text/plain"),
    "a folded line": with_line(b"X: a\r\n b"),
    "a bare line feed": with_line(b"X: a\nSignature: x"),
    "a NUL": with_line(b"X: a\x00b"),
    "no colon": with_line(b"nonsense"),
    "a second signature": with_line(b"Signature: x=:AA==:"),
    "a second signature input": with_line(b'Signature-Input: x=("@method")'),
    "a second digest": with_line(b"Content-Digest: sha-256=:AA==:"),
    "a second content type": with_line(b"Content-Type: text/plain"),
    "an absolute target of a foreign host": request_bytes(
        post(), signed(post()), "http://foreign.example/echo"
    ),
    "an absolute target of this host": request_bytes(
        post(), signed(post()), "http://issuer.example/echo"
    ),
    "an asterisk": request_bytes(post(), signed(post()), "*"),
    "a line break in the target": request_bytes(post(), signed(post()), "/echo\r\nX: y"),
    "another version": request_bytes(post(), signed(post())).replace(b"HTTP/1.1", b"HTTP/9.9"),
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
    "an endless header": with_line(b"X: " + b"a" * 20_000),
    "a thousand headers": with_line(b"\r\n".join(b"X%d: y" % n for n in range(1000))),
    "an unknown expectation": with_line(b"Expect: the-moon"),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
async def test_row_17_broken_http_reaches_no_handler(node: Node, raw: bytes) -> None:
    """Whatever two readers could read differently is refused with a 4xx, never a 500."""
    answer = await exchange(node.port, raw)
    assert 400 <= answer.status < 500
    assert node.handled == []
    assert (await ask(node, post())).status == 200


async def test_row_17_a_smuggled_request_is_not_served(node: Node) -> None:
    """What follows a refused body on the same connection is never taken for a request."""
    inner = request_bytes(post(b'{"v":3}'), signed(post(b'{"v":3}'), nonce=3))
    outer = with_line(b"Transfer-Encoding: chunked").removesuffix(post().body)
    await exchange(node.port, outer + b"0\r\n\r\n" + inner)
    assert node.handled == []


async def test_row_17_nothing_of_a_request_comes_back_in_a_header(node: Node) -> None:
    """Names and values of ours only, whatever the path holds."""
    answer = await ask(node, post(target="/marker%0d%0aX-Marker:%20marker"))
    assert answer.status == 404
    assert "marker" not in repr(answer.headers).lower()


# --- bodies --------------------------------------------------------------------------------------


async def test_row_18_a_gigabyte_declared_is_refused_unread(node: Node) -> None:
    """By its Content-Length alone, from an admitted peer too."""
    raw = request_bytes(post(), signed(post()))
    answer = await exchange(node.port, raw.replace(b"Length: 7", b"Length: 1000000000"))
    assert (answer.status, answer.problem) == (413, "too-large")


async def test_row_18_a_gigabyte_streamed_is_cut_off_at_the_limit(node: Node) -> None:
    """Chunks without end are read up to the limit of the resource, and no further."""
    chunk = b"1000\r\n" + bytes(4096) + b"\r\n"
    answer = await exchange(node.port, chunked(b""), *[chunk] * 250)
    assert (answer.status, answer.problem) == (413, "too-large")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity", "gzip, gzip"])
async def test_row_18_a_compressed_body_is_refused_packed(node: Node, coding: str) -> None:
    """A bomb is never unpacked: its digest is that of other bytes than a handler would see."""
    bomb = post(gzip.compress(bytes(2_000_000)))
    answer = await ask(node, bomb, signed(bomb) | {"Content-Encoding": coding})
    assert (answer.status, answer.problem) == (415, "unsupported-media")


async def test_row_18_deep_json_is_refused(node: Node) -> None:
    """Nesting is refused before a recursive parser sees it, with a signed 400."""
    deep = post(b"[" * LIMIT)
    answer = await ask(node, deep)
    assert (answer.status, answer.problem) == (400, "malformed")
    verify(answer, signed(deep))
    answer = await ask(node, post(b"[" * 100_000))
    assert (answer.status, answer.problem) == (413, "too-large")


async def test_row_18_another_content_type_is_refused(node: Node) -> None:
    """A form or a text is no message, even if its bytes are."""
    request = replace(post(), content_type="text/plain")
    answer = await ask(node, request)
    assert (answer.status, answer.problem) == (415, "unsupported-media")


async def test_row_18_a_body_that_never_ends_is_given_up() -> None:
    """One byte at a time keeps a connection alive, and the deadline does not move for it."""
    async with running_node(body_deadline=0.3) as node:
        body = bytes(100)
        raw = request_bytes(post(body), signed(post(body))).removesuffix(body)
        answer = await asyncio.wait_for(
            exchange(node.port, raw, *[b"x"] * 100, pause=0.1), timeout=3
        )
        assert (answer.status, answer.problem) == (408, "too-slow")


async def test_row_18_a_body_that_breaks_off_reaches_no_handler(node: Node) -> None:
    """A sender that goes away in the middle leaves nothing behind."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(request_bytes(post(), signed(post()))[:-2])
    writer.write_eof()
    with structlog.testing.capture_logs() as logs:
        await asyncio.wait_for(reader.read(), 5)
    assert (node.handled, logs) == ([], [])
    writer.close()
    await writer.wait_closed()
    assert (await ask(node, post())).status == 200


async def test_row_17_chunks_that_break_in_the_middle_reach_no_handler() -> None:
    """After a good chunk the parser says nothing of a bad one; the deadline ends the waiting."""
    async with running_node(body_deadline=0.3) as node:
        answer = await exchange(node.port, chunked(b'3\r\n{"v\r\n'), b"zz\r\n", pause=0.1)
        assert (answer.status, answer.problem) == (408, "too-slow")
        assert node.handled == []


async def test_a_peer_that_is_no_longer_admitted_is_a_stranger(node: Node) -> None:
    """The directory decides at each request."""
    del node.directory.peers[ASKER]
    assert (await ask(node, post())).problem == "unknown-key"
