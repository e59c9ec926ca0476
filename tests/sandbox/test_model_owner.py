"""The hospital as the owner of a model: it builds and registers it by itself, keeps trying, and gives up only where it was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from aurora_double import Answer, AuroraDouble

from aurora.sandbox import config, launch, runtime
from aurora.sandbox.config import HOSPITAL, PROCESSES
from aurora.sandbox.hospital import owner
from aurora.sandbox.hospital.owner import Progress, Registrar
from aurora.sandbox.launch import Running
from aurora.sandbox.provision import Provision, provision, write_configs
from recommender.evaluators import contract, examine, package, signature, vectors
from tests.support.stack import wait_for

TAKEN = {"id": "6d0b4f58-7c1b-4f4e-9d5e-0d6f1f6f8f77", "identifier": owner.IDENTIFIER, "version": 1, "state": "registered"}


class Case:
    """Aurora's stand-in, and all that the hospital is told."""

    def __init__(self, folder: Path) -> None:
        urls = launch.free_urls(["aurora", *PROCESSES])
        self.aurora = AuroraDouble(int(urls["aurora"].rsplit(":", 1)[1]))
        self.made: Provision = provision(urls=urls)
        self.aurora.registration = self.made.aurora["model_owners"][0]
        self.config = write_configs(self.made, folder / "config")[HOSPITAL]
        self.state = folder

    def start(self) -> Running:
        return Running(
            HOSPITAL, config=self.config, state=self.state, port=int(self.made.processes[HOSPITAL]["base_url"].rsplit(":", 1)[1])
        )

    def kept(self, version: int) -> Path:
        """Where a build of that version lies."""
        return self.state / "evaluators" / owner._digest(self.made.processes[HOSPITAL]["owner"]["signing_key"]) / str(version)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    made = Case(tmp_path_factory.mktemp("owner"))
    yield made
    made.aurora.stop()


@pytest.fixture
def case(told: Case, tmp_path: Path) -> Iterator[Case]:
    """A state folder of its own, Aurora's stand-in in its first mood; afterwards nothing that the hospital sent may have been wrong."""
    told.state, aurora = tmp_path / "state", told.aurora
    aurora.packages, aurora.registered, aurora.complaints, aurora.nonce = [], [], [], ""
    aurora.registering = lambda number: (503, {"code": "unavailable"})
    yield told
    assert aurora.complaints == []


def _told(running: Running) -> dict[str, Any]:
    return dict(httpx.get(f"{running.base_url}/_sandbox/evaluator", trust_env=False, timeout=60).json())


def test_the_process_trains_registers_and_does_neither_again_after_a_restart(case: Case) -> None:
    """As a whole: the key is released while it waits, a busy Aurora is asked again, and the nonce is brought that is asked for."""
    answers: list[Answer] = [(409, {"code": "no_owner_key"}), (503, {"code": "unavailable"}), (201, TAKEN)]
    case.aurora.registering = lambda number: answers[min(number, 2)]
    case.aurora.nonce = "a-nonce-of-aurora"
    running = case.start()
    try:
        assert _told(running)["state"] in ("waiting", "training"), "it answers before it has trained"
        told = wait_for(lambda: (now := _told(running))["state"] == "registered" and now, "the model to be registered", within=90)
        assert told == {**TAKEN, "code": "", "others": list(owner.OTHERS)}
        page = httpx.get(running.base_url, headers={"Accept-Language": "en"}, trust_env=False, timeout=60).text
        assert "made up" in page and f"{owner.IDENTIFIER} 1" in page
    finally:
        assert running.stop() == 0
    assert len(case.aurora.packages) == 3 and all(sent == case.aurora.packages[0] for sent in case.aurora.packages)
    assert set(case.aurora.packages[0]) == {"package", "signature"}
    assert [path.name for path in case.kept(1).parent.iterdir() if path.name not in owner.OTHERS] == ["1"]
    _is_what_aurora_takes(case.aurora.packages[0], case.aurora.registration["signing_key"])
    built = case.kept(1).stat().st_mtime_ns
    case.aurora.registering = lambda number: (200, TAKEN)
    again = case.start()
    try:
        wait_for(lambda: _told(again)["state"] == "registered", "it to be known again")
    finally:
        assert again.stop() == 0
    assert case.kept(1).stat().st_mtime_ns == built and case.aurora.packages[3] == case.aurora.packages[0]


def _is_what_aurora_takes(sent: dict[str, bytes], signing_key: str) -> None:
    """Judged by the code that Aurora judges packages with."""
    read = package.read(sent["package"])
    agreed, _ = contract.parse(read.contract)
    examine.verify(read.contents, read.files, sent["signature"], signature.Trust(key=signing_key))
    examine.models(agreed, read.contents)
    assert examine.vectors(agreed, vectors.parse(read.vectors, agreed), read.contents, read.files) < 1e-5
    assert (agreed.owner, agreed.identifier, agreed.version, agreed.purpose) == (HOSPITAL, owner.IDENTIFIER, 1, "surgery-risk")


