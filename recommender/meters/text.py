"""A service's Finnish text as n-grams of its words: Finnish bends and joins its words, and parts of a word say what it is about.

Of each word, between two signs that stand for its ends, all pieces of 3 to 5 letters; a word too short for a piece counts whole. Names weigh
twice as much as summaries. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter

SHORTEST, LONGEST = 3, 5
NAME_WEIGHT = 2
# Texts are cut: a catalogue from outside may hold what it likes.
MOST_LETTERS = 20_000
_WORD = re.compile(r"[^\W_]+")


def grams(text: str) -> Counter[str]:
    """How often each piece occurs."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text[:MOST_LETTERS].casefold()):
        ended = f"<{word}>"
        if len(ended) <= SHORTEST:
            found[ended] += 1
        for size in range(SHORTEST, LONGEST + 1):
            found.update(ended[at : at + size] for at in range(len(ended) - size + 1))
    return found


def weighed(name: str, summary: str) -> dict[str, float]:
    """Pieces with the logarithm of how often they occur, the name's counted twice."""
    counts = grams(summary)
    for piece, times in grams(name).items():
        counts[piece] += NAME_WEIGHT * times
    return {piece: math.log1p(times) for piece, times in counts.items()}
