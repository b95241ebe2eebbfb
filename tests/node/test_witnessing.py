"""This node as a witness of its peers' logs (C2SP tlog-witness), over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from node.node import Node
from node.store import cosigned
from node.tables import cosigned_heads
from protocol.checkpoint import cosign_key, cosignature_time
from protocol.note import SignedNote, parse_signatures
from protocol.witness import MAX_REQUEST, AddCheckpoint, parse_size_answer
from tests.node.edge import RawAnswer
from tests.node.served import KEYS, NOW, PeerLog, Served, admitted, served

pytestmark = pytest.mark.wire

PATH = "/comity/v1/log/add-checkpoint"
OWN = cosign_key("python.example", KEYS.cosign.public_key)


@pytest.fixture
async def running(node: Node) -> AsyncIterator[Served]:
    async with served(node) as running:
        yield running


@pytest.fixture
def pulled(running: Served, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The peers whose logs were wanted."""
    wanted: list[bytes] = []
    monkeypatch.setattr(running.service.pulls, "want", wanted.append)
    return wanted


async def add(
    running: Served, old_size: int, *, log: PeerLog | None = None, by: str = "log"
) -> RawAnswer:
    log = log or running.peer
    proof = log.proof(old_size) if old_size < len(log.entries) else ()
    return await running.post(PATH, AddCheckpoint(old_size, proof, log.note(by)).to_bytes())


def cosigned_at(answer: RawAnswer, log: PeerLog) -> int:
    """The time of our line, verified over the text of the peer's checkpoint."""
    assert answer.status == 200
    text = SignedNote.from_bytes(log.note()).text
    return cosignature_time(SignedNote(text, parse_signatures(answer.body)), OWN)


async def test_a_peers_head_is_cosigned_and_its_log_pulled(
    running: Served, pulled: list[bytes]
) -> None:
    """From nothing, then from the size before; a head that is held already is not pulled."""
    assert cosigned_at(await add(running, 0), running.peer) == NOW
    assert pulled == []
    running.peer.grow(*(b"entry %d" % number for number in range(5)))
    running.clock[0] += 60
    assert cosigned_at(await add(running, 1), running.peer) == NOW + 60
    assert pulled == [running.peer.fingerprint]


async def test_the_head_is_kept_before_it_is_answered(running: Served) -> None:
    """With our line in it, so that after a crash no other head of that size is cosigned."""
    answer = await add(running, 0)
    async with running.node.store.read() as connection:
        kept = await cosigned.get(connection, running.peer.fingerprint)
    assert kept is not None
    assert (kept.size, kept.root) == (1, running.peer.tiles.root)
    note = SignedNote.from_bytes(kept.note)
    assert cosignature_time(note, OWN) == NOW
    assert parse_signatures(answer.body)[0] in note.signatures


async def test_row_16_the_same_head_again_gets_the_line_that_is_kept(
    running: Served, pulled: list[bytes]
) -> None:
    """A retry; or anybody at all, who has it from the public log: nothing is written or fetched."""
    await add(running, 0)
    running.peer.grow(b"two")
    first = await add(running, 1)
    async with running.node.store.read() as connection:
        kept = await cosigned.get(connection, running.peer.fingerprint)
    running.clock[0] += 10
    for _ in range(3):
        again = await add(running, 2)
        assert (again.status, again.body) == (200, first.body)
    async with running.node.store.read() as connection:
        assert await cosigned.get(connection, running.peer.fingerprint) == kept
    assert pulled == [running.peer.fingerprint]


async def test_after_our_key_has_changed_the_same_head_is_cosigned_anew(running: Served) -> None:
    """A line that nobody can verify any more is of no use."""
    await add(running, 0)
    async with running.node.store.write() as connection:
        kept = await cosigned.get(connection, running.peer.fingerprint)
        assert kept is not None
        note = SignedNote.from_bytes(kept.note)
        others = tuple(line for line in note.signatures if not OWN.signed(line))
        of_before = replace(kept, note=replace(note, signatures=others).to_bytes())
        await cosigned.put(connection, of_before)
    running.clock[0] += 10
    assert cosigned_at(await add(running, 1), running.peer) == NOW + 10


