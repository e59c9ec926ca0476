"""Suggestions for one household out of 1,800 services, and with reasons for five, beside LightGBM's own call.

The matrix is the household's one row of features: the trained model ranks the eight programmes, one booster each, and every other service is scored by
stated points, so eight calls on that row are all the model work that there is. That is the strictest peer there can be. `suggest_rank_pairs_ratio` is the same
ranking over one booster's call on 1,800 rows, a row a service, which is what a model over pairs of citizen and service would have to do.

The catalogue is for this measurement only: the shipped services, and beside them services with the names, areas and meters of a published extract of
1,705 municipal services where it lies beside the repository (../shared), else the shipped ones again under other names, areas and validity.
"""

from __future__ import annotations

import csv
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from bench.harness import Lap, Scale, column, interleave
from bench.place import Place
from bench.results import ROOT, Results
from recommender import Options, Profile, suggest
from recommender.catalogue import Catalogue, PublicService, catalogue
from recommender.catalogue.text import Text
from recommender.ranking.features import matrix
from recommender.registry import current
from recommender.suggesting.explain import render
from recommender.training import households

SERVICES = 1_800
SHOWN = 5
TODAY = date(2026, 11, 26)
EXTRACT = ROOT.parent / "shared" / "data" / "ptv" / "services.csv"
MUNICIPALITY = "life.home.municipality"


def measure(results: Results, place: Place, scale: Scale) -> None:
    ranker, services, real = current(), *many(SERVICES)
    profiles = [_profile(index) for index in random.sample(range(households.count()), scale.pick(200, 5))]
    rows = [matrix([profile]) for profile in profiles]
    pairs = np.repeat(rows[0], len(services), axis=0)
    first = next(iter(ranker.boosters.values()))
    of = lambda limit: Options(seed=1, today=TODAY, limit=limit)  # noqa: E731

    def shown(profile: Profile) -> list[str]:
        slate = suggest(profile, catalogue=services, ranker=ranker, options=of(SHOWN))
        return [render(reason, "fi") for item in slate for reason in item.reasons]

    # Once to make the reasons' texts and the catalogue's columns ready: a process does that once, as it reads the model once.
    shown(profiles[0])
    laps = interleave(
        {
            # With a limit of zero all services are assessed and sorted, and none is explained.
            "rank": lambda: _each(lambda profile: suggest(profile, catalogue=services, ranker=ranker, options=of(0)), profiles),
            "native": lambda: _each(lambda row: [booster.predict(row, num_threads=1) for booster in ranker.boosters.values()], rows),
            "pairs": lambda: _each(lambda _: first.predict(pairs, num_threads=1), rows[:20]),
            "reasons": lambda: _each(shown, profiles),
        },
        rounds=scale.rounds,
    )
    results.ratio("suggest_rank_ratio", column(laps["rank"], "cpu"), column(laps["native"], "cpu"), "ms")
    results.ratio("suggest_rank_pairs_ratio", column(laps["rank"], "cpu"), column(laps["pairs"], "cpu"), "ms")
    results.number("suggest_with_reasons_ms", column(laps["reasons"], "ms"), "ms")
    results.number("suggest_services", [len(services)])
    results.number("suggest_services_published", [real])


def many(wanted: int, extract: Path = EXTRACT) -> tuple[Catalogue, int]:
    """A catalogue of so many services, and how many of them have the shape of a published one."""
    shipped = list(catalogue().values())
    found: list[PublicService] = []
    if extract.is_file():
        with extract.open(encoding="utf-8", newline="") as file:
            found = [_published(row, shipped[0]) for row in csv.DictReader(file)]
    found = found[: wanted - len(shipped)]
    copies = islice(_copies(shipped), wanted - len(shipped) - len(found))
    services = {one.identifier: one for one in (*shipped, *found, *copies)}
    return Catalogue(services, f"bench only, {len(services)} services, {len(found)} published"), len(found)


def _published(row: dict[str, str], shape: PublicService) -> PublicService:
    meters = tuple(float(row[name]) for name in list(row)[4:14])
    return replace(
        shape, identifier=f"ptv-{row['id']}-{row['area']}", name=Text({"fi": row["name_fi"]}), description=Text({"fi": row["summary_fi"] or row["name_fi"]}),
        areas=(row["area"],), meters=meters, rule=None, unseen_grounds=False, programme=None, base=3, signals=(), reach=1.0, origin="ptv",
    )  # fmt: skip


def _copies(shipped: Sequence[PublicService]) -> Iterator[PublicService]:
    """The shipped services that no model ranks, again and again, each in a municipality and for some years."""
    plain = [one for one in shipped if one.programme is None]
    for number, one in enumerate(cycle(plain)):
        years = timedelta(days=365 * (1 + number % 5))
        yield replace(
            one, identifier=f"{one.identifier}-{number}", areas=(f"{number % 300:03}",), valid_from=TODAY - years, valid_until=TODAY + years
        )  # fmt: skip


def _profile(index: int) -> Profile:
    """A household of the extract; it lives in the municipality from which most of the published services come."""
    known = {f"{category}.{key}": value for category, facts in households.facts_of(index).items() for key, value in facts.items()}
    return Profile({**known, MUNICIPALITY: "491"})


def _each(action: Callable[[Any], Any], inputs: Sequence[Any]) -> Lap:
    """The median input's milliseconds, by the clock and of the processor: ratios are of the latter, which others on the machine do not stretch."""
    times, used = [], []
    for one in inputs:
        begun, spent = perf_counter(), thread_time()
        action(one)
        used.append(thread_time() - spent)
        times.append(perf_counter() - begun)
    return {"ms": statistics.median(times) * 1000, "cpu": statistics.median(used) * 1000}
