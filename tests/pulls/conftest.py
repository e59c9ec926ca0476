"""A real tax office beside the tests, and a case to pull."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection as database
from tax_office import BOTH, TAX, Between, Case, TaxOffice, open_case, seed, store_of

from aurora.outbound import oauth
from aurora.sandbox import launch
from aurora.sandbox.config import PROCESSES
from aurora.sandbox.provision import provision, write_configs
from aurora.sources.connectors import CONNECTORS, Asked, json_oauth
from tests.support.cast import empty
from tests.support.hostile_peer import listening, peer

__all__ = ["listening", "peer"]


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TaxOffice]:
    folder = tmp_path_factory.mktemp("tax-office")
    urls = {**launch.free_urls(PROCESSES), "aurora": "http://nobody.invalid"}
    made = provision(urls=urls)
    configs = write_configs(made, folder / "config")
    running = launch.start_all({TAX: configs[TAX]}, state=folder / "state", urls=urls)
    store = store_of(folder / "state")
    yield TaxOffice(made.aurora["sources"][TAX], made.aurora["control_token"], store)
    store.close()
    launch.stop_all(running)


@pytest.fixture
def office(_running: TaxOffice, db: None) -> Iterator[TaxOffice]:
    """Every switch off before and after."""
    seed(_running)
    oauth._metadata_cache.clear()
    _running.switch(mode="ok")
    yield _running
    _running.switch(mode="ok")


@pytest.fixture
def case(office: TaxOffice) -> Case:
    return open_case(office.grant(*BOTH), *BOTH)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    """Let something happen after the real connector has its answer and before the pull goes on; returns what was fetched."""

    def then(act: Callable[[int], None]) -> list[str]:
        fetched: list[str] = []

        def fetch(asked: Asked) -> Any:
            answer = json_oauth.fetch(asked)
            fetched.append(asked.category.category_id)
            act(len(fetched))
            return answer

        monkeypatch.setitem(CONNECTORS, "json_oauth", fetch)
        return fetched

    return then


@pytest.fixture
def committed(_running: TaxOffice, django_db_setup: None, django_db_blocker: Any) -> Iterator[TaxOffice]:
    """The office for tests with real transactions: what is made is committed, and taken away."""
    with django_db_blocker.unblock():
        try:
            seed(_running)
            oauth._metadata_cache.clear()
            _running.switch(mode="ok")
            yield _running
        finally:
            _running.switch(mode="ok")
            database.close()
            empty()
