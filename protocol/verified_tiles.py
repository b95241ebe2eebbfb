"""Tiles that were found to be those of a tree, and nothing is done with any other.

Storage rots and peers lie, so:

1. the tiles at the right edge, hashed together, give the root: they hold against it or not;
2. every full tile holds against one hash of the tile above it, and so on up to the edge.

`verify_tiles` checks both, and only `VerifiedTiles` makes proofs, serves or grows: one flipped bit
in storage is found before it is served or signed over. Storage is asked in one go: first learn
which tiles are needed (`tiles_for…`), then hand them over together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from protocol.errors import BadProof
from protocol.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    Node,
    Range,
    complete_root,
    consistency_ranges,
    inclusion_ranges,
    join,
    leaf_hash,
    proof,
)
from protocol.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Bundle,
    Tile,
    TileId,
    edge_tiles,
    hashes_at,
    parse_bundle,
    tile_at,
)


def tiles_for(places: Iterable[TileId], size: int) -> list[Tile]:
    """All tiles of a tree of `size` that verifying these takes: they, those above, the edge.

    Raises:
        ValueError: the tree has no such tile.
    """
    needed = {tile.id: tile for tile in edge_tiles(size)}
    for asked in places:
        place = asked
        while place not in needed:
            tile = tile_at(place, size)
            if tile is None:
                raise ValueError("the tree has no such tile")
            needed[place] = tile
            place = _above(place)
    return sorted(needed.values())


def tiles_for_inclusion(index: int, size: int) -> list[Tile]:
    """The tiles from which `VerifiedTiles.inclusion_proof` is made."""
    return tiles_for(_places(inclusion_ranges(index, size)), size)


def tiles_for_consistency(old_size: int, size: int) -> list[Tile]:
    """The tiles from which `VerifiedTiles.consistency_proof` is made."""
    return tiles_for(_places(consistency_ranges(old_size, size)), size)


def edge_root(size: int, stored: Mapping[TileId, bytes]) -> bytes:
    """The root of a tree of `size`, from the tiles at its right edge.

    Raises:
        BadProof: one of them is missing or too short.
    """
    roots: list[bytes] = []
    # Partial tiles cover the tree from the right; `join` wants the widest subtree first.
    for tile in reversed(edge_tiles(size)):
        hashes = _split(_cut(tile, stored))
        roots.extend(
            complete_root(hashes[node.index << node.level : (node.index + 1) << node.level])
            for node in Range(0, tile.width).nodes()
        )
    return join(roots) if roots else EMPTY_ROOT


@dataclass(frozen=True)
class VerifiedTiles:
    """Tiles that hold against a root. Made by `verify_tiles`, and by growing what it made."""

    size: int
    root: bytes
    _tiles: Mapping[TileId, bytes] = field(repr=False)

    def tile(self, tile: Tile) -> bytes:
        """The tile's hashes (32 bytes each), cut to its width.

        Raises:
            KeyError: the tile, or as much of it, is not among those that were verified.
        """
        hashes = self._tiles[tile.id]
        if len(hashes) < tile.width * HASH_SIZE:
            raise KeyError(tile)
        return hashes[: tile.width * HASH_SIZE]

    def node(self, node: Node) -> bytes:
        """The hash (32 bytes) of a complete subtree; KeyError where its tile was not verified."""
        hashes = _split(self._tiles[_place(node)])
        height = node.level % TILE_HEIGHT
        begin = (node.index << height) % TILE_WIDTH
        return complete_root(hashes[begin : begin + (1 << height)])

    def entries(self, bundle: Bundle, data: bytes) -> list[bytes]:
        """The entries of a bundle, once each was found to be the one that the tile hashes.

        Raises:
            Malformed: not a bundle of that width.
            BadProof: an entry is not the one in the tree.
        """
        entries = parse_bundle(data, bundle.width)
        hashes = self.tile(Tile(0, bundle.index, bundle.width))
        if b"".join(map(leaf_hash, entries)) != hashes:
            raise BadProof("an entry is not the one in the tree")
        return entries

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The inclusion proof for entry `index`, from the tiles of `tiles_for_inclusion`."""
        return proof(inclusion_ranges(index, self.size), self.node)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """The consistency proof from `old_size`, from the tiles of `tiles_for_consistency`."""
        return proof(consistency_ranges(old_size, self.size), self.node)

    def append(self, leaf_hashes: Sequence[bytes]) -> "Growth":
        """Grow the tree by these leaf hashes; needs no tile but those at the edge."""
        changed: dict[TileId, bytes] = {}
        level, new = 0, list(leaf_hashes)
        while new:
            index, width = divmod(hashes_at(level, self.size), TILE_WIDTH)
            edge = self.tile(Tile(level, index, width)) if width else b""
            hashes = _split(edge) + new
            new = []
            for number, begin in enumerate(range(0, len(hashes), TILE_WIDTH), index):
                part = hashes[begin : begin + TILE_WIDTH]
                changed[TileId(level, number)] = b"".join(part)
                if len(part) == TILE_WIDTH:
                    new.append(complete_root(part))
            level += 1
        size = self.size + len(leaf_hashes)
        return Growth(size, edge_root(size, {**self._tiles, **changed}), changed)


