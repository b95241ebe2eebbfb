"""What is taken of another community's log: only what extends what is held, checked before kept.

New entries are in quarantine, in memory, until all of this holds (SPEC.md, section 7):

1. the note says that it is of this log, and at least as large as what is held;
2. the entries, replayed after those held, give the register of this community;
3. they give, with the tiles held, the root that the note names;
4. the note is signed with the `log` key in force after the last of them;
5. the community's own line in it, where there is one, holds, and is not of the future.

Then entries, tiles and note are kept in one transaction, or none of them. Whatever fails, what was
held stays as it was. Before 2., and with it, a log is measured by our own limits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from node.clock import day_of
from node.limits import PEER, Limits
from node.registers import Registers
from node.store import logs
from node.store.logs import Head
from protocol.checkpoint import (
    VerifiedCheckpoint,
    claimed_checkpoint,
    cosign_key,
    cosignature_time,
    origin_of,
    verify_checkpoint,
)
from protocol.errors import BadProof, BadSignature, Conflict, OutOfTime
from protocol.merkle import EMPTY_ROOT, leaf_hash
from protocol.register import Register
from protocol.statements import Community
from protocol.verified_tiles import EMPTY_TREE, Growth, VerifiedTiles

MAX_AHEAD = 300
"""Seconds by which a community's own line may be ahead of our clock (SPEC.md, section 7)."""


@dataclass(frozen=True)
class Held:
    """A log as it is held: its head, its register (None before the first entry), its edge."""

    head: Head
    register: Register | None
    tiles: VerifiedTiles = field(repr=False)
    bytes: int = 0
    """Of all its entries."""


@dataclass(frozen=True)
class Extension:
    """What was found to extend a log: a newer note, and the new entries, if there are any."""

    held: Head
    note: bytes = field(repr=False)
    entries: Sequence[bytes] = field(repr=False)
    growth: Growth
    register: Register = field(repr=False)
    as_of: int | None
    """When the community itself cosigned this head (Unix seconds); None where it did not."""


async def load(
    connection: AsyncConnection, registers: Registers, fingerprint: bytes, community: str
) -> Held:
    """A log as it is held; where nothing is, an empty one.

    Raises:
        DamagedLog: what is stored is not what the head says.
    """
    head = await logs.head_of(connection, fingerprint)
    if head is None:
        empty = Head(
            fingerprint, origin_of(community), own=False, size=0, root=EMPTY_ROOT, note=b""
        )
        return Held(empty, None, EMPTY_TREE)
    register = (await registers.at(connection, head)).register
    tiles = await logs.verified_tiles(connection, head)
    return Held(head, register, tiles, await logs.size_in_bytes(connection, fingerprint))


async def verify(
    held: Held, entries: Sequence[bytes], note: bytes, *, now: int, limits: Limits = PEER
) -> Extension:
    """Check that `entries` and `note` extend a log, in the order of the module's docstring.

    Raises:
        TooLarge: with them the log would be more than `limits` allow.
        BadProof: another log, an older or another history.
        BadSignature: not signed by the log's key, or a cosignature that does not hold.
        OutOfTime: cosigned in the future.
        Violation: a note or a genesis statement that is none.
    """
    # Replaying verifies signatures, hundreds of them where a log is new here.
    return await asyncio.to_thread(_verify, held, entries, note, now, limits)


async def keep(connection: AsyncConnection, extension: Extension) -> Head:
    """Keep an extension, in the caller's transaction.

    Raises:
        Conflict: what is held is not what it was verified against: another took it meanwhile.
    """
    head = extension.held
    if head.size == 0:
        if await logs.head_of(connection, head.fingerprint) is not None:
            raise Conflict("the log's head has moved meanwhile")
        await logs.begin(connection, head)
    if not extension.entries:
        return await logs.renote(connection, head, extension.note)
    return await logs.extend(connection, head, extension.note, extension.entries, extension.growth)


def own_time(checkpoint: VerifiedCheckpoint, community: Community) -> int | None:
    """When the community itself cosigned its head (Unix seconds); None where no line is its own.

    Raises:
        BadSignature: a line says that it is, and does not hold.
    """
    key = cosign_key(community.id, community.keys.cosign)
    if not any(key.signed(line) for line in checkpoint.note.signatures):
        return None
    return cosignature_time(checkpoint.note, key)


def _verify(
    held: Held, entries: Sequence[bytes], note: bytes, now: int, limits: Limits
) -> Extension:
    # 1.
    claimed = claimed_checkpoint(note)
    if claimed.origin != held.head.origin:
        raise BadProof("a checkpoint of another log")
    if claimed.size != held.head.size + len(entries) or claimed.size == 0:
        raise BadProof("the checkpoint is smaller than the log that is held, or than what came")
    # 2.
    if entries:
        limits.check_size(claimed.size, held.bytes + sum(map(len, entries)))
    register = _replayed(held, entries, limits)
    limits.check_live(len(register.live(day_of(now))))
    # 3.
    growth = held.tiles.append([leaf_hash(entry) for entry in entries])
    if growth.root != claimed.root:
        raise BadProof("what is held, and the new entries, do not give the checkpoint's root")
    # 4.
    checkpoint = verify_checkpoint(note, register.community.keys.log, held.head.origin)
    # 5.
    as_of = own_time(checkpoint, register.community)
    if as_of is not None and as_of > now + MAX_AHEAD:
        raise OutOfTime("the community cosigned its head in the future")
    return Extension(held.head, note, entries, growth, register, as_of)


def _replayed(held: Held, entries: Sequence[bytes], limits: Limits) -> Register:
    if held.register is None:
        register = Register.begin(entries[0])
        if register.fingerprint != held.head.fingerprint:
            raise BadProof("the log begins with another genesis statement")
        if origin_of(register.community.id) != held.head.origin:
            raise BadProof("the log is of a community of another id")
        entries = entries[1:]
    else:
        register = held.register.copy()
    for entry in entries:
        if register.append(entry) is not None:
            limits.check_voids(len(register.voids))
    return register


def is_newer(extension: Extension, held: Held) -> bool:
    """Whether an extension brings anything: entries, or a note that is not older than the held one.

    Caches on the way may give an older note of the same head, which must not make it stale.
    """
    if extension.entries:
        return True
    if extension.note == held.head.note or held.register is None:
        return False
    return (extension.as_of or 0) >= (_held_time(held.head, held.register) or 0)


def _held_time(head: Head, register: Register) -> int | None:
    community = register.community
    try:
        return own_time(verify_checkpoint(head.note, community.keys.log, head.origin), community)
    except BadSignature:
        # It rotted in the database: any note that was verified is better.
        return None
