"""A node at rest: its home, settings, vault and database, as every command and the service need it.

What it does stands in the modules named after it (`ledger`, `sync`, `checking` …), as functions
that take a `Node` first and the time last.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from node.config import Config, load
from node.home import Home, load_master_key
from node.migrations import upgrade
from node.registers import Registers
from node.store import keys
from node.store.engine import Store
from node.vault import Vault, VaultError, WrongMasterKey

OWN_SECRET = "own_keys.secret"  # noqa: S105 - the vault's purpose, not a secret
"""The vault's purpose of the community's own secret keys, by which its master key is known."""


@dataclass(frozen=True)
class Node:
    """What belongs to one community's node."""

    home: Home
    config: Config
    vault: Vault
    store: Store
    registers: Registers = field(default_factory=Registers)
    unlocking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a password is tried: one at a time, as each takes 256 MiB."""


@asynccontextmanager
async def opened(home: Home) -> AsyncIterator[Node]:
    """Open the node of a home folder, its database brought to this version's form.

    Raises:
        UserError: no node was initialised there, or its settings, key or database do not fit.
        WrongMasterKey: the database was made with another master key.
        Unavailable: the database cannot be reached; why.
    """
    config = load(home)
    vault = Vault(load_master_key(home, os.environ).secret)
    store = Store(config.database)
    try:
        await upgrade(store)
        await _require_its_master_key(store, vault)
        yield Node(home, config, vault, store)
    finally:
        await store.close()


async def _require_its_master_key(store: Store, vault: Vault) -> None:
    async with store.read() as connection:
        held = await keys.every(connection)
    # One that does not open was altered: whoever needs it says so. Of another key, none does.
    if held and not any(_opens(vault, key) for key in held.values()):
        raise WrongMasterKey(
            "the master key is not the one that this database was made with: bring back the key "
            "that belongs to it, in keys/master.key or in COMITY_MASTER_KEY"
        )


def _opens(vault: Vault, key: keys.OwnKey) -> bool:
    try:
        vault.open(OWN_SECRET, key.name, key.secret_sealed)
    except VaultError:
        return False
    return True
