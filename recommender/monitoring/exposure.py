"""What a slate does for whom: suggested against entitled, true positive rates of the model behind it. numpy only.

Exposure asks of what people saw of the slate; the true positive rate asks of the model (what it would have put first), because a programme that
somebody receives is never shown to them. Sources: Singh and Joachims 2018 (position-weighted exposure), Hardt et al. 2016 (equal opportunity).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def first(chances: Floats, places: int) -> Flags:
    """bool[n, services]: those of the highest `places` chances; ties keep the order of the columns, as the ranking itself does."""
    order = np.argsort(-chances, axis=1, kind="stable")[:, :places]
    chosen = np.zeros(chances.shape, dtype=np.bool_)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen


def found(chances: Floats, taking_part: Flags, places: int) -> tuple[Floats, Floats]:
    """Cases and hits a person: programmes that they take part in, and those of them that the model puts among its first `places`."""
    hits = first(chances, places) & taking_part
    return taking_part.sum(axis=1).astype(float), hits.sum(axis=1).astype(float)


def weight(position: int) -> float:
    """How much a place is looked at, of the first place's 1: 1 / log2(1 + position), positions from 1."""
    return float(1 / np.log2(1 + position))


def exposed(shown: Mapping[str, int], entitled: frozenset[str], places: int) -> tuple[float, float, float]:
    """Of one person: how many of the entitled services could be shown on so many places, how many were, and with what share of the weight.

    `shown`: what was shown, each with its place from 1. The weight is against the best that a list of that length could give: who is
    entitled to twenty services is not worse off for having ten places. All zero where the rules entitle to nothing.
    """
    possible = min(len(entitled), places)
    if not possible:
        return 0.0, 0.0, 0.0
    at = [position for service, position in shown.items() if position <= places and service in entitled]
    best = sum(weight(position) for position in range(1, possible + 1))
    return float(possible), float(len(at)), min(1.0, sum(weight(position) for position in at) / best)
