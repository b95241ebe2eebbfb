"""After every start: whether peers hold more of our own log than this database does.

A database that was restored from a backup is behind what we have signed since; whatever is appended
to it then makes a second history, which every peer refuses for good. So peers are asked for the
newest head of our log that they hold, and

1. a larger one is adopted, with its entries, from a peer that holds them, verified as any peer's
   log is (`node.replica`): only officers' own approvals put anything in force there. Our own line
   has to be below it, which takes another key than the log's; and it is signed anew here, so that
   nothing of a peer's is kept but the entries;
2. what those entries say is done again: records and content that are withdrawn or erased go, what
   was pending and is logged there is published from what is kept of it, the rest is void;
3. records of our own sanctions that are not here are fetched from peers, as sealed as they hold
   them. What those sanctions said, and which slots they took, is lost;
4. where two histories were signed, or nobody hands over what somebody has seen, nothing goes on.

What is here counts where nobody can be asked; who did not answer is asked again (`node.app`), as
one of them may be the only one that knows.

Source: SPEC.md, section 7, "After every start".
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, decisions, effects, forgetting, ledger, replica, settling
from node.background import log_unexpected
from node.client import Clients, PeerClient
from node.clock import day_of
from node.errors import UserError
from node.keyring import Keys, signing_keys_in
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
from protocol.errors import BadProof, ComityError, Conflict, NotFound, Unavailable, Violation
from protocol.merkle import leaf_hash, tree_root
from protocol.statements import Community, decision_hash, read_decision, read_entry
from protocol.tiles import TILE_WIDTH, bundles_of, parse_bundle

ASKING = 5.0
"""Seconds that a peer has to say which head it holds."""

UNSIGNED = 10.0
"""Seconds for all heads together that no key of ours has signed, as anybody can claim any."""

RECORDS_DEADLINE = 30.0
"""Seconds for fetching records; what is missing then is fetched when asked the next time."""

MOST_VOIDS = 16
"""Entries without effect that are adopted: more of them nobody has signed by mistake."""


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
    """Whether both keys that are here signed it, the log's and the one that cosigns."""


@dataclass(frozen=True)
class CaughtUp:
    """What came of asking, and how many entries and records were taken."""

    size: int
    """Entries of our log now."""
    answers: Sequence[Answer] = field(default=())
    entries: int = 0
    records: int = 0

    @property
    def unsure(self) -> list[Peer]:
        """Who did not answer, or claims more than could be had or was signed here."""
        return [
            each.peer
            for each in self.answers
            if each.error is not None or (each.head is not None and each.head.size > self.size)
        ]


async def catch_up(
    node: Node, clients: Clients, now: int, only: Collection[bytes] | None = None
) -> CaughtUp:
    """Ask peers at once, and take what is missing here of our own log. `now`: Unix seconds.

    `only`: the fingerprints of those who are asked, where not all are.

    Raises:
        TwoHistories, Behind, OtherKeys: nothing may be appended; what to do.
        UserError: there is no log of our own.
        DamagedLog: it is not what its head says.
    """
    async with node.store.read() as connection:
        head = await ledger.own_head_in(connection)
        register = (await node.registers.at(connection, head)).register
        asked = [
            peer
            for peer in await peers.active(connection)
            if peer.url is not None and (only is None or peer.fingerprint in only)
        ]
    answers = await asyncio.gather(
        *(_ask(clients, peer, head.origin, register.community) for peer in asked)
    )
    await _refuse_two_histories(node, head, answers)
    taken, failed = await _adopt_larger(node, clients, head, answers, now)
    # Not by counting: another process may have appended meanwhile.
    grown = await ledger.own_head(node)
    size = grown.size
    if size > head.size:
        # Of two branches that peers hold, the other one is none that this goes on with.
        await _refuse_two_histories(node, grown, answers)
    ahead = [each for each in answers if each.is_signed and each.head and each.head.size > size]
    if ahead:
        names = ", ".join(each.peer.id for each in ahead)
        raise Behind(
            "%(names)s has seen more entries of this community's own log than the %(size)s in "
            "this database, which was restored from an older backup, and they could not be had "
            "(%(failed)s). Try again when those peers can be reached, or restore a newer backup; "
            "until then nothing is decided here. If you know that your keys were stolen and those "
            "entries are the thief's: remove those peers, and change the keys",
            names=names,
            size=size,
            failed=failed,
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
    # If not, perhaps by a key of later: its entries tell, where they can be had.
    return Answer(peer, head, is_signed=_is_ours(note, own, origin))


def _is_ours(note: bytes, own: Community, origin: str) -> bool:
    """Whether both keys have signed it: whoever stole that of the log alone makes no head."""
    try:
        return replica.own_time(verify_checkpoint(note, own.keys.log, origin), own) is not None
    except Violation:
        return False


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
        "%(peer)s holds another continuation of this community's log than this database: an older "
        "backup was restored, and something was decided before it had caught up. Restore that "
        "backup once more, type `comity log catch-up` before anything else, and decide anew what "
        "was decided in between",
        peer=peer.id,
    )


