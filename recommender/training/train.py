"""Trains the model on the committed extract. Same extract, same versions: same bytes out.

Why one classifier a programme, these constraints and this masking: docs/decisions/recommender.md.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from recommender.errors import DatasetError
from recommender.facts import PROGRAMMES
from recommender.ranking.features import CATEGORICAL, FEATURE_CATEGORIES, FEATURE_KEYS, Matrix
from recommender.ranking.model import Ranker
from recommender.registry.artefact import Artefact, ranker_of, sha256_of
from recommender.training import dataset, metrics
from recommender.training.constraints import monotone
from recommender.training.dataset import Dataset, blank, only, random_connections
from recommender.training.households import EXTRACT
from recommender.training.metrics import Floats, Labels

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
    """Fits on three quarters of the households and measures on the held-out quarter (about 15 s).

    Raises `DatasetError` for an extract that is unreadable or too small.
    """
    data = dataset.load(extract)
    kept, held_out = dataset.split(len(data.rows), SEED)
    if not (data.labels[kept].any(axis=0) & data.labels[held_out].any(axis=0)).all():
        raise DatasetError("The extract is too small: some programme has no household to learn from or to measure on.")
    texts = fit(data.rows[kept], data.labels[kept])
    digest = sha256_of(texts)
    ranker = ranker_of(digest, texts)
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


def fit(rows: Matrix, labels: Labels) -> dict[str, str]:
    """LightGBM model texts by programme."""
    rows, labels = dataset.augmented(rows, labels, MASKED_COPIES, SEED)
    texts = {}
    for column, programme in enumerate(PROGRAMMES):
        directions = monotone(programme)
        parameters = {**PARAMETERS, "monotone_constraints": [directions.get(key, 0) for key in FEATURE_KEYS]}
        table = lgb.Dataset(
            rows,
            labels[:, column].astype(np.float64),
            feature_name=list(FEATURE_KEYS),
            categorical_feature=list(CATEGORICAL),
        )
        texts[programme] = lgb.train(parameters, table, ROUNDS).model_to_string()
    return texts


def measure(ranker: Ranker, data: Dataset, kept: Any, held_out: Any) -> dict[str, Any]:
    """nDCG@3 of the model and its baselines on held-out households, and AUC and calibration a programme."""
    rows, labels = data.rows[held_out], data.labels[held_out]
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
        "programmes": {programme: _programme(chances[:, column], labels[:, column]) for column, programme in enumerate(PROGRAMMES)},
    }


def connections(count: int) -> dict[str, Any]:
    """What a citizen may have connected: at random, one agency, or a single category."""
    agencies = {"population": "population-register", "tax": "tax-administration", "social": "social-insurance"}
    by_agency = {
        agency: only(tuple(code for code in FEATURE_CATEGORIES if code.startswith(domain + ".")), count)
        for domain, agency in agencies.items()
    }
    return {
        "at random": random_connections(count, SEED + 1000),
        **by_agency,
        **{category: only((category,), count) for category in FEATURE_CATEGORIES},
    }


def _programme(chances: Floats, labels: Labels) -> dict[str, float]:
    return {
        "taking_part": round(float(labels.mean()), 4),
        "auc": round(metrics.auc(chances, labels), 4),
        "calibration_error": round(metrics.calibration_error(chances, labels), 4),
    }
