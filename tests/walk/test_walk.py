"""The committee's walk in the docs is what the commands print."""

from pathlib import Path

from node import clock
from tests.walk import DOCUMENT, walk


def test_the_walk_in_the_docs_is_what_the_commands_print(tmp_path: Path) -> None:
    """Every command of the page, run again; `python -m tests.walk` makes it anew."""
    assert walk(tmp_path, clock.now()) == DOCUMENT.read_text(encoding="utf-8")
