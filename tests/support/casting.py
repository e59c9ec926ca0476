"""Fixtures around `tests.support.cast`, for the `conftest.py` of the folders that need a cast with real rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from tests.support.cast import Cast, made_cast


@pytest.fixture(scope="package")
def committed_cast(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """One cast a folder, gone when the folder is done."""
    assert isinstance(request.node, pytest.Package), "a folder without __init__.py: its cast would stay until the last of all tests"
    with django_db_blocker.unblock(), made_cast(tmp_path_factory.mktemp("cast")) as cast:
        yield cast


@pytest.fixture
def cast(committed_cast: Cast, django_db_blocker: Any) -> Iterator[Cast]:
    """The database is open to the test, no count of a limit is left of the test before, and the office's token is good."""
    cache.clear()
    with django_db_blocker.unblock():
        committed_cast.renew_token()
        yield committed_cast
