"""What a candidate would have earned by the lists that citizens were shown, told beside the gates and held by one of its own.

The gate fails where the candidate earns less than what was shown beyond doubt: the doubly robust interval of the gain lies below 0, and lies there also
when no provider's feedback counts above its share, so that what its friends say of its services does not keep a model out. Where too little is known it passes and says so: feedback
is not what models learn from, and a model without feedback is still judged by the others.

All numbers are of citizens, and a verdict is kept for good. So each is told in steps of which one citizen moves it by one at most, and of five places'
reward at least, up or down by a chance that is drawn anew when anybody comes or goes (`monitoring.protect`). The verdict is on the exact numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recommender.errors import PolicyError
from recommender.monitoring.protect import SMALLEST, STEP, Rounder
from recommender.policy.estimates import LEAST_EFFECTIVE, LEAST_UNITS, Estimate, Method, TooLittle, gain, value
from recommender.ranking.model import Ranker
from recommender.registry.gates import Gate
from recommender.suggesting.logged import CatalogueAt, Lines, RankerAt, lines, usual
from recommender.training.rows import Row

NAME = "feedback"
MOST_CITIZENS = 5_000  # whose lists are made again; half a minute
FINEST = 0.001
# Of the candidate's places, so many may be ones that these lists could not have had: what a model expects of them decides then, and gains are of thousandths.
MOST_UNSEEN = 0.001
# Why there is a number or none: nobody was shown anything; too few; the candidate's places were too seldom shown; no number from the candidate.
ENOUGH, NOBODY, FEW, UNLIKE, NO_NUMBER = "enough", "nobody", "few", "unlike", "no_number"
BOUNDED = "bounded"


@dataclass(frozen=True, slots=True)
class FeedbackGate(Gate):
    """The gate, with the doubly robust gain as its value. `report`: `said` (one of the words above), `citizens` (None below ten), and with ENOUGH
    `shown`, what the lists earned a place, and `methods`: ips, snips, dr, bounded, each with `value`, `gain`, `low`, `high`."""

    report: Mapping[str, Any] = field(default_factory=dict)


def judge(
    rows: Sequence[tuple[Row, bool]],
    *,
    candidate: Ranker,
    ranker_at: RankerAt,
    catalogue_at: CatalogueAt,
    places: int,
    rounder: Rounder,
) -> FeedbackGate:
    """`rows`: each with whether it is held out, in any order that has nothing to do with the citizens. `places`: of a list."""
    expects = usual([row for row, held_out in rows if not held_out], catalogue_at=catalogue_at)
    held_out = [row for row, mine in rows if mine][:MOST_CITIZENS]
    try:
        found = lines(held_out, candidate=candidate, ranker_at=ranker_at, catalogue_at=catalogue_at, places=places, expects=expects)
    except PolicyError:
        return _gate(None, None, None, False, {"said": NO_NUMBER, "citizens": None})
    return of_lines(found, rounder)


def of_lines(found: Lines, rounder: Rounder) -> FeedbackGate:
    """The verdict and what is told of it."""
    if found.citizens < SMALLEST:
        return _gate(None, None, None, True, {"said": FEW if found.tried else NOBODY, "citizens": None})
    told = max(SMALLEST, rounder(found.citizens, NAME, "citizens", _row(found)))
    if found.unseen > MOST_UNSEEN:
        return _gate(None, None, None, True, {"said": UNLIKE, "citizens": told})
    whole, bounded = found.log(), found.log(bounded=True)
    gains = {**{method.value: gain(whole, method) for method in Method}, BOUNDED: gain(bounded, Method.DR)}
    values = {**{method.value: value(whole, method) for method in Method}, BOUNDED: value(bounded, Method.DR)}
    known = [one for one in (*gains.values(), *values.values()) if isinstance(one, Estimate)]
    if len(known) < len(gains) + len(values):
        return _gate(None, None, None, True, {"said": _why(gains[Method.DR.value]), "citizens": told})
    tell = _Telling(rounder, found)
    methods = {name: tell.method(name, values[name], gains[name]) for name in gains}
    worse = all(gains[name].high < 0 for name in (Method.DR.value, BOUNDED))  # type: ignore[union-attr]  # all are numbers
    shown = tell.number("shown", float(found.reward.mean()), values[Method.DR.value])
    dr = methods[Method.DR.value]
    return _gate(dr["gain"], dr["low"], dr["high"], not worse, {"said": ENOUGH, "citizens": told, "shown": shown, "methods": methods})


@dataclass(frozen=True, slots=True)
class _Telling:
    """Exact numbers as they may be kept."""

    rounder: Rounder
    found: Lines

    def method(self, name: str, worth: Estimate | TooLittle, gained: Estimate | TooLittle) -> dict[str, float]:
        told = {
            "value": self.number(f"{name} value", worth.value, worth),  # type: ignore[union-attr]
            "gain": self.number(f"{name} gain", gained.value, gained),  # type: ignore[union-attr]
        }
        ends = [self.number(f"{name} {end}", at, gained) for end, at in (("low", gained.low), ("high", gained.high))]  # type: ignore[union-attr]
        return {**told, "low": min(ends[0], told["gain"]), "high": max(ends[1], told["gain"])}

    def number(self, name: str, exact: float, of: Estimate | TooLittle) -> float:
        step = step_of(of.most if isinstance(of, Estimate) else 1.0, len(self.found.unit))
        return round(self.rounder(exact / step * STEP, NAME, name, _row(self.found)) / STEP * step, 3)


def step_of(most: float, places: int) -> float:
    """The next of .001, .002, .005, .01, .. that is not below what one citizen moves, nor below five places' reward in so many."""
    wanted = max(FINEST, most, STEP / max(1, places))
    ten = 10.0 ** math.floor(math.log10(wanted) + 1e-12)
    return next(round(ten * times, 12) for times in (1, 2, 5, 10) if ten * times >= wanted * (1 - 1e-9))


def _row(found: Lines) -> str:
    """All that the numbers come of, as text: when anybody comes or goes, every chance is drawn anew. It goes into a keyed digest, nowhere else."""
    return f"{len(found.unit)} {found.citizens} {float(found.reward.sum()):.9f} {float((found.target / found.propensity).sum()):.9f}"


def _why(found: Estimate | TooLittle) -> str:
    few = isinstance(found, TooLittle) and (found.effective < LEAST_EFFECTIVE or found.units < LEAST_UNITS)
    return FEW if few else UNLIKE


def _gate(at: float | None, low: float | None, high: float | None, held: bool, report: Mapping[str, Any]) -> FeedbackGate:
    return FeedbackGate(NAME, at, low, high, 0.0, held, report)
