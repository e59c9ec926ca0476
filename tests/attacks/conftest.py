"""The cast with real rows, and the e-ID and one source as real processes, for everything that strangers may try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from aurora.sandbox import launch
from aurora.sandbox.config import EID
from aurora.sandbox.provision import write_configs
from tests.support.cast import REGISTER, Cast, made_cast


@pytest.fixture(scope="package")
def committed_cast(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    folder = tmp_path_factory.mktemp("cast")
    with django_db_blocker.unblock(), made_cast(folder) as cast:
        configs = write_configs(cast.made, folder / "config")
        running = launch.start_all({name: configs[name] for name in (EID, REGISTER)}, state=folder / "state", urls=cast.urls)
        try:
            yield cast
        finally:
            launch.stop_all(running)


@pytest.fixture
def cast(committed_cast: Cast, django_db_blocker: Any) -> Iterator[Cast]:
    """The database is open to the test, no count of a limit is left of the test before, and the office's token is good."""
    cache.clear()
    with django_db_blocker.unblock():
        committed_cast.renew_token()
        yield committed_cast
