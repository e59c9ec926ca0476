"""How much each line of feedback may count, so that nobody can buy a ranking: neither who clicks 10^5 times, nor an agency with many friends.

1. What one citizen did with one service counts once, however many lists it stood in.
2. One citizen counts as so many services at most, whoever clicks on all of them.
3. The services of one provider have together at most a stated share of the whole weight. With fewer providers than that share allows for,
   each has at most one and a half times an equal share.

So a mean of rewards from 0 to 1, weighted by this, moves by at most `share_bound(...)` when one provider's friends say whatever they like, and by at
most MOST_OF_UNIT over the weight of all by one citizen. It says nothing of who is honest: a provider that many like for good reason is held
too, which costs certainty and bends nothing within its services.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.errors import PolicyError
from recommender.policy.estimates import Vector

MOST_OF_UNIT = 10.0
MOST_OF_PROVIDER = 0.15
SLACK = 1.5


def weights(unit: npt.NDArray[np.int64], service: Sequence[str], provider: Sequence[str]) -> Vector:
    """float64[n] in (0, 1], a weight a line. `unit`: whose line it is (any numbers); `service`, `provider`: codes. Raises `PolicyError` for unequal lengths."""
    if not len(unit) == len(service) == len(provider):
        raise PolicyError("A line of feedback has a citizen, a service and a provider.")
    if not len(unit):
        return np.zeros(0)
    _, who = np.unique(unit, return_inverse=True)
    _, what = np.unique(np.asarray(service, dtype=str), return_inverse=True)
    _, whose = np.unique(np.asarray(provider, dtype=str), return_inverse=True)
    _, pair, times = np.unique(who.astype(np.int64) * (int(what.max()) + 1) + what, return_inverse=True, return_counts=True)
    found = 1.0 / times[pair]
    found *= np.minimum(1.0, MOST_OF_UNIT / np.bincount(who, weights=found))[who]
    totals: Vector = np.bincount(whose, weights=found).astype(np.float64)
    scaled: Vector = found * np.minimum(1.0, _level(totals) / totals)[whose]
    return scaled


def share_bound(providers: int) -> float:
    """The largest share of the weight that one of so many providers' services can have."""
    return min(1.0, max(MOST_OF_PROVIDER, SLACK / max(1, providers)))


def _level(totals: Vector) -> float:
    """The most that a provider may weigh, so that it is `share_bound` of the sum after all that weigh more have been brought down to it."""
    bound = share_bound(len(totals))
    rising = np.sort(totals)
    below = np.concatenate([[0.0], np.cumsum(rising)])
    for held in range(len(rising)):
        # With the `held` heaviest at the level, the level is its share of the rest and of themselves.
        if bound * held >= 1:
            break
        level = float(bound * below[len(rising) - held] / (1 - bound * held))
        if held == 0:
            if rising[-1] <= bound * below[-1]:
                return float(rising[-1])
            continue
        lighter = rising[len(rising) - held - 1] if held < len(rising) else 0.0
        if lighter <= level <= rising[len(rising) - held]:
            return level
    return float(rising[-1])
