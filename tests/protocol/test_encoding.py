"""One encoding per value: what parses re-encodes identically, everything else is refused."""

import base64
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.encoding import (
    MAX_DEPTH,
    Bytes8,
    Day,
    Message,
    Uuid,
    Version,
    base64url,
    canonical_json,
    day_from_text,
    from_base64url,
    from_canonical_json,
    from_json,
)
from protocol.errors import Malformed, TooLarge, Violation

LIMIT = 10_000


class Sample(Message):
    """One member of each kind that encodes in a way of its own."""

    v: Version
    key: Bytes8
    on: Day
    id: Uuid
    flag: bool
    count: int | None


GOOD: dict[str, Any] = {
    "v": 1,
    "key": "AAECAwQFBgc",
    "on": "2027-03-01",
    "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "flag": False,
    "count": None,
}

names = st.text(st.characters(codec="ascii"), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=80))
def test_base64url_round_trips(data: bytes) -> None:
    assert from_base64url(base64url(data), len(data)) == data


@given(st.text(st.sampled_from("AQgwxyz-_+/= \n"), max_size=8))
def test_base64url_has_one_spelling(text: str) -> None:
    """Whatever decodes is exactly what would be written: no padding, no stray bits, no spaces."""
    try:
        data = from_base64url(text)
    except Malformed:
        return
    assert base64url(data) == text


@pytest.mark.parametrize("text", ["QR", "QQ==", "QQ\n", "Q", "+/", "é", "QQ", "\ud800"])
def test_base64url_of_other_forms_or_sizes_is_refused(text: str) -> None:
    """`QR` decodes to what `QQ` encodes; lenient decoders take both."""
    with pytest.raises(Malformed):
        from_base64url(text, 2)


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert from_canonical_json(canonical_json(value), 100_000) == value


@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_row_40_whatever_parses_re_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        value = from_canonical_json(data, LIMIT)
    except Violation:
        return
    assert canonical_json(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1} ',
        b"\xef\xbb\xbf{}",
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"\\u0061":1}',
        b'{"a":"\\/"}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\ud800"}',
        '{"é":1}'.encode(),
        b'{"a":"\xff"}',
        b"",
        b"[1,]",
        b"'a'",
    ],
)
def test_row_40_other_spellings_of_json_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        from_canonical_json(data, LIMIT)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"":'])
def test_row_18_deep_nesting_is_refused_before_the_parser_recurses(opening: bytes) -> None:
    with pytest.raises(Malformed):
        from_json(opening * 100_000, 10_000_000)


def test_nesting_is_counted_outside_strings_only() -> None:
    inside: Any = "[" * 50 + '\\"['
    for _ in range(MAX_DEPTH):
        inside = [inside]
    data = canonical_json(inside)
    assert from_canonical_json(data, LIMIT) == inside
    with pytest.raises(Malformed):
        canonical_json([inside])
    with pytest.raises(Malformed):
        from_json(b"[" + data + b"]", LIMIT)


def _nests_too_deep(data: bytes) -> bool:
    """What is refused for its depth, byte by byte as a parser would see it."""
    depth = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = not escaped and byte == 0x5C
        elif byte == 0x22:
            in_string = True
        else:
            depth += (byte in b"[{") - (byte in b"]}")
            if depth > MAX_DEPTH:
                return True
    return False


@given(
    st.lists(
        st.sampled_from(
            [b"[", b"]", b"{", b"}", b"[" * 9, b"]" * 9, b'"', b"\\", b'\\"', b"a", b"\n", b"\xff"]
        )
        | st.just(b'"",').map(lambda part: part * 2048),
        max_size=24,
    ).map(b"".join)
)
@example(b'"' + b"[" * 17 + b"\\")
@example(b'\\"' + b"[" * 17)
@example(b"]" * 17 + b"[" * 33)
def test_row_18_depth_is_that_of_a_walk_byte_by_byte(data: bytes) -> None:
    """Whatever stands in it: strings that do not end, escapes outside of them, closings first."""
    with pytest.raises(Malformed) as caught:
        from_json(data + b"\xff", len(data) + 1)  # which is no JSON, if it gets that far
    assert (str(caught.value) == f"nested deeper than {MAX_DEPTH}") == _nests_too_deep(data)


def test_the_limit_comes_before_everything_else() -> None:
    with pytest.raises(TooLarge):
        from_json(b"\xff" * 11, 10)


@pytest.mark.parametrize("value", [1.5, 2**53, {1: 2}, {"é": 1}, b"bytes", date(2027, 1, 1)])
def test_what_canonical_json_cannot_say_is_refused_when_writing(value: Any) -> None:
    with pytest.raises(Malformed):
        canonical_json(value)


def test_a_message_reads_and_writes_the_same_bytes() -> None:
    data = canonical_json(GOOD)
    message = Sample.from_bytes(data, LIMIT)
    assert message.to_bytes() == data
    assert (message.key, message.on) == (bytes(range(8)), date(2027, 3, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"v": True},
        {"v": 2},
        {"v": "1"},
        {"key": "AAECAwQFBg"},
        {"key": "AAECAwQFBgd"},
        {"on": "2027-3-1"},
        {"on": "2027-02-29"},
        {"on": "1999-12-31"},
        {"on": "3000-01-01"},
        {"on": 1},
        {"on": "2027-03-01T00:00"},
        {"id": "6f9619ff8b864d01b42d00cf4fc964ff"},
        {"id": "6F9619FF-8B86-4D01-B42D-00CF4FC964FF"},
        {"id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff\n"},
        {"flag": 0},
        {"count": True},
        {"count": "1"},
        {"more": 1},
    ],
    ids=str,
)
def test_row_40_a_message_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Sample.from_value(GOOD | change)


def test_an_error_names_the_member_and_never_its_value() -> None:
    with pytest.raises(Malformed) as caught:
        Sample.from_value(GOOD | {"key": "mallory@example.org"})
    assert "key" in str(caught.value)
    assert "mallory" not in str(caught.value)
    # `raise … from` would print it with the traceback.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.dates(date(2000, 1, 1), date(2999, 12, 31)))
def test_days_round_trip(day: date) -> None:
    assert day_from_text(day.isoformat()) == day


@given(st.binary(max_size=40))
def test_base64url_agrees_with_the_standard_library(data: bytes) -> None:
    assert base64url(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")
