"""Whether facts, chances and what is suggested still look as they did when the model was made: four measures, since none sees everything.

PSI compares how full bins are and is blind to a shift inside the usual spread: a fall of all wages by 30 % has a PSI of .09, below any usual
threshold. The Kolmogorov-Smirnov distance sees that; the shift of the mean sees what happens in a long tail; the share of the unknown sees
a source that has stopped answering. Where many facts are looked at, the thresholds of significance are divided among them. numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, exp, floor, log10, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 10
POINTS = 100  # quantiles of the reference that are kept: enough for a KS distance to within .01
FLOOR = 1e-4  # an empty bin's share, so that the logarithm stands
LEAST = 200  # fewer known values say nothing of a distribution


@dataclass(frozen=True, slots=True)
class Shape:
    """A reference distribution, small and without anybody in it: of `people`, the share that is known, and of that the quantiles and moments.

    `filled`: the share in each of the bins for PSI, whose edges are every tenth quantile: values that many share have a bin of their own.
    """

    people: int
    known: float
    quantiles: tuple[float, ...]
    filled: tuple[float, ...]
    mean: float
    deviation: float

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "quantiles": list(self.quantiles), "filled": list(self.filled)}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Shape:
        return cls(**{**plain, "quantiles": tuple(plain["quantiles"]), "filled": tuple(plain["filled"])})


@dataclass(frozen=True, slots=True)
class Drift:
    """Of one fact or chance. `ks_p`: how often a distance like this comes by chance. `shift`: of the mean, in the reference's deviations.

    `z`: the same in standard errors of both sides. `known`: now minus then. All but `known` are of the known values.
    """

    name: str
    people: int
    psi: float
    ks: float
    ks_p: float
    shift: float
    z: float
    known: float
    known_z: float


def shape(values: Floats) -> Shape:
    """Of float64[n], NaN for unknown. Quantiles are rounded up to three figures: one person's own amount must not stand in a card."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Shape(len(values), 0.0, (), (), 0.0, 0.0)
    points = tuple(_rounded_up(point) for point in np.quantile(known, np.linspace(0, 1, POINTS + 1)[1:-1]))
    edges = _edges(points)
    filled = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1) / len(known)
    return Shape(
        len(values),
        round(len(known) / len(values), 4),
        points,
        tuple(round(float(share), 4) for share in filled),
        _figures(known.mean()),
        _figures(known.std()),
    )


def drift(name: str, then: Shape, values: Floats) -> Drift | None:
    """Against `then`; None where fewer than LEAST are known on either side, unless that itself is the news (then only `known` is told)."""
    people = len(values)
    known = values[~np.isnan(values)]
    if people < LEAST or then.people < LEAST:
        return None
    now_known = len(known) / people
    both = (now_known * people + then.known * then.people) / (people + then.people)
    error = sqrt(max(both * (1 - both), 1e-9) * (1 / people + 1 / then.people))
    gone, gone_z = now_known - then.known, (now_known - then.known) / error
    if len(known) < LEAST or len(then.quantiles) == 0 or then.known * then.people < LEAST:
        return Drift(name, people, 0.0, 0.0, 1.0, 0.0, 0.0, gone, gone_z)
    n, m = len(known), then.known * then.people
    distance = ks(then, known)
    deviation = then.deviation or 1.0
    standard = sqrt(deviation**2 / m + float(known.std()) ** 2 / n) or 1.0
    change = float(known.mean()) - then.mean
    return Drift(name, people, psi(then, known), distance, ks_chance(distance, n, m), change / deviation, change / standard, gone, gone_z)


def psi(then: Shape, known: Floats) -> float:
    """Population stability index over bins that the reference fills equally, as far as values are not shared by many."""
    edges = _edges(then.quantiles)
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    # Half a person in each bin: of few people, an empty bin is no news.
    actual = (counts + 0.5) / (len(known) + 0.5 * len(counts))
    expected = np.maximum(np.array(then.filled), FLOOR)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _edges(points: Sequence[float]) -> Floats:
    return np.unique(np.array(points)[POINTS // BINS - 1 :: POINTS // BINS])


def ks(then: Shape, known: Floats) -> float:
    """The largest distance between both cumulative shares, looked at where the reference has its quantiles and just below; never more than it is."""
    points = np.array(then.quantiles)
    at = np.unique(np.concatenate([points, [_before(point) for point in np.unique(points)]]))
    least = np.searchsorted(points, at, side="right") / (len(points) + 1)
    now = np.searchsorted(np.sort(known), at, side="right") / len(known)
    # A quantile says between which two shares its value lies: within them nothing is known to differ.
    return float(np.maximum(np.maximum(least - now, now - least - 1 / (len(points) + 1)), 0.0).max())


def ks_chance(distance: float, n: float, m: float) -> float:
    """How often two samples of one distribution are so far apart (Kolmogorov's limit with Stephens's correction, 1970); ties make it cautious."""
    size = sqrt(n * m / (n + m))
    scaled = (size + 0.12 + 0.11 / size) * distance
    if scaled < 0.2:
        return 1.0
    return min(1.0, max(0.0, 2 * sum((-1) ** (k - 1) * exp(-2 * k * k * scaled * scaled) for k in range(1, 101))))


def _figures(value: float, figures: int = 4) -> float:
    return float(f"{float(value):.{figures}g}")


def _rounded_up(value: float) -> float:
    """To three figures, upwards. So a quantile still has below it exactly those whom it had: rounded down, it would leave out who share a value."""
    value = float(value)
    return float(f"{ceil(value / _step(value) - 1e-9) * _step(value):.6g}") if value else 0.0


def _before(rounded: float) -> float:
    """The number of three figures next below: whoever is at most there is counted by the quantiles at most there, exactly."""
    step = _step(rounded)
    # Below a power of ten the numbers of three figures lie ten times as close.
    return float(f"{rounded - (step / 10 if rounded > 0 and rounded == 100 * step else step):.6g}") if rounded else -1e-9


def _step(value: float) -> float:
    return 10.0 ** (floor(log10(abs(value))) - 2) if value else 1.0
