"""What holds of every identifier, whoever typed it and however."""

import json
import time
import unicodedata
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.errors import ComityError, Malformed
from protocol.identifiers import (
    KINDS,
    MAX_RAW,
    MAX_VALUE,
    Identifier,
    InvalidIdentifier,
    canonicalise,
    from_text,
    parse_text,
    related,
)
from protocol.identifiers.lists import ROLES
from tests.vectors.make_identifiers import RAW

kinds = st.sampled_from(KINDS)
typed = st.sampled_from([(kind, raw) for kind, raws in RAW.items() for raw in raws])
pieces = st.sampled_from(
    [
        *'@.+-_/:"\\ <>()[]?#0aZ',
        "ß",
        "ς",
        "İ",
        "\u0301",
        "\u200d",
        "ﬁ",
        "。",
        "ن",
        "王",
        "０",
        "x.example",
    ]
)
soup = st.lists(pieces | st.characters(), max_size=30).map("".join)
addresses = st.builds(
    "{}@{}".format, soup, st.sampled_from(["x.example", "gmail.com", "ß。example"])
)


@given(kinds, soup | addresses | st.text(max_size=40) | typed.map(lambda case: case[1]))
def test_canonicalising_twice_changes_nothing(kind: str, raw: str) -> None:
    """So what one side publishes is what the other side reads, and nothing else is raised."""
    try:
        identifiers = related(kind, raw)
    except InvalidIdentifier:
        return
    for identifier in identifiers:
        assert canonicalise(identifier.kind, identifier.value) == identifier
        assert parse_text(identifier.text) == identifier
        assert len(identifier.value.encode()) <= MAX_VALUE
    assert len(identifiers) == len(set(identifiers)) <= 8


@given(
    typed, st.sampled_from(["NFC", "NFD", "NFKC"]), st.sampled_from(["", " ", "\u200b", "\n\ufeff"])
)
def test_normal_form_and_what_stands_around_do_not_matter(
    case: tuple[str, str], form: Literal["NFC", "NFD", "NFKC"], around: str
) -> None:
    """The same text from another keyboard, or pasted with what is not seen."""
    kind, raw = case
    assume(len(raw) < MAX_RAW - 10)
    other = around + unicodedata.normalize(form, raw) + around
    assert _outcome(kind, other) == _outcome(kind, raw)


@given(typed)
def test_case_and_width_do_not_matter(case: tuple[str, str]) -> None:
    """Full-width and upper-case ASCII is read as plain; in every kind."""
    kind, raw = case
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in raw)
    upper = "".join(each.upper() if each.isascii() else each for each in raw)
    assert _outcome(kind, wide) == _outcome(kind, raw)
    assert _outcome(kind, upper) == _outcome(kind, raw)


def _outcome(kind: str, raw: str) -> tuple[Identifier, ...] | None:
    try:
        return related(kind, raw)
    except InvalidIdentifier:
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_strength_is_a_function_of_kind_and_value(kind: str) -> None:
    """Names and untagged addresses never suffice."""
    assert Identifier(kind, "fake@example.org").strong is (kind not in {"name", "email-untagged"})


@pytest.mark.parametrize("role", sorted(ROLES))
def test_row_23_role_addresses_are_weak(role: str) -> None:
    """With or without a tag, in any case: an office is not a person."""
    assert not canonicalise("email", f"{role.upper()}@example.org").strong
    assert not canonicalise("email", f"{role}+2027@example.org").strong
    assert canonicalise("email", f"{role}.fake@example.org").strong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", ["", " ", "\u200b", "\x00", "-", "n/a", "None", "NULL", "?", "."])
def test_row_35_nothing_names_nobody(kind: str, raw: str) -> None:
    """What people type into a field they have nothing for must not match the next one's."""
    with pytest.raises(InvalidIdentifier):
        canonicalise(kind, raw)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece", ["a", "@", "ß", "王", '"\\', " (", "<", "%40", "\u200d", "a.", "+"]
)
def test_long_input_is_refused_before_any_work(kind: str, piece: str) -> None:
    """The limit is on code points, and what lies below it is quick, whatever it is."""
    with pytest.raises(InvalidIdentifier, match="at most 1000 characters"):
        canonicalise(kind, piece * 1001)
    started = time.monotonic()
    for raw in (piece * (MAX_RAW // len(piece)), "a@" + piece * (998 // len(piece))):
        _outcome(kind, raw)
    assert time.monotonic() - started < 0.5


@given(st.integers(0, 64), st.sampled_from(['"', "\\", "a", "王"]))
def test_every_identifier_fits_the_entry_of_a_record(size: int, piece: str) -> None:
    """A disclosure, at worst all escapes, is at most 565 bytes of base64url (section 5)."""
    domain = ".".join(["a" * 60] * 3 + ["b" * 50])
    quoted = piece * size if piece.isalpha() else "\\" + f"{piece}\\" * (size // 2) + piece
    for kind in ("email", "email-untagged"):
        try:
            identifier = canonicalise(kind, f'"{quoted}"@{domain}')
        except InvalidIdentifier:
            continue
        content = json.dumps(["s" * 22, identifier.text], ensure_ascii=False).encode()
        assert -(-len(content) * 4 // 3) <= 600 - 1 - 32 - 2


def test_a_person_may_type_kind_and_value() -> None:
    """On the command line."""
    assert from_text("email:Foo@Bar.example").text == "email:foo@bar.example"
    assert from_text(" Phone :030 23125000", region="DE").text == "phone:+493023125000"


@pytest.mark.parametrize(
    "text", ["", "foo@bar.example", "mail:foo@bar.example", "https://x.example/y"]
)
def test_text_without_a_known_kind_is_refused(text: str) -> None:
    """The kinds are a closed list."""
    with pytest.raises(InvalidIdentifier):
        from_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "email",
        "mail:a@example.org",
        "Email:a@example.org",
        "email:A@example.org",
        "email: a@example.org",
        "email:a@b\u00fccher.example",
        "email:a+x@gmail.com",
        "email-untagged:a+x@example.org",
        "github:@octo",
        "github:https://github.com/octo",
        "phone:030123456",
        "phone:+49 30 23125000",
        "name:lovelace ada",
        "name:Ada Lovelace",
        "discord-id:<@80351110224678912>",
    ],
)
def test_a_disclosed_value_that_is_not_canonical_is_the_issuers_fault(text: str) -> None:
    """Two spellings of one value would be two people."""
    with pytest.raises(Malformed):
        parse_text(text)


def test_a_refusal_is_ours_and_a_value_error() -> None:
    """Forms take it as a refused value; the edge as a problem document."""
    assert issubclass(InvalidIdentifier, ComityError)
    assert issubclass(InvalidIdentifier, ValueError)
