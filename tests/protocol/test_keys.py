"""Ed25519 judged by one set of rules, whatever a library would accept."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import BadSignature
from protocol.keys import SigningKey, http_key_id, is_strict_point, oprf_key_id, verify

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
KEY = SigningKey(hashlib.sha256(b"test").digest())
MESSAGE = b"what is signed"

Point = tuple[int, int]


def _add(one: Point, two: Point) -> Point:
    (x1, y1), (x2, y2) = one, two
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, P)
    return x % P, y % P


def _multiply(scalar: int, point: Point) -> Point:
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _decode(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - x2) % P == 0
    return (P - x if x & 1 != sign else x), y


def _encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


TORSION = [
    _multiply(
        n,
        _decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
    )
    for n in range(8)
]


def test_the_eight_points_of_small_order_are_refused_in_every_encoding() -> None:
    """Derived here from a point of order 8, with both signs and every unreduced y."""
    assert len(set(TORSION)) == 8
    for _, y in TORSION:
        for spelled in (y, y + P):
            if spelled >= 2**255:
                continue
            for sign in (0, 1):
                assert not is_strict_point((spelled | sign << 255).to_bytes(32, "little"))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=50))
def test_what_we_sign_verifies_elsewhere_and_the_other_way_round(
    seed: bytes, message: bytes
) -> None:
    ours, theirs = SigningKey(seed), Ed25519PrivateKey.from_private_bytes(seed)
    assert ours.sign(message) == theirs.sign(message)
    verify(theirs.public_key().public_bytes_raw(), message, theirs.sign(message))


@given(st.integers(0, 64 * 8 - 1))
def test_any_bit_flipped_in_a_signature_is_refused(bit: int) -> None:
    spoiled = bytearray(KEY.sign(MESSAGE))
    spoiled[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        verify(KEY.public_key, MESSAGE, bytes(spoiled))


def test_row_40_a_malleable_signature_is_refused() -> None:
    """S + l satisfies the same equation; only one of the two may count."""
    signature = KEY.sign(MESSAGE)
    s = int.from_bytes(signature[32:], "little") + ORDER
    with pytest.raises(BadSignature):
        verify(KEY.public_key, MESSAGE, signature[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("torsion", range(8))
def test_row_40_a_key_of_small_order_verifies_nothing(torsion: int) -> None:
    """Under such a key, R = identity and S = 0 hold for messages that nobody signed."""
    public_key = _encode(TORSION[torsion])
    for commitment in TORSION:
        with pytest.raises(BadSignature):
            verify(public_key, MESSAGE, _encode(commitment) + bytes(32))


def test_row_40_a_commitment_of_small_order_is_refused() -> None:
    with pytest.raises(BadSignature):
        verify(KEY.public_key, MESSAGE, _encode((0, 1)) + KEY.sign(MESSAGE)[32:])


def test_row_40_verification_is_cofactorless() -> None:
    """A signature that holds only after multiplying by 8 is refused.

    The signer adds a point of order 8 to R: eight times the equation still holds, once does not.
    """
    digest = hashlib.sha512(KEY.seed).digest()
    secret = (int.from_bytes(digest[:32], "little") & (2**254 - 8)) | 2**254
    nonce = 12345
    base = _decode(bytes([0x58]) + b"\x66" * 31)
    commitment = _encode(_add(_multiply(nonce, base), TORSION[1]))
    challenge = hashlib.sha512(commitment + KEY.public_key + MESSAGE).digest()
    s = (nonce + int.from_bytes(challenge, "little") * secret) % ORDER
    with pytest.raises(BadSignature):
        verify(KEY.public_key, MESSAGE, commitment + s.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [P, P + 1, P + 3, 2**255 - 1])
def test_row_40_an_unreduced_key_is_refused(y: int) -> None:
    with pytest.raises(BadSignature):
        verify(y.to_bytes(32, "little"), MESSAGE, KEY.sign(MESSAGE))


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_other_sizes_are_refused(key: int, signature: int) -> None:
    with pytest.raises(BadSignature):
        verify(bytes(key), MESSAGE, bytes(signature))


def test_the_seed_is_in_no_representation() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)


def test_key_ids() -> None:
    digest = hashlib.sha256(KEY.public_key)
    assert oprf_key_id(KEY.public_key) == digest.digest()[:8]
    assert http_key_id("a.example", KEY.public_key) == f"a.example/{digest.hexdigest()[:16]}"


def test_the_oracle_refuses_a_foreign_message_too() -> None:
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(KEY.public_key).verify(KEY.sign(MESSAGE), b"another")
    with pytest.raises(BadSignature):
        verify(KEY.public_key, b"another", KEY.sign(MESSAGE))
