"""Sanctions: proposed, and what this node knows of its own. What is said of them later: `acts`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from node import attesting, content, decisions, ledger, proposing, settling, terms
from node.clock import day_of
from node.decisions import Kept, Status
from node.errors import NotHere, UserError
from node.node import Node
from node.proposing import Proposal
from node.store import attestations
from node.store.attestations import AttestationRow
from node.vault import Vault
from protocol import attestation
from protocol.attestation import VerifiedAttestation
from protocol.attested import Attested
from protocol.claims import (
    Basis,
    Claims,
    DecidedBy,
)
from protocol.english import English
from protocol.identifiers import Identifier
from protocol.items import AttestItem
from protocol.register import Register
from protocol.statements import AttestDecision

_COLUMNS = {
    "--identifier": "identifiers",
    "--in-force-from": "in_force_from",
    "--ends-on": "ends_on",
    "--review-by": "review_by",
    "--measure": "measure",
    "--scope": "scope",
    "--notice": "notice",
}
"""What options of a proposal are called in a list (`casebook`)."""

MOST = 100
"""Sanctions in one decision: with all approvals, they fit into an entry of the log."""


@dataclass(frozen=True)
class Sanction:
    """One of our own."""

    id: str
    proposed: Kept
    """The decision that attests it."""
    attested: Attested | None
    """As our log has it; None where it is not logged."""
    attestation: VerifiedAttestation | None = field(repr=False)
    """None where its content was dropped."""

    @property
    def item(self) -> AttestItem:
        """What was decided of it."""
        if self.attested is not None:
            return self.attested.item
        decision = self.proposed.decision
        items = decision.items if isinstance(decision, AttestDecision) else ()
        return next(item for item in items if item.id == self.id)

    def state(self, day: date) -> str:
        """Its state in the register; before it is logged, that of its decision."""
        if self.attested is not None:
            return self.attested.state(day).name
        state = self.proposed.state(day)
        return "proposed" if state == "pending" else state

    def stands(self, day: date) -> bool:
        """Whether it has not ended, or is still to be decided on."""
        if self.attested is not None:
            return self.attested.state(day).is_live
        return self.state(day) == "proposed"


async def propose(node: Node, proposal: Proposal, now: int) -> Status:
    """Propose a sanction: attest it, seal its record, and let the officers decide.

    Raises:
        UserError: the community cannot publish yet, or the proposal breaks a rule; which one.
    """
    return await propose_all(node, [proposal], now)


async def propose_all(node: Node, proposals: Sequence[Proposal], now: int) -> Status:
    """Propose sanctions, at most `MOST`, as one decision: all of them, or none.

    Raises:
        UserError: as `propose`; of those that have a `place`, which one is at fault.
    """
    if not 1 <= len(proposals) <= MOST:
        raise UserError("1 to %(most)s sanctions stand in one decision", most=MOST)
    async with node.store.write() as connection:
        register = await ledger.own_register_in(connection)
        proposing.require_publisher(register.community)
        made = [
            await _made(connection, node.vault, register, proposal, now) for proposal in proposals
        ]
        decision = AttestDecision(
            v=1,
            type="attest",
            log=register.fingerprint,
            on=day_of(now),
            after=register.quorum_leaf,
            items=tuple(item for item, _ in made),
        )
        hash_ = await decisions.propose(connection, node.vault, decision, now)
        for item, kept in made:
            await content.keep(connection, node.vault, item.id, hash_, kept)
        return await settling.settle(connection, node.vault, hash_, [], now)


async def _made(
    connection: AsyncConnection, vault: Vault, register: Register, proposal: Proposal, now: int
) -> tuple[AttestItem, content.Content]:
    try:
        said = proposing.statement(proposal, register, day_of(now))
        made = await attesting.make(connection, vault, register.community, said, now)
        return proposing.item(proposal, said.claims, made), made.content
    except UserError as error:
        if proposal.place is None:
            raise
        raise UserError(
            "%(place)s: %(fault)s", place=proposal.place, fault=_by_columns(str(error))
        ) from error


def _by_columns(text: str) -> str:
    """Words about options as they are about a list, which has columns of these names instead."""
    for option, column in _COLUMNS.items():
        text = text.replace(option, f"`{column}`")
    return text


@dataclass(frozen=True)
class Draft:
    """What a proposal would say, before anybody decides on it."""

    claims: Claims
    identifiers: Sequence[Identifier] = field(repr=False)
    """With those that are published beside them."""
    basis: Basis
    decided_by: DecidedBy
    review_by: date


async def draft(node: Node, proposal: Proposal, now: int) -> Draft:
    """What a proposal would say; nothing is kept. Raises as `propose` does."""
    register = await ledger.own_register(node)
    proposing.require_publisher(register.community)
    said = proposing.statement(proposal, register, day_of(now))
    review_by = proposing.next_review(proposal, said.claims)
    proposing.require_timely_notice(proposal.notice, day_of(said.claims.iat))
    return Draft(said.claims, said.identifiers, said.basis, said.decided_by, review_by)


async def every(node: Node) -> list[Sanction]:
    """All sanctions of our own, proposed ones too, the oldest first."""
    async with node.store.read() as connection:
        register = await node.registers.own(connection)
        held = await decisions.every_in(connection, node.vault, register)
        kept = {each.row.hash: each for each in held}
        found = [
            _sanction(node.vault, row, kept[row.decision])
            for row in await attestations.every(connection)
        ]
    return sorted(found, key=_age)


async def meant_already(
    node: Node, identifiers: Collection[Identifier], day: date
) -> list[tuple[Identifier, Sanction]]:
    """Sanctions that wait or have not ended, and name one of these identifiers; by which of them.

    Not by what others may have, too, such as a name.
    """
    wanted = {each.text: each for each in proposing.published(tuple(identifiers)) if each.strong}
    found = []
    for each in await every(node):
        named = [] if each.attestation is None else each.attestation.subject
        shared = next((wanted[text] for text in named if text in wanted), None)
        if shared is not None and each.stands(day):
            found.append((shared, each))
    return found


def _age(found: Sanction) -> tuple[date, bool, int, str]:
    row = found.proposed.row
    return row.proposed_on, row.index is None, row.index or 0, found.id


async def find(node: Node, text: str) -> str:
    """The id that begins so, of one of our own; 8 characters or more.

    Raises:
        UserError: there is none, or more than one, or too few characters.
    """
    beginning = terms.beginning(text, English("a sanction"))
    async with node.store.read() as connection:
        held = [row.id for row in await attestations.every(connection)]
    return terms.only(
        [id_ for id_ in held if id_.startswith(beginning)],
        English("several sanctions begin so: give more of the id"),
        English("no sanction whose id begins so: `comity sanction list` shows all"),
    )


async def show(node: Node, attestation_id: str) -> Sanction:
    """One of our own.

    Raises:
        UserError: there is none of this id.
    """
    async with node.store.read() as connection:
        row = await attestations.get(connection, attestation_id)
        if row is None:
            raise NotHere("no sanction of this id: `comity sanction list` shows all")
        register = await node.registers.own(connection)
        kept = await decisions.show_in(connection, node.vault, row.decision, register)
        return _sanction(node.vault, row, kept)


def _sanction(vault: Vault, row: AttestationRow, kept: Kept) -> Sanction:
    attested = None if kept.register is None else kept.register.attestations.get(row.id)
    held = content.opened(vault, row)
    if held is None:
        return Sanction(row.id, kept, attested, None)
    issue_key = kept.community.keys.issue if attested is None else attested.issue_key
    # At time 0 nothing has expired: what has ended is shown as well.
    verified = attestation.verify(held.jwt, issue_key, held.disclosures, now=0)
    return Sanction(row.id, kept, attested, verified)