async def _adopt_larger(
    node: Node, clients: Clients, head: Head, answers: Sequence[Answer], now: int
) -> tuple[int, str]:
    """Take what can be had, from the largest on; how many entries, and why not of others."""
    larger = [(each.head.size, each) for each in answers if each.head is not None]
    larger = sorted(larger, key=lambda pair: pair[0], reverse=True)
    taken, failed = 0, NotFound.code
    for is_signed, deadline in ((True, node.config.follow_deadline), (False, UNSIGNED)):
        try:
            async with asyncio.timeout(deadline):
                for size, each in larger:
                    if each.is_signed is is_signed and size > head.size + taken:
                        new, error = await _try(node, clients, head, each, now)
                        taken, failed = taken + new, error or failed
        except TimeoutError:
            failed = Unavailable.code
    return taken, failed


async def _try(
    node: Node, clients: Clients, head: Head, answer: Answer, now: int
) -> tuple[int, str | None]:
    """Adopt what one peer holds; how many entries, and the code of what went wrong."""
    for _ in range(2):
        try:
            return await _adopt(node, clients.to(answer.peer), head, answer, now), None
        except Conflict:
            continue  # our own cosignature was renewed meanwhile
        except ComityError as error:
            return 0, code_of(error)
    return 0, Conflict.code


async def _adopt(node: Node, client: PeerClient, head: Head, answer: Answer, now: int) -> int:
    async with node.store.read() as connection:
        community = head.origin.removesuffix("/comity")
        held = await replica.load(connection, node.registers, head.fingerprint, community)
    note = await client.mirrored_checkpoint(head.origin)
    size = claimed_checkpoint(note).size
    if size <= held.head.size:
        return 0  # another peer's were taken before
    entries = await _entries(client, held.head, held.bytes, size)
    try:
        extension = await replica.verify(held, entries, note, now=now)
    except BadProof:
        await _refuse_branch(node, client, answer, head, note)
        raise
    _require_ours(extension, answer)
    async with node.store.write() as connection:
        keys = await _require_keys(connection, node, extension.register.community)
        checkpoint = Checkpoint(head.origin, extension.growth.size, extension.growth.root)
        signed = ledger.signed(checkpoint, keys, now).to_bytes()
        await replica.keep(connection, replace(extension, note=signed))
        await _do_again(connection, node.vault, extension, now)
        said = {"who": audit.who(), "from": answer.peer.id, "entries": len(entries)}
        await audit.record(connection, node.vault, "catch_up", said, now)
    return len(entries)


def _require_ours(extension: replica.Extension, answer: Answer) -> None:
    if extension.as_of is None:
        raise BadProof("the line of our own is not below this checkpoint")
    new = [each for each in extension.register.voids if each.index >= extension.held.size]
    if len(new) > MOST_VOIDS:
        raise Behind(
            "%(peer)s holds more of this community's own log, and nearly all of it is entries "
            "that no officers approved: whoever stole this community's keys made them. Nothing of "
            "it is taken. Remove that peer, and change the keys",
            peer=answer.peer.id,
        )


async def _do_again(
    connection: AsyncConnection, vault: Vault, extension: replica.Extension, now: int
) -> None:
    """What the new entries say, in their order; and what the log has gone past is void."""
    register = extension.register
    void = {each.index for each in register.voids}
    for index, data in enumerate(extension.entries, extension.held.size):
        if index in void:  # a copy of what was effective before, too
            continue
        entry = read_entry(data)
        await decisions.take_over(connection, vault, data, index)
        decision, hash_ = read_decision(entry.decision), decision_hash(entry.decision_bytes)
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
    if not _is_ours(note, register.community, head.origin):
        return
    signed = claimed_checkpoint(note)
    empty = Head(head.fingerprint, head.origin, own=True, size=0, root=b"", note=b"")
    entries = await _entries(client, empty, 0, signed.size)
    if tree_root([leaf_hash(entry) for entry in entries]) == signed.root:
        raise _two_histories(answer.peer)


async def _require_keys(connection: AsyncConnection, node: Node, community: Community) -> Keys:
    held = await signing_keys_in(connection, node.vault)
    named = community.keys
    odd = [use for use, key in vars(held).items() if key.public_key != getattr(named, use)]
    if odd:
        raise OtherKeys(
            "this community has changed its keys (%(keys)s) since the backup from which this "
            "database was restored: restore one from after that; until then nothing can be "
            "decided or published here",
            keys=", ".join(odd),
        )
    return held


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
    count = 0
    try:
        async with asyncio.timeout(RECORDS_DEADLINE):
            for answer in answers:
                if answer.error is None and missing:
                    count += await _fetch_at(node, clients.to(answer.peer), head, missing)
    except TimeoutError:
        return count
    return count


async def _fetch_at(
    node: Node, client: PeerClient, head: Head, missing: dict[str, Attested]
) -> int:
    """Keep what a peer has of our own records, as the log approves them; it is missing no more."""
    ids, count = list(missing), 0
    for start in range(0, len(ids), RECORDS):
        part = ids[start : start + RECORDS]
        try:
            answered = await client.records(part)
            found = {id_: data for id_, data in zip(part, answered, strict=True) if data}
            for id_, data in found.items():
                check_record(data, missing[id_])
        except ComityError:
            # Another peer may have them.
            return count
        async with node.store.write() as connection:
            for id_, data in found.items():
                await records.put(connection, head.fingerprint, data)
                del missing[id_]
        count += len(found)
    return count
