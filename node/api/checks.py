"""`/checks`: asking all peers about one person."""

from typing import Annotated, Any, Literal

from pydantic import Field

from node import checking, terms
from node.api.routes import Body, Call, NoQuery
from node.checking import Occasion
from node.documents import Document
from node.errors import UserError
from protocol.encoding import Day
from protocol.english import English
from protocol.exchange import Purpose, PurposeKind
from protocol.identifiers import KINDS, Identifier

MAX_TERMS = 40
"""Identifiers, or raw fields, of one person."""

Short = Annotated[str, Field(max_length=512)]


class Event(Body):
    """What is asked for. The name stays here; peers learn the purpose and the days."""

    name: Annotated[str, Field(max_length=200)] | None = None
    purpose: PurposeKind = "unspecified"
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None

    def occasion(self) -> Occasion:
        """As a question has it.

        Raises:
            UserError: the days are none in order.
        """
        start, end = self.start, self.end or self.start
        if start is None and end is not None:
            raise UserError("`to` without `from`: say on which day the event begins")
        if start is not None and end is not None and end < start:
            raise UserError("`to` is before `from`")
        days = {"start": start and start.isoformat(), "end": end and end.isoformat()}
        return Occasion(self.name, Purpose.from_value({"kind": self.purpose, **days}))


Kind = Annotated[str, Field(pattern=rf"^({'|'.join(KINDS)})$")]
"""A kind of identifier, as it is typed before the colon."""


class RawField(Body):
    """Something as it was typed, and of which kind it is."""

    kind: Kind
    value: Short


class Person(Body):
    """One person, by identifiers (`KIND:VALUE`), or by fields as they were typed, or both.

    `ref` is what the caller calls the person, by which what was found can be deleted.
    """

    identifiers: Annotated[list[Short], Field(max_length=MAX_TERMS, default_factory=list)]
    fields: Annotated[list[RawField], Field(max_length=MAX_TERMS, default_factory=list)]
    ref: Annotated[str, Field(max_length=200)] | None = None
    event: Event = Event()


class PeerHeard(Document):
    """Whether a peer was heard, and how fresh what is held of it; and why it was not.

    Where its budget for this node is used up: `again_at`, when it may be asked again, and
    `event_from`, the day from which on the event can be declared, where it is too early for that.
    """

    id: str
    state: str
    as_of: str | None
    because: English | None
    again_at: str | None
    event_from: str | None


class Coverage(Document):
    """Who was heard; only where `complete` may "nothing found" be said."""

    complete: bool
    peers: list[PeerHeard]


class FindingAnswer(Document):
    """What one community states, what of the person matched, and whom to ask."""

    id: str
    issuer: str
    attestation: str
    strength: Literal["strong", "weak"]
    matched: list[str]
    whose: list[str] | None = None
    """Whose each of `matched` is; null where no list says so."""
    not_matched: list[str]
    is_own: bool
    measure: str | None
    scope: list[dict[str, Any]] | None
    origin: dict[str, Any] | None
    in_force_from: str | None
    ends_on: str | None
    state: str
    flags: list[str]
    quorum: str
    custody: str
    attention: Literal["urgent", "review", "note", "ignore"]
    why: English
    contact: str | None


class Checked(Document):
    """The answer about one person; what follows from it, a human decides."""

    outcome: Literal["match", "possible", "nothing_found"]
    coverage: Coverage
    findings: list[FindingAnswer]


async def check(call: Call[Person, NoQuery]) -> Checked:
    """Ask all peers about one person.

    Nobody else learns who was asked about, not even on a match.
    """
    node, clients, now = call.node, call.service.clients, call.now
    asked = _identifiers(call.body, node.config.default_region)
    occasion = call.body.event.occasion()
    await checking.freshen(node, clients, now=now)
    result = await checking.check(node, clients.to, asked, occasion, now=now, ref=call.body.ref)
    return Checked.model_validate(result.to_value())


def _identifiers(person: Person, region: str | None) -> list[Identifier]:
    fields = terms.numbered(
        (f"{each.kind}:{each.value}" for each in person.fields), English("field")
    )
    asked = terms.meant([*terms.numbered(person.identifiers), *fields], region)
    if not asked:
        raise UserError("nobody is named: give at least one identifier or field")
    return asked
