"""How well the trained way of ranking ranks on one split of households, beside others' ways. Five of these and what they come to: `training.py`.

`_attributes`: from facts that are no programmes. `_history`: one programme that is received is hidden, the others are known and no candidates.
Other recommenders run in an environment of their own, in a process of their own (`bench/peers/recommend.py`); where there is none, they are left out.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import contenders
from bench.harness import Scale
from bench.results import ROOT
from recommender.facts import PROGRAMMES
from recommender.ranking.features import ATTRIBUTES
from recommender.registry.artefact import ranker_of, sha256_of
from recommender.training import dataset, metrics, train
from recommender.training.dataset import Dataset
from recommender.training.metrics import Floats, Labels

PEERS = ROOT / ".venv" / "bench-large" / "bin" / "python"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(slots=True)
class Measured:
    """Values of each split: a household's by figure, and single ones by figure."""

    each: dict[str, list[Floats]] = field(default_factory=dict)
    single: dict[str, list[float]] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)  # of the peers, as they were chosen on the first split

    def add(self, other: Measured) -> None:
        for name, each in other.each.items():
            self.each.setdefault(name, []).extend(each)
        for name, values in other.single.items():
            self.single.setdefault(name, []).extend(values)

    def ranking(self, name: str, scores: Floats, labels: Labels) -> None:
        self.each.setdefault(f"ndcg3_{name}", []).append(metrics.ndcg_each(scores, labels))
        self.each.setdefault(f"recall3_{name}", []).append(metrics.recall_each(scores, labels))
        self.each.setdefault(f"map_{name}", []).append(metrics.average_precision_each(scores, labels))

    def aucs(self, name: str, scores: Floats, labels: Labels) -> None:
        for column, programme in enumerate(PROGRAMMES):
            self.single.setdefault(f"auc_{name}_{programme}", []).append(metrics.auc(scores[:, column], labels[:, column]))

    def hidden(self, name: str, scores: Floats, hidden: dataset.Hidden) -> None:
        case = (scores, hidden.seen, hidden.who, hidden.which)
        self.each.setdefault(f"ndcg3_{name}", []).append(metrics.hidden_each(*case))
        self.each.setdefault(f"recall3_{name}", []).append(metrics.hidden_recall_each(*case))
        self.each.setdefault(f"map_{name}", []).append(metrics.hidden_precision_each(*case))


def split(data: Dataset, catch_all: Labels | None, seed: int, settings: list[str], scale: Scale) -> Measured:
    found = Measured(settings=settings)
    learnt_from, held_out = dataset.split(len(data.rows), seed)
    by_segment = contenders.by_segment(data, learnt_from, held_out)
    _attributes(found, data, learnt_from, held_out, by_segment)
    hidden = dataset.hide_one(data.rows[held_out], data.labels[held_out])
    ours = _ours(found, data, learnt_from, held_out, hidden)
    found.hidden("history_segment_popularity", by_segment[hidden.who], hidden)
    found.hidden("history_logistic", contenders.logistic(data.rows[learnt_from], data.labels[learnt_from], hidden.rows), hidden)
    if PEERS.exists():
        found.settings = _peers(found, data, learnt_from, hidden, by_segment, settings, scale)
    if catch_all is not None and not scale.quick:
        contenders.catch_all(found, data, catch_all, learnt_from, held_out)
    contenders.ablations(found, data, learnt_from, held_out, ours)
    return found


def _attributes(found: Measured, data: Dataset, kept: Floats, held_out: Floats, by_segment: Floats) -> None:
    labels = data.labels[held_out]
    found.ranking("popularity", np.tile(data.labels[kept].mean(axis=0), (len(held_out), 1)), labels)
    found.ranking("segment_popularity", by_segment, labels)
    found.aucs("segment_popularity", by_segment, labels)
    chances = contenders.logistic(dataset.without_history(data.rows[kept]), data.labels[kept], dataset.without_history(data.rows[held_out]))
    found.ranking("logistic", chances, labels)
    found.aucs("logistic", chances, labels)


def _ours(found: Measured, data: Dataset, kept: Floats, held_out: Floats, hidden: dataset.Hidden) -> Mapping[str, str]:
    texts = train.fit(data.rows[kept], data.labels[kept])
    ranker = ranker_of(sha256_of(texts), texts)
    chances = ranker.scores(dataset.without_history(data.rows[held_out]))
    found.ranking("attributes", chances, data.labels[held_out])
    found.aucs("attributes", chances, data.labels[held_out])
    found.hidden("history", ranker.scores(hidden.rows), hidden)
    found.hidden("history_unused", ranker.scores(dataset.without_history(hidden.rows)), hidden)
    return texts


def _peers(
    found: Measured, data: Dataset, kept: Floats, hidden: dataset.Hidden, by_segment: Floats, settings: list[str], scale: Scale
) -> list[str]:
    """Settings are chosen on the first split, within its training households, and kept for the others."""
    known = len(ATTRIBUTES)
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given.npz", Path(folder) / "out.npz"
        np.savez(
            given, train_rows=data.rows[kept][:, :known], train_labels=data.labels[kept], rows=hidden.rows[:, :known], seen=hidden.seen,
            segment=by_segment[hidden.who],
        )  # fmt: skip
        command = [str(PEERS), str(ROOT / "bench" / "peers" / "recommend.py"), str(given), str(out), *scale.pick([], ["--quick"])]
        command += [argument for one in settings for argument in ("--settings", one)]
        done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=True)
        for name, scores in np.load(out).items():
            found.hidden(f"history_{name}", scores, hidden)
    if done.stdout:
        print(done.stdout, end="", flush=True)
    return settings or [line.split()[0] for line in done.stdout.splitlines()]
