"""What a peer answers is believed if it is signed by that peer, to this very request, now."""

import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import dns.asyncresolver
import dns.resolver
import pytest
from aiohttp import web

from node.client import PeerClient, WrongAnswer
from node.domains import is_proven, txt_records
from node.errors import Refused, Unreachable
from node.introduction import introduce
from node.keyring import signing_keys
from node.outbound import open_outbound
from protocol.encoding import base64url
from protocol.errors import (
    BadProof,
    BadSignature,
    Malformed,
    OutOfTime,
    TooLarge,
    UnknownKey,
    Violation,
)
from protocol.exchange import (
    CommunityAnswer,
    EvaluateAnswer,
    EvaluateRequest,
    Purpose,
    RecordsAnswer,
)
from protocol.keys import SigningKey, http_key_id
from protocol.sealing import MAX_RECORD
from protocol.signatures import Answer, sign_answer
from tests.node.federation import Community, Federation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

pytestmark = pytest.mark.wire

REQUEST = EvaluateRequest(
    v=1,
    oprf_key=bytes(8),
    blinded=(bytes(32), bytes([1]) * 32),
    purpose=Purpose(kind="unspecified", start=None, end=None),
)
ID = [str(uuid.uuid4()) for _ in range(2)]
ANSWER = EvaluateAnswer(v=1, evaluated=REQUEST.blinded, proof=bytes(64)).to_bytes()


