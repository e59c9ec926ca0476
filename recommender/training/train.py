"""Trains the model on households. Same households, same versions: same bytes out.

Why one classifier a programme, these constraints and this masking: docs/decisions/recommender.md.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from recommender.boosting import lgb
from recommender.errors import DatasetError
from recommender.facts import PROGRAMME_CATEGORY, PROGRAMMES
from recommender.ranking.features import CATEGORICAL, FEATURE_CATEGORIES, FEATURE_KEYS, OWN, Matrix
from recommender.ranking.model import Ranker
from recommender.registry.artefact import Artefact, ranker_of, sha256_of
from recommender.training import dataset, metrics
from recommender.training.constraints import monotone
from recommender.training.dataset import Dataset, blank, only, random_connections
from recommender.training.households import EXTRACT
from recommender.training.metrics import Floats, Labels, Places

# (parameters, rows, label, rounds, *, feature_name, categorical, weight) -> model text
Boost: TypeAlias = Callable[..., str]

SEED = 20_261_124
ROUNDS = 120
MASKED_COPIES = 2
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.075,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.6,
    "lambda_l2": 5.0,
    # Sums of floats depend on how rows are spread over threads. One thread gives the same bytes on one core as on many, and
    # is faster than two (11 s against 55) where something else uses the other core: OpenMP threads wait by spinning.
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": SEED,
    "verbose": -1,
}


def train(extract: Path = EXTRACT) -> Artefact:
    """`train_on` the extract (about 20 s). Raises `DatasetError` for an extract that is unreadable or too small."""
    return train_on(dataset.load(extract))


def learnt_here(
    parameters: Mapping[str, Any],
    rows: Matrix,
    label: Floats,
    rounds: int,
    *,
    feature_name: Sequence[str],
    categorical: Sequence[int],
    weight: Floats | None = None,
) -> str:
    """A LightGBM model text, learnt in this process. What learns elsewhere takes and gives the same."""
    table = lgb.Dataset(rows, label, weight=weight, feature_name=list(feature_name), categorical_feature=list(categorical))
    return str(lgb.train(dict(parameters), table, rounds).model_to_string())


def train_on(data: Dataset, *, held_out: Places | None = None, boost: Boost = learnt_here, told: int | None = None) -> Artefact:
    """Fits on the households that are not `held_out` (row numbers; a quarter drawn by SEED where None) and measures on those that are.

    `told`: figures in the metadata are of the first so many households only (None: of all). What is kept for good holds no count of the others.

    Raises `DatasetError` where a programme has no household to learn from or to measure on.
    """
    if held_out is None:
        kept, held_out = dataset.split(len(data.rows), SEED)
    else:
        kept = np.setdiff1d(np.arange(len(data.rows)), held_out)
    if not (data.labels[kept].any(axis=0) & data.labels[held_out].any(axis=0)).all():
        raise DatasetError("The extract is too small: some programme has no household to learn from or to measure on.")
    weights = None if data.weights is None else data.weights[kept]
    texts = fit(data.rows[kept], data.labels[kept], weights, boost=boost)
    digest = sha256_of(texts)
    ranker = ranker_of(digest, texts)
    told = len(data.rows) if told is None else told
    kept, held_out = kept[kept < told], held_out[held_out < told]
    metadata = {
        "format": 1,
        "sha256": digest,
        "dataset_sha256": data.sha256,
        "features": list(FEATURE_KEYS),
        "programmes": list(PROGRAMMES),
        "parameters": {**PARAMETERS, "rounds": ROUNDS, "masked_copies": MASKED_COPIES},
        "monotone": {programme: monotone(programme) for programme in PROGRAMMES},
        "split": {"seed": SEED, "trained_on": len(kept), "held_out": len(held_out)},
        "created_with": created_with(),
        "metrics": measure(ranker, data, kept, held_out),
    }
    return Artefact(texts, metadata)


def created_with() -> dict[str, str]:
    """What the bytes depend on beside data and parameters: the last bit of a logarithm is the C library's."""
    return {
        "lightgbm": lgb.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
    }


