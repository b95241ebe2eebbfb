"""What an issuer's function makes of an identifier: where its records lie and what opens them.

A pseudonym F is the output of the VOPRF for an identifier. Only the holder of the OPRF key, or
somebody whom it answered, can compute F or anything here.

Source: SPEC.md, section 3.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import NewType
from uuid import UUID

Pseudonym = NewType("Pseudonym", bytes)
"""F (64 bytes): one identifier under one OPRF key."""

SLOTS = range(4)
"""The places at which the records of one identifier can lie."""

LOCATOR_SIZE = 16
RECORD_KEY_SIZE = 32


def locator(pseudonym: Pseudonym, slot: int) -> bytes:
    """Where the record in `slot` is found (16 bytes).

    Raises:
        ValueError: there is no such slot.
    """
    if slot not in SLOTS:
        raise ValueError("a slot is 0, 1, 2 or 3")
    return _keyed(pseudonym, b"comity-locator", bytes([slot]), LOCATOR_SIZE)


def all_locators(pseudonym: Pseudonym) -> list[bytes]:
    """The locators of every slot, in order: a querier looks at all of them."""
    return [locator(pseudonym, slot) for slot in SLOTS]


def record_key(pseudonym: Pseudonym, attestation: UUID) -> bytes:
    """The key (32 bytes) of this identifier's entry in the record of an attestation."""
    return _keyed(pseudonym, b"comity-key", attestation.bytes, RECORD_KEY_SIZE)


def choose_slot(used: Sequence[int]) -> int:
    """The slot for an identifier's next record, after those `used` under this key, oldest first.

    A random one that was not used before, so that the first four records of an identifier do not
    show that they belong together; then the one that was not used for the longest time.
    """
    unused = [slot for slot in SLOTS if slot not in used]
    if unused:
        return secrets.choice(unused)
    last_use = {slot: time for time, slot in enumerate(used)}
    return min(SLOTS, key=last_use.__getitem__)


def _keyed(pseudonym: Pseudonym, person: bytes, message: bytes, size: int) -> bytes:
    return hashlib.blake2b(message, digest_size=size, key=pseudonym, person=person).digest()
