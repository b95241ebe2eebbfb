"""The published files are what the library makes, and hold more than what it accepts."""

import json
from typing import Any

import pytest

from tests.vectors.files import FOLDER, MAKERS, text_of


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_is_what_the_library_makes(name: str) -> None:
    """A difference is a change of the protocol, and is to be argued for as one."""
    assert (FOLDER / name).read_text("ascii") == text_of(name)


def test_every_file_is_made_here() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_says_what_is_refused(name: str) -> None:
    """Accepting too much splits a federation as surely as accepting too little."""
    assert _refused(json.loads((FOLDER / name).read_text("ascii")))


def _refused(value: Any) -> bool:
    """Whether a refused case, or a void entry, stands anywhere in a file."""
    if isinstance(value, dict):
        if "code" in value or value.get("refused") is True or value.get("void"):
            return True
        value = list(value.values())
    return isinstance(value, list) and any(map(_refused, value))
