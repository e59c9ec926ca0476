"""Whether one tree extends another (RFC 6962, 2.1.2), by the RFC's own recursion read backwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

EMPTY = hashlib.sha256(b"").digest()


def extends(*, old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof leads from the old root to the new one, all of it used up; 0 < old <= new."""
    if not 0 < old <= new or any(len(one) != 32 for one in proof):
        return False
    steps = iter(proof)
    try:
        before, after = _walk(old, new, old_root, True, steps)
    except StopIteration:
        return False
    return next(steps, None) is None and before == old_root and after == new_root


def _walk(old: int, new: int, root: bytes, whole: bool, steps: Iterator[bytes]) -> tuple[bytes, bytes]:
    """SUBPROOF(old, D[new], whole): the hash of the old part and of the new, which the proof claims."""
    if old == new:
        one = root if whole else next(steps)
        return one, one
    left = 1 << (new - 1).bit_length() - 1
    if old <= left:
        before, after = _walk(old, left, root, whole, steps)
        return before, _node(after, next(steps))
    before, after = _walk(old - left, new - left, root, False, steps)
    first = next(steps)
    return _node(first, before), _node(first, after)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
