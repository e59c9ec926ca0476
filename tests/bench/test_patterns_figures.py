"""The figures about patterns across organisations get into the results with their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from bench import cps, patterns
from bench.harness import Scale
from bench.results import Results
from recommender.training import households
from recommender.training import patterns as measured


def test_each_pattern_has_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    few = measured.some(measured.world(households.load()), np.arange(1_500))
    monkeypatch.setattr(cps, "archive", lambda: None)
    monkeypatch.setattr(measured, "world", lambda table: few)
    monkeypatch.setattr(measured, "ROUNDS", 5)
    results = Results()
    patterns.measure(results, None, Scale(quick=True))  # type: ignore[arg-type]
    told = results.as_dict()
    for pattern in measured.PATTERNS:
        assert told[f"patterns_{pattern}_ndcg3_min"] <= told[f"patterns_{pattern}_ndcg3"] <= told[f"patterns_{pattern}_ndcg3_max"]
        assert 0.5 < told[f"patterns_{pattern}_auc_senior_health_insurance"] <= 1
    assert told["patterns_households"] == 1_500
    assert told["patterns_combined_bits"] > told["patterns_bands_bits"] > told["patterns_nothing_bits"] == 0
    assert results.table().count("patterns_") == len(results.figures)
