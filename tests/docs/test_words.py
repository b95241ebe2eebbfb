"""What no text here says: a human decides, and no answer is a refusal to let somebody in."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.errors import cause
from tests.paths import ROOT

_STEM = "den" + "(?:y|ie[sdr]|ia[lb]|ying)"
REFUSING = re.compile(rf"(?i:(?<![a-z]){_STEM})|(?<=[a-z])D{_STEM[1:]}")
"""Every form of the word, also within a name: whatever stands before it is no small letter, or it
begins with a capital one."""

_RANDOM = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
"""Keys, hashes and the like, in which any four letters may stand together."""

_GENERATED = {"__pycache__", "build", "comity.egg-info", "dist"}


def _texts() -> Iterator[Path]:
    """Every file of the project that is text: of code, templates, pages, tests and their data."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in _GENERATED and _is_ours(each)]
        yield from (Path(folder) / each for each in files if _is_ours(each))


def _is_ours(name: str) -> bool:
    """Hidden ones are tools' own, but for these."""
    return not name.startswith(".") or name in {".ci", ".gitattributes", ".gitignore"}


def _found(text: str) -> list[str]:
    return REFUSING.findall(_RANDOM.sub("", text))


def test_no_file_says_that_anybody_is_to_be_refused() -> None:
    """In none of its forms, neither in a text nor in a name; no foreign name asks for an exception.

    Every answer says what a community states and how much attention that gets here.
    """
    read, said = set(), []
    for path in _texts():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT).as_posix()
        read.add(path.suffix)
        said += [f"{name}: {each}" for each in _found(f"{name}\n{text}")]
    assert said == []
    assert read >= {".py", ".md", ".j2", ".json", ".csv", ".toml", ".txt", ".yaml", ".service"}


@pytest.mark.parametrize(
    "word",
    ["d~y", "D~Y", "d~ied", "d~ies", "D~ial", "d~ying", "d~iable", "_d~y_list", "accessD~ied",
     "D~yAll", "d~ylist", "403_D~IED"],
)  # fmt: skip
def test_every_form_of_the_word_would_be_found(word: str) -> None:
    """Alone, in a sentence, and in the names of code."""
    middle = "EN" if word.isupper() else "en"
    assert _found(f"so it is {word.replace('~', middle)}, they say") != []


def test_other_words_are_left_alone() -> None:
    """Those that only sound like it, and what is random."""
    assert _found("identity, hidden, sudden, evidence, residence, identified, golden years") == []
    assert _found("x" * 20 + "De" + "ny" + "x" * 20) == []


def test_what_the_system_would_not_do_is_said_in_other_words() -> None:
    """Its own words for that are these very ones; others are as they are."""
    assert _found(os.strerror(13)) != []
    assert _found(cause(PermissionError(13, os.strerror(13), "keys"))) == []
    assert cause(IsADirectoryError(21, "Is a directory")) == "Is a directory"
