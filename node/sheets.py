"""Sheets for officers whose keys are on their own devices (`protocol.sheet`)."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from node import attesting, content, decisions
from node.clock import day_of
from node.content import Content
from node.decisions import STATES, Kept
from node.errors import UserError
from node.node import Node
from node.store import attestations, logs
from protocol import voprf
from protocol.attestation import subject_identifier
from protocol.identifiers import parse_text
from protocol.items import AttestItem
from protocol.merkle import leaf_hash
from protocol.sdjwt import parse_disclosure
from protocol.sheet import Evaluation, SealedPart, Sheet, SheetAttestation
from protocol.statements import (
    AttestDecision,
    Decision,
    ItemsDecision,
    ResealDecision,
    read_decision,
    read_entry,
)
from protocol.voprf import OprfKey


async def export(node: Node, decision: bytes, now: int) -> bytes:
    """The sheet of a pending decision: with it, an officer's device recomputes everything.

    It names who is meant: it goes to officers and nobody else.

    Raises:
        UserError: there is no such decision, or it is pending no more.
    """
    async with node.store.read() as connection:
        register = await node.registers.own(connection)
        kept = await decisions.show_in(connection, node.vault, decision, register)
        state = kept.state(day_of(now))
        if state != "pending":
            raise UserError(
                "this decision is %(state)s: there is nothing to sign any more",
                state=STATES[state],
            )
        shown = [
            await _attestation(connection, node, kept, id_)
            for id_ in decisions.attestations_of(kept.decision)
        ]
        entries = await _named_entries(connection, kept.decision)
    sheet = Sheet(
        v=1,
        decision=kept.decision.to_value(),
        entries=tuple(entries),
        attestations=tuple(shown),
    )
    return sheet.to_bytes()


async def _named_entries(connection: AsyncConnection, decision: Decision) -> list[bytes]:
    """The entries that a decision names by leaf hash, and those that lead to each `attest`."""
    head = await logs.own_head(connection)
    held = [] if head is None else await logs.entries(connection, head)
    by_leaf = {leaf_hash(entry): entry for entry in held}
    about = set(decisions.attestations_of(decision))
    named = [] if decision.after is None else [decision.after]
    if isinstance(decision, ItemsDecision):
        named += _before(decision, about)
    found: dict[bytes, bytes] = {}
    while named:
        leaf = named.pop()
        if leaf in found or leaf not in by_leaf:
            continue
        found[leaf] = by_leaf[leaf]
        statement = read_decision(read_entry(by_leaf[leaf]).decision)
        # What a community statement follows is of no concern to what follows it.
        if isinstance(statement, AttestDecision):
            named.append(statement.after)
        elif isinstance(statement, ItemsDecision):
            named += _before(statement, about)
    return list(found.values())


def _before(decision: ItemsDecision, about: Collection[str]) -> list[bytes]:
    """What a decision's items about some attestations follow."""
    items = [item for item in decision.about if item.id in about]
    return [item.after for item in items if not isinstance(item, AttestItem)]


async def _attestation(
    connection: AsyncConnection, node: Node, kept: Kept, id_: str
) -> SheetAttestation:
    row = await attestations.get(connection, id_)
    held = None if row is None else content.opened(node.vault, row)
    if held is None:
        raise UserError("what this sanction says is not kept any more: it cannot be shown")
    sealed = None
    if isinstance(kept.decision, AttestDecision | ResealDecision):
        key = await attesting.live_key(connection, node.vault, kept.community)
        sealed = _sealed(held, key)
    return SheetAttestation(
        jwt=held.jwt, disclosures=held.disclosures, decoys=held.decoys, sealed=sealed
    )


def _sealed(held: Content, key: OprfKey) -> SealedPart:
    new = held.resealed
    record, slots = (held.record, held.slots) if new is None else (new.record, new.slots)
    if record is None:
        raise UserError("a record that is decided on is missing: restore a backup")
    inputs = _inputs(held.disclosures)
    blinded = [voprf.blind(each) for each in inputs]
    elements = [each.element for each in blinded]
    evaluated = voprf.evaluate_chunk(key.secret, elements)
    evaluations = [
        Evaluation(blind=each.blind, evaluated=answer, slot=slot)
        for each, answer, slot in zip(blinded, evaluated, slots, strict=True)
    ]
    return SealedPart(
        record=record,
        evaluations=tuple(evaluations),
        proof=voprf.prove(key, elements, evaluated),
    )


def _inputs(disclosures: Sequence[str]) -> list[bytes]:
    elements = [each for each in disclosures if parse_disclosure(each).name is None]
    return [parse_text(subject_identifier(each)).oprf_input for each in elements]
