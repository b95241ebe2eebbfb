"""Asking an issuer about a finding, and what it answers.

A match tells the issuer nothing. Asking about it does: from then on the issuer knows that the
person is expected. So whoever asks is told first (`reveals`).

    state      what it means, and what follows
    unsent     the issuer has not had it yet; it is sent until it has
    waiting    the issuer has it; it is asked how it stands
    answered   the answer verified, down to the issuer's own attestation
    dishonest  what came back breaks the protocol: nothing of it is shown or kept
    refused    the issuer's node does not take it
    given_up   nobody answered within `TERM`
    ended      the sanction has ended since; what was answered is gone

The first two are open: `carry` goes on with them whenever it is called, so that either side may be
away for days. An answer is believed only if it verifies under the `issue` key in force in the
issuer's log, and what it discloses under the JWT that was found (SPEC.md, section 8).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from node import audit, kept, ledger
from node.answering import DAY, TERM
from node.background import log_unexpected
from node.client import Clients, PeerClient, WrongAnswer
from node.clock import day_of
from node.errors import NotHere, Refused, UserError
from node.kept import Kept
from node.node import Node
from node.store import findings, peers
from node.store import inquiries as rows
from node.store.inquiries import OPEN, AskedRow, AskedState
from node.sync import NotFollowed, follow
from node.vault import Vault
from protocol.claims import Basis, DecidedBy
from protocol.encoding import Message, base64url
from protocol.english import English
from protocol.errors import (
    BadSignature,
    ComityError,
    NotAdmitted,
    NotFound,
    OutOfTime,
    OverBudget,
    Replayed,
    TooSlow,
    Unavailable,
    UnknownKey,
    Violation,
)
from protocol.exchange import Purpose, PurposeKind
from protocol.inquiry import (
    MAX_INQUIRY,
    NONCE_SIZE,
    HeldAttestation,
    Inquiry,
    InquiryState,
    SignedAnswer,
    VerifiedAnswer,
    verify_answer,
)

GIVEN_UP = TERM.days * DAY
"""Seconds after which nobody waits for an answer any more."""

_INQUIRY = "inquiries_asked.inquiry"
_ANSWER = "inquiries_asked.answer"
_MAX_TOLD = 16 * 1024

_LATER = frozenset(
    each.code for each in (OverBudget, Unavailable, UnknownKey, OutOfTime, Replayed, TooSlow)
)
"""Refusals after which the same may be taken another time."""


class Told(Message):
    """What an answer said that verified, and the signed answer itself."""

    basis: Basis | None
    decided_by: DecidedBy | None
    signed: SignedAnswer


@dataclass(frozen=True)
class Asked:
    """A question of ours, and how far it has come."""

    inquiry: Inquiry
    finding: str
    state: AskedState
    fault: str | None
    """Code of what went wrong last; None where nothing did."""
    told: Told | None = field(repr=False)
    asked_at: int
    changed_at: int

    @property
    def id(self) -> str:
        """How it is named, on both sides."""
        return self.inquiry.hash.hex()

    def to_value(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "id": self.id,
            "issuer": self.inquiry.to,
            "attestation": self.inquiry.attestation,
            "finding": self.finding,
            "purpose": self.inquiry.purpose.to_value(),
            "state": self.state,
            "fault": self.fault,
            "asked_at": self.asked_at,
            "changed_at": self.changed_at,
            "answer": None if self.told is None else self._answer(self.told),
        }

    def _answer(self, told: Told) -> dict[str, Any]:
        answer = told.signed.answer
        return {
            "phrase": answer.phrase,
            "basis": told.basis,
            "decided_by": None if told.decided_by is None else told.decided_by.to_value(),
            "contact": answer.contact,
            "on": answer.on.isoformat(),
            "signed": told.signed.to_value(),
        }


@dataclass(frozen=True)
class Draft:
    """A question that may be asked, and has not been."""

    kept: Kept
    inquiry: Inquiry

    @property
    def reveals(self) -> English:
        """What the issuer learns by it, in words for whoever is about to ask."""
        return English(
            "So far %(issuer)s does not know that anything was found here, nor about whom. If you "
            "ask, it learns that the person whom its attestation %(attestation)s is about is "
            "expected at your place (%(purpose)s), and so do those who answer there. That cannot "
            "be taken back.",
            issuer=self.inquiry.to,
            attestation=self.inquiry.attestation,
            purpose=_in_words(self.inquiry.purpose),
        )


async def draft(node: Node, finding: str, kind: PurposeKind | None, now: int) -> Draft:
    """The question about a finding, for the event that was asked for, or for another purpose.

    Raises:
        UserError: there is no such finding, or nothing to ask about it; why.
    """
    found = await kept.show(node, finding, now)
    _require_askable(found)
    purpose = found.purpose if kind is None else found.purpose.model_copy(update={"kind": kind})
    own = await ledger.own_register(node)
    if found.finding.issuer == own.community.id:
        raise UserError("this community has decided it itself: ask your own officers")
    async with node.store.read() as connection:
        await _refuse_twice(connection, finding)
    value = {
        "v": 1,
        "from": own.community.id,
        "to": found.finding.issuer,
        "log": base64url(found.finding.found.log),
        "attestation": found.finding.attestation,
        "purpose": purpose.to_value(),
        "nonce": base64url(secrets.token_bytes(NONCE_SIZE)),
    }
    return Draft(found, Inquiry.from_value(value))


async def ask(node: Node, draft: Draft, now: int) -> Asked:
    """Ask: from now on `carry` takes it to the issuer. What is found is kept as long as it takes.

    Raises:
        UserError: the finding is gone, or somebody asked meanwhile.
    """
    inquiry, finding = draft.inquiry, draft.kept.finding.id
    sealed = node.vault.seal(_INQUIRY, inquiry.hash, inquiry.to_bytes())
    row = AskedRow(inquiry.hash, finding, "unsent", None, sealed, None, now, now)
    async with node.store.write() as connection:
        if await findings.get(connection, finding) is None:
            raise NotHere("the finding was deleted meanwhile")
        await _refuse_twice(connection, finding)
        detail = _said(audit.who(), "asked", inquiry) | {
            "issuer": inquiry.to,
            "purpose": inquiry.purpose.to_value(),
            "event": draft.kept.event,
        }
        tags = await findings.tags_of(connection, finding)
        await audit.record(connection, node.vault, "inquire", detail, now, tags)
        await findings.keep_longer(connection, finding, _last_day(now))
        await rows.add_asked(connection, row)
    return _asked(node.vault, row)


async def every(node: Node) -> list[Asked]:
    """All questions of ours that are kept, the oldest first."""
    async with node.store.read() as connection:
        return [_asked(node.vault, row) for row in await rows.asked(connection)]


async def carry(node: Node, clients: Clients, now: int, only: str | None = None) -> list[Asked]:
    """Take every open question, or one by its id, a step further; all that were open, as they are.

    What goes wrong is kept with the question, and the next call tries again where that may help.
    """
    async with node.store.read() as connection:
        is_open = [row for row in await rows.asked(connection) if row.state in OPEN]
    wanted = [row for row in is_open if only in (None, row.hash.hex())]
    issuers: dict[bytes, list[AskedRow]] = {}
    for row in wanted:
        issuers.setdefault(row.log, []).append(row)
    await asyncio.gather(*(_carry_to(node, clients, each, now) for each in issuers.values()))
    hashes = {row.hash for row in wanted}
    async with node.store.read() as connection:
        found = [row for row in await rows.asked(connection) if row.hash in hashes]
    return [_asked(node.vault, row) for row in found]


async def _carry_to(node: Node, clients: Clients, questions: Sequence[AskedRow], now: int) -> None:
    """One issuer's, one after the other: together they would come close to what one may ask."""
    for row in questions:
        try:
            await _carry(node, clients, row, now)
        except Exception as error:  # noqa: BLE001 - one question's oddity must not stop the others
            log_unexpected("carry an inquiry", error, inquiry=row.hash.hex())


