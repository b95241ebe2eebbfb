"""Decisions on their way to the log: proposed, approved by officers one by one, logged.

pending → logged     the approvals suffice: the entry is appended in the same transaction
        → declined   so many officers declined or recused that the others cannot suffice
        → void       the log went on meanwhile, and the decision can never stand there any more
        → lapsed     it waited for 90 days

What cannot be logged for any other reason goes on waiting, with the reason: a stored signature that
does not hold any more is given again, a decision that came too early is approved again. So nothing
that was prepared is forgotten unless it is sure that it will never be published.

Until it is logged, a decision is sealed like everything personal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, effects, ledger, officers, resealing
from node.clock import day_of
from node.errors import NotHere, UserError
from node.node import Node
from node.store import decisions as rows
from node.store import logs
from node.store.decisions import DecisionRow, DecisionState, Vote, VoteKind
from node.vault import Vault
from protocol.errors import BadSignature, OutOfOrder
from protocol.items import LaterItem, ResealItem, WithdrawItem
from protocol.keys import SigningKey
from protocol.register import Register
from protocol.sheet import MAX_SIGNED, SignedVote
from protocol.statements import (
    Approval,
    Community,
    CommunityDecision,
    Decision,
    LaterDecision,
    ResealDecision,
    approval_holds,
    approve,
    decision_from_bytes,
    decision_hash,
    encode_entry,
    recuse,
    verify_recusal,
)

_DECISION = "decisions.decision"
_REASON = "approvals.reason"

WAITING = 90
"""Days after which a decision that was not approved lapses."""

SHORTEST = 8
"""Digits by which a decision, or a sanction, may be named."""


@dataclass(frozen=True)
class Status:
    """How far a decision has come: `approvals` of `threshold`."""

    decision: bytes
    """Its hash, by which commands name it."""
    attestations: list[str]
    """Ids of the attestations that it is about; none where it is about the community."""
    state: DecisionState
    approvals: int
    threshold: int
    fault: str | None = None
    """Why enough approvals did not log it."""
    then: tuple[bytes, ...] = ()
    """Hashes of the decisions that this one brought about, and that wait."""


@dataclass(frozen=True)
class Kept:
    """A decision, what the officers said to it, and the register that it would follow.

    `register` is None where there is no log yet.
    """

    row: DecisionRow
    data: bytes = field(repr=False)
    decision: Decision
    votes: list[Vote]
    register: Register | None

    @property
    def community(self) -> Community:
        """Whose officers decide: at genesis those whom the decision itself lists."""
        if isinstance(self.decision, CommunityDecision) and self.decision.after is None:
            return self.decision.community
        return self._register.community

    @property
    def threshold(self) -> int:
        """How many officers have to approve."""
        if isinstance(self.decision, CommunityDecision) and self.decision.after is None:
            return self.decision.community.threshold
        return self._register.needed(self.decision)

    @property
    def _register(self) -> Register:
        if self.register is None:
            raise UserError("a decision of a community that is not founded: restore a backup")
        return self.register

    @property
    def approvals(self) -> list[Approval]:
        """The approvals of those who are officers now, as far as they still hold."""
        given = [
            Approval(officer=vote.officer, sig=vote.signature or b"")
            for vote in self._said("approve")
        ]
        return [approval for approval in given if approval_holds(approval, self.data)]

    @property
    def is_out_of_reach(self) -> bool:
        """Whether those who have not declined or recused are too few."""
        lost = len(self._said("decline")) + len(self._said("recuse"))
        return len(self.community.officers) - lost < self.threshold

    @property
    def is_overtaken(self) -> bool:
        """Whether the log has gone on past what the decision follows, so that it never may stand.

        What has been effective is not overtaken, however the log went on.
        """
        register = self._register
        if self.row.hash in register.effective:
            return False
        return register.is_past(self.decision)

    @property
    def status(self) -> Status:
        """How far it has come."""
        return Status(
            self.row.hash,
            attestations_of(self.decision),
            self.row.state,
            len(self.approvals),
            self.threshold,
            self.row.fault,
        )

    def _said(self, kind: VoteKind) -> list[Vote]:
        current = {officer.key for officer in self.community.officers}
        return [vote for vote in self.votes if vote.kind == kind and vote.officer in current]


def attestations_of(decision: Decision) -> list[str]:
    """The ids of the attestations that a decision is about."""
    if isinstance(decision, CommunityDecision):
        return []
    return [item.id for item in decision.items]


async def find(node: Node, text: str) -> bytes:
    """The decision whose hash begins so, in hexadecimal; 8 digits or more.

    Raises:
        UserError: there is none, or more than one, or too few digits.
    """
    beginning = text.strip().lower()
    if len(beginning) < SHORTEST:
        raise UserError(f"a decision is named by its first {SHORTEST} digits, or more")
    async with node.store.read() as connection:
        found = [row.hash for row in await rows.every(connection)]
    matching = [each for each in found if each.hex().startswith(beginning)]
    if len(matching) > 1:
        raise UserError("several decisions begin so: give more of the digits")
    if not matching:
        raise NotHere("no decision whose hash begins so: `comity decision list --all` shows them")
    return matching[0]


async def approve_here(
    node: Node, decision: bytes, officer: str, password: str, now: int
) -> Status:
    """Approve with a key that the node keeps for the officer of that name.

    At the threshold the decision is logged before this returns.

    Raises:
        UserError: no such decision or officer, a wrong password, a key that is not kept here, or a
            decision that is pending no more.
    """
    key = await officers.unlock(await officers.named(node, officer), password)
    return await approve_with(node, decision, key, now)


async def approve_with(node: Node, decision: bytes, key: SigningKey, now: int) -> Status:
    """Approve with an officer's unlocked key; raises as `approve_here` does."""
    given = approve((await show(node, decision)).data, key)
    return await _cast(node, Vote(decision, given.officer, "approve", given.sig, None, now))


