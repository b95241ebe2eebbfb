"""One encoding for each value: base64url, canonical JSON, days, and models that re-encode alike.

What parses must re-encode to the same bytes, or it is refused: two nodes that read one message
differently would split the federation (SPEC.md, General rules, Encoding).
"""

import base64
import binascii
import json
import re
from array import array
from datetime import date
from itertools import accumulate
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from protocol.errors import Malformed, TooLarge

JSON = Any
"""A JSON value as the standard library represents it."""

MAX_DEPTH = 16
"""How deep arrays and objects may nest; far above any message, far below the recursion limit."""

_MAX_INTEGER = 2**53 - 1
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*\Z")
_DAY = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}\Z")

# A string to its end, or to that of the data. It never backtracks: what it takes cannot be taken
# in two ways, and its repetitions are possessive.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
# Some strings and what lies between them: of bounded number, or removing them would take a hundred
# times their memory.
_PIECE = re.compile(rb'(?:[^"]|' + _STRING.pattern + rb"){1,4096}", re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", bytes([1, 1, 255, 255]))
"""Opening and closing brackets as signed bytes, 1 and -1."""
_NO_BRACKETS = bytes({*range(256)} - {*b"[{]}"})


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str, size: int | None = None) -> bytes:
    """Decode the one canonical, unpadded encoding of `size` bytes (any number where None).

    Raises:
        Malformed: padding, another alphabet, stray bits in the last character, another size.
    """
    try:
        raw = text.encode("ascii")
        if not _BASE64URL.match(raw):
            raise Malformed("not unpadded base64url")
        data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Malformed("not unpadded base64url") from error
    if base64url(data) != text:
        raise Malformed("not the canonical base64url of its bytes")
    if size is not None and len(data) != size:
        raise Malformed(f"{len(data)} bytes where {size} are due")
    return data


def canonical_json(value: JSON) -> bytes:
    """Encode as canonical JSON: RFC 8785, with ASCII member names and integers below 2^53 only.

    Raises:
        Malformed: a number that is not such an integer, a name that is not ASCII, a lone surrogate,
            or too deep a value.
    """
    _check(value, MAX_DEPTH)
    try:
        return json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        ).encode()
    except UnicodeEncodeError as error:
        raise Malformed("a string holds a lone surrogate") from error


def from_canonical_json(data: bytes, limit: int) -> JSON:
    """Parse bytes that are the canonical JSON of what they say, at most `limit` bytes.

    Raises:
        TooLarge: more than `limit` bytes.
        Malformed: anything whose canonical encoding is not `data`.
    """
    value = from_json(data, limit)
    if canonical_json(value) != data:
        raise Malformed("not canonical JSON")
    return value


def from_json(data: bytes, limit: int) -> JSON:
    """Parse JSON (RFC 8259) that need not be canonical; duplicate names and depth are refused.

    Raises:
        TooLarge: more than `limit` bytes.
        Malformed: not JSON in UTF-8, a name twice in one object, or deeper than `MAX_DEPTH`.
    """
    if len(data) > limit:
        raise TooLarge(f"more than {limit} bytes")
    _refuse_depth(data)
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_bounded_integer,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Malformed("not JSON in UTF-8") from error


def _object_without_duplicates(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("a member name stands twice in one object")
    return value


def _refuse_constant(name: str) -> JSON:
    raise Malformed(f"{name} is not JSON")


def _bounded_integer(digits: str) -> int:
    # int() of very long digit strings is quadratic; nothing below 2^53 has more than 17 characters.
    if len(digits) > 17:
        raise Malformed("an integer beyond 2^53")
    return int(digits)


def _refuse_depth(data: bytes) -> None:
    """Refuse deep nesting before the recursive parser sees it. Brackets in strings do not count.

    Nothing here walks byte by byte in Python: an answer may have megabytes, most of them strings.
    """
    depth = 0
    for piece in _PIECE.finditer(data):
        brackets = _STRING.sub(b"", piece[0]).translate(_STEPS, _NO_BRACKETS)
        if brackets:
            steps = array("b", brackets)
            if max(accumulate(steps, initial=depth)) > MAX_DEPTH:
                raise Malformed(f"nested deeper than {MAX_DEPTH}")
            depth += sum(steps)


def _check(value: JSON, depth: int) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            raise Malformed("an integer beyond 2^53")
        return
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise Malformed("a member name that is not ASCII")
            _check(member, depth - 1)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member, depth - 1)
    else:
        raise Malformed(f"{type(value).__name__} has no place in canonical JSON")


