"""The committed model is better than what one would do without it, on households that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.facts import PROGRAMMES
from recommender.ranking.features import FEATURE_KEYS, OWN
from recommender.registry import COMMITTED, read
from recommender.training import dataset, metrics
from recommender.training.train import SEED, measure


@pytest.fixture(scope="module")
def figures(ranker):
    data = dataset.load()
    kept, held_out = dataset.split(len(data.rows), SEED)
    return measure(ranker, data, kept, held_out)


def test_programmes_received_help_to_find_a_hidden_one(figures) -> None:
    found = figures["one_hidden"]
    assert found["ndcg3_history"] >= found["ndcg3_attributes"] + 0.008
    assert found["ndcg3_attributes"] >= found["ndcg3_popularity"] + 0.15


def test_it_beats_popularity_by_age_and_children(figures) -> None:
    assert figures["ndcg3"] >= figures["ndcg3_segment_popularity"] + 0.05
    assert figures["ndcg3_segment_popularity"] > figures["ndcg3_popularity"]


def test_one_connected_agency_already_beats_popularity(figures) -> None:
    for agency in ("population-register", "tax-administration", "social-insurance"):
        assert figures["ndcg3_connected"][agency] >= figures["ndcg3_popularity"] + 0.1, agency


def test_one_connected_category_is_never_worse_than_none(figures) -> None:
    for category, value in figures["ndcg3_connected"].items():
        assert value >= figures["ndcg3_popularity"] - 0.005, category


def test_the_chances_mean_what_they_say(figures) -> None:
    for programme in PROGRAMMES:
        assert figures["programmes"][programme]["calibration_error"] < 0.03, programme
        assert figures["programmes"][programme]["auc"] > 0.75, programme


def test_the_figures_in_the_metadata_are_these(figures) -> None:
    assert read(COMMITTED).metadata["metrics"] == figures


def test_ndcg_on_worked_examples() -> None:
    labels = np.array([[True, False, False, True], [False, False, False, False]])
    best = np.array([[9.0, 1, 2, 8], [1, 2, 3, 4]])
    assert metrics.ndcg(best, labels) == pytest.approx(1)
    second_and_third = np.array([[2.0, 3, 0, 1], [0, 0, 0, 0]])
    expected = (1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3))
    assert metrics.ndcg(second_and_third, labels) == pytest.approx(expected)
    assert metrics.ndcg(np.array([[1.0, 3, 2, 0], [0, 0, 0, 0]]), labels, at=2) == pytest.approx(0)


def test_recall_and_average_precision_on_worked_examples() -> None:
    labels = np.array([[True, False, False, True], [False, False, False, False], [False, True, False, False]])
    scores = np.array([[2.0, 3, 1, 0], [1, 2, 3, 4], [4, 1, 3, 2]])
    assert metrics.recall_each(scores, labels) == pytest.approx([0.5, 0])
    assert metrics.average_precision_each(scores, labels) == pytest.approx([(1 / 2 + 2 / 4) / 2, 1 / 4])


def test_a_hidden_programme_is_looked_for_among_those_not_received() -> None:
    labels = np.zeros((2, len(PROGRAMMES)), dtype=bool)
    labels[0, [0, 1]] = labels[1, 4] = True
    rows = np.zeros((2, len(FEATURE_KEYS)))
    rows[:, list(OWN.values())] = labels
    hidden = dataset.hide_one(rows, labels)
    assert hidden.who.tolist() == [0, 0, 1] and hidden.which.tolist() == [0, 1, 4]
    assert np.array_equal(hidden.rows[:, list(OWN.values())], hidden.seen) and hidden.seen.sum() == 2
    assert np.array_equal(rows[:, list(OWN.values())], labels), "the households' own rows are left as they were"
    # Column order: the hidden one is first where the other is seen, second where 0 comes before it, and fifth.
    ranked = np.tile(-np.arange(len(PROGRAMMES), dtype=float), (3, 1))
    assert metrics.hidden_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 0])
    assert metrics.hidden_each(np.zeros_like(ranked), hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 0])
    assert metrics.hidden_recall_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 0])
    assert metrics.hidden_precision_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 0.2])
    ranked[2, 3] = -9.0
    ranked[2, 2] = -9.0
    assert metrics.hidden_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 0.5])
    assert metrics.hidden_recall_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 1])
    assert metrics.hidden_precision_each(ranked, hidden.seen, hidden.who, hidden.which) == pytest.approx([1, 1 / 3])


def test_other_programmes_flags_cannot_give_the_hidden_one_away() -> None:
    """Ranking by how few other programmes are received looks perfect on labels; with one hidden, it knows nothing."""
    data = dataset.load()
    fewest = -(data.labels.sum(axis=1, keepdims=True) - data.labels).astype(float)
    assert metrics.ndcg(fewest, data.labels) == 1
    hidden = dataset.hide_one(data.rows, data.labels)
    flags = hidden.rows[:, list(OWN.values())]
    again = -(flags.sum(axis=1, keepdims=True) - flags)
    assert metrics.hidden_each(again, hidden.seen, hidden.who, hidden.which).mean() < 0.7


def test_an_interval_holds_the_mean_and_narrows_with_households() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    few, many = random.random(100), random.random(10_000)
    (low, high), (lower, higher) = metrics.interval([few] * 2), metrics.interval([many] * 2)
    assert low < few.mean() < high and lower < many.mean() < higher and higher - lower < (high - low) / 3
    assert metrics.interval([few]) == metrics.interval([few])


def test_auc_and_calibration_on_worked_examples() -> None:
    scores, labels = np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True])
    assert metrics.auc(scores, labels) == pytest.approx(0.875)
    assert np.isnan(metrics.auc(scores, np.array([True] * 4)))
    assert metrics.calibration_error(np.array([0.5, 0.5]), np.array([True, False]), bins=1) == pytest.approx(0)
    assert metrics.calibration_error(np.array([0.9, 0.9]), np.array([False, False]), bins=1) == pytest.approx(0.9)


def test_segments_fall_back_to_popularity_where_a_segment_was_never_seen() -> None:
    labels = np.array([[True, False], [False, False]])
    found = metrics.segment_popularity(np.array([1, 1]), labels, np.array([1, 7]))
    assert np.array_equal(found, [[0.5, 0], [0.5, 0]])
