"""The tree of RFC 6962 once more, written from its text and sharing no line with `consent.ledger.merkle`: what our own tree is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class Recount:
    """Takes commitments one after the other, and knows the root at each size.

    Section 2.1 splits n leaves at the largest power of two below n: the left parts of all splits are the complete subtrees that the binary
    digits of n name, so it is enough to keep those.
    """

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[tuple[int, bytes]] = []  # (leaves, hash), largest first

    def add(self, commitment: bytes) -> None:
        leaves, value = 1, hashlib.sha256(b"\x00" + commitment).digest()
        while self._complete and self._complete[-1][0] == leaves:
            _, left = self._complete.pop()
            leaves, value = leaves * 2, hashlib.sha256(b"\x01" + left + value).digest()
        self._complete.append((leaves, value))
        self.size += 1

    def root(self) -> bytes:
        if not self._complete:
            return hashlib.sha256().digest()
        value = self._complete[-1][1]
        for _, left in reversed(self._complete[:-1]):
            value = hashlib.sha256(b"\x01" + left + value).digest()
        return value


def roots(commitments: Iterable[bytes], wanted: Iterable[int]) -> dict[int, bytes]:
    """The root at each of the wanted sizes; a size beyond the leaves has none."""
    tree, asked = Recount(), set(wanted)
    found = {0: tree.root()} if 0 in asked else {}
    for commitment in commitments:
        tree.add(commitment)
        if tree.size in asked:
            found[tree.size] = tree.root()
    return found
