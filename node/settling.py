"""What becomes of decisions: logged once enough officers approved, or ended and forgotten.

What cannot be logged goes on waiting, with the reason: a stored signature that does not hold any
more is given again, a decision that came too early is logged once what it waits for is. So nothing
that was prepared is forgotten unless it is sure that it will never be published; and then it is.
Whatever ends the waiting is an act in the record.
"""

from collections.abc import Sequence
from dataclasses import replace as changed
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, effects, ledger, resealing
from node.clock import day_of
from node.decisions import Kept, Status, Voided, every_in, propose, register_in, show_in
from node.errors import UserError
from node.node import Node
from node.store import decisions as rows
from node.store.decisions import DecisionRow, DecisionState, Vote
from node.vault import Vault
from protocol.english import English
from protocol.errors import OutOfOrder
from protocol.items import LaterItem, ResealItem, WithdrawItem
from protocol.statements import (
    CommunityDecision,
    Decision,
    LaterDecision,
    ResealDecision,
    encode_entry,
)


async def settle(
    connection: AsyncConnection,
    vault: Vault,
    decision: bytes,
    votes: Sequence[Vote],
    now: int,
) -> Status:
    """Take votes whose signatures hold, within a writing transaction, and do what follows."""
    for each in votes:
        said = {"who": each.officer.hex(), "what": each.kind, "decision": decision.hex()}
        await audit.record(connection, vault, "vote", said, now)
        await rows.vote(connection, each)
    kept = await show_in(connection, vault, decision, await register_in(connection))
    if len(kept.approvals) >= kept.threshold:
        await _refuse_to_void(connection, vault, kept, now)
        row = await _log(connection, vault, kept, now)
    elif kept.is_out_of_reach:
        await _forget(connection, vault, kept)
        row = changed(kept.row, state="declined")
    else:
        return kept.status(day_of(now))
    await _replace(connection, vault, row, now)
    voided = await _go_through(connection, vault, now) if row.state == "logged" else []
    seals = _leaves_seals(kept.decision, row.state)
    then = await seal_anew(connection, vault, now) if seals else []
    status = changed(kept, row=row).status(day_of(now))
    return changed(
        status,
        then=tuple(then),
        voided=tuple(Voided(each.row.hash, each.decision) for each in voided),
    )


async def _refuse_to_void(connection: AsyncConnection, vault: Vault, kept: Kept, now: int) -> None:
    """One officer alone ends no change that waits for more, such as their own removal.

    What none of the others has approved is in nobody's way.
    """
    if not isinstance(kept.decision, CommunityDecision):
        return
    held = await every_in(connection, vault, kept.register)
    waiting = [each for each in held if each.state(day_of(now)) == "pending"]
    for each in waiting:
        is_wanted = each.threshold > kept.threshold and each.approvals
        if isinstance(each.decision, CommunityDecision) and is_wanted:
            raise UserError(
                "this would void the change %(decision)s, which waits for the approval of several "
                "officers: have them decide that first (`comity decision show`)",
                decision=each.row.hash.hex()[:12],
            )


def _leaves_seals(decision: Decision, state: DecisionState) -> bool:
    """Whether there may be records to be sealed anew that nobody was asked about.

    What officers declined, or let lapse, is not put before them again by itself.
    """
    if isinstance(decision, ResealDecision):
        return state == "void"
    return isinstance(decision, CommunityDecision) and state == "logged"


async def seal_anew(connection: AsyncConnection, vault: Vault, now: int) -> list[bytes]:
    """Propose what has to be sealed under another key, and does not wait yet; the hashes.

    Within a writing transaction.
    """
    register = await register_in(connection)
    if register is None or not resealing.left(register, day_of(now)):
        return []
    waiting = [
        item.id
        for kept in await every_in(connection, vault, register)
        if kept.row.state == "pending" and isinstance(kept.decision, ResealDecision)
        for item in kept.decision.items
    ]
    made = await resealing.make(connection, vault, register, waiting, now)
    return [await propose(connection, vault, each, now) for each in made]


