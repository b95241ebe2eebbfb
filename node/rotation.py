"""Another OPRF key: proposed, taken up record by record, and the old one's secret destroyed.

Who was answered under a key may keep the answers: records that are sealed under it open to them,
wherever they get at them. And whoever had the key's secret beside could try every address. So when
a peer was removed, or a secret may have leaked:

1. `rotate` makes a key and proposes to list it before the old one; new records are sealed under it
   from then on, and both are answered under;
2. once that is logged, what is sealed under the old key is sealed anew and proposed
   (`node.resealing`), and each part that is logged takes the place of the records before;
3. when no live record uses the old key, and no peer's head that can count as fresh does either,
   `retire` destroys its secret.

Each step is one transaction, and what is due next is told from the log: it goes on wherever it was
broken off.

Source: SPEC.md, section 8, "Another OPRF key".
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from node import attesting, audit, constitution, decisions, keyring, ledger, resealing, settling
from node.clock import day_of
from node.coverage import MAX_AHEAD, fresh_for
from node.decisions import Kept, Status
from node.errors import UserError
from node.node import Node
from node.store import logs
from node.vault import Vault
from protocol import ristretto
from protocol.attested import Attested
from protocol.encoding import base64url
from protocol.keys import oprf_key_id
from protocol.register import Register
from protocol.statements import CommunityDecision, ResealDecision
from protocol.voprf import OprfKey


async def rotate(node: Node, now: int) -> list[Status]:
    """Propose another OPRF key; where one is under way already, the decisions that it waits for.

    Raises:
        UserError: the community publishes nothing, or what a sanction says is not kept any more.
    """
    async with node.store.write() as connection:
        register = await ledger.own_register_in(connection)
        _require_publisher(register)
        # What has lapsed waits for nobody any more, though nobody has ended it yet.
        await settling.lapse_in(connection, node.vault, now)
        left = await _left(connection, node.vault, register, now)
        if not left:
            return [await _proposed(connection, node, register, now)]
        await settling.seal_anew(connection, node.vault, now)
        waiting = [
            each.status(day_of(now))
            for each in await decisions.every_in(connection, node.vault, register)
            if each.row.state == "pending" and isinstance(each.decision, ResealDecision)
        ]
        if not waiting:
            raise UserError(
                "%(count)s sanctions cannot be sealed anew, because what they say is not in this "
                "database any more: bring back a backup, or end them",
                count=len(left),
            )
        return waiting


async def require_possible(node: Node, now: int) -> None:
    """Refuse where `rotate` would not make another key.

    Raises:
        UserError: the community publishes nothing; or records are still sealed under the key
            before, how many, and what to do.
    """
    register = await ledger.own_register(node)
    async with node.store.read() as connection:
        left = await _left(connection, node.vault, register, now)
    _require_publisher(register)
    if left:
        raise UserError(
            "the key is being changed already, and %(count)s sanctions wait to be sealed under "
            "the new one: approve that (`comity decision list`), then type `comity community "
            "rotate`. To remove the peer at once, leave out --rotate",
            count=len(left),
        )


def _require_publisher(register: Register) -> None:
    if not register.community.oprf:
        raise UserError("this community publishes nothing: it has no key to seal records with")


async def _left(
    connection: AsyncConnection, vault: Vault, register: Register, now: int
) -> list[Attested]:
    """What a rotation under way has still to seal anew.

    None where the new key's secret is lost, as with an older database: then it takes another one.
    """
    if await attesting.newest_key(connection, vault, register.community) is None:
        return []
    return resealing.left(register, day_of(now))


async def _proposed(
    connection: AsyncConnection, node: Node, register: Register, now: int
) -> Status:
    for kept in await decisions.every_in(connection, node.vault, register):
        if kept.row.state == "pending" and _lists_new_key(kept, register):
            return kept.status(day_of(now))
    made = OprfKey(ristretto.random_scalar())
    await keyring.keep_oprf(connection, node.vault, made, now)
    detail = {"who": audit.HERE, "what": "propose", "key": made.id.hex()}
    await audit.record(connection, node.vault, "rotate", detail, now)
    # One that is still answered under; where a rotation lost the newer one, that is the older.
    held = {key.public for key in (await keyring.oprf_keys_in(connection, node.vault)).values()}
    before = next((key for key in register.community.oprf if key in held), None)
    listed = [key for key in (made.public, before) if key is not None]
    changes = {"oprf": [base64url(key) for key in listed]}
    return await constitution.change_in(connection, node.vault, changes, now)


def _lists_new_key(kept: Kept, register: Register) -> bool:
    if not isinstance(kept.decision, CommunityDecision):
        return False
    return not register.oprf_keys.keys() >= set(map(oprf_key_id, kept.decision.community.oprf))


async def retire(node: Node, now: int) -> None:
    """Destroy the secrets of keys that no peer can rightly ask under any more.

    A head that was fresh when the last record was sealed anew, or ended, may count for as long
    again as heads stay fresh; until then the peer that holds it is answered.
    """
    async with node.store.write() as connection:
        unused = await keyring.oprf_unused_since(connection)
        head = await logs.own_head(connection)
        if head is None:
            return
        register = (await node.registers.at(connection, head)).register
        used = {each.item.seal.key for each in register.live(day_of(now))}
        used |= {oprf_key_id(key) for key in register.community.oprf[:1]}
        # One that was never listed is proposed just now.
        for id_ in unused.keys() & register.oprf_keys.keys():
            since = None if id_ in used else unused[id_] or now
            if since is not None and now - since > fresh_for(register.community) + MAX_AHEAD:
                await keyring.drop_oprf(connection, [id_])
                detail = {"who": audit.HERE, "what": "destroy", "key": id_.hex()}
                await audit.record(connection, node.vault, "rotate", detail, now)
            elif since != unused[id_]:
                await keyring.see_unused(connection, id_, since)
