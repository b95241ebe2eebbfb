"""Who was heard: which peers an answer rests on, and what keeps the others from counting.

A peer counts as heard only if all of this holds (SPEC.md, section 8, "Heard"); else it is named
with the first of these that does not:

1. `untrusted`   what is held of it, or what it answered, breaks the protocol;
2. `outdated`    its register is frozen by a statement that this version does not know;
3. `stale`       its head is not fresh, or a record that is in force is not held unaltered;
4. `refused`, `unreachable`, `untrusted`: it did not answer for every OPRF key in use, or its proof
   did not hold; a peer with nothing in force need not be asked;
5. `untrusted`   a locator was hit whose record did not open.

A peer without an OPRF key has nothing to say: it only asks, and is no part of any coverage.
"""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from node.clock import day_of
from node.node import Node
from node.store import logs, peers, records
from node.store.logs import DamagedLog, Head
from node.store.peers import Peer
from protocol.attested import Attested
from protocol.checkpoint import cosign_key, cosignature_time, verify_checkpoint
from protocol.encoding import from_base64url
from protocol.english import English
from protocol.errors import Violation
from protocol.register import Register
from protocol.sealing import record_hash
from protocol.statements import Community

PeerState = Literal[
    "heard", "stale", "unwitnessed", "unreachable", "refused", "untrusted", "outdated"
]

DAY = 86_400
FRESH = DAY
"""Seconds that a head counts as fresh after its community cosigned it."""

FRESH_PART_TIME = 7 * DAY
"""The same of a community that declares itself part-time."""

MAX_AHEAD = 300
"""Seconds by which a cosignature may be ahead of our clock."""

_BATCH = 256
"""Records that are in memory at a time."""

# Only of bytes whose hash the log approves, and which were parsed when they were put into the
# store. Parsing them anew for every question would take a hundred times as long.
_LOCATOR = re.compile(rb'"locator":"([A-Za-z0-9_-]{22})"')


@dataclass(frozen=True)
class Failure:
    """Why a peer does not count as heard; `because` is for people.

    Where its budget for us is used up: `again_at`, when it may be asked again (Unix seconds), and
    `event_from`, the day from which on the event may be declared, if it is too early for that.
    """

    state: PeerState
    because: English
    again_at: int | None = None
    event_from: date | None = None


@dataclass(frozen=True)
class PeerCoverage:
    """How one peer was heard; `as_of` is when it last cosigned what is held (Unix seconds)."""

    id: str
    fingerprint: bytes
    as_of: int | None
    failure: Failure | None = None

    @property
    def state(self) -> PeerState:
        """Whether it was heard, and what kept it from that."""
        return "heard" if self.failure is None else self.failure.state

    @property
    def because(self) -> English | None:
        """Why it was not heard, in words; None where it was."""
        return None if self.failure is None else self.failure.because

    def to_value(self) -> dict[str, object]:
        """As the command line prints it."""
        again_at = None if self.failure is None else self.failure.again_at
        event_from = None if self.failure is None else self.failure.event_from
        return {
            "id": self.id,
            "state": self.state,
            "as_of": _timestamp(self.as_of),
            "because": self.because,
            "again_at": _timestamp(again_at),
            "event_from": event_from and event_from.isoformat(),
        }


