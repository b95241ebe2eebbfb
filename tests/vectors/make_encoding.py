"""`protocol/vectors/encoding.json`: one encoding for each value."""

from typing import Any

from protocol import encoding
from protocol.claims import Scope
from protocol.encoding import canonical_json
from tests.vectors.sample import code_of

LIMIT = 1000

CANONICAL: tuple[Any, ...] = (
    {},
    [],
    None,
    {"b": 1, "a": [True, False, None]},
    {"aa": 0, "a": -1, "B": 2**53 - 1},
    {"a-b": "x", "a.b": "y", "a": "z"},
    "plain",
    'quote " backslash \\ slash / tab \t newline \n',
    "\b\f\r\x01\x1f\x7f",
    "é ü 北 😀 \u2028",
)

REFUSED_JSON = (
    ("a space", b'{"a": 1}'),
    ("a newline at the end", b'{"a":1}\n'),
    ("names out of order", b'{"b":1,"a":2}'),
    ("a name twice", b'{"a":1,"a":1}'),
    ("a name that is not ASCII", '{"\u00e9":1}'.encode()),
    ("an escape that is not needed", b'{"a":"\\u0041"}'),
    ("an escaped slash", b'"\\/"'),
    ("upper case in an escape", b'"\\u001F"'),
    ("an escape where a short one exists", b'"\\u000a"'),
    ("a lone surrogate", b'"\\ud800"'),
    ("a fraction", b"1.5"),
    ("a whole number with a fraction", b"1.0"),
    ("an exponent", b"1e3"),
    ("negative zero", b"-0"),
    ("a leading zero", b"01"),
    ("2^53", b"9007199254740992"),
    ("an integer of many digits", b"1" * 400),
    ("NaN", b"NaN"),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("not UTF-8", b'"\xff"'),
    ("UTF-16", '{"a":1}'.encode("utf-16-le")),
    ("17 arrays within each other", b"[" * 17 + b"]" * 17),
    ("nothing", b""),
    ("two values", b"{}{}"),
    ("more bytes than the limit", b'"' + b"x" * LIMIT + b'"'),
)

REFUSED_BASE64URL = (
    ("padding", "QQ=="),
    ("stray bits in the last character", "QR"),
    ("the alphabet of base64", "+/8"),
    ("one character more than whole bytes", "QUFBQ"),
    ("a space", "QU FB"),
    ("a newline at the end", "QUFB\n"),
    ("not ASCII", "QUF\u00e9"),
)

REFUSED_DAYS = (
    ("no leading zero", "2027-3-01"),
    ("no such day", "2027-02-29"),
    ("another form of ISO 8601", "20270301"),
    ("a time", "2027-03-01T00:00:00Z"),
    ("before 2000", "1999-12-31"),
    ("after 2999", "3000-01-01"),
    ("digits of another script", "\u0662\u0660\u0662\u0667-03-01"),
    ("a space at the end", "2027-03-01 "),
)

SCOPE = {"kind": "event_series", "space": "pyregion"}
REFUSED_MESSAGES: tuple[tuple[str, Any], ...] = (
    ("an unknown member", SCOPE | {"x": 1}),
    ("a missing member, though it may be null", {"kind": "event"}),
    ("a word outside of the vocabulary", SCOPE | {"kind": "planet"}),
    ("another type", SCOPE | {"space": 7}),
    ("a slug with upper case", SCOPE | {"space": "PyRegion"}),
    ("no object", [SCOPE]),
)


def content() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SPEC.md, General rules. JSON texts are hex of their bytes, since several are"
        f" not UTF-8; the limit of their size is {LIMIT} bytes here.",
        "base64url": [
            {"bytes": data.hex(), "text": encoding.base64url(data)}
            for data in (b"", b"A", b"AB", b"ABC", bytes(16), b"\xff\xfe\xfd\xfc")
        ],
        "base64url_refused": [
            {
                "reason": reason,
                "text": text,
                "code": code_of(encoding.from_base64url, text),
            }
            for reason, text in REFUSED_BASE64URL
        ],
        "canonical_json": [
            {"value": value, "bytes": canonical_json(value).hex()} for value in CANONICAL
        ],
        "canonical_json_refused": [
            {
                "reason": reason,
                "bytes": data.hex(),
                "code": code_of(encoding.from_canonical_json, data, LIMIT),
            }
            for reason, data in REFUSED_JSON
        ],
        "days": ["2000-01-01", "2028-02-29", "2999-12-31"],
        "days_refused": [
            {
                "reason": reason,
                "text": text,
                "code": code_of(encoding.day_from_text, text),
            }
            for reason, text in REFUSED_DAYS
        ],
        "message": {"form": "scope of an attestation, section 4", "value": SCOPE},
        "message_refused": [
            {
                "reason": reason,
                "value": value,
                "code": code_of(Scope.from_value, value),
            }
            for reason, value in REFUSED_MESSAGES
        ],
    }
