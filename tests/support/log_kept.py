"""A use that a law had kept back and that is told now, as a bundle: good, and each way in which its older leaves can be wrong. See log_vectors.py."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from consent.ledger import leaf
from tests.support.log_head_spoils import Finding, case
from tests.support.log_world import CITIZEN, LOG, WITNESSING, Ops, Tree, add, bundle, digest, flipped, remove, replace

SIZE = 20
PLACES = {1: 1, 2: 6, 3: 13, 4: 17}
"""Running number to leaf index. The third tells what was kept back at the times and places below."""
KEPT = {1: 4, 2: 8, 3: 10}
AGENCY, LAW = "benefits", "fi.police.5-58"
SINCE = {1: "2026-11-20T09:00:00.000001Z", 2: "2026-11-22T10:00:00.000002Z", 3: "2026-11-23T10:00:00.000003Z"}
UNTIL = {1: "2026-11-23T22:00:00.000000Z", 2: "2026-11-24T22:00:00.000000Z", 3: "2026-11-24T22:00:00.500000Z"}
# Of the chain: after the first was kept, before the second was, and when both were told.
AT = {
    1: "2026-11-20T08:00:00.000000Z",
    2: "2026-11-21T08:00:00.000000Z",
    3: "2026-11-24T22:00:01.000000Z",
    4: "2026-11-24T22:05:00.000000Z",
}
NO_DAY = "2026-11-31T09:00:00.000001Z"
REPORT = {"action": "Looked up", "used_at": "2026-11-19T12:00:00.000000Z"}
NEITHER: list[str] = ["key_from_bundle"]


def _access(number: int, at: str, event: str, **changes: Any) -> dict[str, Any]:
    return {
        "actor": AGENCY, "at": at, "categories": [], "citizen": CITIZEN, "consents": [], "decision": "permit", "details": {},
        "event": event, "id": f"018f4b6a-0000-7000-8000-{number:012x}", "permit": None, "purpose": None, "source": None,
        "v": leaf.FORMAT, **changes,
    }  # fmt: skip


def _kept(**changes: Any) -> list[dict[str, Any]]:
    """The two leaves, as the entry that tells of them names them: what was sealed, and for one longer time. `changes` are those of the first's access."""
    first = _access(
        0x61, REPORT["used_at"], "agency:use:reported", categories=["tax.income"], purpose="investigation",
        details={"delay": {"law": LAW, "until": "2026-11-23"}, "report": REPORT},
    ) | changes  # fmt: skip
    second = _access(
        0x62, SINCE[2], "agency:use:reported", details={"extends": first["id"], "reference": "R 26/1", "until": "2026-11-24"}
    )  # fmt: skip
    return [_named(number, access) for number, access in ((1, first), (2, second))]


def _named(number: int, access: dict[str, Any], since: str | None = None) -> dict[str, Any]:
    salt = digest("kept salt", number)
    times = [datetime.fromisoformat(text) for text in (since or SINCE[number], UNTIL[number])]
    hashed = leaf.opening(salt, access) + leaf.kept_closing(law=LAW, number=number, since=times[0], until=times[1])
    return {
        "commitment": hashlib.sha256(hashed).hexdigest(), "entry": hashed[leaf.SALT_BYTES :].decode(), "id": access["id"],
        "index": KEPT[number], "salt": salt.hex(),
    }  # fmt: skip


def _chain(commitments: list[bytes], details: dict[str, Any]) -> list[dict[str, Any]]:
    accesses = {
        1: _access(1, AT[1], "citizen:consent:given", actor="citizen"),
        2: _access(2, AT[2], "agency:twin:read", categories=["tax.income"]),
        3: _access(3, AT[3], "agency:use:disclosed", categories=["tax.income"], purpose="investigation", details=details),
        4: _access(4, AT[4], "citizen:consent:withdrawn", actor="citizen"),
    }
    made, prev = [], leaf.NO_COMMITMENT
    for seq, access in accesses.items():
        salt = digest("salt", seq)
        commitment = leaf.commitment(salt=salt, access=access, prev=prev, seq=seq)
        made.append({"seq": seq, "prev": prev.hex(), "commitment": commitment.hex(), "salt": salt.hex(), "access": access})
        commitments[PLACES[seq]] = commitment
        prev = commitment
    return made


