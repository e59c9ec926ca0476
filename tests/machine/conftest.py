"""A cast, and agencies at one address of this process that say what the machine has them say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.machine.agencies import Agencies, listening
from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]


@pytest.fixture(scope="module")
def agencies() -> Iterator[Agencies]:
    with listening() as found:
        yield found
