"""How wrong figures and models become because not everybody consents, and what weights mend of it: measured on CPS households.

    python -m recommender.training.consent_bias --out consent_bias.json

Consent is simulated. `seen`: the old and the poor consent more rarely, which the margins of age and income show. `unseen`: those who receive a
means-tested programme do too, among people of the same age and income, which no margin shows. docs/decisions/monitoring.md has the figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recommender.facts import PROGRAMMES
from recommender.monitoring import bias
from recommender.monitoring.exposure import found
from recommender.monitoring.groups import UNKNOWN
from recommender.monitoring.reference import MARGINS
from recommender.training import households, metrics, patterns
from recommender.training.metrics import Floats
from recommender.training.patterns import World

SEEDS = patterns.SEEDS
# Changes of the log-odds of consenting: for 20 years more, for one deviation more of the logarithm of income, for receiving help.
SCENARIOS: Mapping[str, tuple[float, float, float]] = {"seen": (-0.8, 0.8, 0.0), "unseen": (-0.8, 0.8, -1.0)}
CONSENTING = 0.3


def consenting(data: World, scenario: str, seed: int) -> Any:
    """bool[n]: who consents, about CONSENTING of all."""
    age = data.office[:, patterns.OFFICE.index("population.person.age")]
    income = np.log1p(np.maximum(data.income, 0))
    by_age, by_income, by_help = SCENARIOS[scenario]
    helped = data.labels[:, [PROGRAMMES.index(p) for p in patterns.MEANS_TESTED]].any(axis=1)
    odds = by_age * (age - 50) / 20 + by_income * (income - income.mean()) / income.std() + by_help * helped
    low, high = -10.0, 10.0
    for _ in range(60):  # the constant with which so many consent
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-odds - middle))).mean() < CONSENTING else (low, middle)
    return np.random.Generator(np.random.PCG64(seed + 100)).random(len(odds)) < 1 / (1 + np.exp(-odds - low))


def figures(said: Floats, data: World, weights: Floats) -> dict[str, float]:
    """What monitoring and evaluation would report: nDCG@3, TPR@3, calibration (mean foretold less mean observed), how many take part."""
    gains = patterns.gains(said, data.labels)
    helped = ~np.isnan(gains)
    cases, hits = found(said, data.labels, 3)
    taking = (data.labels * weights[:, None]).sum(axis=0) / weights.sum()
    foretold = (said * weights[:, None]).sum(axis=0) / weights.sum()
    return {
        "ndcg3": float((gains[helped] * weights[helped]).sum() / weights[helped].sum()),
        "tpr3": float((hits * weights).sum() / (cases * weights).sum()),
        "calibration": float(np.abs(foretold - taking).mean()),
        **{f"taking_part_{programme}": float(taking[at]) for at, programme in enumerate(PROGRAMMES)},
    }


def margins(data: World) -> dict[str, dict[str, float]]:
    return {axis: {str(g): float((data.groups[axis] == g).mean()) for g in np.unique(data.groups[axis])} for axis in MARGINS}


def one_split(data: World, seed: int) -> dict[str, dict[str, Any]]:
    """By scenario: the figures of a model of everybody on those held out who consent, unweighted and weighted, and on all; and of models that
    learnt from those who consent only, unweighted and weighted, on all."""
    kept, held_out = patterns.halves(data, seed)
    keys = patterns.OFFICE + patterns.TAX
    rows, wanted = np.hstack([kept.office, kept.tax]), np.hstack([held_out.office, held_out.tax])
    of_all = patterns.chances(rows, kept.labels, wanted, keys, 1)
    told: dict[str, dict[str, Any]] = {}
    for scenario in SCENARIOS:
        there = consenting(held_out, scenario, seed)
        some = patterns.some(held_out, there)
        mended = bias.weights(some.groups, margins(data), unknown=UNKNOWN)
        learnt = consenting(kept, scenario, seed + 1000)
        own = bias.weights(patterns.some(kept, learnt).groups, margins(data), unknown=UNKNOWN)
        told[scenario] = {
            "truth": figures(of_all, held_out, np.ones(len(wanted))),
            "unweighted": figures(of_all[there], some, np.ones(int(there.sum()))),
            "weighted": figures(of_all[there], some, mended),
            "effective": {"share": bias.effective(mended) / len(mended)},
            "model_of_all": _on_all(of_all, held_out),
            "model_unweighted": _on_all(patterns.chances(rows[learnt], kept.labels[learnt], wanted, keys, 1), held_out),
            "model_weighted": _on_all(patterns.chances(rows[learnt], kept.labels[learnt], wanted, keys, 1, own), held_out),
        }
    return told


def _on_all(said: Floats, held_out: World) -> dict[str, float]:
    told = figures(said, held_out, np.ones(len(said)))
    auc = float(np.mean([metrics.auc(said[:, at], held_out.labels[:, at]) for at in range(len(PROGRAMMES))]))
    return {name: told[name] for name in ("ndcg3", "tpr3", "calibration")} | {"auc": auc}


def summary(splits: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Means over the splits; of what is reported the mean distance from the truth too."""
    told: dict[str, Any] = {}
    for scenario in SCENARIOS:
        each = [split[scenario] for split in splits]
        told[scenario] = {way: {name: float(np.mean([one[way][name] for one in each])) for name in each[0][way]} for way in each[0]}
        for way in ("unweighted", "weighted"):
            told[scenario][f"{way}_off"] = {
                name: float(np.mean([abs(one[way][name] - one["truth"][name]) for one in each])) for name in each[0]["truth"]
            }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    data = patterns.world(households.load())
    told = summary([one_split(data, seed) for seed in SEEDS])
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
