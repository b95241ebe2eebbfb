"""A home folder and a vault of its own for every test."""

import os
from pathlib import Path

import pytest

from node.home import Home
from node.vault import Vault


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


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests are not those of the nodes under test."""
    for variable in list(os.environ):
        if variable.startswith("COMITY_"):
            monkeypatch.delenv(variable)
