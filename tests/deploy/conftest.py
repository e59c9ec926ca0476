"""What the tests of running Aurora in earnest share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.backed_up import Story, backed_up


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with backed_up(tmp_path_factory.mktemp("backup")) as found:
        yield found