async def _carry(node: Node, clients: Clients, row: AskedRow, now: int) -> None:
    if now - row.asked_at >= GIVEN_UP:
        return await _change(node, row, "given_up", row.fault, now)
    inquiry = _inquiry(node.vault, row)
    try:
        state = await _sent(await _client(node, clients, row), row, inquiry)
    except WrongAnswer as error:
        return await _change(node, row, "dishonest", error.code, now)
    except Refused as error:
        return await _change(node, row, _after_refusal(row, error.problem), error.problem, now)
    except ComityError as error:
        # Not to be reached, or what came back is not shown to be its own.
        return await _change(node, row, row.state, error.code, now)
    if state.answered is None:
        return await _change(node, row, "waiting", None, now)
    return await _take(node, clients, row, inquiry, state.answered, now)


async def _client(node: Node, clients: Clients, row: AskedRow) -> PeerClient:
    async with node.store.read() as connection:
        peer = await peers.get(connection, row.log)
    if peer is None or peer.state != "active":
        raise Refused(NotAdmitted.code)
    return clients.to(peer)


async def _sent(client: PeerClient, row: AskedRow, inquiry: Inquiry) -> InquiryState:
    if row.state == "unsent":
        return await client.inquire(inquiry)
    return await client.inquiry(inquiry.hash)


def _after_refusal(row: AskedRow, problem: str) -> AskedState:
    if problem in _LATER:
        return row.state
    # It had it, and has it no more: a restored backup, perhaps. It is sent anew.
    return "unsent" if row.state == "waiting" and problem == NotFound.code else "refused"


