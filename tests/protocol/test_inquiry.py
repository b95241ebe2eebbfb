"""Inquiries: what an answer can say, and what no asker can be made to believe."""

import itertools
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import inquiry
from protocol.encoding import base64url
from protocol.errors import BadSignature, ComityError, DishonestAnswer, Malformed, TooLarge
from protocol.exchange import Purpose
from protocol.inquiry import (
    MAX_INQUIRY,
    MAX_INQUIRY_ANSWER,
    Answer,
    HeldAttestation,
    Inquiry,
    InquiryState,
    Phrase,
    Releasable,
    SignedAnswer,
    VerifiedAnswer,
    released,
    sign,
    verify_answer,
)
from protocol.keys import SigningKey
from tests.protocol.samples import DECIDED_BY, ID, KEY, LOG, issued

MADE = issued()
OTHER = issued(jti="7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03")
HELD = HeldAttestation(MADE.jwt, KEY.public_key)
NEWER = SigningKey(bytes(range(1, 33)))
"""The `issue` key that signs answers now: it need not be the one that signed the attestation."""

RELEASABLE = get_args(Releasable)
OTHER_PHRASES = [each for each in get_args(Phrase) if each != "released"]
SUBSETS = [set(each) for size in (1, 2) for each in itertools.combinations(RELEASABLE, size)]

DAYS = st.dates(date(2000, 1, 1), date(2999, 12, 31))
PURPOSES = st.builds(
    lambda kind, days: Purpose(kind=kind, start=days and min(days), end=days and max(days)),
    st.sampled_from(["registration", "volunteer_or_speaker", "membership", "meetup"]),
    st.none() | st.tuples(DAYS, DAYS),
)


def question(**changes: Any) -> Inquiry:
    """A question about the sample."""
    value = {
        "v": 1,
        "from": "conf.example",
        "to": "python.example",
        "log": base64url(LOG),
        "attestation": ID,
        "purpose": {"kind": "registration", "start": "2025-05-14", "end": "2025-05-22"},
        "nonce": base64url(bytes(16)),
    }
    return Inquiry.from_value(value | changes)


ASKED = question()


def answer(phrase: str, *disclosures: str, asked: Inquiry = ASKED, **changes: Any) -> Answer:
    """An answer to a question."""
    value = {
        "v": 1,
        "inquiry": base64url(asked.hash),
        "log": base64url(asked.log),
        "attestation": asked.attestation,
        "on": "2025-03-04",
        "phrase": phrase,
        "disclosures": list(disclosures),
        "contact": "conduct@python.example",
    }
    return Answer.from_value(value | changes)


def judged(said: Answer, asked: Inquiry = ASKED, held: HeldAttestation = HELD) -> VerifiedAnswer:
    """What the asker makes of it."""
    return verify_answer(sign(said, NEWER), asked, NEWER.public_key, held)


@given(PURPOSES, st.binary(min_size=16, max_size=16))
def test_a_question_reads_back_as_it_was_written(purpose: Purpose, nonce: bytes) -> None:
    """And two of them never have one hash."""
    asked = question(purpose=purpose.to_value(), nonce=base64url(nonce))
    again = Inquiry.from_bytes(asked.to_bytes(), MAX_INQUIRY)
    assert (again, again.hash) == (asked, asked.hash)
    assert set(asked.to_value()) == {
        "v", "from", "to", "log", "attestation", "purpose", "nonce"
    }  # fmt: skip
    assert (asked.hash == ASKED.hash) == (asked == ASKED)


@pytest.mark.parametrize("wanted", SUBSETS, ids=lambda each: " and ".join(sorted(each)))
def test_what_is_released_is_what_was_signed(wanted: set[Releasable]) -> None:
    """`basis`, `decided_by` or both, and nothing that was not released."""
    seen = judged(answer("released", *released(MADE.disclosures, wanted)))
    assert seen.basis == ("harassment" if "basis" in wanted else None)
    assert seen.decided_by == (DECIDED_BY if "decided_by" in wanted else None)


