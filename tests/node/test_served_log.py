"""What anybody reads of a node's log: C2SP tiles, proven statements, nothing that was altered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select, update

from node import ledger
from node.node import Node
from node.tables import log_entries, log_tiles, logs, peers
from protocol.checkpoint import cosign_key, cosignature_time, origin_of, verify_checkpoint
from protocol.encoding import base64url, from_base64url
from protocol.errors import BadProof
from protocol.exchange import CommunityAnswer, Discovery
from protocol.keys import oprf_key_id
from protocol.merkle import leaf_hash, tree_root
from protocol.register import Register
from protocol.tiles import Bundle, Tile, TileId, bundles_of, edge_tiles, parse_bundle
from protocol.tlog_proof import TlogProof
from protocol.verified_tiles import edge_root
from tests.node.served import BASE, KEYS, NOW, Served, own_genesis, served
from tests.protocol.committee import attest_decision, attest_item, community_decision, entry

pytestmark = pytest.mark.wire

ORIGIN = origin_of("python.example")
LOG = "/comity/v1/log"


@pytest.fixture
async def running(node: Node) -> AsyncIterator[Served]:
    async with served(node) as running:
        yield running


async def publish(node: Node, count: int) -> None:
    """Let the log grow by attestations."""
    register = await ledger.own_register(node)
    oprf = register.community.oprf[0]
    entries = []
    for _ in range(count):
        seal = attest_item()["seal"] | {"key": base64url(oprf_key_id(oprf))}
        made = entry(attest_decision(register, attest_item(seal=seal)), "ada", "bob")
        entries.append(made)
    await ledger.append(node, entries, NOW)


async def read_head(running: Served) -> Any:
    answer = await running.get(f"{LOG}/checkpoint")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-cache"
    return verify_checkpoint(answer.body, KEYS.log.public_key, ORIGIN)


@pytest.mark.parametrize("count", [0, 3, 299])
async def test_any_c2sp_client_can_read_the_log(running: Served, count: int) -> None:
    """From checkpoint and tile paths alone: every tile, every entry, and the root they give."""
    if count:
        await publish(running.node, count)
    head = (await read_head(running)).head
    assert head.size == count + 1
    edge: dict[TileId, bytes] = {}
    for tile in edge_tiles(head.size):
        answer = await running.get(f"{LOG}/{tile.path()}")
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        edge[tile.id] = answer.body
    assert edge_root(head.size, edge) == head.root
    entries: list[bytes] = []
    for bundle in bundles_of(0, head.size):
        answer = await running.get(f"{LOG}/{bundle.path()}")
        leaves = await running.get(f"{LOG}/{Tile(0, bundle.index, bundle.width).path()}")
        part = parse_bundle(answer.body, bundle.width)
        assert b"".join(map(leaf_hash, part)) == leaves.body
        entries += part
    assert tree_root([leaf_hash(each) for each in entries]) == head.root
    assert Register.replay(entries).size == head.size


async def test_the_checkpoint_carries_the_communitys_own_time(running: Served) -> None:
    """So that a reader can tell a fresh head from one that somebody keeps showing."""
    note = (await read_head(running)).note
    own = cosign_key("python.example", KEYS.cosign.public_key)
    assert cosignature_time(note, own) == NOW


async def test_a_partial_tile_of_an_older_head_stays_readable(running: Served) -> None:
    """A client that read an older checkpoint finds what it was made of."""
    await publish(running.node, 4)
    older = await running.get(f"{LOG}/{Tile(0, 0, 2).path()}")
    newer = await running.get(f"{LOG}/{Tile(0, 0, 5).path()}")
    assert older.body == newer.body[:64]
    first = await running.get(f"{LOG}/{Bundle(0, 1).path()}")
    assert parse_bundle(first.body, 1) == [own_genesis()]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000",
        "tile/0/000.p/2",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "tile/0/000.p/0",
        "tile/0/0",
        "tile/64/000.p/1",
        "tile/0/x001/x234/067",
        "tile/entries/000",
        "tile/entries/000.p/2",
        "tile/entries/000.p/01",
        "tile/0/../../../records",
        "tile/0/000.p/1/",
        "nothing",
    ],
)
async def test_what_the_log_has_not_is_not_found(running: Served, path: str) -> None:
    """Tiles beyond the tree and paths in other spellings."""
    answer = await running.get(f"{LOG}/{path}")
    assert (answer.status, answer.problem) == (404, "not-found")


async def test_the_community_statements_are_proven_without_the_other_entries(
    running: Served,
) -> None:
    """Whoever may not read the entries still learns the keys, and that they are in the log."""
    await publish(running.node, 2)
    register = await ledger.own_register(running.node)
    value = register.community.to_value() | {"name": "Python Software Foundation"}
    renamed = entry(community_decision(register, **value), "ada")
    await ledger.append(running.node, [renamed], NOW)
    answer = await running.get(f"{LOG}/community")
    assert answer.headers["cache-control"] == "no-cache"
    statements = CommunityAnswer.from_bytes(answer.body, 100_000).statements
    assert [statement.index for statement in statements] == [0, 3]
    entries = [from_base64url(statement.entry) for statement in statements]
    assert entries == [own_genesis(), renamed]
    for statement, data in zip(statements, entries, strict=True):
        proof = TlogProof.from_bytes(statement.proof.encode())
        assert proof.index == statement.index
        head = proof.verify(data, KEYS.log.public_key, ORIGIN).head
        assert head.size == 4


async def test_the_proofs_are_of_those_entries_alone(running: Served) -> None:
    """The check above can fail."""
    statement = CommunityAnswer.from_bytes(
        (await running.get(f"{LOG}/community")).body, 100_000
    ).statements[0]
    proof = TlogProof.from_bytes(statement.proof.encode())
    with pytest.raises(BadProof):
        proof.verify(own_genesis(name="Another"), KEYS.log.public_key, ORIGIN)


async def test_discovery_points_to_the_log(running: Served) -> None:
    """At the root of the host, whatever the path of the base URL."""
    answer = await running.get("/.well-known/comity")
    found = Discovery.from_bytes(answer.body, 10_000)
    register = await ledger.own_register(running.node)
    assert found.url == f"https://comity.python.example{BASE}"
    assert (found.id, found.fingerprint) == ("python.example", register.fingerprint)


async def test_entries_for_peers_are_shown_to_admitted_peers_only(node: Node) -> None:
    """A stranger and a removed peer read no entry; hash tiles stay public (row 20)."""
    async with served(node, entries="peers") as running:
        path = f"/log/{Bundle(0, 1).path()}"
        refused = await running.get(f"/comity/v1{path}")
        assert (refused.status, refused.problem) == (401, "bad-signature")
        answer = await running.ask(path, method="GET")
        assert parse_bundle(answer.body, 1) == [own_genesis(entries="peers")]
        assert answer.headers["cache-control"] == "private, no-store"
        assert (await running.get(f"{LOG}/{Tile(0, 0, 1).path()}")).status == 200
        async with node.store.write() as connection:
            await connection.execute(update(peers).values(state="removed"))
        removed = await running.get(f"/comity/v1{path}")
        assert removed.status == 401


async def test_nobody_tells_which_software_answers(running: Served) -> None:
    """The version of the HTTP server is nobody's business."""
    answer = await running.get("/healthz")
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert answer.headers["server"] == "comity"


