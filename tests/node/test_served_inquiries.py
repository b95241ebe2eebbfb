"""The resources of inquiries, as raw requests find them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from node import answering, audit
from node.node import Node
from protocol.encoding import base64url, canonical_json
from protocol.inquiry import MAX_INQUIRY
from protocol.signatures import Request
from tests.node.served import AUTHORITY, BASE, Served, served

pytestmark = pytest.mark.wire

ATTESTATION = "7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03"


@pytest.fixture
async def at(node: Node) -> AsyncIterator[Served]:
    """A node whose log attests nothing, and a peer that asks it."""
    async with served(node) as running:
        yield running


async def question(at: Served, **changes: Any) -> bytes:
    """A question of the peer's."""
    own = await at.service.own.current()
    value = {
        "v": 1,
        "from": at.peer.id,
        "to": own.community.id,
        "log": base64url(own.fingerprint),
        "attestation": ATTESTATION,
        "purpose": {"kind": "meetup", "start": None, "end": None},
        "nonce": base64url(bytes(16)),
    }
    return canonical_json(value | changes)


async def test_what_is_not_to_be_asked_is_refused_and_not_kept(at: Served) -> None:
    """By its form, by whom it names, by what it asks about; in signed refusals."""
    good = await question(at)
    cases = [
        (good, "not-found"),
        (await question(at, to="other.example"), "conflict"),
        (await question(at, **{"from": "other.example"}), "conflict"),
        (await question(at, log=base64url(bytes(32))), "conflict"),
        (await question(at, v=2), "malformed"),
        (await question(at, note="x"), "malformed"),
        (await question(at, nonce="AA"), "malformed"),
        (await question(at, purpose={"kind": "meetup"}), "malformed"),
        (good + b" ", "malformed"),
        (good.replace(b'"v":1', b'"v":true'), "malformed"),
        (b"", "malformed"),
        (b"[" * 500, "malformed"),
    ]
    for body, problem in cases:
        assert (await at.ask("/inquiries", body)).problem == problem, body
    assert await answering.every(at.node) == []
    assert [each for each in await audit.every(at.node) if each.act == "answer"] == []


async def test_row_18_a_question_is_small(at: Served) -> None:
    """(Row 18) One byte more than that is not read, whoever signed it."""
    body = (await question(at)).ljust(MAX_INQUIRY + 1)
    request = Request("POST", AUTHORITY, f"{BASE}/comity/v1/inquiries", body)
    assert (await at.send(request, at.signed(request))).problem == "too-large"


@pytest.mark.parametrize("name", ["x", "A" * 42, "A" * 42 + "B", "A" * 44, "%41" * 43, "%ff%00"])
async def test_a_hash_that_is_none_is_not_found(at: Served, name: str) -> None:
    """As is one that nobody asked with."""
    for path in (f"/inquiries/{name}", f"/inquiries/{base64url(bytes(32))}"):
        assert (await at.ask(path, method="GET")).problem == "not-found"


async def test_strangers_ask_nothing(at: Served) -> None:
    """Neither unsigned, nor signed by a key that no peer has."""
    body = await question(at)
    unsigned = await at.post("/comity/v1/inquiries", body, "application/json")
    assert (unsigned.status, unsigned.problem) == (401, "bad-signature")
    got = await at.get(f"/comity/v1/inquiries/{base64url(bytes(32))}")
    assert (got.status, got.problem) == (401, "bad-signature")
