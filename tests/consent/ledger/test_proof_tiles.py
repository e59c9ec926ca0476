"""Which tiles a proof is made of, as the database's function finds them."""

from __future__ import annotations

import hashlib
import random
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connections

from consent.ledger import merkle, tiles
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import proof_for

pytestmark = pytest.mark.usefixtures("ledger_db")

SIZES = (1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, 65_793, 2**24 - 1, 2**24, 2**24 + 256, 10**8, 2**40 + 70_001)


def drawn(key: tiles.Key) -> bytes:
    return hashlib.shake_256(repr(key).encode()).digest(tiles.TILE_BYTES)


def test_a_proof_finds_the_tiles_that_it_needs_in_trees_of_any_size() -> None:
    """Of each tree only those tiles are there, with drawn content: the proof is the one that RFC 6962's recursion makes of them."""
    draw = random.Random(6962)
    leaves: dict[int, UUID] = {}
    for size in SIZES:
        for index in sorted({0, size - 1, size // 2, max(size - size % 256 - 1, 0), *(draw.randrange(size) for _ in range(4))}):
            needed = {key: drawn(key) for key in tiles.needed_for(partial(merkle.inclusion_proof, index, size))}
            with connections["admin"].cursor() as cursor:
                if index not in leaves:
                    leaves[index] = uuid4()
                    leaf = [index, leaves[index]]
                    cursor.execute("INSERT INTO ledger_leaf (index, entry_id, commitment) VALUES (%s, %s, sha256('x'))", leaf)
                head = "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, sha256('x'), now(), 'x') ON CONFLICT DO NOTHING"
                cursor.execute(head, [size])
                tile = "INSERT INTO ledger_tile (level, index, hashes) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
                cursor.executemany(tile, [(*key, content) for key, content in needed.items()])
            proof = proof_for(LedgerEntry(id=leaves[index]))
            assert proof is not None and (proof.index, proof.checkpoint) == (index, "x")
            assert list(proof.hashes) == merkle.inclusion_proof(index, size, tiles.node_reader(needed)), (index, size)


def test_a_proof_without_its_tiles_is_none_at_all() -> None:
    with connections["admin"].cursor() as cursor:
        entry = uuid4()
        cursor.execute("INSERT INTO ledger_leaf (index, entry_id, commitment) VALUES (7, %s, sha256('x'))", [entry])
        cursor.execute("INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (300, sha256('x'), now(), 'x')")
    with pytest.raises(tiles.TreeDamaged):
        proof_for(LedgerEntry(id=entry))
