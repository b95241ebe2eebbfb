"""The group, against the published vectors and against libsodium's own traps.

Everything here runs on every libsodium of this machine: the system's, if there is one, and the
copy inside rbcl.
"""

import ctypes.util
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import ristretto
from protocol.errors import Malformed
from protocol.ristretto import ORDER, Element, Scalar
from tests.paths import ROOT, SHARED

LIBRARIES = {
    name: library
    for name, library in {
        "bundled": ristretto.bundled_library(),
        "system": ristretto.system_library(),
    }.items()
    if library is not None
}


@pytest.fixture(scope="module", autouse=True, params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the whole module on each library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ristretto, "_sodium", LIBRARIES[request.param])
        yield


def shared(name: str) -> dict[str, Any]:
    """A file of published vectors, empty where it is absent."""
    path = SHARED / "vectors" / name
    return json.loads(path.read_text()) if path.is_file() else {}


RFC9496 = shared("rfc9496_ristretto255.json")
RFC9380 = shared("rfc9380_expand_message_xmd_sha512.json")

# RFC 9496, appendix A.1: 1, 2 and 3 times the generator.
MULTIPLES = [
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
]
# RFC 9496, appendix A.2: non-canonical, negative, x squared not square, xy negative, s = -1.
INVALID = [
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
# RFC 9496, appendix A.3.
MAPPED = [
    {
        "uniform_bytes": "5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1"
        "4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6",
        "element": "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46",
    }
]
# RFC 9380, appendix K.3: one digest, and two.
TAG = "QUUX-V01-CS02-with-expander-SHA512-256"
EXPANDED = [
    {
        "msg_ascii": "abc",
        "len_in_bytes": 32,
        "uniform_bytes": "0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc",
    },
    {
        "msg_ascii": "abc",
        "len_in_bytes": 128,
        "uniform_bytes": "7f1dddd13c08b543f2e2037b14cefb255b44c83cc397c1786d975653e36a6b11"
        "bdd7732d8b38adb4a0edc26a0cef4bb45217135456e58fbca1703cd6032cb134"
        "7ee720b87972d63fbf232587043ed2901bce7f22610c0419751c065922b48843"
        "1851041310ad659e4b23520e1772ab29dcdeb2002222a363f0c2b1c972b3efe1",
    },
]

numbers = st.integers(1, ORDER - 1)
elements = st.binary().map(lambda message: ristretto.hash_to_group(message, b"tests"))
IDENTITY = bytes(32)
ONE = Scalar((1).to_bytes(32, "little"))


def scalar(number: int) -> Scalar:
    return ristretto.scalar((number % ORDER).to_bytes(32, "little"))


# What the standards say


@pytest.mark.parametrize("case", [*EXPANDED, *RFC9380.get("cases", [])])
def test_messages_expand_to_the_published_bytes(case: dict[str, Any]) -> None:
    """RFC 9380, appendix K.3."""
    expanded = ristretto.expand_message_xmd(
        case["msg_ascii"].encode(), TAG.encode(), case["len_in_bytes"]
    )
    assert expanded.hex() == case["uniform_bytes"]


def test_the_multiples_of_the_generator_are_the_published_ones() -> None:
    """RFC 9496, appendix A.1: by multiplication, and by adding one after the other."""
    multiples = [bytes.fromhex(text) for text in RFC9496.get("generator_multiples", [])[1:]]
    multiples = multiples or [bytes.fromhex(text) for text in MULTIPLES]
    generator = ristretto.element(multiples[0])
    assert [ristretto.multiply_base(scalar(n + 1)) for n in range(len(multiples))] == multiples
    for multiple, successor in pairwise(multiples):
        assert ristretto.add(ristretto.element(multiple), generator) == successor


@pytest.mark.parametrize(
    "encoding",
    INVALID + [text for family in RFC9496.get("invalid_encodings", {}).values() for text in family],
)
def test_invalid_encodings_are_refused(encoding: str) -> None:
    """RFC 9496, appendix A.2: as an element, and as a factor."""
    with pytest.raises(Malformed):
        ristretto.element(bytes.fromhex(encoding))
    with pytest.raises(Malformed):
        ristretto.multiply(ONE, bytes.fromhex(encoding))


@pytest.mark.parametrize("case", [*MAPPED, *RFC9496.get("one_way_map", [])])
def test_uniform_bytes_map_to_the_published_elements(case: dict[str, str]) -> None:
    """RFC 9496, appendix A.3."""
    mapped = ristretto.from_uniform_bytes(bytes.fromhex(case["uniform_bytes"]))
    assert mapped.hex() == case["element"]


def test_uniform_bytes_are_reduced_before_they_are_mapped() -> None:
    """RFC 9496, appendix A.3: bytes beyond the field prime, or with the last bit set."""
    same = RFC9496.get("one_way_map_same_output", {"uniform_bytes": [], "element": ""})
    mapped = {ristretto.from_uniform_bytes(bytes.fromhex(case)) for case in same["uniform_bytes"]}
    assert [element.hex() for element in mapped] == [same["element"]][: len(mapped)]


def test_expansion_beyond_the_limits_of_the_standard_is_refused() -> None:
    """255 digests and 255 bytes of tag are the most (RFC 9380, section 5.3.1)."""
    assert len(ristretto.expand_message_xmd(b"", bytes(255), 255 * 64)) == 255 * 64
    with pytest.raises(ValueError, match="255"):
        ristretto.expand_message_xmd(b"", b"tag", 255 * 64 + 1)
    with pytest.raises(ValueError, match="255"):
        ristretto.expand_message_xmd(b"", bytes(256), 64)


# The traps of libsodium


def test_the_identity_is_no_element() -> None:
    """Libsodium's is_valid_point accepts it."""
    with pytest.raises(Malformed):
        ristretto.element(IDENTITY)
    with pytest.raises(Malformed):
        ristretto.multiply(ONE, IDENTITY)


@pytest.mark.parametrize("uniform", [bytes(64), bytes(63), bytes(65)])
def test_bytes_that_map_to_the_identity_are_refused(uniform: bytes) -> None:
    """So are too few and too many."""
    with pytest.raises(Malformed):
        ristretto.from_uniform_bytes(uniform)


@given(elements)
@settings(max_examples=20)
def test_a_sum_that_is_the_identity_is_refused(element: Element) -> None:
    """P and its inverse add up to what is no `Element`."""
    with pytest.raises(Malformed):
        ristretto.add(element, ristretto.multiply(scalar(-1), element))


@given(elements)
@settings(max_examples=20)
def test_an_element_has_one_encoding(element: Element) -> None:
    """Libsodium 1.0.18 ignores the last bit of a point."""
    assert ristretto.element(element) == element
    twin = element[:31] + bytes([element[31] | 0x80])
    with pytest.raises(Malformed):
        ristretto.element(twin)
    with pytest.raises(Malformed):
        ristretto.multiply(ONE, twin)


@given(st.binary(max_size=70).filter(lambda data: len(data) != 32))
def test_other_sizes_never_reach_libsodium(data: bytes) -> None:
    """Libsodium would read 32 bytes from wherever the pointer leads."""
    for read in (ristretto.element, ristretto.scalar, lambda data: ristretto.multiply(ONE, data)):
        with pytest.raises(Malformed):
            read(data)


@pytest.mark.parametrize(
    "number", [0, ORDER, ORDER + 1, 2**253, 2**255 + 1, 2**256 - 1], ids=lambda n: hex(n)[:12]
)
def test_scalars_that_are_zero_or_not_reduced_are_refused(number: int) -> None:
    """Libsodium's multiplication reduces them in silence, and ignores bit 255."""
    with pytest.raises(Malformed):
        ristretto.scalar(number.to_bytes(32, "little"))


@given(numbers)
def test_reduced_scalars_are_accepted(number: int) -> None:
    """From 1 to the order less 1."""
    encoding = number.to_bytes(32, "little")
    assert ristretto.scalar(encoding) == encoding


# The algebra


@given(elements, numbers, numbers)
@settings(max_examples=20)
def test_multiplication_distributes(element: Element, a: int, b: int) -> None:
    """(ab)P = a(bP), and aP + bP = (a + b)P wherever the sum is not the identity."""
    left, right = scalar(a), scalar(b)
    product = ristretto.multiply_scalars(left, right)
    assert ristretto.multiply(product, element) == ristretto.multiply(
        left, ristretto.multiply(right, element)
    )
    if (a + b) % ORDER:
        total = ristretto.add(ristretto.multiply(left, element), ristretto.multiply(right, element))
        assert total == ristretto.multiply(scalar(a + b), element)


@given(numbers, numbers)
def test_scalars_are_computed_with_modulo_the_order(a: int, b: int) -> None:
    """As integers are."""
    product = ristretto.multiply_scalars(scalar(a), scalar(b))
    difference = ristretto.subtract_scalars(scalar(a), scalar(b))
    assert int.from_bytes(product, "little") == a * b % ORDER
    assert int.from_bytes(difference, "little") == (a - b) % ORDER


@given(st.lists(numbers, max_size=9))
def test_a_batch_of_inverses_is_the_inverse_of_each(batch: list[int]) -> None:
    """In the same order; none for none."""
    inverses = ristretto.invert_all([scalar(number) for number in batch])
    assert [int.from_bytes(inverse, "little") for inverse in inverses] == [
        pow(number, -1, ORDER) for number in batch
    ]


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4))
@settings(max_examples=20)
def test_a_weighted_sum_is_the_sum_of_the_products(pairs: list[tuple[int, int]]) -> None:
    """Multiples of the generator, whose sum is known."""
    expected = sum(weight * number for weight, number in pairs) % ORDER
    weights = [scalar(weight) for weight, _ in pairs]
    encodings = [ristretto.multiply_base(scalar(number)) for _, number in pairs]
    if expected:
        total = ristretto.weighted_sum(weights, encodings)
        assert total == ristretto.multiply_base(scalar(expected))


