"""Other recommenders are measured as ours is, and are given what they need."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench import contenders, cps, quality, splits, training
from bench.harness import Scale
from bench.peers import recommend
from bench.results import Results
from recommender.facts import PROGRAMMES
from recommender.ranking.features import ATTRIBUTES, FEATURE_KEYS, OWN
from recommender.training import dataset, metrics, train
from recommender.training.dataset import Dataset


@pytest.fixture(scope="module")
def data() -> Dataset:
    found = dataset.load()
    return Dataset(found.rows[:3000], found.labels[:3000], found.sha256)


def test_the_peers_choose_by_the_measure_that_they_are_judged_by(data) -> None:
    hidden = dataset.hide_one(data.rows, data.labels)
    who, which, seen = recommend.hide_one(data.labels)
    assert np.array_equal(who, hidden.who) and np.array_equal(which, hidden.which) and np.array_equal(seen, hidden.seen)
    scores = np.random.Generator(np.random.PCG64(1)).random(seen.shape)
    ours = metrics.hidden_each(scores, hidden.seen, hidden.who, hidden.which).mean()
    assert recommend.quality(scores, seen, who, which) == pytest.approx(ours)


def test_every_fact_is_one_column_of_ones_for_lightfm(data) -> None:
    known = data.rows[:, : len(ATTRIBUTES)]
    columns = recommend.Columns(known)
    table = columns.of(known, data.labels).toarray()
    assert (table.sum(axis=1) == len(ATTRIBUTES) + len(PROGRAMMES)).all() and set(np.unique(table)) == {0, 1}
    unknown = columns.of(np.full_like(known[:1], np.nan), data.labels[:1]).toarray()
    assert unknown.sum() == len(ATTRIBUTES) + len(PROGRAMMES)


def test_no_peer_may_try_more_settings_than_is_said() -> None:
    assert all(0 < len(settings) <= recommend.SETTINGS for _, settings in recommend.MODELS.values())


def test_logistic_regression_does_not_see_its_own_flag(data) -> None:
    rows, wanted = data.rows[:1500], data.rows[1500:2000]
    turned = wanted.copy()
    turned[:, OWN["food_assistance"]] = 1 - turned[:, OWN["food_assistance"]]
    one, other = (contenders.logistic(rows, data.labels[:1500], given) for given in (wanted, turned))
    assert np.array_equal(one[:, 0], other[:, 0]) and not np.array_equal(one[:, 1:], other[:, 1:])
    assert metrics.auc(one[:, 0], data.labels[1500:2000, 0]) > 0.8


@pytest.mark.long
def test_the_whole_measurement_runs_without_the_peers_environment(data, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(quality, "PEERS", tmp_path / "none")
    monkeypatch.setattr(splits, "FOLDER", tmp_path / "splits")
    monkeypatch.setattr(cps, "FOLDER", tmp_path)
    monkeypatch.setattr(train, "ROUNDS", 5)
    other = data.labels.any(axis=1) & (data.rows[:, FEATURE_KEYS.index("population.person.age")] > 40)
    monkeypatch.setattr(cps, "load", lambda: cps.Households(data, other))
    monkeypatch.setattr(training, "SEEDS", (1,))
    found = Results()
    training.measure(found, None, Scale())  # type: ignore[arg-type]
    figures = json.loads(json.dumps(found.as_dict()))
    for name in (
        "attributes",
        "history",
        "popularity",
        "segment_popularity",
        "logistic",
        "attributes_without_age",
        "history_with_catch_all",
    ):
        low, value, high = (figures[f"ndcg3_{name}{end}"] for end in ("_min", "", "_max"))
        assert 0.3 < low < value < high <= 1, name
    assert figures["ndcg3_best_peer_history"] >= figures["ndcg3_history_segment_popularity"]
    assert not [name for name in figures if "lightfm" in name]
    peers = [figures[f"ndcg3_history_{name}"] for name in ("segment_popularity", "logistic")]
    assert figures["ndcg3_best_peer_history"] == max(peers), "what has the catch-all answers another question"
    monkeypatch.setattr(train, "fit", None)
    again = Results()
    training.measure(again, None, Scale())  # type: ignore[arg-type]
    assert again.as_dict() == found.as_dict(), "a split that is kept is not measured again"
    assert figures["auc_senior_health_insurance_without_pension_and_age"] < figures["auc_attributes_senior_health_insurance"]