@dataclass
class Speaker:
    """Answers in a peer's name, with its key, and with one thing wrong where one is named."""

    keyid: str
    key: SigningKey
    now: int
    body: bytes = ANSWER
    sent_body: bytes | None = None
    signature: str | None = None
    status: int = 200
    seen: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What it says to anything."""
        self.seen.append(request.headers["Signature"])
        fields = sign_answer(
            Answer(self.status, self.body),
            self.signature or request.headers["Signature"],
            self.key,
            self.keyid,
            self.now,
        )
        body = self.body if self.sent_body is None else self.sent_body
        return web.Response(status=200, body=body, headers=fields)


@asynccontextmanager
async def _served(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _speaker(federation: Federation) -> tuple[Community, Community, Speaker]:
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    await federation.peer(conf, python)
    key = (await signing_keys(python.node)).http
    return conf, python, Speaker(http_key_id(python.id, key.public_key), key, conf.now)


async def _client(conf: Community, python: Community, url: str) -> PeerClient:
    return PeerClient(conf.clients.caller, url, await python.fingerprint())


async def test_an_answer_by_the_peer_s_key_is_believed(federation: Federation) -> None:
    """The key in force in the log, as it is held here."""
    conf, python, speaker = await _speaker(federation)
    async with _served(speaker.answer) as url:
        answer = await (await _client(conf, python, url)).evaluate(REQUEST)
    assert answer.evaluated == REQUEST.blinded


def _another_key(speaker: Speaker) -> None:
    speaker.key = SigningKey(bytes(32))


def _another_keyid(speaker: Speaker) -> None:
    speaker.keyid = http_key_id("python.example", SigningKey(bytes(32)).public_key)


def _another_body(speaker: Speaker) -> None:
    speaker.sent_body = ANSWER.replace(b"A", b"B", 1)


def _another_request(speaker: Speaker) -> None:
    speaker.signature = f"comity=:{'A' * 86}==:"


def _another_status(speaker: Speaker) -> None:
    speaker.status = 201


def _of_yesterday(speaker: Speaker) -> None:
    speaker.now -= 86_400


def _too_few(speaker: Speaker) -> None:
    speaker.body = EvaluateAnswer(v=1, evaluated=REQUEST.blinded[:1], proof=bytes(64)).to_bytes()


def _not_canonical(speaker: Speaker) -> None:
    speaker.body = ANSWER + b" "


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (_another_key, BadSignature),
        (_another_keyid, UnknownKey),
        (_another_body, BadSignature),
        (_another_request, BadSignature),
        (_another_status, BadSignature),
        (_of_yesterday, OutOfTime),
        (_too_few, WrongAnswer),
        (_not_canonical, WrongAnswer),
    ],
)
async def test_an_answer_that_is_not_the_peer_s_is_refused(
    federation: Federation, wrong: Callable[[Speaker], None], error: type[Violation]
) -> None:
    """Signed by another, altered, to another request, late, or not of its form."""
    conf, python, speaker = await _speaker(federation)
    wrong(speaker)
    async with _served(speaker.answer) as url:
        with pytest.raises(error):
            await (await _client(conf, python, url)).evaluate(REQUEST)


async def test_row_18_no_more_is_read_than_was_asked_for(federation: Federation) -> None:
    """One record has at most 64 KiB, whatever answers of many records may have."""
    conf, python, speaker = await _speaker(federation)
    text = base64url(bytes(MAX_RECORD))
    async with _served(speaker.answer) as url:
        client = await _client(conf, python, url)
        for ids, count, error in ((ID[:1], 2, TooLarge), (ID, 1, WrongAnswer)):
            speaker.body = RecordsAnswer(v=1, records=(text,) * count).to_bytes()
            with pytest.raises(error):
                await client.records(ids)
        speaker.body = RecordsAnswer(v=1, records=(text, None)).to_bytes()
        assert await client.records(ID) == [bytes(MAX_RECORD), None]
        speaker.body = ANSWER + b" " * 20_000
        with pytest.raises(TooLarge):
            await client.evaluate(REQUEST)


@pytest.mark.parametrize("text", ["Q", "QR", base64url(bytes(MAX_RECORD + 1))], ids=len)
async def test_what_a_peer_signed_and_is_no_record_is_its_own_fault(
    federation: Federation, text: str
) -> None:
    conf, python, speaker = await _speaker(federation)
    speaker.body = RecordsAnswer(v=1, records=(text,)).to_bytes()
    async with _served(speaker.answer) as url:
        with pytest.raises(WrongAnswer):
            await (await _client(conf, python, url)).records(ID[:1])


async def test_row_18_answers_are_read_beside_the_loop(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Megabytes of one peer's do not hold up what is said to the others."""
    threads: list[threading.Thread] = []

    class Watched(RecordsAnswer):
        @classmethod
        def from_bytes(cls, data: bytes, limit: int) -> Self:
            threads.append(threading.current_thread())
            return super().from_bytes(data, limit)

    monkeypatch.setattr("node.client.RecordsAnswer", Watched)
    conf, python, speaker = await _speaker(federation)
    speaker.body = RecordsAnswer(v=1, records=(None,)).to_bytes()
    async with _served(speaker.answer) as url:
        assert await (await _client(conf, python, url)).records(ID[:1]) == [None]
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_row_16_an_address_that_is_none_is_malformed(federation: Federation) -> None:
    """Whichever parser finds out."""
    conf, python, _ = await _speaker(federation)
    for url in ("https://[::::", "https://[::::]", "https://x:99999", "https://"):
        client = await _client(conf, python, url)
        for call in (client.checkpoint, client.discovery, partial(client.evaluate, REQUEST)):
            with pytest.raises((Malformed, Unreachable)):
                await call()


async def test_an_unsigned_answer_is_refused(federation: Federation) -> None:
    """Whoever sits in between can say anything but nothing that counts."""
    conf, python, _ = await _speaker(federation)

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=ANSWER)

    async with _served(answer) as url:
        with pytest.raises(BadSignature):
            await (await _client(conf, python, url)).evaluate(REQUEST)


@pytest.mark.parametrize(
    ("status", "document", "problem"),
    [
        (403, b'{"type":"urn:comity:problem:not-admitted"}', "not-admitted"),
        (404, b'{"type":"urn:comity:problem:<script>"}', "status-404"),
        (404, b"no JSON", "status-404"),
        (429, b'{"type":"urn:comity:problem:over-budget"}', "over-budget"),
    ],
)
async def test_a_refusal_is_told_by_its_code(
    federation: Federation, status: int, document: bytes, problem: str
) -> None:
    """And by nothing else that a stranger may write, except when to come again."""
    conf, python, _ = await _speaker(federation)

    async def answer(_request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "application/problem+json", "Retry-After": "60"}
        return web.Response(status=status, body=document, headers=headers)

    async with _served(answer) as url:
        with pytest.raises(Refused) as raised:
            await (await _client(conf, python, url)).evaluate(REQUEST)
    assert (raised.value.problem, raised.value.retry_after) == (problem, 60)


