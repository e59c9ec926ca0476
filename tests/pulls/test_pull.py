"""A pull ends with its facts and one entry, or with none and one entry, whatever the source does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from claiming import claim
from django.db.models import F
from django.utils import timezone
from tax_office import BOTH, HOUSEHOLD, HOUSING, INCOME, TAX, Case, TaxOffice, details, known, open_case, values

from aurora.journeys import pull as journey
from aurora.outbound import guard
from aurora.sources import credentials, feeds, pulls
from aurora.sources.models import Connection
from aurora.twin.models import Fact
from consent import queries
from consent.scope import citizen_scope
from recommender.training import households

# It works


def test_a_pull_keeps_the_facts_and_logs_once(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    pull = case.pull
    assert (pull.state, pull.error, pull.attempt, pull.lease_token) == ("done", "", 1, None) and pull.finished_at
    assert values(case) == known(*BOTH)
    held = households.facts_of(HOUSEHOLD)
    assert case.parts == {c: ("done", len(held[c]), "") for c in BOTH}
    versions = {c.category_id: c.version for c in queries.current_categories(BOTH)}
    for fact in case.facts:
        assert (fact.provenance, fact.source, fact.pull_id) == ("reported", TAX, case.pull_id)
        assert fact.category_version == versions[fact.category]
        assert fact.valid_from == date(fact.observed_at.year - 1, 1, 1) and fact.observed_at <= fact.recorded_at
    [entry] = case.entries
    assert (entry.event, entry.actor, entry.decision, entry.source) == ("aurora:pull:completed", "aurora", "permit", TAX)
    assert entry.categories == sorted(BOTH) and set(entry.consent_ids) <= set(case.consents) and entry.permit_id
    told = details(case)
    assert told["pull"] == str(case.pull_id) and told["facts"] == len(case.facts) and told["failed"] == []


def test_a_message_that_comes_again_changes_nothing(case: Case, office: TaxOffice) -> None:
    journey.run(pull_id=case.pull_id)
    before = (case.pull.finished_at, [f.pk for f in case.facts], case.events(), office.asked("data"))
    for _ in range(2):
        journey.run(pull_id=case.pull_id)
    assert (case.pull.finished_at, [f.pk for f in case.facts], case.events(), office.asked("data")) == before


def test_a_message_of_a_pull_that_is_gone_is_nothing(office: TaxOffice) -> None:
    journey.run(pull_id=uuid4())


def test_a_later_pull_of_the_same_changes_nothing(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    with citizen_scope(case.citizen_id):
        again = pulls.enqueue(connection=case.connection, categories=[INCOME], now=timezone.now())
    journey.run(pull_id=again.pk)
    assert values(case) == known(*BOTH)
    income = [f for f in case.facts if f.category == INCOME]
    assert len(income) == len(known(INCOME)) and {f.pull_id for f in income} == {case.pull_id}, "the pull that first brought it"


def test_a_later_pull_supersedes_what_the_source_says_otherwise_now(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    with citizen_scope(case.citizen_id):
        moved = Fact.objects.filter(citizen_id=case.citizen_id, category=INCOME)
        moved.update(observed_at=F("observed_at") - timedelta(days=1))  # as if it had been told of the day before
        feeds.make_due(citizen_id=case.citizen_id, source=TAX, categories=[INCOME], now=timezone.now(), whole=True)
        again = pulls.enqueue(connection=case.connection, categories=[INCOME], now=timezone.now())
    journey.run(pull_id=again.pk)
    assert values(case) == known(*BOTH)
    income = [f for f in case.facts if f.category == INCOME]
    assert len(income) == 2 * len(known(INCOME)) and {f.pull_id for f in income if f.superseded_at is None} == {again.pk}


# The source fails


@pytest.mark.parametrize(
    ("switch", "error", "wait"),
    [
        ({"mode": "down"}, "source_down", 5),
        ({"mode": "down", "reset": True}, "source_down", 0),
        ({"mode": "slow", "seconds": 1.0}, "timeout", 0),
        ({"mode": "too_many", "seconds": 77}, "too_many_requests", 77),
    ],
    ids=lambda value: value["mode"] if isinstance(value, dict) else None,
)
def test_what_time_can_mend_is_tried_again_later(
    case: Case, office: TaxOffice, monkeypatch: pytest.MonkeyPatch, switch: dict[str, Any], error: str, wait: int
) -> None:
    if switch["mode"] == "slow":  # any other answer comes sooner than we hang up, however busy the machine is
        monkeypatch.setattr(guard, "TIMEOUT", httpx.Timeout(0.3))
    office.switch(**switch)
    began = timezone.now()
    journey.run(pull_id=case.pull_id)
    pull = case.pull
    assert (pull.state, pull.error, pull.attempt, pull.lease_token) == ("queued", error, 1, None)
    assert pull.due_at >= began + timedelta(seconds=max(wait, 1))
    assert not case.facts and not case.entries
    case.change(due_at=timezone.now() + timedelta(minutes=5))
    journey.run(pull_id=case.pull_id)
    assert case.pull.attempt == 1, "not before it is due"
    monkeypatch.undo()
    office.switch(mode="ok")
    case.due_now()
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error, case.pull.attempt) == ("done", "", 2)
    assert values(case) == known(*BOTH) and case.events() == ["aurora:pull:completed"]


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("revoked", "revoked"),
        ("garbage", "invalid_answer"),
        ("wrong_schema", "invalid_answer"),
        ("huge", "too_large"),
        ("wrong_citizen", "wrong_citizen"),
    ],
)
def test_what_no_time_mends_fails_with_one_entry_and_no_fact(case: Case, office: TaxOffice, mode: str, error: str) -> None:
    office.switch(mode=mode)
    journey.run(pull_id=case.pull_id)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error, case.pull.attempt) == ("failed", error, 1)
    assert case.parts == dict.fromkeys(BOTH, ("failed", 0, error)) and not case.facts
    [entry] = case.entries
    assert (entry.event, entry.decision, entry.categories, entry.permit_id) == ("aurora:pull:failed", "permit", sorted(BOTH), None)
    assert details(case)["failed"] == [f"{c}:{error}" for c in sorted(BOTH)]
    assert case.connection.state == ("broken" if mode in ("revoked", "wrong_citizen") else "live")


def test_one_category_s_failure_does_not_take_the_other_along(case: Case, office: TaxOffice) -> None:
    office.switch(mode="wrong_schema", category=INCOME)
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(HOUSING)
    assert case.parts[INCOME] == ("failed", 0, "invalid_answer") and case.parts[HOUSING][0] == "done"
    [entry] = case.entries
    assert entry.categories == [HOUSING] and details(case)["failed"] == [f"{INCOME}:invalid_answer"]


def test_a_failure_half_way_keeps_nothing(case: Case, office: TaxOffice) -> None:
    office.switch(mode="down", category=INCOME)  # housing comes first
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "queued" and case.parts[HOUSING][0] == "fetched" and not case.facts and not case.entries


def test_a_source_that_stays_away_is_given_up_after_the_last_attempt(case: Case, office: TaxOffice) -> None:
    office.switch(mode="down")
    for attempt in range(1, pulls.MAXIMUM_ATTEMPTS + 1):
        assert (case.pull.state, case.pull.attempt) == ("queued", attempt - 1) and not case.entries
        case.due_now()
        journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("failed", "source_down")
    assert case.events() == ["aurora:pull:failed"] and not case.facts


@pytest.mark.parametrize("attempt", range(1, pulls.MAXIMUM_ATTEMPTS))
def test_waiting_grows_with_the_attempts_within_bounds(case: Case, attempt: int) -> None:
    case.change(attempt=attempt - 1)
    now = timezone.now()
    with citizen_scope(case.citizen_id):
        lease = claim(case, now=now)
        assert lease and pulls.postpone(lease, error="source_down", now=now)
    longest = min(pulls.LONGEST_DELAY_SECONDS, pulls.FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
    assert timedelta(seconds=longest / 2) <= case.pull.due_at - now <= timedelta(seconds=longest)


# Tokens


def token_requests(office: TaxOffice, case: Case) -> int:
    before = office.asked("token")
    journey.run(pull_id=case.pull_id)
    return office.asked("token") - before


def test_a_token_that_ran_out_is_renewed_once(case: Case, office: TaxOffice) -> None:
    with citizen_scope(case.citizen_id):
        Connection.objects.filter(pk=case.connection_id).update(access_expires_at=timezone.now() - timedelta(minutes=1))
    assert token_requests(office, case) == 1
    assert case.pull.state == "done" and values(case) == known(*BOTH)
    assert case.connection.access_expires_at > timezone.now() + timedelta(minutes=5)
    held = credentials.held(citizen_id=case.citizen_id, connection_id=case.connection_id)
    assert held.refresh, "the refresh token, which does not rotate, is kept"


def test_a_token_refused_before_its_time_is_renewed_once(office: TaxOffice) -> None:
    case = open_case(office.grant(*BOTH) | {"access_token": "not-known-there"}, *BOTH)
    assert token_requests(office, case) == 1
    assert case.pull.state == "done" and values(case) == known(*BOTH)


def test_without_a_refresh_token_the_connection_is_broken(office: TaxOffice) -> None:
    case = open_case({"access_token": "not-known-there", "expires_in": 600}, INCOME)
    assert token_requests(office, case) == 0
    assert (case.pull.state, case.pull.error, case.connection.state) == ("failed", "revoked", "broken")


def test_a_token_endpoint_that_is_down_is_waited_for(office: TaxOffice) -> None:
    case = open_case(office.grant(INCOME) | {"expires_in": 1}, INCOME)
    office.switch(mode="down")
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error, case.connection.state) == ("queued", "source_down", "live")
