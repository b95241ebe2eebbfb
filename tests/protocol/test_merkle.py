"""Merkle hashing and proofs, against the RFC's own recursion and the published vectors."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import BadProof
from protocol.merkle import (
    EMPTY_ROOT,
    MAX_PROOF,
    Node,
    complete_root,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    proof,
    tree_root,
    verify_consistency,
    verify_extension,
    verify_inclusion,
)
from tests.paths import SHARED

VECTORS = SHARED / "vectors" / "rfc6962_merkle.json"

entries = st.lists(st.binary(max_size=8), max_size=40)


# RFC 6962, section 2.1, word for word, and so slow.


def mth(d: list[bytes]) -> bytes:
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = half(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def half(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = half(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], *, known: bool) -> list[bytes]:
    if m == len(d):
        return [] if known else [mth(d)]
    k = half(len(d))
    if m <= k:
        return [*subproof(m, d[:k], known=known), mth(d[k:])]
    return [*subproof(m - k, d[k:], known=False), mth(d[:k])]


class Leaves:
    """The hashes of complete subtrees, computed from all leaves."""

    def __init__(self, d: list[bytes]) -> None:
        self.hashes = [leaf_hash(entry) for entry in d]

    def __call__(self, node: Node) -> bytes:
        """The hash of one of them."""
        begin = node.index << node.level
        part = self.hashes[begin : begin + (1 << node.level)]
        assert len(part) == 1 << node.level, "only complete subtrees are asked for"
        return complete_root(part)


@given(entries)
def test_the_root_is_that_of_the_rfc(d: list[bytes]) -> None:
    assert tree_root([leaf_hash(entry) for entry in d]) == mth(d)


@given(entries.filter(bool), st.data())
def test_an_inclusion_proof_is_that_of_the_rfc_and_verifies(
    d: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(d) - 1))
    made = proof(inclusion_ranges(index, len(d)), Leaves(d))
    assert made == path(index, d)
    verify_inclusion(leaf_hash(d[index]), index, len(d), mth(d), made)


@given(entries.filter(bool), st.data())
def test_a_consistency_proof_is_that_of_the_rfc_and_verifies(
    d: list[bytes], data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, len(d)))
    made = proof(consistency_ranges(old, len(d)), Leaves(d))
    assert made == subproof(old, d, known=True)
    verify_consistency(old, mth(d[:old]), len(d), mth(d), made)


def test_every_pair_of_sizes_up_to_40_has_a_proof_that_verifies() -> None:
    d = [bytes([number]) for number in range(40)]
    hashes, roots = Leaves(d), [mth(d[:size]) for size in range(41)]
    for size in range(1, 41):
        for old in range(size + 1):
            made = proof(consistency_ranges(old, size), hashes)
            verify_extension(old, roots[old], size, roots[size], made)
        for index in range(size):
            made = proof(inclusion_ranges(index, size), hashes)
            verify_inclusion(hashes.hashes[index], index, size, roots[size], made)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), st.data())
def test_row_7_a_changed_removed_or_reordered_entry_changes_root_and_breaks_consistency(
    d: list[bytes], data: st.DataObject
) -> None:
    """No proof that an honest tree of any shape gives leads from the old root to such a tree."""
    old = data.draw(st.integers(2, len(d)))
    at = data.draw(st.integers(0, old - 1))
    other = data.draw(st.integers(0, old - 1).filter(lambda index: index != at))
    changed = [*d[:at], d[at] + b"!", *d[at + 1 :]]
    swapped = list(d)
    swapped[at], swapped[other] = d[other], d[at]
    for forged in (changed, [*d[:at], *d[at + 1 :]], swapped):
        assert mth(forged[:old]) != mth(d[:old])
        if len(forged) >= old:
            made = proof(consistency_ranges(old, len(forged)), Leaves(forged))
            with pytest.raises(BadProof):
                verify_consistency(old, mth(d[:old]), len(forged), mth(forged), made)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=4), min_size=3, max_size=40), st.data())
def test_a_proof_with_one_bit_flipped_a_hash_more_or_one_less_is_refused(
    d: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(d) - 1))
    old = data.draw(st.integers(1, len(d) - 1))
    inclusion = proof(inclusion_ranges(index, len(d)), Leaves(d))
    consistency = proof(consistency_ranges(old, len(d)), Leaves(d))
    bit = data.draw(st.integers(0, 255))
    for bad in _spoilt(inclusion, data.draw(st.integers(0, len(inclusion) - 1)), bit):
        with pytest.raises(BadProof):
            verify_inclusion(leaf_hash(d[index]), index, len(d), mth(d), bad)
    for bad in _spoilt(consistency, data.draw(st.integers(0, len(consistency) - 1)), bit):
        with pytest.raises(BadProof):
            verify_consistency(old, mth(d[:old]), len(d), mth(d), bad)


def _spoilt(good: list[bytes], at: int, bit: int) -> list[list[bytes]]:
    flipped = (int.from_bytes(good[at], "big") ^ 1 << bit).to_bytes(32, "big")
    return [
        [*good[:at], flipped, *good[at + 1 :]],
        [*good[:at], *good[at + 1 :]],
        [*good, good[at]],
        [*good[:at], good[at] + b"\x00", *good[at + 1 :]],
    ]


def test_anything_extends_the_empty_tree_and_needs_no_proof() -> None:
    root = leaf_hash(b"x")
    verify_extension(0, EMPTY_ROOT, 1, root, [])
    verify_extension(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    for bad in (
        (0, EMPTY_ROOT, 1, root, [root]),
        (0, root, 1, root, []),
        (0, EMPTY_ROOT, 0, root, []),
        (2, root, 1, root, []),
        (-1, EMPTY_ROOT, 1, root, []),
    ):
        with pytest.raises(BadProof):
            verify_extension(*bad)


def test_a_proof_is_no_longer_than_any_tree_needs() -> None:
    with pytest.raises(BadProof, match="at most"):
        verify_inclusion(EMPTY_ROOT, 0, 2, EMPTY_ROOT, [EMPTY_ROOT] * (MAX_PROOF + 1))


def test_proofs_for_what_is_not_in_the_tree_are_not_made() -> None:
    for index, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no such entry"):
            inclusion_ranges(index, size)
    for old, size in ((4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="does not shrink"):
            consistency_ranges(old, size)


if VECTORS.is_file():
    PUBLISHED = json.loads(VECTORS.read_bytes())

    def test_hashes_are_the_published_ones() -> None:
        leaves = [leaf_hash(bytes.fromhex(entry)) for entry in PUBLISHED["leaf_inputs"]]
        for size, root in enumerate(PUBLISHED["roots_by_size"]):
            assert tree_root(leaves[:size]).hex() == root
        for level, hashes in enumerate(PUBLISHED["node_hashes_by_level"]):
            width = 1 << level
            parts = [leaves[begin : begin + width] for begin in range(0, len(leaves), width)]
            complete = [complete_root(part).hex() for part in parts if len(part) == width]
            assert complete == hashes[: len(complete)]
        hasher = PUBLISHED["hasher"]
        assert EMPTY_ROOT.hex() == hasher["empty_root"]
        assert leaf_hash(b"").hex() == hasher["empty_leaf"]
        assert leaf_hash(b"L123456").hex() == hasher["leaf_L123456"]
        assert node_hash(b"N123", b"N456").hex() == hasher["node_N123_N456"]

    @pytest.mark.parametrize("case", PUBLISHED["inclusion"], ids=lambda case: case["name"])
    def test_published_inclusion_proofs_are_judged_alike(case: dict[str, Any]) -> None:
        def judge() -> None:
            verify_inclusion(
                bytes.fromhex(case["leaf_hash"]),
                case["index"],
                case["size"],
                bytes.fromhex(case["root"]),
                [bytes.fromhex(item) for item in case["proof"]],
            )

        _expect(judge, valid=case["valid"])

    @pytest.mark.parametrize("case", PUBLISHED["consistency"], ids=lambda case: case["name"])
    def test_published_consistency_proofs_are_judged_alike(case: dict[str, Any]) -> None:
        def judge() -> None:
            verify_consistency(
                case["size1"],
                bytes.fromhex(case["root1"]),
                case["size2"],
                bytes.fromhex(case["root2"]),
                [bytes.fromhex(item) for item in case["proof"]],
            )

        _expect(judge, valid=case["valid"])

    def _expect(judge: Any, *, valid: bool) -> None:
        if valid:
            judge()
        else:
            with pytest.raises(BadProof):
                judge()
