"""Whether a person who was asked about is the one whom an attestation means, as a human judged it.

A judgment is about a pair: the person who was asked about, known by all identifiers that were, and
one attestation that some of them matched. It holds for whoever is asked about later with nothing
but identifiers that were judged, and nothing else that matches; so neither the same person by other
identifiers nor another attestation is ever hidden by it (docs/decisions/0012). Besides it has to be
the same person: either by all that was judged, or by a strong identifier that does not match. Who
shares a name, or an address, with the one who was judged, is somebody else.

- It is carried on from an attestation to the one that supersedes it, on the same terms.
- `different` is a note that says so and makes no match; `same` lifts what a name alone is worth;
  `unknown` changes nothing. Of several that hold, the one that asks for most attention counts.
- Kept, sealed: tags of the identifiers, who judged, and when; until the sanction, and whatever
  superseded it, has ended.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from node.attention import Reason
from node.clock import day_of
from node.node import Node
from node.store import judgments as rows
from node.store.judgments import JudgmentRow
from node.store.logs import DamagedLog
from node.vault import Vault, VaultError
from protocol.encoding import Bytes32, Message
from protocol.encoding import Sequence as Array
from protocol.english import English
from protocol.identifiers import Identifier
from protocol.register import Register

Judged = Literal["different", "unknown", "same"]
"""From the least attention to the most."""

MOST = 256
"""Identifiers; of more than so many, nobody can tell whether they are one person's."""

_URGENCY: dict[Judged, int] = {"different": 0, "unknown": 1, "same": 2}
_TAG = "judgments.identifier"
_PERSON = "judgments.person"
_CONTENT = "judgments.judgment"
_MAX_CONTENT = 64 * 1024


class Who(Message):
    """A person who was asked about, by tags of identifiers; none where there were too many."""

    person: Array[Bytes32]
    """Of all of them."""
    strong: Array[Bytes32]
    matched: Array[Bytes32]

    @classmethod
    def of(
        cls, vault: Vault, identifiers: Collection[Identifier], matched: Collection[Identifier]
    ) -> "Who":
        """Whoever has these identifiers, some of which matched."""
        if len(identifiers) > MOST:
            return cls(person=(), strong=(), matched=())
        tags = {each: _tag(vault, each) for each in identifiers}
        return cls(
            person=tuple(sorted(tags.values())),
            strong=tuple(sorted(tag for each, tag in tags.items() if each.strong)),
            matched=tuple(sorted(tags[each] for each in set(matched))),
        )

    def is_covered_by(self, judged: "Who") -> bool:
        """Whether this is the person who was judged, and nothing matches that was not judged."""
        if not set(self.person) <= set(judged.person):
            return False
        if not set(self.matched) <= set(judged.matched):
            return False
        return self.person == judged.person or not set(self.strong) <= set(self.matched)

    def has_any(self, vault: Vault, identifiers: Collection[Identifier]) -> bool:
        """Whether any of these identifiers was among those of this person."""
        return not set(self.person).isdisjoint(_tag(vault, each) for each in identifiers)


class Content(Message):
    """What is sealed of a judgment."""

    who: Who
    judged: Judged
    by: str
    at: int


@dataclass(frozen=True)
class Judgment:
    """What was judged of a person and an attestation (issuer's fingerprint, id)."""

    log: bytes
    attestation: str
    who: Who = field(repr=False)
    judged: Judged
    by: str = field(repr=False)
    """Who judged, as they called themselves."""
    at: int

    @property
    def reason(self) -> Reason:
        """What it makes of the level of a finding."""
        when = {"day": day_of(self.at), "by": self.by}
        match self.judged:
            case "different":
                because = English("as judged a different person here on %(day)s by %(by)s", **when)
                return Reason("note", because, silences=True, always=True)
            case "same":
                because = English("as judged the same person here on %(day)s by %(by)s", **when)
                return Reason("urgent", because, always=True)
            case "unknown":
                because = English(
                    "as it was left open here on %(day)s by %(by)s whether it is the same person",
                    **when,
                )
                return Reason("urgent", because, always=True)


@dataclass(frozen=True)
class Judgments:
    """All that were made here."""

    every: Sequence[Judgment] = ()

    def of(
        self, log: bytes, attestation: str, who: Who, registers: Mapping[bytes, Register]
    ) -> Judgment | None:
        """The judgment that holds for a person and an attestation; None where none does."""
        made = [each for each in self.every if each.log == log and who.is_covered_by(each.who)]
        if not made:
            return None
        line = set(_superseded_by(attestation, registers.get(log))) | {attestation}
        holding = [each for each in made if each.attestation in line]
        return max(holding, key=lambda each: (_URGENCY[each.judged], each.at), default=None)


async def load(connection: AsyncConnection, vault: Vault) -> Judgments:
    """All that are kept; one that does not open any more hides nothing."""
    made = []
    for row in await rows.every(connection):
        with contextlib.suppress(VaultError):
            made.append(_opened(vault, row))
    return Judgments(made)


async def put(connection: AsyncConnection, vault: Vault, judgment: Judgment) -> None:
    """Keep a judgment in place of the one about the same person and attestation."""
    tag = vault.tag(_PERSON, b"".join(judgment.who.person))
    content = Content(
        who=judgment.who, judged=judgment.judged, by=judgment.by, at=judgment.at
    ).to_bytes()
    context = _context(judgment.log, judgment.attestation, tag)
    sealed = vault.seal(_CONTENT, context, content)
    await rows.put(connection, JudgmentRow(judgment.log, judgment.attestation, tag, sealed))


async def forget_ended(node: Node, now: int) -> int:
    """Forget what was judged of sanctions that have ended without a successor; how many were."""
    forgotten = 0
    async with node.store.write() as connection:
        for row in await rows.every(connection):
            try:
                register = await node.registers.of(connection, row.log)
            except DamagedLog:
                continue  # whether it has ended, nobody can tell: `comity doctor` says what to do
            if register is None or not _goes_on(register, row.attestation, now):
                await rows.drop(connection, row)
                forgotten += 1
    return forgotten


def _goes_on(register: Register, attestation: str, now: int) -> bool:
    """Whether it, or what superseded it, or what superseded that, … may still be found."""
    return any(
        register.attestations[each].state(day_of(now)).is_live
        for each in _successors(register, attestation)
    )


def _successors(register: Register, attestation: str) -> Iterator[str]:
    """An attestation, what superseded it, what superseded that, …, each once."""
    seen: set[str] = set()
    following: str | None = attestation
    while following is not None and following not in seen and following in register.attestations:
        seen.add(following)
        yield following
        following = register.attestations[following].superseded_by


def _superseded_by(attestation: str, register: Register | None) -> Iterator[str]:
    """What an attestation superseded, at once or by way of others."""
    if register is None:
        return
    for each, attested in register.attestations.items():
        if attested.superseded_by is not None and attestation in _successors(register, each):
            yield each


def _opened(vault: Vault, row: JudgmentRow) -> Judgment:
    context = _context(row.log, row.attestation, row.person_tag)
    data = vault.open(_CONTENT, context, row.judgment_sealed)
    content = Content.from_bytes(data, _MAX_CONTENT)
    return Judgment(row.log, row.attestation, content.who, content.judged, content.by, content.at)


def _context(log: bytes, attestation: str, person_tag: bytes) -> bytes:
    return log + attestation.encode() + person_tag


def _tag(vault: Vault, identifier: Identifier) -> bytes:
    return vault.tag(_TAG, identifier.text.encode())
