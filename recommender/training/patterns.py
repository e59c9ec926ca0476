"""Patterns across organisations, measured: one model on combined data against pipes and filters, on CPS households.

The benefits office ranks its programmes. It knows a household's population and social facts; incomes, housing and deductions lie with the tax
administration. Either these facts come to the office (combined), or only what a model of the tax administration made of them (a pipe):

- `score`: the chance of needing a means-tested programme, by a model that the tax administration trains on its own facts. The labels come from the office.
- `bands`: the same in five bands.
- `decile`: where the household's income lies, in ten bands: made of tax data alone, labels included.
- `nothing`: the office does without.

    python -m recommender.training.patterns --out patterns.json [--archive taxcalc-6.8.0.tar.gz]

With the archive all households of the CPS file are taken, else the committed extract.

docs/decisions/patterns.md has the figures and what follows from them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recommender.boosting import lgb
from recommender.facts import FACTS, PROGRAMME_CATEGORY, PROGRAMMES, FactValue, Kind
from recommender.monitoring import groups
from recommender.monitoring.exposure import found
from recommender.monitoring.tallies import tally
from recommender.training import build_extract, disclosure, households, metrics
from recommender.training.constraints import monotone
from recommender.training.metrics import Floats, Labels

PATTERNS = ("combined", "score", "bands", "decile", "nothing")
SEEDS = (1, 2, 3, 4, 5)
HELD_OUT = 0.25
FOLDS, BANDS, DECILES = 4, 5, 10
ROUNDS = 120
RESAMPLES = 500
LEAST = 50  # people with a programme in a group, for its rate to be compared
# Only those whose rules look at means: what an income model can speak of.
MEANS_TESTED = tuple(p for p in PROGRAMMES if p not in ("veterans_benefits", "senior_health_insurance"))
# Fixed here, so that figures of different days can be compared whatever becomes of the service's own model.
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.075, "num_leaves": 15, "min_data_in_leaf": 60, "feature_fraction": 0.6, "lambda_l2": 5.0,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 1, "verbose": -1,
}  # fmt: skip

_DOMAINS = ("population", "social", "tax")  # what the extract has; the programmes are labels, and the region is a group and no feature
_KNOWN = tuple(f for f in FACTS.values() if f.category.partition(".")[0] in _DOMAINS and f.category != PROGRAMME_CATEGORY)
OFFICE = tuple(f.key for f in _KNOWN if f.kind is not Kind.REGION and not f.category.startswith("tax."))
TAX = tuple(f.key for f in _KNOWN if f.category.startswith("tax."))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Households: `office`, `tax` float64[n, facts], NaN for unknown; `income` in crowns a year; `labels` bool[n, programmes]; groups an axis."""

    office: Floats
    tax: Floats
    income: Floats
    labels: Labels
    groups: Mapping[str, Any]


def world(table: Any) -> World:
    """From the table of `households.load()`."""
    columns = {fact.key: table[fact.name].to_numpy() for fact in _KNOWN}
    people = [groups.groups(_facts(columns, row)) for row in range(len(table))]
    tax = np.column_stack([_encoded(columns[key], key) for key in TAX])
    incomes = [TAX.index(key) for key in TAX if key in groups.INCOME_KEYS]
    return World(
        np.column_stack([_encoded(columns[key], key) for key in OFFICE]),
        tax,
        np.nansum(tax[:, incomes], axis=1),
        table[list(PROGRAMMES)].to_numpy(dtype=np.bool_),
        {axis: np.array([one[axis] for one in people]) for axis in groups.AXES},
    )


def _facts(columns: Mapping[str, Any], row: int) -> dict[str, FactValue]:
    """Those facts of a household by which it is grouped."""
    told = {key: columns[key][row] for key in groups.READ}
    return {
        key: bool(value) if FACTS[key].kind is Kind.FLAG else value
        for key, value in told.items()
        if value is not None and value == value  # NaN is not itself
    }


