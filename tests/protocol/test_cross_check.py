"""The element by which an asker notices answers that a batch's proof could be made to cover."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import ristretto
from protocol.cross_check import CrossCheck, new_seed
from protocol.errors import BadProof
from protocol.ristretto import Element, Scalar
from protocol.voprf import Proven, blind, evaluate_chunk, generate_key_pair

KEY = generate_key_pair()
SIZE = 6
BLINDED = [blind(b"input %d" % number).element for number in range(SIZE)]


def _answers(secret: Scalar, *elements: Element) -> list[Proven]:
    """As if proven: what is tested is the check that comes after the proof."""
    return [Proven(element) for element in evaluate_chunk(secret, elements)]


def _shifted(answer: Proven, error: int) -> Proven:
    shift = ristretto.multiply_base(Scalar(error.to_bytes(32, "little")))
    return Proven(ristretto.add(answer, shift))


def test_honest_answers_agree() -> None:
    check = CrossCheck(new_seed())
    *answers, star = _answers(KEY.secret, *BLINDED, check.element(BLINDED))
    check.verify(answers, star)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64), min_size=SIZE, max_size=SIZE).filter(any))
def test_row_5_errors_in_the_answers_are_noticed_whatever_they_add_up_to(
    errors: list[int],
) -> None:
    """Errors that sum to nothing under weights known to the issuer still do not under ours."""
    check = CrossCheck(new_seed())
    *answers, star = _answers(KEY.secret, *BLINDED, check.element(BLINDED))
    spoiled = [
        _shifted(answer, error) if error else answer
        for answer, error in zip(answers, errors, strict=True)
    ]
    with pytest.raises(BadProof):
        check.verify(spoiled, star)


def test_row_5_errors_that_cancel_out_are_noticed() -> None:
    check = CrossCheck(new_seed())
    *answers, star = _answers(KEY.secret, *BLINDED, check.element(BLINDED))
    spoiled = [_shifted(answers[0], 1), _shifted(answers[1], ristretto.ORDER - 1), *answers[2:]]
    with pytest.raises(BadProof):
        check.verify(spoiled, star)


def test_another_key_for_all_is_left_to_the_proof() -> None:
    """The check alone does not know the key: it is no substitute for the proof."""
    check = CrossCheck(new_seed())
    other = generate_key_pair()
    *answers, star = _answers(other.secret, *BLINDED, check.element(BLINDED))
    check.verify(answers, star)


def test_the_element_hides_among_the_others() -> None:
    """Fresh for each seed, never one of the others, and the same again for the same seed."""
    one, other = CrossCheck(new_seed()), CrossCheck(new_seed())
    elements = {one.element(BLINDED), other.element(BLINDED), *BLINDED}
    assert len(elements) == SIZE + 2
    assert one.element(BLINDED) == CrossCheck(one.seed).element(BLINDED)
    assert one.seed.hex() not in repr(one)
