"""Appending to our own log: one writer, all or nothing, durable before it is answered.

Before anything is signed:

1. the head that stands is verified: its note, and the stored entries and tiles against its root;
2. each new entry is judged on a copy of the register, and one that would be void is refused;
3. what was stored is read back and held against the new root, before it is committed.

So a bit flipped in the database is found and never signed over, and a crash at any point leaves
either the old head or the new one. `Store.write` lets one writer in at a time, of all processes.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from node.errors import UserError
from node.keyring import Keys, signing_keys_in
from node.node import Node
from node.store import logs
from node.store.logs import DamagedLog, Head
from node.vault import Vault
from protocol.checkpoint import (
    Checkpoint,
    cosign,
    cosign_key,
    cosignature_time,
    origin_of,
    sign_checkpoint,
    verify_checkpoint,
)
from protocol.errors import Conflict, OutOfOrder, Violation
from protocol.merkle import EMPTY_ROOT, leaf_hash
from protocol.note import NoteSignature, SignedNote
from protocol.register import Register
from protocol.verified_tiles import Growth

Within: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]
"""Writes rows of its own in the transaction that appends."""


async def own_head(node: Node) -> Head:
    """The head of our own log.

    Raises:
        UserError: there is no log yet.
    """
    async with node.store.read() as connection:
        return await own_head_in(connection)


async def own_register(node: Node) -> Register:
    """The register of our own log, from entries that were held against its head. Not to be changed.

    It is kept from one call to the next, as replaying verifies every signature in the log.

    Raises:
        UserError: there is no log yet.
        DamagedLog: the database does not hold what the head says.
    """
    async with node.store.read() as connection:
        head = await own_head_in(connection)
        return (await node.registers.at(connection, head)).register


async def own_head_in(connection: AsyncConnection) -> Head:
    """As `own_head`, within a transaction."""
    head = await logs.own_head(connection)
    if head is None:
        raise UserError(
            "this community is not founded yet: type `comity init`, or where its founding waits "
            "for approvals, `comity decision list`"
        )
    return head


async def own_register_in(connection: AsyncConnection) -> Register:
    """The register of our own log, replayed within a transaction; raises as `own_register`."""
    return await logs.register_of(connection, await own_head_in(connection))


async def begin(node: Node, entry: bytes, now: int, within: Within | None = None) -> Head:
    """Begin our log with its genesis entry; raises as `begin_in` does."""
    async with node.store.write() as connection:
        head = await begin_in(connection, node.vault, entry, now)
        if within is not None:
            await within(connection)
        return head


async def append(
    node: Node, entries: Sequence[bytes], now: int, within: Within | None = None
) -> Head:
    """Append entries to our log, all or none; raises as `append_in` does.

    Returns once they are on the disk. `within` writes in the same transaction, after them.
    """
    async with node.store.write() as connection:
        head = await append_in(connection, node.vault, entries, now)
        if within is not None:
            await within(connection)
        return head


async def begin_in(connection: AsyncConnection, vault: Vault, entry: bytes, now: int) -> Head:
    """Begin our log, within a writing transaction. `now`: Unix seconds.

    Raises:
        Conflict: there is a log already.
        OutOfOrder: it is no genesis statement, or its approvals do not suffice.
    """
    if await logs.own_head(connection) is not None:
        raise Conflict("this community has its log already")
    register = Register.begin(entry)
    origin = origin_of(register.community.id)
    empty = Head(register.fingerprint, origin, own=True, size=0, root=EMPTY_ROOT, note=b"")
    await logs.begin(connection, empty)
    keys = await _keys_of(connection, vault, register)
    return await _grow(connection, empty, [entry], keys, now)


async def append_in(
    connection: AsyncConnection, vault: Vault, entries: Sequence[bytes], now: int
) -> Head:
    """Append entries, within a writing transaction. `now`: Unix seconds.

    Raises:
        OutOfOrder: an entry would be void, and why.
        DamagedLog: the log in the database is not what its head says; nothing is signed over it.
        UserError: there is no log yet.
    """
    head = await own_head_in(connection)
    register = await logs.register_of(connection, head)
    verify_note(head, register)
    for entry in entries:
        void = register.append(entry)
        if void is not None:
            raise OutOfOrder(void.reason.partition(": ")[2])
    return await _grow(connection, head, entries, await _keys_of(connection, vault, register), now)


async def renew_cosignature(node: Node, now: int) -> Head:
    """Say anew that our head is the newest, `now` (SPEC.md, section 7: every 10 minutes at most).

    Raises:
        DamagedLog: the log in the database is not what its head says.
    """
    async with node.store.write() as connection:
        return await _cosigned(node, connection, await own_head_in(connection), [], now)


async def add_cosignatures(
    node: Node, size: int, lines: Sequence[NoteSignature], now: int
) -> Head | None:
    """Add witnesses' verified lines to our checkpoint; None where the log has grown meanwhile.

    Our own line is renewed with them, so that the note never looks older than its witnesses.
    """
    async with node.store.write() as connection:
        head = await own_head_in(connection)
        if head.size != size:
            return None
        return await _cosigned(node, connection, head, lines, now)


async def _cosigned(
    node: Node,
    connection: AsyncConnection,
    head: Head,
    lines: Sequence[NoteSignature],
    now: int,
) -> Head:
    # It happens every few minutes: entries are held against the root each time, but officers'
    # signatures verified once for a process.
    await logs.entries(connection, head)
    register = (await node.registers.at(connection, head)).register
    note = verify_note(head, register)
    keys = await _keys_of(connection, node.vault, register)
    own = cosign(note.text, keys.cosign, head.origin, now)
    return await logs.renote(connection, head, note.with_signatures([own, *lines]).to_bytes())


async def _grow(
    connection: AsyncConnection, held: Head, entries: Sequence[bytes], keys: Keys, now: int
) -> Head:
    tiles = await logs.verified_tiles(connection, held)
    growth = tiles.append([leaf_hash(entry) for entry in entries])
    note = signed(Checkpoint(held.origin, growth.size, growth.root), keys, now)
    head = await logs.extend(connection, held, note.to_bytes(), entries, growth)
    await _read_back(connection, head, entries, growth)
    return head


async def _read_back(
    connection: AsyncConnection, head: Head, entries: Sequence[bytes], growth: Growth
) -> None:
    """Hold what the storage gives back against the root that is about to be committed."""
    stored = await logs.entries(connection, head, head.size - len(entries))
    await logs.verified_tiles(connection, head, growth.tiles)
    if list(stored) != list(entries):
        raise DamagedLog("the storage gives back another entry than was stored")


def signed(checkpoint: Checkpoint, keys: Keys, now: int) -> SignedNote:
    """The note of a head of our own, signed and cosigned."""
    note = sign_checkpoint(checkpoint, keys.log)
    return note.with_signatures([cosign(note.text, keys.cosign, checkpoint.origin, now)])


def verify_note(head: Head, register: Register) -> SignedNote:
    """The note of our own head, once it was found to be what we signed for this size and root.

    Raises:
        DamagedLog: it is not.
    """
    community = register.community
    try:
        verified = verify_checkpoint(head.note, community.keys.log, head.origin)
        cosignature_time(verified.note, cosign_key(community.id, community.keys.cosign))
    except Violation as error:
        raise DamagedLog("the checkpoint of our own log: %(error)s", error=str(error)) from error
    if (verified.head.size, verified.head.root) != (head.size, head.root):
        raise DamagedLog("the checkpoint of our own log is of another head")
    return verified.note


async def _keys_of(connection: AsyncConnection, vault: Vault, register: Register) -> Keys:
    """Our keys, once they were found to be those that the log names: peers know no others."""
    keys = await signing_keys_in(connection, vault)
    named = register.community.keys
    if (keys.log.public_key, keys.cosign.public_key) != (named.log, named.cosign):
        raise UserError(
            "the keys in this database are not those of its log: restore both from one backup"
        )
    return keys
