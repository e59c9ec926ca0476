"""Households as matrices: read without pandas, refused where they are not what they should be, joined, weighted."""

from __future__ import annotations

import gzip
import subprocess
import sys

import numpy as np
import pytest

from recommender.errors import DatasetError
from recommender.facts import PROGRAMMES
from recommender.ranking.features import OWN
from recommender.registry.artefact import ranker_of, sha256_of
from recommender.training import dataset, households, train
from recommender.training.dataset import Dataset

LINES = gzip.decompress(households.EXTRACT.read_bytes()).decode("ascii").splitlines()


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset.load()


def written(path, lines):
    path.write_bytes(gzip.compress("\n".join(lines).encode("ascii"), mtime=0))
    return path


def test_history_and_labels_are_the_same_facts(data) -> None:
    assert np.array_equal(data.rows[:, list(OWN.values())], data.labels)


def test_training_needs_no_pandas(tmp_path) -> None:
    """The service's environment has none."""
    extract = written(tmp_path / "few.csv.gz", LINES[:1001])
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from pathlib import Path\n"
        "from recommender.training import train\n"
        "train.ROUNDS = 2\n"
        f"print(train.train(Path({str(extract)!r})).metadata['split']['trained_on'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "750", done.stderr[-1000:]


@pytest.mark.parametrize(
    ("old", "new"), [(LINES[1], LINES[1].replace("single", "sole").replace("married", "wed")), (LINES[2], LINES[2] + "0"), (LINES[0], "a,b"),
                     (LINES[3], LINES[3] + ",1"), (LINES[4], LINES[4].replace(",", ",x", 1))]
)  # fmt: skip
def test_values_and_columns_that_are_none_are_refused(tmp_path, old, new) -> None:
    lines = [new if line == old else line for line in LINES[:50]]
    if new == LINES[2] + "0":
        # A label that is a number all the same counts as taking part: only what is no number is refused.
        assert dataset.load(written(tmp_path / "odd.csv.gz", lines)).rows.shape[0] == 49
        return
    with pytest.raises(DatasetError):
        dataset.load(written(tmp_path / "odd.csv.gz", lines))


@pytest.mark.parametrize("content", [b"", b"no gzip", households.EXTRACT.read_bytes()[:9000]])
def test_a_file_that_is_no_whole_extract_is_refused(tmp_path, content) -> None:
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DatasetError):
        dataset.load(path)


def test_rows_labels_and_weights_that_do_not_fit_are_refused(data) -> None:
    rows, labels = data.rows[:5], data.labels[:5]
    endless = rows.copy()
    endless[0, 0] = np.inf
    for wrong in (
        (rows[:, :-1], labels),
        (rows, labels[:4]),
        (rows, labels[:, :-1]),
        (rows, labels.astype(float)),
        (endless, labels),
    ):
        with pytest.raises(DatasetError):
            Dataset(*wrong, "x")
    for weights in (np.ones(4), np.zeros(5), np.array([1, 1, 1, 1, np.nan]), -np.ones(5)):
        with pytest.raises(DatasetError):
            Dataset(rows, labels, "x", weights)


def test_joined_sets_keep_their_order_and_their_weights(data) -> None:
    one, other = (Dataset(data.rows[at], data.labels[at], "x") for at in (slice(0, 3), slice(3, 5)))
    assert dataset.joined(one, other, "y").weights is None
    both = dataset.joined(one, Dataset(other.rows, other.labels, "x", np.full(2, 2.0)), "y")
    assert np.array_equal(both.rows, data.rows[:5], equal_nan=True) and both.weights is not None
    assert both.weights.tolist() == [1, 1, 1, 2, 2] and both.sha256 == "y"


def test_copies_are_the_household_then_without_history_then_with_categories_blanked(data) -> None:
    rows = data.rows[:40]
    copies = dataset.augmented(rows, 2, seed=1)
    assert copies.shape == (160, rows.shape[1]) and np.array_equal(copies[:40], rows, equal_nan=True)
    assert np.array_equal(copies[40:80], dataset.without_history(rows), equal_nan=True)
    assert np.isnan(copies[80:]).sum() > np.isnan(copies[:80]).sum()


def test_weights_count(data, monkeypatch) -> None:
    monkeypatch.setattr(train, "ROUNDS", 5)
    rows, labels = data.rows[:3000], data.labels[:3000]
    heavy = np.where(labels[:, 0], 20.0, 1.0)

    def chance(texts):
        return ranker_of(sha256_of(texts), texts).scores(rows)[:, PROGRAMMES.index("food_assistance")].mean()

    assert chance(train.fit(rows, labels, heavy)) > chance(train.fit(rows, labels)) + 0.05


def test_households_to_measure_on_can_be_named(data, monkeypatch) -> None:
    monkeypatch.setattr(train, "ROUNDS", 2)
    few, learnt = Dataset(data.rows[:3000], data.labels[:3000], "x"), []

    def boost(parameters, rows, *others, **named):
        learnt.append(rows)
        return train.learnt_here(parameters, rows, *others, **named)

    held_out = np.arange(0, 3000, 2)
    found = train.train_on(few, held_out=held_out, boost=boost)
    assert found.metadata["split"] == {"seed": train.SEED, "trained_on": 1500, "held_out": 1500}
    expected = few.rows[1::2].copy()
    expected[:, OWN["food_assistance"]] = np.nan
    assert len(learnt) == 8 and np.array_equal(learnt[0][:1500], expected, equal_nan=True)