@dataclass(frozen=True)
class Coverage:
    """How all peers were heard that have something to say."""

    peers: tuple[PeerCoverage, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing found may read as "nothing found anywhere"."""
        return bool(self.peers) and all(peer.state == "heard" for peer in self.peers)

    def to_value(self) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "complete": self.complete,
            "peers": [peer.to_value() for peer in self.peers],
        }


@dataclass(frozen=True)
class Source:
    """An active peer as it is held here, before anything is asked."""

    peer: Peer
    community: Community | None
    """None where nothing usable is held of it."""
    as_of: int | None
    live: Mapping[str, Attested]
    """The attestations that are in force today, by their ids."""
    index: Mapping[tuple[bytes, bytes], Sequence[str]] = field(repr=False)
    """Ids of attestations by OPRF key id and locator, from the very bytes that were checked."""
    failure: Failure | None

    @property
    def oprf_keys(self) -> dict[bytes, bytes]:
        """The OPRF keys that its live records use: public keys by key id."""
        return {each.item.seal.key: each.oprf_key for each in self.live.values()}

    def coverage(self, answered: Failure | None) -> PeerCoverage:
        """How this peer was heard, given what became of asking it."""
        failure = self.failure or answered
        return PeerCoverage(self.peer.id, self.peer.fingerprint, self.as_of, failure)


async def load_sources(node: Node, *, now: int) -> list[Source]:
    """All active peers that have something to say, from one state of the database."""
    async with node.store.read() as connection:
        active = await peers.active(connection)
        loaded = [await _load(node, connection, peer, now) for peer in active]
    return [source for source in loaded if source is not None]


async def load_registers(node: Node, connection: AsyncConnection) -> dict[bytes, Register]:
    """The registers of all active peers whose logs are held unaltered, by fingerprint."""
    registers = {}
    for peer in await peers.active(connection):
        with contextlib.suppress(DamagedLog):
            register = await node.registers.of(connection, peer.fingerprint)
            if register is not None:
                registers[peer.fingerprint] = register
    return registers


async def _load(node: Node, connection: AsyncConnection, peer: Peer, now: int) -> Source | None:
    head = await logs.head_of(connection, peer.fingerprint)
    try:
        register = await node.registers.of(connection, peer.fingerprint)
    except DamagedLog:
        return _unusable(
            peer, English("what is held here of its log is damaged; run `comity doctor`")
        )
    if head is None or register is None:
        return _unusable(peer, English("its log is not held here yet; run `comity sync`"))
    live = {each.item.id: each for each in register.live(day_of(now))}
    if not register.community.oprf and not live:
        return None
    index, missing = await _checked_records(connection, peer.fingerprint, live)
    as_of = _cosigned_at(head, register.community)
    failure = _failure(peer, register, as_of, now)
    if failure is None and missing:
        words = English(
            "%(count)s of its records are not held here unaltered; run `comity sync`",
            count=missing,
        )
        failure = Failure("stale", words)
    return Source(peer, register.community, as_of, live, index, failure)


def _unusable(peer: Peer, because: English) -> Source:
    return Source(peer, None, None, {}, {}, Failure("stale", because))


def _failure(peer: Peer, register: Register, as_of: int | None, now: int) -> Failure | None:
    if peer.broke_protocol:
        because = English("following its log ended in `%(error)s`", error=peer.last_error)
        return Failure("untrusted", because)
    if register.frozen_at is not None:
        because = English("its log has a critical statement unknown to this version")
        return Failure("outdated", because)
    if as_of is None or not _is_fresh(as_of, register.community, now):
        return Failure("stale", English("its head is not fresh; run `comity sync`"))
    return None


def fresh_for(community: Community) -> int:
    """Seconds for which a community's head is fresh after it was cosigned."""
    return FRESH_PART_TIME if community.part_time else FRESH


def _is_fresh(as_of: int, community: Community, now: int) -> bool:
    return -MAX_AHEAD <= now - as_of <= fresh_for(community)


def _cosigned_at(head: Head, community: Community) -> int | None:
    """When the community cosigned its head; None where that does not hold."""
    try:
        verified = verify_checkpoint(head.note, community.keys.log, head.origin)
        if (verified.head.size, verified.head.root) != (head.size, head.root):
            return None
        return cosignature_time(verified.note, cosign_key(community.id, community.keys.cosign))
    except Violation:
        return None


async def _checked_records(
    connection: AsyncConnection, log: bytes, live: Mapping[str, Attested]
) -> tuple[dict[tuple[bytes, bytes], list[str]], int]:
    """Hash every live record as it is stored now; an index of those that hold, and the others."""
    index: dict[tuple[bytes, bytes], list[str]] = {}
    missing = 0
    ids = list(live)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        found = await records.get(connection, log, batch)
        for id_ in batch:
            seal = live[id_].item.seal
            if record_hash(found.get(id_, b"")) != seal.record:
                missing += 1
                continue
            for locator in _LOCATOR.findall(found[id_]):
                key = seal.key, from_base64url(locator.decode(), 16)
                index.setdefault(key, []).append(id_)
    return index, missing


def _timestamp(time: int | None) -> str | None:
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat()
