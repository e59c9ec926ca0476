"""A booster grown by the workers of a Dask cluster (`lightgbm.dask`), where the data outgrow a machine: in place of `train.learnt_here`.

Trees come of the same parameters. Each worker sees the rows of its own part and they agree on every split (`tree_learner=data`), so that the bytes
are not those of one machine; the quality is, within what the test of the two states. LightGBM's workers talk to each other over ports of their
own, unencrypted: a cluster lies in a closed network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from recommender import boosting
from recommender.errors import ClusterAway
from recommender.ranking.features import Matrix
from recommender.training.metrics import Floats
from recommender.training.train import Boost, learnt_here

CONNECT_SECONDS = 30
# The cluster's own to say: how many threads a worker has, and how rows are spread over the workers.
_NOT_ON_A_CLUSTER = frozenset({"num_threads", "force_row_wise", "deterministic", "verbose"})


def booster(scheduler: str | None) -> Boost:
    """What `train_on` learns by: the cluster of this scheduler, or this process without one."""
    return partial(learnt_on_cluster, scheduler) if scheduler else learnt_here


def learnt_on_cluster(
    scheduler: str,
    parameters: Mapping[str, Any],
    rows: Matrix,
    label: Floats,
    rounds: int,
    *,
    feature_name: Sequence[str],
    categorical: Sequence[int],
    weight: Floats | None = None,
) -> str:
    """As `learnt_here`, by the workers of the Dask scheduler at this address. Raises `ClusterAway` when it does not answer or has no worker."""
    # Imported here: nobody else needs it, and it costs a second.
    import dask.array as da
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterAway("The Dask cluster does not answer.") from error
    with client:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise ClusterAway("The Dask cluster has no worker.")
        part = math.ceil(len(rows) / workers)
        mine = {key: value for key, value in parameters.items() if key not in _NOT_ON_A_CLUSTER}
        model = boosting.whole().DaskLGBMClassifier(n_estimators=rounds, client=client, tree_learner="data", verbose=-1, **mine)
        model.fit(
            da.from_array(rows, chunks=(part, rows.shape[1])),
            da.from_array(label.astype(np.int64), chunks=part),
            sample_weight=None if weight is None else da.from_array(weight, chunks=part),
            feature_name=list(feature_name),
            categorical_feature=list(categorical) or "auto",
        )
        return str(model.booster_.model_to_string())
