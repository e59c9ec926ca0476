"""How good a model has shown itself: what it said of people, beside what followed. Totals that tell of nobody.

Pure. Given are pairs, one a person; what comes out is made to be told to the model's owner, who knows the people:
- no cell of fewer than FEWEST people is told, and a table of what followed is told only where FEWEST had it and FEWEST had not;
- counts are told in tens, rounded down, so that a cell that is not told cannot be had by subtracting told ones;
- shares and means are told to two figures, the AUC to two decimals, so that no count can be worked out of them;
- the highest and the lowest answers count as the FEWEST-th highest and lowest (Tukey's winsorising): else a model made for it, which says 1 of one
  person's facts and 0 of all others', would tell by a mean or the AUC whether that person is among them, and what came of them.
People to whom what the model is about did not happen (no operation) are told of apart: nothing of the kind could follow, and leaving them out
unsaid would hide for whom the model was heeded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from recommender.evaluators.contract import Contract, Output

FEWEST = 10
_NORMAL_975 = 1.959964


@dataclass(frozen=True, slots=True)
class Pair:
    """One person. `said`: probability by output; `happened`: what the model is about took place; `months`: how long it is known what followed;
    `events`: by output whether it came to that within the output's horizon, absent where nobody says."""

    said: Mapping[str, float] = field(repr=False)
    happened: bool = field(repr=False)
    months: int = field(repr=False)
    events: Mapping[str, bool] = field(repr=False)


def report(contract: Contract, pairs: Iterable[Pair]) -> dict[str, Any]:
    """Plain JSON. `people`, `without`: to how many it happened and to how many not, in tens; None for fewer than FEWEST."""
    found = list(pairs)
    after = [pair for pair in found if pair.happened]
    without = [pair for pair in found if not pair.happened]
    return {
        "people": _tens(len(after)),
        "without": _tens(len(without)),
        "outputs": [_of(output, after, without) for output in contract.outputs if output.outcome],
    }


def counted(contract: Contract, pair: Pair) -> str:
    """All of a pair that a report can depend on: of two people with the same, reports say the same."""
    known = [
        (output.code, pair.said[output.code], pair.months >= output.horizon_months, pair.events.get(output.code))
        for output in contract.outputs
        if output.outcome
    ]
    return repr((pair.happened, known))


def _of(output: Output, after: Sequence[Pair], without: Sequence[Pair]) -> dict[str, Any]:
    # Followed for the whole time, whatever came: who had it early would else count, and who may have it yet would not.
    followed = [pair for pair in after if pair.months >= output.horizon_months and output.code in pair.events]
    known = list(zip(_blunted([p.said[output.code] for p in followed]), [p.events[output.code] for p in followed], strict=True))
    ill = sorted(said for said, event in known if event)
    well = sorted(said for said, event in known if not event)
    told = len(ill) >= FEWEST and len(well) >= FEWEST
    area, low, high = auc(ill, well) if told else (None, None, None)
    return {
        "code": output.code,
        "horizon_months": output.horizon_months,
        "people": _tens(len(known)),
        "events": _tens(len(ill)) if told else None,
        "auc": area,
        "auc_low": low,
        "auc_high": high,
        "calibration": _calibration(known) if told else [],
        "said_without": _mean(_blunted([pair.said[output.code] for pair in without])),
    }


def auc(ill: Sequence[float], well: Sequence[float]) -> tuple[float, float, float]:
    """The area under the ROC curve and its 95 % interval (DeLong et al., Biometrics 1988;44:837), to two decimals. Both sorted, two at least."""
    above, under = _shares_below(ill, well), [1 - share for share in _shares_below(well, ill)]
    area = sum(above) / len(above)
    error = math.sqrt(_variance(above) / len(above) + _variance(under) / len(under))
    reach = _NORMAL_975 * error
    return round(area, 2), round(max(0.0, area - reach), 2), round(min(1.0, area + reach), 2)


def _shares_below(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """For each value the share of the others that lie below it, ties half. Both sorted; one walk over both."""
    shares: list[float] = []
    low = high = 0
    for value in values:
        while low < len(others) and others[low] < value:
            low += 1
        while high < len(others) and others[high] <= value:
            high += 1
        shares.append((low + high) / 2 / len(others))
    return shares


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _calibration(known: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Bins from the lowest probability up, each as small as FEWEST who had it and FEWEST who had not allow; the rest is the last one's.

    Whom the model gave the same is never divided between two.
    """
    bins: list[list[tuple[float, bool]]] = [[]]
    for _, same in groupby(sorted(known), key=lambda one: one[0]):
        if _full(bins[-1]):
            bins.append([])
        bins[-1] += same
    if len(bins) > 1 and not _full(bins[-1]):
        rest = bins.pop()
        bins[-1] += rest
    return [
        {"predicted": _mean([said for said, _ in one]), "observed": _mean([float(event) for _, event in one]), "people": _tens(len(one))}
        for one in bins
    ]


def _full(one: Sequence[tuple[float, bool]]) -> bool:
    events = sum(event for _, event in one)
    return events >= FEWEST and len(one) - events >= FEWEST


def _blunted(values: Sequence[float]) -> list[float]:
    """None of them stands out of the FEWEST highest or lowest; where these overlap all are the one in the middle."""
    if len(values) < FEWEST:
        return list(values)  # nothing is told of so few
    ordered = sorted(values)
    at = min(FEWEST - 1, (len(values) - 1) // 2)
    low, high = ordered[at], ordered[max(at, len(values) - FEWEST)]
    return [min(max(value, low), high) for value in values]


def _mean(values: Sequence[float]) -> float | None:
    """To two figures; None for fewer than FEWEST."""
    return float(f"{sum(values) / len(values):.2g}") if len(values) >= FEWEST else None


def _tens(count: int) -> int | None:
    return count // 10 * 10 if count >= FEWEST else None
