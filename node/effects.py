"""What a decision brings about here once it is logged, and what is forgotten if it never is.

    attest      its records can be fetched by peers
    reseal      so can the new ones, in place of those before
    withdraw    its records are gone; and where it says `erased`, what they said, too
    community   whom it lists for the first time is an officer, and has the account that was theirs
                under another key; if it never stands, they are forgotten, and the OPRF key that it
                would have listed

Within the transaction that logs the decision, or ends it, so that a crash leaves nothing half done.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from node import answering, content, keyring, resealing
from node.officers import every_in as every_officer
from node.store import accounts, attestations, officers, records, slots
from node.vault import Vault
from protocol.items import WithdrawItem
from protocol.keys import oprf_key_id
from protocol.register import Register
from protocol.statements import (
    AttestDecision,
    Community,
    CommunityDecision,
    Decision,
    ResealDecision,
    WithdrawDecision,
)


async def take_effect(  # noqa: PLR0913, PLR0917 - what is decided, where, after what
    connection: AsyncConnection,
    vault: Vault,
    hash_: bytes,
    decision: Decision,
    log: bytes,
    before: Community | None,
) -> list[str]:
    """Do what follows from a decision (by its hash) that our log, of this fingerprint, has now.

    `before`: as the community stood until then; None where a restored database learns of it.

    Ids of the sanctions whose records are not here to be handed out: where an older database was
    restored; otherwise nothing is decided on that is not here.
    """
    match decision:
        case AttestDecision():
            return await _publish(connection, vault, hash_, log)
        case ResealDecision(items=items):
            return await resealing.publish(connection, vault, items, log)
        case WithdrawDecision(items=items):
            await _end(connection, vault, items, log)
        case CommunityDecision(community=community):
            await officers.listed(connection, hash_)
            if before is not None:
                await _hand_on(connection, vault, before, community)
        case _:
            pass
    return []


async def forget(
    connection: AsyncConnection,
    vault: Vault,
    hash_: bytes,
    decision: Decision,
    register: Register | None,
) -> None:
    """Forget what was made for a decision that will never stand in our log, as it is now."""
    match decision:
        case AttestDecision():
            for row in await attestations.of(connection, hash_):
                await erase(connection, vault, row.id)
        case ResealDecision(items=items):
            await resealing.give_up(connection, vault, items)
        case CommunityDecision(community=community):
            listed = {} if register is None else register.oprf_keys
            never = {oprf_key_id(key) for key in community.oprf} - listed.keys()
            await keyring.drop_oprf(connection, never)
            await officers.forget_proposed(connection, hash_)
        case _:
            pass


async def erase(connection: AsyncConnection, vault: Vault, id_: str) -> None:
    """Forget of a sanction whom it is about and everything that it says."""
    await attestations.put_content(connection, id_, None)
    await slots.give_back(connection, id_)
    await answering.forget_about(connection, vault, id_)


async def _hand_on(
    connection: AsyncConnection, vault: Vault, before: Community, after: Community
) -> None:
    """Whose key is another now has the same account as before; tokens end with the key."""
    names = {each.key: each.name for each in await every_officer(connection, vault)}
    earlier, later = ({each.key for each in one.officers} for one in (before, after))
    newcomers = {names[key]: key for key in later - earlier if key in names}
    for key in earlier - later:
        if names.get(key) in newcomers:
            await accounts.hand_on(connection, key, newcomers[names[key]])


async def _publish(
    connection: AsyncConnection, vault: Vault, decision: bytes, log: bytes
) -> list[str]:
    missing = []
    for row in await attestations.of(connection, decision):
        kept = content.opened(vault, row)
        if kept is None or kept.record is None:
            missing.append(row.id)
            continue
        await records.put(connection, log, kept.record)
        published = kept.model_copy(update={"record": None})
        await content.replace(connection, vault, row.id, published)
    return missing


async def _end(
    connection: AsyncConnection, vault: Vault, items: Sequence[WithdrawItem], log: bytes
) -> None:
    await records.drop(connection, log, [item.id for item in items])
    for item in items:
        if item.because == "erased":
            await erase(connection, vault, item.id)
