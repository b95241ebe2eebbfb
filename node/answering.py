"""What peers ask about our own sanctions, and what the committee tells them.

A peer's question is kept before it is acknowledged, and the same question again is answered with
how it stands. The committee releases `basis` or `decided_by`, or says one of the fixed phrases;
once, and then it stands. Who was told what, and when the peer had it, is in the record of acts.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, content, ledger
from node.clock import day_of
from node.errors import NotHere, UserError
from node.identity import Identity
from node.keyring import signing_keys_in
from node.node import Node
from node.store import attestations
from node.store import inquiries as rows
from node.store.inquiries import ReceivedRow
from node.vault import Vault
from protocol.errors import BadSignature, Conflict, NotFound, OverBudget
from protocol.inquiry import (
    MAX_INQUIRY,
    MAX_INQUIRY_ANSWER,
    Answer,
    Inquiry,
    InquiryState,
    Phrase,
    Releasable,
    SignedAnswer,
    released,
    sign,
    verify_signature,
)
from protocol.register import Register

DAY = 86_400

TERM = timedelta(days=30)
"""How long a question waits, and how long what was said to it is kept."""

NEW = 32
"""Questions that are taken of one peer within a day."""

WAITING = 64
"""Questions of one peer that wait for an answer at a time."""

_ATTESTATION = "inquiries_received.attestation"
_INQUIRY = "inquiries_received.inquiry"
_ANSWER = "inquiries_received.answer"


@dataclass(frozen=True)
class Reply:
    """What the committee says: a phrase, or with `released` what it releases.

    Raises:
        UserError: the one without the other.
    """

    phrase: Phrase
    release: frozenset[Releasable] = frozenset()

    def __post_init__(self) -> None:
        if (self.phrase == "released") != bool(self.release):
            raise UserError("what is released is named; any other phrase releases nothing")


@dataclass(frozen=True)
class Received:
    """A peer's question, and what it was told."""

    peer: bytes
    """Fingerprint."""
    inquiry: Inquiry
    answer: Answer | None = field(repr=False)
    received_at: int
    answered_at: int | None
    handed_over_at: int | None
    kept_until: date

    @property
    def id(self) -> str:
        """How it is named, on both sides."""
        return self.inquiry.hash.hex()

    def to_value(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "id": self.id,
            "from": self.inquiry.from_,
            "attestation": self.inquiry.attestation,
            "purpose": self.inquiry.purpose.to_value(),
            "state": "waiting" if self.answer is None else "answered",
            "answer": None if self.answer is None else self.answer.to_value(),
            "received_at": self.received_at,
            "answered_at": self.answered_at,
            "handed_over_at": self.handed_over_at,
            "kept_until": self.kept_until.isoformat(),
        }


async def receive(  # noqa: PLR0913, PLR0917 - who asks whom what, when
    node: Node, own: Identity, peer: bytes, peer_id: str, asked: Inquiry, now: int
) -> InquiryState:
    """Take a question of an admitted peer (fingerprint and id), and say how it stands.

    Raises:
        Conflict: it names another asker, or another issuer.
        NotFound: no attestation of ours that is in force.
        OverBudget: the peer has asked too much of late, or too much of it waits.
    """
    if (asked.from_, asked.to, asked.log) != (peer_id, own.community.id, own.fingerprint):
        raise Conflict("the question is of somebody else, or for somebody else")
    async with node.store.write() as connection:
        if await rows.get_received(connection, peer, asked.hash) is None:
            attested = own.register.attestations.get(asked.attestation)
            if attested is None or attested.state(day_of(now)).is_final:
                raise NotFound("no attestation of this id is in force here")
            await _refuse_too_many(connection, peer, now)
            said = _said(asked.from_, "received", asked)
            said |= {"purpose": asked.purpose.to_value()}
            await audit.record(connection, node.vault, "answer", said, now)
            await rows.add_received(connection, _new(node.vault, peer, asked, now))
    return await standing(node, own, peer, asked.hash, now)


async def standing(node: Node, own: Identity, peer: bytes, hash_: bytes, now: int) -> InquiryState:
    """How a peer's question stands; the answer once there is one, and that it was handed over.

    Raises:
        NotFound: this peer asked nothing of this hash, or it is not kept any more.
    """
    async with node.store.read() as connection:
        row = await rows.get_received(connection, peer, hash_)
    if row is None:
        raise NotFound("no question of this hash is kept of this peer")
    signed = _signed(node.vault, row)
    if signed is None:
        return InquiryState(v=1, state="waiting", answered=None)
    if row.handed_over_at is None:
        await _record_handing_over(node, row, now)
    return InquiryState(v=1, state="answered", answered=_by_key_in_force(own, signed))


async def every(node: Node) -> list[Received]:
    """All questions of peers that are kept, the oldest first."""
    async with node.store.read() as connection:
        return [_received(node.vault, row) for row in await rows.received(connection)]


