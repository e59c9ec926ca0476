"""Bundles as a hostile server would write them, for the seams of JSON, Unicode, numbers and JavaScript objects. Both verifiers must say the same.

The published vectors (docs/citizen/log-vectors.json) hold the plain spoilings; these are the ones that aim at a parser.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.support import log_world as w

TREE, CHAIN = w.world()
FORK, _ = w.world(17)
HONEST = w.bundle(
    TREE, CHAIN, size=w.SIZE, length=9, made_at="2026-11-24T08:10:00.000000Z", earlier=[w.OLD_SIZE], signers=(w.LOG, w.WITNESSING)
)
NOTE: str = HONEST["checkpoint"]
TEXT = NOTE.partition("\n\n")[0] + "\n"


def entry(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle["entries"][0].update(changes)


def access(changes: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle["entries"][0]["access"].update(changes)


def whole(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle.update(changes)


def nothing_proved(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(bundle: dict[str, Any]) -> None:
        bundle.update(checkpoint=None, earlier=[], **changes)
        for one in bundle["entries"]:
            one.update(index=None, proof=None)

    return change


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


CHEATS: dict[str, tuple[Callable[[dict[str, Any]], None], set[str]]] = {
    "__proto__ among an entry's content": (access({"__proto__": {"actor": "evil"}}), {"content_changed"}),
    "names of methods among it": (access({"toString": "x", "hasOwnProperty": 1, "toJSON": "y", "constructor": None}), {"content_changed"}),
    "a lone surrogate": (access({"purpose": "\ud800"}), {"content_changed"}),
    "a number that is not exact": (access({"v": 2**53 + 1}), {"content_changed"}),
    "a number without end": (access({"v": 1e308 * 10}), {"content_changed"}),
    "a fraction": (access({"v": 1.5}), {"content_changed"}),
    "true for one": (access({"v": True}), {"content_changed"}),
    "content too deep to walk": (access({"details": deep(500)}), {"content_changed"}),
    "the letters in another form": (
        lambda b: b["entries"][1]["access"]["details"].update({"o\u0308": b["entries"][1]["access"]["details"].pop("ö")}),
        {"content_changed"},
    ),
    "true for an index": (entry(index=True), {"malformed", "missing_before"}),
    "an index beyond all numbers": (entry(index=2**53), {"malformed", "missing_before"}),
    "a negative index": (entry(index=-1), {"malformed", "missing_before"}),
    "a proof without end": (entry(proof=["00" * 32] * 65), {"malformed", "missing_before"}),
    "no proof for an index": (entry(proof=None), {"malformed", "missing_before"}),
    "a list for a salt": (entry(salt=["a"]), {"malformed", "missing_before"}),
    "an entry that is none": (lambda b: b["entries"].append(None), {"malformed"}),
    "entries that are no list": (whole(entries={"0": 1, "length": 9}), {"bad_format"}),
    "a negative end": (whole(entries=[], head={"seq": -5, "commitment": "00" * 32}), {"head_differs"}),
    "no entries, and the end as it was": (whole(entries=[]), {"missing_at_end"}),
    "the citizen in capitals": (whole(citizen=w.CITIZEN.upper()), {"other_citizen"}),
    "nothing is proved": (nothing_proved(), {"overdue", "tree_shrunk"}),
    "nothing is proved, and the bundle as old as its first entry": (
        nothing_proved(made_at="2026-11-20T08:01:00.000000Z"),
        {"overdue", "tree_shrunk"},
    ),
    "nothing is proved, and the bundle made at no time": (nothing_proved(made_at="yesterday"), {"overdue", "tree_shrunk"}),
    "more lines in the head's text": (whole(checkpoint=NOTE.replace("\n\n", "\nmore\n\n", 1)), {"signature_wrong"}),
    "the head's text twice": (whole(checkpoint=f"{TEXT}\n{NOTE}"), {"signature_wrong"}),
    "line ends of another system": (whole(checkpoint=NOTE.replace("\n", "\r\n")), {"checkpoint_malformed"}),
    "a size with a zero before it": (whole(checkpoint=NOTE.replace("\n300\n", "\n0300\n")), {"checkpoint_malformed"}),
    "a second line of the log's that is wrong": (whole(checkpoint=NOTE + w.LOG.line("another text\n")), {"signature_wrong"}),
    "a wrong line of the log's before the right one": (
        whole(checkpoint=f"{TEXT}\n{w.LOG.line('another text')}{NOTE.partition(chr(10) * 2)[2]}"),
        {"signature_wrong"},
    ),
    "the witness's line of another text": (
        whole(checkpoint=f"{TEXT}\n{w.LOG.line(TEXT)}{w.WITNESSING.line('another text', 5)}"),
        {"witness_wrong"},
    ),
    "a note beyond all measure": (whole(checkpoint=f"{NOTE}— x {'A' * 70_000}\n"), {"checkpoint_malformed"}),
    "a witness's key for the log's": (lambda b: b["log"].update(keys=[w.WITNESSING.vkey]), {"wrong_key"}),
    "no key at all": (lambda b: b["log"].update(keys=[]), {"wrong_key"}),
    "another name": (lambda b: b["log"].update(name="other.example/ledger"), {"other_log"}),
    "an earlier root that never was, without a note": (
        lambda b: b["earlier"][0].update(checkpoint=None, root="00" * 32),
        {"earlier_forked"},
    ),
    "an earlier head that is larger": (
        lambda b: b.update(earlier=[{"checkpoint": TREE.head(w.SIZE, w.LOG), "proof": ["00" * 32]}]),
        {"earlier_forked", "extension_unproven"},
    ),
    "a false one behind hundreds of earlier heads": (lambda b: b.update(earlier=b["earlier"] * 300 + [7]), {"earlier_forked"}),
    "no earlier head at all, though the chain notes one": (whole(earlier=[]), {"extension_unproven"}),
    "an earlier head of another tree, and its proof": (
        whole(earlier=[FORK.earlier(w.OLD_SIZE, w.SIZE)]),
        {"earlier_forked", "extension_unproven"},
    ),
    "the smaller tree that the chain notes": (
        lambda b: b.update(checkpoint=TREE.head(w.OLD_SIZE - 1, w.LOG), earlier=[]),
        {"not_included", "tree_shrunk"},
    ),
    "the witness's line that states no time": (
        whole(checkpoint=f"{TEXT}\n{w.LOG.line(TEXT)}{w.WITNESSING.line(TEXT, 0)}"),
        {"witness_wrong"},
    ),
}
HARMLESS: dict[str, Callable[[dict[str, Any]], None]] = {
    "nothing": lambda _: None,
    "members that nobody knows": whole(more={"__proto__": 1}, __proto__={"entries": []}),
    "keys that are none beside the key": lambda b: b["log"].update(keys=[1, None, {}, "x", "a+b+c", *b["log"]["keys"]]),
    "columns that do not differ": entry(shown={}),
}


def _made(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    bundle = copy.deepcopy(HONEST)
    change(bundle)
    return bundle


@pytest.fixture(scope="module")
def in_node_said(in_node: Callable[[str, list[Any]], list[Any]]) -> dict[str, Any]:
    names = {**{name: change for name, (change, _) in CHEATS.items() if name != "a number without end"}, **HARMLESS}
    return dict(zip(names, in_node("check", [(_made(change), {}) for change in names.values()]), strict=True))


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_is_verified(name: str, program: ModuleType, in_node_said: dict[str, Any]) -> None:
    change, codes = CHEATS[name]
    said = program.check_bundle(_made(change))
    assert said["verdict"] != "verified" and {finding["code"] for finding in said["findings"]} == codes
    if name in in_node_said:  # JSON has no number without end
        assert json.loads(json.dumps(said)) == in_node_said[name]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_nothing_alarms_nobody(name: str, program: ModuleType, in_node_said: dict[str, Any]) -> None:
    said = program.check_bundle(_made(HARMLESS[name]))
    assert said["verdict"] == "verified" and said == in_node_said[name]
