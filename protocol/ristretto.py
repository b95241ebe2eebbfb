"""The group ristretto255 through libsodium, with the traps of libsodium closed.

PyNaCl does not export this group, so libsodium is called through ctypes: the system's library if
it has the group, else the copy inside `rbcl`. ctypes lets other threads run during a call, so two
threads do nearly twice the work of one.

Elements and scalars travel as their 32-byte encodings. `Element` and `Scalar` are only given out
for encodings that were checked here, so whoever holds one need not check again:

1. The identity is no `Element`; libsodium's `is_valid_point` accepts it.
2. An encoding whose bit 255 is set is no `Element`; libsodium 1.0.18 ignores that bit in points.
3. A number that is zero or not below the order is no `Scalar`; libsodium's multiplication ignores
   bit 255 and accepts what is not reduced.
4. What libsodium reports by a return value, that an input is no point or the result the identity,
   is raised.
"""

import hashlib
import importlib
import secrets
from collections.abc import Sequence
from ctypes import CDLL, c_char_p, create_string_buffer
from ctypes.util import find_library
from pathlib import Path
from typing import NewType

from protocol.errors import Malformed

Element = NewType("Element", bytes)
"""The canonical encoding (32 bytes) of a group element other than the identity."""

Scalar = NewType("Scalar", bytes)
"""The canonical encoding (32 bytes, little-endian) of an integer from 1 to `ORDER` - 1."""

SIZE = 32
"""Bytes of an encoded element, and of an encoded scalar."""

ORDER = 2**252 + 27742317777372353535851937790883648493
"""The number of elements of the group, a prime (RFC 9496, section 4.4)."""

_BLOCK_SIZE = 128  # of SHA-512
_DIGEST_SIZE = 64
_Z_PAD = hashlib.sha512(bytes(_BLOCK_SIZE))

_FUNCTIONS = {
    "crypto_core_ristretto255_is_valid_point": 1,
    "crypto_core_ristretto255_from_hash": 2,
    "crypto_core_ristretto255_add": 3,
    "crypto_core_ristretto255_scalar_reduce": 2,
    "crypto_core_ristretto255_scalar_mul": 3,
    "crypto_core_ristretto255_scalar_sub": 3,
    "crypto_scalarmult_ristretto255": 3,
    "crypto_scalarmult_ristretto255_base": 2,
}


def system_library() -> CDLL | None:
    """The system's libsodium, or None where there is none, or one without this group."""
    name = find_library("sodium")
    if name is None:
        return None
    library = CDLL(name)
    return _declared(library) if all(hasattr(library, name) for name in _FUNCTIONS) else None


def bundled_library() -> CDLL:
    """The libsodium inside `rbcl`.

    `rbcl` unpacks it into the temporary folder when it is imported and leaves it there; once it
    is loaded the file serves nothing, so it is removed.
    """
    module = vars(importlib.import_module("rbcl._sodium"))
    Path(module["lib_path"]).unlink(missing_ok=True)
    library: CDLL = module["_sodium"]
    return _declared(library)


def _declared(library: CDLL) -> CDLL:
    library.sodium_init()
    for name, arguments in _FUNCTIONS.items():
        getattr(library, name).argtypes = [c_char_p] * arguments
    return library


_sodium = system_library() or bundled_library()


def element(encoding: bytes) -> Element:
    """Accept the canonical encoding (32 bytes) of an element other than the identity.

    Raises:
        Malformed: it is none.

    Source: RFC 9496, section 4.3.1; RFC 9497, section 2.1, DeserializeElement.
    """
    _refuse_foreign_form(encoding)
    if encoding == bytes(SIZE) or not _sodium.crypto_core_ristretto255_is_valid_point(encoding):
        raise Malformed("not an element of ristretto255, or its identity")
    return Element(encoding)


def scalar(encoding: bytes) -> Scalar:
    """Accept the canonical encoding (32 bytes) of an integer from 1 to `ORDER` - 1.

    Raises:
        Malformed: it is none.

    Source: RFC 9496, section 4.4; RFC 9497, section 2.1, DeserializeScalar.
    """
    if len(encoding) != SIZE or not 0 < int.from_bytes(encoding, "little") < ORDER:
        raise Malformed("not a reduced scalar of ristretto255, or zero")
    return Scalar(encoding)


def random_scalar() -> Scalar:
    """A uniformly random scalar, from the system's generator (RFC 9497, section 4.7.2)."""
    return _reduce(secrets.token_bytes(64))


def multiply(factor: Scalar, encoding: bytes) -> Element:
    """The element that `encoding` (32 bytes) stands for, times `factor`.

    The multiplication decodes and refuses by itself, so bytes from outside may be given directly;
    checking them with `element` first would cost a tenth more.

    Raises:
        Malformed: `encoding` is not the canonical one of an element other than the identity.
    """
    _refuse_foreign_form(encoding)
    product = create_string_buffer(SIZE)
    if _sodium.crypto_scalarmult_ristretto255(product, factor, encoding) != 0:
        raise Malformed("not an element of ristretto255, or its identity")
    return Element(product.raw)