async def recuse_here(node: Node, decision: bytes, officer: str, password: str, now: int) -> Status:
    """Recuse the officer of that name, with a key that the node keeps; raises as `approve_here`.

    A recusal is final and never lowers the threshold.
    """
    key = await officers.unlock(await officers.named(node, officer), password)
    signature = recuse((await show(node, decision)).data, key)
    return await _cast(node, Vote(decision, key.public_key, "recuse", signature, None, now))


async def bring(
    node: Node, decision: bytes, file: bytes, now: int, *, kind: VoteKind = "approve"
) -> Status:
    """Take what an officer signed elsewhere: an approval, or a recusal where that is meant.

    Raises:
        Violation: the file is not of its form, or its signature does not hold.
        UserError: it is of the other kind, for another decision, by nobody who is an officer, or
            too late.
    """
    signed = SignedVote.from_bytes(file.strip(), MAX_SIGNED)
    if signed.kind != kind:
        raise UserError(f"the officer signed to {signed.kind}: `comity decision {signed.kind}`")
    if signed.decision != decision:
        raise UserError("this was signed for another decision: `comity decision list` shows all")
    return await _cast(node, Vote(decision, signed.officer, signed.kind, signed.sig, None, now))


async def decline(node: Node, decision: bytes, officer: str, reason: str, now: int) -> Status:
    """Note that the officer of that name declines, and why; the note stays here.

    Nothing is signed, as it publishes nothing; an officer who declined may
    still approve, for as long as the decision is pending.
    """
    who = await officers.named(node, officer)
    sealed = node.vault.seal(_REASON, decision + who.key, reason.encode())
    return await _cast(node, Vote(decision, who.key, "decline", None, sealed, now))


async def status(node: Node, decision: bytes) -> Status:
    """How far a decision has come; raises as `show` does."""
    return (await show(node, decision)).status


async def show(node: Node, decision: bytes) -> Kept:
    """A decision with all that is known of it here.

    Raises:
        UserError: there is no such decision.
    """
    async with node.store.read() as connection:
        return await show_in(connection, node.vault, decision)


async def show_in(connection: AsyncConnection, vault: Vault, decision: bytes) -> Kept:
    """As `show`, within a transaction."""
    row = await rows.get(connection, decision)
    if row is None:
        raise NotHere("no such decision: `comity decision list` shows all")
    return await _with_votes(connection, vault, row, await _register(connection))


async def every(node: Node) -> list[Kept]:
    """All decisions, the oldest first."""
    async with node.store.read() as connection:
        return await every_in(connection, node.vault)


async def every_in(connection: AsyncConnection, vault: Vault) -> list[Kept]:
    """As `every`, within a transaction."""
    register = await _register(connection)
    return [
        await _with_votes(connection, vault, row, register) for row in await rows.every(connection)
    ]


def reason_of(node: Node, vote: Vote) -> str | None:
    """Why an officer declined, in the words that were noted."""
    if vote.reason_sealed is None:
        return None
    return node.vault.open(_REASON, vote.decision + vote.officer, vote.reason_sealed).decode()


