"""A citizen connects the health centre: the scopes of what they ticked, records by FHIR with the times they hold for, and a region on which two disagree."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from aurora.sandbox.health import draws
from aurora.sandbox.personas import choose
from recommender.training import households
from tests.support.held import names_on
from tests.support.people import Person
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
CENTRE = "health-centre"
AINO = next(p for p in choose() if p.key == "aino")
EVERY = {"health.patient", "health.conditions", "health.measurements", "health.procedures"}


def _parts(stack: Stack, pull: UUID) -> dict[str, tuple[str, int, str]]:
    with stack.admin() as database:
        rows = database.execute("SELECT category, state, facts, error FROM sources_pullpart WHERE pull_id = %s", [pull]).fetchall()
    return {category: (state, facts, error) for category, state, facts, error in rows}


def _done(stack: Stack, pull: UUID) -> dict[str, tuple[str, int, str]]:
    def ended() -> bool:
        with stack.admin() as database:
            [(state,)] = database.execute("SELECT state FROM sources_pull WHERE id = %s", [pull]).fetchall()
        return state in ("done", "failed", "cancelled")

    wait_for(ended, "the health centre's records", within=60)
    return _parts(stack, pull)


def _citizen(stack: Stack, pull: UUID) -> UUID:
    with stack.admin() as database:
        [(found,)] = database.execute("SELECT citizen_id FROM sources_pull WHERE id = %s", [pull]).fetchall()
    return UUID(str(found))


def _held(stack: Stack, citizen: UUID) -> dict[str, tuple[date | None, date | None, Any]]:
    """Current facts of the health centre, by key: since when, until when, when observed."""
    with stack.admin() as database:
        rows = database.execute(
            "SELECT id, valid_from, valid_to, observed_at FROM twin_fact WHERE citizen_id = %s AND source = %s AND superseded_at IS NULL",
            [citizen, CENTRE],
        ).fetchall()
    names = names_on(stack, citizen)
    return {"/".join(names[str(fact)]): (since, until, observed) for fact, since, until, observed in rows}


def _years_ago(years: float, at: date) -> tuple[date, date]:
    """Some days of play: the health centre counts from when it first got its data."""
    days = round(years * 365.25)
    return date.fromordinal(at.toordinal() - days - 3), date.fromordinal(at.toordinal() - days + 3)


def test_records_come_with_the_times_they_hold_for_and_disagree_with_the_register(stack: Stack) -> None:
    known = draws.person(AINO.index, choose())
    registered = households.facts_of(AINO.index)["population.person"]["region"]
    with Person(stack, stack.demo["citizens"][0]["identifier"]).sign_in() as person:
        pull = person.connect(CENTRE, purposes=("own-overview",))
        parts = _done(stack, pull)
        assert set(parts) == EVERY and {state for state, _, _ in parts.values()} == {"done"}, parts
        held = _held(stack, _citizen(stack, pull))
        today = date.today()

        confirmed = {ill.code: ill for ill in known.illnesses if ill.kind == "confirmed"}
        told = {name.partition("/icd10.")[2]: times for name, times in held.items() if name.startswith("health.conditions/")}
        assert set(told) == set(confirmed), "neither what was refuted nor what was entered in error"
        for code, ill in confirmed.items():
            since, until, _ = told[code]
            earliest, latest = _years_ago(ill.years, today)
            assert since is not None and earliest <= since <= latest
            assert (until is None) == (not ill.lasted) and (until is None or (until - since).days == ill.lasted)
        done = {name.partition("/snomed.")[2]: times for name, times in held.items() if name.startswith("health.procedures/")}
        assert set(done) == {one.code for one in known.procedures} and all(until is None for _, until, _ in done.values())
        measured = [observed.date() for name, (_, _, observed) in held.items() if name == "health.measurements/body_weight"]
        assert measured and (today - measured[0]).days < 200, "the newest visit"

        person.connect("population-register")
        person.browser.open(f"{person.base_url}/en/my-data/")
        wait_for(lambda: _shows(person, f"Region {int(registered[1:])}"), "the register's region", within=60)
        whole = _all(person)
        assert f"Region {int(known.region[1:])}" in whole and known.region != registered
        assert "Asthma, unspecified" in whole and "icd10" not in re.sub(r"<[^>]*>", " ", whole)
        assert "Illness or symptom" in whole and "mmHg" in whole


def _all(person: Person) -> str:
    """My data, all its pages."""
    person.browser.open(f"{person.base_url}/en/my-data/")
    text, number = person.browser.text, 1
    while f'?page={number + 1}"' in person.browser.text:
        number += 1
        person.browser.open(f"{person.base_url}/en/my-data/?page={number}")
        text += person.browser.text
    return text


def _shows(person: Person, words: str) -> bool:
    return words in _all(person)


def test_a_category_that_is_not_ticked_is_a_scope_that_is_not_asked(stack: Stack) -> None:
    """What leaves for the health centre's page, and what its token then opens."""
    with Person(stack, stack.demo["citizens"][4]["identifier"]).sign_in() as person:
        person.browser.open(f"{person.base_url}/en/sources/{CENTRE}/connect/")
        person.browser.press("Allow", purposes=["own-overview"], categories=["health.procedures"], end="6")
        person.browser.press("Continue")
        assert "Procedures" in person.browser.text and "Your identifier" in person.browser.text
        assert "Illnesses" not in person.browser.text and "Measurements" not in person.browser.text
        person.browser.press("Allow")
        found = re.search(r"/en/pulls/([0-9a-f-]{36})/", person.browser.url)
        assert found, person.browser.url
        parts = _done(stack, UUID(found[1]))
        assert parts["health.procedures"][0] == "done" and set(parts) == {"health.procedures"}
    with stack.admin() as database:
        sealed = database.execute(
            "SELECT context_sealed FROM sources_connection c JOIN sources_pull p ON p.connection_id = c.id WHERE p.id = %s", [found[1]]
        ).fetchone()
    assert sealed and sealed[0] and b"p-" not in bytes(sealed[0])[:2] and b"patient" not in bytes(sealed[0])
