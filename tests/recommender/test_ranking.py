"""The model sees unknown as unknown, contradicts no plain sense, and is no slower or other than LightGBM itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import catalogue
from recommender.eligibility import Answer, Facts
from recommender.errors import ArtefactError
from recommender.facts import FACTS, PROGRAMMES
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_KEYS, OWN, matrix
from recommender.ranking.model import Ranker
from recommender.ranking.relevance import MOST_POINTS, relevance
from recommender.registry import COMMITTED, read
from recommender.training import dataset, households
from recommender.training.constraints import monotone
from tests.recommender.strategies import profiles

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def data():
    return dataset.load()


def test_features_are_facts_of_sources_then_programmes_received_and_no_region() -> None:
    assert FEATURE_KEYS[26:] == tuple(f"social.programmes.{programme}" for programme in PROGRAMMES)
    assert not [key for key in FEATURE_KEYS[:26] if key.startswith(("social.programmes", "life.")) or key.endswith("region")]


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_programme_sees_its_own_flag_and_each_is_moved_by_others(ranker, data, programme) -> None:
    rows, column = data.rows[:400], PROGRAMMES.index(programme)
    unseen, turned = rows.copy(), rows.copy()
    unseen[:, OWN[programme]] = np.nan
    turned[:, OWN[programme]] = 1 - rows[:, OWN[programme]]
    chances, added = ranker.scores(rows)[:, column], ranker.contributions(programme, rows)
    for other in (unseen, turned):
        assert np.array_equal(ranker.scores(other)[:, column], chances)
        assert np.array_equal(ranker.contributions(programme, other), added)
    assert not added[:, OWN[programme]].any()
    assert not np.array_equal(ranker.scores(dataset.without_history(rows))[:, column], chances)


def test_a_model_that_knows_the_answer_is_refused(ranker, data) -> None:
    table = lgb.Dataset(data.rows[:500], data.labels[:500, 0].astype(float), feature_name=list(FEATURE_KEYS))
    peeking = lgb.train({"objective": "binary", "num_threads": 1, "verbose": -1}, table, 1)
    with pytest.raises(ArtefactError, match="own answer"):
        Ranker("x", {**ranker.boosters, "food_assistance": peeking})


@given(profiles())
def test_what_is_unknown_is_nan_and_only_that(profile) -> None:
    row = matrix([profile])[0]
    for key, number in zip(FEATURE_KEYS, row, strict=True):
        assert np.isnan(number) == (key not in profile.known)


def test_no_wages_is_another_profile_than_unknown_wages(ranker) -> None:
    known = Profile.of_categories(households.facts_of(0)).facts
    none = Profile({**known, "tax.income.wages": 0})
    unknown = Profile({key: value for key, value in known.items() if key != "tax.income.wages"})
    assert matrix([none])[0, FEATURE_KEYS.index("tax.income.wages")] == 0
    assert not np.array_equal(ranker.scores(matrix([none])), ranker.scores(matrix([unknown])))


def test_a_profile_and_the_table_give_the_same_row(data) -> None:
    sample = range(0, households.count(), 331)
    rows = matrix([Profile.of_categories(households.facts_of(index)) for index in sample])
    assert np.array_equal(rows, data.rows[list(sample)], equal_nan=True)


def test_no_profile_and_one_profile_have_the_same_columns(ranker) -> None:
    assert matrix([]).shape == (0, len(FEATURE_KEYS))
    assert ranker.scores(matrix([Profile({})])).shape == (1, len(PROGRAMMES))


def test_scores_are_the_native_predictions(ranker, data) -> None:
    rows = data.rows[:50]
    native = np.column_stack([ranker.boosters[programme].predict(rows) for programme in PROGRAMMES])
    assert np.array_equal(ranker.scores(rows), native)


def test_contributions_add_up_to_the_score(ranker, data) -> None:
    rows = data.rows[:20]
    booster = ranker.boosters["food_assistance"]
    constant = booster.predict(rows, pred_contrib=True)[:, -1]
    total = ranker.contributions("food_assistance", rows).sum(axis=1) + constant
    assert np.allclose(1 / (1 + np.exp(-total)), ranker.scores(rows)[:, 0])


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_direction_contradicts_plain_sense(ranker, data, programme) -> None:
    rows = dataset.blank(data.rows[:300], dataset.random_connections(300, seed=3))
    column = PROGRAMMES.index(programme)
    for key, sign in monotone(programme).items():
        at = FEATURE_KEYS.index(key)
        top = 1 if FACTS[key].kind.value == "flag" else 90 if FACTS[key].maximum <= 120 else 150_000
        previous = None
        for value in np.linspace(0, top, 6):
            changed = rows.copy()
            changed[:, at] = value
            chances = ranker.scores(changed)[:, column]
            assert previous is None or (sign * (chances - previous) >= -1e-12).all(), key
            previous = chances


def test_a_model_of_other_facts_or_programmes_is_refused(ranker, data) -> None:
    boosters = dict(ranker.boosters)
    del boosters["food_assistance"]
    with pytest.raises(ArtefactError):
        Ranker("x", boosters)


def test_masking_blanks_whole_categories(data) -> None:
    connected = dataset.random_connections(500, seed=1)
    blanked = dataset.blank(data.rows[:500], connected)
    for row, original, categories in zip(blanked, data.rows[:500], connected, strict=True):
        kept = categories[dataset.CATEGORY_OF_FEATURE]
        assert np.isnan(row[~kept]).all() and np.array_equal(row[kept], original[kept], equal_nan=True)
    assert {0, 9} <= set(connected.sum(axis=1))


def test_no_household_is_both_learned_from_and_measured_on() -> None:
    kept, held_out = dataset.split(20_000, seed=4)
    assert len(held_out) == 5_000 and not set(kept) & set(held_out) and len(kept) + len(held_out) == 20_000


@settings(deadline=None)
@given(profile=profiles(), identifier=st.sampled_from([one.identifier for one in catalogue().values() if not one.programme]))
def test_relevance_is_the_stated_sum(profile, identifier) -> None:
    service, facts = catalogue()[identifier], Facts(profile)
    answer = service.rule.answer(facts) if service.rule else None
    held = [signal.points for signal in service.signals if signal.when.answer(facts) is Answer.YES]
    expected = min(MOST_POINTS, service.base + sum(held)) / 100
    expected *= service.reach if answer is Answer.UNKNOWN else 1
    assert relevance(service, facts, answer) == pytest.approx(expected)


def test_the_committed_model_is_of_the_committed_extract() -> None:
    assert read(COMMITTED).metadata["dataset_sha256"] == households.extract_sha256()


def test_suggesting_does_not_wait_for_libraries_that_only_others_use() -> None:
    """LightGBM imports them wherever they are installed: seconds of each process's start."""
    code = (
        "import sys, recommender.suggesting.replay, recommender.registry.artefact, recommender.training.train; "
        "print([name for name in ('sklearn', 'pandas', 'scipy.stats', 'dask') if name in sys.modules]); import sklearn, pandas"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
