#!/usr/bin/env python3
"""Opens a copy of your data from Aurora without a browser: python3 aurora_open.py aurora-2026-11-26.html

One file, without dependencies (Python 3.8 or later). It asks for the passphrase and writes aurora.zip beside the file, or where --out says; nothing
is written unless all of it is sound. With the package `cryptography` it is quick; without, it does AES itself: about a minute for 10 MB.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

FORMAT = "aurora-export-file-1"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = 26
MOST_ITERATIONS = 10_000_000
SENTENCES = {
    "mistyped": "There is a typing mistake in the passphrase.",
    "wrong": "This passphrase does not open this file.",
    "damaged": "The file has been changed or damaged.",
    "cut_short": "The file is cut short.",
}


class NotOpened(Exception):
    """`code` in SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


def digits_of(typed: str) -> str:
    found = re.sub(r"[^0-9A-Z]", "", typed.upper()).replace("I", "1").replace("L", "1").replace("O", "0")
    digits = found[:DIGITS]
    mark = int.from_bytes(hashlib.sha256(f"{FORMAT}|{digits}".encode()).digest()[:2], "big")
    if set(found) - set(ALPHABET) or found[DIGITS:] != ALPHABET[mark >> 11] + ALPHABET[mark >> 6 & 31]:
        raise NotOpened("mistyped")
    return digits


def pieces_key(head: dict[str, Any], digits: str, gcm: Any) -> bytes:
    lock = head["lock"]
    if head["format"] != FORMAT or lock["kdf"] != "PBKDF2-SHA256" or not 1 <= lock["iterations"] <= MOST_ITERATIONS:
        raise NotOpened("damaged")
    wrapping = hashlib.pbkdf2_hmac("sha256", digits.encode(), base64.b64decode(lock["salt"]), lock["iterations"], 32)
    bound = "|".join([FORMAT, head["id"], lock["kdf"], str(lock["iterations"]), lock["salt"]]).encode()
    wrapped = base64.b64decode(lock["key"])
    key = gcm(wrapping).opened(wrapped[:12], wrapped[12:], bound)
    if key is None:
        raise NotOpened("wrong")
    # HKDF (RFC 5869) of one block.
    extracted = hmac.new(base64.b64decode(head["salt"]), key, hashlib.sha256).digest()
    return hmac.new(extracted, FORMAT.encode() + b" pieces\x01", hashlib.sha256).digest()


def opened(lines: Iterable[bytes], typed: str, gcm: Any) -> Iterator[bytes]:
    """The zip, piece by piece, of a download's lines. Raises NotOpened; what came before is sound, and not all."""
    key: Any = None
    head: dict[str, Any] = {}
    number, last, ended = 0, False, False
    for line in lines:
        if line.startswith(b'<script type="application/json" id="aurora-head">'):
            head = json.loads(line[line.index(b">") + 1 : line.rindex(b"</script>")])
            key = gcm(pieces_key(head, digits_of(typed), gcm))
        elif line.startswith(b'<script type="text/plain" class="piece">'):
            if key is None or last:
                raise NotOpened("damaged")
            if not line.rstrip().endswith(b"</script>"):
                raise NotOpened("cut_short")
            piece = base64.b64decode(line[line.index(b">") + 1 : line.rindex(b"</script>")])
            bound = f"{FORMAT}|{head['id']}".encode()
            plain = key.opened(bytes(7) + number.to_bytes(4, "big") + b"\x00", piece, bound)
            if plain is None:
                plain, last = key.opened(bytes(7) + number.to_bytes(4, "big") + b"\x01", piece, bound), True
            if plain is None:
                raise NotOpened("damaged")
            number += 1
            yield plain
        elif line.startswith(b'<p id="end"'):
            ended = True
    if not last or not ended:
        raise NotOpened("cut_short" if head else "damaged")


