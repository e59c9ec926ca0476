"""Suggestions for one household: the catalogue ranked, and with reasons, beside LightGBM's own call for the same row."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from bench.harness import Lap, Scale, column, interleave
from bench.place import Place
from bench.results import Results
from recommender.profile import Profile
from recommender.ranking.features import matrix
from recommender.registry import current
from recommender.service import catalogue, suggest
from recommender.training import households

SHOWN = 5


def measure(results: Results, place: Place, scale: Scale) -> None:
    boosters = current().boosters
    profiles = [_profile(index) for index in random.sample(range(households.count()), scale.pick(200, 5))]
    rows = [matrix([profile]) for profile in profiles]
    # Once to make the reasons' texts and the catalogue's rules ready.
    suggest(profiles[0], language="fi", limit=SHOWN)
    laps = interleave(
        {
            # With a limit of zero all services are assessed and sorted, and none is explained.
            "rank": lambda: _each(lambda profile: suggest(profile, limit=0), profiles),
            "native": lambda: _each(lambda row: [booster.predict(row, num_threads=1) for booster in boosters.values()], rows),
            "reasons": lambda: _each(lambda profile: suggest(profile, language="fi", limit=SHOWN), profiles),
        },
        rounds=scale.rounds,
    )
    results.ratio("suggest_rank_ratio", column(laps["rank"], "ms"), column(laps["native"], "ms"), "ms")
    results.number("suggest_with_reasons_ms", column(laps["reasons"], "ms"), "ms")
    results.number("suggest_services", [len(catalogue())])


def _profile(index: int) -> Profile:
    return Profile({f"{category}.{key}": value for category, facts in households.facts_of(index).items() for key, value in facts.items()})


def _each(action: Callable[[Any], Any], inputs: Sequence[Any]) -> Lap:
    """The median input's milliseconds."""
    times = []
    for one in inputs:
        begun = perf_counter()
        action(one)
        times.append(perf_counter() - begun)
    return {"ms": statistics.median(times) * 1000}
