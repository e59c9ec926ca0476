"""What can be wrong with a bundle, one deed a case, and what a verifier must say of it. See log_vectors.py."""

from __future__ import annotations

from typing import Any

from consent.ledger import leaf
from tests.support.log_head_spoils import Finding, case, heads, rotations, witnesses
from tests.support.log_world import (
    COSIGNED,
    DAY,
    FOREIGN,
    LOG,
    NAME,
    OTHER,
    PLACES,
    SIZE,
    WITNESSING,
    Ops,
    Tree,
    add,
    b64,
    digest,
    flipped,
    remove,
    replace,
)


def cases(tree: Tree, fork: Tree, chain: list[dict[str, Any]], earlier: dict[str, Any], today: dict[str, Any]) -> list[dict[str, Any]]:
    compared: list[str] = []
    noted: list[Finding] = [("extension_unproven", 4), ("tree_forked", 9)]
    return [
        *_good(earlier, today),
        *_entries(chain, today),
        *_chain(chain, today),
        *heads(tree, today),
        *witnesses(tree),
        *rotations(tree),
        case("a fork for one citizen alone, from the beginning", [], of="forked_throughout", notes=["key_from_bundle", "unwitnessed"]),
        case("a fork of which the chain knows better", [], *noted, of="forked", notes=["key_from_bundle", "unwitnessed"]),
        case(
            "a fork, held against an earlier bundle",
            [],
            *noted,
            ("extension_unproven",),
            of="forked",
            older="earlier",
            notes=["unwitnessed"],
        ),
        case(
            "a fork with the proof of the true tree",
            [add("/earlier/0", today["earlier"][0])],
            ("earlier_forked",),
            *noted,
            ("tree_forked",),
            of="forked",
            older="earlier",
            notes=["unwitnessed"],
        ),
        case("a forked tree of the same size", [], *noted, ("tree_forked",), of="forked", older="today", notes=["unwitnessed"]),
        case(
            "a tree that shrank",
            [],
            ("chain_shrunk", 9),
            ("tree_shrunk",),
            of="earlier",
            older="today",
            notes=["unwitnessed"],
        ),
        case(
            "another entry under a number that was seen",
            [],
            ("chain_forked", 2),
            older="earlier",
            older_ops=_other_second(chain, earlier),
            notes=compared,
        ),
        case(
            "an earlier bundle that does not hold",
            [],
            ("older_failed",),
            older="earlier",
            older_ops=[replace("/entries/0/access/actor", "x")],
        ),
        case("the bundle of somebody else, earlier", [], ("citizen_differs",), older="earlier", older_ops=_of_nobody(), notes=compared),
        case("an earlier bundle by another key", _signed_by_other(tree), ("key_changed",), older="earlier", notes=["unwitnessed"]),
        case("another key than the one known from elsewhere", [], ("wrong_key",), keys=[OTHER.vkey], notes=[]),
        case("a log of another name than the one known from elsewhere", [], ("other_log",), keys=[FOREIGN.vkey], notes=[]),
        case("a witness that did not sign", [], ("witness_missing",), witnesses=[], notes=["key_from_bundle", "unwitnessed"]),
    ]


def _good(earlier: dict[str, Any], today: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        case("whole and true", []),
        case("the earlier one", [], of="earlier", notes=["key_from_bundle", "unwitnessed"]),
        case("extends the earlier one", [], older="earlier", notes=[]),
        case("the same again", [], older="today", notes=[]),
        case("with the key known from elsewhere", [], keys=[LOG.vkey], witnesses=[WITNESSING.vkey], notes=[]),
        case("further keys that no verifier knows", [add("/log/keys/1", "aurora.example/ledger+00000000+Bg=="), add("/log/keys/2", 5)]),
        case(
            "witnessed at an earlier head",
            [
                replace("/checkpoint", today["checkpoint"].rsplit("— ", 1)[0]),
                replace("/earlier/0/checkpoint", _witnessed(earlier["checkpoint"])),
            ],
            notes=["key_from_bundle", "witnessed_earlier"],
        ),
        case(
            "witnessed at an earlier head alone, as long ago as that is",
            [
                replace("/checkpoint", today["checkpoint"].rsplit("— ", 1)[0]),
                replace("/earlier/0/checkpoint", _witnessed(earlier["checkpoint"], COSIGNED - 2 * DAY)),
            ],
            ("witness_old",),
            notes=["key_from_bundle", "witnessed_earlier"],
        ),
        case("a whole number written as a fraction is the same number", [replace("/entries/0/access/v", 1.0)]),
        case("nothing yet", [replace("/entries", []), replace("/head", None)], notes=["key_from_bundle", "empty"]),
        case(
            "an ML-DSA line that is passed over",
            [replace("/checkpoint", today["checkpoint"] + f"— {NAME} {b64(digest('a line of another kind') * 2)}\n")],
            notes=["key_from_bundle", "other_signatures"],
        ),
    ]


