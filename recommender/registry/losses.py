"""What a model loses against another on the same households: in one programme, in one group, in how many it foretells. numpy only.

A mean over all hides whom it harms: of few takers, of a small group. So each is looked at, and the one that is surest to lose is told, at a level that allows for
having looked at all (Bonferroni). Paired, because two models err alike on the same household.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from recommender.facts import PROGRAMMES
from recommender.training import metrics
from recommender.training.metrics import Floats, Labels

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Loss:
    """How much worse off `of` is, with an interval that allows for having looked at all."""

    of: str
    lost: float
    low: float
    high: float


def surest(losses: Iterable[tuple[str, float, float]]) -> Loss | None:
    """Of (whose, loss, standard error), the one with the highest lower end; None of none."""
    found = list(losses)
    if not found:
        return None
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * len(found)))
    return max((Loss(of, lost, lost - z * error, lost + z * error) for of, lost, error in found), key=lambda loss: (loss.low, loss.of))


def of_programmes(candidate: Floats, champion: Floats, labels: Labels, least: int) -> Loss | None:
    """AUC that the candidate lacks of the champion's, in the programme that is surest to lose; of those that `least` take part in, and `least` do not."""
    columns = [column for column, takers in enumerate(labels.sum(axis=0)) if least <= takers <= len(labels) - least]
    return surest((PROGRAMMES[c], *_auc_lost(candidate[:, c], champion[:, c], labels[:, c])) for c in columns)


def of_groups(candidate: Floats, champion: Floats, labels: Labels, groups: Mapping[str, Sequence[str]], least: int) -> Loss | None:
    """nDCG@3 that the candidate lacks of the champion's, in the group that is surest to lose; of groups with `least` households that take part in something."""
    helped = labels.any(axis=1)
    lost = metrics.ndcg_each(champion, labels) - metrics.ndcg_each(candidate, labels)
    parts = {f"{axis}:{name}": lost[of] for axis, names in groups.items() for name, of in _members(np.asarray(names)[helped])}
    return surest((group, float(one.mean()), _error(one)) for group, one in parts.items() if len(one) >= least)


def foretold(chances: Floats, labels: Labels, groups: Mapping[str, Sequence[str]], least: int) -> Loss | None:
    """By what share too many or too few are foretold, where that is surest: of a programme, or of a group over all its programmes. With `least` takers."""
    surplus, received = (chances - labels), labels.sum(axis=1)
    parts = {programme: (surplus[:, c], float(labels[:, c].sum())) for c, programme in enumerate(PROGRAMMES)}
    for axis, names in groups.items():
        for name, mine in _members(np.asarray(names)):
            parts[f"{axis}:{name}"] = (surplus[mine].sum(axis=1), float(received[mine].sum()))
    return surest(
        (of, abs(float(over.sum())) / takers, float(over.std()) * sqrt(len(over)) / takers)
        for of, (over, takers) in parts.items()
        if takers >= least
    )


def _members(names: np.ndarray) -> list[tuple[str, Labels]]:
    return [(str(name), names == name) for name in np.unique(names)]


def _error(values: Floats) -> float:
    return float(values.std(ddof=1) / sqrt(len(values)))


def _auc_lost(candidate: Floats, champion: Floats, labels: Labels) -> tuple[float, float]:
    """The champion's AUC less the candidate's, and its standard error (DeLong, DeLong and Clarke-Pearson 1988)."""
    ours, theirs = _placed(candidate, labels), _placed(champion, labels)
    takers, others = theirs[0] - ours[0], theirs[1] - ours[1]
    return float(takers.mean()), sqrt(_error(takers) ** 2 + _error(others) ** 2)


def _placed(scores: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Of each that takes part the share of the others below it, and of each other the share of takers above it; ties count half."""
    takers, others = np.sort(scores[labels]), np.sort(scores[~labels])
    below = (np.searchsorted(others, scores[labels], "left") + np.searchsorted(others, scores[labels], "right")) / (2 * len(others))
    above = 1 - (np.searchsorted(takers, scores[~labels], "left") + np.searchsorted(takers, scores[~labels], "right")) / (2 * len(takers))
    return below, above
