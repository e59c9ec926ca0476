"""Our inclusion proofs and checkpoints, checked by npm `@sigstore/verify`: it accepts each true one and rejects each that was tampered with.

What runs of it is `verifyTLogInclusion` (dist/tlog/index.js), with its own code all the way: the signed note and its signature
(dist/tlog/checkpoint.js) and the Merkle proof (dist/tlog/merkle.js). Its public `Verifier` cannot be fed: it reads Sigstore's kinds of entries
before it comes there. Consistency proofs and cosignatures it has no code for. tests/journeys/test_verify_story.py shows it a running log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.peer import Peer
from tests.support import log_vectors
from tests.support.log_world import FOREIGN, LOG, NAME, OTHER, SIZE, b64, digest, flipped, world

MERKLE = "TLOG_INCLUSION_PROOF_ERROR: calculated root hash does not match inclusion proof"
SIGNATURE = "TLOG_INCLUSION_PROOF_ERROR: invalid checkpoint signature"


@pytest.fixture(scope="module")
def bundle() -> dict[str, Any]:
    return dict(json.loads(log_vectors.FILE.read_text(encoding="utf-8"))["bundles"]["today"])


@pytest.fixture(scope="module")
def proved(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: entry[name] for name in ("commitment", "index", "proof")} for entry in bundle["entries"] if entry["proof"] is not None]


@pytest.fixture(scope="module")
def sigstore(bundle: dict[str, Any], proved: list[dict[str, Any]]) -> Iterator[Peer]:
    with Peer("sigstore.mjs", {"do": "verify", "vkey": LOG.vkey, "checkpoint": bundle["checkpoint"], "entries": proved}) as peer:
        yield peer


def _said(peer: Peer, entries: list[dict[str, Any]], checkpoint: str, vkey: str = LOG.vkey) -> list[str]:
    return list(peer.ask(do="verify", vkey=vkey, checkpoint=checkpoint, entries=entries)["found"])


def _note(text: str) -> str:
    return f"{text}\n{LOG.line(text)}"


def test_it_accepts_each_proof_of_the_vectors(sigstore: Peer, proved: list[dict[str, Any]]) -> None:
    assert sigstore.ready == {"found": ["accepted"] * len(proved)} and len(proved) == 8


def test_it_accepts_each_leaf_of_trees_of_many_sizes(sigstore: Peer) -> None:
    """As the ledger makes proofs: every leaf of small trees, and some of larger ones."""
    tree, _ = world()
    for size in (1, 2, 3, 7, 8, 255, 256, 257, SIZE):
        wanted = range(size) if size < 10 else (0, 1, size // 2, size - 2, size - 1)
        # A leaf hash is not what the library takes: the tree's leaves are of these commitments.
        commitments = [digest("another citizen's entry", index).hex() for index in wanted]
        free = [
            (index, commitment)
            for index, commitment in zip(wanted, commitments, strict=True)
            if tree.is_of(index, bytes.fromhex(commitment))
        ]
        entries = [{"commitment": commitment, "index": index, "proof": tree.inclusion(index, size)} for index, commitment in free]
        assert entries and _said(sigstore, entries, tree.head(size, LOG)) == ["accepted"] * len(entries)


def test_it_rejects_what_is_wrong_with_a_proof(sigstore: Peer, bundle: dict[str, Any], proved: list[dict[str, Any]]) -> None:
    good = proved[2]
    wrong = [
        {**good, "commitment": flipped(good["commitment"])},
        {**good, "index": good["index"] ^ 1},
        {**good, "index": good["index"] ^ 128},
    ]
    wrong += [
        {**good, "proof": [*good["proof"][:i], flipped(one, at), *good["proof"][i + 1 :]]}
        for i, one in enumerate(good["proof"])
        for at in (0, 63)
    ]
    assert _said(sigstore, wrong, bundle["checkpoint"]) == [MERKLE] * len(wrong)
    short = [{**good, "proof": good["proof"][:-1]}, {**good, "proof": [*good["proof"], "00" * 32]}, {**good, "proof": []}]
    assert _said(sigstore, short, bundle["checkpoint"]) == ["TLOG_INCLUSION_PROOF_ERROR: invalid hash count"] * 3
    assert _said(sigstore, [{**good, "index": SIZE}], bundle["checkpoint"]) == [f"TLOG_INCLUSION_PROOF_ERROR: invalid index: {SIZE}"]


def test_it_rejects_what_is_wrong_with_a_checkpoint(sigstore: Peer, bundle: dict[str, Any], proved: list[dict[str, Any]]) -> None:
    note, good = bundle["checkpoint"], [proved[2]]
    root = note.split("\n")[2]
    line = LOG.line(note.split("\n\n")[0] + "\n")
    signature = line.split(" ")[2].strip()
    unsigned = [
        note.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"),
        note.replace(root, b64(digest("another root"))),
        note.replace(f"{NAME}\n", f"{FOREIGN.name}\n", 1),  # another log's origin
        note.replace(f"— {NAME} ", f"— {FOREIGN.name} "),  # another log's key name
        note.replace(signature, signature[:-8] + "AAAAAA=="),
        note.replace(signature, b64(bytes(4)) [:5] + signature[5:]),  # another key's id
    ]  # fmt: skip
    assert all(one != note for one in unsigned)
    assert [_said(sigstore, good, one) for one in unsigned] == [[SIGNATURE]] * len(unsigned)
    for vkey in (OTHER.vkey, FOREIGN.vkey):
        assert _said(sigstore, good, note, vkey) == [SIGNATURE]


def test_it_rejects_what_the_log_itself_signed_of_another_tree(sigstore: Peer, proved: list[dict[str, Any]]) -> None:
    """With a true signature: only the way from the leaf to the root is left to tell."""
    tree, _ = world()
    assert _said(sigstore, [proved[2]], _note(f"{NAME}\n{SIZE}\n{b64(digest('another root'))}\n")) == [MERKLE]
    smaller = _note(f"{NAME}\n{SIZE - 1}\n{b64(tree.root(SIZE - 1))}\n")
    assert _said(sigstore, [proved[2]], smaller) == [MERKLE]
