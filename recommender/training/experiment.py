"""Compares ways to rank the programmes, on five splits by household, and writes data/experiment.json.

    python -m recommender.training.experiment        (about five minutes on two cores)

The choice that `train` makes rests on these figures; the model card prints them.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np

from recommender.facts import PROGRAMMES
from recommender.ranking.features import CATEGORICAL, FEATURE_KEYS, Matrix
from recommender.training import dataset, households, metrics
from recommender.training.constraints import monotone
from recommender.training.metrics import Labels
from recommender.training.train import MASKED_COPIES, PARAMETERS, ROUNDS, connections

RESULTS = Path(__file__).parent / "data" / "experiment.json"
SEEDS = (1, 2, 3, 4, 5)
SHOWN = ("everything", "at random", "population-register", "tax-administration", "social-insurance")
PAIR_ROUNDS = 250

Scorer: TypeAlias = Callable[[Matrix], Matrix]
Trainer: TypeAlias = Callable[[Matrix, Labels], Scorer]


def one_vs_rest(*, constrained: bool) -> Trainer:
    """One binary classifier a programme."""

    def trainer(rows: Matrix, labels: Labels) -> Scorer:
        boosters = []
        for column, programme in enumerate(PROGRAMMES):
            directions = monotone(programme) if constrained else {}
            signs = [directions.get(key, 0) for key in FEATURE_KEYS] + [0] * (rows.shape[1] - len(FEATURE_KEYS))
            table = lgb.Dataset(rows, labels[:, column].astype(float), categorical_feature=list(CATEGORICAL))
            boosters.append(lgb.train({**PARAMETERS, "monotone_constraints": signs}, table, ROUNDS))
        return lambda wanted: np.column_stack([booster.predict(wanted) for booster in boosters])

    return trainer


def one_model(objective: Mapping[str, Any]) -> Trainer:
    """One model over pairs of household and programme, the programme being one more feature."""

    def pairs(rows: Matrix) -> Matrix:
        return np.column_stack([np.repeat(rows, len(PROGRAMMES), axis=0), np.tile(range(len(PROGRAMMES)), len(rows))])

    def trainer(rows: Matrix, labels: Labels) -> Scorer:
        table = lgb.Dataset(
            pairs(rows),
            labels.reshape(-1).astype(int),
            group=[len(PROGRAMMES)] * len(rows) if objective["objective"] == "lambdarank" else None,
            categorical_feature=[*CATEGORICAL, rows.shape[1]],
        )
        parameters = {**PARAMETERS, "learning_rate": 0.1, "min_data_in_leaf": 100, **objective}
        booster = lgb.train(parameters, table, PAIR_ROUNDS)
        return lambda wanted: np.asarray(booster.predict(pairs(wanted))).reshape(-1, len(PROGRAMMES))

    return trainer


LAMBDARANK = {"objective": "lambdarank", "lambdarank_truncation_level": 8, "num_leaves": 31}
# name -> (trainer, masked copies, whether the region is a feature)
CONTENDERS: dict[str, tuple[Trainer, int, bool]] = {
    "one a programme, constrained, masked (chosen)": (one_vs_rest(constrained=True), MASKED_COPIES, False),
    "the same without constraints": (one_vs_rest(constrained=False), MASKED_COPIES, False),
    "the same with region": (one_vs_rest(constrained=True), MASKED_COPIES, True),
    "the same without masking": (one_vs_rest(constrained=True), 0, False),
    "LambdaRank, masked": (one_model(LAMBDARANK), MASKED_COPIES, False),
    "LambdaRank, without masking": (one_model(LAMBDARANK), 0, False),
    "one classifier over pairs, masked": (one_model({"objective": "binary", "num_leaves": 63}), MASKED_COPIES, False),
}


def run(seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """Mean nDCG@3 over the seeds, by contender and by what is connected, with the deviation between splits."""
    data = dataset.load()
    region = households.load()["region"].str[1:].astype(float).to_numpy()
    found: dict[str, dict[str, list[float]]] = {name: {} for name in (*CONTENDERS, "popularity by age and children")}
    for seed in seeds:
        kept, held_out = dataset.split(len(data.rows), seed)
        labels = data.labels[held_out]
        situations = {name: mask for name, mask in connections(len(held_out)).items() if name in SHOWN}
        for name, (trainer, copies, with_region) in CONTENDERS.items():
            rows, truth = dataset.augmented(data.rows[kept], data.labels[kept], copies, seed)
            where = np.tile(region[kept], copies + 1)
            # The region goes with its category: it is blanked wherever the age is.
            where[np.isnan(rows[:, 0])] = np.nan
            scorer = trainer(np.column_stack([rows, where]) if with_region else rows, truth)
            for situation, mask in {"everything": None, **situations}.items():
                wanted = data.rows[held_out] if mask is None else dataset.blank(data.rows[held_out], mask)
                if with_region:
                    wanted = np.column_stack([wanted, np.where(np.isnan(wanted[:, 0]), np.nan, region[held_out])])
                found[name].setdefault(situation, []).append(metrics.ndcg(scorer(wanted), labels))
        found["popularity by age and children"].setdefault("everything", []).append(_by_segment(data, kept, held_out))
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


def _by_segment(data: dataset.Dataset, kept: Any, held_out: Any) -> float:
    segment = metrics.segments(data.column("population.person.age"), data.column("population.household.children_under_18"))
    chances = metrics.segment_popularity(segment[kept], data.labels[kept], segment[held_out])
    return metrics.ndcg(chances, data.labels[held_out])


if __name__ == "__main__":
    RESULTS.write_text(json.dumps(run(), indent=1) + "\n", encoding="utf-8")