async def test_an_unknown_log_is_not_found(running: Served) -> None:
    """404: there is no peer with that origin."""
    answer = await add(running, 0, log=PeerLog("stranger.example"))
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("state", ["wanted", "asked", "removed"])
async def test_only_active_peers_are_cosigned(node: Node, state: str) -> None:
    """A peer that is not admitted is as unknown as a stranger."""
    async with served(node) as running:
        other = PeerLog("other.example")
        await admitted(node, other, state)
        assert (await add(running, 0, log=other)).status == 404


async def test_a_head_that_the_logs_key_has_not_signed_is_refused(running: Served) -> None:
    """403, before anything of the proof is looked at."""
    answer = await add(running, 7, by="cosign")
    assert (answer.status, answer.problem) == (403, "not-admitted")


async def test_a_proof_from_a_larger_tree_is_malformed(running: Served) -> None:
    """400."""
    answer = await add(running, 2)
    assert (answer.status, answer.problem) == (400, "malformed")


@pytest.mark.parametrize("old_size", [0, 2])
async def test_from_another_size_the_asker_learns_the_one_cosigned(
    running: Served, old_size: int
) -> None:
    """409 with the size as its body, in the media type of the specification."""
    await add(running, 0)
    running.peer.grow(b"two", b"three")
    answer = await add(running, old_size)
    assert answer.status == 409
    assert answer.headers["content-type"] == "text/x.tlog.size"
    assert parse_size_answer(answer.body) == 1


def forked(peer: PeerLog) -> PeerLog:
    """Another history under the same keys, of the same length."""
    other = PeerLog(peer.id)
    other.grow(*(b"another " + entry[:20] for entry in peer.entries[1:]))
    return other


async def test_row_6_a_second_history_is_not_cosigned(running: Served) -> None:
    """Two heads of one size: 409; a longer one that does not pass through ours: 422."""
    running.peer.grow(b"two")
    await add(running, 0)
    fork = forked(running.peer)
    same_size = await add(running, 2, log=fork)
    assert (same_size.status, parse_size_answer(same_size.body)) == (409, 2)
    fork.grow(b"three")
    longer = await add(running, 2, log=fork)
    assert (longer.status, longer.problem) == (422, "bad-proof")


@pytest.mark.parametrize("proof", [(), (bytes(32),), (bytes(32),) * 63])
async def test_a_wrong_proof_is_refused(running: Served, proof: tuple[bytes, ...]) -> None:
    """422, and what was cosigned stays what it was."""
    await add(running, 0)
    running.peer.grow(b"two", b"three")
    body = AddCheckpoint(1, proof, running.peer.note()).to_bytes()
    answer = await running.post(PATH, body)
    assert (answer.status, answer.problem) == (422, "bad-proof")
    async with running.node.store.read() as connection:
        kept = await cosigned.get(connection, running.peer.fingerprint)
    assert kept is not None
    assert kept.size == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n\nnote", 400),
        (b"old -1\n\n", 400),
        (b"\xff" * 100, 400),
        (b"old 0\n" + b"\n" * 200, 400),
        (b"x" * (MAX_REQUEST + 1), 413),
    ],
)
async def test_what_is_no_request_is_refused(running: Served, body: bytes, status: int) -> None:
    """Whatever arrives, the node says what is wrong with it, and goes on."""
    answer = await running.post(PATH, body)
    assert (answer.status, bool(answer.problem)) == (status, True)


async def test_of_two_histories_at_once_one_is_cosigned(running: Served) -> None:
    """The check and the keeping are one transaction."""
    running.peer.grow(b"two")
    fork = forked(running.peer)
    logs = [running.peer, fork] * 3
    answers = await asyncio.gather(*(add(running, 0, log=log) for log in logs))
    won = {log.tiles.root for log, each in zip(logs, answers, strict=True) if each.status == 200}
    assert len(won) == 1
    async with running.node.store.read() as connection:
        rows = (await connection.execute(cosigned_heads.select())).all()
    assert [row.root for row in rows] == list(won)
