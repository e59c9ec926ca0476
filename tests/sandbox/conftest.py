"""One sandbox of real processes for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_client import AURORA, Browser, Sandbox

from aurora.sandbox import launch
from aurora.sandbox.config import EID, PROCESSES, SOURCES
from aurora.sandbox.provision import provision, write_configs


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    urls = {**launch.free_urls(PROCESSES), "aurora": AURORA}
    made = provision(urls=urls)
    configs = write_configs(made, folder / "config")
    running = launch.start_all({name: configs[name] for name in (EID, *SOURCES)}, state=folder / "state", urls=urls)
    yield Sandbox(made, running, folder / "state")
    launch.stop_all(running)


@pytest.fixture
def browser() -> Iterator[Browser]:
    one = Browser(AURORA)
    yield one
    one.close()


@pytest.fixture
def steady(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, with every switch off before and after."""
    for source in SOURCES:
        sandbox.switch(source, mode="ok")
    yield sandbox
    for source in SOURCES:
        sandbox.switch(source, mode="ok")
