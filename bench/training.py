"""How well the trained way of ranking ranks: households held out, five splits, 95 % intervals over households (bootstrap).

A split that was measured on the same households by the same code (`quality.py`) is not measured again (`splits.py`): all of CPS takes longer than some sessions last.
"""

from __future__ import annotations

from statistics import mean

from bench import cps, quality, splits
from bench.harness import Scale
from bench.place import Place
from bench.quality import Measured
from bench.results import Figure, Results
from recommender.training import metrics
from recommender.training.dataset import Dataset

SEEDS = (1, 2, 3, 4, 5)
# By history, and not ours; with the catch-all it is another question.
NO_PEERS = ("ndcg3_history", "ndcg3_history_unused", "ndcg3_history_with_catch_all")


def measure(results: Results, place: Place, scale: Scale) -> None:
    households = cps.load()
    data, found = households.data, Measured()
    if scale.quick:
        data = Dataset(data.rows[:2000], data.labels[:2000], data.sha256)
    settings: list[str] = []
    for seed in SEEDS[: scale.pick(5, 1)]:
        split = splits.load(data, seed) if not scale.quick else None
        if split is None:
            split = quality.split(data, households.catch_all, seed, settings, scale)
            if not scale.quick:
                splits.save(data, seed, split)
        settings = split.settings
        found.add(split)
    _tell(results, found)
    _best_peer(results, found)
    results.number("ndcg3_households", [len(data.rows)])


def _tell(results: Results, found: Measured) -> None:
    for name, each in found.each.items():
        results.figures.append(Figure(name, mean(float(one.mean()) for one in each), *metrics.interval(each)))
    for name, values in found.single.items():
        results.number(name, values, centre=mean)


def _best_peer(results: Results, found: Measured) -> None:
    """The best of what is not ours, by its mean: the one to beat."""
    peers = {name: each for name, each in found.each.items() if name.startswith("ndcg3_history_") and name not in NO_PEERS}
    best = max(peers, key=lambda name: mean(float(one.mean()) for one in peers[name]))
    results.figures.append(
        Figure("ndcg3_best_peer_history", mean(float(one.mean()) for one in peers[best]), *metrics.interval(peers[best]))
    )
    differences = [ours - peer for ours, peer in zip(found.each["ndcg3_history"], peers[best], strict=True)]
    results.figures.append(
        Figure("ndcg3_history_over_best_peer", mean(float(one.mean()) for one in differences), *metrics.interval(differences))
    )
