"""What a model must show before anybody can ask that it suggests: numbers, limits and verdicts. Pure; the same trial and seed give the same gates.

Households are those that neither candidate nor champion learnt from. A gate whose number is not a number has failed, and no gate is waived.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np

from recommender.facts import PROGRAMMES
from recommender.monitoring import exposure
from recommender.monitoring.tallies import tally, worst_gap
from recommender.registry import losses
from recommender.registry.losses import Loss
from recommender.training import metrics
from recommender.training.metrics import Floats, Labels

PLACES = 3
Interval: TypeAlias = Callable[..., tuple[float, float]]
# How all of these were found: docs/decisions/model-operations.md, from `recommender.training.gate_power`.
LEAST_HOUSEHOLDS = 1_500  # of those held out that take part in something; of fewer the rarest programme has not LEAST_IN_GROUP
LEAST_IN_GROUP = 50
# What may be lost against the champion, at the lower end of the interval, in nDCG@3.
MARGIN = 0.006
# How much worse off a group may be than all others, and by how much that may grow from the champion's.
GAP_LIMIT, GAP_GROWTH = 0.10, 0.02
CALIBRATION_LIMIT = 0.03  # mean distance of foretold and observed chance, for the worst programme
# What the programme, and the group, that is surest to lose may surely lose against the champion: of AUC, of nDCG@3.
PROGRAMME_LOSS, GROUP_LOSS = 0.005, 0.005
FORETOLD_LIMIT = 0.15  # by what share too many or too few may surely be foretold, of a programme or in a group
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


def judge(trial: Trial, *, seed: int, interval: Interval = metrics.interval) -> tuple[Gate, ...]:
    """All gates, in a fixed order. `interval`: as `metrics.interval`, the 95 % of a mean; another one where thousands of trials are judged."""
    enough = int(trial.labels.any(axis=1).sum())
    first = _gate("households", enough // 10 * 10, None, None, LEAST_HOUSEHOLDS, enough >= LEAST_HOUSEHOLDS)
    if not all(np.isfinite(part).all() for part in (trial.candidate, trial.champion, trial.segment)) or not enough:
        # A model that answers with no number ranks nothing: no figure would mean anything.
        return (first, _gate("finite", None, None, None, None, False))
    finite = _gate("finite", 1.0, None, None, None, True)
    programme = losses.of_programmes(trial.candidate, trial.champion, trial.labels, LEAST_IN_GROUP)
    group = losses.of_groups(trial.candidate, trial.champion, trial.labels, trial.groups, LEAST_IN_GROUP)
    foretold = losses.foretold(trial.candidate, trial.labels, trial.groups, LEAST_IN_GROUP)
    return (
        first, finite, _beats_segment(trial, seed, interval), _holds_champion(trial, seed, interval), _gap(trial), _calibration(trial),
        _sure("programme_loss", programme, PROGRAMME_LOSS), _sure("group_loss", group, GROUP_LOSS), _sure("foretold", foretold, FORETOLD_LIMIT, 1),
        _latency(trial),
    )  # fmt: skip


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


def _beats_segment(trial: Trial, seed: int, interval: Interval) -> Gate:
    gained = metrics.ndcg_each(trial.candidate, trial.labels) - metrics.ndcg_each(trial.segment, trial.labels)
    low, high = interval([gained], seed=seed)
    return _gate("segment_popularity", gained.mean(), low, high, 0.0, low > 0)


def _holds_champion(trial: Trial, seed: int, interval: Interval) -> Gate:
    gained = metrics.ndcg_each(trial.candidate, trial.labels) - metrics.ndcg_each(trial.champion, trial.labels)
    low, high = interval([gained], seed=seed)
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


def _sure(name: str, loss: Loss | None, limit: float, decimals: int = 2) -> Gate:
    """Refused where the loss is surely over the limit; passed where none is large enough to be judged, which `households` asks for."""
    if loss is None:
        return _gate(name, 0.0, None, None, limit, True)
    return _gate(name, loss.lost, loss.low, loss.high, limit, loss.low <= limit, decimals=decimals)


def _latency(trial: Trial) -> Gate:
    return _gate("latency", trial.latency, None, None, LATENCY_LIMIT, 0 < trial.latency <= LATENCY_LIMIT)


def _gate(
    name: str, value: float | None, low: float | None, high: float | None, limit: float | None, held: bool, *, decimals: int = 3
) -> Gate:
    """What is no number is kept as none, and has failed. Verdicts are on the exact number; kept for good are three decimals, since among thousands of
    households of the open extract a sixth would tell of the few citizens who are held out; of a group or a programme of fifty already the third."""
    numbers = [number for number in (value, low, high) if number is not None]
    sound = all(math.isfinite(number) for number in numbers)

    def kept(number: float | None) -> float | None:
        return None if number is None or not math.isfinite(number) else round(float(number), decimals)

    return Gate(name, kept(value), kept(low), kept(high), limit if limit is None else round(float(limit), 6), bool(held) and sound)
