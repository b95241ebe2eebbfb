"""Telephone numbers: `phone`, the E.164 form.

A number with `+` is read without any metadata, so that two nodes agree whatever release of a
numbering plan they have:

1. `clean`; a leading `tel:` is dropped; decimal digits of every script become 0 to 9.
2. Spaces, `-`, U+2010 to U+2015, U+2212, `.`, `/`, `(`, `)` are removed. Anything else is refused,
   extensions too: the number without its extension is that of a switchboard.
3. What remains is `+` and 7 to 15 digits, the first not 0.
4. Behind a calling code of `TRUNK_ZERO` one 0 is dropped, as in `+49 (0)30`; a second one is
   refused. In the other countries, Italy among them, a 0 there belongs to the number. Then step 3
   again.
5. Refused if the last seven digits are the same one.

A number without `+` is read by the numbering plan of the caller's region (ISO 3166-1), which is
`phonenumbers`' business, and then by the steps above.
"""

import re
import unicodedata

import phonenumbers

from protocol.identifiers.lists import TRUNK_ZERO
from protocol.identifiers.model import InvalidIdentifier
from protocol.identifiers.text import clean

_SEPARATORS = re.compile("[ ./()\u2010-\u2015\u2212-]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_NATIONAL = re.compile(r"[0-9]{2,20}\Z")


def phone(raw: str, region: str | None = None) -> str:
    """The canonical `phone` of a number; `region` says what a number without `+` means.

    Raises:
        InvalidIdentifier: no telephone number, or one without `+` and without a region.

    Source: SPEC.md, section 2; ITU-T E.164, section 6.2.
    """
    text = clean(raw)
    if text[:4].lower() == "tel:":
        text = text[4:]
    number = _SEPARATORS.sub("", "".join(map(_digit, text)))
    if not number.startswith("+"):
        number = _international(number, region)
    number = _without_trunk_zero(number)
    if not _E164.match(number):
        raise InvalidIdentifier(
            "a telephone number is due, with + and 7 to 15 digits, no extension"
        )
    if len(set(number[-7:])) == 1:
        raise InvalidIdentifier("seven times the same digit; leave the number out")
    return number


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _without_trunk_zero(number: str) -> str:
    for size in (2, 3):
        code, rest = number[: 1 + size], number[1 + size :]
        if code[1:] in TRUNK_ZERO and rest.startswith("00"):
            raise InvalidIdentifier("write the number with + and the country's code, no zeros")
        if code[1:] in TRUNK_ZERO and rest.startswith("0"):
            return code + rest[1:]
    return number


def _international(number: str, region: str | None) -> str:
    if region is None:
        raise InvalidIdentifier("write the number with + and the country's code")
    if not _NATIONAL.match(number):
        raise InvalidIdentifier("a telephone number is due, digits only, without an extension")
    try:
        parsed = phonenumbers.parse(number, region.upper())
    except phonenumbers.NumberParseException as error:
        raise InvalidIdentifier("write the number with + and the country's code") from error
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
