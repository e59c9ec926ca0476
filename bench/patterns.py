"""One model on combined data against pipes and filters across organisations: quality, bias and what each gives away (docs/decisions/patterns.md)."""

from __future__ import annotations

from bench import cps
from bench.harness import Scale
from bench.place import Place
from bench.results import Figure, Results
from recommender.training import households, patterns

# Beside nDCG@3 and how far behind the combined model it is, which have their intervals.
MEASURES = ("calibration", *(f"tpr_gap_{axis}" for axis in patterns.groups.AXES), "bits", "passed_bits", "income_error")
AUCS = tuple(f"auc_{programme}" for programme in patterns.PROGRAMMES)


def measure(results: Results, place: Place, scale: Scale) -> None:
    archive = cps.archive()
    data = patterns.world(patterns.every_household(archive) if archive else households.load())
    results.number("patterns_households", [len(data.labels)])
    splits = [patterns.one_split(data, seed) for seed in patterns.SEEDS[: scale.pick(5, 1)]]
    for pattern, told in patterns.summary(splits).items():
        for name in ("ndcg3", "behind_combined"):
            results.figures.append(Figure(f"patterns_{pattern}_{name}", told[name], told[f"{name}_low"], told[f"{name}_high"]))
        for name in (*MEASURES, *AUCS):
            each = [split[pattern][name] for split in splits]
            results.figures.append(Figure(f"patterns_{pattern}_{name}", told[name], min(each), max(each)))
