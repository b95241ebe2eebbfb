"""A node at rest: its home, settings, vault and database, as every command and the service need it.

What it does stands in the modules named after it (`ledger`, `sync`, `checking` …), as functions
that take a `Node` first and the time last.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from node.config import Config, load
from node.home import Home, load_master_key
from node.migrations import upgrade
from node.registers import Registers
from node.store.engine import Store
from node.vault import Vault


@dataclass(frozen=True)
class Node:
    """What belongs to one community's node."""

    home: Home
    config: Config
    vault: Vault
    store: Store
    registers: Registers = field(default_factory=Registers)


@asynccontextmanager
async def opened(home: Home) -> AsyncIterator[Node]:
    """Open the node of a home folder, its database brought to this version's form.

    Raises:
        UserError: no node was initialised there, or its settings, key or database do not fit.
    """
    config = load(home)
    vault = Vault(load_master_key(home, os.environ).secret)
    store = Store(config.database)
    try:
        await upgrade(store)
        yield Node(home, config, vault, store)
    finally:
        await store.close()
