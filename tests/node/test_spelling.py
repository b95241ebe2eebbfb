"""Others' text on a terminal: nothing hidden, nothing steered, look-alikes named."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import spelling

ESCAPED = re.compile(r"\\(?:\\|u\{([0-9a-f]+)\})")


def _read_back(shown: str) -> str:
    """The text that was made printable."""
    if shown.startswith("\u2068"):
        shown = shown[1:-1]
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", shown)


@given(st.text(st.characters(codec=None)))
def test_nothing_in_a_text_steers_a_terminal(text: str) -> None:
    """No control, no direction but the isolation around all of it, no line break."""
    shown: str = spelling.printable(text)
    if shown.startswith("\u2068"):
        assert shown.endswith("\u2069")
        shown = shown[1:-1]
    assert {unicodedata.category(char) for char in shown}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_says_what_the_text_is(text: str) -> None:
    """So that two texts are never shown alike."""
    assert _read_back(spelling.printable(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("email:alice@python.example", "email:alice@python.example"),
        (
            "email:\u0430lice@python.example",
            (
                "email:\u0430lice@python.example (contains U+0430 CYRILLIC SMALL LETTER A;"
                " mixes letters of Cyrillic and Latin)"
            ),
        ),
        (
            "email:jos\u00e9@python.example",
            "email:jos\u00e9@python.example (contains U+00E9 LATIN SMALL LETTER E WITH ACUTE)",
        ),
        (
            "email:a\u200db@python.example",
            "email:a\\u{200d}b@python.example (contains U+200D ZERO WIDTH JOINER)",
        ),
        (
            "email:\u05d0@python.example",
            (
                "\u2068email:\u05d0@python.example\u2069 (contains U+05D0 HEBREW LETTER ALEF;"
                " mixes letters of Hebrew and Latin)"
            ),
        ),
        ("email:\ue000@m.example", "email:\\u{e000}@m.example (contains U+E000)"),
    ],
)
def test_row_11_a_letter_that_only_looks_alike_is_named(text: str, shown: str) -> None:
    """Whoever approves sees that it is not the address that it looks like."""
    assert spelling.identifier(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PyCon", '"PyCon"'),
        ("Caf\u00e9 \u2116 5", '"Caf\u00e9 \u2116 5"'),
        ("\u041f\u0438\u0442\u043e\u043d", '"\u041f\u0438\u0442\u043e\u043d"'),
        ("\u6771\u4eac\u306e\u30ab\u30e1", '"\u6771\u4eac\u306e\u30ab\u30e1"'),
        ("P\u0443Con", '"P\u0443Con" (mixes letters of Cyrillic and Latin)'),
        ("\u05d0\u05d1", '"\u2068\u05d0\u05d1\u2069"'),
        ('X", by "Y', '"X\\", by \\"Y"'),
        ("\\", '"\\\\"'),
        ("\x1b[2J\u202egood\u200b", '"\\u{1b}[2J\\u{202e}good\\u{200b}"'),
        ("\u2800\ufe0f", '"\\u{2800}\\u{fe0f}"'),
    ],
)
def test_row_11_a_name_stays_in_its_quotation_marks(text: str, shown: str) -> None:
    """And is warned about where it is made of letters that never stand together."""
    assert spelling.name(text) == shown


def test_lines_stay_lines() -> None:
    """Our own words have several; what is within each is made printable."""
    assert spelling.printable_lines("one\ntw\x1bo\r") == "one\ntw\\u{1b}o\\u{d}"
