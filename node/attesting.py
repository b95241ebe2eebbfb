"""Making an attestation of our own: signed, its slots taken, its record sealed.

All of it before any officer approves: what they approve are the hashes of what will be published,
and nothing is made up between their approval and the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from node import keyring
from node.content import Content
from node.errors import UserError
from node.store import slots
from node.store.slots import Slot
from node.vault import Vault
from protocol import attestation, sealing, voprf
from protocol.attestation import Disclosable, VerifiedAttestation
from protocol.claims import Basis, Claims, DecidedBy
from protocol.identifiers import Identifier, parse_text
from protocol.items import Seal
from protocol.pseudonyms import Pseudonym, choose_slot, locator, record_key
from protocol.sheet import drawing_fillers
from protocol.statements import Community
from protocol.voprf import OprfKey

_SLOT = "slots.tag"


@dataclass(frozen=True)
class Statement:
    """What is to be attested, all of it."""

    claims: Claims
    identifiers: Sequence[Identifier] = field(repr=False)
    basis: Basis
    decided_by: DecidedBy


@dataclass(frozen=True)
class Made:
    """An attestation: the hashes that officers approve, and the content that they are made of."""

    jwt_hash: bytes
    seal: Seal
    content: Content = field(repr=False)


async def make(
    connection: AsyncConnection, vault: Vault, community: Community, said: Statement, now: int
) -> Made:
    """Attest and seal, within a writing transaction. `now`: Unix seconds.

    Raises:
        UserError: there is no OPRF key to seal under.
        TooLarge: more identifiers than an attestation holds, or too long ones.
    """
    oprf = await live_key(connection, vault, community)
    keys = await keyring.signing_keys_in(connection, vault)
    texts = tuple(identifier.text for identifier in said.identifiers)
    issued = attestation.issue(
        said.claims, Disclosable(texts, said.basis, said.decided_by), keys.issue
    )
    attested = attestation.verify(issued.jwt, keys.issue.public_key, issued.disclosures, now=now)
    made = await seal(connection, vault, oprf, attested, issued.decoy_seeds, now)
    kept = Content(
        jwt=issued.jwt,
        disclosures=issued.disclosures,
        decoys=issued.decoy_seeds,
        slots=made.slots,
        record=made.record,
        resealed=None,
    )
    hash_ = sealing.record_hash(made.record)
    return Made(attested.jwt_hash, Seal(key=oprf.id, record=hash_), kept)


@dataclass(frozen=True)
class SealedRecord:
    """A record, and the slots that it took of each identifier, in the order of `subject`."""

    record: bytes = field(repr=False)
    slots: tuple[int, ...]


async def seal(  # noqa: PLR0913, PLR0917 - what, under which key, where it takes slots, when
    connection: AsyncConnection,
    vault: Vault,
    oprf: OprfKey,
    attested: VerifiedAttestation,
    decoys: Sequence[bytes],
    now: int,
) -> SealedRecord:
    """Seal an attestation with everything disclosed, within a writing transaction.

    `decoys` are the seeds of the digests that are nobody's. `now`: Unix seconds.

    Raises:
        TooLarge: too long identifiers.
    """
    id_ = attested.claims.jti
    identifiers = [parse_text(text) for text in attested.subject]
    taken = [await _take_slot(connection, vault, oprf, id_, each, now) for each in identifiers]
    shares = [
        _share(oprf, id_, identifier, slot, disclosure)
        for identifier, slot, disclosure in zip(
            identifiers, taken, attested.subject.values(), strict=True
        )
    ]
    record = sealing.seal_record(attested, shares, oprf.id, drawing_fillers(decoys))
    return SealedRecord(record, tuple(taken))


async def live_key(connection: AsyncConnection, vault: Vault, community: Community) -> OprfKey:
    """The OPRF key under which new records are sealed.

    Raises:
        UserError: the community lists none, or its secret is not here.
    """
    if not community.oprf:
        raise UserError("this community has no key to seal records with: it only asks")
    newest = await newest_key(connection, vault, community)
    if newest is None:
        raise UserError(
            "the key to seal records with is not in this database: bring back the backup that has "
            "it, or make another one by `comity community rotate`"
        )
    return newest


async def newest_key(
    connection: AsyncConnection, vault: Vault, community: Community
) -> OprfKey | None:
    """The first OPRF key that the community lists; None where there is none, or not here."""
    held: dict[bytes, OprfKey] = {
        key.public: key for key in (await keyring.oprf_keys_in(connection, vault)).values()
    }
    return next((held.get(key) for key in community.oprf[:1]), None)


async def _take_slot(  # noqa: PLR0913, PLR0917 - a row of four columns, and where it goes
    connection: AsyncConnection,
    vault: Vault,
    oprf: OprfKey,
    id_: str,
    identifier: Identifier,
    now: int,
) -> int:
    tag = vault.tag(_SLOT, identifier.text.encode())
    slot = choose_slot(await slots.used(connection, oprf.id, tag))
    await slots.take(connection, Slot(oprf.id, tag, id_, slot), now)
    return slot


def _share(
    oprf: OprfKey, id_: str, identifier: Identifier, slot: int, disclosure: str
) -> sealing.Sealed:
    pseudonym = Pseudonym(voprf.evaluate(oprf.secret, identifier.oprf_input))
    return sealing.Sealed(
        locator(pseudonym, slot),
        record_key(pseudonym, UUID(id_)),
        disclosure,
        identifier.strong,
    )