def day_from_text(text: str) -> date:
    """Read a UTC calendar day, `YYYY-MM-DD`, of the years 2000 to 2999.

    The bounds leave every limit that counts days inside what calendars can represent.

    Raises:
        Malformed: any other form, or no such day.
    """
    if not _DAY.match(text):
        raise Malformed("a day is written YYYY-MM-DD, in the years 2000 to 2999")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("no such day") from error


def bytes_field(size: int | None = None) -> Any:
    """What makes `Annotated[bytes, *bytes_field(size)]` base64url of `size` bytes (None: any)."""

    def read(value: object) -> bytes:
        if isinstance(value, bytes) and size in (None, len(value)):
            return value
        if isinstance(value, str):
            return from_base64url(value, size)
        raise Malformed("base64url is due")

    return (
        BeforeValidator(_for_pydantic(read)),
        PlainSerializer(base64url, return_type=str),
        WithJsonSchema({"type": "string", "contentEncoding": "base64url"}),
    )


def _read_day(value: object) -> date:
    if isinstance(value, date):
        return day_from_text(value.isoformat())
    if isinstance(value, str):
        return day_from_text(value)
    raise Malformed("a day is written YYYY-MM-DD")


def _for_pydantic(read: Any) -> Any:
    """Let a reader's refusal reach pydantic, which takes ValueError only."""

    def wrapped(value: object) -> Any:
        try:
            return read(value)
        except Malformed as error:
            raise ValueError(str(error)) from error

    return wrapped


Bytes8 = Annotated[bytes, *bytes_field(8)]
Bytes16 = Annotated[bytes, *bytes_field(16)]
Bytes32 = Annotated[bytes, *bytes_field(32)]
Bytes64 = Annotated[bytes, *bytes_field(64)]
Day = Annotated[
    date,
    BeforeValidator(_for_pydantic(_read_day)),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A UTC calendar day, inclusive wherever it bounds anything."""

Version = Literal[1]
"""Member `v` of whatever is versioned."""

Uuid = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z"
    ),
]
"""A random UUID (RFC 9562, version 4) in lower case: the id of an attestation."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\z")]
"""A short name that a community has declared, of a space or a body."""

T = TypeVar("T")
Sequence = Annotated[tuple[T, ...], Field(strict=False)]
"""A JSON array; immutable here."""


class Message(BaseModel):
    """A message of the protocol: strict types, unknown members refused, immutable.

    `from_bytes` and `to_bytes` are inverse to each other on everything that `from_bytes` accepts.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @classmethod
    def from_bytes(cls, data: bytes, limit: int) -> Self:
        """Parse canonical JSON of at most `limit` bytes.

        Raises:
            TooLarge: more than `limit` bytes.
            Malformed: not canonical JSON, or not a message of this form.
        """
        return cls.from_value(from_canonical_json(data, limit))

    @classmethod
    def from_value(cls, value: JSON) -> Self:
        """Validate a parsed JSON value.

        Raises:
            Malformed: not a message of this form.
        """
        message = validated(cls, value)
        # `true` equals 1 in Python, so a model may accept what it would not write: compare.
        if canonical_json(message.to_value()) != canonical_json(value):
            raise Malformed(f"{cls.__name__}: not the encoding of what it says")
        return message

    def to_value(self) -> dict[str, JSON]:
        """The message as a JSON value."""
        return self.model_dump()

    def to_bytes(self) -> bytes:
        """The message as canonical JSON."""
        return canonical_json(self.to_value())


M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], value: JSON) -> M:
    """Validate a JSON value, naming in the error the members at fault but never their values.

    Raises:
        Malformed: the value is not of the model's form.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        raise Malformed(f"{model.__name__}: {', '.join(places[:5])} not as due") from None
