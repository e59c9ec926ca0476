"""Ways to rank that need nothing but what Aurora has installed, and what our own loses without some of its facts or with the source's catch-all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.facts import PROGRAMMES
from recommender.ranking.features import CATEGORICAL, FEATURE_KEYS, FEATURES, OWN
from recommender.registry.artefact import ranker_of, sha256_of
from recommender.training import dataset, metrics, train
from recommender.training.constraints import monotone
from recommender.training.dataset import Dataset
from recommender.training.metrics import Floats, Labels

if TYPE_CHECKING:
    from bench.quality import Measured

PENSION, AGES = "social.pension.public_pension", ("population.person.age", "population.household.spouse_age")
SENIOR = "senior_health_insurance"


def by_segment(data: Dataset, kept: Any, held_out: Any) -> Floats:
    segment = metrics.segments(data.column("population.person.age"), data.column("population.household.children_under_18"))
    return metrics.segment_popularity(segment[kept], data.labels[kept], segment[held_out])


def logistic(rows: Floats, labels: Labels, wanted: Floats) -> Floats:
    """A logistic regression a programme. Amounts as signed logarithms and by thresholds, choices and unknown as columns of ones; no own flag."""
    from sklearn.linear_model import LogisticRegression

    edges = [np.unique(np.nanquantile(column, np.linspace(0.1, 0.9, 9))) if np.isfinite(column).any() else np.zeros(0) for column in rows.T]

    def columns(given: Floats) -> tuple[Floats, list[slice]]:
        """With where each fact's columns lie."""
        parts: list[Floats] = []
        places = []
        for place, fact in enumerate(FEATURES):
            first = len(parts)
            column = given[:, place]
            unknown = np.isnan(column)
            value = np.where(unknown, 0, column)
            if place in CATEGORICAL:
                parts += [(value == code) & ~unknown for code in range(len(fact.choices))]
            else:
                scaled = np.sign(value) * np.log1p(np.abs(value))
                parts += [scaled / 10, *((value > edge) & ~unknown for edge in edges[place])]
            parts.append(unknown)
            places.append(slice(first, len(parts)))
        return np.column_stack(parts).astype(np.float32), places

    (learned, places), (asked, _) = columns(rows), columns(wanted)
    chances = []
    for column, programme in enumerate(PROGRAMMES):
        own = places[OWN[programme]]
        kept = [learned[:, own].copy(), asked[:, own].copy()]
        learned[:, own] = asked[:, own] = 0
        model = LogisticRegression(C=1.0, max_iter=200, tol=1e-3).fit(learned, labels[:, column])
        chances.append(model.predict_proba(asked)[:, 1])
        learned[:, own], asked[:, own] = kept
    return np.column_stack(chances)


def ablations(found: Measured, data: Dataset, kept: Any, held_out: Any, texts: Mapping[str, str]) -> None:
    """Senior health insurance without the public pension, without ages, without both; no other programme's classifier changes."""
    labels = data.labels[held_out]
    column = PROGRAMMES.index(SENIOR)
    whole = ranker_of(sha256_of(texts), texts).scores(dataset.without_history(data.rows[held_out]))
    for name, keys in {"pension": (PENSION,), "age": AGES, "pension_and_age": (PENSION, *AGES)}.items():
        rows = data.rows.copy()
        rows[:, [FEATURE_KEYS.index(key) for key in keys]] = np.nan
        own = rows[kept].copy()
        own[:, OWN[SENIOR]] = np.nan
        learned = dataset.augmented(own, train.MASKED_COPIES, train.SEED)
        signs = {"monotone_constraints": [monotone(SENIOR).get(key, 0) for key in FEATURE_KEYS]}
        label = np.tile(data.labels[kept, column].astype(float), train.MASKED_COPIES + 2)
        text = train.learnt_here(
            {**train.PARAMETERS, **signs}, learned, label, train.ROUNDS, feature_name=FEATURE_KEYS, categorical=CATEGORICAL
        )
        ranker = ranker_of(sha256_of({**texts, SENIOR: text}), {**texts, SENIOR: text})
        chances = whole.copy()
        chances[:, column] = ranker.scores(dataset.without_history(rows[held_out]))[:, column]
        found.each.setdefault(f"ndcg3_attributes_without_{name}", []).append(metrics.ndcg_each(chances, labels))
        found.single.setdefault(f"auc_{SENIOR}_without_{name}", []).append(metrics.auc(chances[:, column], labels[:, column]))


def catch_all(found: Measured, data: Dataset, other: Labels, kept: Any, held_out: Any) -> None:
    """What it would change to suggest the source's catch-all too, which names no service: a ninth programme, and a ninth flag of history."""
    labels = np.column_stack([data.labels, other])
    rows = np.column_stack([data.rows, other.astype(float)])
    first = rows.shape[1] - labels.shape[1]

    def learnt(history: bool) -> list[Any]:
        import lightgbm as lgb

        boosters = []
        for column in range(labels.shape[1]):
            own = rows[kept].copy()
            own[:, first + column if history else slice(first, None)] = np.nan
            directions = monotone(PROGRAMMES[column]) if column < len(PROGRAMMES) else {}
            signs = [directions.get(key, 0) for key in FEATURE_KEYS] + [0]
            table = lgb.Dataset(own, labels[kept, column].astype(float), categorical_feature=list(CATEGORICAL))
            boosters.append(lgb.train({**train.PARAMETERS, "monotone_constraints": signs}, table, train.ROUNDS))
        return boosters

    def scores(boosters: list[Any], wanted: Floats) -> Floats:
        return np.column_stack([booster.predict(wanted, num_threads=1) for booster in boosters])

    truth = labels[held_out]
    who, which = np.nonzero(truth)
    seen, hidden = truth[who].copy(), rows[held_out][who].copy()
    seen[np.arange(len(who)), which] = False
    hidden[np.arange(len(who)), first + which] = 0
    blank = rows[held_out].copy()
    blank[:, first:] = np.nan
    common = np.tile(labels[kept].mean(axis=0), (len(held_out), 1))
    found.each.setdefault("ndcg3_popularity_with_catch_all", []).append(metrics.ndcg_each(common, truth))
    found.each.setdefault("ndcg3_attributes_with_catch_all", []).append(metrics.ndcg_each(scores(learnt(False), blank), truth))
    history = metrics.hidden_each(scores(learnt(True), hidden), seen, who, which)
    found.each.setdefault("ndcg3_history_with_catch_all", []).append(history)
