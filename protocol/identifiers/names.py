"""Names of people: weak, written alike whatever their script, order and accents.

1. At most 1000 code points. What Unicode 14.0 does not assign becomes a space: a new emoji in
   a name is not the name. `APOSTROPHES` become U+0027, `HYPHENS` U+002D.
2. `fold`.
3. Each code point that `tables/letters.txt` lists is replaced by what stands there, a to z or
   nothing. The table has every letter and mark (general categories L and M) of Unicode 14.0 that
   `fold` leaves alone. Every other code point separates tokens.
4. Tokens of one letter are left out, as initials (and as the `t` of 't Hooft); empty ones too.
5. Refused: no token left; only one, where step 4 left out something (initials); a single token
   that is one of `NON_VALUES`.
6. The tokens are sorted by their bytes and joined by one space.

Variants, asked and published beside the plain form: with apostrophes and hyphens removed instead
of separating; with `DIGRAPHS` applied after step 2; with both; and of each of these four the
first and the last token alone, as they stood in the name. Each is refused or not by itself.
The plain form comes first, the others follow in that order without repetitions.

The table: a line for each 256 code points that has letters, their number without the last two
hexadecimal digits, then 256 fields between single spaces: `.` no letter, `-` a letter rendered by
nothing, else what it is rendered by; trailing `.` fields are left out. It was made once from
anyascii 0.3.3 (ISC licence), of whose output only letters were kept, in lower case.
"""

from collections.abc import Iterator
from functools import cache

from protocol.identifiers.lists import APOSTROPHES, DIGRAPHS, HYPHENS, NON_VALUES
from protocol.identifiers.model import InvalidIdentifier
from protocol.identifiers.text import bounded, checked, fold, is_assigned, table

_ONE_SPELLING = dict.fromkeys(map(ord, APOSTROPHES), "'") | dict.fromkeys(map(ord, HYPHENS), "-")
_JOINED = {ord("'"): None, ord("-"): None}
_DIGRAPHS = str.maketrans(DIGRAPHS)


def name(raw: str) -> str:
    """The canonical `name`: tokens of a to z, sorted.

    Raises:
        InvalidIdentifier: no letters, initials only, or a word that stands for "none".

    Source: SPEC.md, section 2.
    """
    return _value(_tokens(_folded(raw)))


def name_variants(raw: str) -> tuple[str, ...]:
    """The plain form and up to seven other spellings, all different.

    Raises:
        InvalidIdentifier: as for `name`, if the plain form is refused.

    Source: SPEC.md, section 2.
    """
    plain = _folded(raw)
    joined = plain.translate(_JOINED)
    spellings = (plain, joined, plain.translate(_DIGRAPHS), joined.translate(_DIGRAPHS))
    values = [_value(_tokens(plain))]
    for tokens in map(_tokens, spellings):
        kept = _kept(tokens)
        for chosen in (tokens, [kept[0], kept[-1]] if len(kept) > 1 else []):
            values.extend(_value_or_none(chosen))
    return tuple(dict.fromkeys(values))


def _folded(raw: str) -> str:
    known = "".join(character if is_assigned(character) else " " for character in bounded(raw))
    return fold(known.translate(_ONE_SPELLING))


def _tokens(text: str) -> list[str]:
    rendered = (_letter(character) for character in text)
    return "".join(" " if each is None else each for each in rendered).split()


def _kept(tokens: list[str]) -> list[str]:
    return [token for token in tokens if len(token) > 1]


def _value(tokens: list[str]) -> str:
    kept = _kept(tokens)
    if not kept:
        raise InvalidIdentifier("a name has letters, and more than initials; write it in full")
    if len(kept) == 1 and len(tokens) > 1:
        raise InvalidIdentifier("initials are no name; write it in full")
    value = " ".join(sorted(kept))
    if value in NON_VALUES:
        raise InvalidIdentifier("no name of a person; leave it out")
    return checked(value)


def _value_or_none(tokens: list[str]) -> Iterator[str]:
    try:
        yield _value(tokens)
    except InvalidIdentifier:
        return


@cache
def _lines() -> dict[str, str]:
    return dict(line.split(" ", 1) for line in table("letters.txt").splitlines())


@cache
def _block(number: int) -> tuple[str | None, ...]:
    fields = _lines().get(f"{number:x}", "").split(" ")
    rendered = {"": None, ".": None, "-": ""}
    return tuple(rendered.get(each, each) for each in fields)


def _letter(character: str) -> str | None:
    """What a letter is rendered by, None for anything else."""
    block = _block(ord(character) >> 8)
    place = ord(character) & 0xFF
    return block[place] if place < len(block) else None
