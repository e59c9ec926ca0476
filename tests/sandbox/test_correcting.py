"""A source takes the citizen at their word where it can hold what they say, serves it from then on, and refuses the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aurora.sandbox import config, corrections, launch, national_id, runtime, wards
from aurora.sandbox.agency import data
from aurora.sandbox.config import HEALTH, PROCESSES
from aurora.sandbox.errors import PeerError
from aurora.sandbox.health import records
from aurora.sandbox.http import Answer
from aurora.sandbox.provision import CORRECTORS, REGISTER, provision, write_configs
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.vocabulary import categories


@pytest.fixture(params=CORRECTORS)
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    made = provision(urls=launch.free_urls((*PROCESSES, "aurora")))
    read = config.load(request.param, write_configs(made, tmp_path)[request.param])
    running = runtime.start(read, state=tmp_path / "state", address="http://127.0.0.1:1")
    monkeypatch.setattr(runtime, "current", lambda: running)
    monkeypatch.setattr(data.faults, "striking", lambda kind: False)
    yield running
    running.store.close()


def says(here: Runtime, household: int) -> dict[str, Any]:
    if here.process == HEALTH:
        [patient] = records.of(household, "Patient", here)
        return {"region": patient["address"][0]["state"]}
    found = data.record(categories()["population.person"], household, here)
    assert found is not None
    return dict(found["facts"])


def asked(here: Runtime, household: int, right: Any, key: str = "region") -> dict[str, Any]:
    category = "health.patient" if here.process == HEALTH else "population.person"
    return {"id": "c1", "national_id": national_id.make(household), "category": category, "key": key, "right": right, "language": "fi"}


def test_what_a_citizen_says_is_right_is_served_from_then_on(here: Runtime) -> None:
    household = next(n for n in range(50) if not wards.find(n))
    before = says(here, household)
    right = "R77" if before["region"] != "R77" else "R78"
    assert corrections.take(here, asked(here, household, right))
    assert says(here, household) == {**before, "region": right}
    assert says(here, household + 1)["region"] != right, "and of nobody else"
    assert corrections.take(here, asked(here, household, before["region"])), "and corrected again"
    assert says(here, household)["region"] == before["region"]


@pytest.mark.parametrize("key", ["age", "birth_year", "never_heard_of"])
def test_what_it_cannot_hold_it_refuses(here: Runtime, key: str) -> None:
    assert not corrections.take(here, asked(here, 1, 5, key))
    assert not corrections.take(here, {**asked(here, 1, "R10"), "national_id": "nobody"})


def test_it_answers_all_that_is_open_in_the_citizens_language(here: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here.config.corrects is not None
    corrector = corrections.Corrector(here, here.config.corrects)
    household = next(n for n in range(50) if not wards.find(n))
    open_ = [asked(here, household, "R42"), {**asked(here, household, 3, "age"), "id": "c2"}]
    sent: list[tuple[str, dict[str, Any]]] = []

    def bearing(self: Any, method: str, url: str, token: str, send: Any) -> Answer:
        if method == "GET":
            return Answer(200, {"corrections": open_, "more": False})
        monkeypatch.setattr(corrections.http, "post_json", lambda url, body, headers: sent.append((url, json.loads(body))))
        return send({})  # type: ignore[no-any-return]

    monkeypatch.setattr(corrections.AsClient, "token", lambda self, form: {"access_token": "t", "expires_in": 600})
    monkeypatch.setattr(corrections.AsClient, "bearing", bearing)
    assert corrector.look() == 2
    assert [(url.split("/")[-2], said["outcome"]) for url, said in sent] == [("c1", "corrected"), ("c2", "refused")]
    assert sent[0][1]["text"] == corrections.TEXTS["corrected"]["fi"]


def test_an_aurora_that_is_away_is_asked_again_later(here: Runtime) -> None:
    assert here.config.corrects is not None
    with pytest.raises(PeerError):
        corrections.Corrector(here, here.config.corrects).look()


def test_the_others_answer_nobody(tmp_path: Path) -> None:
    made = provision(urls=launch.free_urls((*PROCESSES, "aurora")))
    configs = write_configs(made, tmp_path)
    assert {name for name in PROCESSES if config.load(name, configs[name]).corrects} == set(CORRECTORS) == {REGISTER, HEALTH}
