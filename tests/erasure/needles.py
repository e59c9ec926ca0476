"""Bytes that must not be found, in every form in which something may have written them, and a search for thousands of them at once."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

Needles = Mapping[str, bytes]
HEAD = 6
"""So many bytes of a form are looked up in a table; what begins as one of them is compared as a whole."""
NUMBER = 10
"""Numbers of fewer digits are there by chance as parts of others, of moments' microseconds above all, and of bytes that a row tells as hexadecimal
digits: five of those are a given number once in a million places, and a signed receipt has thousands. They count where they stand alone."""


def forms(needle: bytes) -> set[bytes]:
    """As it is; as PostgreSQL and JSON write bytes in text; in base64, wherever it begins within something longer; and of a text also as UTF-16, as
    JSON escapes it (`\\u00e4`), as an address and as a page does."""
    found = {needle, needle.hex().encode(), *_base64(needle)}
    try:
        text = needle.decode()
    except UnicodeDecodeError:
        return found
    if len(text) > 300 or not text.isprintable():
        return found
    return found | {
        text.encode("utf-16-le"), text.encode("utf-16-be"), json.dumps(text)[1:-1].encode(), quote(text).encode(), html.escape(text).encode(),
    }  # fmt: skip


def _base64(needle: bytes) -> Iterator[bytes]:
    for before in range(3):
        whole = base64.b64encode(bytes(before) + needle).rstrip(b"=")
        # The characters at either end bear bits of what stands beside it.
        inner = whole[(0, 2, 3)[before] : len(whole) - ((before + len(needle)) % 3 != 0)]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


class Sought:
    """All forms of some needles, to be looked for in one go: a look-up of six bytes at each place, then the whole."""

    def __init__(self, needles: Needles) -> None:
        self._names: dict[bytes, set[str]] = {}
        for name, needle in needles.items():
            for form in forms(needle):
                self._names.setdefault(form, set()).add(name)
        self._short = {form: _alone(form) for form in self._names if len(form) < HEAD or (form.isdigit() and len(form) < NUMBER)}
        self._heads: dict[bytes, list[bytes]] = {}
        for form in self._names:
            if form not in self._short:
                self._heads.setdefault(form[:HEAD], []).append(form)
        heads = np.frombuffer(b"".join(self._heads), dtype="<u2").reshape(-1, HEAD // 2)
        self._known = [_marked(heads[:, part]) for part in range(HEAD // 2)]
        self._whole = np.unique(_joined(heads[:, 0], heads[:, 1], heads[:, 2]))

    def found_in(self, data: bytes) -> set[str]:
        """The names of those needles of which a form is there."""
        found = {name for form, alone in self._short.items() if form in data and alone.search(data) for name in self._names[form]}
        if len(data) < HEAD:
            return found
        single = np.frombuffer(data, dtype=np.uint8).astype(np.uint16)
        pairs = single[:-1] | (single[1:] << 8)
        a, b, c = pairs[: len(data) - 5], pairs[2 : len(data) - 3], pairs[4:]
        at = np.flatnonzero(self._known[0][a] & self._known[1][b] & self._known[2][c])
        at = at[np.isin(_joined(a[at], b[at], c[at]), self._whole)]
        for place in at.tolist():
            for form in self._heads[data[place : place + HEAD]]:
                if data.startswith(form, place):
                    found |= self._names[form]
        return found


def _alone(form: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\da-fA-F.])" + re.escape(form) + rb"(?![\da-fA-F])" if form.isdigit() else re.escape(form))


def _marked(pairs: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    table = np.zeros(2**16, dtype=np.bool_)
    table[pairs] = True
    return table


def _joined(a: npt.NDArray[np.uint16], b: npt.NDArray[np.uint16], c: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
    return a.astype(np.uint64) | (b.astype(np.uint64) << np.uint64(16)) | (c.astype(np.uint64) << np.uint64(32))
