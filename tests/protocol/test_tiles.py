"""Tiles: their addresses, growing them, and never using one that is not of the tree."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import BadProof, Malformed, TooLarge
from protocol.merkle import (
    EMPTY_ROOT,
    Node,
    complete_root,
    leaf_hash,
    tree_root,
    verify_extension,
    verify_inclusion,
)
from protocol.tiles import (
    MAX_ENTRY,
    Bundle,
    Tile,
    TileId,
    bundles_of,
    edge_tiles,
    encode_bundle,
    parse_bundle,
    parse_path,
    tile_at,
)
from protocol.verified_tiles import (
    EMPTY_TREE,
    Growth,
    VerifiedTiles,
    edge_root,
    tiles_for,
    tiles_for_consistency,
    tiles_for_inclusion,
    verify_tiles,
)
from tests.paths import SHARED

VECTORS = SHARED / "vectors" / "c2sp_tlog.json"

LEAVES = [leaf_hash(b"%d" % number) for number in range(66_000)]
"""Enough leaves for a tile of level 2."""

# Sizes around the edges of tiles, where errors live, and any other.
sizes = st.one_of(
    st.sampled_from([1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]),
    st.integers(1, 1500),
)


def grown(size: int) -> Growth:
    return EMPTY_TREE.append(LEAVES[:size])


def read(growth: Growth, needed: list[Tile]) -> VerifiedTiles:
    return verify_tiles(
        growth.size, growth.root, {tile.id: growth.tiles[tile.id] for tile in needed}
    )


# Addresses


indexes = st.one_of(st.integers(0, 3000), st.integers(0, 10**18 - 1))
widths = st.integers(1, 256)


@given(st.one_of(st.builds(Tile, st.integers(0, 63), indexes, widths), st.builds(Bundle, indexes)))
def test_a_path_reads_as_what_it_was_written_for(tile: Tile | Bundle) -> None:
    assert parse_path(tile.path()) == tile


@given(st.from_regex(r"tile/(0|[0-9]{1,2}|entries)/(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[0-9]{1,3})?"))
def test_a_path_that_is_read_writes_itself_again(path: str) -> None:
    try:
        tile = parse_path(path)
    except Malformed:
        return
    assert tile.path() == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",  # a group too many
        "tile/0/001/234",
        "tile/0/x001/x234",
        "tile/0/x1/234",
        "tile/00/001",
        "tile/01/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/data/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/001\n",
        "tile/0/../001",
        "tile/0/\u0661\u0661\u0661",  # digits, not ASCII
        "tile/entries/001.p/256",
        "tile/0/" + "x001/" * 6 + "001",
        "tile/0/" + "x001/" * 10_000 + "001",
    ],
)
def test_no_other_path_is_read(path: str) -> None:
    with pytest.raises(Malformed):
        parse_path(path)


# Bundles


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=256))
def test_a_bundle_splits_into_its_entries(entries: list[bytes]) -> None:
    assert parse_bundle(encode_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=40), st.integers(1, 6))
def test_a_bundle_that_is_read_writes_itself_again(data: bytes, width: int) -> None:
    try:
        entries = parse_bundle(data, width)
    except Malformed:
        return
    assert len(entries) == width
    assert encode_bundle(entries) == data


def test_a_bundle_is_exactly_its_entries() -> None:
    data = encode_bundle([b"one", b"", b"three"])
    for bad, width in ((data[:-1], 3), (data + b"\0", 3), (data, 2), (data, 4), (b"", 1)):
        with pytest.raises(Malformed):
            parse_bundle(bad, width)


def test_an_entry_fills_the_length_prefix_and_no_more() -> None:
    assert parse_bundle(encode_bundle([b"x" * MAX_ENTRY]), 1) == [b"x" * MAX_ENTRY]
    with pytest.raises(TooLarge):
        encode_bundle([b"x" * (MAX_ENTRY + 1)])


def test_bundles_of_a_range_cover_it() -> None:
    assert bundles_of(0, 0) == []
    assert bundles_of(0, 256) == [Bundle(0)]
    assert bundles_of(255, 513) == [Bundle(0), Bundle(1), Bundle(2, 1)]
    assert bundles_of(256, 300) == [Bundle(1, 44)]
    assert bundles_of(300, 300) == [Bundle(1, 44)]


# Growing


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_growing_in_pieces_gives_what_growing_at_once_gives(pieces: list[int]) -> None:
    """Each piece starts from nothing but the stored tiles at the edge, verified."""
    stored: dict[TileId, bytes] = {}
    size, root = 0, EMPTY_ROOT
    for piece in pieces:
        edge = {tile.id: stored[tile.id] for tile in edge_tiles(size)}
        growth = verify_tiles(size, root, edge).append(LEAVES[size : size + piece])
        stored |= growth.tiles
        size, root = growth.size, growth.root
    assert size == sum(pieces)
    assert root == tree_root(LEAVES[:size])
    assert stored == grown(size).tiles


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537])
def test_a_tree_around_the_edges_of_tiles_has_its_root(size: int) -> None:
    growth = grown(size)
    assert growth.root == tree_root(LEAVES[:size])
    assert edge_root(size, growth.tiles) == growth.root
    for place, data in growth.tiles.items():
        tile = tile_at(place, size)
        assert tile is not None
        assert len(data) == 32 * tile.width


@settings(max_examples=25, deadline=None)
@given(sizes)
def test_every_hash_in_a_tile_is_the_root_over_its_entries(size: int) -> None:
    growth = grown(size)
    for place, data in growth.tiles.items():
        span = 256**place.level
        for offset in range(0, len(data), 32):
            begin = (place.index * 256 + offset // 32) * span
            assert data[offset : offset + 32] == complete_root(LEAVES[begin : begin + span])


def test_appending_nothing_changes_nothing() -> None:
    growth = grown(300)
    assert read(growth, edge_tiles(300)).append([]) == Growth(300, growth.root, {})


# Reading


@settings(max_examples=40, deadline=None)
@given(sizes, st.data())
def test_proofs_made_from_storage_verify(size: int, data: st.DataObject) -> None:
    growth = grown(size)
    index = data.draw(st.integers(0, size - 1))
    inclusion = read(growth, tiles_for_inclusion(index, size)).inclusion_proof(index)
    verify_inclusion(LEAVES[index], index, size, growth.root, inclusion)
    old = data.draw(st.integers(0, size))
    consistency = read(growth, tiles_for_consistency(old, size)).consistency_proof(old)
    verify_extension(old, tree_root(LEAVES[:old]), size, growth.root, consistency)


@settings(max_examples=25, deadline=None)
@given(sizes, st.data())
def test_row_33_one_flipped_bit_in_any_tile_is_found_on_read(
    size: int, data: st.DataObject
) -> None:
    """Whichever tile, whichever bit: it is neither served nor signed over."""
    growth = grown(size)
    at_fault = data.draw(st.sampled_from(sorted(growth.tiles)))
    rotten = bytearray(growth.tiles[at_fault])
    bit = data.draw(st.integers(0, len(rotten) * 8 - 1))
    rotten[bit // 8] ^= 1 << bit % 8
    needed = tiles_for([at_fault], size)
    stored = {tile.id: growth.tiles[tile.id] for tile in needed} | {at_fault: bytes(rotten)}
    with pytest.raises(BadProof):
        verify_tiles(size, growth.root, stored)


def test_row_33_every_single_bit_of_a_small_tree_counts() -> None:
    growth = grown(3)
    (place,) = growth.tiles
    good = growth.tiles[place]
    for bit in range(len(good) * 8):
        rotten = bytearray(good)
        rotten[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadProof):
            verify_tiles(3, growth.root, {place: bytes(rotten)})


def test_row_33_a_flipped_bit_in_an_entry_is_found() -> None:
    entries = [b"%d" % number for number in range(300)]
    growth = grown(300)
    verified = read(growth, tiles_for([TileId(0, 1)], 300))
    bundle = encode_bundle(entries[256:])
    assert verified.entries(Bundle(1, 44), bundle) == entries[256:]
    assert verified.entries(Bundle(1, 2), encode_bundle(entries[256:258])) == entries[256:258]
    for at in range(len(bundle)):
        rotten = bytearray(bundle)
        rotten[at] ^= 1
        with pytest.raises((BadProof, Malformed)):
            verified.entries(Bundle(1, 44), bytes(rotten))


@pytest.mark.parametrize("missing", [Tile(0, 1), Tile(1, 0, 3), Tile(0, 3, 32)])
def test_a_tile_without_the_one_above_or_without_the_edge_is_not_believed(missing: Tile) -> None:
    growth = grown(800)
    needed = tiles_for([TileId(0, 1)], 800)
    assert missing in needed
    left = [tile for tile in needed if tile != missing]
    if missing == Tile(0, 1):
        with pytest.raises(KeyError):
            read(growth, left).tile(missing)
    else:
        with pytest.raises(BadProof):
            read(growth, left)


def test_a_full_tile_without_its_full_parent_is_not_believed() -> None:
    growth = grown(65_537)
    needed = [tile for tile in tiles_for([TileId(0, 7)], 65_537) if tile.id != TileId(1, 0)]
    with pytest.raises(BadProof, match="above"):
        read(growth, needed)


def test_a_tile_of_another_place_is_refused() -> None:
    growth = grown(800)
    stored = dict(growth.tiles)
    stored[TileId(0, 0)], stored[TileId(0, 1)] = stored[TileId(0, 1)], stored[TileId(0, 0)]
    with pytest.raises(BadProof):
        verify_tiles(800, growth.root, stored)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 1200), min_size=2, max_size=2, unique=True).map(sorted))
def test_storage_that_has_grown_still_serves_the_smaller_tree(both: list[int]) -> None:
    small, large = both
    stored, root = grown(large).tiles, tree_root(LEAVES[:small])
    verified = verify_tiles(small, root, stored)
    for place in stored:
        tile = tile_at(place, small)
        if tile is not None:
            assert verified.tile(tile) == stored[place][: 32 * tile.width]


def test_no_more_of_a_tile_is_served_than_the_tree_has() -> None:
    verified = verify_tiles(300, grown(300).root, grown(500).tiles)
    assert len(verified.tile(Tile(0, 1, 44))) == 44 * 32
    with pytest.raises(KeyError):
        verified.tile(Tile(0, 1, 45))
    with pytest.raises(ValueError, match="no such tile"):
        tiles_for([TileId(0, 2)], 500)


def test_a_node_is_read_at_every_height() -> None:
    verified = verify_tiles(65_536, grown(65_536).root, grown(65_536).tiles)
    for level in range(17):
        last = (65_536 >> level) - 1
        begin, end = last << level, (last + 1) << level
        assert verified.node(Node(level, last)) == complete_root(LEAVES[begin:end])


def test_widths_follow_the_size() -> None:
    for size in (0, 1, 255, 256, 65_536):
        widths = [tile.width for tile in edge_tiles(size)]
        assert sum(w * 256**t.level for w, t in zip(widths, edge_tiles(size), strict=True)) == size
    assert all(low.level < high.level for low, high in pairwise(edge_tiles(70_000)))


if VECTORS.is_file():
    PUBLISHED = json.loads(VECTORS.read_bytes())

    def test_published_tile_paths() -> None:
        for case in PUBLISHED["tile_paths"]:
            width = case.get("width", 256)
            tile: Tile | Bundle = Bundle(case["index"], width)
            if "level" in case:
                tile = Tile(case["level"], case["index"], width)
            assert tile.path() == case["path"]
            assert parse_path(case["path"]) == tile

    def test_the_published_tree_of_70000_has_its_shape() -> None:
        shape = PUBLISHED["tree_70000"]
        assert edge_tiles(70_000) == [
            Tile(0, shape["level0_full"], shape["level0_partial_width"]),
            Tile(1, shape["level1_full"], shape["level1_partial_width"]),
            Tile(2, 0, shape["level2_partial_width"]),
        ]
        assert tile_at(TileId(0, shape["level0_full"] - 1), 70_000) == Tile(0, 272)
        assert tile_at(TileId(0, shape["level0_full"] + 1), 70_000) is None
        assert tile_at(TileId(3, 0), 70_000) is None
