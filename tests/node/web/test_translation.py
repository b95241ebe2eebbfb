"""Every language has all that the pages say, with the same placeholders, and no more."""

import re
from types import SimpleNamespace

import pytest

from node.web.rendering import LANGUAGES, page, said
from tests import translations

OTHERS = list(LANGUAGES)[1:]

_PLACE = re.compile(r"%\(\w+\)[sd]")


def _key(id_: str | tuple[str, ...] | list[str]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_translated_and_nothing_is_left_over(language: str) -> None:
    """`python -m tests.translations` adds what is new and removes what is said no more."""
    held, now = translations.translated(language), translations.said()
    assert [each.id for each in translations.lacking(held)] == []
    assert {_key(each.id) for each in held if each.id} == {_key(m.id) for m in now if m.id}
    assert [each.id for each in held if each.fuzzy and each.id] == []


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_the_same(language: str) -> None:
    """In every form; in words around a number, one form may leave the number out."""
    for each in translations.translated(language):
        forms = [each.string] if isinstance(each.string, str) else list(each.string)
        ids = [each.id] if isinstance(each.id, str) else list(each.id)
        if not each.id:
            continue
        expected = set(_PLACE.findall(" ".join(ids)))
        for form in forms:
            assert set(_PLACE.findall(form)) == expected, each.id
            assert "%" not in _PLACE.sub("", form), each.id


def test_what_is_there_in_english_only_is_marked_so() -> None:
    """So that a screen reader pronounces it; and it is escaped as everything else."""
    assert said("de", "Sign in") == "Anmelden"
    assert said("en", "made <up>") == "made <up>"
    assert said("de", "made <up>") == '<span lang="en">made &lt;up&gt;</span>'


def test_values_within_texts_are_shown_as_all_others() -> None:
    """Escaped, and without characters that hide or turn round, in each language."""
    hostile = "<b>\u202e\x07"
    for language in LANGUAGES:
        caller = SimpleNamespace(name=hostile, role="checker")
        values = {"caller": caller, "words": "", "form_token": "", "here": "/", "fault": None,
                  "faults": {}, "form": None}  # fmt: skip
        text = page("failed", language, values).text or ""
        assert "&lt;b&gt;\\u{202e}\\u{7}" in text
