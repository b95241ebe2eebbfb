"""Learning who a community is from its address alone, before any peering.

1. The address: a host's discovery document points to the node, or the address is the node's own.
2. The community statements of its log, replayed: each follows from the one before, approved as that
   one demands, so that the first of them decides who may speak for the log ever after.
3. The proofs: all of them stand in the log, under one checkpoint that the log's key has signed.
4. The document agrees with the log about id and fingerprint.

That it is the log which its administrators mean is shown by `compare` alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from node.client import Clients
from node.errors import Refused, UserError
from node.public_log import PublicLog
from node.replica import MAX_AHEAD, own_time
from protocol.checkpoint import Checkpoint, VerifiedCheckpoint, origin_of
from protocol.compare import Comparison
from protocol.encoding import from_base64url
from protocol.errors import BadProof, Malformed, OutOfTime
from protocol.exchange import CommunityAnswer, Discovery
from protocol.merkle import verify_consistency
from protocol.names import BaseUrl
from protocol.register import Register
from protocol.statements import Community
from protocol.tiles import Tile
from protocol.tlog_proof import TlogProof
from protocol.verified_tiles import tiles_for_consistency, verify_tiles

_BASE_URL = TypeAdapter(BaseUrl)
_TILES_AT_ONCE = 8


class NotTheOneCompared(UserError):
    """The log at that address is not the one whose string was compared."""


@dataclass(frozen=True)
class Introduction:
    """A community as its own log shows it; whether the log is the right one is not known yet."""

    url: str
    """Where its node is reached: what the log says."""
    community: Community
    fingerprint: bytes
    head: Checkpoint
    as_of: int | None
    """When the community itself cosigned that head (Unix seconds)."""
    log: PublicLog = field(repr=False)
    statements: Sequence[tuple[int, bytes]] = field(repr=False)
    """Its community statements by their place. One of the last may have been kept back."""


async def introduce(clients: Clients, address: str, *, now: int) -> Introduction:
    """Learn who is at an address, as a person types it.

    Raises:
        UserError: no address of a node, or of a community that gives none.
        Unreachable, Refused: nothing came back.
        Violation: what came back is not what a node says, or contradicts itself.
    """
    # 1.
    base, document = await _pointed_to(clients, address)
    log = clients.public(base)
    answer = await log.community()
    # 2.
    register = _replayed(answer)
    # 3.
    checkpoint = _proven(answer, register)
    as_of = own_time(checkpoint, register.community)
    if as_of is not None and as_of > now + MAX_AHEAD:
        raise OutOfTime("the community cosigned its head in the future")
    # 4.
    community = register.community
    if document is not None:
        said = (document.id, document.fingerprint)
        if said != (community.id, register.fingerprint):
            raise BadProof("the discovery document speaks of another log than it points to")
    if community.url is None:
        raise UserError(
            "this community gives no address in its log, so it has to ask: give it your address"
        )
    return Introduction(
        url=community.url,
        community=community,
        fingerprint=register.fingerprint,
        head=checkpoint.head,
        as_of=as_of,
        log=log,
        statements=[(each.index, from_base64url(each.entry)) for each in answer.statements],
    )


async def compare(introduction: Introduction, comparison: Comparison) -> None:
    """Check that the log passes through the root of a string that its administrators gave.

    Raises:
        NotTheOneCompared: it does not, or is another log.
        UserError: the string is of a newer head than the address shows.
        Unreachable, Refused, Violation: its tiles could not be had, or are not those of its head.
    """
    community, head = introduction.community, introduction.head
    check_same_log(community.id, introduction.fingerprint, head.size, comparison)
    proof = await _consistency_proof(introduction, comparison.size)
    try:
        verify_consistency(comparison.size, comparison.root, head.size, head.root, proof)
    except BadProof as error:
        raise _not_the_one() from error


async def check_goes_on(
    introduction: Introduction, size: int, root: bytes, statements: Sequence[tuple[int, bytes]]
) -> None:
    """Check that what is shown goes on where the log as it is held ends, and leaves nothing out.

    Whoever has a key of before could else show the log as it was then.

    Raises:
        BadProof: it has not grown, or did not have this root (32 bytes) at that size, or other
            community statements than these, each with its place, among so many entries.
        Unreachable, Refused, Violation: its tiles could not be had, or are not those of its head.
    """
    head = introduction.head
    if head.size <= size:
        raise BadProof("the log that is shown has nothing that is not held")
    if [each for each in introduction.statements if each[0] < size] != list(statements):
        raise BadProof("community statements of the log that is held are not shown")
    proof = await _consistency_proof(introduction, size)
    verify_consistency(size, root, head.size, head.root, proof)


async def _consistency_proof(introduction: Introduction, size: int) -> list[bytes]:
    head = introduction.head
    wanted = tiles_for_consistency(size, head.size)
    turn = asyncio.Semaphore(_TILES_AT_ONCE)

    async def fetch(tile: Tile) -> bytes:
        async with turn:
            return await introduction.log.tile(tile)

    fetched = await asyncio.gather(*(fetch(tile) for tile in wanted))
    stored = {tile.id: data for tile, data in zip(wanted, fetched, strict=True)}
    return verify_tiles(head.size, head.root, stored).consistency_proof(size)


def check_same_log(community: str, fingerprint: bytes, size: int, comparison: Comparison) -> None:
    """Check all of a string but its root; raises as `compare` does."""
    if (comparison.id, comparison.fingerprint) != (community, fingerprint):
        raise _not_the_one()
    if comparison.size > size:
        raise UserError(
            "the string is of a newer head than its node shows: wait a minute and try again; if "
            "that does not help, ask their administrators for the string anew"
        )


def check_root(root: bytes, comparison: Comparison) -> None:
    """Check that a log's root at the string's size is the string's; raises as `compare` does."""
    if root != comparison.root:
        raise _not_the_one()


def _not_the_one() -> NotTheOneCompared:
    return NotTheOneCompared(
        "this is NOT the log whose string you were given. Either the string or the address is "
        "another community's, or somebody shows you another history: do not go on, and ask their "
        "administrators over a channel that you trust"
    )


async def _pointed_to(clients: Clients, address: str) -> tuple[str, Discovery | None]:
    base = address.strip().removesuffix("/")
    try:
        _BASE_URL.validate_python(base)
    except ValidationError:
        raise UserError("an address is due such as https://comity.python.example") from None
    # A host may carry several nodes below several paths; the document at its root is of one.
    if urlsplit(base).path:
        return base, None
    try:
        document = await clients.public(base).discovery()
    except Refused:
        return base, None
    return document.url, document


def _replayed(answer: CommunityAnswer) -> Register:
    entries = [from_base64url(statement.entry) for statement in answer.statements]
    places = [statement.index for statement in answer.statements]
    if places[0] != 0 or places != sorted(set(places)):
        raise Malformed("community statements come in the order of the log, from its first entry")
    register = Register.begin(entries[0])
    for entry in entries[1:]:
        if register.append(entry) is not None:
            raise BadProof("a community statement among those in effect that has none")
    return register


def _proven(answer: CommunityAnswer, register: Register) -> VerifiedCheckpoint:
    origin = origin_of(register.community.id)
    verified = []
    for statement in answer.statements:
        proof = TlogProof.from_bytes(statement.proof.encode())
        if proof.index != statement.index:
            raise BadProof("the proof is of another entry")
        entry = from_base64url(statement.entry)
        verified.append(proof.verify(entry, register.community.keys.log, origin))
    if any(each.head != verified[0].head for each in verified):
        raise BadProof("the proofs are of different heads")
    return verified[-1]