def _entries(chain: list[dict[str, Any]], today: dict[str, Any]) -> list[dict[str, Any]]:
    entry = today["entries"][2]
    changed: list[tuple[str, Ops]] = [
        ("the actor is changed", [replace("/entries/2/access/actor", "another-agency")]),
        ("the time is changed", [replace("/entries/2/access/at", "2026-11-21T08:03:00.000004Z")]),
        ("a category is added", [add("/entries/2/access/categories/1", "tax.debts")]),
        ("a member is added", [add("/entries/2/access/extra", None)]),
        ("a member is taken away", [remove("/entries/2/access/source")]),
        ("a text holds a lone surrogate", [replace("/entries/2/access/source", "\ud800")]),
        ("a number is a fraction", [replace("/entries/2/access/v", 1.5)]),
        ("a number is too large", [replace("/entries/2/access/v", 2**53)]),
        ("true stands for one", [replace("/entries/2/access/v", True)]),
        ("the salt is another", [replace("/entries/2/salt", flipped(entry["salt"]))]),
    ]
    return [
        *[case(name, ops, ("content_changed", 3)) for name, ops in changed],
        case(
            "the commitment is another",
            [replace("/entries/2/commitment", flipped(entry["commitment"]))],
            ("content_changed", 3),
            ("not_included", 3),
            ("unlinked", 4),
        ),
        case("the predecessor is another", [replace("/entries/2/prev", flipped(entry["prev"]))], ("content_changed", 3), ("unlinked", 3)),
        case("the proof has another hash", [replace("/entries/2/proof/4", flipped(entry["proof"][4]))], ("not_included", 3)),
        case("the proof lacks a hash", [remove("/entries/2/proof/4")], ("not_included", 3)),
        case("the proof has a hash too many", [add("/entries/2/proof/9", entry["proof"][0])], ("not_included", 3)),
        case("the proof is empty", [replace("/entries/2/proof", [])], ("not_included", 3)),
        case("the index is another", [replace("/entries/2/index", 42)], ("not_included", 3)),
        case("the index is beyond the tree", [replace("/entries/2/index", SIZE)], ("not_included", 3)),
        case("the proof is another entry's", [replace("/entries/2/proof", today["entries"][3]["proof"])], ("not_included", 3)),
        case("the sealed part does not open", [replace("/entries/2/salt", None), replace("/entries/2/access", None)], ("unreadable", 3)),
        case("the pages say otherwise", [add("/entries/2/shown", {"actor": "another-agency"})], ("shown_differs", 3)),
        case("an entry is kept out of the tree", [replace("/entries/2/index", None), replace("/entries/2/proof", None)], ("left_out", 3)),
        case("the last waits too long", [replace("/made_at", "2026-11-24T08:20:00.000009Z")], ("overdue", 9)),
        case("it was made before its last entry", [replace("/made_at", "2026-11-24T07:50:00.000000Z")], ("overdue", 9)),
        case("it was made at no time", [replace("/made_at", "2026-11-24")], ("witness_old",), ("overdue", 9)),
        case(
            "all is about somebody else",
            [replace("/citizen", "018f4b6a-0000-7000-8000-00000000b0b0")],
            *[("other_citizen", seq) for seq in range(1, 10)],
        ),
        *[
            case(name, [replace(f"/entries/2/{member}", value)], ("malformed", 3), ("missing_before", 4))
            for name, member, value in (
                ("a commitment in capitals", "commitment", entry["commitment"].upper()),
                ("a commitment too short", "commitment", "00"),
                ("no predecessor", "prev", None),
                ("a salt without content", "access", None),
                ("an index without a proof", "proof", None),
                ("a proof that is no list", "proof", "00"),
                ("a proof with a hash of another length", "proof", ["00"]),
                ("content that is a list", "access", []),
                ("a negative index", "index", -1),
                ("a true index", "index", True),
            )
        ],
        case("a number that is none", [replace("/entries/2/seq", "3")], *[(*one,) for one in _without_number()]),
        case("an entry that is none", [replace("/entries/8", 7)], *_without_last()),
    ]


def _without_number() -> list[Finding]:
    return [("malformed", None), ("missing_before", 4)]


def _without_last() -> list[Finding]:
    return [("malformed", None), ("missing_at_end", 9)]


