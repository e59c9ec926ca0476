"""Many proofs under one tree head: each tile is read once for all of them. Reads; within a transaction or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from consent.ledger import merkle, tiles
from consent.ledger.queries import stored_tiles

LEAF_TILE_HEIGHT = 8
"""Nodes from this height on stand in tiles above the leaves' (C2SP tlog-tiles: 256 hashes a tile)."""


class Proofs:
    """Proofs under the tree of `size` leaves. Not for use by several threads.

    What lies above the leaves' own tiles is shared by all proofs and kept; of the leaves' tiles only those of one call are held.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._upper: dict[tiles.Key, bytes] = {}
        self._known: dict[tuple[int, int], bytes] = {}

    def inclusions(self, indices: Sequence[int]) -> list[list[bytes]]:
        """For each leaf its inclusion proof, from the leaf up; empty where the stored tiles do not make one up: that proves nothing of a larger tree."""

        def needs(node: merkle.Node) -> None:
            for index in indices:
                merkle.inclusion_proof(index, self._size, node)

        node = self._reader(tiles.needed_for(needs))
        return [_made(merkle.inclusion_proof, index, self._size, node) for index in indices]

    def consistency(self, old: int) -> list[bytes]:
        """That this tree extends the one of `old` leaves (0 < old <= size); empty where the stored tiles do not make up a proof."""
        node = self._reader(tiles.needed_for(lambda node: merkle.consistency_proof(old, self._size, node)))
        return _made(merkle.consistency_proof, old, self._size, node)

    def _reader(self, needed: Collection[tiles.Key]) -> merkle.Node:
        found = stored_tiles([key for key in needed if key not in self._upper])
        self._upper |= {key: data for key, data in found.items() if key[0] > 0}
        read = tiles.node_reader(self._upper | found)
        low: dict[tuple[int, int], bytes] = {}

        def node(height: int, index: int) -> bytes:
            known = self._known if height >= LEAF_TILE_HEIGHT else low
            if (height, index) not in known:
                known[height, index] = read(height, index)
            return known[height, index]

        return node


def _made(proof: Callable[[int, int, merkle.Node], list[bytes]], first: int, size: int, node: merkle.Node) -> list[bytes]:
    try:
        return proof(first, size, node)
    except tiles.TreeDamaged:
        return []