@dataclass(frozen=True)
class Growth:
    """What appending made: the new head, and the tiles that are new or wider than before."""

    size: int
    root: bytes
    tiles: Mapping[TileId, bytes] = field(repr=False)


EMPTY_TREE = VerifiedTiles(0, EMPTY_ROOT, {})
"""Where every log begins."""


def verify_tiles(size: int, root: bytes, stored: Mapping[TileId, bytes]) -> VerifiedTiles:
    """Authenticate tiles against the head of the tree.

    `stored` holds what `tiles_for` named; a tile may be wider than the tree of `size` makes it
    (storage has grown since) and is cut. Tiles that the tree does not have are left out.

    Raises:
        BadProof: a tile is missing, too short, or not the one of this tree.

    Source: SPEC.md, section 7; C2SP tlog-tiles, "Merkle Tree".
    """
    # 1. the edge against the root
    if edge_root(size, stored) != root:
        raise BadProof("the tiles at the edge do not give the root")
    verified = {tile.id: _cut(tile, stored) for tile in edge_tiles(size)}
    # 2. full tiles against the tile above, the highest first
    for place in sorted(stored.keys() - verified.keys(), reverse=True):
        tile = tile_at(place, size)
        if tile is None:
            continue
        data = _cut(tile, stored)
        above = verified.get(_above(place))
        if above is None:
            raise BadProof("the tile above is missing")
        position = place.index % TILE_WIDTH * HASH_SIZE
        if complete_root(_split(data)) != above[position : position + HASH_SIZE]:
            raise BadProof(f"tile {place.level}/{place.index} is not the one of this tree")
        verified[place] = data
    return VerifiedTiles(size, root, verified)


def _above(place: TileId) -> TileId:
    return TileId(place.level + 1, place.index // TILE_WIDTH)


def _place(node: Node) -> TileId:
    level, height = divmod(node.level, TILE_HEIGHT)
    return TileId(level, (node.index << height) // TILE_WIDTH)


def _places(ranges: Iterable[Range]) -> Iterator[TileId]:
    return (_place(node) for part in ranges for node in part.nodes())


def _split(data: bytes) -> list[bytes]:
    return [data[begin : begin + HASH_SIZE] for begin in range(0, len(data), HASH_SIZE)]


def _cut(tile: Tile, stored: Mapping[TileId, bytes]) -> bytes:
    data = stored.get(tile.id, b"")[: tile.width * HASH_SIZE]
    if len(data) < tile.width * HASH_SIZE:
        raise BadProof(f"tile {tile.level}/{tile.index} is missing or too short")
    return data