def _chain(chain: list[dict[str, Any]], today: dict[str, Any]) -> list[dict[str, Any]]:
    entries = today["entries"]
    again = {**entries[2], "seq": 4, "prev": chain[2]["commitment"]}
    again["commitment"] = leaf.commitment(
        salt=bytes.fromhex(again["salt"]), access=again["access"], prev=bytes.fromhex(again["prev"]), seq=4
    ).hex()
    return [
        case("an entry is missing", [remove("/entries/4")], ("missing_before", 6)),
        case("the first is missing", [remove("/entries/0")], ("missing_before", 2)),
        case("the last is missing", [remove("/entries/8")], ("missing_at_end", 9)),
        case("the last is missing and the head set back", [remove("/entries/8"), replace("/head", _head(chain, 8))]),
        case(
            "the last is missing, the head set back, and an earlier bundle knows it",
            [remove("/entries/8"), replace("/head", _head(chain, 8))],
            ("chain_shrunk", 9),
            older="today",
            notes=[],
        ),
        case("all are missing", [replace("/entries", [])], ("missing_at_end", 9), notes=["key_from_bundle", "empty"]),
        case(
            "two change places",
            [replace("/entries/3", entries[4]), replace("/entries/4", entries[3])],
            ("missing_before", 5),
            ("reordered", 4),
        ),
        case("one stands twice", [add("/entries/4", entries[3])], ("repeated", 4)),
        case("one stands twice, at the end", [add("/entries/9", entries[3])], ("repeated", 4)),
        case("one is put in the place of another", [replace("/entries/3", again)], ("not_included", 4), ("unlinked", 5)),
        case("the head is another", [replace("/head/commitment", flipped(today["head"]["commitment"]))], ("head_differs",)),
        case("the head is behind", [replace("/head", _head(chain, 8))], ("head_differs",)),
        case("the head is gone", [replace("/head", None)], ("head_differs",)),
    ]


def _head(chain: list[dict[str, Any]], seq: int) -> dict[str, Any]:
    return {"seq": seq, "commitment": chain[seq - 1]["commitment"]}


def _witnessed(note: str, time: int = COSIGNED) -> str:
    return note + WITNESSING.line(note.split("\n\n")[0] + "\n", time)


def _signed_by_other(tree: Tree) -> Ops:
    return [replace("/checkpoint", tree.head(SIZE, OTHER)), replace("/log/keys", [OTHER.vkey])]


def _of_nobody() -> Ops:
    return [replace("/entries", []), replace("/head", None), replace("/citizen", "018f4b6a-0000-7000-8000-00000000b0b0")]


def _other_second(chain: list[dict[str, Any]], earlier: dict[str, Any]) -> Ops:
    """An earlier download whose second entry was another one, and nothing sealed after it."""
    access = {**chain[1]["access"], "actor": "aurora", "details": {}}
    salt, prev = bytes.fromhex(chain[1]["salt"]), bytes.fromhex(chain[1]["prev"])
    commitment = leaf.commitment(salt=salt, access=access, prev=prev, seq=2).hex()
    second = {**earlier["entries"][1], "access": access, "commitment": commitment, "index": None, "proof": None}
    return [
        replace("/entries", [earlier["entries"][0], second]),
        replace("/head", {"seq": 2, "commitment": commitment}),
        replace("/made_at", "2026-11-21T08:03:00.000004Z"),
    ]


def proof_cases(tree: Tree, chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """C2SP tlog-proof@v1 of the third entry."""
    link, place = chain[2], PLACES[3]
    hashed = leaf.opening(bytes.fromhex(link["salt"]), link["access"]) + leaf.closing(bytes.fromhex(link["prev"]), 3)
    hashes = [b64(bytes.fromhex(one)) for one in tree.inclusion(place, SIZE)]
    good = (
        "\n".join(["c2sp.org/tlog-proof@v1", f"extra {b64(hashed)}", f"index {place}", *hashes]) + "\n\n" + tree.head(SIZE, LOG, WITNESSING)
    )
    spoiled = {
        "whole and true": (good, [LOG.vkey], "proved"),
        "another index": (good.replace(f"index {place}", "index 40"), [LOG.vkey], "not_included"),
        "another hash": (good.replace(hashes[0], hashes[1], 1), [LOG.vkey], "not_included"),
        "another content": (good.replace(b64(hashed), b64(hashed.replace(b"benefits", b"burglars"))), [LOG.vkey], "not_included"),
        "another key": (good, [OTHER.vkey], "wrong_key"),
        "another log": (good, [FOREIGN.vkey], "other_log"),
        "another size": (good.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"), [LOG.vkey], "signature_wrong"),
        "no content": ("\n".join(line for line in good.split("\n") if not line.startswith("extra ")), [LOG.vkey], "bad_format"),
        "another version": (good.replace("@v1", "@v2"), [LOG.vkey], "bad_format"),
        "a hash that is none": (good.replace(hashes[0], "AAAA"), [LOG.vkey], "bad_format"),
        "an index with a zero in front": (good.replace(f"index {place}", f"index 0{place}"), [LOG.vkey], "bad_format"),
    }
    return [{"name": name, "proof": text, "keys": keys, "code": code} for name, (text, keys, code) in spoiled.items()]
