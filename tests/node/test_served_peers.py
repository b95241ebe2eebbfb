"""What admitted peers ask of a node, over real sockets, and what nobody else gets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import structlog
from sqlalchemy import select, update

from node import audit, ledger
from node.budgets import lower
from node.node import Node
from node.store import budgets, events
from node.tables import audit_head, nonces, peers
from node.tables import records as record_rows
from protocol.encoding import base64url, canonical_json, from_base64url
from protocol.exchange import (
    EvaluateAnswer,
    EvaluateRequest,
    EventAnswer,
    EventRequest,
    Purpose,
    RecordsAnswer,
    RecordsRequest,
)
from protocol.keys import SigningKey
from protocol.sealing import record_hash
from protocol.signatures import Request
from protocol.voprf import verify_proof
from tests.node.edge import RawAnswer, exchange, request_bytes
from tests.node.served import AUTHORITY, BASE, NOW, OPRF, PeerLog, Served, admitted, blinded, served
from tests.protocol.committee import attest_decision, attest_item, entry, withdraw_decision

pytestmark = pytest.mark.wire

DAY = 86_400
UNSPECIFIED = Purpose(kind="unspecified", start=None, end=None)
EVALUATE = "/comity/v1/evaluate"


@pytest.fixture
async def running(node: Node) -> AsyncIterator[Served]:
    async with served(node) as running:
        yield running


def evaluation(count: int, seed: int = 1, key: bytes = OPRF.id) -> bytes:
    request = EvaluateRequest(
        v=1, oprf_key=key, blinded=tuple(blinded(count, seed)), purpose=UNSPECIFIED
    )
    return request.to_bytes()


async def test_a_peer_gets_its_elements_evaluated_with_a_proof(running: Served) -> None:
    """In the order asked; the proof holds under the key in the log."""
    answer = await running.ask("/evaluate", evaluation(20))
    assert answer.status == 200
    found = EvaluateAnswer.from_bytes(answer.body, 10_000)
    asked = EvaluateRequest.from_bytes(evaluation(20), 10_000)
    elements = blinded(20)
    assert list(asked.blinded) == elements
    register = await ledger.own_register(running.node)
    verify_proof(register.community.oprf[0], elements, found.evaluated, found.proof)  # type: ignore[arg-type]


async def test_another_oprf_key_is_refused_and_costs_nothing(running: Served) -> None:
    """So that an asker with an old log learns to look again."""
    answer = await running.ask("/evaluate", evaluation(20, key=bytes(8)))
    assert (answer.status, answer.problem) == (409, "unknown-oprf-key")
    async with running.node.store.read() as connection:
        assert await budgets.bucket(connection, running.peer.fingerprint) is None


async def test_row_1_an_evaluation_over_budget_is_refused_over_http(running: Served) -> None:
    """429 with Retry-After, signed, logged with the peer's name and nothing of the request."""
    with structlog.testing.capture_logs() as logged:
        first = await running.ask("/evaluate", evaluation(2_048))
        answer = await running.ask("/evaluate", evaluation(8, seed=5_000))
    assert first.status == 200
    assert (answer.status, answer.problem) == (429, "over-budget")
    # 8 evaluations, of which 200 flow in a day
    assert int(answer.headers["retry-after"]) == 8 * DAY // 200
    (line,) = (each for each in logged if each["event"] == "over-budget")
    assert (line["peer"], line["amount"]) == ("conf.example", 8)
    again = await running.ask("/evaluate", evaluation(2_048))
    assert again.status == 200  # the identical body was paid for


async def test_an_event_is_declared_and_ended_over_http(running: Served) -> None:
    """The answer says what the budget is from now on."""
    event = Purpose.from_value({"kind": "registration", "start": "2027-03-01", "end": "2027-03-09"})
    declared = await running.ask(
        "/events", EventRequest(v=1, act="declare", event=event).to_bytes()
    )
    found = EventAnswer.from_bytes(declared.body, 1_000)
    assert (found.available, found.until) == (22_048, event.end)
    assert (await running.ask("/evaluate", evaluation(4_096))).status == 200
    ended = await running.ask("/events", EventRequest(v=1, act="end", event=event).to_bytes())
    found = EventAnswer.from_bytes(ended.body, 1_000)
    assert (found.available, found.until) == (2_048, None)
    again = await running.ask("/events", EventRequest(v=1, act="end", event=event).to_bytes())
    assert again.problem == "not-found"


