"""Judging whether somebody who was found is the person whom the issuer means.

It is judged by a finding, while that is kept; the judgment outlives it (`judgments`). Who is known
by a name or the like alone cannot be judged: everybody of that name would be, too.
"""

from collections.abc import Collection

from node import audit, judgments, kept
from node.clock import day_of
from node.errors import UserError
from node.judgments import Judged, Judgment
from node.kept import Kept
from node.node import Node
from node.store import peers
from protocol.encoding import base64url
from protocol.identifiers import Identifier

MAX_NAME = 100
"""Characters of the name of whoever judged."""


async def judge(node: Node, finding: str, judged: Judged, by: str, now: int) -> Kept:
    """Judge a finding that is kept; as it reads from now on. It is recorded who did, and when.

    Args:
        node: the node.
        finding: its id.
        judged: whether it is the same person.
        by: what whoever judged is called; it stands in the sentence that tells of the judgment.
        now: the time.

    Raises:
        UserError: nothing of this id is kept, its sanction has ended, too little is known of whom
            it is about, or `by` is no name.
    """
    _check_name(by)
    about = await kept.show(node, finding, now)
    found = about.finding.found
    if found.attested.state(day_of(now)).is_final:
        raise UserError("this sanction has ended: there is nothing left to judge")
    if not found.who.strong:
        raise UserError(
            "a name or the like alone tells nobody who is meant: check again, by an address, "
            "handle or number of this person as well, and judge that finding"
        )
    judgment = Judgment(found.log, found.attested.item.id, found.who, judged, by, now)
    detail = {
        "who": audit.who(),
        "by": by,
        "judged": judged,
        "issuer": base64url(judgment.log),
        "attestation": judgment.attestation,
    }
    async with node.store.write() as connection:
        await kept.changed(connection, finding)
        await audit.record(connection, node.vault, "judge", detail, now)
        await judgments.put(connection, node.vault, judgment)
    return await kept.show(node, finding, now)


async def every(node: Node) -> list[tuple[str, Judgment]]:
    """All judgments, each with the id of its issuer."""
    async with node.store.read() as connection:
        made = (await judgments.load(connection, node.vault)).every
        ids = {each.fingerprint: each.id for each in await peers.every(connection)}
    return [(ids.get(each.log, base64url(each.log)), each) for each in made]


async def about(node: Node, identifiers: Collection[Identifier]) -> list[tuple[str, Judgment]]:
    """Those of whoever has any of these identifiers."""
    return [
        (issuer, each)
        for issuer, each in await every(node)
        if each.who.has_any(node.vault, identifiers)
    ]


def _check_name(by: str) -> None:
    if not by.strip() or len(by) > MAX_NAME or not by.isprintable():
        raise UserError("--by is a name of 1 to %(most)s printable characters", most=MAX_NAME)
