"""Merkle trees as RFC 6962 hashes them, and the two proofs that RFC 9162 verifies.

A `Node` names the root of a complete subtree, the only kind whose hash never changes as the tree
grows. Every proof is a list of ranges of leaves; a range is a few complete subtrees. So making a
proof is: which nodes, then their hashes, O(log n) of each; where the hashes come from is the
caller's (`tiles`).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from protocol.errors import BadProof

HASH_SIZE = 32
MAX_SIZE = 2**53 - 1
"""Entries that a tree may have: below 2^53 as all numbers (SPEC.md, General rules, Encoding)."""

MAX_PROOF = 63
"""Hashes that a proof may have (C2SP tlog-witness, "add-checkpoint")."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without entries (RFC 6962, section 2.1)."""


@dataclass(frozen=True)
class Node:
    """The root of the complete subtree over entries `index * 2^level` to before the next such."""

    level: int
    index: int


@dataclass(frozen=True)
class Range:
    """Entries `begin` to before `end`, a subtree of RFC 6962: `begin` is aligned to its width."""

    begin: int
    end: int

    def nodes(self) -> Iterator[Node]:
        """The complete subtrees that make up the range, the widest first."""
        begin = self.begin
        while begin < self.end:
            level = (self.end - begin).bit_length() - 1
            yield Node(level, begin >> level)
            begin += 1 << level

    def split(self) -> int:
        """Where RFC 6962, section 2.1, divides it: at the largest power of two below its width."""
        return self.begin + (1 << ((self.end - self.begin - 1).bit_length() - 1))


Hashes = Callable[[Node], bytes]
"""Whatever knows the hash (32 bytes) of a complete subtree."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def join(roots: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that get narrower from left to right; at least one."""
    *rest, root = roots
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of sibling hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def tree_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes, all of them at hand."""
    if not leaf_hashes:
        return EMPTY_ROOT
    whole = Range(0, len(leaf_hashes))
    return join(
        [
            complete_root(leaf_hashes[node.index << node.level : (node.index + 1) << node.level])
            for node in whole.nodes()
        ]
    )


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """What an inclusion proof for entry `index` in a tree of `size` hashes, in its order.

    Raises:
        ValueError: there is no such entry.

    Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("no such entry in the tree")
    ranges = []
    part = Range(0, size)
    while part.end - part.begin > 1:
        split = part.split()
        if index < split:
            ranges.append(Range(split, part.end))
            part = Range(part.begin, split)
        else:
            ranges.append(Range(part.begin, split))
            part = Range(split, part.end)
    return ranges[::-1]


def consistency_ranges(old_size: int, size: int) -> list[Range]:
    """What a consistency proof from `old_size` to `size` hashes, in its order.

    From the empty tree, as from a tree to itself, the proof is empty.

    Raises:
        ValueError: the tree never shrinks.

    Source: RFC 6962, section 2.1.2; C2SP tlog-witness for the empty tree.
    """
    if not 0 <= old_size <= size:
        raise ValueError("a tree does not shrink")
    ranges: list[Range] = []
    if old_size == 0:
        return ranges
    part = Range(0, size)
    while part.end != old_size:
        split = part.split()
        if old_size <= split:
            ranges.append(Range(split, part.end))
            part = Range(part.begin, split)
        else:
            ranges.append(Range(part.begin, split))
            part = Range(split, part.end)
    # The old tree itself is left out when it is a complete subtree: its root is known.
    return ranges[::-1] if part.begin == 0 else [part, *ranges[::-1]]


def proof(ranges: Sequence[Range], hashes: Hashes) -> list[bytes]:
    """The proof (32-byte hashes) that consists of these ranges."""
    return [join([hashes(node) for node in part.nodes()]) for part in ranges]


def verify_inclusion(
    leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Verify that `leaf` (a leaf hash) is entry `index` of the tree of `size` under `root`.

    Raises:
        BadProof: it is not shown.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise BadProof("no such entry in the tree")
    _refuse_odd_hashes([leaf])
    _refuse_odd_hashes(proof)
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise BadProof("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            fn, sn = _skip_to_right_child(fn, sn)
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or r != root:
        raise BadProof("the inclusion proof does not lead to the root")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Verify that the tree of `old_size` (at least 1) is a prefix of the tree of `size`.

    Raises:
        BadProof: it is not shown.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < old_size <= size:
        raise BadProof("there is no consistency proof between these sizes")
    _refuse_odd_hashes(proof)
    if old_size == size:
        if proof or old_root != root:
            raise BadProof("two roots, or a proof where none is due, at one size")
        return
    if not proof:
        raise BadProof("the consistency proof is empty")
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise BadProof("the consistency proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            fn, sn = _skip_to_right_child(fn, sn)
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or fr != old_root or sr != root:
        raise BadProof("the consistency proof does not lead to both roots")


def verify_extension(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Verify consistency where the old tree may be empty: anything extends it, without a proof.

    Raises:
        BadProof: it is not shown.

    Source: C2SP tlog-witness, "add-checkpoint".
    """
    if old_size != 0:
        verify_consistency(old_size, old_root, size, root, proof)
    elif proof or old_root != EMPTY_ROOT or (size == 0 and root != EMPTY_ROOT):
        raise BadProof("from the empty tree the proof is empty")


def _skip_to_right_child(fn: int, sn: int) -> tuple[int, int]:
    """Go up while the node is a left child at the right edge, where it has no sibling."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def _refuse_odd_hashes(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF or any(len(item) != HASH_SIZE for item in proof):
        raise BadProof(f"at most {MAX_PROOF} hashes of {HASH_SIZE} bytes are due")