def multiply_base(factor: Scalar) -> Element:
    """The generator times `factor`."""
    product = create_string_buffer(SIZE)
    _sodium.crypto_scalarmult_ristretto255_base(product, factor)
    return Element(product.raw)


def add(left: Element, right: Element) -> Element:
    """The sum of two elements.

    Raises:
        Malformed: the sum is the identity.
    """
    total = create_string_buffer(SIZE)
    _sodium.crypto_core_ristretto255_add(total, left, right)
    if total.raw == bytes(SIZE):
        raise Malformed("the sum is the identity")
    return Element(total.raw)


def weighted_sum(weights: Sequence[Scalar], encodings: Sequence[bytes]) -> Element:
    """The sum of the elements (at least one), each times its weight.

    Raises:
        Malformed: an encoding is not an element, or the sum is the identity.
    """
    total, *others = [
        multiply(weight, encoding) for weight, encoding in zip(weights, encodings, strict=True)
    ]
    for product in others:
        total = add(total, product)
    return total


def multiply_scalars(left: Scalar, right: Scalar) -> Scalar:
    """The product modulo `ORDER`, in constant time."""
    product = create_string_buffer(SIZE)
    _sodium.crypto_core_ristretto255_scalar_mul(product, left, right)
    return Scalar(product.raw)


def subtract_scalars(left: Scalar, right: Scalar) -> Scalar:
    """The difference modulo `ORDER`, in constant time."""
    difference = create_string_buffer(SIZE)
    _sodium.crypto_core_ristretto255_scalar_sub(difference, left, right)
    return Scalar(difference.raw)


def invert_all(scalars: Sequence[Scalar]) -> list[Scalar]:
    """The inverse of each scalar modulo `ORDER`.

    One inversion and three multiplications for each (Montgomery's trick), a twentieth of what
    libsodium takes for as many inversions. Python's integers do not run in constant time: this is
    for blinds, which live for one run on the machine that drew them, not for lasting keys.
    """
    numbers = [int.from_bytes(each, "little") for each in scalars]
    before = [1]
    for number in numbers:
        before.append(before[-1] * number % ORDER)
    inverse = pow(before.pop(), -1, ORDER)
    inverses = []
    for number, product in zip(reversed(numbers), reversed(before), strict=True):
        inverses.append(Scalar((inverse * product % ORDER).to_bytes(SIZE, "little")))
        inverse = inverse * number % ORDER
    return inverses[::-1]


def expand_message_xmd(message: bytes, tag: bytes, size: int) -> bytes:
    """`size` uniform bytes (at most 16,320) from a message, separated by the domain `tag`.

    Raises:
        ValueError: more bytes are asked for, or the tag is longer than 255 bytes.

    Source: RFC 9380, section 5.3.1, with SHA-512.
    """
    blocks = -(-size // _DIGEST_SIZE)
    if blocks > 255 or len(tag) > 255:
        raise ValueError("at most 255 digests, and 255 bytes of domain separation tag")
    suffix = tag + bytes([len(tag)])
    # The first block hashed is the same for every message: its state is kept.
    state = _Z_PAD.copy()
    state.update(message + size.to_bytes(2, "big") + b"\0" + suffix)
    first = state.digest()
    uniform = block = b""
    for index in range(1, blocks + 1):
        mixed = _exclusive_or(first, block) if block else first
        block = hashlib.sha512(mixed + bytes([index]) + suffix).digest()
        uniform += block
    return uniform[:size]


def hash_to_group(message: bytes, tag: bytes) -> Element:
    """An element that nobody knows the discrete logarithm of, from a message.

    Source: RFC 9497, section 4.1, HashToGroup; RFC 9496, section 4.3.4.
    """
    return from_uniform_bytes(expand_message_xmd(message, tag, 64))


def from_uniform_bytes(uniform: bytes) -> Element:
    """The element that the one-way map makes of 64 bytes.

    Raises:
        Malformed: other than 64 bytes, or they map to the identity, as 64 zeros do.

    Source: RFC 9496, section 4.3.4.
    """
    if len(uniform) != 64:
        raise Malformed("the map takes 64 bytes")
    mapped = create_string_buffer(SIZE)
    _sodium.crypto_core_ristretto255_from_hash(mapped, uniform)
    if mapped.raw == bytes(SIZE):
        raise Malformed("maps to the identity")
    return Element(mapped.raw)


def hash_to_scalar(message: bytes, tag: bytes) -> Scalar:
    """A scalar from a message (RFC 9497, section 4.1, HashToScalar).

    It is zero with a probability of 2^-252, for no message that anybody will find.
    """
    return _reduce(expand_message_xmd(message, tag, 64))


def _reduce(uniform: bytes) -> Scalar:
    """64 bytes as a little-endian integer modulo `ORDER`."""
    reduced = create_string_buffer(SIZE)
    _sodium.crypto_core_ristretto255_scalar_reduce(reduced, uniform)
    return Scalar(reduced.raw)


def _refuse_foreign_form(encoding: bytes) -> None:
    # libsodium reads 32 bytes whatever it is given, and 1.0.18 does not look at the last bit.
    if len(encoding) != SIZE or encoding[-1] & 0x80:
        raise Malformed("an element has 32 bytes, the last bit clear")


def _exclusive_or(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