async def acts(running: Served) -> list[tuple[str, str]]:
    return [(each.act, str(each.detail["who"])) for each in await audit.every(running.node)]


async def test_a_question_is_recorded_once_however_often_it_is_sent(running: Served) -> None:
    """A retry, which costs nothing, adds nothing; nor does one that is refused."""
    for _ in range(3):
        assert (await running.ask("/evaluate", evaluation(8))).status == 200
    assert (await running.ask("/evaluate", evaluation(2_048))).problem == "over-budget"
    assert await acts(running) == [("evaluate", "conf.example")]
    assert (await running.ask("/evaluate", evaluation(8, seed=100))).status == 200
    assert await acts(running) == [("evaluate", "conf.example")] * 2


async def test_an_event_is_recorded_when_something_changes(running: Served) -> None:
    """Declared, lowered here, ended; the same once more is nothing new."""
    event = Purpose.from_value({"kind": "registration", "start": "2027-03-01", "end": "2027-03-09"})
    declaring, ending = (EventRequest(v=1, act=act, event=event) for act in ("declare", "end"))
    for _ in range(2):
        await running.ask("/events", declaring.to_bytes())
    async with running.node.store.read() as connection:
        (declared,) = await events.of_peer(connection, running.peer.fingerprint, ours=False)
    await lower(running.node, declared.id, 10, NOW)
    for _ in range(2):
        await running.ask("/events", ending.to_bytes())
    found = [(each.detail["who"], each.detail["what"]) for each in await audit.every(running.node)]
    assert found == [("conf.example", "declare"), ("here", "lower"), ("conf.example", "end")]


async def test_fetching_records_is_recorded_once_a_day(running: Served) -> None:
    """However often a peer asks: else it could fill the database."""
    (id_,) = await publish(running, b"record")
    assert await fetch(running, UNKNOWN) == [None]
    assert await acts(running) == []
    for _ in range(3):
        await fetch(running, id_)
    assert await acts(running) == [("records", "conf.example")]
    running.clock[0] += DAY
    await fetch(running, id_)
    running.clock[0] -= DAY  # a clock that is set back begins no day anew
    await fetch(running, id_)
    assert await acts(running) == [("records", "conf.example")] * 2


async def test_nothing_is_answered_that_cannot_be_recorded(running: Served) -> None:
    """With an end that is not the one that was recorded: no record, no evaluation, no charge."""
    (id_,) = await publish(running, b"record")
    await running.ask("/evaluate", evaluation(8))
    async with running.node.store.write() as connection:
        await connection.execute(update(audit_head).values(seal=bytes(32)))
    asked = RecordsRequest(v=1, ids=(id_,)).to_bytes()
    assert (await running.ask("/records", asked)).problem == "unavailable"
    assert (await running.ask("/evaluate", evaluation(8, seed=9))).problem == "unavailable"
    async with running.node.store.read() as connection:
        assert await budgets.asked_after(connection, running.peer.fingerprint, 0) == 8


async def publish(running: Served, *data: bytes) -> list[str]:
    """Attest records of these bytes; the ids of the attestations."""
    node = running.node
    register = await ledger.own_register(node)
    items = [
        attest_item(seal={"key": base64url(OPRF.id), "record": base64url(record_hash(each))})
        for each in data
    ]
    await ledger.append(node, [entry(attest_decision(register, *items), "ada", "bob")], NOW)
    async with node.store.write() as connection:
        for item, each in zip(items, data, strict=True):
            row = {
                "log": register.fingerprint,
                "attestation": item["id"],
                "record": each,
                "record_hash": record_hash(each),
            }
            await connection.execute(record_rows.insert().values(row))
    return [item["id"] for item in items]


async def fetch(running: Served, *ids: str) -> list[bytes | None]:
    answer = await running.ask("/records", RecordsRequest(v=1, ids=ids).to_bytes())
    assert answer.status == 200
    found = RecordsAnswer.from_bytes(answer.body, 100_000).records
    return [None if text is None else from_base64url(text) for text in found]