def fit(rows: Matrix, labels: Labels, weights: Floats | None = None, *, boost: Boost = learnt_here) -> dict[str, str]:
    """LightGBM model texts by programme. Each learns with its own programme's flag blank, and so never asks for it."""
    copies = MASKED_COPIES + 2
    learned = dataset.augmented(rows, MASKED_COPIES, SEED)
    weight = None if weights is None else np.tile(weights, copies)
    texts = {}
    for column, programme in enumerate(PROGRAMMES):
        own = learned.copy()
        own[:, OWN[programme]] = np.nan
        directions = monotone(programme)
        texts[programme] = boost(
            {**PARAMETERS, "monotone_constraints": [directions.get(key, 0) for key in FEATURE_KEYS]},
            own,
            np.tile(labels[:, column].astype(np.float64), copies),
            ROUNDS,
            feature_name=FEATURE_KEYS,
            categorical=CATEGORICAL,
            weight=weight,
        )
    return texts


def measure(ranker: Ranker, data: Dataset, kept: Any, held_out: Any) -> dict[str, Any]:
    """nDCG@3 of the model and its baselines on held-out households, and AUC and calibration a programme: without history. With it, one programme hidden."""
    rows, labels = dataset.without_history(data.rows[held_out]), data.labels[held_out]
    chances = ranker.scores(rows)
    popularity = np.tile(data.labels[kept].mean(axis=0), (len(held_out), 1))
    segment = metrics.segments(data.column("population.person.age"), data.column("population.household.children_under_18"))
    by_segment = metrics.segment_popularity(segment[kept], data.labels[kept], segment[held_out])
    return {
        "ndcg3": round(metrics.ndcg(chances, labels), 4),
        "ndcg3_popularity": round(metrics.ndcg(popularity, labels), 4),
        "ndcg3_segment_popularity": round(metrics.ndcg(by_segment, labels), 4),
        "ndcg3_connected": {
            name: round(metrics.ndcg(ranker.scores(blank(rows, connected)), labels), 4)
            for name, connected in connections(len(rows)).items()
        },
        "one_hidden": _one_hidden(ranker, data.rows[held_out], labels, popularity),
        "programmes": {programme: _programme(chances[:, column], labels[:, column]) for column, programme in enumerate(PROGRAMMES)},
    }


def _one_hidden(ranker: Ranker, rows: Matrix, labels: Labels, popularity: Floats) -> dict[str, float]:
    hidden = dataset.hide_one(rows, labels)
    scores = {
        "ndcg3_history": ranker.scores(hidden.rows),
        "ndcg3_attributes": ranker.scores(dataset.without_history(hidden.rows)),
        "ndcg3_popularity": popularity[hidden.who],
    }
    return {name: round(float(metrics.hidden_each(one, hidden.seen, hidden.who, hidden.which).mean()), 4) for name, one in scores.items()}


def connections(count: int) -> dict[str, Any]:
    """What a citizen may have connected: at random, one agency, or a single category. History is measured apart."""
    agencies = {"population": "population-register", "tax": "tax-administration", "social": "social-insurance"}
    measured = tuple(code for code in FEATURE_CATEGORIES if code != PROGRAMME_CATEGORY)
    by_agency = {
        agency: only(tuple(code for code in measured if code.startswith(domain + ".")), count) for domain, agency in agencies.items()
    }
    return {
        "at random": random_connections(count, SEED + 1000),
        **by_agency,
        **{category: only((category,), count) for category in measured},
    }


def _programme(chances: Floats, labels: Labels) -> dict[str, float]:
    return {
        "taking_part": round(float(labels.mean()), 4),
        "auc": round(metrics.auc(chances, labels), 4),
        "calibration_error": round(metrics.calibration_error(chances, labels), 4),
    }
