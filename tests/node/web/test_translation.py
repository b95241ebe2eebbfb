"""Every language has all that the pages say, with the same placeholders, and no more."""

import ast
import re
from datetime import date
from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from node.errors import Unprocessable, UserError
from node.web.rendering import LANGUAGES, page, said
from protocol.english import English
from protocol.identifiers import InvalidIdentifier
from tests import translations

OTHERS = list(LANGUAGES)[1:]

_PLACE = re.compile(r"%\((\w+)\)(?:-\d+)?[sd]")


class Told(BaseModel):
    """A document that carries a sentence."""

    why: English


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
    assert said("en", "made <up>") == "made &lt;up&gt;"
    assert said("de", "made <up>") == '<span lang="en">made &lt;up&gt;</span>'


def test_what_a_sentence_is_made_of_is_said_in_the_language_as_well() -> None:
    """Other sentences, and days; what is neither is shown as it is, whatever it says."""
    scope = English.joined([English("membership"), English("role")])
    words = English(
        "%(issuer)s states %(measure)s; scope: %(where)s; in force from %(start)s until %(end)s.",
        issuer="membership <b>\u202e",
        measure=English("a ban"),
        where=scope,
        start=date(2027, 3, 1),
        end=date(2027, 3, 2),
    )
    assert words == (
        "membership <b>\u202e states a ban; scope: membership, role; "
        "in force from 2027-03-01 until 2027-03-02."
    )
    assert said("de", words) == (
        "membership &lt;b&gt;\\u{202e} nennt einen Ausschluss; Geltung: Mitgliedschaft, Rolle; "
        "in Kraft ab 1. März 2027, bis 2. März 2027."
    )


def test_errors_keep_what_they_are_made_of() -> None:
    """Also within each other, and in documents; to whoever knows nothing of it they are text."""
    inner = InvalidIdentifier("an identifier has at most %(most)s bytes; shorten it", most=9)
    outer = UserError("%(place)s: %(why)s", place="identifier 1", why=str(inner))
    document = Told.model_validate({"why": str(Unprocessable(str(outer)))})
    assert document.model_dump_json() == (
        '{"why":"identifier 1: an identifier has at most 9 bytes; shorten it"}'
    )
    assert said("de", document.why) == (
        "identifier 1: Eine Angabe hat höchstens 9 Bytes; kürzen Sie sie"
    )
    assert Told.model_json_schema()["properties"]["why"]["type"] == "string"


def test_what_is_said_can_be_found_by_translators() -> None:
    """Each sentence stands in the code as one text; what is put into it has a name there."""
    named = {"English", *translations.errors()}
    for path in translations.saying():
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and call.args and ast.unparse(call.func) in named:
                text = call.args[0]
                assert not isinstance(text, ast.JoinedStr | ast.BinOp), (path.name, call.lineno)


def test_values_within_texts_are_shown_as_all_others() -> None:
    """Escaped, and without characters that hide or turn round, in each language."""
    hostile = "<b>\u202e\x07"
    for language in LANGUAGES:
        caller = SimpleNamespace(name=hostile, role="checker")
        values = {"caller": caller, "whose": hostile, "words": "", "form_token": "", "here": "/",
                  "fault": None, "faults": {}, "form": None}  # fmt: skip
        text = page("failed", language, values).text or ""
        assert "&lt;b&gt;\\u{202e}\\u{7}" in text
