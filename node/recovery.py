"""After every start: whether peers hold more of our own log than this database does.

A database that was restored from a backup is behind what we have signed since; whatever is appended
to it then makes a second history, which every peer refuses for good. So peers are asked for the
newest head of our log that they hold, and

1. a larger one is adopted, with its entries, from a peer that holds them, verified as any peer's
   log is (`node.replica`): only officers' own approvals put anything in force there;
2. what those entries say is done again: records and content that are withdrawn or erased go, what
   was pending and is logged there is published from what is kept of it, the rest is void;
3. records of our own sanctions that are not here are fetched from peers, as sealed as they hold
   them. What those sanctions said, and which slots they took, is lost;
4. where two histories were signed, or nobody hands over what somebody has seen, nothing goes on.

Nobody can be asked where no peer has an address or none answers: then what is here counts.

Source: SPEC.md, section 7, "After every start".
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, decisions, effects, forgetting, ledger, replica, settling
from node.background import log_unexpected
from node.client import Clients, PeerClient
from node.clock import day_of
from node.errors import UserError
from node.keyring import signing_keys_in
from node.limits import PEER
from node.node import Node
from node.peering import code_of
from node.store import logs, peers, records
from node.store.logs import Head
from node.store.peers import Peer
from node.sync import RECORDS, check_record
from node.vault import Vault
from protocol.attested import Attested
from protocol.checkpoint import Checkpoint, claimed_checkpoint, verify_checkpoint
from protocol.errors import BadProof, ComityError, NotFound, Unavailable, Violation
from protocol.merkle import leaf_hash, tree_root
from protocol.statements import Community, decision_hash, read_decision, read_entry
from protocol.tiles import TILE_WIDTH, bundles_of, parse_bundle

ASKING = 5.0
"""Seconds that a peer has to say which head it holds."""


class TwoHistories(UserError):
    """What this database holds of our own log is no part of what peers hold of it."""


class Behind(UserError):
    """Our own log is longer elsewhere, and nobody hands over what is missing here."""


class OtherKeys(UserError):
    """Our own log goes on with keys that are not in this database."""


@dataclass(frozen=True)
class Answer:
    """What one peer holds of our log; `error` is the code where it did not say."""

    peer: Peer
    head: Checkpoint | None
    error: str | None = None
    is_signed: bool = False
    """Whether the `log` key that is here signed it."""


@dataclass(frozen=True)
class CaughtUp:
    """What came of asking, and how many entries and records were taken."""

    size: int
    """Entries of our log now."""
    answers: Sequence[Answer] = field(default=())
    entries: int = 0
    records: int = 0

    @property
    def is_confirmed(self) -> bool:
        """Whether anybody answered, or there is nobody to ask."""
        return not self.answers or any(each.error is None for each in self.answers)


async def catch_up(node: Node, clients: Clients, now: int) -> CaughtUp:
    """Ask all peers at once, and take what is missing here of our own log. `now`: Unix seconds.

    Raises:
        TwoHistories, Behind, OtherKeys: nothing may be appended; what to do.
        UserError: there is no log of our own.
        DamagedLog: it is not what its head says.
    """
    async with node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        register = (await node.registers.at(connection, head)).register
        asked = [peer for peer in await peers.active(connection) if peer.url is not None]
    answers = await asyncio.gather(
        *(_ask(clients, peer, head.origin, register.community) for peer in asked)
    )
    await _refuse_two_histories(node, head, answers)
    taken, failed = await _adopt_larger(node, clients, head, answers, now)
    # Not by counting: another process may have appended meanwhile.
    size = (await ledger.own_head(node)).size
    ahead = [each for each in answers if each.is_signed and each.head and each.head.size > size]
    if ahead:
        names = ", ".join(each.peer.id for each in ahead)
        raise Behind(
            f"{names} has seen more entries of this community's own log than the {size} in this "
            f"database, which was restored from an older backup, and they could not be had "
            f"({failed}). Try again when those peers can be reached, or restore a newer backup; "
            "until then nothing is decided here"
        )
    fetched = await _fetch_records(node, clients, answers, now)
    if taken:
        await forgetting.forget_ended(node, now)
    return CaughtUp(size, answers, taken, fetched)


async def _ask(clients: Clients, peer: Peer, origin: str, own: Community) -> Answer:
    try:
        async with asyncio.timeout(ASKING):
            (note,) = await clients.to(peer).heads([origin])
        if note is None:
            return Answer(peer, None)
        head = claimed_checkpoint(note)
    except TimeoutError:
        return Answer(peer, None, Unavailable.code)
    except ComityError as error:
        return Answer(peer, None, code_of(error))
    except Exception as error:  # noqa: BLE001 - one peer's oddity keeps no other from being asked
        log_unexpected("ask for our own head", error, peer=peer.id)
        return Answer(peer, None, code_of(error))
    try:
        verify_checkpoint(note, own.keys.log, origin)
    except Violation:
        # Perhaps by a key of later: its entries tell, where they can be had.
        return Answer(peer, head)
    return Answer(peer, head, is_signed=True)


async def _refuse_two_histories(node: Node, head: Head, answers: Sequence[Answer]) -> None:
    """Hold every head that is not beyond ours against what our log was at that size."""
    signed = [(each.peer, each.head) for each in answers if each.is_signed and each.head]
    async with node.store.read() as connection:
        leaves = await logs.leaf_hashes(connection, head, head.size)
    for peer, seen in signed:
        if seen.size <= head.size and tree_root(leaves[: seen.size]) != seen.root:
            raise _two_histories(peer)


def _two_histories(peer: Peer) -> TwoHistories:
    return TwoHistories(
        f"{peer.id} holds another continuation of this community's log than this database: an "
        "older backup was restored, and something was decided before it had caught up. Restore "
        "that backup once more, type `comity log catch-up` before anything else, and decide anew "
        "what was decided in between"
    )


async def _adopt_larger(
    node: Node, clients: Clients, head: Head, answers: Sequence[Answer], now: int
) -> tuple[int, str]:
    """Take what can be had, from the largest on; how many entries, and why not of others."""
    larger = [(each.head.size, each) for each in answers if each.head is not None]
    taken, failed = 0, NotFound.code
    for size, each in sorted(larger, key=lambda pair: pair[0], reverse=True):
        if size <= head.size + taken:
            break
        try:
            async with asyncio.timeout(node.config.follow_deadline):
                taken += await _adopt(node, clients.to(each.peer), head, each, now)
        except TimeoutError:
            failed = Unavailable.code
        except ComityError as error:
            failed = code_of(error)
    return taken, failed


async def _adopt(node: Node, client: PeerClient, head: Head, answer: Answer, now: int) -> int:
    async with node.store.read() as connection:
        community = head.origin.removesuffix("/comity")
        held = await replica.load(connection, node.registers, head.fingerprint, community)
    note = await client.mirrored_checkpoint(head.origin)
    size = claimed_checkpoint(note).size
    if size <= held.head.size:
        raise NotFound("no entries beyond ours are there")
    entries = await _entries(client, held.head, held.bytes, size)
    try:
        extension = await replica.verify(held, entries, note, now=now)
    except BadProof:
        await _refuse_branch(node, client, answer, head, note)
        raise
    async with node.store.write() as connection:
        await _require_keys(connection, node, extension.register.community)
        await replica.keep(connection, extension)
        await _do_again(connection, node.vault, extension, now)
        said = {"who": audit.who(), "from": answer.peer.id, "entries": len(entries)}
        await audit.record(connection, node.vault, "catch_up", said, now)
    await ledger.renew_cosignature(node, now)
    return len(entries)


async def _do_again(
    connection: AsyncConnection, vault: Vault, extension: replica.Extension, now: int
) -> None:
    """What the new entries say, in their order; and what the log has gone past is void."""
    register = extension.register
    for index, data in enumerate(extension.entries, extension.held.size):
        try:
            entry = read_entry(data)
        except Violation:  # void, as whoever stole the log's key could append it
            continue
        hash_ = decision_hash(entry.decision_bytes)
        if hash_ in register.effective:
            await decisions.take_over(connection, vault, data, index)
            decision = read_decision(entry.decision)
            # Records that are not here are fetched afterwards.
            log = register.fingerprint
            await effects.take_effect(connection, vault, hash_, decision, log, None)
    await settling.void_overtaken(connection, vault, now)


async def _entries(client: PeerClient, head: Head, held: int, size: int) -> list[bytes]:
    """The entries from our head on, as a peer has them; `held` bytes are here already."""
    PEER.check_size(size, held)
    entries: list[bytes] = []
    for bundle in bundles_of(head.size, size):
        data = await client.mirrored_bundle(head.origin, bundle)
        new = parse_bundle(data, bundle.width)[max(0, head.size - bundle.index * TILE_WIDTH) :]
        held += sum(map(len, new))
        PEER.check_size(size, held)
        entries += new
    return entries


async def _refuse_branch(
    node: Node, client: PeerClient, answer: Answer, head: Head, note: bytes
) -> None:
    """Whether what we signed there is another branch; a peer's rubbish is none.

    Raises:
        TwoHistories: it is: all its entries give the root that our key has signed.
    """
    async with node.store.read() as connection:
        register = (await node.registers.at(connection, head)).register
    signed = verify_checkpoint(note, register.community.keys.log, head.origin).head
    empty = Head(head.fingerprint, head.origin, own=True, size=0, root=b"", note=b"")
    entries = await _entries(client, empty, 0, signed.size)
    if tree_root([leaf_hash(entry) for entry in entries]) == signed.root:
        raise _two_histories(answer.peer)


async def _require_keys(connection: AsyncConnection, node: Node, community: Community) -> None:
    held = await signing_keys_in(connection, node.vault)
    named = community.keys
    odd = [use for use, key in vars(held).items() if key.public_key != getattr(named, use)]
    if odd:
        raise OtherKeys(
            f"this community has changed its keys ({', '.join(odd)}) since the backup from which "
            "this database was restored: restore one from after that; until then nothing can be "
            "decided or published here"
        )


async def _fetch_records(node: Node, clients: Clients, answers: Sequence[Answer], now: int) -> int:
    """Fetch from peers what is live of ours and not held as approved; how many records came."""
    async with node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        register = (await node.registers.at(connection, head)).register
        held = await records.held(connection, head.fingerprint)
    missing = {
        each.item.id: each
        for each in register.live(day_of(now))
        if held.get(each.item.id) != each.item.seal.record
    }
    found: dict[str, bytes] = {}
    for answer in answers:
        wanted = {id_: each for id_, each in missing.items() if id_ not in found}
        if answer.error is None and wanted:
            found |= await _records_at(clients.to(answer.peer), wanted)
    if found:
        async with node.store.write() as connection:
            for data in found.values():
                await records.put(connection, head.fingerprint, data)
    return len(found)


async def _records_at(client: PeerClient, wanted: dict[str, Attested]) -> dict[str, bytes]:
    """What a peer has of our own records, as the log approves them; none where it fails."""
    ids = list(wanted)
    found = {}
    try:
        for start in range(0, len(ids), RECORDS):
            part = ids[start : start + RECORDS]
            for id_, data in zip(part, await client.records(part), strict=True):
                if data is not None:
                    check_record(data, wanted[id_])
                    found[id_] = data
    except ComityError:
        # Another peer may have them.
        return found
    return found
