"""Makes docs/citizen/log-vectors.json: bundles of a small log, good and spoiled, with what a verifier must say of each.

    .venv/bin/python -m tests.support.log_vectors

Everything in it follows from the constants in log_world.py (Ed25519 is deterministic, RFC 8032), so that a test can hold the file against it. A spoiled
bundle is written as a JSON Patch (RFC 6902) of a good one; what it must lead to is said in log_spoils.py by hand, never taken from a verifier.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from consent.ledger import leaf
from tests.support.log_kept import disclosing, kept_cases
from tests.support.log_spoils import cases, proof_cases
from tests.support.log_world import FOREIGN, LOG, OLD_SIZE, OTHER, PLACES, SIZE, WITNESSING, Tree, bundle, digest, world

FILE = Path(__file__).resolve().parents[2] / "docs" / "citizen" / "log-vectors.json"


def make() -> dict[str, Any]:
    """The file's content."""
    tree, chain = world()
    fork = Tree([digest("a fork", index) if index == 17 else digest("another citizen's entry", index) for index in range(SIZE)])
    for seq, place in PLACES.items():
        fork.leaves[place] = leaf.leaf_hash(bytes.fromhex(chain[seq - 1]["commitment"]))
    other, others = world(17)  # to who has downloaded nothing before, the fork is told from the beginning
    earlier = bundle(tree, chain, size=OLD_SIZE, length=4, made_at="2026-11-22T08:04:00.000004Z", earlier=[], signers=(LOG,))
    today = bundle(tree, chain, size=SIZE, length=9, made_at="2026-11-24T08:09:00.000009Z", earlier=[OLD_SIZE], signers=(LOG, WITNESSING))
    forked = bundle(fork, chain, size=SIZE, length=9, made_at=today["made_at"], earlier=[], signers=(LOG,))
    throughout = bundle(other, others, size=SIZE, length=9, made_at=today["made_at"], earlier=[OLD_SIZE], signers=(LOG,))
    disclosed = disclosing()
    return {
        "format": "aurora-log-vectors-1",
        "keys": [{"name": one.name, "kind": one.kind, "seed": one.seed.hex(), "vkey": one.vkey} for one in (LOG, OTHER, FOREIGN, WITNESSING)],
        "leaves": [
            {**{k: link[k] for k in ("salt", "access", "prev", "seq", "commitment")},
             "entry": (leaf.opening(b"\0" * 32, link["access"]) + leaf.closing(bytes.fromhex(link["prev"]), link["seq"]))[32:].decode(),
             "leaf": leaf.leaf_hash(bytes.fromhex(link["commitment"])).hex()}
            for link in chain
        ],
        "bundles": {"earlier": earlier, "today": today, "forked": forked, "forked_throughout": throughout, "disclosed": disclosed},
        "cases": [*cases(tree, fork, chain, earlier, today), *kept_cases(disclosed)],
        "proofs": proof_cases(tree, chain),
    }  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
