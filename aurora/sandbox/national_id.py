"""National identifiers of the sandbox's country: `S`, six digits, a hyphen, a check character: S000123-Y.

The six digits are the number of the household in the extract. The check character is that number modulo 31 in an
alphabet without the letters that look like digits; 31 is prime, so every single wrong digit and every swap of two
neighbours changes it.
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFHJKLMNPRSTUVWXY"
LIMIT = 1_000_000
_FORM = re.compile(r"S([0-9]{6})-([0-9A-Y])")


def make(index: int) -> str:
    """The identifier of household `index` (0 <= index < 1,000,000); ValueError outside."""
    if not 0 <= index < LIMIT:
        raise ValueError("a household number has at most six digits")
    return f"S{index:06d}-{ALPHABET[index % len(ALPHABET)]}"


def parse(text: str) -> int | None:
    """The household number of a valid identifier (blanks around it and small letters are forgiven), else None."""
    found = _FORM.fullmatch(text.strip().upper())
    if found is None:
        return None
    index = int(found[1])
    return index if found[2] == ALPHABET[index % len(ALPHABET)] else None


def valid(text: str) -> bool:
    """Whether `text` is an identifier whose check character is right."""
    return parse(text) is not None
