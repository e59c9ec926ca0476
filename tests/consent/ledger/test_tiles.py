"""The tree in tiles: C2SP's addresses and sizes, growth, and proofs out of tiles for every leaf of every small tree."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.ledger import leaf, merkle, tiles
from consent.ledger.tiles import TileAddress, address_text, parse_address


def leaves(count: int, start: int = 0) -> list[bytes]:
    return [leaf.leaf_hash(number.to_bytes(4, "big")) for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("000", TileAddress(0)),
        ("999", TileAddress(999)),
        ("x001/000", TileAddress(1000)),
        ("x001/x234/067", TileAddress(1_234_067)),  # C2SP tlog-tiles' own example
        ("x001/x234/067.p/8", TileAddress(1_234_067, 8)),
        ("000.p/255", TileAddress(0, 255)),
    ],
)
def test_addresses(text: str, address: TileAddress) -> None:
    assert parse_address(text) == address
    assert address_text(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00",
        "0000",
        "x000/000",
        "x000/001",
        "001/000",
        "x001",
        "000.p/0",
        "000.p/256",
        "000.p/01",
        "000.p/",
        "000.p/999",
        "000/",
        "/000",
        "-01",
        "x001/x002",
        "٠٠١",
        "000.p/1/",
        "x1/000",
        "000\n",
        "../etc",
    ],
)
def test_any_other_spelling_is_no_address(text: str) -> None:
    assert parse_address(text) is None


@given(st.integers(0, 10**15), st.integers(1, 256))
def test_addresses_round_trip(index: int, width: int) -> None:
    assert parse_address(address_text(TileAddress(index, width))) == TileAddress(index, width)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    """C2SP tlog-tiles, 273 full, one of 112; a full one and one of 17 at level 1; one of 1 at level 2."""
    stored = tiles.grow(0, leaves(70_000), {})
    widths = {key: len(tile) // 32 for key, tile in stored.items()}
    level_0, level_1 = ({i: w for (lvl, i), w in widths.items() if lvl == level} for level in (0, 1))
    assert level_0 == dict.fromkeys(range(273), 256) | {273: 112}
    assert level_1 == {0: 256, 1: 17}
    assert {key: width for key, width in widths.items() if key[0] >= 2} == {(2, 0): 1}
    assert set(tiles.edge(70_000)) == {(0, 273), (1, 1), (2, 0)}


def test_256_leaves_are_a_full_tile_and_one_hash_above() -> None:
    stored = tiles.grow(0, leaves(256), {})
    assert {key: len(tile) for key, tile in stored.items()} == {(0, 0): 8192, (1, 0): 32}
    assert stored[1, 0] == merkle.root(256, tiles.node_reader(stored))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_growing_in_rounds_makes_the_same_tiles(rounds: list[int]) -> None:
    """Each round sees only the edge of the tree before it, as the sequencer does."""
    stored: dict[tiles.Key, bytes] = {}
    size = 0
    for count in rounds:
        edge = {key: stored[key] for key in tiles.edge(size)}
        changed = tiles.grow(size, leaves(count, size), edge)
        assert all(tile.startswith(stored.get(key, b"")) for key, tile in changed.items())
        stored |= changed
        size += count
        assert merkle.root(size, tiles.node_reader(edge | changed)) == merkle.root(size, tiles.node_reader(stored))
    assert stored == tiles.grow(0, leaves(size), {})


def test_every_leaf_of_every_tree_up_to_600_is_proved_from_tiles() -> None:
    """Grown leaf by leaf, which passes each partial tile of two levels."""
    all_leaves = leaves(600)
    stored: dict[tiles.Key, bytes] = {}
    former: list[bytes] = [merkle.EMPTY_ROOT]
    assert merkle.root(0, tiles.node_reader({})) == merkle.EMPTY_ROOT
    for size in range(1, 601):
        stored |= tiles.grow(size - 1, all_leaves[size - 1 : size], {key: stored[key] for key in tiles.edge(size - 1)})
        node = cache(tiles.node_reader(stored))
        root = merkle.root(size, node)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, node)
            assert merkle.verify_inclusion(index=index, size=size, leaf=all_leaves[index], proof=proof, root=root)
        for old in range(1, size, 37):
            extension = merkle.consistency_proof(old, size, node)
            assert merkle.verify_consistency(old=old, new=size, old_root=former[old], new_root=root, proof=extension)
        former.append(root)


@given(st.integers(1, 10**9), st.data())
def test_a_proof_asks_for_few_tiles_at_any_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    needed = tiles.needed_for(lambda node: merkle.inclusion_proof(index, size, node))
    levels = (size.bit_length() + 7) // 8
    assert len(needed) <= 2 * levels


def test_tiles_that_are_missing_or_short_are_noticed() -> None:
    stored = tiles.grow(0, leaves(300), {})
    with pytest.raises(tiles.TreeDamaged):
        merkle.root(300, tiles.node_reader({key: tile for key, tile in stored.items() if key != (0, 1)}))
    with pytest.raises(tiles.TreeDamaged):
        tiles.grow(300, leaves(1), {(0, 1): stored[0, 1][:-32], (1, 0): stored[1, 0]})
    with pytest.raises(tiles.TreeDamaged):
        tiles.grow(300, leaves(1), {(1, 0): stored[1, 0]})
