"""The verifiers' own Ed25519, RFC 8785 and proofs, against published vectors and other implementations."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ledger import leaf, merkle
from tests.support.log_world import Tree, digest

IN_NODE = Callable[[str, list[Any]], list[Any]]

# RFC 8032, 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip
ORDER = 2**252 + 27742317777372353535851937790883648493


def _flip(text: str, at: int) -> str:
    return text[:at] + format(int(text[at], 16) ^ 1, "x") + text[at + 1 :]


def spoiled() -> list[tuple[str, str, str]]:
    key, message, signature = RFC_8032[2]
    # s + L verifies by the equation alone: RFC 8032, 5.1.7 has it refused.
    second = (int.from_bytes(bytes.fromhex(signature[64:]), "little") + ORDER).to_bytes(32, "little").hex()
    return [
        (key, _flip(message, 1), signature), (key, message, _flip(signature, 0)), (key, message, _flip(signature, 70)),
        (_flip(key, 5), message, signature), (RFC_8032[0][0], message, signature), (key, message, signature[:64] + second),
        (key, message, signature[:-2]), ("ff" * 32, message, signature), (key, message, "00" * 64), ("00" * 31, message, signature),
    ]  # fmt: skip


def test_signatures_of_the_rfc_hold_and_spoiled_ones_do_not(program: ModuleType, in_node: IN_NODE) -> None:
    good = [(key, signature, message) for key, message, signature in RFC_8032]
    bad = [(key, signature, message) for key, message, signature in spoiled()]
    for wanted, cases in ((True, good), (False, bad)):
        assert in_node("ed25519", [list(case) for case in cases]) == [[wanted, wanted]] * len(cases)  # WebCrypto, and by arithmetic
        for key, signature, message in cases:
            assert program.ed25519(*(bytes.fromhex(one) for one in (key, signature, message))) is wanted


def test_signatures_of_another_implementation_hold(program: ModuleType, in_node: IN_NODE) -> None:
    made = []
    for number in range(8):
        key = Ed25519PrivateKey.from_private_bytes(digest("key", number))
        message = digest("message", number) * number
        made.append((key.public_key().public_bytes_raw(), key.sign(message), message))
    assert all(program.ed25519(*one) for one in made)
    assert in_node("ed25519", [[part.hex() for part in one] for one in made]) == [[True, True]] * 8


SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12)


def test_both_write_the_same_canonical_form_as_the_ledger(program: ModuleType, in_node: IN_NODE) -> None:
    values: list[Any] = []

    @settings(max_examples=150, database=None, derandomize=True)
    @given(VALUES)
    def collect(value: Any) -> None:
        values.append(value)

    collect()
    texts = [json.dumps(value) for value in [*values, 1.0, -0.0, 1e15, 2**53, "\ud800", {"\ud800": 1}, {"\ufb33": 1, "\U0001f600": 2}]]
    theirs = in_node("canonical", [[json.loads(text)] for text in texts])
    for text, written in zip(texts, theirs, strict=True):
        value = program.read_json(text)
        try:
            ours = program.canonical(value)
        except program.NotCanonical:
            ours = "RangeError"
        assert ours == written, text
        if ours != "RangeError":
            assert ours.encode() == leaf.canonical(value)


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree([digest("leaf", index) for index in range(600)])


def test_consistency_proofs_are_made_of_tiles_as_the_ledger_makes_them(tree: Tree, program: ModuleType) -> None:
    for old, new in ((1, 2), (3, 7), (255, 256), (256, 257), (100, 600), (512, 600), (599, 600), (511, 513)):

        def tile(path: str, size: int = new) -> bytes:
            level, _, place = path.partition("/")
            index, width = int(place.split(".p/")[0]), int(place.split(".p/")[1]) if ".p/" in place else 256
            assert (size >> 8 * int(level)) >= index * 256 + width
            return b"".join(tree.node(8 * int(level), index * 256 + i) for i in range(width))

        proof = program.consistency_proof(old, new, program.node_of_tiles(new, tile))
        assert proof == merkle.consistency_proof(old, new, tree.node)
        assert program.is_consistent(old_size=old, new_size=new, old_root=tree.root(old), new_root=tree.root(new), proof=proof)
        assert not program.is_consistent(old_size=old, new_size=new, old_root=tree.root(new), new_root=tree.root(new), proof=proof)


def test_paths_of_tiles_are_those_of_the_specification(program: ModuleType) -> None:
    assert program.tile_path(1234067, 256) == "x001/x234/067"
    assert program.tile_path(0, 12) == "000.p/12"