async def _take(  # noqa: PLR0913, PLR0917 - an answer, to which question, of whom
    node: Node,
    clients: Clients,
    row: AskedRow,
    inquiry: Inquiry,
    signed: SignedAnswer,
    now: int,
) -> None:
    held = await _held(node, row, now)
    if held is None:
        return
    try:
        seen = await _verified(node, clients, row, inquiry, signed, held, now)
    except Violation as error:
        await _change(node, row, "dishonest", error.code, now)
        return
    told = Told(basis=seen.basis, decided_by=seen.decided_by, signed=signed)
    sealed = node.vault.seal(_ANSWER, row.hash, told.to_bytes())
    released = [name for name in ("basis", "decided_by") if getattr(seen, name) is not None]
    said = {"phrase": seen.answer.phrase, "released": released}
    await _change(node, row, "answered", None, now, sealed, said)


async def _held(node: Node, row: AskedRow, now: int) -> HeldAttestation | None:
    """What was found, to verify against; None where it has ended, or was deleted, meanwhile."""
    with contextlib.suppress(NotHere):
        found = (await kept.show(node, row.finding, now)).finding.found
        if found.jwt is not None:
            return HeldAttestation(found.jwt, found.attested.issue_key)
    return None


async def _verified(  # noqa: PLR0913, PLR0917 - an answer, to which question, of whom
    node: Node,
    clients: Clients,
    row: AskedRow,
    inquiry: Inquiry,
    signed: SignedAnswer,
    held: HeldAttestation,
    now: int,
) -> VerifiedAnswer:
    """The answer, verified under the key in force: once more where that may have changed."""
    try:
        return verify_answer(signed, inquiry, await _issue_key(node, row.log), held)
    except BadSignature:
        with contextlib.suppress(NotFollowed):
            await follow(node, clients, row.log, now)
    return verify_answer(signed, inquiry, await _issue_key(node, row.log), held)


async def _issue_key(node: Node, log: bytes) -> bytes:
    async with node.store.read() as connection:
        register = await node.registers.of(connection, log)
    if register is None:
        raise UnknownKey("nothing is held of this issuer's log any more")
    return register.community.keys.issue


async def _change(  # noqa: PLR0913, PLR0917 - from which state to which, when, with what
    node: Node,
    row: AskedRow,
    state: AskedState,
    fault: str | None,
    now: int,
    answer_sealed: bytes | None = None,
    said: dict[str, Any] | None = None,
) -> None:
    """Take a question to a state, unless another process did; what became of it is recorded."""
    if (state, fault) == (row.state, row.fault):
        return
    changed_at = row.changed_at if state == row.state else now
    values = {"state": state, "fault": fault, "changed_at": changed_at}
    async with node.store.write() as connection:
        changed = await rows.change_asked(connection, row, **values, answer_sealed=answer_sealed)
        if changed and state not in OPEN:
            detail = _said(audit.HERE, state, _inquiry(node.vault, row)) | (said or {})
            await audit.record(connection, node.vault, "inquire", detail, now)


def _require_askable(found: Kept) -> None:
    finding = found.finding
    if finding.has_ended:
        raise UserError("the sanction has ended since: there is nothing to ask about any more")
    if finding.found.jwt is not None:
        return
    raise UserError(
        "only a name, or what several people may share, is the same: asking would tell the issuer "
        "of somebody who may be a namesake, and no answer could be verified. Check again with an "
        "address or handle of the person, or write to %(contact)s",
        contact=finding.contact or finding.issuer,
    )


async def _refuse_twice(connection: AsyncConnection, finding: str) -> None:
    for row in await rows.asked_about(connection, finding):
        if row.state in OPEN:
            raise UserError(
                "this was asked already: `comity inquiry show %(id)s`", id=row.hash.hex()[:16]
            )


_PURPOSES: dict[PurposeKind, English] = {
    "registration": English("registration"),
    "volunteer_or_speaker": English("volunteer or speaker"),
    "membership": English("membership"),
    "meetup": English("meetup"),
    "unspecified": English("unspecified"),
}


def _in_words(purpose: Purpose) -> English:
    kind = _PURPOSES[purpose.kind]
    if purpose.start is None:
        return kind
    return English(
        "%(kind)s, from %(start)s to %(end)s", kind=kind, start=purpose.start, end=purpose.end
    )


def _asked(vault: Vault, row: AskedRow) -> Asked:
    return Asked(
        inquiry=_inquiry(vault, row),
        finding=row.finding,
        state=row.state,
        fault=row.fault,
        told=_told(vault, row),
        asked_at=row.asked_at,
        changed_at=row.changed_at,
    )


def _told(vault: Vault, row: AskedRow) -> Told | None:
    if row.answer_sealed is None:
        return None
    return Told.from_bytes(vault.open(_ANSWER, row.hash, row.answer_sealed), _MAX_TOLD)


def _inquiry(vault: Vault, row: AskedRow) -> Inquiry:
    return Inquiry.from_bytes(vault.open(_INQUIRY, row.hash, row.inquiry_sealed), MAX_INQUIRY)


def _said(who: str, what: str, inquiry: Inquiry) -> dict[str, Any]:
    """What is recorded: which question, and nothing of whom it is about."""
    return {"who": who, "what": what, "inquiry": inquiry.hash.hex()}


def _last_day(now: int) -> date:
    return day_of(now) + TERM