@pytest.mark.parametrize("phrase", OTHER_PHRASES)
def test_a_phrase_comes_without_disclosures(phrase: str) -> None:
    seen = judged(answer(phrase))
    assert (seen.answer.phrase, seen.basis, seen.decided_by) == (phrase, None, None)
    with pytest.raises(Malformed):
        answer(phrase, MADE.basis)
    with pytest.raises(Malformed):
        answer("released")


POOL = [*MADE.disclosures, OTHER.basis, OTHER.decided_by, "e30", ""]
"""All that a dishonest issuer could send, identifiers among it."""


@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=2))
def test_nothing_else_can_be_disclosed(disclosures: list[str]) -> None:
    """Whatever is sent: it is believed exactly if each is one of the two, of this, and once."""
    allowed = {MADE.basis, MADE.decided_by}
    honest = set(disclosures) <= allowed and len(set(disclosures)) == len(disclosures)
    said = answer("released", *disclosures)
    if honest:
        assert judged(said).answer == said
        return
    with pytest.raises(DishonestAnswer):
        judged(said)


def test_nothing_is_believed_of_another_attestation() -> None:
    """The other's own basis, the other's JWT, or another `issue` key at its entry."""
    said = answer("released", OTHER.basis)
    other = HeldAttestation(OTHER.jwt, KEY.public_key)
    for held in (HELD, other, HeldAttestation(MADE.jwt, NEWER.public_key)):
        with pytest.raises(DishonestAnswer):
            judged(said, held=held)


@pytest.mark.parametrize(
    "changes",
    [{"nonce": base64url(bytes(15) + b"\1")}, {"from": "other.example"}, {"to": "other.example"},
     {"log": base64url(bytes(32))}, {"attestation": "7c4b8a52-90d1-4c37-8a10-5b1f2e6d9c03"},
     {"purpose": {"kind": "meetup", "start": None, "end": None}}],
    ids=str,
)  # fmt: skip
def test_an_answer_is_to_one_question_only(changes: dict[str, Any]) -> None:
    """It cannot be shown for another one, of anybody's, about anything."""
    with pytest.raises(DishonestAnswer):
        judged(answer("cannot_say_more"), question(**changes))


def test_an_answer_is_signed_by_the_key_in_force() -> None:
    """Not by the one that signed the attestation, once that was replaced."""
    signed = sign(answer("cannot_say_more"), KEY)
    with pytest.raises(BadSignature):
        verify_answer(signed, ASKED, NEWER.public_key, HELD)


SIGNED = InquiryState(
    v=1, state="answered", answered=sign(answer("released", MADE.basis, MADE.decided_by), NEWER)
).to_bytes()


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_a_changed_byte_is_never_believed(place: int, change: int) -> None:
    """Wherever it is: in the answer, the signature, or around them."""
    altered = bytearray(SIGNED)
    altered[place] ^= change
    with pytest.raises(ComityError):
        _read(bytes(altered))


@given(st.binary(max_size=200))
def test_garbage_is_refused_as_such(data: bytes) -> None:
    for form, limit in ((Inquiry, MAX_INQUIRY), (InquiryState, MAX_INQUIRY_ANSWER)):
        with pytest.raises(Malformed):
            form.from_bytes(data, limit)


def test_sizes_are_bounded() -> None:
    """The longest names and disclosures there can be still fit; anything longer is not read."""
    longest = question(**{"from": f"{'a.' * 125}de", "to": f"{'b.' * 125}de"})
    assert len(longest.to_bytes()) < MAX_INQUIRY
    assert len(SIGNED) < MAX_INQUIRY_ANSWER
    with pytest.raises(TooLarge):
        Inquiry.from_bytes(bytes(MAX_INQUIRY + 1), MAX_INQUIRY)
    with pytest.raises(Malformed, match="no such disclosure"):
        released(list(MADE.subject.values()), {"basis"})


def _read(body: bytes) -> None:
    state = InquiryState.from_bytes(body, MAX_INQUIRY_ANSWER)
    assert isinstance(state.answered, SignedAnswer)
    inquiry.verify_answer(state.answered, ASKED, NEWER.public_key, HELD)
