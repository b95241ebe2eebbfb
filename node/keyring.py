"""The community's own keys, opened from the vault.

Each has its uses and no other (SPEC.md, section 1): `log` signs our checkpoints, `cosign` says when
we saw a head, `http` signs requests and answers, `issue` signs attestations, `oprf` evaluates.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from node.errors import UserError
from node.node import OWN_SECRET, Node
from node.store import keys as rows
from node.store import slots
from node.store.keys import OwnKey
from node.vault import Vault
from protocol.keys import SigningKey
from protocol.ristretto import Scalar
from protocol.voprf import OprfKey

_OPRF = "oprf:"


@dataclass(frozen=True)
class Keys:
    """The four Ed25519 keys."""

    log: SigningKey
    cosign: SigningKey
    http: SigningKey
    issue: SigningKey

    @classmethod
    def generate(cls) -> "Keys":
        """Fresh keys."""
        return cls(*(SigningKey.generate() for _ in range(4)))


async def signing_keys(node: Node) -> Keys:
    """The keys in use; raises as `signing_keys_in` does."""
    async with node.store.read() as connection:
        return await signing_keys_in(connection, node.vault)


async def oprf_keys(node: Node) -> dict[bytes, OprfKey]:
    """The OPRF keys held, by key id (8 bytes); which of them are live is in the log."""
    async with node.store.read() as connection:
        return await oprf_keys_in(connection, node.vault)


async def signing_keys_in(connection: AsyncConnection, vault: Vault) -> Keys:
    """The keys in use, read within a transaction.

    Raises:
        UserError: no community was founded here, or the master key is another.
    """
    held = await rows.every(connection)
    if not held:
        raise UserError("no community was founded here: type `comity init`")
    seeds = {name: _opened(vault, held[name]) for name in ("log", "cosign", "http", "issue")}
    return Keys(**{name: SigningKey(seed) for name, seed in seeds.items()})


async def oprf_keys_in(connection: AsyncConnection, vault: Vault) -> dict[bytes, OprfKey]:
    """The OPRF keys held, by key id, read within a transaction."""
    held = await rows.every(connection)
    secrets = [_opened(vault, row) for name, row in held.items() if name.startswith(_OPRF)]
    return {key.id: key for key in (OprfKey(Scalar(secret)) for secret in secrets)}


async def keep(
    connection: AsyncConnection, vault: Vault, keys: Keys, oprf: OprfKey | None, now: int
) -> None:
    """Keep the keys of a new community."""
    for name, key in vars(keys).items():
        await rows.put(connection, _sealed(vault, name, key.public_key, key.seed, now))
    if oprf is not None:
        await keep_oprf(connection, vault, oprf, now)


async def keep_oprf(connection: AsyncConnection, vault: Vault, oprf: OprfKey, now: int) -> None:
    """Keep a new OPRF key; it is answered under once our log lists it."""
    await rows.put(connection, _sealed(vault, _name(oprf.id), oprf.public, oprf.secret, now))


async def drop_oprf(connection: AsyncConnection, ids: Collection[bytes]) -> None:
    """Destroy the secrets of OPRF keys (ids), and what was kept of slots under them."""
    for id_ in ids:
        await rows.drop(connection, _name(id_))
        await slots.drop_key(connection, id_)


async def oprf_unused_since(connection: AsyncConnection) -> dict[bytes, int | None]:
    """Since when each OPRF key held (id) is used no more, as `see_unused` was told."""
    held = await rows.every(connection)
    return {
        bytes.fromhex(name.removeprefix(_OPRF)): row.unused_since
        for name, row in held.items()
        if name.startswith(_OPRF)
    }


async def see_unused(connection: AsyncConnection, id_: bytes, since: int | None) -> None:
    """Keep since when an OPRF key (id) is used no more; None where it is."""
    await rows.see_unused(connection, _name(id_), since)


def _name(oprf_key: bytes) -> str:
    return f"{_OPRF}{oprf_key.hex()}"


def _sealed(vault: Vault, name: str, public: bytes, secret: bytes, now: int) -> OwnKey:
    return OwnKey(name, public, vault.seal(OWN_SECRET, name, secret), now)


def _opened(vault: Vault, row: OwnKey) -> bytes:
    return vault.open(OWN_SECRET, row.name, row.secret_sealed)
