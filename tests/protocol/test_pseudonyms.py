"""Locators, record keys and slots (SPEC.md, section 3)."""

import hashlib
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pseudonyms import (
    SLOTS,
    Pseudonym,
    all_locators,
    choose_slot,
    locator,
    record_key,
)

pseudonyms = st.binary(min_size=64, max_size=64).map(Pseudonym)
F = Pseudonym(bytes(range(64)))
ATTESTATION = UUID("6f1c1f9e-53a1-4f0c-9a39-0f9d7f3f2b11")
LOCATORS = [
    "305f4027846fb8b5a280ea81787189d9",
    "119afe020f3d21ffac872903ae1369b9",
    "241037e7fa9b8fbefe3a42a6561fe5e9",
    "7fd6baaa5b4a13372b2e91f03abd3a73",
]
RECORD_KEY = "1a0f7bc6b704c1ddb8fdaaa2c2fb61de7bf078ed6560be2b090c8cc08cbd45a2"


def blake2b_by_hand(key: bytes, person: bytes, message: bytes, size: int) -> str:
    """BLAKE2b with the person padded to its 16 bytes, as RFC 7693's parameter block has it."""
    padded = person + bytes(16 - len(person))
    return hashlib.blake2b(message, digest_size=size, key=key, person=padded).hexdigest()


def test_locators_and_record_keys_are_these_bytes() -> None:
    """Kept as bytes, so that no change of code moves records."""
    assert [each.hex() for each in all_locators(F)] == LOCATORS
    assert record_key(F, ATTESTATION).hex() == RECORD_KEY


def test_a_person_is_padded_with_zeros() -> None:
    """What a library that wants all 16 bytes of the person must be given."""
    assert locator(F, 2).hex() == blake2b_by_hand(F, b"comity-locator", b"\x02", 16)
    key = blake2b_by_hand(F, b"comity-key", ATTESTATION.bytes, 32)
    assert record_key(F, ATTESTATION).hex() == key


@given(pseudonyms, pseudonyms, st.uuids())
def test_nothing_is_shared_between_slots_pseudonyms_and_uses(
    one: Pseudonym, other: Pseudonym, attestation: UUID
) -> None:
    """Eight locators and two keys of two pseudonyms are ten different values."""
    values = [
        value[:16]
        for pseudonym in {one, other}
        for value in (*all_locators(pseudonym), record_key(pseudonym, attestation))
    ]
    assert len(set(values)) == len(values)
    assert [len(value) for value in all_locators(one)] == [16, 16, 16, 16]
    assert len(record_key(one, attestation)) == 32


@pytest.mark.parametrize("slot", [-1, 4, 256])
def test_there_are_four_slots(slot: int) -> None:
    """Any other is refused."""
    with pytest.raises(ValueError, match="slot"):
        locator(F, slot)


@given(st.lists(st.sampled_from(SLOTS), max_size=12))
def test_a_slot_is_new_or_else_the_least_recently_used(used: list[int]) -> None:
    """New while there is one that was not used; then no other slot was left alone for longer."""
    slot = choose_slot(used)
    assert slot in SLOTS
    if set(used) == set(SLOTS):
        since = used[len(used) - used[::-1].index(slot) :]
        assert set(since) == set(SLOTS) - {slot}
    else:
        assert slot not in used


def test_new_slots_are_drawn_at_random() -> None:
    """In 400 draws each of three free slots comes; that one does not has odds below 10^-69."""
    drawn = Counter(choose_slot([1]) for _ in range(400))
    assert set(drawn) == {0, 2, 3}


def test_records_walk_through_all_slots() -> None:
    """Four records lie at four places, and the next four in the same order again."""
    used: list[int] = []
    for _ in range(8):
        used.append(choose_slot(used))
    assert set(used[:4]) == set(SLOTS)
    assert used[4:] == used[:4]
