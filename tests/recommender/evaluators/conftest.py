"""Shared by the tests of evaluators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recommender.errors import EVALUATOR_CODES, EvaluatorRefused


@pytest.fixture
def refused() -> Callable[[str], pytest.RaisesExc[EvaluatorRefused]]:
    """`with refused(code):` nothing but this refusal, by its own code."""

    def expect(code: str) -> pytest.RaisesExc[EvaluatorRefused]:
        assert code in EVALUATOR_CODES
        return pytest.RaisesExc(EvaluatorRefused, check=lambda e: e.code == code)

    return expect
