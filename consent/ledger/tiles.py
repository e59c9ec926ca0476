"""C2SP tlog-tiles: the tree in tiles of 256 hashes, how it grows by them, and how nodes are read out of them. Pure.

A tile (level, index) holds the hashes of the complete subtrees of height 8 * level, 256 of them from position 256 *
index on, 32 bytes each. The last tile of a level may be partial: a prefix of what it will be, hence any earlier
partial tile is a prefix of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from consent.ledger import merkle

WIDTH = 256
HASH_BYTES = 32
TILE_BYTES = WIDTH * HASH_BYTES
MAX_LEVEL = 63

Key = tuple[int, int]
"""(level, index) of a tile."""


class TreeDamaged(Exception):
    """The stored tiles do not make up the tree that they should. Nothing may be signed on top of them."""


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Which tile, and how many of its hashes (256: a full one)."""

    index: int
    width: int = WIDTH


_PATH = re.compile(r"((?:x\d{3}/){0,5})(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


def parse_address(text: str) -> TileAddress | None:
    """`<N>[.p/<W>]` of C2SP tlog-tiles, such as `x001/x234/067.p/12`; None for anything but the one right spelling."""
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    leading, last, width = match.groups()
    address = TileAddress(int(leading.replace("x", "").replace("/", "") + last), int(width) if width else WIDTH)
    if (width and address.width >= WIDTH) or address_text(address) != text:
        return None
    return address


def address_text(address: TileAddress) -> str:
    """The path of a tile within its level."""
    digits = str(address.index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if address.width == WIDTH else f"{path}.p/{address.width}"


def tile_of(height: int, index: int) -> Key:
    """The tile in which the node at this height is written, or out of whose hashes it follows."""
    level = height // 8
    return level, (index << (height % 8)) // WIDTH


def node_reader(tiles: Mapping[Key, bytes]) -> merkle.Node:
    """A `node` for merkle.py over tiles at hand. Raises TreeDamaged where a needed hash is not among them."""

    def node(height: int, index: int) -> bytes:
        key = tile_of(height, index)
        place = index % (WIDTH >> (height % 8)) * HASH_BYTES
        subtrees = _upper_tile if key[0] else _leaves_tile
        found = subtrees(tiles.get(key, b""))[height % 8][place : place + HASH_BYTES]
        if len(found) != HASH_BYTES:
            raise TreeDamaged(f"tile {key[0]}/{key[1]} lacks hashes")
        return found

    return node


def _subtrees(tile: bytes) -> tuple[bytes, ...]:
    """The complete subtrees within a tile, by height 0 to 7, joined."""
    heights = [tile]
    while len(heights) < 8:
        heights.append(merkle.parents(heights[-1]))
    return tuple(heights)


# Kept by content, 16 kB each. Apart: a tile of leaves serves few proofs, and must not drive out those above it, which serve many.
_leaves_tile = lru_cache(maxsize=64)(_subtrees)
_upper_tile = lru_cache(maxsize=1024)(_subtrees)


def needed_for(compute: Callable[[merkle.Node], object]) -> frozenset[Key]:
    """Which tiles a computation will ask for, so that one query can bring them all."""
    needed: set[Key] = set()

    def note(height: int, index: int) -> bytes:
        needed.add(tile_of(height, index))
        return b""

    compute(note)
    return frozenset(needed)


def edge(size: int) -> Iterable[Key]:
    """The partial tiles of a tree of this size: the only ones that change when it grows."""
    level = 0
    while size:
        if size % WIDTH:
            yield level, size // WIDTH
        size //= WIDTH
        level += 1


def grow(size: int, hashes: Sequence[bytes], tiles: Mapping[Key, bytes]) -> dict[Key, bytes]:
    """The tiles that are new or longer once `hashes` (of leaves) stand behind a tree of `size`; `tiles` holds its edge.

    Work is in proportion to the new leaves and the height, never to the size. Raises TreeDamaged if a tile of the
    edge is not as long as the size says.
    """
    changed: dict[Key, bytes] = {}
    level, before, incoming = 0, size, b"".join(hashes)
    while incoming:
        index, width = divmod(before, WIDTH)
        former = tiles.get((level, index), b"") if width else b""
        if len(former) != width * HASH_BYTES:
            raise TreeDamaged(f"tile {level}/{index} is {len(former)} bytes long, not {width * HASH_BYTES}")
        buffer, completed = former + incoming, bytearray()
        for start in range(0, len(buffer), TILE_BYTES):
            tile = buffer[start : start + TILE_BYTES]
            changed[level, index] = tile
            index += 1
            if len(tile) == TILE_BYTES:
                completed += merkle.complete_root([tile[i : i + HASH_BYTES] for i in range(0, TILE_BYTES, HASH_BYTES)])
        level, before, incoming = level + 1, before // WIDTH, bytes(completed)
    return changed
