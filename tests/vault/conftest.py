"""The cast with real rows, and a citizen who has a value in every column that is sealed for citizens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cast import Cast
from tests.support.casting import cast, committed_cast
from tests.vault.filled import Filled, fill

__all__ = ["cast", "committed_cast"]


@pytest.fixture
def filled(cast: Cast) -> Iterator[Filled]:
    """A citizen of this test's own."""
    with fill(cast) as found:
        yield found
