"""Words as search cuts them. Pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 60  # characters
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text in small letters, in their order; letters and digits only, the rest divides. Overlong ones are cut."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold().replace("\0", " "))]


def trigrams(word: str) -> list[str]:
    """What three letters follow each other, with two spaces before the word and one behind."""
    padded = f"  {word} "
    return sorted({padded[at : at + 3] for at in range(len(padded) - 2)})


def inner_trigrams(part: str) -> list[str]:
    """The trigrams that every word which has `part` in it must have."""
    return sorted({part[at : at + 3] for at in range(len(part) - 2)})


def similarity(one: str, other: str) -> float:
    """Shared trigrams over all, 0 to 1."""
    first, second = set(trigrams(one)), set(trigrams(other))
    return len(first & second) / len(first | second)


def distance(one: str, other: str, *, most: int = LONGEST_WORD) -> int:
    """How many letters are put in, left out, changed or swapped with their neighbour (optimal string alignment); where more than `most`, any number above it."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[-1] = min(row[-1], before[j - 2] + 1)
        if min(row) > most and min(last) > most:  # a swap reaches back over one row, nothing over two
            return most + 1
        before, last = last, row
    return last[-1]
