"""Programmes for a million citizens at once, beside LightGBM's own call on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

from bench.harness import Lap, Scale, column, interleave
from bench.place import Place
from bench.results import Results
from recommender.catalogue import catalogue
from recommender.registry import current
from recommender.suggesting import batch
from recommender.training import dataset

CITIZENS = 1_000_000


def measure(results: Results, place: Place, scale: Scale) -> None:
    """The households of the extract, over and over, other categories blanked each time."""
    rows = dataset.load().rows
    wanted = scale.pick(CITIZENS, 2000)
    times = -(-wanted // len(rows))
    many = np.vstack([dataset.blank(rows, dataset.random_connections(len(rows), turn)) for turn in range(times)])[:wanted]
    ranker, services = current(), catalogue()
    laps = interleave(
        {
            "ours": lambda: _lap(lambda: [None for _ in batch.rank(many, ranker=ranker, catalogue=services)]),
            "native": lambda: _lap(lambda: [booster.predict(many, num_threads=1) for booster in ranker.boosters.values()]),
        },
        rounds=scale.pick(3, 1),
    )
    results.ratio("suggest_batch_ratio", column(laps["ours"], "cpu"), column(laps["native"], "cpu"), "s")
    results.ratio("suggest_batch_wall_ratio", column(laps["ours"], "wall"), column(laps["native"], "wall"), "s")
    results.number("suggest_batch_citizens", [wanted])


def _lap(action: Callable[[], object]) -> Lap:
    begun, used = perf_counter(), process_time()
    action()
    return {"wall": perf_counter() - begun, "cpu": process_time() - used}
