"""Asking all peers about people: one question's way from identifiers to findings and coverage.

`answer` is the whole of it, for a single person and for a list alike: who has something to say
(`coverage`), the private question (`asking`), what matched (`matching`), and what is our own
(`own`). `check` asks about one person. Tokens, which asking again would cost, and what was found
(`kept`) are kept for their time.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from node import audit, kept, known
from node.asking import Answered, Progress, Question, Reach, ask, nobody_listens
from node.client import Clients
from node.clock import day_of
from node.coverage import Coverage, PeerCoverage, Source, load_sources
from node.findings import Days, Finding, Outcome, Person, judged, matched_by, outcome_of
from node.judgments import Who
from node.kept import Found
from node.known import Known
from node.matching import Matches, match
from node.node import Node
from node.own import match_own
from node.policy import Policy
from node.store import peers, policies
from node.store.peers import Peer
from node.sync import NotFollowed, follow
from node.vault import Vault
from protocol.encoding import canonical_json
from protocol.english import English
from protocol.exchange import Purpose
from protocol.identifiers import Identifier

FOLLOWED = 10
"""Seconds for which a peer that was followed is not followed again before a question."""

FURTHEST = 550
"""Days ahead that an event may be for what was found to be kept until then."""

FOLLOWING = 5.0
"""Seconds that following may hold a question up; what was taken until then is kept."""


@dataclass(frozen=True)
class Occasion:
    """What people are asked about for; the name stays here, peers learn kind and days."""

    name: str | None
    purpose: Purpose

    def __post_init__(self) -> None:
        kept.check_name(self.name, English("the name of an event"))

    def to_value(self) -> dict[str, object]:
        """As it is kept."""
        return {"event": self.name, "purpose": self.purpose.to_value()}


@dataclass(frozen=True)
class Result:
    """The answer about one person."""

    outcome: Outcome
    coverage: Coverage
    findings: Sequence[Finding]

    def to_value(self, *, with_owners: bool = False) -> dict[str, object]:
        """As the command line prints it."""
        return {
            "outcome": self.outcome,
            "coverage": self.coverage.to_value(),
            "findings": [each.to_value(with_owners=with_owners) for each in self.findings],
        }


@dataclass(frozen=True)
class Answer:
    """What all peers gave for all identifiers of a question."""

    sources: Sequence[Source]
    answered: Mapping[bytes, Answered]
    matches: Matches
    known: Known
    policy: Policy
    days: Days
    today: date

    def coverage(self, identifiers: Iterable[Identifier]) -> Coverage:
        """Who was heard about these identifiers; of a peer that stopped midway, some were."""
        asked = list(identifiers)
        return Coverage(tuple(self._coverage(source, asked) for source in self.sources))

    def about(self, person: Person) -> Result:
        """The answer about one person."""
        found = judged(
            matched_by(person, self.matches.of(person.identifiers)),
            self.days,
            self.known,
            self.policy,
            self.today,
        )
        return Result(outcome_of(found), self.coverage(person.identifiers), found)

    def _coverage(self, source: Source, asked: Sequence[Identifier]) -> PeerCoverage:
        fingerprint = source.peer.fingerprint
        broken = self.matches.failures.get(fingerprint)
        return source.coverage(broken or self.answered[fingerprint].failure_for(asked))


async def freshen(node: Node, clients: Clients, *, now: int) -> None:
    """Follow the peers that nobody has followed just now, as where no `serve` runs.

    What goes wrong is left to coverage: it says what is held, and how fresh it is.
    """
    async with node.store.read() as connection:
        active = [peer for peer in await peers.active(connection) if peer.url is not None]
    late = [peer for peer in active if now - (peer.last_sync_at or 0) > FOLLOWED]
    await asyncio.gather(*(_follow(node, clients, peer, now) for peer in late))


async def _follow(node: Node, clients: Clients, peer: Peer, now: int) -> None:
    with contextlib.suppress(NotFollowed, TimeoutError):
        async with asyncio.timeout(FOLLOWING):
            await follow(node, clients, peer.fingerprint, now)


async def answer(
    node: Node,
    reach: Reach,
    question: Question,
    *,
    now: int,
    progress: Progress = nobody_listens,
) -> Answer:
    """Ask every peer that has something to say, each in its own time, and open what matches."""
    sources = await load_sources(node, now=now)
    answered = await ask(node, reach, sources, question, now=now, progress=progress)
    matches = await match(node, sources, answered, now=now)
    await match_own(node, question.identifiers, matches, now=now)
    async with node.store.read() as connection:
        policy = await policies.load(connection)
        known_now = await known.load(node, connection)
    return Answer(
        sources=sources,
        answered=answered,
        matches=matches,
        known=known_now,
        policy=policy,
        days=Days.of(question.purpose, day_of(now)),
        today=day_of(now),
    )


async def check(  # noqa: PLR0913 - time and the caller's own name are named at every call
    node: Node,
    reach: Reach,
    identifiers: Sequence[Identifier],
    occasion: Occasion,
    *,
    now: int,
    ref: str | None = None,
) -> Result:
    """Ask about one person, who has all of `identifiers`, and keep what is found.

    `ref` is what the caller calls the person, by which what was found can be deleted.

    Raises:
        UserError: `ref` is too long.
    """
    kept.check_name(ref, English("a ref"))
    until = kept_until(node, occasion.purpose, now)
    question = Question(identifiers, occasion.purpose, until)
    await audit.write(node, "check", asking_in_record(occasion, identifiers), now, identifiers)
    answered = await answer(node, reach, question, now=now)
    about = [sorted(each.text for each in identifiers), occasion.to_value(), ref]
    person = person_asked(node.vault, dict.fromkeys(identifiers, ""), canonical_json(about), ref)
    result = answered.about(person)
    found = [Found(person, result.findings)]
    await kept.keep(node, found, occasion.name, occasion.purpose, until, now)
    return result


def asking_in_record(occasion: Occasion, identifiers: Collection[Identifier]) -> dict[str, object]:
    """What is recorded of a question before it is asked: of whom it is about, how many."""
    return {"who": audit.who(), **occasion.to_value(), "identifiers": len(identifiers)}


def kept_until(node: Node, purpose: Purpose, now: int) -> date:
    """The last day on which tokens and findings are kept: so long after the event, or today.

    An event that is said to be further ahead than `FURTHEST` days keeps nothing for longer.
    """
    today = day_of(now)
    end = min(purpose.end or today, today + timedelta(days=FURTHEST))
    return end + timedelta(days=node.config.retention_days)


def person_asked(
    vault: Vault, identifiers: Mapping[Identifier, str], about: bytes, ref: str | None = None
) -> Person:
    """Somebody who is asked about; `about`: who it is, and for which occasion."""
    return Person(
        identifiers,
        lambda log, attestation: _finding_id(vault, about, log, attestation),
        lambda matched: Who.of(vault, identifiers.keys(), matched),
        vault.tag("findings.person", about),
        ref,
    )


def _finding_id(vault: Vault, about: bytes, log: bytes, attestation: str) -> str:
    """The id of a finding: the same whenever the same is found about the same people."""
    tag = vault.tag("findings.id", log + attestation.encode() + about)
    return str(uuid.UUID(bytes=tag[:16], version=4))
