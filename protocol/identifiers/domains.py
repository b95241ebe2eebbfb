"""Domain names: UTS 46 non-transitional in the few steps that one Unicode version leaves.

After `clean` (which keeps U+200C and U+200D here):

1. U+3002 becomes a full stop, U+1E9E becomes U+00DF; every code point but U+00DF and U+03C2 is
   case-folded; NFKC; repeated until nothing changes. For every code point that UTS 46 lets pass
   this is its mapping, lunate sigma excepted.
2. U+200C and U+200D stay between two code points of U+0600 and above, where scripts use them;
   elsewhere they are removed.
3. One full stop at the end is removed.
4. A label with anything but ASCII becomes `xn--` and its Punycode (RFC 3492). A label that is
   ASCII stays, also one that begins with `xn--`: DNS compares it byte for byte.
5. At least two labels, at most 253 characters; a label is 1 to 63 of a-z, 0-9, `-` and `_`, with
   no hyphen at either end; the last one is not only digits.

What a registry would check further (bidi rules, joiners in context, symbols) is not: a domain
that cannot exist matches nobody.
"""

import re
import unicodedata

from protocol.identifiers.model import InvalidIdentifier
from protocol.identifiers.text import JOINERS, clean

MAX_DOMAIN = 253
MAX_LABEL = 63

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_DEVIATIONS = "ßς"
_MAPPED = {ord("。"): ".", ord("ẞ"): "ß"}
_FIRST_JOINING = "\u0600"


def domain(raw: str) -> str:
    """The A-label form of a domain name of at least two labels.

    Raises:
        InvalidIdentifier: it is not a domain name.

    Source: SPEC.md, section 2; UTS 46, section 4.
    """
    mapped = _mapped(clean(raw, joiners=True)).removesuffix(".")
    labels = [_a_label(label) for label in mapped.split(".")]
    name = ".".join(labels)
    if (
        len(labels) < 2
        or len(name) > MAX_DOMAIN
        or labels[-1].isdigit()
        or not all(map(_LABEL.match, labels))
    ):
        raise InvalidIdentifier("a full domain name is due, such as example.org")
    return name


def _mapped(text: str) -> str:
    while True:
        folded = "".join(
            character if character in _DEVIATIONS else character.casefold()
            for character in text.translate(_MAPPED)
        )
        # Joiners survive NFKC and are judged last, beside what really stands next to them.
        folded = _without_stray_joiners(unicodedata.normalize("NFKC", folded))
        if folded == text:
            return text
        text = folded


def _without_stray_joiners(text: str) -> str:
    padded = f" {text} "
    return "".join(
        character
        for before, character, after in zip(padded, text, padded[2:], strict=False)
        if character not in JOINERS or min(before, after) >= _FIRST_JOINING
    )


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    if len(label) > MAX_LABEL:
        # Refused before it is encoded: the time that takes grows with the square of the length.
        raise InvalidIdentifier("a label of the domain name is too long")
    return "xn--" + label.encode("punycode").decode("ascii")
