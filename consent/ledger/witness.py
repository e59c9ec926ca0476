"""The client's side of C2SP tlog-witness: what a witness is asked, and what its answer means. Pure.

    POST <submission prefix>/add-checkpoint
    old <size that it cosigned last>
    <consistency proof, a hash a line>

    <checkpoint>

It answers with signature lines of its own, once it has seen for itself that the tree has only grown. That it refuses
because the tree has not, or knows a tree of ours that we do not, is what it is there for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from consent.ledger.heads import stated_by
from consent.ledger.note import NotVerified, Vkey, encode, open_signed, parse_vkey, parts

PATH = "/add-checkpoint"
LONGEST_PROOF = 63
LONGEST_ANSWER = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"


class Said(StrEnum):
    """What an answer means."""

    COSIGNED = "cosigned"  # 200, with a line of the key that was asked for
    CONFLICT = "conflict"  # 409: it cosigned another size last
    INCONSISTENT = "inconsistent"  # 422: by our own proof the tree does not extend what it has seen; 409: it is another of the very size
    UNKNOWN_LOG = "unknown_log"  # 404: its operator has not entered this name
    UNKNOWN_KEY = "unknown_key"  # 403: or not this key
    BUSY = "busy"  # 429, 5xx
    BAD_ANSWER = "bad_answer"  # anything that the protocol does not know, and a cosignature that is wrong


@dataclass(frozen=True, slots=True)
class Answer:
    """`size` goes with CONFLICT; `line` (with its newline) and `time` (POSIX seconds by the witness's clock) with COSIGNED."""

    said: Said
    size: int = 0
    line: str = ""
    time: int = 0


def request(*, old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body. `proof` is empty from size 0 and for the same size. Raises ValueError where the protocol has no such request."""
    if old < 0 or len(proof) > LONGEST_PROOF or (old == 0 and proof):
        raise ValueError("no such request to a witness")
    return "".join([f"old {old}\n", *(f"{encode(one)}\n" for one in proof), "\n", note]).encode("utf-8")


def read(status: int, content_type: str, body: bytes, *, note: str, vkey: str, old: int = 0) -> Answer:
    """What the witness of this key said about this note, which was shown as one that follows the size `old`. Never raises: whatever it sends is an answer."""
    if status == 200:
        return _cosigned(body, note, parse_vkey(vkey))
    if status == 409:
        size, named = _size(content_type, body), _names_size(content_type)
        # The size agrees, and is no reason to refuse: the root is another. The protocol names no body for that.
        shown = stated_by(note)
        if old and shown is not None and shown.size == old and (size == old or not named):
            return Answer(Said.INCONSISTENT)
        return Answer(Said.BAD_ANSWER) if size is None else Answer(Said.CONFLICT, size=size)
    known = {422: Said.INCONSISTENT, 404: Said.UNKNOWN_LOG, 403: Said.UNKNOWN_KEY}
    return Answer(Said.BUSY if status == 429 or status >= 500 else known.get(status, Said.BAD_ANSWER))


def _size(content_type: str, body: bytes) -> int | None:
    """A size as the protocol writes it: decimal, one newline, nothing else."""
    digits = body[:-1]
    if not _names_size(content_type) or body[-1:] != b"\n" or not digits.isdigit() or len(digits) > 19:
        return None
    size = int(digits)
    return size if size < 2**63 and str(size).encode() == digits else None


def _names_size(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == SIZE_TYPE


def _cosigned(body: bytes, note: str, key: Vkey) -> Answer:
    """The line of this key alone: others are nobody's whom we asked."""
    try:
        text = body.decode("utf-8")
        _, lines = parts("-\n\n" + text)
        for (name, raw), line in zip(lines, text[:-1].split("\n"), strict=True):
            if name == key.name and raw[:4] == key.key_id:
                opened = open_signed(f"{note.rpartition(chr(10) * 2)[0]}\n\n{line}\n", key)
                return Answer(Said.COSIGNED, line=f"{line}\n", time=opened.time) if opened.time else Answer(Said.BAD_ANSWER)
    except (NotVerified, UnicodeDecodeError, ValueError):
        pass
    return Answer(Said.BAD_ANSWER)
