#!/usr/bin/env python3
"""Checks your Aurora log without Aurora: Python 3.11 or later, nothing else. Nothing leaves your computer unless you give --log.

    python aurora_verify.py bundle.json                       is it whole and true?
    python aurora_verify.py bundle.json --older earlier.json  and does it extend what you downloaded earlier?
    python aurora_verify.py bundle.json --log https://aurora.example/ledger   and is everyone shown the same tree?
    python aurora_verify.py entry.tlog-proof --key VKEY       one entry (C2SP tlog-proof@v1)

--key and --witness name verifier keys (C2SP signed-note) that you know from elsewhere; without them those in the bundle are taken, and the
answer says so. Exit code: 0 verified, 1 something is wrong, 2 not readable or wrongly called, 3 true as far as it could be checked, but
something could not. --json prints the result with the codes of docs/citizen/log.md, which the verifier in the browser gives too.

Ed25519 (RFC 8032), RFC 8785, RFC 9162 and C2SP signed-note, tlog-checkpoint, tlog-cosignature are written out below, so that one file
can be read, kept and trusted. ML-DSA-44 lines are not checked: the Python library has nothing for them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeGuard

FORMAT = "aurora-log-bundle-1"
NO_COMMITMENT = "0" * 64
EXPORTED = "citizen:twin:exported"
LOG, WITNESS = 1, 4
DISCLOSED, REPORTED = "agency:use:disclosed", "agency:use:reported"
INCOMPLETE = {"overdue", "extension_unproven", "public_unproven", "witness_missing", "witness_old", "witness_changed", "kept_unproven"}
SIGNED = {"signed", "signed_earlier"}
UNSAID = {"unreadable", "content_changed"}  # what such an entry says was not written by the log
LATEST = timedelta(minutes=10)  # the sequencer takes a tenth of a second
FRESH = timedelta(days=1)  # a witness signs once an hour at least
LONGEST_PROOF, LONGEST_NOTE, LONGEST_TILE, DEEPEST = 64, 64 * 1024, 8192, 64
LARGEST = 2**53 - 1
TILE_WIDTH = 256
# The worst first: an entry's own code is the first of these that it has.
ORDER = (
    "malformed", "unreadable", "content_changed", "other_citizen", "repeated", "reordered", "missing_before", "unlinked",
    "not_included", "left_out", "kept_changed", "kept_not_included", "kept_late", "shown_differs", "kept_unproven", "overdue",
)  # fmt: skip
SENTENCES = {
    "malformed": "This is no entry of a log.",
    "unreadable": "Aurora could not open this entry, so its content cannot be checked.",
    "content_changed": "This entry has been changed since it was written.",
    "other_citizen": "This entry was written about somebody else.",
    "repeated": "This number stands more than once.",
    "reordered": "This entry stands out of its order.",
    "missing_before": "Entries before this one are missing.",
    "unlinked": "This entry does not follow from the one before it.",
    "not_included": "This entry does not stand in the public log.",
    "left_out": "This entry was kept out of the public log, though later ones are in it.",
    "kept_changed": "A law had this kept back; what is told now is not what was sealed in the public log then.",
    "kept_not_included": "A law had this kept back; what was sealed then does not stand in the public log where it is said to.",
    "kept_late": "A law had this kept back; it was sealed in the public log later than it says.",
    "kept_unproven": "A law had this kept back; the bundle has no proof that it was sealed in the public log since then.",
    "shown_differs": "Aurora's pages show this entry otherwise than it was written.",
    "overdue": "This entry has waited for its seal for more than ten minutes.",
    "pending": "Waiting to be sealed.",
    "proved": "Holds.",
    "bad_format": "This is no file that this program can check.",
    "no_checkpoint": "The bundle has no signed tree head.",
    "checkpoint_malformed": "The signed tree head cannot be read.",
    "signature_wrong": "The log's signature is wrong.",
    "wrong_key": "The tree head is not signed by the key that you trust.",
    "other_log": "The tree head is of another log.",
    "key_changed": "The log has another key than last time.",
    "missing_at_end": "Entries are missing at the end of your log.",
    "head_differs": "The last entry is not the one that Aurora notes as the last.",
    "witness_wrong": "A witness's signature is wrong.",
    "witness_missing": "None of the witnesses that you trust has signed.",
    "witness_old": "The newest signature of a witness is more than a day older than the bundle, or the bundle does not say when it was made: nobody outside has confirmed what came since.",
    "witness_changed": "This witness is named with another key than the one that was noted; what that key signs is not counted.",
    "earlier_forked": "The public log no longer contains a state that it had.",
    "tree_shrunk": "The public log has fewer entries than last time.",
    "tree_forked": "The public log no longer contains what it contained last time.",
    "chain_shrunk": "Your log has fewer entries than last time.",
    "chain_forked": "An entry that you saw last time has been replaced.",
    "citizen_differs": "The earlier bundle is about somebody else.",
    "older_failed": "The earlier bundle does not hold itself.",
    "extension_unproven": "Whether the public log extends the earlier one could not be checked; --log can.",
    "public_forked": "Everyone else is shown another public log than the one in this bundle.",
    "public_unproven": "The public log could not be read.",
    "key_from_bundle": "The log's key was taken from the bundle itself: compare it with the one published elsewhere.",
    "unwitnessed": "No witness has signed this tree head.",
    "witnessed_earlier": "Witnesses have signed an earlier tree head, which this one extends.",
    "key_renewed": "The log has a new key. The one that was noted has signed the same tree head beside it; the new one is noted from now on.",
    "witness_gone": "A key of a witness that was noted before is named no longer.",
    "other_signatures": "The tree head bears further signatures of the log that are not checked here (ML-DSA).",
    "empty": "There are no entries.",
}
# Of a state of the public log that the entry of a download notes.
NOTED_SENTENCES = {
    "tree_shrunk": "This entry is a download of yours. The public log has fewer entries than it notes.",
    "tree_forked": "This entry is a download of yours. The public log no longer contains the state that it notes.",
    "extension_unproven": "This entry is a download of yours. Whether the public log contains the state that it notes could not be checked; --log can.",
}
WITNESS_SENTENCES = {
    "signed": "has signed this state",
    "signed_earlier": "has signed an earlier state, which this one contains",
    "not_signed": "has not signed",
    "unknown": "is not the key that was noted under this name: what it signs is not counted",
    "gone": "was noted before, and is named no longer",
}


class NotCanonical(ValueError):
    """A value that no entry can hold."""


# --- Ed25519, RFC 8032, 5.1 ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def _add(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _point(data: bytes) -> Point | None:
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """RFC 8032, 5.1.7."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    base = _point(bytes([0x58]) + bytes([0x66]) * 31)
    assert base is not None
    left, right = _times(s, base), _add(r, _times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Text and bytes: one spelling for each value ---


def unhex(text: object, length: int | None = None) -> bytes | None:
    if not isinstance(text, str) or not re.fullmatch(r"(?:[0-9a-f]{2})*", text) or (length is not None and len(text) != 2 * length):
        return None
    return bytes.fromhex(text)


def unbase64(text: object) -> bytes | None:
    if not isinstance(text, str) or not re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text):
        return None
    return base64.b64decode(text)