async def test_a_log_is_read_by_get_alone(running: Served) -> None:
    """No HEAD, no POST."""
    answer = await running.post(f"{LOG}/checkpoint", b"")
    assert (answer.status, answer.problem) == (405, "method-not-allowed")


FLIPS = {
    "an entry": (log_entries, "entry"),
    "a tile": (log_tiles, "hashes"),
    "the root": (logs, "root"),
    "the note": (logs, "note"),
}


@pytest.mark.parametrize("what", FLIPS)
async def test_row_33_a_flipped_bit_is_never_served(node: Node, what: str) -> None:
    """Each resource that needs the altered bytes refuses, and says that it is the node's fault."""
    async with served(node) as running:
        table, column = FLIPS[what]
        own = (await ledger.own_head(node)).fingerprint
        key = table.c.fingerprint if table is logs else table.c.log
        async with node.store.write() as connection:
            held = await connection.execute(select(table.c[column]).where(key == own))
            data: bytes = held.scalar_one()
            flipped = data[:-7] + bytes([data[-7] ^ 1]) + data[-6:]
            change = update(table).where(key == own).values({column: flipped})
            await connection.execute(change)
        node.registers.forget(own)
        entries = await running.get(f"{LOG}/{Bundle(0, 1).path()}")
        tile = await running.get(f"{LOG}/{Tile(0, 0, 1).path()}")
        checkpoint = await running.get(f"{LOG}/checkpoint")
        refused = {
            name
            for name, answer in (("entries", entries), ("tile", tile), ("checkpoint", checkpoint))
            if (answer.status, answer.problem) == (503, "unavailable")
        }
        assert (
            refused
            == {
                "an entry": {"entries", "checkpoint"},
                "a tile": {"entries", "tile", "checkpoint"},
                "the root": {"entries", "tile", "checkpoint"},
                "the note": {"checkpoint"},
            }[what]
        )
