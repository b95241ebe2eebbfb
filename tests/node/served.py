"""A node that serves on loopback, one admitted peer that it holds the log of, and raw requests."""

import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from node import keyring, ledger
from node.app import serving
from node.federation.service import Service
from node.keyring import Keys
from node.node import Node
from node.store import logs, peers
from node.store.logs import Head
from node.store.peers import Peer
from protocol import ristretto
from protocol.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from protocol.encoding import base64url
from protocol.keys import SigningKey, http_key_id
from protocol.merkle import EMPTY_ROOT, leaf_hash
from protocol.ristretto import Scalar
from protocol.signatures import (
    Answer,
    Request,
    read_answer_signature,
    sign_request,
    verify_answer,
)
from protocol.verified_tiles import EMPTY_TREE, VerifiedTiles
from protocol.voprf import OprfKey, derive_key_pair
from tests.node.edge import RawAnswer, exchange, request_bytes
from tests.protocol.committee import genesis, key

NOW = 1_803_902_400
"""Noon of the day on which the committee of the tests decides."""

AUTHORITY = "comity.python.example"
BASE = "/federation"
PEER_ID = "conf.example"
OPRF: OprfKey = derive_key_pair(bytes(range(32)), b"served")
KEYS = Keys(*(key(f"own {use}") for use in ("log", "cosign", "http", "issue")))


def own_genesis(**changes: Any) -> bytes:
    """The genesis of the community that serves, at an address with a path."""
    own = {
        "url": f"https://{AUTHORITY}{BASE}",
        "keys": {name: base64url(each.public_key) for name, each in vars(KEYS).items()},
        "oprf": [base64url(OPRF.public)],
    }
    return genesis(**(own | changes))


async def founded(node: Node, **changes: Any) -> Head:
    """Keep the keys of the community, and begin its log."""
    async with node.store.write() as connection:
        await keyring.keep(connection, node.vault, KEYS, OPRF, NOW)
    return await ledger.begin(node, own_genesis(**changes), NOW)


@dataclass
class PeerLog:
    """The log of a peer, as the peer itself has it."""

    id: str = PEER_ID
    seed: str = ""
    keys: dict[str, SigningKey] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)
    tiles: VerifiedTiles = EMPTY_TREE

    def __post_init__(self) -> None:
        self.keys = {
            use: key(f"{self.id}{self.seed} {use}") for use in ("log", "cosign", "http", "issue")
        }
        public = {use: base64url(each.public_key) for use, each in self.keys.items()}
        url = f"https://comity.{self.id}"
        self.grow(genesis(id=self.id, name="Conference", url=url, keys=public))

    @property
    def fingerprint(self) -> bytes:
        """Who it is."""
        return leaf_hash(self.entries[0])

    @property
    def keyid(self) -> str:
        """How its requests name its key."""
        return http_key_id(self.id, self.keys["http"].public_key)

    def grow(self, *entries: bytes) -> None:
        """Append, without asking whether the entries say anything."""
        leaves = [leaf_hash(entry) for entry in (*self.entries, *entries)]
        growth = EMPTY_TREE.append(leaves)
        self.tiles = VerifiedTiles(growth.size, growth.root, growth.tiles)
        self.entries += entries

    def note(self, by: str = "log", now: int = NOW) -> bytes:
        """The signed checkpoint of its newest head."""
        head = Checkpoint(origin_of(self.id), self.tiles.size, self.tiles.root)
        note = sign_checkpoint(head, self.keys[by])
        line = cosign(note.text, self.keys["cosign"], head.origin, now)
        return note.with_signatures([line]).to_bytes()

    def proof(self, old_size: int) -> tuple[bytes, ...]:
        """That its newest head extends the one of that size."""
        return tuple(self.tiles.consistency_proof(old_size)) if old_size else ()


async def admitted(node: Node, peer: PeerLog, state: Any = "active") -> None:
    """Hold a peer's log, and have it as a peer in that state."""
    leaves = [leaf_hash(entry) for entry in peer.entries]
    empty = Head(peer.fingerprint, origin_of(peer.id), own=False, size=0, root=EMPTY_ROOT, note=b"")
    row = Peer(peer.fingerprint, peer.id, "Conference", None, state, True, NOW, NOW, NOW, None)  # noqa: FBT003
    async with node.store.write() as connection:
        await logs.begin(connection, empty)
        await logs.extend(connection, empty, peer.note(), peer.entries, EMPTY_TREE.append(leaves))
        await peers.add(connection, row)


@dataclass
class Served:
    """A node that serves, its clock, and a peer that asks it."""

    node: Node
    service: Service
    port: int
    clock: list[int]
    peer: PeerLog
    _nonces: Any = field(default_factory=lambda: itertools.count(secrets.randbits(64)))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> RawAnswer:
        """An unsigned GET; `path` below the base URL, or from the root where it begins there."""
        target = path if path.startswith(("/.well-known", "/healthz")) else f"{BASE}{path}"
        return await self.send(Request("GET", AUTHORITY, target), headers or {})

    async def post(self, path: str, body: bytes, media_type: str = "text/plain") -> RawAnswer:
        """An unsigned POST."""
        request = Request("POST", AUTHORITY, f"{BASE}{path}", body, media_type)
        return await self.send(request, {"Content-Type": media_type})

    async def ask(self, path: str, body: bytes = b"", *, method: str = "POST") -> RawAnswer:
        """A request as the peer signs it; the answer is verified, as the peer does."""
        request = Request(method, AUTHORITY, f"{BASE}/comity/v1{path}", body)
        headers = self.signed(request)
        answer = await self.send(request, headers)
        self.verify(answer, headers)
        return answer

    def signed(self, request: Request, peer: PeerLog | None = None) -> dict[str, str]:
        """The header fields with which a peer signs, now."""
        by = peer or self.peer
        nonce = next(self._nonces).to_bytes(16, "big")
        return sign_request(request, by.keys["http"], by.keyid, self.clock[0], nonce)

    async def send(self, request: Request, headers: dict[str, str]) -> RawAnswer:
        """Exactly these bytes, on a connection of their own."""
        return await exchange(self.port, request_bytes(request, headers))

    def verify(self, answer: RawAnswer, headers: dict[str, str]) -> None:
        """Verify that an answer is this node's, to the request with those header fields."""
        lines = list(answer.headers.items())
        claim = read_answer_signature(lines, self.clock[0])
        content_type = answer.headers.get("content-type", "application/json")
        received = Answer(answer.status, answer.body, content_type)
        public_key = KEYS.http.public_key
        verify_answer(received, lines, claim, public_key, headers["Signature"])


@asynccontextmanager
async def served(node: Node, **changes: Any) -> AsyncIterator[Served]:
    """The whole node on a free port of loopback, with `changes` to what its community says."""
    await founded(node, **changes)
    peer = PeerLog()
    await admitted(node, peer)
    clock = [NOW]
    async with serving(node, "127.0.0.1:0", now=lambda: clock[0]) as running:
        port = int(running.url.rpartition(":")[2])
        yield Served(node, running.service, port, clock, peer)


def blinded(count: int, seed: int = 1) -> list[bytes]:
    """Elements such as an asker sends."""
    factors = range(seed, seed + count)
    return [ristretto.multiply_base(Scalar(each.to_bytes(32, "little"))) for each in factors]
