"""Requests that a peer signed, and answers that this node signs (SPEC.md, section 8).

The order is that of cost and of trust: the signature's form and time (headers only), whose key it
claims (one look-up), the body within its cap, the signature over the bytes as received, the nonce.
Only then does a handler see, and parse, anything. Refusals before that are unsigned, since whoever
is refused has shown no signature that an answer could be bound to; everything after it is signed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import HttpVersion10, web

from node.federation.bodies import BODY_DEADLINE, read_body
from node.federation.pace import Pace
from node.federation.problems import Handler, answer_or_problem
from protocol.errors import Malformed, Replayed, Unavailable, UnknownKey
from protocol.keys import SigningKey
from protocol.signatures import (
    Answer,
    Request,
    RequestClaim,
    VerifiedRequest,
    read_request_signature,
    sign_answer,
    verify_request,
)


@dataclass(frozen=True)
class AdmittedPeer:
    """A peer that is admitted here, with the `http` key (32 bytes) that a keyid named."""

    fingerprint: bytes
    id: str
    http_key: bytes


class PeerDirectory(Protocol):
    """Whom this node answers, and what it has answered before. Kept in the database."""

    async def http_key(self, keyid: str) -> AdmittedPeer | None:
        """The admitted peer with that key in force in its log; None leads to `unknown-key`.

        Raises:
            NotAdmitted: the key is known, its community is no admitted peer.
        """

    async def remember_nonce(self, keyid: str, nonce: bytes, expires: int) -> bool:
        """Remember a nonce until `expires` (seconds, inclusive); False if it is remembered already.

        Durable and atomic: of two calls with one nonce, exactly one gets True, whatever restarts.
        """


@dataclass(frozen=True)
class Edge:
    """This node as its peers address it.

    `authority` comes from the configured URL, never from Host. `signer` gives the `http` key in
    force and its keyid, anew for each answer, since keys rotate. `now` is the clock, in seconds.
    """

    authority: str
    signer: Callable[[], tuple[str, SigningKey]]
    now: Callable[[], int]
    body_deadline: float = BODY_DEADLINE
    pace: Pace = field(default_factory=Pace)


EDGE = web.AppKey("EDGE", Edge)
PEERS: web.AppKey[PeerDirectory] = web.AppKey("PEERS")


@dataclass(frozen=True)
class Authenticated:
    """A request that an admitted peer signed and never sent before."""

    peer: AdmittedPeer
    body: bytes = field(repr=False)
    request_signature: str


PeerHandler = Callable[[web.Request, Authenticated], Awaitable[web.StreamResponse]]


@web.middleware
async def strict_http(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse two forms that the parser lets pass, and that others on the way may read differently.

    A request line without a version is HTTP/0.9, which a line break in a target also looks like. A
    target that is not in origin form names a host of its own (RFC 9112, section 3.2).

    Raises:
        Malformed: either of them.
    """
    if request.version < HttpVersion10 or not request.raw_path.startswith("/"):
        raise Malformed("HTTP/1.1 and a request target in origin form are due")
    return await handler(request)


def authenticated(limit: int) -> Callable[[PeerHandler], Handler]:
    """Let admitted peers only through to a handler, with bodies of at most `limit` bytes of JSON.

    The handler's answer, or the problem document of what it raises, is signed.

    Raises:
        UnknownKey, NotAdmitted, BadSignature, OutOfTime, OverBudget, Replayed, Malformed, TooLarge,
        TooSlow, UnsupportedMedia: before the request is authentic, for the `problems` middleware.

    Source: SPEC.md, section 8.
    """

    def wrap(handler: PeerHandler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            admitted = await _authenticate(request, limit)
            response = await answer_or_problem(handler(request, admitted))
            return signed(request.app[EDGE], response, admitted.request_signature)

        return handle

    return wrap


async def _authenticate(request: web.Request, limit: int) -> Authenticated:
    # 1. The signature's form and time.
    claim = claim_of(request)
    # 2. Whose key it claims to be by.
    peer = await request.app[PEERS].http_key(claim.keyid)
    if peer is None:
        raise UnknownKey("no admitted peer has this key")
    # 3. The body, and the signature over everything as received.
    received = await read_request(request, limit)
    verified = verify_request(received, request.headers.items(), claim, peer.http_key)
    # 4. Once only.
    await accept_once(request, verified)
    return Authenticated(peer, verified.request.body, verified.signature_field)


def claim_of(request: web.Request) -> RequestClaim:
    """What the request's signature claims, from the headers alone.

    Raises:
        BadSignature, Malformed, OutOfTime: as `read_request_signature`.
    """
    return read_request_signature(request.headers.items(), request.app[EDGE].now())


async def read_request(request: web.Request, limit: int) -> Request:
    """Read what is signed of a request, with a body of at most `limit` bytes; nothing is verified.

    Raises:
        As `read_body`; Malformed: a part that is not of its component's form.
    """
    edge = request.app[EDGE]
    return Request(
        method=request.method,
        authority=edge.authority,
        # As it stood on the wire: `url.path` rewrites %2F.
        target=request.raw_path,
        body=await read_body(
            request, limit, media_type="application/json", deadline=edge.body_deadline
        ),
        content_type=request.headers.get("Content-Type", "application/json"),
    )


async def accept_once(request: web.Request, verified: VerifiedRequest) -> None:
    """Take the nonce of an authentic request; of others, or anybody could fill the table.

    Raises:
        Replayed: it was taken before.
        OverBudget: the key signed too many requests of late; the nonce is not taken then.
    """
    edge = request.app[EDGE]
    edge.pace.take(verified.keyid, edge.now())
    if not await request.app[PEERS].remember_nonce(
        verified.keyid, verified.nonce, verified.expires
    ):
        raise Replayed("this nonce was used before")


def signed(edge: Edge, response: web.StreamResponse, request_signature: str) -> web.StreamResponse:
    """Add the fields that sign `response` as the answer to the request with that signature.

    Raises:
        Unavailable: the body is not bytes, so that nothing can be said about it beforehand.
    """
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes | None):
        raise Unavailable("this node had an answer that it cannot sign")
    body = response.body or b""
    answer = Answer(response.status, body, response.headers.get("Content-Type", "application/json"))
    keyid, key = edge.signer()
    response.headers.update(sign_answer(answer, request_signature, key, keyid, edge.now()))
    return response
