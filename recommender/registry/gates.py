"""What a model must show before anybody can ask that it suggests: numbers, limits and verdicts. Pure; the same trial and seed give the same gates.

Households are those that neither candidate nor champion learnt from. A gate whose number is not a number has failed, and no gate is waived.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recommender.facts import PROGRAMMES
from recommender.monitoring import exposure
from recommender.monitoring.tallies import tally, worst_gap
from recommender.training import metrics
from recommender.training.metrics import Floats, Labels

PLACES = 3
LEAST_HOUSEHOLDS = 400  # of those held out that take part in something; fewer settle nothing
LEAST_IN_GROUP = 50
# What may be lost against the champion, at the lower end of the interval, in nDCG@3.
MARGIN = 0.005
# How much worse off a group may be than all others, and by how much that may grow from the champion's.
GAP_LIMIT, GAP_GROWTH = 0.10, 0.02
CALIBRATION_LIMIT = 0.03  # mean distance of foretold and observed chance, for the worst programme
LATENCY_LIMIT = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Held-out households: bool[n, programmes] who takes part; float64[n, programmes] chances by candidate, by champion and by segment.

    `groups`: axis to the group of each household. `latency`: candidate's time over the champion's, on the same rows, interleaved.
    """

    labels: Labels
    candidate: Floats = field(repr=False)
    champion: Floats = field(repr=False)
    segment: Floats = field(repr=False)
    groups: Mapping[str, Sequence[str]] = field(repr=False)
    latency: float = 1.0


@dataclass(frozen=True, slots=True)
class Gate:
    """`value` with its 95 % interval, where there is one; `limit`: what `value` or an end of the interval is held against."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    limit: float | None
    passed: bool

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def judge(trial: Trial, *, seed: int) -> tuple[Gate, ...]:
    """All gates, in a fixed order."""
    enough = int(trial.labels.any(axis=1).sum())
    first = _gate("households", enough // 10 * 10, None, None, LEAST_HOUSEHOLDS, enough >= LEAST_HOUSEHOLDS)
    if not all(np.isfinite(part).all() for part in (trial.candidate, trial.champion, trial.segment)) or not enough:
        # A model that answers with no number ranks nothing: no figure would mean anything.
        return (first, _gate("finite", None, None, None, None, False))
    finite = _gate("finite", 1.0, None, None, None, True)
    return (first, finite, _beats_segment(trial, seed), _holds_champion(trial, seed), _gap(trial), _calibration(trial), _latency(trial))


def passed(gates: Sequence[Gate]) -> bool:
    """All of them, and not none."""
    return bool(gates) and all(gate.passed for gate in gates)


def worst_of_groups(chances: Floats, labels: Labels, groups: Mapping[str, Sequence[str]]) -> tuple[str, float, float, float]:
    """(axis and group, gap, low, high) of the group that is surest to be found less often than all others; ("", 0, 0, 0) where no two can be compared."""
    cases, hits = exposure.found(chances, labels, PLACES)
    gaps = [(axis, gap) for axis, names in groups.items() if (gap := worst_gap(tally(names, cases, hits), LEAST_IN_GROUP)) is not None]
    if not gaps:
        return "", 0.0, 0.0, 0.0
    axis, worst = max(gaps, key=lambda found: (found[1].low, found[0]))
    return f"{axis}:{worst.group}", worst.gap, worst.low, worst.high


def _beats_segment(trial: Trial, seed: int) -> Gate:
    gained = metrics.ndcg_each(trial.candidate, trial.labels) - metrics.ndcg_each(trial.segment, trial.labels)
    low, high = metrics.interval([gained], seed=seed)
    return _gate("segment_popularity", gained.mean(), low, high, 0.0, low > 0)


def _holds_champion(trial: Trial, seed: int) -> Gate:
    gained = metrics.ndcg_each(trial.candidate, trial.labels) - metrics.ndcg_each(trial.champion, trial.labels)
    low, high = metrics.interval([gained], seed=seed)
    return _gate("champion", gained.mean(), low, high, -MARGIN, low >= -MARGIN)


def _gap(trial: Trial) -> Gate:
    _, gap, low, high = worst_of_groups(trial.candidate, trial.labels, trial.groups)
    _, before, *_ = worst_of_groups(trial.champion, trial.labels, trial.groups)
    limit = max(GAP_LIMIT, before + GAP_GROWTH)
    return _gate("group_gap", gap, low, high, limit, gap <= limit)


def _calibration(trial: Trial) -> Gate:
    errors = [metrics.calibration_error(trial.candidate[:, c], trial.labels[:, c]) for c in range(len(PROGRAMMES))]
    worst = max(errors, key=lambda error: (math.isnan(error), error))
    return _gate("calibration", worst, None, None, CALIBRATION_LIMIT, worst <= CALIBRATION_LIMIT)


def _latency(trial: Trial) -> Gate:
    return _gate("latency", trial.latency, None, None, LATENCY_LIMIT, 0 < trial.latency <= LATENCY_LIMIT)


def _gate(name: str, value: float | None, low: float | None, high: float | None, limit: float | None, held: bool) -> Gate:
    """What is no number is kept as none, and has failed. Verdicts are on the exact number; kept for good are three decimals, since among thousands of
    households of the open extract a sixth would tell of the few citizens who are held out."""
    numbers = [number for number in (value, low, high) if number is not None]
    sound = all(math.isfinite(number) for number in numbers)

    def kept(number: float | None) -> float | None:
        return None if number is None or not math.isfinite(number) else round(float(number), 3)

    return Gate(name, kept(value), kept(low), kept(high), limit if limit is None else round(float(limit), 6), bool(held) and sound)