def test_a_signal_ends_process_and_training(case: Case) -> None:
    running = case.start()
    children = Path(f"/proc/{running.popen.pid}/task/{running.popen.pid}/children")

    def child() -> str:
        """Of any of its threads."""
        found = ""
        for task in children.parent.parent.iterdir():
            with suppress(OSError):  # a thread that has just ended
                found = found or (task / "children").read_text().partition(" ")[0]
        return found

    pid = wait_for(child, "the training to begin", within=30)
    assert running.stop() == 0
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the training to be gone")
    assert not case.kept(1).exists() and case.aurora.packages == []


# What Aurora may answer, without the training


@pytest.fixture
def registrar(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Registrar]]:
    """Begins a registrar whose builds of these versions lie ready, and which builds others without training anything."""
    monkeypatch.setattr(owner, "FIRST_WAIT", 0.01)
    begun: list[Registrar] = []

    def build(one: Registrar, version: int) -> Path:
        folder = case.kept(version)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (owner.PACKAGE, owner.SIGNATURE):
            (folder / name).write_bytes(f"{name} {version}".encode())
        return folder

    monkeypatch.setattr(Registrar, "_built", build)

    def begin(*versions: int) -> Registrar:
        for version in versions:
            case.kept(version).mkdir(parents=True)
        here = runtime.start(config.load(HOSPITAL, case.config), state=case.state, address="http://nobody.invalid")
        assert here.config.owner is not None
        one = Registrar(here, here.config.owner, state=case.state)
        one.start()
        begun.append(one)
        return one

    yield begin
    for one in begun:
        one.stop()


def _ended(one: Registrar) -> Progress:
    wait_for(lambda: not one._thread.is_alive(), "it to be done")
    return one.progress


@pytest.mark.parametrize("code", ["version_exists", "version_not_newer"])
def test_a_clash_with_what_aurora_knows_makes_the_next_version(case: Case, registrar: Callable[..., Registrar], code: str) -> None:
    """Its state folder was lost, say. A version is never changed."""
    case.aurora.registered = [{**TAKEN, "version": 4}, {**TAKEN, "identifier": "another-model", "version": 9}, {**TAKEN, "version": 2}]
    case.aurora.registering = lambda number: (409, {"code": code}) if number == 0 else (201, {**TAKEN, "version": 5})
    told = _ended(registrar(1))
    assert (told.state, told.version, told.code) == ("registered", 5, "")
    assert [sent["package"] for sent in case.aurora.packages] == [b"package.zip 1", b"package.zip 5"]


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_refusal_is_told_and_not_argued_with(case: Case, registrar: Callable[..., Registrar], status: int) -> None:
    case.aurora.registering = lambda number: (status, {"code": "unfit_fact"})
    told = _ended(registrar(1))
    assert (told.state, told.code, told.id) == ("refused", "unfit_fact", "") and len(case.aurora.packages) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (409, {"code": "no_owner_key"}),
        (403, {"code": "not_a_model_owner"}),
        (401, {"code": "invalid_token"}),
        (429, {}),
        (500, {}),
        (503, {}),
    ],
)
def test_what_time_can_mend_is_tried_again(case: Case, registrar: Callable[..., Registrar], answer: Answer) -> None:
    case.aurora.registering = lambda number: answer if number < 2 else (201, TAKEN)
    told = _ended(registrar(1))
    assert told.state == "registered" and told.code == "" and len(case.aurora.packages) == 3


def test_while_it_waits_it_says_why(case: Case, registrar: Callable[..., Registrar]) -> None:
    case.aurora.registering = lambda number: (409, {"code": "no_owner_key"})
    one = registrar(1)
    wait_for(lambda: one.progress.code == "no_owner_key", "the reason to be told")
    assert one.progress.state == "registering"


def test_the_newest_build_is_what_is_sent(case: Case, registrar: Callable[..., Registrar]) -> None:
    case.aurora.registering = lambda number: (200, {**TAKEN, "version": 10})
    assert _ended(registrar(2, 10)).version == 10
    assert [sent["package"] for sent in case.aurora.packages] == [b"package.zip 10"]


def test_another_key_or_other_code_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner._digest("one") != owner._digest("another")
    before = owner._digest("one")
    (tmp_path / "owner.py").write_text("# changed")
    monkeypatch.setattr(owner, "__file__", str(tmp_path / "owner.py"))
    assert owner._digest("one") != before


def test_only_the_hospital_is_an_owner(case: Case, tmp_path: Path) -> None:
    assert config.load(HOSPITAL, case.config).owner is not None
    raw = {**case.made.processes[HOSPITAL]}
    del raw["owner"]
    (tmp_path / "lacking.json").write_text(json.dumps(raw))
    with pytest.raises(config.ConfigError, match="owner"):
        config.load(HOSPITAL, tmp_path / "lacking.json")
    for name in set(PROCESSES) - {HOSPITAL}:
        assert config.load(name, write_configs(case.made, tmp_path)[name]).owner is None
