"""What officers say to a decision: approved, recused, declined; here, or on devices of their own.

Approvals and recusals are signed by the officer's key. At the threshold the decision is logged
before anything is answered (`settling`).
"""

from node import officers, settling
from node.clock import day_of
from node.decisions import STATES, WAITING, Kept, Status, register_in, show, show_in
from node.errors import UserError
from node.node import Node
from node.store.decisions import Vote, VoteKind
from protocol.errors import BadSignature
from protocol.keys import SigningKey
from protocol.sheet import MAX_SIGNED, SignedVote
from protocol.statements import Approval, approval_holds, approve, recuse, verify_recusal

_REASON = "approvals.reason"


async def approve_here(
    node: Node, decision: bytes, officer: str, password: str, now: int
) -> Status:
    """Approve with a key that the node keeps for the officer of that name.

    At the threshold the decision is logged before this returns.

    Raises:
        UserError: no such decision or officer, a wrong password, a key that is not kept here, or a
            decision that is pending no more.
    """
    key = await officers.key_of(node, officer, password, now)
    return await approve_with(node, decision, key, now)


async def approve_with(node: Node, decision: bytes, key: SigningKey, now: int) -> Status:
    """Approve with an officer's unlocked key; raises as `approve_here` does."""
    given = approve((await show(node, decision)).data, key)
    return await _cast(node, Vote(decision, given.officer, "approve", given.sig, None, now))


async def recuse_here(node: Node, decision: bytes, officer: str, password: str, now: int) -> Status:
    """Recuse the officer of that name, with a key that the node keeps; raises as `approve_here`.

    A recusal is final and never lowers the threshold.
    """
    key = await officers.key_of(node, officer, password, now)
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
        raise UserError(
            "the officer signed to %(kind)s: `comity decision %(kind)s`", kind=signed.kind
        )
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


def reason_of(node: Node, vote: Vote) -> str | None:
    """Why an officer declined, in the words that were noted."""
    if vote.reason_sealed is None:
        return None
    return node.vault.open(_REASON, vote.decision + vote.officer, vote.reason_sealed).decode()


async def _cast(node: Node, vote: Vote) -> Status:
    async with node.store.write() as connection:
        register = await register_in(connection)
        kept = await show_in(connection, node.vault, vote.decision, register)
        _require_admissible(kept, vote)
        return await settling.settle(connection, node.vault, vote.decision, [vote], vote.at)


def _require_admissible(kept: Kept, vote: Vote) -> None:
    state = kept.state(day_of(vote.at))
    if state == "lapsed":
        raise UserError(
            "this has waited for more than %(days)s days and has lapsed: propose it again",
            days=WAITING.days,
        )
    if state != "pending":
        raise UserError(
            "this decision is %(state)s: nothing can be said to it any more", state=STATES[state]
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