UNKNOWN = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"


async def test_a_peer_gets_the_records_in_force_as_they_are(running: Served) -> None:
    """Exact bytes in the order asked; null for what is unknown, ended, or expired."""
    first, second = await publish(running, b"first", b"second")
    assert await fetch(running, second, UNKNOWN, first) == [b"second", None, b"first"]
    register = await ledger.own_register(running.node)
    lift = entry(withdraw_decision(register, first), "ada", "bob")
    await ledger.append(running.node, [lift], NOW)
    assert await fetch(running, second, first) == [b"second", None]
    running.clock[0] += 400 * DAY
    assert await fetch(running, second, first) == [None, None]


async def test_row_33_a_damaged_record_is_never_served(running: Served) -> None:
    """Nor is it called gone: the peer asks again later."""
    (id_,) = await publish(running, b"record")
    async with running.node.store.write() as connection:
        await connection.execute(update(record_rows).values(record=b"recorD"))
    answer = await running.ask("/records", RecordsRequest(v=1, ids=(id_,)).to_bytes())
    assert (answer.status, answer.problem) == (503, "unavailable")


MALFORMED = {
    "empty": b"",
    "not JSON": b"{",
    "another version": canonical_json(json.loads(evaluation(1)) | {"v": 2}),
    "an unknown member": canonical_json(json.loads(evaluation(1)) | {"x": 1}),
    "no element": canonical_json(json.loads(evaluation(1)) | {"blinded": []}),
    "the identity": canonical_json(json.loads(evaluation(1)) | {"blinded": [base64url(bytes(32))]}),
    "no element of the group": canonical_json(
        json.loads(evaluation(1)) | {"blinded": [base64url(b"\xff" * 32)]}
    ),
    "not canonical": b" " + evaluation(1),
    "100,000 deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_row_18_what_is_malformed_is_refused(running: Served, body: bytes) -> None:
    """A signed 400 from a peer's own mistakes; the node goes on."""
    answer = await running.ask("/evaluate", body)
    assert (answer.status, answer.problem) == (400, "malformed")
    assert (await running.get("/healthz")).status == 200


async def test_row_18_more_than_a_resource_takes_is_refused_unread(running: Served) -> None:
    """By its declared length, before anything of it is read."""
    for path, limit in (("evaluate", 256 * 1024), ("records", 16 * 1024), ("peering", 64 * 1024)):
        request = Request("POST", AUTHORITY, f"{BASE}/comity/v1/{path}", b"x" * (limit + 1))
        answer = await running.send(request, running.signed(request))
        assert (answer.status, answer.problem) == (413, "too-large")


# --- Row 13: a captured request is replayed -------------------------------------------------------


async def test_row_13_a_captured_request_is_answered_once(running: Served) -> None:
    """The same bytes again are refused, also after a restart: the nonce is in the database."""
    request = Request("POST", AUTHORITY, BASE + EVALUATE, evaluation(8))
    headers = running.signed(request)
    assert (await running.send(request, headers)).status == 200
    again = await running.send(request, headers)
    assert (again.status, again.problem) == (401, "replayed")
    async with running.node.store.read() as connection:
        assert len((await connection.execute(select(nonces))).all()) == 1


async def test_row_13_of_two_at_once_one_is_answered(running: Served) -> None:
    """However close together they come."""
    request = Request("POST", AUTHORITY, BASE + EVALUATE, evaluation(8))
    headers = running.signed(request)
    answers = await asyncio.gather(*(running.send(request, headers) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401]


CAPTURED: dict[str, tuple[Callable[[Request], Request], int, str]] = {
    "at another node": (lambda made: replace(made, authority="other.example"), 0, "bad-signature"),
    "at another resource": (
        lambda made: replace(made, target=f"{BASE}/comity/v1/records"),
        0,
        "bad-signature",
    ),
    "with another query": (
        lambda made: replace(made, target=made.target + "?x"),
        0,
        "bad-signature",
    ),
    "with another body": (
        lambda made: replace(made, body=evaluation(8, seed=2)),
        0,
        "bad-signature",
    ),
    "late": (lambda made: made, 301, "out-of-time"),
    "early": (lambda made: made, -301, "out-of-time"),
}


@pytest.mark.parametrize("how", CAPTURED)
async def test_row_13_a_captured_request_is_good_nowhere_else(running: Served, how: str) -> None:
    """Signed for another place, time or content: refused, and no nonce is taken for it."""
    change, later, problem = CAPTURED[how]
    made = Request("POST", AUTHORITY, BASE + EVALUATE, evaluation(8))
    headers = running.signed(change(made) if how == "at another node" else made)
    running.clock[0] += later
    sent = made if how == "at another node" else change(made)
    answer = await running.send(sent, headers)
    assert (answer.status, answer.problem) == (401, problem)
    async with running.node.store.read() as connection:
        assert (await connection.execute(select(nonces))).all() == []


# --- Who is answered ------------------------------------------------------------------------------


async def asked_by(running: Served, peer: PeerLog) -> RawAnswer:
    request = Request("POST", AUTHORITY, BASE + EVALUATE, evaluation(8))
    return await running.send(request, running.signed(request, peer))


async def test_a_stranger_gets_unknown_key(running: Served) -> None:
    """Whose log is not held here, whatever it signs."""
    answer = await asked_by(running, PeerLog("stranger.example"))
    assert (answer.status, answer.problem) == (401, "unknown-key")


@pytest.mark.parametrize("state", ["wanted", "asked", "removed"])
async def test_only_active_peers_are_answered(running: Served, state: str) -> None:
    """Whoever is not admitted yet, or no more, is told so."""
    async with running.node.store.write() as connection:
        await connection.execute(update(peers).values(state=state))
    answer = await asked_by(running, running.peer)
    assert (answer.status, answer.problem) == (403, "not-admitted")


async def test_another_key_of_an_admitted_peer_is_looked_for_once_a_minute(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have rotated; whoever merely claims so cannot make the node fetch all day."""
    wanted: list[bytes] = []
    monkeypatch.setattr(running.service.pulls, "want", wanted.append)
    times = [0.0]
    monkeypatch.setattr(running.service.pulls, "_clock", lambda: times[0])
    peer = PeerLog()
    peer.keys["http"] = SigningKey(bytes(32))
    for time in (0.0, 1.0, 59.0, 60.0, 61.0):
        times[0] = time
        assert (await asked_by(running, peer)).problem == "unknown-key"
    assert wanted == [running.peer.fingerprint] * 2


async def test_row_38_a_second_log_of_an_admitted_id_is_a_stranger(running: Served) -> None:
    """Who claims the id of a peer, under keys of its own, is not answered in its place."""
    squatter = PeerLog(seed="squatter")
    assert squatter.fingerprint != running.peer.fingerprint
    assert (await asked_by(running, squatter)).problem == "unknown-key"
    await admitted(running.node, squatter, "wanted")
    assert (await asked_by(running, squatter)).problem == "not-admitted"
    assert (await asked_by(running, running.peer)).status == 200


# --- Staying responsive ---------------------------------------------------------------------------


async def _is_charged(running: Served) -> bool:
    async with running.node.store.read() as connection:
        return await budgets.bucket(connection, running.peer.fingerprint) is not None


async def test_the_node_answers_others_while_it_evaluates(running: Served) -> None:
    """What was asked after a large evaluation had begun is answered before it ends."""
    evaluating = asyncio.create_task(running.ask("/evaluate", evaluation(2_048)))
    while not await _is_charged(running):
        assert not evaluating.done()
    for _ in range(3):
        assert (await running.get("/healthz")).status == 200
        assert not evaluating.done()
    assert (await evaluating).status == 200


async def test_an_evaluation_that_nobody_waits_for_does_no_harm(running: Served) -> None:
    """The asker hangs up in the middle; the next one is answered."""
    request = Request("POST", AUTHORITY, BASE + EVALUATE, evaluation(1_000))
    sent = request_bytes(request, running.signed(request))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(exchange(running.port, sent), 0.05)
    assert (await running.ask("/evaluate", evaluation(8))).status == 200