def _encoded(column: Any, key: str) -> Floats:
    choices = FACTS[key].choices
    if choices:
        return np.array([choices.index(value) if value in choices else np.nan for value in column], dtype=float)
    return np.asarray(column, dtype=float)


def passed(pattern: str, kept: World, held_out: World, seed: int) -> tuple[Floats, Floats]:
    """What the office gets of the households to learn from and of those held out: float64[n, columns], none for `nothing`.

    A household that the tax administration's model learnt from gets its score from a model that did not see it: else the office
    would learn to trust a score that is better than those to come.
    """
    if pattern == "nothing":
        return np.empty((len(kept.tax), 0)), np.empty((len(held_out.tax), 0))
    if pattern == "combined":
        return kept.tax, held_out.tax
    if pattern == "decile":
        edges = np.quantile(kept.income, np.linspace(0, 1, DECILES + 1)[1:-1])
        return np.digitize(kept.income, edges)[:, None].astype(float), np.digitize(held_out.income, edges)[:, None].astype(float)
    need: Labels = np.asarray(kept.labels[:, [PROGRAMMES.index(p) for p in MEANS_TESTED]].any(axis=1))
    fold = np.random.Generator(np.random.PCG64(seed)).integers(0, FOLDS, len(need))
    own = np.empty(len(need))
    for number in range(FOLDS):
        out = fold == number
        own[out] = _booster(kept.tax[~out], need[~out], TAX, {}).predict(kept.tax[out], num_threads=1)
    later = np.asarray(_booster(kept.tax, need, TAX, {}).predict(held_out.tax, num_threads=1))
    if pattern == "score":
        return own.round(3)[:, None], later.round(3)[:, None]
    edges = np.quantile(own, np.linspace(0, 1, BANDS + 1)[1:-1])
    return np.digitize(own, edges)[:, None].astype(float), np.digitize(later, edges)[:, None].astype(float)


def _booster(
    rows: Floats,
    label: Any,
    keys: Sequence[str],
    directions: Mapping[str, int],
    objective: str = "binary",
    weights: Floats | None = None,
) -> lgb.Booster:
    choices = [at for at, key in enumerate(keys) if key in FACTS and FACTS[key].choices]
    table = lgb.Dataset(rows, label.astype(float), weight=weights, categorical_feature=choices)
    bound = {"monotone_constraints": [directions.get(key, 0) for key in keys]} if directions else {}
    return lgb.train({**PARAMETERS, "objective": objective, **bound}, table, ROUNDS)


def chances(rows: Floats, labels: Labels, wanted: Floats, keys: Sequence[str], score: int, weights: Floats | None = None) -> Floats:
    """The office's eight models, trained and asked. `score`: the direction of a derived column for what is means-tested (1, -1)."""
    columns = []
    for place, programme in enumerate(PROGRAMMES):
        directions = {**monotone(programme), **({"derived": score} if programme in MEANS_TESTED else {})}
        columns.append(_booster(rows, labels[:, place], keys, directions, weights=weights).predict(wanted, num_threads=1))
    return np.column_stack(columns)


