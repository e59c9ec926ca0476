"""Shared values of the recommender's tests."""

from __future__ import annotations

import pytest

from recommender.ranking.model import Ranker
from recommender.registry import COMMITTED, read


@pytest.fixture(scope="session")
def ranker() -> Ranker:
    """The committed model, whatever AURORA_MODEL_DIR says."""
    return read(COMMITTED).ranker()
