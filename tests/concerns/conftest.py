"""A cast; Aino's newest entry of the office is what cases are about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.concerns.talk import close_all
from tests.support.cast import Cast
from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]


@pytest.fixture(autouse=True)
def _none_open(cast: Cast) -> Iterator[None]:
    """An entry has one open case at most, a citizen not many, and what is late is counted: those of the tests before are closed."""
    close_all()
    yield