async def _go_through(connection: AsyncConnection, vault: Vault, now: int) -> list[Kept]:
    """After the log has grown: what it has gone past is void, what waited for it is logged.

    What is void since, as it was.
    """
    await lapse_in(connection, vault, now)
    voided = await void_overtaken(connection, vault, now)
    for kept in await every_in(connection, vault, await register_in(connection)):
        waits = kept.row.state == "pending" and kept.row.fault is not None
        if not waits or len(kept.approvals) < kept.threshold:
            continue
        row = await _log(connection, vault, kept, now)
        await _replace(connection, vault, row, now)
        if row.state == "logged":
            return [*voided, *await _go_through(connection, vault, now)]
        voided += [kept] if row.state == "void" else []
    return voided


async def void_overtaken(connection: AsyncConnection, vault: Vault, now: int) -> list[Kept]:
    """End what the log has gone past, within a writing transaction; what that was."""
    voided = []
    for kept in await every_in(connection, vault, await register_in(connection)):
        if kept.row.state != "pending" or not kept.is_overtaken:
            continue
        await _forget(connection, vault, kept)
        words = English("the log has gone on since this was proposed: propose it again")
        await _replace(connection, vault, changed(kept.row, state="void", fault=words), now)
        voided.append(kept)
    return voided


async def _replace(connection: AsyncConnection, vault: Vault, row: DecisionRow, now: int) -> None:
    """Keep what has become of a decision; an end of its waiting is an act."""
    if row.state != "pending":
        said: dict[str, object] = {"who": audit.who(), "what": row.state}
        said |= {"decision": row.hash.hex(), "index": row.index}
        await audit.record(connection, vault, "outcome", said, now)
    await rows.replace(connection, row)


async def lapse(node: Node, now: int) -> None:
    """End what has waited for too long, and forget what it was about."""
    async with node.store.write() as connection:
        await lapse_in(connection, node.vault, now)


async def lapse_in(connection: AsyncConnection, vault: Vault, now: int) -> None:
    """As `lapse`, within a writing transaction."""
    for kept in await every_in(connection, vault, await register_in(connection)):
        if kept.row.state == "pending" and kept.state(day_of(now)) == "lapsed":
            await _forget(connection, vault, kept)
            await _replace(connection, vault, changed(kept.row, state="lapsed"), now)


async def _log(connection: AsyncConnection, vault: Vault, kept: Kept, now: int) -> DecisionRow:
    """Append the decision; the row as it is then, with the fault where it could not be."""
    entry = encode_entry(kept.data, kept.approvals)
    if kept.register is None:
        await ledger.begin_in(connection, vault, entry, now)
        return changed(kept.row, state="logged", index=0, fault=None)
    try:
        _require_open(kept, day_of(now))
        head = await ledger.append_in(connection, vault, [entry], now)
    except OutOfOrder as error:
        if not (kept.is_overtaken or isinstance(error, Ended)):
            return changed(kept.row, fault=str(error))
        await _forget(connection, vault, kept)
        return changed(kept.row, state="void", fault=str(error))
    log = head.fingerprint
    before = kept.register.community
    if await effects.take_effect(connection, vault, kept.row.hash, kept.decision, log, before):
        raise UserError("a record that was decided on is missing: restore a backup")
    return changed(kept.row, state="logged", index=head.size - 1, fault=None)


class Ended(OutOfOrder):
    """A decision about a sanction that has ended while it waited for approvals."""


def _require_open(kept: Kept, day: date) -> None:
    """The rules ask for the day of the proposal; what ended since then must not rise again."""
    if kept.register is None or not isinstance(kept.decision, LaterDecision | ResealDecision):
        return
    held = kept.register.attestations
    open_ = [item for item in kept.decision.items if not _erases(item)]
    if any(each.id in held and held[each.id].state(day).is_final for each in open_):
        raise Ended("the sanction has ended since this was proposed")


def _erases(item: LaterItem | ResealItem) -> bool:
    return isinstance(item, WithdrawItem) and item.because == "erased"


async def _forget(connection: AsyncConnection, vault: Vault, kept: Kept) -> None:
    """What will never be published is not kept."""
    await effects.forget(connection, vault, kept.row.hash, kept.decision, kept.register)
