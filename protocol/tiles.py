"""The log as C2SP tlog-tiles lays it out: hash tiles, entry bundles, their addresses and widths.

A tile is up to 256 consecutive hashes; those of level L are roots over 256^L entries each. A full
tile is hashed into one hash of the tile above it, a partial one, at the right edge, is not.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.errors import Malformed, TooLarge

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_ENTRY = 65_535
"""Bytes of one entry: what the length prefix in a bundle can say."""

_WIDTH = r"(?:\.p/([1-9][0-9]{0,2}))?"
# Six groups are 10^18 tiles, beyond any tree; longer paths are refused before they are counted.
_INDEX = r"((?:x[0-9]{3}/){0,5}[0-9]{3})"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?|entries)/{_INDEX}{_WIDTH}", re.ASCII)
_MAX_LEVEL = 63


@dataclass(frozen=True, order=True)
class TileId:
    """A tile's place: its level, and its index within the level."""

    level: int
    index: int


@dataclass(frozen=True, order=True)
class Tile:
    """A hash tile of `width` hashes (1 to 256)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def id(self) -> TileId:
        """Where it lies, whatever its width."""
        return TileId(self.level, self.index)

    def path(self) -> str:
        """Its address below the log's prefix, such as `tile/0/x001/x234/067.p/8`."""
        return f"tile/{self.level}/{_tail(self.index, self.width)}"


@dataclass(frozen=True, order=True)
class Bundle:
    """An entry bundle of `width` entries (1 to 256), those of the level 0 tile of that index."""

    index: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Its address below the log's prefix, such as `tile/entries/000.p/3`."""
        return f"tile/entries/{_tail(self.index, self.width)}"


def parse_path(path: str) -> Tile | Bundle:
    """Read the address of a tile or an entry bundle, in its one form.

    Raises:
        Malformed: anything that `path` of a tile or bundle would not write.

    Source: C2SP tlog-tiles, "Merkle Tree", "Partial Tiles", "Log entries".
    """
    match = _TILE_PATH.fullmatch(path)
    if match is None:
        raise Malformed("not the path of a tile or an entry bundle")
    level, digits, width_digits = match.groups()
    index = int(digits.replace("x", "").replace("/", ""))
    width = int(width_digits or TILE_WIDTH)
    found = Bundle(index, width) if level == "entries" else Tile(int(level), index, width)
    if found.path() != path or (isinstance(found, Tile) and found.level > _MAX_LEVEL):
        raise Malformed("not the one path of a tile or an entry bundle")
    return found


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Join 1 to 256 entries, each after its length (2 bytes, big-endian).

    Raises:
        TooLarge: an entry of more than 65,535 bytes.

    Source: C2SP tlog-tiles, "Log entries".
    """
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise TooLarge(f"an entry of more than {MAX_ENTRY} bytes")
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Split a bundle into its `width` entries.

    Raises:
        Malformed: not exactly that many whole entries.

    Source: C2SP tlog-tiles, "Log entries".
    """
    entries = []
    offset = 0
    for _ in range(width):
        begin = offset + 2
        offset = begin + int.from_bytes(data[offset:begin], "big")
        if offset > len(data):
            raise Malformed("the entry bundle is cut short")
        entries.append(data[begin:offset])
    if offset != len(data):
        raise Malformed("something follows the last entry of the bundle")
    return entries


def bundles_of(begin: int, size: int) -> list[Bundle]:
    """The bundles that hold entries `begin` to the last one of a tree of `size`."""
    return [
        Bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))
        for index in range(begin // TILE_WIDTH, -(-size // TILE_WIDTH))
    ]


def hashes_at(level: int, size: int) -> int:
    """How many hashes the tiles of a level hold together."""
    return size >> TILE_HEIGHT * level


def tile_at(place: TileId, size: int) -> Tile | None:
    """The tile as wide as a tree of `size` makes it; None where the tree does not reach it."""
    width = min(TILE_WIDTH, hashes_at(place.level, size) - place.index * TILE_WIDTH)
    return Tile(place.level, place.index, width) if width > 0 else None


def edge_tiles(size: int) -> list[Tile]:
    """The partial tiles of a tree of `size`, the lowest level first; together they give its root.

    Source: C2SP tlog-tiles, "Partial Tiles".
    """
    tiles = []
    level = 0
    while hashes := hashes_at(level, size):
        index, width = divmod(hashes, TILE_WIDTH)
        if width:
            tiles.append(Tile(level, index, width))
        level += 1
    return tiles


def _tail(index: int, width: int) -> str:
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    tail = "/".join(reversed(groups))
    return tail if width == TILE_WIDTH else f"{tail}.p/{width}"
