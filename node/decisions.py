"""Decisions on their way to the log: what was proposed, and how far it has come.

pending → logged     the approvals suffice: the entry is appended in the same transaction
        → declined   so many officers declined or recused that the others cannot suffice
        → void       the log went on meanwhile, and the decision can never stand there any more
        → lapsed     it waited for 90 days; a founding waits for as long as it takes

What officers say to a decision stands in `voting`, what becomes of it in `settling`. Until it is
logged, it is sealed like everything personal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, terms
from node.clock import day_of, noon
from node.errors import NotHere, UserError
from node.node import Node
from node.store import attestations, logs
from node.store import decisions as rows
from node.store.attestations import AttestationRow
from node.store.decisions import DecisionRow, DecisionState, Vote, VoteKind
from node.vault import Vault
from protocol.english import English
from protocol.register import Register
from protocol.statements import (
    Approval,
    AttestDecision,
    Community,
    CommunityDecision,
    Decision,
    ResealDecision,
    approval_holds,
    decision_from_bytes,
    decision_hash,
    read_decision,
    read_entry,
)

_DECISION = "decisions.decision"

WAITING = timedelta(days=90)
"""How long a decision waits for approvals before it lapses."""

SHOWN = timedelta(days=30)
"""How long what another decision voided is listed among what waits."""

NAMED = 12
"""Digits of a decision's hash by which it is named in words."""


@dataclass(frozen=True)
class Voided:
    """A decision that waited, and never may stand since another one was logged."""

    decision: bytes
    """Its hash."""
    said: Decision


STATES: dict[DecisionState, English] = {
    "pending": English("pending"),
    "logged": English("logged"),
    "declined": English("declined"),
    "void": English("void"),
    "lapsed": English("lapsed"),
}
"""What has become of a decision, as errors say it."""


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
    voided: tuple[Voided, ...] = ()
    """What waited and is void since this one was logged, just now."""


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

    def state(self, day: date) -> DecisionState:
        """What has become of it by a day: what waited too long has lapsed, seen or unseen."""
        waits = self.row.state == "pending" and self._founded is None
        return "lapsed" if waits and day > self.row.proposed_on + WAITING else self.row.state

    @property
    def community(self) -> Community:
        """Whose officers decide: at genesis those whom the decision itself lists."""
        return self._founded or self._register.community

    @property
    def threshold(self) -> int:
        """How many officers have to approve."""
        if self._founded is not None:
            return self._founded.threshold
        return self._register.needed(self.decision)

    @property
    def _founded(self) -> Community | None:
        """The community that the decision founds; None where it is founded already."""
        if isinstance(self.decision, CommunityDecision) and self.decision.after is None:
            return self.decision.community
        return None

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

    def status(self, day: date) -> Status:
        """How far it has come by a day."""
        return Status(
            self.row.hash,
            attestations_of(self.decision),
            self.state(day),
            len(self.approvals),
            self.threshold,
            self.row.fault,
        )

    def before(self, day: date) -> Community | None:
        """What the community says of itself until this stands.

        None where it founds it, and where it has ended: what it changed is not known any more.
        """
        waits = self.state(day) == "pending" and self._founded is None
        return self.community if waits else None

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
    beginning = terms.beginning(text, English("a decision"))
    async with node.store.read() as connection:
        found = [row.hash for row in await rows.every(connection)]
    return terms.only(
        [each for each in found if each.hex().startswith(beginning)],
        English("several decisions begin so: give more of the digits"),
        English("no decision whose hash begins so: `comity decision list --all` shows them"),
    )


async def status(node: Node, decision: bytes, now: int) -> Status:
    """How far a decision has come; raises as `show` does."""
    return (await show(node, decision)).status(day_of(now))


async def show(node: Node, decision: bytes) -> Kept:
    """A decision with all that is known of it here.

    Raises:
        UserError: there is no such decision.
    """
    async with node.store.read() as connection:
        register = await node.registers.own(connection)
        return await show_in(connection, node.vault, decision, register)


async def show_in(
    connection: AsyncConnection, vault: Vault, decision: bytes, register: Register | None
) -> Kept:
    """As `show`, within a transaction, by the register of our own log."""
    row = await rows.get(connection, decision)
    if row is None:
        raise NotHere("no such decision: `comity decision list` shows all")
    return await _with_votes(connection, vault, row, register)


async def every(node: Node) -> list[Kept]:
    """All decisions, the oldest first."""
    async with node.store.read() as connection:
        register = await node.registers.own(connection)
        return await every_in(connection, node.vault, register)


async def every_in(
    connection: AsyncConnection, vault: Vault, register: Register | None
) -> list[Kept]:
    """As `every`, within a transaction, by the register of our own log."""
    return [
        await _with_votes(connection, vault, row, register) for row in await rows.every(connection)
    ]


