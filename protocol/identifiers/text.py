r"""The first steps that all kinds share: one Unicode version, one normal form.

1. At most 1000 code points.
2. Only code points that Unicode 14.0 assigns: no unassigned ones, no private use, no surrogates.
   Their list stands in `tables/assigned.txt`, as `first..last` in hexadecimal. Every later
   version normalises and folds these alike (Unicode's stability policies), so the result does not
   depend on the version that a machine has.
3. Default_Ignorable_Code_Point of Unicode 14.0 (zero-width, bidi marks, soft hyphen, variation
   selectors, fillers) is removed, before and after normalisation.
4. NFKC.
5. Trimmed at both ends: U+0000 to U+0020, U+007F to U+009F, U+1680, U+2028, U+2029; NFKC has
   made all other white space U+0020.

`fold` is toNFKC_Casefold (Unicode 14.0, section 3.13): steps 3 and 4 and full case folding,
repeated until nothing changes.
"""

import unicodedata
from bisect import bisect_right
from functools import cache
from importlib.resources import files

from protocol.identifiers.model import MAX_RAW, MAX_VALUE, InvalidIdentifier

IGNORABLE = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Default_Ignorable_Code_Point (DerivedCoreProperties of Unicode 14.0)."""

JOINERS = "\u200c\u200d"

_REMOVE = dict.fromkeys(point for low, high in IGNORABLE for point in range(low, high + 1))
_REMOVE_BUT_JOINERS = {point: None for point in _REMOVE if chr(point) not in JOINERS}
_ENDS = JOINERS + "".join(map(chr, [*range(0x21), *range(0x7F, 0xA0), 0x1680, 0x2028, 0x2029]))


def table(name: str) -> str:
    """A table of this package, as text."""
    return files("protocol.identifiers").joinpath("tables", name).read_text("ascii")


@cache
def _assigned() -> tuple[tuple[int, ...], tuple[int, ...]]:
    ranges = [line.split("..") for line in table("assigned.txt").split()]
    return tuple(int(low, 16) for low, _ in ranges), tuple(int(high, 16) for _, high in ranges)


def is_assigned(character: str) -> bool:
    """Whether Unicode 14.0 assigns this code point, private use and surrogates excepted."""
    starts, ends = _assigned()
    place = bisect_right(starts, ord(character)) - 1
    return place >= 0 and ord(character) <= ends[place]


def bounded(raw: str) -> str:
    """`raw`, unless it is too long to be looked at.

    Raises:
        InvalidIdentifier: more than `MAX_RAW` code points.
    """
    if len(raw) > MAX_RAW:
        raise InvalidIdentifier(
            "an identifier has at most %(most)s characters; shorten it", most=MAX_RAW
        )
    return raw


def clean(raw: str, *, joiners: bool = False) -> str:
    """Steps 1 to 5; with `joiners`, U+200C and U+200D stay, for domains.

    Raises:
        InvalidIdentifier: too long, or with a character that Unicode 14.0 does not have.
    """
    if not all(map(is_assigned, bounded(raw))):
        raise InvalidIdentifier(
            "a character is not in Unicode 14.0 or is private; type the identifier by hand"
        )
    return without_ends(_normalised(raw, _REMOVE_BUT_JOINERS if joiners else _REMOVE))


def without_ends(text: str) -> str:
    """`text` without white space, control characters and joiners at both ends (step 5)."""
    return text.strip(_ENDS)


def fold(text: str) -> str:
    """ToNFKC_Casefold; `text` holds assigned code points only (Unicode 14.0, section 3.13)."""
    while True:
        folded = _normalised(_normalised(text, _REMOVE).casefold(), _REMOVE)
        if folded == text:
            return text
        text = folded


def checked(value: str) -> str:
    """`value`, a canonical one, unless it is too long for a disclosure.

    Raises:
        InvalidIdentifier: more than `MAX_VALUE` bytes of UTF-8.
    """
    if len(value.encode()) > MAX_VALUE:
        raise InvalidIdentifier(
            "an identifier has at most %(most)s bytes; shorten it", most=MAX_VALUE
        )
    return value


def _normalised(text: str, remove: dict[int, None]) -> str:
    return unicodedata.normalize("NFKC", text.translate(remove)).translate(remove)
