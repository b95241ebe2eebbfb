"""What this community itself has in force about those who are asked about.

Nobody is asked for it and no pseudonym is made: what our own sanctions say is kept here. It is told
as to a peer: whoever is meant by a name alone learns only that there is something.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence

from node import content
from node.clock import day_of
from node.matching import Match, Matches
from node.node import Node
from node.store import attestations, logs
from node.store.attestations import AttestationRow
from node.vault import Vault
from protocol import attestation
from protocol.attested import Attested
from protocol.identifiers import Identifier
from protocol.sealing import StrongHit, WeakHit
from protocol.statements import Community


async def match_own(
    node: Node, identifiers: Collection[Identifier], matches: Matches, *, now: int
) -> None:
    """Add to `matches` whatever of our own has not ended and names one of `identifiers`."""
    async with node.store.read() as connection:
        head = await logs.own_head(connection)
        if head is None:
            return
        register = (await node.registers.at(connection, head)).register
        live = {
            id_: each
            for id_, each in register.attestations.items()
            if each.state(day_of(now)).is_live
        }
        rows = [each for each in await attestations.every(connection) if each.id in live]
    asked = {each.text: each for each in identifiers}

    def compare() -> list[Match]:
        said = _subjects(node.vault, rows, live)
        return list(_matching(said, head.fingerprint, register.community, asked))

    for found in await asyncio.to_thread(compare):
        matches.found.setdefault(found.identifier, []).append(found)


_Subjects = Sequence[tuple[Attested, attestation.VerifiedAttestation]]


def _subjects(
    vault: Vault, rows: Sequence[AttestationRow], live: Mapping[str, Attested]
) -> _Subjects:
    """What each says; of those whose content is kept."""
    held = [(live[row.id], content.opened(vault, row)) for row in rows]
    return [
        # At time 0 nothing has expired: whether it has ended is for the register to say.
        (each, attestation.verify(said.jwt, each.issue_key, said.disclosures, now=0))
        for each, said in held
        if said is not None
    ]


def _matching(
    said: _Subjects, log: bytes, community: Community, asked: Mapping[str, Identifier]
) -> Iterator[Match]:
    for attested, verified in said:
        for each in map(asked.get, verified.subject):
            if each is not None:
                hit = StrongHit(verified) if each.strong else WeakHit(attested.item.id)
                yield Match(each, log, community, attested, hit)
