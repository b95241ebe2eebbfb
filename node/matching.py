"""Pseudonyms to records: whatever an issuer has in force about those who were asked about.

Every locator of every pseudonym is looked up; each hit is opened and verified down to the signed
identifier (`protocol.sealing.open_record`). A hit that does not open as due is the issuer's fault,
makes it `untrusted`, and is never "nothing found" (SPEC.md, section 5). But a record that is held
no longer as it was when the question began is not: it may have ended meanwhile.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from node.asking import Answered
from node.clock import day_of
from node.coverage import Failure, Source
from node.node import Node
from node.store import records
from protocol.attested import Attested
from protocol.english import English
from protocol.errors import ComityError, Violation
from protocol.identifiers import Identifier
from protocol.pseudonyms import Pseudonym, all_locators
from protocol.sealing import Approved, Asked, StrongHit, WeakHit, open_record, record_hash
from protocol.statements import Community


@dataclass(frozen=True)
class Match:
    """One identifier that stands in one attestation in force."""

    identifier: Identifier = field(repr=False)
    log: bytes
    """Fingerprint of the issuer."""
    community: Community
    attested: Attested
    hit: StrongHit | WeakHit


@dataclass
class Matches:
    """What was found, by identifier; and which sources broke the protocol, by fingerprint."""

    found: dict[Identifier, list[Match]] = field(default_factory=dict, repr=False)
    failures: dict[bytes, Failure] = field(default_factory=dict)

    def of(self, identifiers: Iterable[Identifier]) -> list[Match]:
        """The matches of some identifiers, as of those of one person."""
        return [match for each in identifiers for match in self.found.get(each, ())]


async def match(
    node: Node, sources: Sequence[Source], answers: Mapping[bytes, Answered], *, now: int
) -> Matches:
    """Look all pseudonyms up, and open every hit."""
    matches = Matches()
    for source in sources:
        log = source.peer.fingerprint
        hits = await asyncio.to_thread(_hits, source, answers[log])
        if not hits:
            continue
        async with node.store.read() as connection:
            held = await records.get(connection, log, {attestation for attestation, _ in hits})
        hashes = {id_: record_hash(data) for id_, data in held.items()}
        gone = {id_ for id_, _ in hits if hashes.get(id_) != source.live[id_].item.seal.record}
        if gone and not await _have_ended(node, log, gone, now):
            words = English("some of its records are not held here any more; run `comity sync`")
            matches.failures[log] = Failure("stale", words)
        found = [hit for hit in hits if hit[0] not in gone]
        await asyncio.to_thread(_open_all, source, found, held, now, matches)
    return matches


async def _have_ended(node: Node, log: bytes, attestations: Iterable[str], now: int) -> bool:
    """Whether, by the log as it is held now, all of them have ended: nothing to be found there."""
    try:
        async with node.store.read() as connection:
            register = await node.registers.of(connection, log)
    except ComityError:
        return False
    if register is None:
        return False
    return all(register.attestations[id_].state(day_of(now)).is_final for id_ in attestations)


def _hits(source: Source, answer: Answered) -> list[tuple[str, Asked]]:
    return [
        (attestation, Asked(identifier.text, identifier.strong, pseudonym))
        for oprf_key, pseudonyms in answer.pseudonyms.items()
        for identifier, pseudonym in pseudonyms.items()
        for attestation in _looked_up(source, oprf_key, pseudonym)
    ]


def _looked_up(source: Source, oprf_key: bytes, pseudonym: Pseudonym) -> Iterable[str]:
    """Each attestation once: `open_record` itself refuses an identifier with two entries."""
    hits = (source.index.get((oprf_key, each), ()) for each in all_locators(pseudonym))
    return dict.fromkeys(attestation for found in hits for attestation in found)


def _open_all(
    source: Source,
    hits: Sequence[tuple[str, Asked]],
    held: Mapping[str, bytes],
    now: int,
    matches: Matches,
) -> None:
    for attestation, asked in hits:
        try:
            found = _open(source, attestation, asked, held[attestation], now)
        except Violation as error:
            words = English(
                "one of its records matched and did not open (`%(code)s`)", code=error.code
            )
            matches.failures[source.peer.fingerprint] = Failure("untrusted", words)
            continue
        matches.found.setdefault(found.identifier, []).append(found)


def _open(source: Source, attestation: str, asked: Asked, record: bytes, now: int) -> Match:
    if source.community is None:
        raise AssertionError("a source without a register has no index to hit")
    attested, log = source.live[attestation], source.peer.fingerprint
    approved = Approved(
        community=source.community.id,
        log=log,
        id=attestation,
        jwt_hash=attested.item.jwt,
        record_hash=attested.item.seal.record,
        oprf_key=attested.item.seal.key,
        ends=attested.item.ends,
        issue_key=attested.issue_key,
    )
    hit = open_record(record, approved, asked, now=now)
    if hit is None:
        raise AssertionError("the index holds locators of this very record")
    kind, _, value = asked.identifier.partition(":")
    return Match(Identifier(kind, value), log, source.community, attested, hit)
