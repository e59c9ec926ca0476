"""A model grown by two workers is as good as one grown here, and names the same facts."""

from __future__ import annotations

import os
import socket
import warnings

import numpy as np
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from distributed import LocalCluster

from recommender.boosting import lgb
from recommender.errors import ClusterAway
from recommender.facts import PROGRAMMES
from recommender.ranking.features import CATEGORICAL, FEATURE_KEYS
from recommender.training import dataset, metrics
from recommender.training.boost import booster
from recommender.training.train import PARAMETERS, learnt_here

# Of AUC on households that neither has seen, between one machine and two workers. The deviation between splits is twice as large.
TOLERANCE = 0.01
ROUNDS = 15


@pytest.fixture(scope="module")
def cluster():
    """Two processes on the loopback interface, without a dashboard; gone with the module, or when this process is."""
    with (
        warnings.catch_warnings(),
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit="1GiB") as made,
    ):
        yield made


def test_two_workers_are_as_good_as_one_machine(cluster) -> None:
    data = dataset.load()
    kept, held_out = (rows[:3000] for rows in dataset.split(len(data.rows), 1))
    column = PROGRAMMES.index("food_assistance")
    labels = data.labels[:, column].astype(float)
    how = {"feature_name": FEATURE_KEYS, "categorical": CATEGORICAL}
    rows = np.ascontiguousarray(data.rows[kept])
    here = learnt_here(PARAMETERS, rows, labels[kept], ROUNDS, **how)
    there = booster(cluster.scheduler_address)(PARAMETERS, rows, labels[kept], ROUNDS, **how)
    found = {}
    for name, text in (("here", here), ("there", there)):
        grown = lgb.Booster(model_str=text)
        assert tuple(grown.feature_name()) == FEATURE_KEYS and grown.num_trees() == ROUNDS
        found[name] = metrics.auc(grown.predict(data.rows[held_out], num_threads=1), data.labels[held_out, column])
    assert here != there, "the cluster was not asked"
    assert found["here"] > 0.8
    assert abs(found["here"] - found["there"]) <= TOLERANCE, found


def test_without_a_scheduler_it_is_learnt_here() -> None:
    assert booster(None) is learnt_here and booster("") is learnt_here


def test_a_cluster_that_is_not_there_says_so(monkeypatch) -> None:
    monkeypatch.setattr("recommender.training.boost.CONNECT_SECONDS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ClusterAway):
            away = booster(f"tcp://127.0.0.1:{taken.getsockname()[1]}")
            away(PARAMETERS, np.zeros((9, 1)), np.zeros(9), 1, feature_name=("a",), categorical=())