async def propose(connection: AsyncConnection, vault: Vault, decision: Decision, now: int) -> bytes:
    """Keep a new decision, within a writing transaction, and give its hash.

    Raises:
        UserError: the very same was proposed before, on the same day.
    """
    data = decision.to_bytes()
    hash_ = decision_hash(data)
    before = await rows.get(connection, hash_)
    if before is not None:
        raise UserError(
            f"this was proposed today already, and is {before.state}: `comity decision list --all`"
        )
    said = {"who": audit.who(), "what": decision.type, "decision": hash_.hex()}
    # Before the decision is there: a community's first act is to propose its founding.
    await audit.record(connection, vault, "propose", said, now)
    sealed = vault.seal(_DECISION, hash_, data)
    await rows.add(connection, DecisionRow(hash_, decision.type, sealed, "pending", decision.on))
    return hash_


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
    kept = await show_in(connection, vault, decision)
    if len(kept.approvals) >= kept.threshold:
        row = await _log(connection, vault, kept, now)
    elif kept.is_out_of_reach:
        await _forget(connection, vault, kept)
        row = changed(kept.row, state="declined")
    else:
        return kept.status
    await _replace(connection, vault, row, now)
    if row.state == "logged":
        await _go_through(connection, vault, now)
    if not _leaves_seals(kept.decision, row.state):
        return changed(kept, row=row).status
    then = await seal_anew(connection, vault, now)
    return changed(changed(kept, row=row).status, then=tuple(then))


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
    register = await _register(connection)
    if register is None or not resealing.left(register, day_of(now)):
        return []
    waiting = [
        item.id
        for kept in await every_in(connection, vault)
        if kept.row.state == "pending" and isinstance(kept.decision, ResealDecision)
        for item in kept.decision.items
    ]
    made = await resealing.make(connection, vault, register, waiting, now)
    return [await propose(connection, vault, each, now) for each in made]


async def _go_through(connection: AsyncConnection, vault: Vault, now: int) -> None:
    """After the log has grown: what it has gone past is void, what waited for it is logged."""
    waiting = [row for row in await rows.every(connection) if row.state == "pending"]
    for each in waiting:
        kept = await show_in(connection, vault, each.hash)
        if kept.is_overtaken:
            await _forget(connection, vault, kept)
            words = "the log has gone on since this was proposed: propose it again"
            await _replace(connection, vault, changed(kept.row, state="void", fault=words), now)
        elif each.fault is not None and len(kept.approvals) >= kept.threshold:
            await _replace(connection, vault, await _log(connection, vault, kept, now), now)


async def _replace(connection: AsyncConnection, vault: Vault, row: DecisionRow, now: int) -> None:
    """Keep what has become of a decision; an end of its waiting is an act."""
    if row.state != "pending":
        said: dict[str, object] = {"who": audit.who(), "what": row.state}
        said |= {"decision": row.hash.hex(), "index": row.index}
        await audit.record(connection, vault, "outcome", said, now)
    await rows.replace(connection, row)


async def lapse(node: Node, now: int) -> None:
    """End what has waited for approvals for `WAITING` days, and forget what it was about."""
    async with node.store.write() as connection:
        for row in await rows.every(connection):
            if row.state == "pending" and _is_too_old(row, now):
                kept = await show_in(connection, node.vault, row.hash)
                await _forget(connection, node.vault, kept)
                await _replace(connection, node.vault, changed(row, state="lapsed"), now)


def _is_too_old(row: DecisionRow, now: int) -> bool:
    return day_of(now) > row.proposed_on + timedelta(days=WAITING)


async def _cast(node: Node, vote: Vote) -> Status:
    async with node.store.write() as connection:
        kept = await show_in(connection, node.vault, vote.decision)
        _require_admissible(kept, vote)
        return await settle(connection, node.vault, vote.decision, [vote], vote.at)


def _require_admissible(kept: Kept, vote: Vote) -> None:
    if kept.row.state != "pending":
        raise UserError(f"this decision is {kept.row.state}: nothing can be said to it any more")
    if _is_too_old(kept.row, vote.at):
        raise UserError(
            f"this waited for more than {WAITING} days and has lapsed: propose it again"
        )
    if vote.officer not in {officer.key for officer in kept.community.officers}:
        raise UserError("this key is not one of the community's officers now")
    if any(said.officer == vote.officer and said.kind == "recuse" for said in kept.votes):
        raise UserError("this officer has recused themselves from this decision")
    signature = vote.signature or b""
    if vote.kind == "recuse":
        verify_recusal(kept.data, vote.officer, signature)
    if vote.kind == "approve":
        approval = Approval(officer=vote.officer, sig=signature)
        if not approval_holds(approval, kept.data):
            raise BadSignature("the approval does not hold for this decision")


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
    await effects.take_effect(connection, vault, kept.row.hash, kept.decision, head.fingerprint)
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


async def _with_votes(
    connection: AsyncConnection, vault: Vault, row: DecisionRow, register: Register | None
) -> Kept:
    data = vault.open(_DECISION, row.hash, row.decision_sealed)
    votes = await rows.votes(connection, row.hash)
    return Kept(row, data, decision_from_bytes(data), votes, register)


async def _register(connection: AsyncConnection) -> Register | None:
    head = await logs.own_head(connection)
    return None if head is None else await logs.register_of(connection, head)
