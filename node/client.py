"""Typed calls to one peer; whatever comes back signed is verified before anybody sees it.

What everybody may read is asked for as `public_log` does. What only peers are told is asked in
signed requests, and its answer is believed under the `http` key in force in the peer's log as held
here (SPEC.md, section 8). Refusals are only told apart by their code; nothing follows from them but
not being heard.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from node.answers import FRAME, accepted, content_type, problem_code
from node.clock import now
from node.errors import Refused, Unreachable
from node.node import Node
from node.outbound import Outbound, Response, open_outbound
from node.public_log import LOG_PATH, Caller, Clock, PublicLog
from node.store import logs
from node.store.peers import Peer
from protocol.encoding import Message, base64url, from_base64url
from protocol.errors import Malformed, Replayed, UnknownKey, Violation
from protocol.exchange import (
    MAX_HEADS_ANSWER,
    MAX_RECORDS_ANSWER,
    EvaluateAnswer,
    EvaluateRequest,
    EventAnswer,
    EventRequest,
    HeadsAnswer,
    HeadsRequest,
    PeeringAnswer,
    PeeringRequest,
    RecordsAnswer,
    RecordsRequest,
)
from protocol.inquiry import MAX_INQUIRY_ANSWER, Inquiry, InquiryState
from protocol.keys import http_key_id
from protocol.note import MAX_NOTE, NoteSignature, parse_signatures
from protocol.sealing import MAX_RECORD
from protocol.signatures import (
    NONCE_SIZE,
    Answer,
    Request,
    authority_of,
    read_answer_signature,
    sign_request,
    verify_answer,
)
from protocol.tiles import TILE_WIDTH, Bundle, encode_bundle, parse_bundle
from protocol.witness import AddCheckpoint, parse_size_answer

_RECORD_TEXT = -(-MAX_RECORD * 4 // 3) + 3
_ELEMENT_TEXT = 43 + 3
"""Bytes of a record, or element, in an answer: in base64url, with quotation marks and comma."""

# C2SP names no type for a checkpoint that is sent; the edge wants one named.
_NOTE = "text/plain"

M = TypeVar("M", bound=Message)


class WrongAnswer(Malformed):
    """An answer that the peer itself signed, and that is not of the form that is due."""


class AtAnotherSize(Violation):
    """The witness cosigned another size last than the proof begins at (C2SP tlog-witness)."""

    code = "conflict"
    status = 409

    def __init__(self, size: int) -> None:
        super().__init__("the witness cosigned size %(size)s last", size=size)
        self.size = size


@dataclass(frozen=True)
class Clients:
    """Clients for all peers, over one set of connections."""

    caller: Caller

    @property
    def outbound(self) -> Outbound:
        """For what is fetched from elsewhere: where a domain points to."""
        return self.caller.outbound

    def to(self, peer: Peer) -> "PeerClient":
        """The client of a peer.

        Raises:
            Unreachable: the peer has no address: it only asks.
        """
        if peer.url is None:
            raise Unreachable("this community has no address: it only asks")
        return PeerClient(self.caller, peer.url, peer.fingerprint)

    def at(self, url: str, fingerprint: bytes, community: str, http_key: bytes) -> "PeerClient":
        """The client of a community whose log is not held here yet, under a key that was shown."""
        return PeerClient(self.caller, url, fingerprint, http_key_id(community, http_key), http_key)

    def public(self, url: str) -> PublicLog:
        """What anybody may read below a base URL."""
        return PublicLog(self.caller, url)


@asynccontextmanager
async def connect(node: Node, *, clock: Clock = now) -> AsyncIterator[Clients]:
    """Clients for a node's peers, and their connections, for as long as the context lasts."""
    async with open_outbound(allow_private_networks=node.config.allow_private_networks) as outbound:
        yield Clients(Caller(node, outbound, clock))


