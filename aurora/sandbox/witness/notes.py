"""Reads a request to a witness: old size, proof, checkpoint (C2SP tlog-witness). Strict: one spelling of everything."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

LARGEST = 64 * 1024
LONGEST_PROOF = 63


class Malformed(ValueError):
    """The body is not what the protocol says."""


@dataclass(frozen=True)
class Shown:
    """What a log shows. `signatures`: name, key id and signature of each line, as they stand."""

    old: int
    proof: tuple[bytes, ...]
    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]
    note: str


def read(body: bytes) -> Shown:
    """Malformed if anything is not as it must be."""
    try:
        request = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if any(ord(character) < 32 and character != "\n" for character in request):
        raise Malformed("control characters")
    head, blank, note = request.partition("\n\n")
    text, line, signed = note.rpartition("\n\n")
    if not blank or not line or not signed.endswith("\n"):
        raise Malformed("no empty line before or in the checkpoint")
    first, *proof = head.split("\n")
    if not first.startswith("old ") or len(proof) > LONGEST_PROOF:
        raise Malformed("no old size, or too long a proof")
    origin, size, root, *extensions = text.split("\n") + [""] * (3 - len(text.split("\n")))
    if not origin or any(not extension for extension in extensions):
        raise Malformed("an empty line in the checkpoint")
    return Shown(
        old=_number(first[4:]),
        proof=tuple(_hash(one) for one in proof),
        text=text + "\n",
        origin=origin,
        size=_number(size),
        root=_hash(root),
        signatures=tuple(_signature(one) for one in signed[:-1].split("\n")),
        note=note,
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or str(int(text)) != text or int(text) >= 2**63:
        raise Malformed("a size is not a number in its one spelling")
    return int(text)


def _hash(text: str) -> bytes:
    raw = _bytes(text)
    if len(raw) != 32:
        raise Malformed("a hash is not 32 bytes")
    return raw


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _bytes(encoded)
    if dash != "—" or not name or len(raw) < 5:
        raise Malformed("a signature line is malformed")
    return name, raw[:4], raw[4:]


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise Malformed("base64 in another spelling")
    return raw
