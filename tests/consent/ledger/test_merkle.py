"""RFC 6962 against its reference vectors, a naive reading of its definitions, and an independent implementation."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from consent.ledger import leaf, merkle

# The inputs and roots of certificate-transparency's reference tree (sizes 1 to 8), known to every implementation.
INPUTS = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves(count: int) -> list[bytes]:
    return [leaf.leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def stored(hashes: list[bytes]) -> merkle.Node:
    return lambda height, index: merkle.complete_root(hashes[index << height : (index + 1) << height])


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return hashlib.sha256(b"\x01" + naive_root(hashes[:k]) + naive_root(hashes[k:])).digest()


def naive_path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*naive_path(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_path(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_subproof(m: int, hashes: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 6962, 2.1.2, word for word."""
    if m == len(hashes):
        return [] if whole else [naive_root(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*naive_subproof(m, hashes[:k], whole), naive_root(hashes[k:])]
    return [*naive_subproof(m - k, hashes[k:], False), naive_root(hashes[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_the_reference_roots() -> None:
    hashes = [leaf.leaf_hash(data) for data in INPUTS]
    assert merkle.root(0, stored([])).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [merkle.root(size, stored(hashes)).hex() for size in range(1, 9)] == ROOTS


def test_the_reference_proof_of_the_first_of_eight() -> None:
    """The first inclusion proof of certificate-transparency's reference tests."""
    hashes = [leaf.leaf_hash(data) for data in INPUTS]
    proof = merkle.inclusion_proof(0, 8, stored(hashes))
    assert [sibling.hex() for sibling in proof] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert merkle.verify_inclusion(index=0, size=8, leaf=hashes[0], proof=proof, root=bytes.fromhex(ROOTS[7]))


def test_an_independent_implementation_has_the_same_roots() -> None:
    peer = InmemoryTree(algorithm="sha256")
    hashes: list[bytes] = []
    for number in range(130):
        data = number.to_bytes(4, "big")
        peer.append_entry(data)
        hashes.append(leaf.leaf_hash(data))
        assert merkle.root(len(hashes), stored(hashes)) == peer.get_root()


@given(st.integers(1, 260), st.data())
def test_proofs_are_the_rfcs(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    node, root = stored(hashes), naive_root(hashes)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    path, extension = merkle.inclusion_proof(index, size, node), merkle.consistency_proof(old, size, node)
    assert merkle.root(size, node) == root
    assert path == naive_path(index, hashes)
    assert extension == naive_subproof(old, hashes)
    assert merkle.verify_inclusion(index=index, size=size, leaf=hashes[index], proof=path, root=root)
    assert merkle.verify_consistency(old=old, new=size, old_root=naive_root(hashes[:old]), new_root=root, proof=extension)


def tampered(proof: list[bytes], other: bytes) -> list[list[bytes]]:
    """Every way in which the reference tests spoil a proof."""
    spoiled = [[*proof, other], [other, *proof], [*proof, b""], [*proof, bytes(32)]]
    for position, sibling in enumerate(proof):
        flipped = bytes([sibling[0] ^ 0x10]) + sibling[1:]
        spoiled.append([*proof[:position], flipped, *proof[position + 1 :]])
        spoiled.append([*proof[:position], *proof[position + 1 :]])
        spoiled.append([*proof[:position], sibling[:31], *proof[position + 1 :]])
    if len(proof) > 1 and proof[0] != proof[-1]:
        spoiled.append(proof[::-1])
    return spoiled


@given(st.integers(2, 200), st.data())
def test_a_spoiled_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    root = naive_root(hashes)
    proof = merkle.inclusion_proof(index, size, stored(hashes))

    def accepted(**changes: object) -> bool:
        claim = {"index": index, "size": size, "leaf": hashes[index], "proof": proof, "root": root} | changes
        return merkle.verify_inclusion(**claim)  # type: ignore[arg-type]

    assert accepted()
    assert not any(accepted(proof=spoiled) for spoiled in tampered(proof, root))
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
    assert not accepted(index=other)
    assert not accepted(leaf=hashes[other])
    assert not accepted(leaf=root)
    assert not accepted(root=hashes[index])
    assert not accepted(index=size)
    assert not accepted(index=-1)
    assert not accepted(size=0)


@given(st.integers(2, 200), st.data())
def test_a_spoiled_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    hashes = leaves(new)
    old = data.draw(st.integers(1, new - 1))
    old_root, new_root = naive_root(hashes[:old]), naive_root(hashes)
    proof = merkle.consistency_proof(old, new, stored(hashes))

    def accepted(**changes: object) -> bool:
        claim = {"old": old, "new": new, "old_root": old_root, "new_root": new_root, "proof": proof} | changes
        return merkle.verify_consistency(**claim)  # type: ignore[arg-type]

    assert accepted()
    assert not any(accepted(proof=spoiled) for spoiled in tampered(proof, new_root))
    assert not accepted(old_root=new_root)
    assert not accepted(new_root=old_root)
    assert not accepted(old=new, new=old)
    assert not accepted(old=0)
    assert not accepted(proof=[])


def test_a_tree_of_the_same_size_needs_no_proof_and_takes_none() -> None:
    root = naive_root(leaves(5))
    claim = {"old": 5, "new": 5, "old_root": root, "new_root": root}
    assert merkle.verify_consistency(**claim, proof=[])  # type: ignore[arg-type]
    assert not merkle.verify_consistency(**claim, proof=[root])  # type: ignore[arg-type]
    assert not merkle.verify_consistency(**(claim | {"new_root": bytes(32)}), proof=[])  # type: ignore[arg-type]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (8, 7)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_proof(index, size, stored(leaves(8)))


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_there_is_no_proof_between_such_sizes(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="sizes"):
        merkle.consistency_proof(old, new, stored(leaves(8)))


@pytest.mark.parametrize("count", [0, 3, 255])
def test_only_complete_subtrees_have_a_node(count: int) -> None:
    with pytest.raises(ValueError, match="2\\*\\*k"):
        merkle.complete_root(leaves(count))
