"""Others' text as it is shown to people: nothing hidden, nothing reordered, look-alikes named.

What cannot be seen is escaped, so that no text can steer a terminal, begin a line of its own, or
hide a part of itself. What runs from right to left is isolated (UAX 9, section 2.4), so that it
moves nothing around it. And since `a` and U+0430 look the same, who decides on somebody is told
which letters are not ASCII, and where letters of several scripts stand in one word.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from protocol.english import English

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE = "\u2068{}\u2069"

# Python calls these printable, and they print nothing: fillers, joiners, selectors, blank Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_WRITTEN_TOGETHER = frozenset(
    {"BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA", "KATAKANA-HIRAGANA"}
)
"""Scripts that stand in one word of one language."""


class Printable(str):
    """A text that is as it is shown."""

    __slots__ = ()


def printable(text: str) -> Printable:
    r"""The text with everything that does not show written `\u{…}`, and each backslash twice.

    Two texts never come out alike; what is printable already stays as it is.
    """
    if isinstance(text, Printable):
        return text
    shown = "".join(map(_shown, text))
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        shown = _ISOLATE.format(shown)
    return Printable(shown)


def printable_lines(text: str) -> str:
    """As `printable`, of a text that may have several lines."""
    return "\n".join(map(printable, text.split("\n")))


def identifier(text: str) -> str:
    """Who is meant, `kind:value`; with the names of all characters that are not ASCII."""
    strange = dict.fromkeys(char for char in text if not char.isascii())
    if not strange:
        return printable(text)
    value = text.partition(":")[2]
    contains = English("contains %(characters)s", characters=", ".join(map(_called, strange)))
    return _noted(printable(text), [contains, *_mixture(value)])


def name(text: str) -> str:
    """A name that a community gave, in quotation marks; with a warning where scripts are mixed."""
    marked = printable(text).replace('"', '\\"')
    return _noted(Printable(f'"{marked}"'), list(_mixture(text)))


def _noted(text: Printable, notes: Sequence[English]) -> str:
    if not notes:
        return text
    return English("%(text)s (%(notes)s)", text=text, notes=English.joined(notes, "; "))


def _shown(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable() and not _BLANK.match(char):
        return char
    return f"\\u{{{ord(char):x}}}"


def _called(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()


def _mixture(text: str) -> Iterator[English]:
    scripts = sorted({_script(char) for char in text if char.isalpha()})
    if len(scripts) > 1:
        yield English(
            "mixes letters of %(scripts)s", scripts=English.joined(scripts, English(" and "))
        )


def _script(letter: str) -> str:
    # The standard library knows no scripts; the names of letters begin with theirs.
    script = unicodedata.name(letter, "unknown").partition(" ")[0]
    return "East Asia" if script in _WRITTEN_TOGETHER else script.title()
