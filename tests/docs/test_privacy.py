"""The texts on privacy: complete, current, and filled from the node's own log and settings."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from node import holdings, privacy
from node.cli import cli
from node.errors import UserError
from node.privacy import Partner
from node.tables import metadata
from tests.docs import EXAMPLE, FOLDER, REGENERATE, texts

CURRENT = sorted({*texts(), *(path.name for path in FOLDER.iterdir())})


def test_every_table_and_column_is_described() -> None:
    """What is held where, why, about whom and how long: a new table is described in `holdings`."""
    undescribed = [name for name in metadata.tables if name not in holdings.HOLDINGS]
    assert undescribed == [], "describe it in node/holdings.py, then run " + REGENERATE
    assert [name for name in holdings.HOLDINGS if name not in metadata.tables] == []
    silent = [
        f"{table}.{column.name}"
        for table, _, columns in holdings.every()
        for column in columns
        if not column.holds
    ]
    assert silent == [], "say `doc=` in node/tables.py, then run " + REGENERATE


def test_every_column_stands_in_the_page() -> None:
    """Each by its name, below that of its table."""
    page = (FOLDER / "columns.md").read_text("utf-8")
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    listed = {
        name: re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) for name, text in sections.items()
    }
    declared = {table.name: list(table.columns.keys()) for table in metadata.tables.values()}
    assert listed == declared, "run " + REGENERATE


@pytest.mark.parametrize("name", CURRENT)
def test_the_folder_is_what_an_example_community_would_get(name: str) -> None:
    """No text in it is edited by hand, or left behind."""
    assert texts().get(name) == (FOLDER / name).read_text("utf-8"), "run " + REGENERATE


def test_the_links_between_the_texts_lead_somewhere() -> None:
    """Each to another of them."""
    linked = {name for text in texts().values() for name in re.findall(r"\]\(([^)]+)\)", text)}
    assert linked <= set(texts())


def test_what_is_not_set_is_left_open_and_never_made_up() -> None:
    """Without contact, policy and peers the texts still stand, and say what lacks."""
    bare = replace(
        EXAMPLE, contact=None, policy=None, desk=None, publishes=False, peers=(), entries="peers"
    )
    assert bare.missing == ["contact", "policy"]
    made = privacy.documents(bare)
    assert "Write to **[Open]**." in made["for-attendees.md"]
    assert "None" not in "".join(text for name, text in made.items() if name != "columns.md")


def test_no_name_of_a_peer_is_markup() -> None:
    """A peer names itself."""
    named = replace(EXAMPLE, peers=(Partner("evil.example", "](https://e.example) | <b>*x*"),))
    for text in privacy.documents(named).values():
        assert "<b>" not in text
        assert "](https" not in text.replace("\\](https", "")


def test_a_text_that_was_worked_on_is_never_overwritten(tmp_path: Path) -> None:
    """And nothing is written beside it."""
    privacy.write(texts(), tmp_path / "privacy")
    assert sorted(path.name for path in (tmp_path / "privacy").iterdir()) == sorted(texts())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "balancing.md").write_text("ours", encoding="utf-8")
    with pytest.raises(UserError, match="there already"):
        privacy.write(texts(), tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["balancing.md"]


def test_the_texts_are_typed(tmp_path: Path) -> None:
    """Into a folder, or as one document; what is not set is said."""
    environment = {
        "COMITY_HOME": str(tmp_path / "home"),
        "COMITY_OFFICER_PASSWORD": "word of a test",
    }

    def typed(*arguments: str) -> tuple[str, str]:
        done = CliRunner().invoke(cli, list(arguments), env=environment)
        assert done.exit_code == 0
        return done.stdout, done.stderr

    typed("init", "--id", "m.example", "--name", "M")
    written, said = typed("privacy", "--out", str(tmp_path / "privacy"))
    assert "for-attendees.md" in written
    assert "contact, policy" in said
    printed, _ = typed("privacy")
    assert "# Impact assessment (draft)" in printed
    assert sorted(json.loads(typed("privacy", "--json")[0])["documents"]) == sorted(texts())