async def waiting(node: Node, now: int) -> dict[str, list[Kept]]:
    """What is proposed to be said of attestations, or to end them, and waits; by their ids."""
    found: dict[str, list[Kept]] = {}
    for each in await every(node):
        is_act = not isinstance(each.decision, CommunityDecision | AttestDecision)
        if is_act and each.state(day_of(now)) == "pending":
            for id_ in attestations_of(each.decision):
                found.setdefault(id_, []).append(each)
    return found


async def would_be_voided(node: Node, ids: Collection[str], now: int) -> list[Kept]:
    """What is said later of these attestations, has approvals and waits for more.

    Any act on one of them that is logged before is what they would have had to follow.
    """
    return [
        each
        for each in await every(node)
        if each.state(day_of(now)) == "pending"
        and not isinstance(each.decision, CommunityDecision | AttestDecision | ResealDecision)
        and not set(ids).isdisjoint(attestations_of(each.decision))
        and each.approvals
    ]


async def voided_of_late(node: Node, every: Sequence[Kept], now: int) -> set[bytes]:
    """Hashes of what another decision voided within `SHOWN`, and nobody proposed again since."""
    since = now - int(SHOWN.total_seconds())
    acts = await audit.since(node, "outcome", since)
    voided = {each.detail["decision"] for each in acts if each.detail.get("what") == "void"}
    standing = {_what(each) for each in every if each.row.state in {"pending", "logged"}}
    return {
        each.row.hash
        for each in every
        if each.row.hash.hex() in voided and _what(each) not in standing
    }


def _what(kept: Kept) -> tuple[str, object]:
    """What it says, but for when, and what it follows."""
    decision = kept.decision
    if isinstance(decision, CommunityDecision):
        return decision.type, decision.community.to_bytes()
    said = [each.model_copy(update={"after": b""}) if hasattr(each, "after") else each
            for each in decision.items]  # fmt: skip
    return decision.type, tuple(said)


async def propose(connection: AsyncConnection, vault: Vault, decision: Decision, now: int) -> bytes:
    """Keep a new decision, within a writing transaction, and give its hash.

    One that was declined on the same day waits anew, with what officers signed to it. That somebody
    declined is dropped with its reason, and stays in the record of acts.

    Raises:
        UserError: the very same was proposed on the same day, and was not declined.
    """
    data = decision.to_bytes()
    hash_ = decision_hash(data)
    before = await rows.get(connection, hash_)
    if before is not None and before.state == "pending":
        raise UserError(waits_already(before))
    if before is not None and before.state != "declined":
        raise UserError(
            "this was proposed today already, and is %(state)s: `comity decision list --all`",
            state=STATES[before.state],
        )
    said = {"who": audit.who(), "what": decision.type, "decision": hash_.hex()}
    # Before the decision is there: a community's first act is to propose its founding.
    await audit.record(connection, vault, "propose", said, now)
    if before is not None:
        await rows.reopen(connection, hash_)
        return hash_
    sealed = vault.seal(_DECISION, hash_, data)
    await rows.add(connection, DecisionRow(hash_, decision.type, sealed, "pending", decision.on))
    return hash_


def waits_already(row: DecisionRow) -> English:
    """What whoever proposes it a second time is told."""
    return English(
        "this is proposed already, and waits for approvals as decision %(id)s. To approve it: "
        "`comity decision approve %(id)s --officer NAME`. If too many decline (`comity decision "
        "decline %(id)s --officer NAME`), it is gone, and can be proposed anew",
        id=row.hash.hex()[:NAMED],
    )


async def take_over(connection: AsyncConnection, vault: Vault, data: bytes, index: int) -> None:
    """Take a decision from an entry that our log has, and this database had not (`node.recovery`).

    What waited here is logged; of what was proposed elsewhere, the log says all that is known.
    """
    entry = read_entry(data)
    decision, hash_ = read_decision(entry.decision), decision_hash(entry.decision_bytes)
    sealed = vault.seal(_DECISION, hash_, entry.decision_bytes)
    row = DecisionRow(hash_, decision.type, sealed, "logged", decision.on, index)
    if await rows.get(connection, hash_) is not None:
        await rows.replace(connection, row)
    else:
        await rows.add(connection, row)
        for id_ in attestations_of(decision) if isinstance(decision, AttestDecision) else ():
            await attestations.add(connection, AttestationRow(id_, hash_, None))
    for each in entry.approvals:
        if not approval_holds(each, entry.decision_bytes):
            continue  # the log carries what it was given
        given = Vote(hash_, each.officer, "approve", each.sig, None, noon(decision.on))
        await rows.vote(connection, given)


async def _with_votes(
    connection: AsyncConnection, vault: Vault, row: DecisionRow, register: Register | None
) -> Kept:
    data = vault.open(_DECISION, row.hash, row.decision_sealed)
    votes = await rows.votes(connection, row.hash)
    return Kept(row, data, decision_from_bytes(data), votes, register)


async def register_in(connection: AsyncConnection) -> Register | None:
    """The register of our own log, replayed; None where there is no log yet."""
    head = await logs.own_head(connection)
    return None if head is None else await logs.register_of(connection, head)
