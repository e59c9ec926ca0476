"""The office's decisions go to Aurora by themselves, of people who hold a grant with it; what is not taken is sent again, under the right id."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from aurora_double import Answer, AuroraDouble

from aurora.sandbox import config, national_id, runtime
from aurora.sandbox.config import OFFICE, PROCESSES
from aurora.sandbox.launch import free_urls
from aurora.sandbox.office import applications, decisions, pushes
from aurora.sandbox.office.applications import Application
from aurora.sandbox.provision import provision, write_configs
from aurora.sandbox.runtime import Runtime

AINO, BERTIL = 810, 280
POOR = {"population.household": [("household_size", 3)], "tax.income": [("wages", 12_000)]}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AuroraDouble, Runtime]]:
    folder = tmp_path_factory.mktemp("office-pushes")
    urls = free_urls(["aurora", *PROCESSES])
    aurora = AuroraDouble(int(urls["aurora"].rsplit(":", 1)[1]))
    made = provision(urls=urls)
    aurora.registration = made.aurora["agencies"][0]
    configs = write_configs(made, folder / "config")
    here = runtime.start(config.load(OFFICE, configs[OFFICE]), state=folder / "state", address=urls[OFFICE])
    yield aurora, here
    here.store.close()
    aurora.stop()


@pytest.fixture
def office(started: tuple[AuroraDouble, Runtime], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[AuroraDouble, Runtime]]:
    """Nobody has applied, nobody has connected it, and it sends when a test says so."""
    aurora, here = started
    for table in ("decisions", "readings", "applications", "persons", "tokens", "grants"):
        here.store.run(f"DELETE FROM {table}")
    aurora.batches, aurora.complaints = [], []
    aurora.taking = lambda: came("taken")
    monkeypatch.setattr(pushes, "tell_soon", lambda here, after=0.0: None)
    yield aurora, here
    assert aurora.complaints == []


def came(*codes: str) -> Answer:
    return 200, {"results": [{"position": at, "result": code} for at, code in enumerate(codes)]}


def applied(owner: str, here: Runtime, facts: dict[str, Any] = POOR) -> Application:
    applications.begin(owner, state=f"state-{time.monotonic_ns()}", verifier="v", here=here)
    here.store.run("UPDATE applications SET status = 'granted' WHERE owner = ?", owner)
    mine = applications.of(owner, here)[0]
    for category, said in facts.items():
        body = {"facts": [{"key": key, "value": value} for key, value in said]}
        applications.keep_reading(mine, category, body, here)
    return mine


def connected(household: int, here: Runtime, *, owner: str) -> int:
    """The person signed in at the office and said yes, and Aurora holds the tokens; the grant."""
    decisions.signed_in(owner, household, here)
    values = (household, decisions.CATEGORY, time.time())
    here.store.run("INSERT INTO grants (client_id, household, scopes, created_at) VALUES ('aurora', ?, ?, ?)", *values)
    row = here.store.one("SELECT max(id) AS id FROM grants")
    assert row is not None
    here.store.run("INSERT INTO tokens VALUES (?, 'refresh', ?, ?, NULL, NULL)", f"token-{row['id']}", row["id"], decisions.CATEGORY)
    return int(row["id"])


def revoked(grant: int, here: Runtime) -> None:
    here.store.run("UPDATE grants SET revoked_at = ? WHERE id = ?", time.time(), grant)


def test_it_decides_once_when_all_has_been_read(office: tuple[AuroraDouble, Runtime]) -> None:
    _, here = office
    half = applied("half", here, {"tax.income": POOR["tax.income"]})
    assert not decisions.decide(half, here) and decisions.of(half, here) is None
    whole = applied("whole", here)
    assert decisions.decide(whole, here) and not decisions.decide(whole, here)
    made = decisions.of(whole, here)
    assert made is not None and made.granted and made.amount == 600 and not made.told
    assert set(made.facts()) == {"housing_support", "housing_support_amount", "housing_support_decided_on", "housing_support_until"}


@pytest.mark.parametrize(
    ("size", "income", "support"),
    [(1, 19_200, 0), (1, 0, 600), (4, 40_243, 139), (4, 44_400, 0), (2, 27_600, 0), (2, 26_000, 53)],
    ids=["at the limit", "nothing", "aino", "at the limit of four", "of two", "little"],
)
def test_the_amount_is_what_the_rule_says(size: int, income: int, support: int) -> None:
    assert decisions.amount({"household_size": size, "wages": income}) == support


def test_nothing_is_sent_of_who_has_not_connected_it_and_all_is_once_they_have(office: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = office
    decisions.decide(applied("one", here), here)
    decisions.decide(applied("two", here), here)
    pushes.tell(here)
    assert aurora.batches == []
    connected(AINO, here, owner="one")
    pushes.tell(here)
    pushes.tell(here)
    [batch] = aurora.batches
    assert (batch["iss"], batch["aud"]) == (OFFICE, f"{aurora.issuer}/api/v1")
    [answer] = batch["answers"]
    assert answer["subject"] == {"national_id": national_id.make(AINO)} and answer["category"] == decisions.CATEGORY
    assert answer["facts"]["housing_support"] == "granted" and answer["version"] == 1


def test_what_got_no_answer_goes_again_under_its_id_and_what_was_not_accepted_under_another(office: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = office
    decisions.decide(applied("one", here), here)
    connected(AINO, here, owner="one")
    answers: list[Answer] = [(503, {"code": "unavailable"}), came("not_accepted"), came("taken")]
    aurora.taking = lambda: answers.pop(0)
    for _ in range(3):
        pushes.tell(here)
    first, again, new = aurora.batches
    assert first["jti"] == again["jti"] != new["jti"] and first["answers"] == again["answers"] == new["answers"]
    pushes.tell(here)
    assert len(aurora.batches) == 3


def test_after_an_hour_it_asks_no_more_for_who_is_not_accepted(office: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = office
    decisions.decide(applied("one", here), here)
    grant = connected(AINO, here, owner="one")
    aurora.taking = lambda: came("not_accepted")
    pushes.tell(here)
    here.store.run("UPDATE grants SET created_at = created_at - 4000 WHERE id = ?", grant)
    here.store.run("UPDATE decisions SET decided_at = decided_at - 4000")
    pushes.tell(here)
    pushes.tell(here)
    assert len(aurora.batches) == 2


def test_when_the_grant_is_given_back_nothing_goes_and_a_new_one_is_told_anew(office: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = office
    decisions.decide(applied("one", here), here)
    grant = connected(AINO, here, owner="one")
    aurora.taking = lambda: (503, {"code": "unavailable"})
    pushes.tell(here)
    revoked(grant, here)
    pushes.tell(here)
    assert len(aurora.batches) == 1, "it is over"
    connected(AINO, here, owner="one")
    aurora.taking = lambda: came("taken")
    pushes.tell(here)
    first, new = aurora.batches
    assert first["jti"] != new["jti"] and first["answers"] == new["answers"], (
        "under its former id Aurora would answer for the former connection"
    )


def test_of_several_decisions_about_a_person_the_newest_is_told(office: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = office
    decisions.decide(applied("one", here), here)
    here.store.run("UPDATE decisions SET decided_at = decided_at - 60")
    here.store.run("UPDATE applications SET begun_at = begun_at - 60")
    second = applied("one", here, {**POOR, "tax.income": [("wages", 90_000)]})
    assert decisions.decide(second, here)
    connected(AINO, here, owner="one")
    decisions.decide(applied("other", here), here)
    connected(BERTIL, here, owner="other")
    aurora.taking = lambda: came("taken", "taken")
    pushes.tell(here)
    [batch] = aurora.batches
    told = {answer["subject"]["national_id"]: answer["facts"]["housing_support"] for answer in batch["answers"]}
    assert told == {national_id.make(AINO): "refused", national_id.make(BERTIL): "granted"}