class Quick:
    """AES-256-GCM by the package `cryptography`."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def opened(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(nonce, sealed, bound)
        except InvalidTag:
            return None


def _tables() -> tuple[list[int], list[list[int]]]:
    """FIPS 197: the S-box, and of each byte what SubBytes and MixColumns make of it in a column."""
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        box[p] = q ^ (q << 1 | q >> 7) & 0xFF ^ (q << 2 | q >> 6) & 0xFF ^ (q << 3 | q >> 5) & 0xFF ^ (q << 4 | q >> 4) & 0xFF ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    columns = []
    for s in box:
        twice = (s << 1) ^ (0x11B if s & 0x80 else 0)
        columns.append(twice << 24 | s << 16 | s << 8 | twice ^ s)
    turned = [[c >> n | (c << 32 - n) & 0xFFFFFFFF for c in columns] for n in (0, 8, 16, 24)]
    return box, turned


class Plain:
    """AES-256-GCM in Python alone (FIPS 197, NIST SP 800-38D)."""

    def __init__(self, key: bytes) -> None:
        box, (self._t0, self._t1, self._t2, self._t3) = _tables()
        self._box = box
        words = [int.from_bytes(key[i : i + 4], "big") for i in range(0, 32, 4)]
        constant = 1
        for i in range(8, 60):
            w = words[i - 1]
            if i % 8 == 0:
                w = (w << 8 | w >> 24) & 0xFFFFFFFF
                w = box[w >> 24] << 24 | box[w >> 16 & 255] << 16 | box[w >> 8 & 255] << 8 | box[w & 255]
                w ^= constant << 24
                constant = (constant << 1) ^ (0x11B if constant & 0x80 else 0)
            elif i % 8 == 4:
                w = box[w >> 24] << 24 | box[w >> 16 & 255] << 16 | box[w >> 8 & 255] << 8 | box[w & 255]
            words.append(words[i - 8] ^ w)
        self._words = words
        self._multiples = self._of(int.from_bytes(self._block(0), "big"))

    def _block(self, counter: int) -> bytes:
        k, t0, t1, t2, t3, box = self._words, self._t0, self._t1, self._t2, self._t3, self._box
        a, b, c, d = (
            (counter >> 96) ^ k[0],
            (counter >> 64 & 0xFFFFFFFF) ^ k[1],
            (counter >> 32 & 0xFFFFFFFF) ^ k[2],
            (counter & 0xFFFFFFFF) ^ k[3],
        )
        for i in range(4, 56, 4):
            a, b, c, d = (
                t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ k[i],
                t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ k[i + 1],
                t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ k[i + 2],
                t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ k[i + 3],
            )
        made = b""
        for n, (w, x, y, z) in enumerate(((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))):
            made += ((box[w >> 24] << 24 | box[x >> 16 & 255] << 16 | box[y >> 8 & 255] << 8 | box[z & 255]) ^ k[56 + n]).to_bytes(4, "big")
        return made

    @staticmethod
    def _of(h: int) -> list[list[int]]:
        """For each place and value of a byte, its product with the hash key: 16 look-ups make a product (GHASH)."""
        powers, v = [], h
        for _ in range(128):
            powers.append(v)
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        tables = []
        for place in range(16):
            table = [0] * 256
            for bit in range(8):
                table[0x80 >> bit] = powers[place * 8 + bit]
            for value in range(1, 256):
                low = value & -value
                table[value] = table[low] ^ table[value ^ low]
            tables.append(table)
        return tables

    def _hashed(self, data: bytes, before: int) -> int:
        y, tables = before, list(enumerate(self._multiples))
        for i in range(0, len(data), 16):
            x = (y ^ int.from_bytes(data[i : i + 16].ljust(16, b"\0"), "big")).to_bytes(16, "big")
            y = 0
            for place, table in tables:
                y ^= table[x[place]]
        return y

    def opened(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes | None:
        text, tag = sealed[:-16], sealed[-16:]
        lengths = (len(bound) * 8 << 64 | len(text) * 8).to_bytes(16, "big")
        found = self._hashed(lengths, self._hashed(text, self._hashed(bound, 0)))
        start = int.from_bytes(nonce + b"\0\0\0\1", "big")
        if not hmac.compare_digest((found ^ int.from_bytes(self._block(start), "big")).to_bytes(16, "big"), tag):
            return None
        stream = b"".join(self._block(start + 1 + i) for i in range((len(text) + 15) // 16))[: len(text)]
        return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")


def best() -> Any:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        return Plain
    return Quick


def main() -> None:
    parser = argparse.ArgumentParser(description="Opens a copy of your data from Aurora.")
    parser.add_argument("file")
    parser.add_argument("--out", default=None, help="where to write the zip")
    parser.add_argument("--plain", action="store_true", help="do without the package cryptography")
    chosen = parser.parse_args()
    target = chosen.out or os.path.join(os.path.dirname(os.path.abspath(chosen.file)), "aurora.zip")
    typed = sys.stdin.readline() if not sys.stdin.isatty() else getpass.getpass("Passphrase: ")
    draft = target + ".part"
    try:
        with open(chosen.file, "rb") as lines, os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            for piece in opened(lines, typed, Plain if chosen.plain else best()):
                out.write(piece)
        os.replace(draft, target)
    except NotOpened as error:
        os.unlink(draft)
        sys.exit(f"{error} ({error.code})")
    print(target)


if __name__ == "__main__":
    main()
