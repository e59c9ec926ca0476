"""A small log, good and forked, of which docs/citizen/log-vectors.json is made (log_vectors.py): all of it follows from the constants here."""

from __future__ import annotations

import base64
import copy
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.ledger import leaf, merkle

NAME, WITNESS = "aurora.example/ledger", "witness.example/w1"
CITIZEN = "018f4b6a-0000-7000-8000-00000000a1a1"
OLD_SIZE, SIZE = 99, 300
DAY = 24 * 3600
COSIGNED = 1_795_503_600  # 24 November 2026, 7:00
PLACES = {1: 3, 2: 40, 3: 41, 4: 99, 5: 128, 6: 255, 7: 256, 8: 299}
"""Running number to leaf index; the ninth entry is pending."""
DOWNLOADS = {4: OLD_SIZE, 9: SIZE}
"""Running number of a download's entry to the size of the tree that it noted."""

Ops = list[dict[str, Any]]


def digest(*words: object) -> bytes:
    return hashlib.sha256(" ".join(str(word) for word in words).encode()).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@dataclass(frozen=True)
class Signing:
    """A key by its seed, as a log's (type 1) or a witness's (type 4)."""

    name: str
    kind: int
    seed: bytes

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def line(self, text: str, time: int = 0) -> str:
        stated = time.to_bytes(8, "big") if self.kind == 4 else b""
        signed = f"cosignature/v1\ntime {time}\n{text}" if self.kind == 4 else text
        return f"— {self.name} {b64(self.key_id + stated + self.private.sign(signed.encode()))}\n"


LOG, OTHER = Signing(NAME, 1, digest("seed", "log")), Signing(NAME, 1, digest("seed", "another log key"))
FOREIGN = Signing("elsewhere.example/ledger", 1, digest("seed", "elsewhere"))
WITNESSING, IMPOSTOR = Signing(WITNESS, 4, digest("seed", "witness")), Signing(WITNESS, 4, digest("seed", "another witness key"))
SECOND = Signing("witness.example/w2", 4, digest("seed", "another witness"))


class Tree:
    """A tree over these commitments."""

    def __init__(self, commitments: list[bytes]) -> None:
        self.leaves = [leaf.leaf_hash(one) for one in commitments]

    def node(self, height: int, index: int) -> bytes:
        return merkle.complete_root(self.leaves[index << height : (index + 1) << height])

    def head(self, size: int, *signers: Signing, time: int = COSIGNED) -> str:
        text = f"{NAME}\n{size}\n{b64(self.root(size))}\n"
        return text + "\n" + "".join(one.line(text, time) for one in signers)

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def earlier(self, old: int, size: int) -> dict[str, Any]:
        return {"size": old, "root": self.root(old).hex(), "checkpoint": self.head(old, LOG), "proof": self.consistency(old, size)}

    def is_of(self, index: int, commitment: bytes) -> bool:
        return self.leaves[index] == leaf.leaf_hash(commitment)

    def inclusion(self, index: int, size: int) -> list[str]:
        return [one.hex() for one in merkle.inclusion_proof(index, size, self.node)]

    def consistency(self, old: int, size: int) -> list[str]:
        return [one.hex() for one in merkle.consistency_proof(old, size, self.node)]


def accesses() -> list[dict[str, Any]]:
    """Nine entries' contents, one of them with what is hard to write canonically."""
    events = [
        ("citizen:consent:given", "citizen", None), ("aurora:pull:completed", "aurora", "tax-administration"), ("agency:twin:read", "benefits", None),
        ("citizen:twin:exported", "citizen", None), ("aurora:twin:suggested", "aurora", None), ("agency:twin:refused", "benefits", None),
        ("agency:twin:read", "benefits", None), ("citizen:consent:withdrawn", "citizen", None), ("citizen:twin:exported", "citizen", None),
    ]  # fmt: skip
    hard: dict[int, dict[str, Any]] = {
        2: {
            "fields": ["wages", '€ \u2028 \\ " \b\t\n\f\r\u0007 \U0001f600'],
            "\ufb33": 1,
            "\U0001f600": -(2**53) + 1,
            "ö": [True, False, None, []],
        }
    }
    return [
        {
            "actor": actor,
            "at": f"2026-11-{20 + number // 2}T08:0{number}:00.{number:06}Z",
            "categories": ["tax.income"] if "twin:read" in event else [],
            "citizen": CITIZEN,
            "consents": [],
            "decision": "consent_withdrawn" if "refused" in event else "permit",
            "details": hard.get(number, {}),
            "event": event,
            "id": f"018f4b6a-0000-7000-8000-{number:012x}",
            "permit": None,
            "purpose": "benefit-application" if actor == "benefits" else None,
            "source": source,
            "v": leaf.FORMAT,
        }
        for number, (event, actor, source) in enumerate(events, 1)
    ]


def links(commitments: list[bytes]) -> list[dict[str, Any]]:
    """The chain: each entry's number, the one before, commitment, salt and content. Puts the sealed ones among the tree's leaves.

    The fourth and the ninth are downloads, which note the tree as it was.
    """
    made, prev = [], leaf.NO_COMMITMENT
    for seq, access in enumerate(accesses(), 1):
        if seq in DOWNLOADS:
            root = Tree(commitments).root(DOWNLOADS[seq]).hex()
            access["details"] = {"tree_root": root, "tree_size": DOWNLOADS[seq], "what": "log"}
        salt = digest("salt", seq)
        commitment = leaf.commitment(salt=salt, access=access, prev=prev, seq=seq)
        made.append({"seq": seq, "prev": prev.hex(), "commitment": commitment.hex(), "salt": salt.hex(), "access": access})
        if seq in PLACES:
            commitments[PLACES[seq]] = commitment
        prev = commitment
    return made


def world(forked_at: int | None = None) -> tuple[Tree, list[dict[str, Any]]]:
    """Where it is forked, the leaf of somebody else is another one, and what comes after follows from that."""
    commitments = [digest("a fork" if index == forked_at else "another citizen's entry", index) for index in range(SIZE)]
    chain = links(commitments)
    return Tree(commitments), chain


def bundle(
    tree: Tree,
    chain: list[dict[str, Any]],
    *,
    size: int,
    length: int,
    made_at: str,
    earlier: list[int],
    signers: tuple[Signing, ...],
    places: dict[int, int] = PLACES,
) -> dict[str, Any]:
    entries = []
    for link in chain[:length]:
        place = places.get(link["seq"], SIZE)
        sealed = place < size
        entries.append({**link, "index": place if sealed else None, "proof": tree.inclusion(place, size) if sealed else None})
    return {
        "format": "aurora-log-bundle-1",
        "made_at": made_at,
        "citizen": CITIZEN,
        "log": {"name": NAME, "keys": [LOG.vkey]},
        "witnesses": [WITNESSING.vkey],
        "checkpoint": tree.head(size, *signers),
        "head": {"seq": length, "commitment": chain[length - 1]["commitment"]},
        "earlier": [tree.earlier(old, size) for old in earlier],
        "entries": entries,
    }


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def patched(value: Any, ops: Ops) -> Any:
    """RFC 6902: add, remove, replace, in a copy."""
    value = copy.deepcopy(value)
    for op in ops:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in op["path"].split("/")[1:]]
        place = value
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list) and op["op"] == "add":
            place.insert(int(last), op["value"])
        elif op["op"] == "remove":
            del place[int(last) if isinstance(place, list) else last]
        else:
            place[int(last) if isinstance(place, list) else last] = op["value"]
    return value


def flipped(text: str, at: int = 0) -> str:
    """Another hex text of the same length."""
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]
