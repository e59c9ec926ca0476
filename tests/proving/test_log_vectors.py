"""docs/citizen/log-vectors.json: frozen, and both verifiers say of each bundle and proof in it what it says, and the same in every word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import rfc8785

from consent.ledger import leaf
from tests.support import log_vectors
from tests.support.log_world import patched

FROZEN = "2c135ed1df45f9eae7a506e0371225ba9ff26dc064df8ef7a352cccaeb467f1e"
IN_NODE = Callable[[str, list[Any]], list[Any]]


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    return dict(json.loads(log_vectors.FILE.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def tasks(vectors: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    made = []
    for case in vectors["cases"]:
        older = patched(vectors["bundles"][case["older"]], case["older_patch"]) if case["older"] else None
        made.append((patched(vectors["bundles"][case["of"]], case["patch"]), {**case["options"], "older": older}))
    return made


def test_the_file_is_what_the_script_makes(vectors: dict[str, Any]) -> None:
    assert json.loads(json.dumps(log_vectors.make())) == vectors


def test_the_bundles_are_frozen(vectors: dict[str, Any]) -> None:
    """A change of format changes this: then every verifier that people keep is out of date, and the format's number must change with it."""
    assert hashlib.sha256(rfc8785.dumps([vectors["leaves"], vectors["bundles"]])).hexdigest() == FROZEN


def test_the_leaves_are_those_of_the_ledger(vectors: dict[str, Any]) -> None:
    for one in vectors["leaves"]:
        commitment = leaf.commitment(salt=bytes.fromhex(one["salt"]), access=one["access"], prev=bytes.fromhex(one["prev"]), seq=one["seq"])
        entry = {"access": one["access"], "prev": one["prev"], "seq": one["seq"]}
        assert one["entry"].encode() == rfc8785.dumps(entry)  # by somebody else's RFC 8785
        assert commitment.hex() == one["commitment"] and leaf.leaf_hash(commitment).hex() == one["leaf"]


def test_the_program_says_what_the_vectors_say(vectors: dict[str, Any], tasks: list[Any], program: ModuleType) -> None:
    for case, (bundle, options) in zip(vectors["cases"], tasks, strict=True):
        said = program.check_bundle(program.read_json(json.dumps(bundle)), **program.read_json(json.dumps(options)))
        assert [said[name] for name in ("verdict", "findings", "notes")] == [case[name] for name in ("verdict", "findings", "notes")], case[
            "name"
        ]


def test_the_browser_says_the_same_as_the_program(vectors: dict[str, Any], tasks: list[Any], program: ModuleType, in_node: IN_NODE) -> None:
    said = in_node("check", tasks)
    for case, (bundle, options), theirs in zip(vectors["cases"], tasks, said, strict=True):
        ours = program.check_bundle(program.read_json(json.dumps(bundle)), **program.read_json(json.dumps(options)))
        assert theirs == ours, case["name"]


def test_both_say_of_a_proof_what_the_vectors_say(vectors: dict[str, Any], program: ModuleType, in_node: IN_NODE) -> None:
    said = in_node("proof", [(case["proof"], case["keys"]) for case in vectors["proofs"]])
    for case, theirs in zip(vectors["proofs"], said, strict=True):
        assert theirs["code"] == program.check_proof(case["proof"], case["keys"])["code"] == case["code"], case["name"]


def test_every_code_has_a_vector_and_a_sentence(vectors: dict[str, Any], program: ModuleType) -> None:
    met = {finding["code"] for case in vectors["cases"] for finding in case["findings"]} | {
        note for case in vectors["cases"] for note in case["notes"]
    }
    # These two take a network: tests/proving/test_public_tree.py.
    assert met | {"proved", "pending", "public_forked", "public_unproven"} == set(program.SENTENCES)