def test_random_scalars_are_scalars_and_differ() -> None:
    """Reduced, not zero, none twice."""
    drawn = [ristretto.random_scalar() for _ in range(50)]
    assert {ristretto.scalar(each) for each in drawn} == set(drawn)
    assert len(set(drawn)) == 50


@given(st.binary(max_size=40), st.binary(max_size=40))
@settings(max_examples=20)
def test_messages_and_domains_are_kept_apart(message: bytes, tag: bytes) -> None:
    """The same message gives the same in one domain and something else in another."""
    assert ristretto.hash_to_group(message, tag) == ristretto.hash_to_group(message, tag)
    assert ristretto.hash_to_group(message, tag) != ristretto.hash_to_group(message, tag + b"2")
    assert ristretto.hash_to_scalar(message, tag) != ristretto.hash_to_scalar(message + b"2", tag)


# Which library


def test_a_library_without_the_group_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old libsodium, here the C library itself, is not used; nor is one that is not there."""
    c_library = ctypes.util.find_library("c")
    for found in (c_library, None):
        monkeypatch.setattr(ristretto, "find_library", lambda _, found=found: found)
        assert ristretto.system_library() is None


def test_the_bundled_library_leaves_no_file_behind(tmp_path: Path) -> None:
    """Without a system library, the copy in rbcl works and its unpacked file is gone."""
    program = """
import ctypes.util
ctypes.util.find_library = lambda name: None
from protocol import ristretto
print(ristretto.hash_to_group(b"message", b"tag").hex())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ristretto.hash_to_group(b"message", b"tag").hex()
    assert list(tmp_path.iterdir()) == []
