"""A candidate against the champion on households that neither learnt from, and what is said of a model beside its metrics."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.monitoring import exposure, reference
from recommender.monitoring.groups import AXES, groups
from recommender.monitoring.tallies import tally
from recommender.ranking.model import Ranker
from recommender.registry.artefact import Artefact
from recommender.registry.gates import LEAST_IN_GROUP, PLACES, Trial, worst_of_groups
from recommender.training import dataset, metrics
from recommender.training.assemble import Assembled
from recommender.training.train import SEED

ROUNDS, TIMED_ROWS = 9, 400
_CODE = Path(__file__).resolve().parent.parent


def trial(candidate: Ranker, champion: Ranker, on: Assembled) -> Trial:
    """What `gates.judge` is given. The two are timed in turns on the same rows, the median of nine rounds."""
    rows = dataset.without_history(on.data.rows[on.held_out])
    segment = metrics.segments(on.data.column("population.person.age"), on.data.column("population.household.children_under_18"))
    popularity = metrics.segment_popularity(segment[on.kept], on.data.labels[on.kept], segment[on.held_out])
    return Trial(
        labels=on.data.labels[on.held_out],
        candidate=candidate.scores(rows),
        champion=champion.scores(rows),
        segment=popularity,
        groups=_groups(on),
        latency=latency(candidate, champion, rows[:TIMED_ROWS]),
    )


def latency(candidate: Ranker, champion: Ranker, rows: Any) -> float:
    """The candidate's processor time over the champion's. Not the clock's: on a busy machine a model a quarter slower measured 1.6 times by it."""
    taken: dict[str, list[float]] = {"candidate": [], "champion": []}
    for _ in range(ROUNDS):
        for name, ranker in (("candidate", candidate), ("champion", champion)):
            begun = time.thread_time()
            ranker.scores(rows)
            taken[name].append(time.thread_time() - begun)
    return statistics.median(taken["candidate"]) / statistics.median(taken["champion"])


def described(found: Artefact, on: Assembled, *, citizens: int | None, dataset_sha256: str) -> Artefact:
    """The artefact with its interval, its fairness by group, what monitoring compares with, and the code that made it. Small groups are not told.

    All of it of the open extract: metadata are never changed, and a citizen's share in an exact figure would outlive their withdrawal.
    `citizens`: as `datasets.told` tells it, None for fewer than ten.
    """
    on = on.of_extract()
    rows, labels = dataset.without_history(on.data.rows[on.held_out]), on.data.labels[on.held_out]
    chances = found.ranker().scores(rows)
    by_axis, people = _groups(on), on.people
    cases, hits = exposure.found(chances, labels, PLACES)
    worst, gap, low, high = worst_of_groups(chances, labels, by_axis)
    fairness = {
        axis: {t.group: {"found": round(t.share, 4), "low": round(t.interval[0], 4), "high": round(t.interval[1], 4)} for t in tallies}
        for axis, names in by_axis.items()
        if (tallies := [t for t in tally(names, cases, hits) if t.people >= LEAST_IN_GROUP])
    }
    low_ndcg, high_ndcg = metrics.interval([metrics.ndcg_each(chances, labels)], seed=SEED)
    return Artefact(
        found.texts,
        {
            **found.metadata,
            "dataset_version": dataset_sha256,
            "citizens": "fewer than 10" if citizens is None else citizens,
            "intervals": {"ndcg3": [round(low_ndcg, 4), round(high_ndcg, 4)]},
            "fairness": {
                "places": PLACES,
                "groups": fairness,
                "worst": {"group": worst, "gap": round(gap, 4), "low": round(low, 4), "high": round(high, 4)},
            },
            "monitoring": reference.of(rows, chances, people),
            "code_sha256": code_sha256(),
        },
    )


def code_sha256() -> str:
    """Over the source that ranks and trains: what made a model, where no version control says so."""
    digest = hashlib.sha256()
    for path in sorted(p for folder in ("ranking", "training") for p in (_CODE / folder).glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_CODE).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _groups(on: Assembled) -> dict[str, list[str]]:
    found: list[Mapping[str, str]] = [groups(facts) for facts in on.people]
    return {axis: [one[axis] for one in found] for axis in AXES}
