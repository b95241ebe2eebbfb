"""A home folder and a vault of its own for every test."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from node import recovery
from node.config import Config
from node.home import Home
from node.node import Node, opened
from node.store import Store
from node.vault import Vault
from tests.node.committee import Committee, found_cheaply
from tests.node.federation import Federation
from tests.paths import SHARED

collect_ignore = [] if (SHARED / "data" / "pretix").is_dir() else ["test_screening_real_exports.py"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose folders are made, without settings, database or master key."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def vault() -> Vault:
    """A vault under a master key that never changes."""
    return Vault(bytes(range(32)))


@pytest.fixture
def node(store: Store, database_url: str, home: Home, vault: Vault) -> Node:
    """A node at rest, on a migrated database without any row: its community is not founded."""
    return Node(home, Config(database=database_url), vault, store)


@pytest.fixture
async def federation(
    databases: Callable[[], Awaitable[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Federation]:
    """Communities with nodes of their own on loopback; the test runs on both databases."""
    # However busy the machine is, a peer that is there has answered.
    monkeypatch.setattr(recovery, "ASKING", 60.0)
    async with AsyncExitStack() as stack:
        yield Federation(databases, tmp_path, stack)


@pytest.fixture
async def committee(home: Home, database_url: str) -> AsyncIterator[Committee]:
    """A founded community, on either database."""
    await found_cheaply(home, database_url)
    async with opened(home) as node:
        yield Committee(node)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests are not those of the nodes under test."""
    for variable in list(os.environ):
        if variable.startswith("COMITY_"):
            monkeypatch.delenv(variable)