def canonical(value: object, depth: int = 0) -> str:
    """RFC 8785 of what JSON can say without fractions. Raises NotCanonical."""
    if depth > DEEPEST:
        raise NotCanonical("too deep")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) <= LARGEST:
        return str(value)
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise NotCanonical("a lone surrogate")
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    if isinstance(value, dict):
        quoted = {key: canonical(key) for key in value}  # before sorting: refuses what has no UTF-16
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{quoted[key]}:{canonical(value[key], depth + 1)}" for key in keys) + "}"
    raise NotCanonical("not a whole number that is exact")


def read_json(text: str) -> Any:
    """As a browser reads it: 1.0 is 1, NaN is none. Raises ValueError or RecursionError."""

    def number(spelled: str) -> int | float:
        value = float(spelled)
        return int(value) if value.is_integer() and abs(value) <= LARGEST else value

    def none_such(spelled: str) -> Any:
        raise ValueError(f"{spelled} is no JSON")

    return json.loads(text, parse_float=number, parse_constant=none_such, parse_int=lambda s: int(s) if len(s) < 20 else float(s))


# --- The tree, RFC 9162, 2.1 ---


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(commitment: bytes) -> bytes:
    return _sha256(b"\x00", commitment)


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01", left, right)


def is_included(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or any(len(value) != 32 for value in (leaf, root, *proof)):
        return False
    fn, sn, value = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == root


def is_consistent(*, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2. An empty old tree proves nothing."""
    if any(len(value) != 32 for value in (old_root, new_root, *proof)):
        return False
    if old_size == new_size > 0:
        return not proof and old_root == new_root
    if not 0 < old_size < new_size:
        return False
    path = [old_root, *proof] if not old_size & (old_size - 1) else list(proof)
    if not path:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def consistency_proof(old_size: int, new_size: int, node: Callable[[int, int], bytes]) -> list[bytes]:
    """RFC 6962, 2.1.2, from the hashes of complete subtrees."""

    def whole(start: int, end: int) -> bytes:
        width = end - start
        if not width & (width - 1):
            return node(width.bit_length() - 1, start // width)
        middle = start + (1 << ((width - 1).bit_length() - 1))
        return node_hash(whole(start, middle), whole(middle, end))

    proof: list[bytes] = []
    start, end, complete = 0, new_size, True
    while end != old_size:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old_size <= middle:
            proof.insert(0, whole(middle, end))
            end = middle
        else:
            proof.insert(0, whole(start, middle))
            start, complete = middle, False
    return proof if complete else [whole(start, end), *proof]


def node_of_tiles(size: int, tile: Callable[[str], bytes]) -> Callable[[int, int], bytes]:
    """Hashes of complete subtrees out of C2SP tiles. Raises ValueError where one is too short."""
    fetched: dict[str, bytes] = {}

    def node(height: int, index: int) -> bytes:
        level, count = height // 8, 1 << height % 8
        place = index * count // TILE_WIDTH
        path = f"{level}/{tile_path(place, min((size >> 8 * level) - place * TILE_WIDTH, TILE_WIDTH))}"
        if path not in fetched:
            fetched[path] = tile(path)
        start = index * count % TILE_WIDTH * 32
        hashes = [fetched[path][start + 32 * i : start + 32 * i + 32] for i in range(count)]
        if len(hashes[-1]) != 32:
            raise ValueError("a tile lacks hashes")
        while len(hashes) > 1:
            hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        return hashes[0]

    return node


def tile_path(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


# --- Who signed what: C2SP signed-note, tlog-checkpoint, tlog-cosignature ---


class Key:
    """A verifier key of Ed25519, of a log (type 0x01) or a witness (0x04)."""

    def __init__(self, vkey: str, name: str, kind: int, public: bytes) -> None:
        self.vkey, self.name, self.kind, self.public = vkey, name, kind, public
        self.id = _sha256(name.encode(), b"\n", bytes([kind]), public)[:4]


class Head:
    """An opened checkpoint: what it states, who signed it, its text and signature lines."""

    def __init__(self, origin: str, size: int, root: bytes, text: str, lines: list[tuple[str, bytes, bytes]]) -> None:
        self.origin, self.size, self.root, self.text, self.lines = origin, size, root, text, lines
        self.signer: Key
        self.unchecked = False


def parse_key(vkey: object) -> Key | None:
    if not isinstance(vkey, str):
        return None
    name, _, rest = vkey.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    material = unbase64(encoded)
    if (
        not re.fullmatch(r"[^\s+\x00-\x1f\x7f\x85\ufeff]+", name)
        or material is None
        or len(material) != 33
        or material[0] not in (LOG, WITNESS)
    ):
        return None
    key = Key(vkey.strip(), name, material[0], material[1:])
    return key if key.id.hex() == stated else None


def keys_of(vkeys: Iterable[object], kind: int) -> list[Key]:
    return [key for key in map(parse_key, vkeys) if key is not None and key.kind == kind]


def parse_checkpoint(note: object) -> Head | None:
    if not isinstance(note, str) or len(note) > LONGEST_NOTE or re.search(r"[\x00-\x09\x0b-\x1f]", note) or not note.endswith("\n"):
        return None
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not text:
        return None
    lines = []
    for line in signatures[:-1].split("\n"):
        parts = line.split(" ")
        raw = unbase64(parts[2]) if len(parts) == 3 and parts[0] == "—" and parts[1] else None
        if raw is None or len(raw) < 5:
            return None
        lines.append((parts[1], raw[:4], raw[4:]))
    stated = [*text.split("\n"), ""]
    root = unbase64(stated[2]) if len(stated) > 3 else None
    if not stated[0] or root is None or len(root) != 32 or not re.fullmatch(r"0|[1-9][0-9]{0,15}", stated[1]) or int(stated[1]) > LARGEST:
        return None
    return Head(stated[0], int(stated[1]), root, text + "\n", lines)


def open_checkpoint(note: object, keys: Sequence[Key]) -> Head | str:
    """The head, or the code of what is wrong with it."""
    head = parse_checkpoint(note)
    if head is None:
        return "checkpoint_malformed"
    signers = []
    for name, identifier, signature in head.lines:
        key = next((one for one in keys if (one.name, one.id) == (name, identifier)), None)
        if key is None:
            continue
        if not ed25519(key.public, signature, head.text.encode("utf-8", "surrogatepass")):
            return "signature_wrong"
        signers.append(key)
    if not signers:
        return "wrong_key" if not keys or any(key.name == head.origin for key in keys) else "other_log"
    head.signer = signers[0]
    if head.signer.name != head.origin:
        return "other_log"
    known = {(key.name, key.id) for key in keys}
    head.unchecked = any(name == head.origin and (name, identifier) not in known for name, identifier, _ in head.lines)
    return head


def cosigned(head: Head, witnesses: Sequence[Key]) -> tuple[dict[Key, int], bool]:
    """The keys of the witnesses whose cosignature/v1 holds, with the newest time (POSIX) that each states, and whether one of theirs does not."""
    held: dict[Key, int] = {}
    wrong = False
    for name, identifier, signature in head.lines:
        key = next((one for one in witnesses if (one.name, one.id) == (name, identifier)), None)
        if key is None:
            continue
        time = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {time}\n{head.text}".encode("utf-8", "surrogatepass")
        if len(signature) != 72 or not 0 < time <= LARGEST or not ed25519(key.public, signature[8:], message):
            wrong = True
        else:
            held[key] = max(time, held.get(key, 0))
    return held, wrong


class Watch:
    """Whose cosignatures count. A witness that was noted before is known by the key that it had then: another key under its name counts
    only on a note that the noted key signed too.
    """

    def __init__(self, named: Iterable[Key], noted: Iterable[Key]) -> None:
        self._named = list({key.vkey: key for key in named}.values())
        self._noted = {key.vkey: key for key in noted}
        self._vkeys = {key.vkey for key in self._named}
        # A noted key is looked for even where it is named no longer, unless another noted one of the same witness is.
        told = {key.name for key in self._named if key.vkey in self._noted}
        self._missing = [key for key in self._noted.values() if key.name not in told]
        self._counted: dict[str, str] = {}
        self._refused: set[str] = set()
        self.wrong = False
        self.newest: int | None = None  # of what counts, when it was signed, as the witness says

    def read(self, head: Head, state: str) -> None:
        """Take in a note that is proved."""
        held, wrong = cosigned(head, [*self._named, *self._missing])
        self.wrong = self.wrong or wrong
        vouching = {key.name for key in held if key.vkey in self._noted}
        for key, time in held.items():
            if self._strange(key) and key.name not in vouching:
                self._refused.add(key.vkey)
            else:
                self._counted.setdefault(key.vkey, state)
                self.newest = max(time, self.newest or 0)

    def told(self) -> list[dict[str, Any]]:
        def state(key: Key) -> str:
            return "unknown" if self._strange(key) else "not_signed" if key.vkey in self._vkeys else "gone"

        return [
            {"name": key.name, "key": key.vkey, "state": self._counted.get(key.vkey) or state(key)}
            for key in [*self._named, *self._missing]
        ]

    def changed(self) -> list[str]:
        """The names whose key is another, without the former's word for it."""
        missing = {key.name for key in self._missing}
        alone = [
            key.name
            for key in self._named
            if self._strange(key) and key.vkey not in self._counted and (key.vkey in self._refused or key.name in missing)
        ]
        return list(dict.fromkeys(alone))

    def _strange(self, key: Key) -> bool:
        return key.vkey not in self._noted and any(one.name == key.name for one in self._noted.values())


# --- A citizen's entries ---


def _is_count(value: object, least: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST


class Entry:
    """An entry of a bundle whose form is right."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.seq, self.prev, self.commitment = given["seq"], given["prev"], given["commitment"]
        self.salt, self.access, self.index = unhex(given["salt"], 32), given["access"], given["index"]
        self.proof = None if given["proof"] is None else [bytes.fromhex(one) for one in given["proof"]]
        self.shown = given.get("shown") or {}
        self.kept = given.get("kept")


def read_entry(given: object) -> Entry | None:
    if not isinstance(given, dict) or not _is_count(given.get("seq"), 1):
        return None
    if (
        not {"salt", "access", "index", "proof"} <= given.keys()
        or unhex(given.get("prev"), 32) is None
        or unhex(given.get("commitment"), 32) is None
    ):
        return None
    sealed = given["salt"] is None and given["access"] is None
    if not sealed and (unhex(given["salt"], 32) is None or not isinstance(given["access"], dict)):
        return None
    index, proof = given["index"], given["proof"]
    pending = index is None and proof is None
    if not pending and not (_is_count(index, 0) and isinstance(proof, list) and len(proof) <= LONGEST_PROOF and _hashes(proof) is not None):
        return None
    if "shown" in given and not isinstance(given["shown"], dict):
        return None
    return Entry(given)


def _content(entry: Entry, citizen: str) -> list[str]:
    if entry.access is None:
        return ["unreadable"]
    try:
        hashed = f'{{"access":{canonical(entry.access)},"prev":"{entry.prev}","seq":{entry.seq}}}'.encode()
    except NotCanonical:
        return ["content_changed"]  # nothing that was ever logged has no canonical form
    assert entry.salt is not None
    if _sha256(entry.salt, hashed).hex() != entry.commitment:
        return ["content_changed"]
    found = [] if entry.access.get("citizen") == citizen else ["other_citizen"]
    return [*found, "shown_differs"] if entry.shown else found


def _instant(text: object) -> datetime | None:
    """To the millisecond, as browsers count."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text, re.ASCII):
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(microsecond=at.microsecond // 1000 * 1000) if at.isoformat().startswith(text[:19]) else None
    except ValueError:
        return None


def _late(at: object, made_at: object) -> bool:
    """Whoever writes the bundle says when it was made: a time that is none, or long before the entry, is no reason to wait."""
    written, made = _instant(at), _instant(made_at)
    return written is None or made is None or abs(made - written) > LATEST


# --- What a law had kept back: the leaf, or the two, that an entry which tells of it names ---


def _part(value: object, *path: str) -> Any:
    """A member within members; None where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _opened(named: object) -> Any:
    """What was hashed behind the salt, if it makes the commitment that is named; else None."""
    salt, text = unhex(_part(named, "salt"), 32), _part(named, "entry")
    if salt is None or not isinstance(text, str):
        return None
    if _sha256(salt, text.encode()).hex() != _part(named, "commitment"):
        return None
    try:
        said = read_json(text)
        return said if canonical(said) == text and _instant(_part(said, "kept", "since")) is not None else None
    except (ValueError, RecursionError):
        return None  # no JSON, or none that was ever sealed


def _agrees(access: dict[str, Any], named: Sequence[object], sealed: Sequence[Any]) -> bool:
    """Does the entry tell what was sealed, all of it under the same law and in its order?"""
    details, first, last = access.get("details"), sealed[0], sealed[-1]
    told = [_part(access, name) for name in ("citizen", "actor", "purpose", "categories")]
    told += [_part(details, name) for name in ("used_at", "report", "law", "kept_since", "kept_until")]
    then = [_part(first, "access", name) for name in ("citizen", "actor", "purpose", "categories", "at")]
    then += [
        _part(first, "access", "details", "report"),
        _part(first, "kept", "law"),
        _part(first, "kept", "since"),
        _part(last, "kept", "until"),
    ]
    if canonical(told) != canonical(then):
        return False
    for number, (name, one) in enumerate(zip(named, sealed, strict=True), 1):
        known = [_part(name, "id"), _part(access, "citizen"), _part(access, "actor"), REPORTED, _part(details, "law"), number]
        known.append(_part(named[0], "id") if number > 1 else None)
        stated = [_part(one, "access", member) for member in ("id", "citizen", "actor", "event")]
        stated += [_part(one, "kept", "law"), _part(one, "kept", "number"), _part(one, "access", "details", "extends")]
        if canonical(known) != canonical(stated):
            return False
    return True


def _placed(named: object, said: Any, entry: Entry, head: Head | None, dated: Iterable[tuple[datetime, int]]) -> str:
    """ "" where the leaf stands in the tree, before its entry and before all that is proved to be of a later time."""
    commitment = unhex(_part(named, "commitment"), 32)
    if commitment is None:
        return ""  # there are no words that make it
    carried = [one for one in entry.kept if _part(one, "commitment") == commitment.hex()] if isinstance(entry.kept, list) else []
    first, stated = carried[0] if carried else None, _part(named, "index")
    index, given = _part(first, "index"), _part(first, "proof")
    if index is None and given is None:
        return "kept_unproven"
    if head is None:
        return ""  # the whole has a finding of its own
    proof = _hashes(given)
    if proof is None or len(proof) > LONGEST_PROOF or not _is_count(index, 0):
        return "kept_not_included"
    if stated is not None and not (_is_count(stated, 0) and stated == index):
        return "kept_not_included"
    if not is_included(index=index, size=head.size, leaf=leaf_hash(commitment), proof=proof, root=head.root):
        return "kept_not_included"
    since = None if said is None else _instant(said["kept"]["since"])
    before = [place for at, place in dated if since is not None and at > since + LATEST]
    if entry.proof is not None:
        before.append(entry.index)
    return "" if all(index < place for place in before) else "kept_late"


def _kept_codes(entry: Entry, head: Head | None, dated: Sequence[tuple[datetime, int]]) -> list[str]:
    named = _part(entry.access, "details", "kept")
    if not isinstance(named, list) or not 1 <= len(named) <= 2:  # a law lets it be kept longer once
        return ["kept_changed"]
    sealed = [_opened(one) for one in named]
    codes = [code for one, said in zip(named, sealed, strict=True) if (code := _placed(one, said, entry, head, dated))]
    return ["kept_changed", *codes] if None in sealed or not _agrees(entry.access, named, sealed) else codes


def _chain(entries: Sequence[Entry | None]) -> list[tuple[int, str]]:
    """Where the chain is broken; what stands out of order is not taken as the place to go on from."""
    broken, seen = [], set()
    last, commitment = 0, NO_COMMITMENT
    for position, entry in enumerate(entries):
        if entry is None:
            continue
        code = ""
        if entry.seq in seen:
            code = "repeated"
        elif entry.seq < last:
            code = "reordered"
        elif entry.seq > last + 1:
            code = "missing_before"
        elif entry.prev != commitment:
            code = "unlinked"
        if code:
            broken.append((position, code))
        seen.add(entry.seq)
        if code not in ("repeated", "reordered"):
            last, commitment = entry.seq, entry.commitment
    return broken


def check_entries(entries: Sequence[Entry | None], *, citizen: str, made_at: str, head: Head | None) -> list[list[str]]:
    """For each entry all that is wrong with it, the worst first."""
    codes: list[list[str]] = [["malformed"] if entry is None else _content(entry, citizen) for entry in entries]
    for found, entry in zip(codes, entries, strict=True):
        if entry is None or entry.proof is None or head is None:
            continue
        leaf = leaf_hash(bytes.fromhex(entry.commitment))
        if not is_included(index=entry.index, size=head.size, leaf=leaf, proof=entry.proof, root=head.root):
            found.append("not_included")
    proved = [entry for found, entry in zip(codes, entries, strict=True) if entry and entry.proof is not None and not found]
    dated = [(at, entry.index) for entry in proved if (at := _instant(entry.access.get("at"))) is not None]
    for found, entry in zip(codes, entries, strict=True):
        if entry and entry.access is not None and entry.access.get("event") == DISCLOSED and "content_changed" not in found:
            found += _kept_codes(entry, head, dated)
    for position, code in _chain(entries):
        codes[position].append(code)
    newest_sealed = max((entry.seq for entry in entries if entry and entry.proof is not None), default=0)
    for found, entry in zip(codes, entries, strict=True):
        if entry is None or entry.proof is not None:
            continue
        # Entries of one citizen are sealed in their order: one that waits while a later one is sealed was kept out.
        if entry.seq < newest_sealed:
            found.append("left_out")
        elif entry.access is not None and _late(entry.access.get("at"), made_at):
            found.append("overdue")
    return [[code for code in ORDER if code in found] for found in codes]


# --- The whole ---


def _well_formed(bundle: Any) -> bool:
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT or not isinstance(bundle.get("log"), dict):
        return False
    kinds = {"citizen": str, "made_at": str, "witnesses": list, "entries": list, "earlier": list}
    if not all(isinstance(bundle.get(name), kind) for name, kind in kinds.items()) or not {"checkpoint", "head"} <= bundle.keys():
        return False
    if not isinstance(bundle["log"].get("name"), str) or not isinstance(bundle["log"].get("keys"), list):
        return False
    if not isinstance(bundle["checkpoint"], str | None):
        return False
    head = bundle["head"]
    return head is None or (
        isinstance(head, dict) and _is_count(head.get("seq"), -LARGEST) and unhex(head.get("commitment"), 32) is not None
    )


def check_bundle(
    bundle: Any,
    older: Any = None,
    keys: Sequence[str] | None = None,
    witnesses: Sequence[str] | None = None,
    tile: Callable[[str], bytes] | None = None,
    today: Callable[[], str] | None = None,
    seen: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The result as docs/citizen/log.md has it. `tile` fetches a public tile by `<level>/<path>`, `today` the public checkpoint."""
    if not _well_formed(bundle):
        return _result("failed", [], [{"code": "bad_format"}], [], 0, None, [])
    findings: list[dict[str, Any]] = []
    notes: list[str] = []
    before, former = seen, None
    if older is not None:
        told = check_bundle(older, keys=keys, witnesses=witnesses)
        if told["verdict"] == "failed":
            findings.append({"code": "older_failed"})
        else:
            before, former = seen_of(older, told), older
    head = _head(bundle, keys, before, findings, notes)
    noted = before.get("witnesses") if before and witnesses is None else None  # keys that are trusted from elsewhere need no noted ones
    watched = Watch(
        keys_of(bundle["witnesses"] if witnesses is None else witnesses, WITNESS),
        keys_of(noted if isinstance(noted, list) else [], WITNESS),
    )
    known = _witnesses(bundle, head, watched, findings, notes)
    if witnesses is not None and not any(one["state"] in SIGNED for one in known):
        findings.append({"code": "witness_missing"})
    entries = [read_entry(given) for given in bundle["entries"]]
    codes = check_entries(entries, citizen=bundle["citizen"], made_at=bundle["made_at"], head=head)
    seqs = [
        entry.seq if entry else given["seq"] if isinstance(given, dict) and _is_count(given.get("seq"), 1) else None
        for entry, given in zip(entries, bundle["entries"], strict=True)
    ]
    findings += [{"code": code, "seq": seq} for found, seq in zip(codes, seqs, strict=True) for code in found]
    if bundle["checkpoint"] is None and not all(entry and entry.proof is None for entry in entries):
        findings.append({"code": "no_checkpoint"})
    commitments: dict[int, str] = {}
    for entry in entries:
        if entry:
            commitments.setdefault(entry.seq, entry.commitment)
    _end_of_chain(bundle, commitments, findings)
    if head or bundle["checkpoint"] is None:
        _noted_trees(
            bundle, [entry for entry, found in zip(entries, codes, strict=True) if entry and not UNSAID & set(found)], head, tile, findings
        )
    if before:
        _same_chain(bundle, commitments, before, former, findings)
        if head:
            _same_tree(bundle, head, before, tile, findings)
    if today and tile and head:
        _public_tree(head, today, tile, findings)
    if not entries:
        notes.append("empty")
    failed = any(found["code"] not in INCOMPLETE for found in findings)
    stated = [
        {"seq": seq, "code": found[0] if found else "pending" if entry and entry.proof is None else "proved"}
        for seq, found, entry in zip(seqs, codes, entries, strict=True)
    ]
    result = _result("failed" if failed else "incomplete" if findings else "verified", stated, findings, notes, len(entries), head, known)
    return {**result, "former": _replaced(bundle, head, before) if head else [], "cosigned": watched.newest}


def _result(
    verdict: str, entries: list[Any], findings: list[Any], notes: list[str], length: int, head: Head | None, known: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "verdict": verdict, "entries": entries, "findings": findings, "notes": notes, "length": length,
        "size": head.size if head else None, "root": head.root.hex() if head else None, "witnesses": known, "key": head.signer.vkey if head else None,
        "former": [], "cosigned": None,
    }  # fmt: skip


def seen_of(bundle: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What to remember of a bundle that was verified, to hold the next one against."""
    head = bundle["head"] or {"seq": 0, "commitment": None}
    return {
        "citizen": bundle["citizen"], "name": bundle["log"]["name"], "key": told["key"], "former": told["former"], "size": told["size"], "root": told["root"],
        "seq": head["seq"], "commitment": head["commitment"],
        "witnesses": [one["key"] for one in told["witnesses"] if one["state"] != "unknown"],
    }  # fmt: skip


def _head(
    bundle: dict[str, Any], keys: Sequence[str] | None, before: dict[str, Any] | None, findings: list[dict[str, Any]], notes: list[str]
) -> Head | None:
    if bundle["checkpoint"] is None:
        return None
    own = keys_of(bundle["log"]["keys"], LOG)
    trusted = keys if keys is not None else [before["key"]] if before and before["key"] else None
    opened = open_checkpoint(bundle["checkpoint"], own if trusted is None else keys_of(trusted, LOG))
    if trusted is None:
        notes.append("key_from_bundle")
    if trusted is not None and keys is None and opened in ("wrong_key", "other_log"):
        findings.append({"code": "key_changed"})
        opened = open_checkpoint(bundle["checkpoint"], own)  # to tell what else is wrong
    elif before and trusted and keys is None and not isinstance(opened, str) and own:
        opened = _renewed(bundle, opened, own[0], before, notes)
    if isinstance(opened, str):
        findings.append({"code": opened})
        return None
    if opened.origin != bundle["log"]["name"]:
        findings.append({"code": "other_log"})
    if opened.unchecked:
        notes.append("other_signatures")
    return opened


def _renewed(bundle: dict[str, Any], opened: Head, first: Key, before: dict[str, Any], notes: list[str]) -> Head:
    """Under the log's key in use, once the noted one has signed the same head beside it: it is noted from then on. None goes back to a key that
    was replaced."""
    if first.vkey == before["key"] or first.vkey in _former(before):
        return opened
    anew = open_checkpoint(bundle["checkpoint"], [first])
    if isinstance(anew, str):
        return opened
    notes.append("key_renewed")
    return anew


def _former(before: dict[str, Any] | None) -> list[str]:
    former = before.get("former") if before else None
    return former if isinstance(former, list) else []


def _replaced(bundle: dict[str, Any], head: Head, before: dict[str, Any] | None) -> list[str]:
    """The keys that another has replaced, as far as is known here: as the bundle names them, and as they were noted."""
    named = [key.vkey for key in keys_of(bundle["log"]["keys"], LOG)]
    after = named[named.index(head.signer.vkey) + 1 :] if head.signer.vkey in named else named
    known = [*after, *_former(before), *([before["key"]] if before and before["key"] else [])]
    return [vkey for vkey in dict.fromkeys(known) if vkey != head.signer.vkey]


def _witnesses(
    bundle: dict[str, Any], head: Head | None, watched: Watch, findings: list[dict[str, Any]], notes: list[str]
) -> list[dict[str, Any]]:
    if head is None:
        return []
    watched.read(head, "signed")
    for given in bundle["earlier"]:
        earlier = given if isinstance(given, dict) else {}
        former = _earlier_head(earlier, head.signer)
        if former in ("wrong_key", "other_log"):
            continue  # of a key that the log had before
        proof = _hashes(earlier.get("proof"))
        if isinstance(former, str) or proof is None or not (former.size == 0 or _extends(former, head, proof)):
            findings.append({"code": "earlier_forked"})
            continue
        watched.read(former, "signed_earlier")
    if watched.wrong:
        findings.append({"code": "witness_wrong"})
    findings += [{"code": "witness_changed", "name": name} for name in watched.changed()]
    if watched.newest is not None and _stale(watched.newest, bundle["made_at"]):
        findings.append({"code": "witness_old"})
    known = watched.told()
    states = {one["state"] for one in known}
    if not states & SIGNED:
        notes.append("unwitnessed")
    elif "signed" not in states:
        notes.append("witnessed_earlier")
    if "gone" in states:
        notes.append("witness_gone")
    return known


def _stale(signed: int, made_at: object) -> bool:
    """A state that witnesses signed long ago is a beginning of any log that was made up since. By the bundle's own time: it may be checked years later."""
    made = _instant(made_at)
    return made is None or made.timestamp() - signed > FRESH.total_seconds()


def _earlier_head(earlier: dict[str, Any], signer: Key) -> Head | str:
    """A head that the log had: as it was signed, or, where the note is kept no more, as the citizen's own chain noted it."""
    if "checkpoint" not in earlier or earlier["checkpoint"] is not None:
        return open_checkpoint(earlier.get("checkpoint"), [signer])
    root = unhex(earlier.get("root"), 32)
    if not _is_count(earlier.get("size"), 1) or root is None:
        return "checkpoint_malformed"
    return Head("", earlier["size"], root, "", [])


def _hashes(given: object) -> list[bytes] | None:
    hashes = [unhex(one, 32) for one in given] if isinstance(given, list) else [None]
    return None if None in hashes else [one for one in hashes if one is not None]


def _extends(old: Head, new: Head, proof: Sequence[bytes]) -> bool:
    return is_consistent(old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, proof=proof)


def _end_of_chain(bundle: dict[str, Any], commitments: dict[int, str], findings: list[dict[str, Any]]) -> None:
    last, head = max(commitments, default=0), bundle["head"]
    if head is None:
        if last:
            findings.append({"code": "head_differs"})
    elif head["seq"] > last:
        findings.append({"code": "missing_at_end", "seq": head["seq"]})
    elif head["seq"] < last or commitments.get(last) != head["commitment"]:
        findings.append({"code": "head_differs"})


def _same_chain(
    bundle: dict[str, Any], commitments: dict[int, str], before: dict[str, Any], former: Any, findings: list[dict[str, Any]]
) -> None:
    if before["citizen"] != bundle["citizen"]:
        findings.append({"code": "citizen_differs"})
        return
    if before["seq"] > max(commitments, default=0):
        findings.append({"code": "chain_shrunk", "seq": before["seq"]})
    known = [(one["seq"], one["commitment"]) for one in former["entries"]] if former else [(before["seq"], before["commitment"])]
    for seq, commitment in known:
        if commitments.get(seq, commitment) != commitment:
            findings.append({"code": "chain_forked", "seq": seq})
            return


def _same_tree(
    bundle: dict[str, Any], head: Head, before: dict[str, Any], tile: Callable[[str], bytes] | None, findings: list[dict[str, Any]]
) -> None:
    if not before["size"] or before["name"] != head.origin:
        return  # another name has a finding of its own
    if before["size"] > head.size:
        findings.append({"code": "tree_shrunk"})
    elif before["size"] == head.size:
        if before["root"] != head.root.hex():
            findings.append({"code": "tree_forked"})
    else:
        proof, root = _extension(bundle, before["size"], head.size, tile), unhex(before["root"], 32) or b""
        if proof is None:
            findings.append({"code": "extension_unproven"})
        elif not is_consistent(old_size=before["size"], new_size=head.size, old_root=root, new_root=head.root, proof=proof):
            findings.append({"code": "tree_forked"})


def _noted_trees(
    bundle: dict[str, Any], entries: Iterable[Entry], head: Head | None, tile: Callable[[str], bytes] | None, findings: list[dict[str, Any]]
) -> None:
    """Each download noted in this chain the tree that it was given: this one must contain them all, whether the bundle speaks of them or not."""
    size, judged = head.size if head else 0, set()
    given: dict[int, list[dict[str, Any]]] = {}
    for earlier in bundle["earlier"]:
        if isinstance(earlier, dict) and _is_count(earlier.get("size"), 1):
            given.setdefault(earlier["size"], []).append(earlier)
    for entry in entries:
        details = entry.access.get("details") if entry.access.get("event") == EXPORTED else None
        if not isinstance(details, dict) or details.get("what") != "log" or details.get("tree_size") == 0:
            continue
        old_size, root = details.get("tree_size"), unhex(details.get("tree_root"), 32)
        if not _is_count(old_size, 1) or root is None:
            findings.append({"code": "extension_unproven", "seq": entry.seq})
            continue
        if (old_size, root) in judged:
            continue
        judged.add((old_size, root))
        code = "tree_shrunk"
        if head and old_size <= size:
            code = _contained(Head("", old_size, root, "", []), head, given.get(old_size, []), tile)
        if code:
            findings.append({"code": code, "seq": entry.seq})


def _contained(noted: Head, head: Head, given: Iterable[dict[str, Any]], tile: Callable[[str], bytes] | None) -> str:
    """ "" where the tree contains the one that was noted, by a proof of the bundle or of the public tiles."""
    if noted.size == head.size:
        return "" if noted.root == head.root else "tree_forked"
    code = "extension_unproven"
    for earlier in given:
        proof, root = _hashes(earlier.get("proof")), unhex(earlier.get("root"), 32)
        if proof is None:
            continue
        if _extends(noted, head, proof):
            return ""
        if root is not None and _extends(Head("", noted.size, root, "", []), head, proof):
            code = "tree_forked"  # it contains another one of that size
    if code == "extension_unproven" and tile is not None:
        try:
            proof = consistency_proof(noted.size, head.size, node_of_tiles(head.size, tile))
        except (OSError, ValueError):
            return code  # away or cut short
        return "" if _extends(noted, head, proof) else "tree_forked"
    return code


def _extension(bundle: dict[str, Any], old_size: int, new_size: int, tile: Callable[[str], bytes] | None) -> list[bytes] | None:
    """A consistency proof out of the public tiles, or out of the bundle; None where neither has one."""
    if tile is not None:
        try:
            return consistency_proof(old_size, new_size, node_of_tiles(new_size, tile))
        except (OSError, ValueError):
            pass  # away or cut short: the bundle may have a proof
    for earlier in bundle["earlier"]:
        if isinstance(earlier, dict) and _is_count(earlier.get("size"), 1) and earlier["size"] == old_size:
            return _hashes(earlier.get("proof"))
    return None


def _public_tree(head: Head, today: Callable[[], str], tile: Callable[[str], bytes], findings: list[dict[str, Any]]) -> None:
    """The tree that everyone is shown and the one that this citizen is shown: is the shorter of the two a beginning of the longer?"""
    try:
        everyones = open_checkpoint(today(), [head.signer])
        if isinstance(everyones, str):
            findings.append({"code": "public_forked"})
            return
        old, new = sorted((everyones, head), key=lambda one: one.size)
        proof = consistency_proof(old.size, new.size, node_of_tiles(new.size, tile)) if 0 < old.size < new.size else []
    except (OSError, ValueError):
        findings.append({"code": "public_unproven"})
        return
    if old.size == 0:
        # An empty log is a beginning of any: where this citizen's is not empty, nothing is known of what everyone is shown.
        findings += [{"code": "public_unproven"}] if head.size else []
    elif not _extends(old, new, proof):
        findings.append({"code": "public_forked"})


def check_proof(text: str, keys: Sequence[str]) -> dict[str, Any]:
    """A C2SP tlog-proof@v1 whose `extra` is what was hashed (salt || entry)."""
    found = re.fullmatch(
        r"c2sp\.org/tlog-proof@v1\nextra ([^\n]+)\nindex (0|[1-9][0-9]{0,15})\n((?:[^\n]+\n){0,64})\n(.+)", text, re.DOTALL
    )
    hashed = unbase64(found[1]) if found else None
    proof = [unbase64(line) for line in found[3].split("\n")[:-1]] if found else []
    hashes = [one for one in proof if one is not None and len(one) == 32]
    if found is None or hashed is None or len(hashes) != len(proof):
        return {"code": "bad_format"}
    head = open_checkpoint(found[4], keys_of(keys, LOG))
    if isinstance(head, str):
        return {"code": head}
    leaf, index = leaf_hash(_sha256(hashed)), int(found[2])
    stands = is_included(index=index, size=head.size, leaf=leaf, proof=hashes, root=head.root)
    return {
        "code": "proved" if stands else "not_included",
        "index": index,
        "size": head.size,
        "entry": hashed[32:].decode("utf-8", "replace"),
    }


# --- The program ---


def _fetch(url: str, most: int) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read(most + 1)[:most])


def _day(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):
        return "at no time"


def _say(result: dict[str, Any], bundle: Any, every: bool) -> None:
    for position, entry in enumerate(result["entries"]):
        if every or entry["code"] not in ("proved", "pending"):
            access = bundle["entries"][position].get("access") if isinstance(bundle["entries"][position], dict) else None
            what = " ".join(ascii(access.get(name))[1:-1][:60] for name in ("at", "actor", "event")) if isinstance(access, dict) else ""
            print(f"{entry['seq']}  {entry['code']}  {what}  {SENTENCES[entry['code']]}")
    for finding in result["findings"]:
        if finding["code"] not in ORDER:
            code, seq, name = finding["code"], finding.get("seq"), finding.get("name")
            about = f" entry {seq}" if seq is not None else f" {ascii(name)[1:-1]}" if name else ""
            print(f"{code}{about}: {(NOTED_SENTENCES.get(code) if seq is not None else None) or SENTENCES[code]}")
    for note in result["notes"]:
        print(f"({note}) {SENTENCES[note]}")
    proved = sum(entry["code"] == "proved" for entry in result["entries"])
    pending = sum(entry["code"] == "pending" for entry in result["entries"])
    print(
        f"{result['length']} entries, {proved} proved, {pending} waiting to be sealed. Tree of {result['size']} entries, root {result['root']}."
    )
    print(f"Key: {result['key']}")
    if result["cosigned"] is not None:
        made = _instant(bundle["made_at"])
        print(f"Newest signature of a witness: {_day(result['cosigned'])}. The bundle was made: {_day(made.timestamp()) if made else '?'}.")
    for one in result["witnesses"]:
        print(f"Witness: {ascii(one['key'])[1:-1]} {WITNESS_SENTENCES[one['state']]}.")
    print({"verified": "VERIFIED", "failed": "FAILED", "incomplete": "NOT COMPLETE: what could be checked holds"}[result["verdict"]])


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code. Raises nothing for a bad file: says so."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("file", type=Path, help="a bundle (JSON) or a .tlog-proof")
    options.add_argument("--older", type=Path, help="a bundle that you downloaded earlier")
    options.add_argument("--log", help="the address of the public log, such as https://aurora.example/ledger")
    options.add_argument("--key", action="append", help="a verifier key of the log that you trust")
    options.add_argument("--witness", action="append", help="a verifier key of a witness that you trust: one of them must have signed")
    options.add_argument("--all", action="store_true", help="show every entry, not only what is wrong")
    options.add_argument("--json", action="store_true", help="print the result as JSON")
    given = options.parse_args(arguments)
    if given.log and not given.log.startswith(("https://", "http://")):
        options.error("--log is an address that begins with https:// or http://")
    try:
        text = given.file.read_text("utf-8")
        if text.startswith("c2sp.org/tlog-proof@"):
            if not given.key:
                options.error("a proof is checked by a key that you know: give --key (the log publishes it at /ledger/key)")
            proof = check_proof(text, given.key)
            print(json.dumps(proof) if given.json else f"{proof['code']}: {SENTENCES[proof['code']]} {proof.get('entry', '')!a}")
            return 0 if proof["code"] == "proved" else 1
        bundle, older = read_json(text), read_json(given.older.read_text("utf-8")) if given.older else None
    except (OSError, ValueError, RecursionError) as error:
        print(f"This cannot be read: {type(error).__name__}", file=sys.stderr)
        return 2
    base = given.log.rstrip("/") if given.log else ""
    result = check_bundle(
        bundle, older=older, keys=given.key, witnesses=given.witness,
        tile=(lambda path: _fetch(f"{base}/tile/{path}", LONGEST_TILE)) if base else None,
        today=(lambda: _fetch(f"{base}/checkpoint", LONGEST_NOTE).decode("utf-8")) if base else None,
    )  # fmt: skip
    if given.json:
        print(json.dumps(result))
    else:
        _say(result, bundle, given.all)
    if any(found["code"] == "bad_format" for found in result["findings"]):
        return 2
    return {"verified": 0, "failed": 1, "incomplete": 3}[result["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
