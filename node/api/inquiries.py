"""`/inquiries`: asking an issuer about a finding, and answering peers that ask."""

from typing import Annotated, Any, Literal

from pydantic import Field

from node import answering, inquiries
from node.answering import Reply
from node.api.routes import Body, Call, NoQuery, Nothing
from node.documents import Document
from node.errors import NotHere
from protocol.english import English
from protocol.exchange import PurposeKind
from protocol.inquiry import Phrase, Releasable


class Asking(Body):
    """About which finding, and what the person is expected for, where that is something else."""

    finding: Annotated[str, Field(max_length=36)]
    purpose: PurposeKind | None = None


class Revealed(Document):
    """What the issuer would learn by the question; show it before anybody asks."""

    issuer: str
    attestation: str
    reveals: English


class Told(Document):
    """What the issuer answered, verified against what was found."""

    phrase: Phrase
    basis: str | None
    decided_by: dict[str, Any] | None
    contact: str
    on: str
    signed: dict[str, Any]


class Asked(Document):
    """A question of ours, and how far it has come."""

    id: str
    issuer: str
    attestation: str
    finding: str
    purpose: dict[str, Any]
    state: Literal["unsent", "waiting", "answered", "dishonest", "refused", "given_up", "ended"]
    fault: str | None
    asked_at: int
    changed_at: int
    answer: Told | None


class AllAsked(Document):
    """All questions of ours that are kept, the oldest first."""

    asked: list[Asked]


class Received(Document):
    """A peer's question, and what was answered."""

    id: str
    asker: Annotated[str, Field(alias="from")]
    attestation: str
    purpose: dict[str, Any]
    state: Literal["waiting", "answered"]
    answer: dict[str, Any] | None
    received_at: int
    answered_at: int | None
    handed_over_at: int | None
    kept_until: str


class AllReceived(Document):
    """All questions of peers that are kept."""

    received: list[Received]


class Answering(Body):
    """A fixed phrase, or with `released`, what is released of the sanction."""

    phrase: Phrase = "released"
    release: Annotated[list[Releasable], Field(max_length=2, default_factory=list)]


async def reveals(call: Call[Asking, NoQuery]) -> Revealed:
    """What a question would reveal; nothing is asked."""
    draft = await _draft(call)
    return Revealed(
        issuer=draft.inquiry.to, attestation=draft.inquiry.attestation, reveals=draft.reveals
    )


async def ask(call: Call[Asking, NoQuery]) -> Asked:
    """Ask an issuer's committee: it learns that the person is expected; see `…/reveals` first."""
    asked = await inquiries.ask(call.node, await _draft(call), call.now)
    found = await inquiries.carry(call.node, call.service.clients, call.now, only=asked.id)
    return Asked.model_validate((found[0] if found else asked).to_value())


async def every_asked(call: Call[Nothing, NoQuery]) -> AllAsked:
    """All questions of ours that are kept, and how far each has come."""
    found = await inquiries.every(call.node)
    return AllAsked(asked=[Asked.model_validate(each.to_value()) for each in found])


async def show_asked(call: Call[Nothing, NoQuery]) -> Asked:
    """One question of ours."""
    for each in await inquiries.every(call.node):
        if each.id == call.path["id"]:
            return Asked.model_validate(each.to_value())
    raise NotHere("no question of ours has this id")


async def every_received(call: Call[Nothing, NoQuery]) -> AllReceived:
    """All questions of peers that are kept."""
    found = await answering.every(call.node)
    return AllReceived(received=[Received.model_validate(each.to_value()) for each in found])


async def answer(call: Call[Answering, NoQuery]) -> Received:
    """Answer a peer's question; an answer stands."""
    reply = Reply(call.body.phrase, frozenset(call.body.release))
    found = await answering.answer(call.node, call.path["id"], reply, call.now)
    return Received.model_validate(found.to_value())


async def _draft(call: Call[Asking, NoQuery]) -> inquiries.Draft:
    return await inquiries.draft(call.node, call.body.finding, call.body.purpose, call.now)
