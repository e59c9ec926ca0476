"""docs/citizen/log-vectors.json: frozen, and both verifiers say of each bundle and proof in it what it says, and the same in every word."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import rfc8785
from django.utils import translation

from aurora.ui import verify_words
from consent.ledger import leaf
from tests.support import log_vectors
from tests.support.log_world import WITNESSING, patched

FROZEN = "ac09d8fa14d58c01b03714d0f23cb7cbb107db6e1e8cceedc8d5b3d4c140f62b"
FROZEN_DISCLOSED = "a2eef5f33a496650f07fc83eb2cdfddbfca8285040b774f6d0077e842e8a219c"
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
    """A change of format changes this: then every verifier that people keep is out of date, and the format's number must change with it.

    Not of format was one change: their witness signs an hour before, since one that signed a week before is warned of.
    """
    bundles = dict(vectors["bundles"])
    disclosed = bundles.pop("disclosed")  # which came with the proofs of what was kept back
    assert hashlib.sha256(rfc8785.dumps([vectors["leaves"], bundles])).hexdigest() == FROZEN
    assert hashlib.sha256(rfc8785.dumps(disclosed)).hexdigest() == FROZEN_DISCLOSED


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
    noted = {
        finding["code"]
        for case in vectors["cases"]
        for finding in case["findings"]
        if "seq" in finding and finding["code"].startswith(("tree_", "extension_"))
    }
    assert noted == set(program.NOTED_SENTENCES)


def test_the_pages_have_a_sentence_for_each_code_in_each_language(vectors: dict[str, Any], tasks: list[Any], program: ModuleType) -> None:
    codes = {finding["code"] for case in vectors["cases"] for finding in case["findings"]} | {"public_forked", "public_unproven"}
    notes = {note for case in vectors["cases"] for note in case["notes"]}
    states = {one["state"] for bundle, options in tasks for one in program.check_bundle(bundle, **options)["witnesses"]}
    assert states == set(program.WITNESS_SENTENCES)
    wanted = {
        "entries": {"proved", "pending", *program.ORDER}, "findings": codes | {f"{code}_noted" for code in program.NOTED_SENTENCES},
        "notes": notes, "witnesses": states,
    }  # fmt: skip
    told = {}
    for language in ("fi", "sv", "en"):
        with translation.override(language):
            told[language] = verify_words.table(offline=True)
    assert {part: set(told["en"][part]) for part in wanted} == wanted
    for language in ("fi", "sv"):
        assert [(part, code) for part in wanted for code, text in told[language][part].items() if text == told["en"][part][code]] == []
    for part in ("findings", "witnesses"):
        for code, text in told["en"][part].items():
            holes = set(re.findall(r"\{\w+\}", text))
            assert holes <= {"{seq}", "{name}"} and all(set(re.findall(r"\{\w+\}", told[one][part][code])) == holes for one in told), code


def test_the_program_names_the_entry_that_notes_a_state_of_the_log(
    vectors: dict[str, Any], program: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "forked.json"
    file.write_text(json.dumps(vectors["bundles"]["forked"]), encoding="utf-8")
    assert program.main([str(file)]) == 1
    said = capsys.readouterr().out
    assert "tree_forked entry 9: This entry is a download of yours." in said and "extension_unproven entry 4: This entry is" in said
    file.write_text(json.dumps(vectors["bundles"]["today"]), encoding="utf-8")
    assert program.main([str(file)]) == 0
    assert f"Witness: {WITNESSING.vkey} has signed this state." in capsys.readouterr().out
