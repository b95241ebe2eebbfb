"""Reviews that persons asked for: once a year of each sanction, to be answered within 30 days.

The committee answers by what it decides anyway: it goes on with the sanction (`reaffirm`), answers
an appeal, or ends it. Nothing else has to be noted: what is in the log since then is the answer.

A wish is kept in one form, whether or not anything is held that could be reviewed.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from node import decisions
from node.clock import day_of
from node.decisions import Kept
from node.node import Node
from node.store import objections as rows
from node.store.objections import ObjectionRow
from node.vault import Vault
from protocol.statements import AppealDecision, Decision, ReaffirmDecision, WithdrawDecision

YEAR = 365 * 86_400
"""Seconds after which a review of the same sanction may be asked for again."""

ANSWER = timedelta(days=30)
"""Within which the committee answers."""

_SANCTIONS = "objections.sanctions"
_SIZE = 1024
"""Bytes to which what is sealed is filled up, so that its length does not tell how many."""


async def object_to(
    connection: AsyncConnection, vault: Vault, sanctions: Collection[str], now: int
) -> list[str]:
    """Keep that a review of these sanctions was asked for; of which it may be, this year.

    Within a writing transaction. What was asked for within a year is not asked for again.
    """
    asked = await _asked(connection, vault, now)
    wanted = [id_ for id_ in sanctions if id_ not in asked]
    id_ = str(uuid.uuid4())
    sealed = vault.seal(_SANCTIONS, id_, " ".join(wanted).encode().ljust(_SIZE))
    await rows.add(connection, ObjectionRow(id_, now, sealed))
    return wanted


async def asked(node: Node, now: int) -> dict[str, int]:
    """Of which sanctions a review was asked for within a year, and when (Unix seconds)."""
    async with node.store.read() as connection:
        return await _asked(connection, node.vault, now)


async def unanswered(node: Node, now: int) -> dict[str, date]:
    """Of which sanctions a review was asked for and not held since; the last day to answer."""
    async with node.store.read() as connection:
        wishes = await _asked(connection, node.vault, now)
    answered = _answered(await decisions.every(node))
    return {
        id_: day_of(at) + ANSWER for id_, at in wishes.items() if answered.get(id_, at - 1) < at
    }


async def _asked(connection: AsyncConnection, vault: Vault, now: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in await rows.every(connection):
        if now - row.at < YEAR:
            opened = vault.open(_SANCTIONS, row.id, row.sanctions_sealed).decode()
            found |= dict.fromkeys(opened.split(), row.at)
    return found


def _answered(decided: Sequence[Kept]) -> Mapping[str, int]:
    """When the committee last decided of each sanction whether it goes on."""
    answered: dict[str, int] = {}
    for kept in decided:
        if kept.row.state == "logged" and _is_answer(kept.decision):
            at = max((vote.at for vote in kept.votes if vote.kind == "approve"), default=0)
            for id_ in decisions.attestations_of(kept.decision):
                answered[id_] = max(at, answered.get(id_, at))
    return answered


def _is_answer(decision: Decision) -> bool:
    if isinstance(decision, AppealDecision):
        return all(item.state != "opened" for item in decision.items)
    return isinstance(decision, ReaffirmDecision | WithdrawDecision)