async def test_what_was_seen_before_is_signed_anew_and_sent_once_more(
    federation: Federation,
) -> None:
    """A kept connection that died makes the HTTP library send the same bytes twice."""
    conf, python, speaker = await _speaker(federation)

    async def answer(request: web.Request) -> web.StreamResponse:
        if not speaker.seen:
            speaker.seen.append(request.headers["Signature"])
            body = b'{"type":"urn:comity:problem:replayed"}'
            return web.Response(status=401, body=body, content_type="application/problem+json")
        return await speaker.answer(request)

    async with _served(answer) as url:
        await (await _client(conf, python, url)).evaluate(REQUEST)
    assert len(set(speaker.seen)) == 2


async def test_reading_is_tried_again_and_asking_is_not(federation: Federation) -> None:
    """A question costs the budget each time, so whoever asks decides about it."""
    conf, python, _ = await _speaker(federation)
    requests: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        requests.append(request.method)
        return web.Response(status=503)

    async with _served(answer) as url:
        client = await _client(conf, python, url)
        with pytest.raises(Unreachable):
            await client.checkpoint()
        with pytest.raises(Unreachable):
            await client.evaluate(REQUEST)
    assert requests == ["GET", "GET", "GET", "POST"]


# --- Learning who is at an address ----------------------------------------------------------------


@pytest.mark.parametrize("lie", ["order", "twice", "void", "proof", "swapped proofs", "document"])
async def test_an_introduction_that_contradicts_itself_is_refused(
    federation: Federation, lie: str
) -> None:
    """Statements out of order or without effect, proofs of other entries, a document of another."""
    python = await federation.community("python.example")
    conf = await federation.community("conf.example")
    public = python.clients.public(await python.url())
    honest = await public.community()
    document = await public.discovery()
    other = await conf.clients.public(await conf.url()).community()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("comity"):
            shown = document.model_copy(update={"url": url})
            if lie == "document":
                shown = shown.model_copy(update={"fingerprint": bytes(32)})
            return web.Response(body=shown.to_bytes())
        return web.Response(body=_lied(lie, honest, other).to_bytes())

    async with _served(answer) as url:
        with pytest.raises((Malformed, BadProof, BadSignature)):
            await introduce(conf.clients, url, now=conf.now)


def _lied(lie: str, honest: CommunityAnswer, other: CommunityAnswer) -> CommunityAnswer:
    (first,), (foreign,) = honest.statements, other.statements
    changed = {
        "order": (first.model_copy(update={"index": 1}),),
        "twice": (first, first),
        "void": (first, foreign.model_copy(update={"index": 1})),
        "proof": (first.model_copy(update={"proof": foreign.proof}),),
        "swapped proofs": (foreign.model_copy(update={"proof": first.proof}),),
        "document": (first,),
    }
    return CommunityAnswer(v=1, statements=changed[lie])


# --- What a domain says ---------------------------------------------------------------------------


async def test_a_domain_proves_an_id_by_its_record() -> None:
    """The record is the fingerprint, of this log and no other; its absence proves nothing."""
    fingerprint = bytes(range(32))
    asked: list[str] = []

    async def records(name: str) -> list[str]:
        asked.append(name)
        return ["v=spf1 -all", base64url(fingerprint)]

    # As in production: a host that stands for loopback is not reached, so only the record speaks.
    async with open_outbound() as outbound:
        assert await is_proven(outbound, "localhost", fingerprint, records)
        assert not await is_proven(outbound, "localhost", bytes(32), records)
        assert asked == ["_comity.localhost"] * 2
        # Names that are nobody's are not even asked.
        assert not await is_proven(outbound, "python.example", fingerprint, records)
    assert len(asked) == 2


async def test_a_machine_without_resolver_finds_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which proves nothing, and is no fault."""

    def unconfigured() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", unconfigured)
    assert await txt_records("_comity.python.org") == []
