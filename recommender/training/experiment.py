"""Compares ways to rank the programmes, on five splits by household, and writes data/experiment.json.

    python -m recommender.training.experiment        (about ten minutes of one core)

The choice that `train` makes rests on these figures; the model card prints them.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from recommender.boosting import lgb
from recommender.facts import PROGRAMMES
from recommender.ranking.features import ATTRIBUTES, CATEGORICAL, FEATURE_KEYS, OWN, Matrix
from recommender.training import dataset, households, metrics
from recommender.training.constraints import monotone
from recommender.training.metrics import Labels
from recommender.training.train import MASKED_COPIES, PARAMETERS, ROUNDS, connections

RESULTS = Path(__file__).parent / "data" / "experiment.json"
SEEDS = (1, 2, 3, 4, 5)
SHOWN = ("everything", "at random", "population-register", "tax-administration", "social-insurance", "with history")
HISTORY = SHOWN[-1]
PAIR_ROUNDS = 250

Scorer: TypeAlias = Callable[[Matrix], Matrix]
Trainer: TypeAlias = Callable[[Matrix, Labels], Scorer]


def one_vs_rest(*, constrained: bool = True) -> Trainer:
    """One binary classifier a programme, which never sees its own flag."""

    def trainer(rows: Matrix, labels: Labels) -> Scorer:
        boosters = []
        for column, programme in enumerate(PROGRAMMES):
            own = rows.copy()
            own[:, OWN[programme]] = np.nan
            directions = monotone(programme) if constrained else {}
            signs = [directions.get(key, 0) for key in FEATURE_KEYS] + [0] * (rows.shape[1] - len(FEATURE_KEYS))
            table = lgb.Dataset(own, labels[:, column].astype(float), categorical_feature=list(CATEGORICAL))
            boosters.append(lgb.train({**PARAMETERS, "monotone_constraints": signs}, table, ROUNDS))
        return lambda wanted: np.column_stack([booster.predict(wanted, num_threads=1) for booster in boosters])

    return trainer


def lambda_rank(rows: Matrix, labels: Labels) -> Scorer:
    """One model over pairs of household and programme, the programme being one more feature. Without history: the flags of a group are its labels."""

    def pairs(rows: Matrix) -> Matrix:
        known = rows[:, : len(ATTRIBUTES)]
        return np.column_stack([np.repeat(known, len(PROGRAMMES), axis=0), np.tile(range(len(PROGRAMMES)), len(rows))])

    table = lgb.Dataset(
        pairs(rows),
        labels.reshape(-1).astype(int),
        group=[len(PROGRAMMES)] * len(rows),
        categorical_feature=[*CATEGORICAL, len(ATTRIBUTES)],
    )
    objective = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 8,
        "num_leaves": 31,
        "learning_rate": 0.1,
        "min_data_in_leaf": 100,
    }
    booster = lgb.train({**PARAMETERS, **objective}, table, PAIR_ROUNDS)
    return lambda wanted: np.asarray(booster.predict(pairs(wanted), num_threads=1)).reshape(-1, len(PROGRAMMES))


def blended(chances: Matrix, ranks: Matrix) -> Matrix:
    """Half log-odds of the classifiers, half the ranker's score, each over its own spread."""
    odds = np.log(chances / (1 - chances))
    return np.asarray(odds / odds.std() + ranks / ranks.std())


CHOSEN, RANKER, BLEND, SEGMENTS = "one a programme (chosen)", "LambdaRank", "both, half and half", "popularity by age and children"
# name -> (trainer, copies with random categories blanked, whether the region is a feature)
CONTENDERS: dict[str, tuple[Trainer, int, bool]] = {
    CHOSEN: (one_vs_rest(), MASKED_COPIES, False),
    "the same without constraints": (one_vs_rest(constrained=False), MASKED_COPIES, False),
    "the same with region": (one_vs_rest(), MASKED_COPIES, True),
    "the same without masking": (one_vs_rest(), 0, False),
    RANKER: (lambda_rank, MASKED_COPIES, False),
}


def run(seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """Mean nDCG@3 over the seeds, by contender and by what is connected, with the deviation between splits."""
    data = dataset.load()
    region = np.array([float(one[1:]) for one in households.columns()["region"]])
    found: dict[str, dict[str, list[float]]] = {name: {} for name in (*CONTENDERS, BLEND, SEGMENTS)}
    for seed in seeds:
        kept, held_out = dataset.split(len(data.rows), seed)
        scores = {name: _scores(data, region, kept, held_out, contender, seed) for name, contender in CONTENDERS.items()}
        scores[BLEND] = {at: blended(one, scores[RANKER][at]) for at, one in scores[CHOSEN].items() if at != HISTORY}
        hidden, labels = dataset.hide_one(data.rows[held_out], data.labels[held_out]), data.labels[held_out]
        for name, situations in scores.items():
            for situation, ranked in situations.items():
                if situation == HISTORY:
                    value = float(metrics.hidden_each(ranked, hidden.seen, hidden.who, hidden.which).mean())
                else:
                    value = metrics.ndcg(ranked, labels)
                found[name].setdefault(situation, []).append(value)
        found[SEGMENTS].setdefault("everything", []).append(_by_segment(data, kept, held_out))
    return {
        "seeds": list(seeds),
        "dataset_sha256": data.sha256,
        "created_with": {"lightgbm": lgb.__version__, "python": platform.python_version()},
        "ndcg3": {
            name: {
                situation: {"mean": round(float(np.mean(values)), 4), "deviation": round(float(np.std(values)), 4)}
                for situation, values in situations.items()
            }
            for name, situations in found.items()
        },
    }


def _scores(
    data: dataset.Dataset, region: Matrix, kept: Any, held_out: Any, contender: tuple[Trainer, int, bool], seed: int
) -> dict[str, Matrix]:
    """What a contender, trained on one part, makes of the other, by what is connected."""
    trainer, copies, with_region = contender

    def placed(rows: Matrix, where: Matrix) -> Matrix:
        # The region goes with its category: it is blanked wherever the age is.
        return np.column_stack([rows, np.where(np.isnan(rows[:, 0]), np.nan, where)]) if with_region else rows

    learned = placed(dataset.augmented(data.rows[kept], copies, seed), np.tile(region[kept], copies + 2))
    scorer = trainer(learned, np.vstack([data.labels[kept]] * (copies + 2)))
    wanted, where = dataset.without_history(data.rows[held_out]), region[held_out]
    rows = {name: dataset.blank(wanted, mask) for name, mask in connections(len(held_out)).items() if name in SHOWN}
    found = {name: scorer(placed(one, where)) for name, one in {"everything": wanted, **rows}.items()}
    if trainer is not lambda_rank:
        hidden = dataset.hide_one(data.rows[held_out], data.labels[held_out])
        found[HISTORY] = scorer(placed(hidden.rows, where[hidden.who]))
    return found


def _by_segment(data: dataset.Dataset, kept: Any, held_out: Any) -> float:
    segment = metrics.segments(data.column("population.person.age"), data.column("population.household.children_under_18"))
    chances = metrics.segment_popularity(segment[kept], data.labels[kept], segment[held_out])
    return metrics.ndcg(chances, data.labels[held_out])


if __name__ == "__main__":
    RESULTS.write_text(json.dumps(run(), indent=1) + "\n", encoding="utf-8")