def halves(data: World, seed: int) -> tuple[World, World]:
    """Households to learn from and to measure on (a quarter)."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(data.labels))
    count = int(len(order) * HELD_OUT)
    return some(data, np.sort(order[count:])), some(data, np.sort(order[:count]))


def one_split(data: World, seed: int) -> dict[str, dict[str, Any]]:
    """Every pattern on one split by household: figures by name, and `gains`, nDCG@3 a household (NaN for who takes part in nothing)."""
    kept, held_out = halves(data, seed)
    told = {}
    for pattern in PATTERNS:
        more, later = passed(pattern, kept, held_out, seed)
        keys = OFFICE + (TAX if pattern == "combined" else ("derived",) * more.shape[1])
        rows, wanted = np.hstack([kept.office, more]), np.hstack([held_out.office, later])
        said = chances(rows, kept.labels, wanted, keys, -1 if pattern == "decile" else 1)
        told[pattern] = {
            **quality(said, held_out),
            **disclosure.measured(rows, kept.income, wanted, held_out.income, later, exact=pattern == "combined", fit=_income_model(keys)),
        }
    return told


def _income_model(keys: Sequence[str]) -> Any:
    return lambda rows, income: _booster(rows, income, keys, {}, "regression_l1")


def quality(said: Floats, held_out: World) -> dict[str, Any]:
    labels = held_out.labels
    cases, hits = found(said, labels, 3)
    gaps = {}
    for axis, names in held_out.groups.items():
        shares = [one.share for one in tally(names, cases, hits) if one.people >= LEAST]
        gaps[f"tpr_gap_{axis}"] = max(shares) - min(shares) if len(shares) > 1 else 0.0
    return {
        "gains": gains(said, labels),
        "calibration": float(np.mean([metrics.calibration_error(said[:, p], labels[:, p]) for p in range(len(PROGRAMMES))])),
        **{f"auc_{programme}": metrics.auc(said[:, p], labels[:, p]) for p, programme in enumerate(PROGRAMMES)},
        **gaps,
    }


def gains(said: Floats, labels: Labels, at: int = 3) -> Floats:
    """nDCG@3 a household, as `metrics.ndcg` means it; NaN where it takes part in nothing."""
    best = np.argsort(-said, axis=1, kind="stable")[:, :at]
    discount = 1 / np.log2(np.arange(at) + 2)
    gained = (np.take_along_axis(labels, best, axis=1) * discount).sum(axis=1)
    ideal = np.concatenate([[np.nan], np.cumsum(discount)])[np.minimum(labels.sum(axis=1), at)]
    return np.asarray(gained / ideal)


def some(data: World, rows: Any) -> World:
    """Those households whose numbers, or truth values, are given."""
    return World(
        data.office[rows], data.tax[rows], data.income[rows], data.labels[rows], {axis: names[rows] for axis, names in data.groups.items()}
    )


def summary(splits: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Means over the splits, nDCG@3 with a bootstrap interval over households, and against the combined model the paired difference."""
    told: dict[str, Any] = {}
    for pattern in PATTERNS:
        found_ = [split[pattern] for split in splits]
        told[pattern] = {name: float(np.nanmean([one[name] for one in found_])) for name in found_[0] if name != "gains"}
        told[pattern] |= _interval("ndcg3", [one["gains"] for one in found_])
        told[pattern] |= _interval("behind_combined", [s["combined"]["gains"] - s[pattern]["gains"] for s in splits])
    return told


def _interval(name: str, values: Sequence[Floats]) -> dict[str, float]:
    """Mean over splits, and the interval (95 %) when households are drawn again in each. Splits share households: it is somewhat too narrow."""
    random = np.random.Generator(np.random.PCG64(0))
    means = np.zeros(RESAMPLES)
    for one in values:
        helped = one[~np.isnan(one)]
        means += [helped[random.integers(0, len(helped), len(helped))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means / len(values), [0.025, 0.975])
    return {name: float(np.mean([np.nanmean(one) for one in values])), f"{name}_low": float(low), f"{name}_high": float(high)}


def every_household(archive: Path) -> Any:
    """The table of `households.load()`, of all households in the archive (`training.build_extract`)."""
    rows = build_extract.households(build_extract.read_cps(archive))
    texts = ("marital_status", "region")
    return rows.astype({name: "float64" for name in rows.columns if name not in texts})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--archive", type=Path, help="taxcalc sdist or wheel")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    data = world(every_household(given.archive) if given.archive else households.load())
    told = {"households": len(data.labels), "seeds": list(SEEDS), "patterns": summary([one_split(data, seed) for seed in SEEDS])}
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
