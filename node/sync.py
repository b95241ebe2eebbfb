"""Following peers: their logs, then the records that these approve (SPEC.md, section 7).

A log is taken as `node.replica` demands. Records are asked for afterwards, all that are in force
and not held, never because of a match; each is held against the hash in the log. What ended is
dropped, and forgotten where it was found. There is no state but what is kept, so that a crash at
any point leaves nothing to repair: following again goes on from there.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from node import kept, replica
from node.background import log_unexpected
from node.client import Clients, PeerClient
from node.clock import day_of
from node.errors import Refused, Unreachable, UserError
from node.limits import PEER
from node.node import Node
from node.store import peers, records, tokens
from node.store.peers import Peer
from protocol.attested import Attested
from protocol.checkpoint import claimed_checkpoint
from protocol.errors import (
    BrokenSeal,
    Conflict,
    NotAdmitted,
    NotFound,
    OutOfTime,
    Unavailable,
    UnknownKey,
    Violation,
    WrongRecord,
)
from protocol.keys import oprf_key_id
from protocol.sealing import parse_record, record_hash
from protocol.tiles import TILE_WIDTH, bundles_of, parse_bundle

RECORDS = 64
"""Records of one request: at their largest they stay below the limit of an answer."""

_TRIES = 3
"""How often following begins anew where another process took the same entries meanwhile."""

_TELLING = frozenset({NotAdmitted.code, UnknownKey.code, OutOfTime.code, NotFound.code})
"""Refusals that are remembered by their own code."""

SyncState = Literal["current", "outdated", "unreachable", "refused", "untrusted"]


class NotFollowed(UserError):
    """No active peer whose log could be fetched."""


@dataclass(frozen=True)
class SyncResult:
    """What following a peer once came to; `error` is the code of what went wrong."""

    fingerprint: bytes
    id: str
    state: SyncState
    size: int = 0
    new_entries: int = 0
    new_records: int = 0
    missing_records: int = 0
    """Records that are in force and that the peer did not hand over."""
    error: str | None = None


async def follow(
    node: Node, clients: Clients, fingerprint: bytes, now: int, *, recheck: bool = False
) -> SyncResult:
    """Take what a peer's log has grown by, and the records. What was good stays, whatever comes.

    `recheck` hashes every record as it is stored, to fetch anew what rotted there.

    Raises:
        NotFollowed: there is no such active peer, or none any more, or it has no address.
    """
    peer = await _active(node, fingerprint)
    if peer.url is None:
        raise NotFollowed(
            "%(peer)s has no address: it brings its log itself when it syncs", peer=peer.id
        )
    try:
        async with asyncio.timeout(node.config.follow_deadline):
            return await _followed(node, clients, peer, now, recheck=recheck)
    except TimeoutError:  # what was verified until now is kept, and the next time goes on there
        result = SyncResult(fingerprint, peer.id, "unreachable", error=Unreachable.code)
    except Refused as error:
        code = error.problem if error.problem in _TELLING else error.code
        result = SyncResult(fingerprint, peer.id, "refused", error=code)
    except (UnknownKey, OutOfTime) as error:  # no lie: keys change, and clocks differ
        result = SyncResult(fingerprint, peer.id, "refused", error=error.code)
    except Conflict:  # nothing of the peer's: another process keeps being faster
        result = SyncResult(fingerprint, peer.id, "unreachable", error=Unavailable.code)
    except Unavailable as error:
        result = SyncResult(fingerprint, peer.id, "unreachable", error=error.code)
    except Violation as error:
        result = SyncResult(fingerprint, peer.id, "untrusted", error=error.code)
    except NotFollowed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a peer brings about is about that peer
        log_unexpected("follow a peer", error, peer=peer.id)
        result = SyncResult(fingerprint, peer.id, "unreachable", error=Unavailable.code)
    await _remember(node, result)
    return result


async def _remember(node: Node, result: SyncResult) -> None:
    """Keep what went wrong; but a lie is not forgotten because the liar then hangs up."""
    async with node.store.write() as connection:
        before = await peers.get(connection, result.fingerprint)
        if before is None or (before.broke_protocol and result.state != "untrusted"):
            return
        await peers.change(connection, result.fingerprint, last_error=result.error)


async def follow_all(
    node: Node, clients: Clients, now: int, *, recheck: bool = False
) -> list[SyncResult]:
    """Follow every active peer that has an address, all at once: none waits for another."""
    async with node.store.read() as connection:
        active = [peer for peer in await peers.active(connection) if peer.url is not None]
    results = await asyncio.gather(
        *(_unless_removed(node, clients, peer, now, recheck=recheck) for peer in active)
    )
    return [result for result in results if result is not None]


async def _unless_removed(
    node: Node, clients: Clients, peer: Peer, now: int, *, recheck: bool
) -> SyncResult | None:
    try:
        return await follow(node, clients, peer.fingerprint, now, recheck=recheck)
    except NotFollowed:
        return None


async def _followed(
    node: Node, clients: Clients, peer: Peer, now: int, *, recheck: bool
) -> SyncResult:
    new_entries = 0
    for tries in range(1, _TRIES + 1):
        client = clients.to(peer)
        try:
            extension = await _pull(node, client, peer, now)
            new_entries += len(extension.entries)
            if extension.entries:
                await kept.forget_ended(node, peer.fingerprint, day_of(now))
                await _forget_unused_tokens(node, extension, day_of(now))
            result = await _fetch_records(node, client, peer, now, recheck=recheck)
        except (Conflict, UnknownKey):
            # Another process was faster; or the peer's keys changed between log and records.
            if tries == _TRIES:
                raise
            peer = await _active(node, peer.fingerprint)
        except WrongRecord:
            # Or it was sealed anew in between, which the log says by now.
            if tries == _TRIES or not await _has_grown(client, extension.growth.size):
                raise
        else:
            break
    outdated = extension.register.frozen_at is not None
    error = NotFound.code if result.missing_records else None
    async with node.store.write() as connection:
        await peers.change(connection, peer.fingerprint, last_sync_at=now)
        if error is None:
            await peers.change(connection, peer.fingerprint, last_error=None)
    result = replace(
        result,
        state="outdated" if outdated else "current",
        size=extension.growth.size,
        new_entries=new_entries,
        error=error,
    )
    if error is not None:
        await _remember(node, result)
    return result


async def _pull(node: Node, client: PeerClient, peer: Peer, now: int) -> replica.Extension:
    """Fetch, verify and keep what a log has grown by."""
    async with node.store.read() as connection:
        held = await replica.load(connection, node.registers, peer.fingerprint, peer.id)
    note = await client.checkpoint()
    new = await _new_entries(client, held, claimed_checkpoint(note).size)
    extension = await replica.verify(held, new, note, now=now)
    if replica.is_newer(extension, held):
        async with node.store.write() as connection:
            await _require_active(connection, peer.fingerprint)
            await replica.keep(connection, extension)
            community = extension.register.community
            await peers.change(connection, peer.fingerprint, name=community.name, url=community.url)
    return extension


async def _has_grown(client: PeerClient, size: int) -> bool:
    return claimed_checkpoint(await client.checkpoint()).size > size


async def _forget_unused_tokens(node: Node, extension: replica.Extension, day: date) -> None:
    """Drop what was answered under keys that the issuer uses no more: it opens nothing."""
    register = extension.register
    used = {each.item.seal.key for each in register.live(day)}
    used |= {oprf_key_id(key) for key in register.community.oprf[:1]}
    async with node.store.write() as connection:
        await tokens.keep_only(connection, register.fingerprint, used)


async def _new_entries(client: PeerClient, held: replica.Held, size: int) -> list[bytes]:
    begin, taken = held.head.size, held.bytes
    PEER.check_size(max(begin, size), taken)
    entries: list[bytes] = []
    for bundle in bundles_of(begin, size) if size > begin else ():
        data = await client.bundle(bundle)
        new = parse_bundle(data, bundle.width)[max(0, begin - bundle.index * TILE_WIDTH) :]
        taken += sum(map(len, new))
        PEER.check_size(size, taken)
        entries += new
    return entries


async def _fetch_records(
    node: Node, client: PeerClient, peer: Peer, now: int, *, recheck: bool
) -> SyncResult:
    day = datetime.fromtimestamp(now, UTC).date()
    wanted = await _drop_and_list(node, peer.fingerprint, day, recheck=recheck)
    fetched = missing = 0
    fault: Violation | None = None
    for start in range(0, len(wanted), RECORDS):
        ids = wanted[start : start + RECORDS]
        answered = dict(zip(ids, await client.records(ids), strict=True))
        received = {id_: data for id_, data in answered.items() if data is not None}
        kept, found = await _put(node, peer.fingerprint, day, received)
        fault = fault or found
        fetched += kept
        missing += len(ids) - len(received)
    if fault is not None:
        # The others are held all the same; this one keeps the peer from being heard.
        raise fault
    return SyncResult(
        peer.fingerprint, peer.id, "current", new_records=fetched, missing_records=missing
    )


async def _drop_and_list(node: Node, log: bytes, day: date, *, recheck: bool) -> list[str]:
    """Drop records that ended, were sealed anew or rotted; list those that are to be fetched."""
    async with node.store.read() as connection:
        approved = await _approved(node, connection, log, day)
        held = await records.held(connection, log)
        rotten = await _rotten(connection, log, held) if recheck else []
    useless = [id_ for id_, hash_ in held.items() if approved.get(id_) != hash_] + rotten
    if useless:
        async with node.store.write() as connection:
            # Not by what was read before: what ended stays ended, but a record may be new by now.
            now_approved = await _approved(node, connection, log, day)
            now_held = await records.held(connection, log)
            gone = [id_ for id_ in useless if now_approved.get(id_) != now_held.get(id_)]
            await records.drop(connection, log, [*gone, *rotten])
        held = {id_: hash_ for id_, hash_ in held.items() if id_ not in useless}
    return sorted(approved.keys() - held.keys())


async def _rotten(connection: AsyncConnection, log: bytes, held: Mapping[str, bytes]) -> list[str]:
    rotten = []
    ids = list(held)
    for start in range(0, len(ids), RECORDS):
        stored = await records.get(connection, log, ids[start : start + RECORDS])
        rotten += [id_ for id_, data in stored.items() if record_hash(data) != held[id_]]
    return rotten


async def _put(
    node: Node, log: bytes, day: date, received: Mapping[str, bytes]
) -> tuple[int, Violation | None]:
    """Keep the records that are as approved; how many they were, and the first fault of others."""
    fault: Violation | None = None
    kept = 0
    async with node.store.write() as connection:
        await _require_active(connection, log)
        live = await _live(node, connection, log, day)
        for id_, data in received.items():
            if id_ not in live:  # ended while it was on its way
                continue
            try:
                check_record(data, live[id_])
                await records.put(connection, log, data)
            except Violation as error:
                fault = fault or error
            else:
                kept += 1
    return kept, fault


def check_record(data: bytes, attested: Attested) -> None:
    """Hold a record against what its issuer's log approves, without opening it.

    Raises:
        WrongRecord: not the record approved.
        BrokenSeal: it is, and it is not of this attestation and OPRF key.
        Malformed: it is, and it is no record.
    """
    item = attested.item
    if record_hash(data) != item.seal.record:
        raise WrongRecord("not the record that the log approves")
    record = parse_record(data)
    if (record.id, record.oprf_key) != (item.id, item.seal.key):
        raise BrokenSeal("the record is of another attestation or OPRF key")


async def _approved(
    node: Node, connection: AsyncConnection, log: bytes, day: date
) -> dict[str, bytes]:
    live = await _live(node, connection, log, day)
    return {id_: attested.item.seal.record for id_, attested in live.items()}


async def _live(
    node: Node, connection: AsyncConnection, log: bytes, day: date
) -> dict[str, Attested]:
    register = await node.registers.of(connection, log)
    live = [] if register is None else register.live(day)
    return {attested.item.id: attested for attested in live}


async def _active(node: Node, fingerprint: bytes) -> Peer:
    async with node.store.read() as connection:
        return await _require_active(connection, fingerprint)


async def _require_active(connection: AsyncConnection, fingerprint: bytes) -> Peer:
    """The peer, if it is one: whoever was removed while a request was out stays removed."""
    peer = await peers.get(connection, fingerprint)
    if peer is None or peer.state != "active":
        raise NotFollowed("no active peer has this fingerprint: see `comity peer list`")
    return peer
