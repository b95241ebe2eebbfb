"""What a node shows to everybody: checkpoint, tiles, community statements, discovery.

It proves itself against the log, and is returned as it was received.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

import stamina

from node.answers import accepted
from node.errors import Unreachable
from node.keyring import signing_keys_in
from node.ledger import own_head_in
from node.node import Node
from node.outbound import Outbound
from protocol.encoding import from_json
from protocol.errors import Malformed
from protocol.exchange import MAX_COMMUNITY_ANSWER, MAX_DISCOVERY, CommunityAnswer, Discovery
from protocol.keys import SigningKey, http_key_id
from protocol.note import MAX_NOTE
from protocol.tiles import Tile

WELL_KNOWN = "/.well-known/comity"
LOG_PATH = "/comity/v1/log"

ATTEMPTS = 3
"""How often what can safely be asked again is asked, as long as its deadline is not over."""

Clock = Callable[[], int]

# Its own hooks would print each new attempt on standard output, where scripts read our answers.
stamina.instrumentation.set_on_retry_hooks(())


@dataclass(frozen=True)
class Caller:
    """Who asks: this node, its HTTP client and its clock (Unix seconds)."""

    node: Node
    outbound: Outbound
    clock: Clock

    async def identity(self) -> tuple[str, SigningKey]:
        """Our `keyid` and `http` key, looked up each time: keys rotate while nodes run."""
        async with self.node.store.read() as connection:
            head = await own_head_in(connection)
            key = (await signing_keys_in(connection, self.node.vault)).http
        return http_key_id(head.origin.removesuffix("/comity"), key.public_key), key


class PublicLog:
    """What a node shows to everybody. It is retried where it failed: reading changes nothing.

    Every method raises `Unreachable`, `Refused`, `TooLarge` or `Malformed`.
    """

    def __init__(self, caller: Caller, url: str) -> None:
        self.url = url
        self._caller = caller
        self._config = caller.node.config

    async def discovery(self) -> Discovery:
        """What the host of this address says of itself, signed by nobody."""
        origin = f"{self._parts.scheme}://{self._parts.netloc}"
        return read_discovery(await self._get(f"{origin}{WELL_KNOWN}", MAX_DISCOVERY))

    async def checkpoint(self) -> bytes:
        """The newest note of its log, not verified."""
        return await self._get_of_log("/checkpoint", MAX_NOTE)

    async def tile(self, tile: Tile) -> bytes:
        """A hash tile, not verified."""
        return await self._get_of_log(f"/{tile.path()}", self._config.document_bytes)

    async def community(self) -> CommunityAnswer:
        """The community statements of its log with their proofs, not verified."""
        data = await self._get_of_log("/community", MAX_COMMUNITY_ANSWER)
        return await asyncio.to_thread(CommunityAnswer.from_bytes, data, MAX_COMMUNITY_ANSWER)

    @cached_property
    def _parts(self) -> SplitResult:
        try:
            return urlsplit(self.url)
        except ValueError as error:
            raise Malformed("not a URL") from error

    async def _get_of_log(self, path: str, max_bytes: int) -> bytes:
        return await self._get(f"{self.url}{LOG_PATH}{path}", max_bytes)

    async def _get(self, url: str, max_bytes: int) -> bytes:
        async def get() -> bytes:
            response = await self._caller.outbound.fetch(
                "GET", url, headers={}, max_bytes=max_bytes, deadline=self._config.peer_deadline
            )
            return accepted(response)

        return await self._patiently(get)

    async def _patiently(self, get: Callable[[], Awaitable[bytes]]) -> bytes:
        """Ask again where nothing came back, as long as the deadline of one request is not over."""
        again = stamina.AsyncRetryingCaller(
            attempts=ATTEMPTS, timeout=self._config.peer_deadline, wait_initial=0.2, wait_max=1.0
        )
        return await again(Unreachable, get)


def read_discovery(data: bytes) -> Discovery:
    """Read a discovery document, which people may have written by hand: any JSON of its form.

    Raises:
        TooLarge, Malformed: it is none.
    """
    return Discovery.from_value(from_json(data, MAX_DISCOVERY))
