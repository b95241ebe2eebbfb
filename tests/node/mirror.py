"""A node that shows whatever log it is given, under real keys: how a dishonest issuer would lie."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from node.keyring import Keys, signing_keys
from node.store import logs, peers, records
from protocol.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from protocol.encoding import base64url
from protocol.exchange import MAX_RECORDS_BODY, RecordsAnswer, RecordsRequest
from protocol.keys import http_key_id
from protocol.merkle import leaf_hash
from protocol.signatures import Answer, sign_answer
from protocol.tiles import Bundle, Tile, encode_bundle, parse_path
from protocol.verified_tiles import EMPTY_TREE
from tests.node.federation import Community


@dataclass
class Mirror:
    """What is shown, and how; all of it may be changed while it serves."""

    of: Community
    keys: Keys
    entries: list[bytes]
    records: dict[str, bytes]
    time: int
    url: str = ""
    asked: list[list[str]] = field(default_factory=list)
    refuses_records_after: int = 1000
    records_take: float = 0.0
    """Seconds until an answer with records."""
    cosigns: bool = True
    on_records: Callable[[], None] = lambda: None
    """Called when records are asked for, before they are answered."""
    note: bytes | None = None
    """Shown instead of the note that the entries would have."""

    def checkpoint(self) -> bytes:
        """The note of the entries, signed and cosigned as it should be."""
        growth = EMPTY_TREE.append([leaf_hash(entry) for entry in self.entries])
        origin = origin_of(self.of.id)
        note = sign_checkpoint(Checkpoint(origin, growth.size, growth.root), self.keys.log)
        lines = [cosign(note.text, self.keys.cosign, origin, self.time)] if self.cosigns else []
        return note.with_signatures(lines).to_bytes()

    async def _checkpoint(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.note or self.checkpoint(), content_type="text/plain")

    async def _tile(self, request: web.Request) -> web.Response:
        wanted = parse_path(request.match_info["path"])
        if isinstance(wanted, Bundle):
            begin = wanted.index * 256
            return web.Response(body=encode_bundle(self.entries[begin : begin + wanted.width]))
        growth = EMPTY_TREE.append([leaf_hash(entry) for entry in self.entries])
        assert isinstance(wanted, Tile)
        return web.Response(body=growth.tiles[wanted.id][: wanted.width * 32])

    async def _records(self, request: web.Request) -> web.Response:
        asked = RecordsRequest.from_bytes(await request.read(), MAX_RECORDS_BODY)
        self.asked.append(list(asked.ids))
        self.on_records()
        if len(self.asked) > self.refuses_records_after:
            return web.Response(status=503)
        await asyncio.sleep(self.records_take)
        found = [self.records.get(id_) for id_ in asked.ids]
        answer = RecordsAnswer(
            v=1, records=tuple(None if each is None else base64url(each) for each in found)
        )
        body = answer.to_bytes()
        keyid = http_key_id(self.of.id, self.keys.http.public_key)
        fields = sign_answer(
            Answer(200, body), request.headers["Signature"], self.keys.http, keyid, self.time
        )
        return web.Response(body=body, headers=fields)

    def application(self) -> web.Application:
        """What it serves."""
        app = web.Application()
        app.router.add_get("/comity/v1/log/checkpoint", self._checkpoint)
        app.router.add_get("/comity/v1/log/{path:tile/.+}", self._tile)
        app.router.add_post("/comity/v1/records", self._records)
        return app


@asynccontextmanager
async def mirror(of: Community) -> AsyncIterator[Mirror]:
    """A node beside the community's own, with its keys, and for a start with its very log."""
    head = await of.head()
    async with of.node.store.read() as connection:
        entries = await logs.entries(connection, head)
        held = await records.held(connection, head.fingerprint)
        found = await records.get(connection, head.fingerprint, held)
    made = Mirror(of, await signing_keys(of.node), entries, found, of.now)
    runner = web.AppRunner(made.application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()


async def led_to(follower: Community, shown: Mirror) -> None:
    """From now on the follower reaches the mirror where it thinks to reach the community."""
    async with follower.node.store.write() as connection:
        await peers.change(connection, await shown.of.fingerprint(), url=shown.url)


def swapped(entries: Sequence[bytes], one: int, other: int) -> list[bytes]:
    """The entries with two of them in each other's place."""
    changed = list(entries)
    changed[one], changed[other] = changed[other], changed[one]
    return changed
