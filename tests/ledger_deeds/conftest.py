"""The database server of this folder, the witness, and the log that each test begins with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from aurora.embedded import forget, provide, state_folder
from aurora.environ import WitnessAddress
from aurora.journeys import cosign
from aurora.sandbox import launch
from aurora.sandbox.config import PROCESSES, WITNESS
from aurora.sandbox.launch import Running
from aurora.sandbox.provision import provision, write_configs
from tests.consent.ledger.conftest import _connected_as
from tests.ledger_deeds.world import ORIGIN, Databases, Log
from tests.proving.conftest import in_node, program
from tests.support import migrated
from tests.support.citizens import make_citizen
from tests.support.log_keys import make_signer

__all__ = ["in_node", "program"]
SEED = bytes(range(32))


@pytest.fixture(scope="package")
def honest(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    program: ModuleType,
    in_node: Callable[[str, list[Any]], list[Any]],
) -> Iterator[Log]:
    """The log as it begins, kept as a database and a head file to copy."""
    state = state_folder(tmp_path_factory.mktemp("deeds"))
    migrated.place(state)
    try:
        with provide(state, migrated.NO_VALKEY, durable=False) as services:
            aliases = {"default": services.database_url, "owner": services.owner_url or "", "admin": services.admin_url or ""}
            with django_db_blocker.unblock(), _connected_as(aliases):
                log = Log(
                    Databases(services),
                    make_signer(ORIGIN, SEED),
                    state / "sequencer",
                    make_citizen(name="Aino Aalto"),
                    make_citizen(name="Cecilia Ceder"),
                    program,
                    in_node,
                )
                log.begin()
                log.databases.dump()
                shutil.copytree(log.folder, state / "sequencer.honest")
                yield log
    finally:
        forget(state)


@pytest.fixture
def log(honest: Log, django_db_blocker: DjangoDbBlocker) -> Iterator[Log]:
    with django_db_blocker.unblock():
        honest.databases.restore()
        shutil.rmtree(honest.folder)
        shutil.copytree(honest.folder.with_name("sequencer.honest"), honest.folder)
        yield honest


class Watching:
    def __init__(self, folder: Path) -> None:
        made = provision(urls=launch.free_urls(["aurora", *PROCESSES]), logs=make_signer(ORIGIN, SEED).vkeys)
        (said,) = made.aurora["witnesses"]
        self.state, self.address = folder / "state", WitnessAddress(said["vkey"], said["url"])
        config = write_configs(made, folder / "config")[WITNESS]
        self.running = Running(WITNESS, config=config, state=self.state, port=int(said["url"].rsplit(":", 1)[1]))


@pytest.fixture(scope="package")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    one = Watching(tmp_path_factory.mktemp("witness"))
    yield one
    one.running.stop()


@pytest.fixture
def witness(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real witness process that has seen nothing yet; its verifier key."""
    for file in (watching.state / "seen").glob("*.json"):
        file.unlink()
    monkeypatch.setattr(cosign, "send", lambda *_, **__: None)  # the test runs the task itself
    with override_settings(AURORA_WITNESSES=(watching.address,), AURORA_SANDBOX=True):
        yield watching.address.vkey
