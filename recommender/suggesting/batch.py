"""Programmes for very many households at once: the model's chances, the rules' answers and what is received, over arrays. No Django, no reasons, nothing kept.

For counting, judging and preparing, where `service.suggest` would take milliseconds a household. It says of programmes what `candidates` says of them, but for what
no row has: hidden services, areas, dates and what citizens tell of their situation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.catalogue import Catalogue
from recommender.eligibility.columns import answers
from recommender.eligibility.rule import Rule
from recommender.facts import PROGRAMMES
from recommender.ranking.features import FEATURE_KEYS, OWN, Matrix
from recommender.ranking.model import Ranker
from recommender.suggesting.fit import LEAST_SCORE

# Rows at a time: 18 MB of facts, and what is computed from them stays in about three times that.
ROWS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """`order`: int8[n, places], columns of PROGRAMMES, the best first, -1 where there is none; `scores`: float64[n, places], NaN there."""

    order: npt.NDArray[np.int8]
    scores: Matrix


def rank(rows: Matrix, *, ranker: Ranker, catalogue: Catalogue, places: int = 3) -> Iterator[Ranked]:
    """Households of `features.matrix`, ROWS at a time, in their order. Raises `RuleError` where a programme's rule has no form over columns."""
    rules = {service.programme: service.rule for service in catalogue.values() if service.programme}
    for start in range(0, len(rows), ROWS):
        yield _ranked(rows[start : start + ROWS], ranker, rules, places)


def _ranked(rows: Matrix, ranker: Ranker, rules: dict[str, Rule | None], places: int) -> Ranked:
    # Columns lie together once, rather than at every question.
    columns = np.ascontiguousarray(rows.T)
    known = {key: columns[place] for place, key in enumerate(FEATURE_KEYS)}
    scores = ranker.scores(rows)
    nothing = np.full(len(rows), np.nan)
    open_ = np.empty_like(scores)
    for column, programme in enumerate(PROGRAMMES):
        chance = scores[:, column]
        out = (chance < LEAST_SCORE) | (columns[OWN[programme]] == 1)
        rule = rules.get(programme)
        if programme not in rules:
            out[:] = True
        elif rule is not None:
            out |= answers(rule, lambda key: known.get(key, nothing))[1]
        open_[:, column] = np.where(out, -np.inf, chance)
    order = np.argsort(-open_, axis=1, kind="stable")[:, :places]
    best = np.take_along_axis(open_, order, axis=1)
    absent = np.isneginf(best)
    return Ranked(np.where(absent, -1, order).astype(np.int8), np.where(absent, np.nan, best))
