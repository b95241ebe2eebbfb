"""Sealing our own records anew, under the OPRF key that our log now lists first.

Once that is another key than before, each live record is made anew from the content that is kept,
and proposed to the officers, up to `MOST` in one decision. Until it is logged a new record lies
sealed beside the content; peers are handed the one before. So at every moment a record is held that
the log approves, under a key that is answered under.

Source: SPEC.md, sections 5, 6 and 8.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from node import attesting, content
from node.clock import day_of
from node.content import Content, Resealed
from node.store import attestations, records, slots
from node.vault import Vault
from protocol import attestation
from protocol.attested import Attested
from protocol.items import ResealItem
from protocol.register import Register
from protocol.sealing import record_hash
from protocol.statements import ResealDecision
from protocol.voprf import OprfKey

MOST = 100
"""Records in one decision: as many as officers can read, and as fit into a sheet."""


def left(register: Register, day: date) -> list[Attested]:
    """What is live on a day and sealed under another key than the one for new records."""
    if not register.community.oprf:
        return []
    newest = register.community.oprf[0]
    return [each for each in register.live(day) if each.oprf_key != newest]


async def make(
    connection: AsyncConnection, vault: Vault, register: Register, taken: Collection[str], now: int
) -> list[ResealDecision]:
    """Seal what is left anew, save the ids that are `taken`; the decisions to be proposed.

    What is not kept any more cannot be sealed anew, and is left out; so is everything where the
    secret of the new key is not here. Within a writing transaction; `now`: Unix seconds.
    """
    wanted = [each for each in left(register, day_of(now)) if each.item.id not in taken]
    oprf = await attesting.newest_key(connection, vault, register.community)
    if not wanted or oprf is None:
        return []
    items = [await _resealed(connection, vault, oprf, each, now) for each in wanted]
    made = [item for item in items if item is not None]
    return [
        ResealDecision(
            v=1,
            type="reseal",
            log=register.fingerprint,
            on=day_of(now),
            after=register.quorum_leaf,
            items=tuple(part),
        )
        for part in _parts(made)
    ]


async def publish(
    connection: AsyncConnection, vault: Vault, items: Sequence[ResealItem], log: bytes
) -> list[str]:
    """Hand out the new records from now on, in place of those before; ids of those not here."""
    missing = []
    for item in items:
        kept = await _kept(connection, vault, item.id)
        new = None if kept is None else kept.resealed
        if kept is None or new is None or record_hash(new.record) != item.record:
            missing.append(item.id)
            continue
        await records.put(connection, log, new.record)
        published = kept.model_copy(update={"slots": new.slots, "resealed": None})
        await content.replace(connection, vault, item.id, published)
    return missing


async def give_up(connection: AsyncConnection, vault: Vault, items: Sequence[ResealItem]) -> None:
    """Forget new records that will never be published; the slots that they took are free."""
    for item in items:
        kept = await _kept(connection, vault, item.id)
        if kept is not None and kept.resealed is not None:
            await content.replace(
                connection, vault, item.id, kept.model_copy(update={"resealed": None})
            )
        await slots.give_back(connection, item.id, item.key)


async def _resealed(
    connection: AsyncConnection, vault: Vault, oprf: OprfKey, attested: Attested, now: int
) -> ResealItem | None:
    id_ = attested.item.id
    kept = await _kept(connection, vault, id_)
    if kept is None:
        return None
    said = attestation.verify(kept.jwt, attested.issue_key, kept.disclosures, now=now)
    made = await attesting.seal(connection, vault, oprf, said, kept.decoys, now)
    new = Resealed(slots=made.slots, record=made.record)
    await content.replace(connection, vault, id_, kept.model_copy(update={"resealed": new}))
    return ResealItem(
        id=id_, after=attested.seal_leaf, key=oprf.id, record=record_hash(made.record)
    )


async def _kept(connection: AsyncConnection, vault: Vault, id_: str) -> Content | None:
    row = await attestations.get(connection, id_)
    return None if row is None else content.opened(vault, row)


def _parts(items: Sequence[ResealItem]) -> Iterator[Sequence[ResealItem]]:
    for start in range(0, len(items), MOST):
        yield items[start : start + MOST]
