"""A cast with real rows whose log is sealed when a test says so, and the verifiers: the one-file program, and the browser's modules in Node."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import connections

from aurora.database_url import DatabaseUrl
from consent.ledger.checkpoint import Signer
from consent.ledger.sequence import Sequencer
from tests.support.cast import Cast, services
from tests.support.casting import cast, committed_cast
from tests.support.log_keys import make_signer

__all__ = ["cast", "committed_cast"]

VERIFY = Path(__file__).resolve().parents[2] / "aurora" / "ui" / "static" / "aurora" / "verify"
SEED = bytes(range(32))


@pytest.fixture(scope="session")
def program() -> ModuleType:
    """aurora_verify.py, loaded from its file."""
    spec = importlib.util.spec_from_file_location("aurora_verify", VERIFY / "aurora_verify.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def in_node() -> Callable[[str, list[Any]], list[Any]]:
    """`in_node("check", [(bundle, options), ...])`: what the browser's modules say, run by Node."""

    def ask(verb: str, tasks: list[Any]) -> list[Any]:
        node = shutil.which("node")
        assert node, "Node 20 or later is not installed: apt-get install nodejs"
        said = subprocess.run(
            [node, str(Path(__file__).with_name("ask.mjs")), VERIFY.as_uri(), verb],
            input=json.dumps(tasks), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr
        return list(json.loads(said.stdout))

    return ask


@pytest.fixture
def signer() -> Signer:
    return make_signer("aurora.test/ledger", SEED)


@pytest.fixture
def seal(cast: Cast, signer: Signer) -> Iterator[Callable[[], None]]:
    """Takes all that waits into the tree, as the sequencer does, by the owner's connection."""
    former = dict(connections.settings)
    connections.settings = connections.configure_settings({**former, "owner": DatabaseUrl.parse(services().owner_url or "").django()})
    connections["owner"] = connections.create_connection("owner")

    def sealed() -> None:
        sequencer = Sequencer(signer=signer, using="owner")
        sequencer.begin()
        while sequencer.round():
            pass

    yield sealed
    connections["owner"].close()
    del connections["owner"]
    connections.settings = former