async def answer(node: Node, id_: str, reply: Reply, now: int) -> Received:
    """Answer a question, once, by its id; its asker has the answer the next time it looks.

    Raises:
        UserError: there is no such question, it was answered, or this cannot be said to it.
    """
    async with node.store.write() as connection:
        row = await _waiting(connection, id_)
        asked = _inquiry(node.vault, row)
        register = await ledger.own_register_in(connection)
        _require_sayable(register, asked, reply.phrase, now)
        disclosed = await _disclosed(connection, node.vault, asked, reply.release)
        said = _answer(register, asked, reply.phrase, disclosed, now)
        keys = await signing_keys_in(connection, node.vault)
        sealed = node.vault.seal(_ANSWER, _place(row), sign(said, keys.issue).to_bytes())
        detail = _said(audit.who(), "answered", asked) | {"to": asked.from_, "phrase": reply.phrase}
        detail |= {"released": sorted(reply.release)}
        await audit.record(connection, node.vault, "answer", detail, now)
        await rows.change_received(
            connection,
            row,
            answer_sealed=sealed,
            answered_at=now,
            delete_after=day_of(now) + TERM,
        )
        changed = await rows.get_received(connection, row.peer, row.hash)
    if changed is None:
        raise AssertionError("it was written within this transaction")
    return _received(node.vault, changed)


async def forget_about(connection: AsyncConnection, vault: Vault, attestation: str) -> None:
    """Forget what was asked and told about a sanction of ours that is erased."""
    await rows.forget_about(connection, _attestation_tag(vault, attestation))


async def _record_handing_over(node: Node, row: ReceivedRow, now: int) -> None:
    async with node.store.write() as connection:
        current = await rows.get_received(connection, row.peer, row.hash)
        if current is not None and current.handed_over_at is None:
            asked = _inquiry(node.vault, row)
            said = _said(asked.from_, "handed_over", asked)
            await audit.record(connection, node.vault, "answer", said, now)
            await rows.change_received(connection, row, handed_over_at=now)


async def _refuse_too_many(connection: AsyncConnection, peer: bytes, now: int) -> None:
    new, waiting = await rows.count_received(connection, peer, now - DAY)
    if new >= NEW or waiting >= WAITING:
        raise OverBudget("too many questions: humans have to answer them", DAY)


async def _waiting(connection: AsyncConnection, id_: str) -> ReceivedRow:
    found = [row for row in await rows.received(connection) if row.hash.hex() == id_]
    if not found:
        raise NotHere("no question of this id was asked here: `comity inquiry list` shows all")
    if found[0].answer_sealed is not None:
        raise UserError("this question was answered, and an answer stands")
    return found[0]


def _require_sayable(register: Register, asked: Inquiry, phrase: Phrase, now: int) -> None:
    state = register.attestations[asked.attestation].state(day_of(now))
    if state.is_final and phrase != "it_has_ended":
        raise UserError("this sanction has ended: answer with `--phrase it_has_ended`")
    if not state.is_final and phrase == "it_has_ended":
        raise UserError("this sanction has not ended: `comity sanction show` tells how it stands")


async def _disclosed(
    connection: AsyncConnection, vault: Vault, asked: Inquiry, release: Collection[Releasable]
) -> tuple[str, ...]:
    if not release:
        return ()
    row = await attestations.get(connection, asked.attestation)
    held = None if row is None else content.opened(vault, row)
    if held is None:
        raise UserError("what this sanction says is not kept any more: there is nothing to release")
    return released(held.disclosures, release)


def _answer(
    register: Register, asked: Inquiry, phrase: Phrase, disclosed: tuple[str, ...], now: int
) -> Answer:
    contact = register.community.contact
    if contact is None:
        raise UserError("the community has no contact, which an answer gives")
    return Answer(
        v=1,
        inquiry=asked.hash,
        log=asked.log,
        attestation=asked.attestation,
        on=day_of(now),
        phrase=phrase,
        disclosures=disclosed,
        contact=contact,
    )


def _by_key_in_force(own: Identity, signed: SignedAnswer) -> SignedAnswer:
    """The same answer, signed anew where the `issue` key has changed since."""
    try:
        verify_signature(signed, own.community.keys.issue)
    except BadSignature:
        return sign(signed.answer, own.keys.issue)
    return signed


def _new(vault: Vault, peer: bytes, asked: Inquiry, now: int) -> ReceivedRow:
    return ReceivedRow(
        peer=peer,
        hash=asked.hash,
        attestation_tag=_attestation_tag(vault, asked.attestation),
        inquiry_sealed=vault.seal(_INQUIRY, peer + asked.hash, asked.to_bytes()),
        answer_sealed=None,
        received_at=now,
        answered_at=None,
        handed_over_at=None,
        delete_after=day_of(now) + TERM,
    )


def _received(vault: Vault, row: ReceivedRow) -> Received:
    signed = _signed(vault, row)
    return Received(
        peer=row.peer,
        inquiry=_inquiry(vault, row),
        answer=None if signed is None else signed.answer,
        received_at=row.received_at,
        answered_at=row.answered_at,
        handed_over_at=row.handed_over_at,
        kept_until=row.delete_after,
    )


def _said(who: str, what: str, asked: Inquiry) -> dict[str, Any]:
    """What is recorded: which question, and nothing of whom it is about."""
    return {"who": who, "what": what, "inquiry": asked.hash.hex()}


def _inquiry(vault: Vault, row: ReceivedRow) -> Inquiry:
    data = vault.open(_INQUIRY, _place(row), row.inquiry_sealed)
    return Inquiry.from_bytes(data, MAX_INQUIRY)


def _signed(vault: Vault, row: ReceivedRow) -> SignedAnswer | None:
    if row.answer_sealed is None:
        return None
    data = vault.open(_ANSWER, _place(row), row.answer_sealed)
    return SignedAnswer.from_bytes(data, MAX_INQUIRY_ANSWER)


def _place(row: ReceivedRow) -> bytes:
    return row.peer + row.hash


def _attestation_tag(vault: Vault, attestation: str) -> bytes:
    return vault.tag(_ATTESTATION, attestation.encode())