class PeerClient(PublicLog):
    """What a peer answers to its peers only.

    Every method raises `Unreachable`, `Refused`, or a `Violation` where the answer is not the
    peer's or not of its form.
    """

    def __init__(
        self,
        caller: Caller,
        url: str,
        fingerprint: bytes,
        keyid: str | None = None,
        http_key: bytes | None = None,
    ) -> None:
        super().__init__(caller, url)
        self.fingerprint = fingerprint
        self._shown = None if keyid is None or http_key is None else (keyid, http_key)

    async def bundle(self, bundle: Bundle) -> bytes:
        """An entry bundle, not verified; signed for, as entries may be for peers only."""
        try:
            return await self._get_bundle(bundle)
        except Refused as error:
            if error.problem != "not-found" or bundle.width == TILE_WIDTH:
                raise
        # A log may drop a partial tile once the full one is there (C2SP tlog-tiles).
        whole = await self._get_bundle(Bundle(bundle.index))
        return encode_bundle(parse_bundle(whole, TILE_WIDTH)[: bundle.width])

    async def evaluate(self, request: EvaluateRequest) -> EvaluateAnswer:
        """Evaluations and their proof, which is the caller's to verify.

        Raises:
            WrongAnswer: the peer signed it, and it is no answer to this request.
        """
        count = len(request.blinded)
        answer = await self._ask(
            EvaluateAnswer,
            "/evaluate",
            request,
            max_bytes=FRAME + count * _ELEMENT_TEXT,
            deadline=self._config.evaluation_deadline,
        )
        if len(answer.evaluated) != count:
            raise WrongAnswer("as many evaluated elements as blinded ones are due")
        return answer

    async def records(self, ids: Sequence[str]) -> list[bytes | None]:
        """Sealed records in the order asked, None where gone; their hashes are the caller's."""
        limit = min(MAX_RECORDS_ANSWER, FRAME + len(ids) * _RECORD_TEXT)
        request = RecordsRequest(v=1, ids=tuple(ids))
        answer = await self._ask(RecordsAnswer, "/records", request, max_bytes=limit)
        if len(answer.records) != len(ids):
            raise WrongAnswer("as many records as ids are due")
        return await asyncio.to_thread(_records, answer)

    async def declare(self, event: EventRequest) -> EventAnswer:
        """Declare an event, or end it."""
        return await self._ask(EventAnswer, "/events", event, max_bytes=self._config.document_bytes)

    async def inquire(self, inquiry: Inquiry) -> InquiryState:
        """Ask about an attestation; how the question stands from now on."""
        return await self._ask(InquiryState, "/inquiries", inquiry, max_bytes=MAX_INQUIRY_ANSWER)

    async def inquiry(self, hash_: bytes) -> InquiryState:
        """How a question stands that was asked before; its answer is the caller's to verify."""
        path = f"/inquiries/{base64url(hash_)}"
        return await self._ask(InquiryState, path, None, max_bytes=MAX_INQUIRY_ANSWER)

    async def peering(self, request: PeeringRequest) -> PeeringAnswer:
        """Ask to peer, accept, leave or extend."""
        return await self._ask(
            PeeringAnswer, "/peering", request, max_bytes=self._config.document_bytes
        )

    async def heads(self, origins: Sequence[str]) -> list[bytes | None]:
        """The newest notes that the peer holds of logs, not verified, in the order asked."""
        limit = min(MAX_HEADS_ANSWER, FRAME + len(origins) * 2 * MAX_NOTE)
        request = HeadsRequest(v=1, origins=tuple(origins))
        answer = await self._ask(HeadsAnswer, "/heads", request, max_bytes=limit)
        if len(answer.notes) != len(origins):
            raise WrongAnswer("as many notes as origins are due")
        return [None if note is None else note.encode() for note in answer.notes]

    async def mirrored_checkpoint(self, origin: str) -> bytes:
        """The note of a log as the peer has replicated it, not verified."""
        return await self._get_signed(f"{_mirror(origin)}/checkpoint", MAX_NOTE)

    async def mirrored_bundle(self, origin: str, bundle: Bundle) -> bytes:
        """An entry bundle of a log as the peer has replicated it, not verified."""
        path = f"{_mirror(origin)}/{bundle.path()}"
        return await self._get_signed(path, self._config.answer_bytes)

    async def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """The peer's cosignature lines for our checkpoint, not verified.

        Not signed as other requests are: the note is (C2SP tlog-witness).

        Raises:
            AtAnotherSize: the proof has to begin at another size.
        """
        response = await self._caller.outbound.fetch(
            "POST",
            f"{self.url}{LOG_PATH}/add-checkpoint",
            headers={"Content-Type": _NOTE},
            body=request.to_bytes(),
            max_bytes=MAX_NOTE,
            deadline=self._config.peer_deadline,
        )
        if response.status == AtAnotherSize.status and problem_code(response) is None:
            raise AtAnotherSize(parse_size_answer(response.body))
        return parse_signatures(accepted(response))

    async def _get_bundle(self, bundle: Bundle) -> bytes:
        return await self._get_signed(f"{LOG_PATH}/{bundle.path()}", self._config.answer_bytes)

    async def _get_signed(self, path: str, max_bytes: int) -> bytes:
        async def get() -> bytes:
            # It is held against a root; a signature of the answer would say nothing more.
            deadline = self._config.peer_deadline
            response, _ = await self._send("GET", path, b"", max_bytes, deadline)
            return accepted(response)

        return await self._patiently(get)

    async def _ask(
        self,
        form: type[M],
        path: str,
        message: Message | None,
        *,
        max_bytes: int,
        deadline: float | None = None,
    ) -> M:
        """Post a message, or get what is there; read the answer once it is shown to be the peer's.

        Raises:
            WrongAnswer: it is the peer's, and not of this form.
        """
        response, request_signature = await self._send(
            "GET" if message is None else "POST",
            f"/comity/v1{path}",
            b"" if message is None else message.to_bytes(),
            max_bytes,
            deadline or self._config.peer_deadline,
        )
        accepted(response)
        body = await self._verified(response, request_signature)
        try:
            # Megabytes take a good part of a second: not in the loop.
            return await asyncio.to_thread(form.from_bytes, body, max_bytes)
        except Violation as error:
            raise WrongAnswer(str(error)) from error

    async def _send(
        self, method: str, path: str, body: bytes, max_bytes: int, deadline: float
    ) -> tuple[Response, str]:
        """Sign and send; once more where the other side saw the very request before.

        aiohttp sends a GET again by itself when a kept connection turns out to be dead.
        """
        response, signature = await self._send_once(method, path, body, max_bytes, deadline)
        if response.status == Replayed.status and problem_code(response) == Replayed.code:
            return await self._send_once(method, path, body, max_bytes, deadline)
        return response, signature

    async def _send_once(
        self, method: str, path: str, body: bytes, max_bytes: int, deadline: float
    ) -> tuple[Response, str]:
        target = f"{self._parts.path}{path}"
        request = Request(method, authority_of(self.url), target, body)
        keyid, key = await self._caller.identity()
        nonce = secrets.token_bytes(NONCE_SIZE)
        headers = sign_request(request, key, keyid, self._caller.clock(), nonce)
        response = await self._caller.outbound.fetch(
            method,
            f"{self.url}{path}",
            headers=headers,
            body=body,
            max_bytes=max_bytes,
            deadline=deadline,
        )
        return response, headers["Signature"]

    async def _verified(self, response: Response, request_signature: str) -> bytes:
        """The body, once shown to be the peer's answer to this very request."""
        answer = Answer(response.status, response.body, content_type(response))
        claim = read_answer_signature(response.headers, self._caller.clock())
        keyid, key = await self._answer_key()
        if claim.keyid != keyid:
            raise UnknownKey("the answer is signed by a key that the peer's log, as held, has not")
        verify_answer(answer, response.headers, claim, key, request_signature)
        return response.body

    async def _answer_key(self) -> tuple[str, bytes]:
        if self._shown is not None:
            return self._shown
        async with self._caller.node.store.read() as connection:
            head = await logs.head_of(connection, self.fingerprint)
            if head is None:
                raise UnknownKey("nothing is held of this peer's log yet")
            replayed = await self._caller.node.registers.at(connection, head)
        community = replayed.register.community
        return http_key_id(community.id, community.keys.http), community.keys.http


def _mirror(origin: str) -> str:
    return f"/comity/v1/mirror/{hashlib.sha256(origin.encode()).hexdigest()}"


def _records(answer: RecordsAnswer) -> list[bytes | None]:
    try:
        found = [None if text is None else from_base64url(text) for text in answer.records]
    except Malformed as error:
        raise WrongAnswer("a record that is not base64url") from error
    if any(data is not None and len(data) > MAX_RECORD for data in found):
        raise WrongAnswer("a record of more bytes than records have")
    return found