def disclosing(named: list[dict[str, Any]] | None = None, places: dict[int, int] = KEPT, **changes: Any) -> dict[str, Any]:
    """The bundle. `named`: the leaves; `places`: where they stand; `changes`: details that the entry tells otherwise."""
    leaves = _kept() if named is None else named
    commitments = [digest("another citizen's entry", index) for index in range(SIZE)]
    for number, one in enumerate(leaves, 1):
        commitments[places[number]] = bytes.fromhex(one["commitment"])
    details = {
        "kept": leaves, "kept_since": SINCE[1], "kept_until": UNTIL[len(leaves) or 1], "law": LAW, "report": REPORT,
        "used_at": REPORT["used_at"], **changes,
    }  # fmt: skip
    chain = _chain(commitments, details)
    tree = Tree(commitments)
    made = bundle(
        tree, chain, size=SIZE, length=4, made_at="2026-11-24T22:10:00.000000Z", earlier=[], signers=(LOG, WITNESSING), places=PLACES
    )  # fmt: skip
    made["entries"][2]["kept"] = [
        {"commitment": one["commitment"], "index": places[number], "proof": tree.inclusion(places[number], SIZE)}
        for number, one in enumerate(leaves, 1)
    ]
    return made


def kept_cases(good: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the bundle `disclosed`."""
    proofs = [one["proof"] for one in good["entries"][2]["kept"]]
    here = "/entries/2/kept"
    unproven: Finding = ("kept_unproven", 3)
    absent: Finding = ("kept_not_included", 3)
    by_patch: list[tuple[str, Ops, list[Finding]]] = [
        ("told after a law had it kept back", [], []),
        ("in another order", [replace(here, good["entries"][2]["kept"][::-1])], []),
        ("nothing is carried of what was kept back", [remove(here)], [unproven]),
        ("one of the two is not carried", [remove(f"{here}/1")], [unproven]),
        ("what is carried is no list", [replace(here, {})], [unproven]),
        ("what is carried is another", [replace(f"{here}/0/commitment", flipped(good["entries"][2]["kept"][0]["commitment"]))], [unproven]),
        ("what was kept back is said to wait", [replace(f"{here}/0/index", None), replace(f"{here}/0/proof", None)], [unproven]),
        ("its proof has another hash", [replace(f"{here}/0/proof/3", flipped(proofs[0][3]))], [absent]),
        ("its proof lacks a hash", [remove(f"{here}/1/proof/0")], [absent]),
        ("its proof is none", [replace(f"{here}/0/proof", "00")], [absent]),
        ("its index is another", [replace(f"{here}/0/index", 5)], [absent]),
        ("its index is none, and it has a proof", [replace(f"{here}/0/index", None)], [absent]),
        ("its index is true", [replace(f"{here}/0/index", True)], [absent]),
        ("the proofs of the two change places", [replace(f"{here}/0/proof", proofs[1]), replace(f"{here}/1/proof", proofs[0])], [absent]),
        ("it carries more than was kept back", [add(f"{here}/2", 7)], []),
        ("the entry that tells of it is changed", [replace("/entries/2/access/details/law", "x")], [("content_changed", 3)]),
    ]
    return [
        *[case(name, ops, *found, of="disclosed", notes=NEITHER) for name, ops, found in by_patch],
        *[
            case(name, _remade(good, other), *[(code, 3) for code in codes], of="disclosed", notes=NEITHER)
            for name, other, codes in _others()
        ],
    ]


def _remade(old: Any, new: Any, path: str = "") -> Ops:
    """From the good bundle to another that Aurora itself might have logged."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return [op for name in old for op in _remade(old[name], new[name], f"{path}/{name}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [op for i in range(len(old)) for op in _remade(old[i], new[i], f"{path}/{i}")]
    return [] if old == new else [replace(path, new)]


def _written(named: dict[str, Any], text: str) -> dict[str, Any]:
    """The leaf as it would be of another text."""
    return {**named, "entry": text, "commitment": hashlib.sha256(bytes.fromhex(named["salt"]) + text.encode()).hexdigest()}


def _others() -> list[tuple[str, dict[str, Any], list[str]]]:
    first, second = _kept()
    changed = ["kept_changed"]
    day = datetime.fromisoformat(AT[2]) - timedelta(minutes=10)
    at_once, too_late = leaf.timestamp(day), leaf.timestamp(day - timedelta(milliseconds=1))
    before_second = {1: 7, 2: 8}  # after the chain's second entry
    since = {stated: _named(1, json.loads(first["entry"])["access"], stated) for stated in (at_once, too_late)}
    third = _named(3, {**json.loads(second["entry"])["access"], "id": "018f4b6a-0000-7000-8000-000000000063"})
    timeless = [_written(first, first["entry"].replace(SINCE[1], since)) for since in ("some day", NO_DAY)]
    just_before = leaf.timestamp(datetime.fromisoformat(AT[3]) - timedelta(minutes=5))
    loose = _written(first, first["entry"] + " ")
    return [
        ("it was kept back once", disclosing([first]), []),
        ("its place was not known when it was told", disclosing([{**first, "index": None}]), []),
        ("another report is told", disclosing(report={**REPORT, "action": "Looked away"}), changed),
        ("another law is told", disclosing(law="fi.customs-crime.3-52"), changed),
        ("another time of the use is told", disclosing(used_at=SINCE[1]), changed),
        ("another time from which it was kept is told", disclosing(kept_since=AT[1]), changed),
        ("another time until which it was kept is told", disclosing(kept_until=UNTIL[1]), changed),
        ("no report is told", disclosing(report=None), changed),
        ("what was sealed is of another agency", disclosing(_kept(actor="another-agency")), changed),
        ("what was sealed is about somebody else", disclosing(_kept(citizen="018f4b6a-0000-7000-8000-00000000b0b0")), changed),
        ("what was sealed has another purpose", disclosing(_kept(purpose="benefit-application")), changed),
        ("what was sealed is of other categories", disclosing(_kept(categories=["tax.debts", "tax.income"])), changed),
        ("what was sealed is of another kind", disclosing(_kept(event="agency:twin:read")), changed),
        ("what was sealed has another id", disclosing([{**first, "id": second["id"]}, second]), changed),
        ("the longer time is of something else", disclosing([_kept(id=second["id"])[0], second]), changed),
        ("the longer time comes first", disclosing([second, first]), ["kept_changed", "kept_not_included"]),
        ("the longer time is hidden", disclosing([second], {1: 8}), changed),
        ("the words behind the salt are another's", disclosing([{**first, "entry": second["entry"]}, second]), changed),
        ("the salt is not the one behind which it was sealed", disclosing([{**first, "salt": second["salt"]}, second]), changed),
        ("the words are not in their one form", disclosing([loose, second]), changed),
        ("the words say at no time since when", disclosing([timeless[0], second], kept_since="some day"), changed),
        ("the words say a day that is in no calendar", disclosing([timeless[1], second], kept_since=NO_DAY), changed),
        ("the salt is none", disclosing([{**first, "salt": None}, second]), changed),
        ("nothing is named that was kept back", disclosing([], kept_until=UNTIL[1]), changed),
        ("what was kept back is no list", disclosing(kept={}), changed),
        ("one of what was kept back is no leaf", disclosing(kept=[7]), changed),
        ("kept back for two longer times", disclosing([first, second, third]), changed),
        ("it stands elsewhere than the entry says", disclosing([{**first, "index": 5}, second]), ["kept_not_included"]),
        ("it was sealed after it was told", disclosing(places={1: 4, 2: 15}, named=[first, {**second, "index": 15}]), ["kept_late"]),
        (
            "it was sealed after it was told, minutes later",
            disclosing([{**_named(1, json.loads(first["entry"])["access"], just_before), "index": 15}], {1: 15}, kept_since=just_before),
            ["kept_late"],
        ),
        ("it was sealed when later entries stood already", disclosing(places=before_second, named=[{**first, "index": 7}, second]), ["kept_late"]),
        (
            "it was sealed within ten minutes of an entry before it",
            disclosing([{**since[at_once], "index": 7}], before_second, kept_since=at_once),
            [],
        ),
        (
            "it was sealed more than ten minutes after it says",
            disclosing([{**since[too_late], "index": 7}], before_second, kept_since=too_late),
            ["kept_late"],
        ),
    ]  # fmt: skip
