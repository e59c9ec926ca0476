"""While a pull is under way the citizen decides anew and workers die: it still ends once, and keeps only what is allowed at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from claiming import claim
from django.utils import timezone
from tax_office import BOTH, HOUSEHOLD, HOUSING, INCOME, TAX, Between, Case, TaxOffice, consent_to, details, known, open_case, values

from aurora.journeys import _fetch
from aurora.journeys import pull as journey
from aurora.journeys.withdraw import end
from aurora.sandbox import national_id
from aurora.sources import pulls
from aurora.sources.connectors import CONNECTORS, Answer, Asked, json_oauth
from aurora.sources.models import Connection, DataSource
from consent import services
from consent.models import Agency, ConsentRecord
from consent.scope import citizen_scope

# The citizen


def test_an_answer_about_somebody_else_is_not_kept(office: TaxOffice) -> None:
    """The citizen signed in at the source as another household."""
    case = open_case(office.grant(INCOME, household=HOUSEHOLD + 1), INCOME)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("failed", "wrong_citizen") and not case.facts
    assert case.events() == ["aurora:pull:failed"]
    with citizen_scope(case.citizen_id):
        assert Connection.objects.get(pulls=case.pull_id).state == Connection.State.BROKEN, "its tokens open somebody else's data"


@pytest.mark.parametrize(
    "said", ["", "ä", "{} ", " {}", "{}0"], ids=["nobody", "not ASCII", "a blank after", "a blank before", "a digit more"]
)
def test_a_number_that_is_nearly_the_citizen_s_is_somebody_else_s(case: Case, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def fetch(asked: Asked) -> Any:
        answer = json_oauth.fetch(asked)
        assert isinstance(answer, Answer)
        return replace(answer, national_id=said.format(answer.national_id))

    monkeypatch.setitem(CONNECTORS, "json_oauth", fetch)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("failed", "wrong_citizen") and not case.facts


def test_numbers_are_compared_in_constant_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []
    monkeypatch.setattr(_fetch.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or True)
    journey.run(pull_id=case.pull_id)
    assert compared == [(national_id.make(HOUSEHOLD).encode(),) * 2] * len(BOTH)


def test_a_consent_withdrawn_meanwhile_lets_nothing_in_and_is_logged_as_a_refusal(case: Case, between: Between) -> None:
    def withdraw_all(count: int) -> None:
        if count == len(BOTH):
            for consent in case.consents:
                end(citizen_id=case.citizen_id, consent_id=consent, now=timezone.now())

    between(withdraw_all)
    journey.run(pull_id=case.pull_id)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("cancelled", "no_consent") and not case.facts
    assert case.events() == ["citizen:consent:withdrawn"] * 2 + ["aurora:pull:refused"]
    assert case.entries[-1].decision == "no_consent" and details(case)["pull"] == str(case.pull_id)


def test_a_withdrawal_between_two_categories_stops_the_second(case: Case, office: TaxOffice, between: Between) -> None:
    def withdraw_all(count: int) -> None:
        for consent in case.consents:
            end(citizen_id=case.citizen_id, consent_id=consent, now=timezone.now())

    fetched = between(withdraw_all)
    journey.run(pull_id=case.pull_id)
    assert fetched == [HOUSING] and case.pull.state == "cancelled" and not case.facts
    assert case.events().count("aurora:pull:refused") == 1 and case.connection.state == "ended"


def test_a_consent_that_ends_without_cancelling_the_pull_is_decided_at_the_end(case: Case, between: Between) -> None:
    def end(count: int) -> None:
        if count == len(BOTH):
            with citizen_scope(case.citizen_id):
                for consent in case.consents:
                    services.end(consent_id=consent, now=timezone.now())

    between(end)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("cancelled", "no_consent") and not case.facts
    assert case.parts == dict.fromkeys(BOTH, ("failed", 0, "no_consent"))
    assert case.events() == ["aurora:pull:refused"]


def test_a_category_no_longer_consented_to_is_left_out(case: Case, between: Between) -> None:
    def narrow(count: int) -> None:
        if count == len(BOTH):
            with citizen_scope(case.citizen_id):
                services.end(consent_id=case.consents[1], now=timezone.now())
                consent_to(case.citizen_id, "own-overview", (HOUSING,))

    between(narrow)
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(HOUSING)
    assert case.parts[INCOME] == ("failed", 0, "no_consent") and case.entries[-1].categories == [HOUSING]


def test_without_a_consent_alive_the_source_is_not_even_asked(case: Case, office: TaxOffice) -> None:
    past = timezone.now() - timedelta(days=1)
    with citizen_scope(case.citizen_id):
        ConsentRecord.objects.filter(pk__in=case.consents).update(not_before=past - timedelta(days=1), expires_at=past)
    before = office.asked("data") + office.asked("token")
    for _ in range(2):
        journey.run(pull_id=case.pull_id)
    assert office.asked("data") + office.asked("token") == before
    assert (case.pull.state, case.pull.error) == ("cancelled", "no_consent") and not case.facts
    assert case.parts == dict.fromkeys(BOTH, ("failed", 0, "no_consent"))
    assert case.events() == ["aurora:pull:refused"] and case.entries[-1].decision == "no_consent"


def test_only_what_a_consent_covers_is_asked_for(case: Case, between: Between) -> None:
    with citizen_scope(case.citizen_id):
        services.end(consent_id=case.consents[1], now=timezone.now())
        consent_to(case.citizen_id, "own-overview", (HOUSING,))
    fetched = between(lambda count: None)
    journey.run(pull_id=case.pull_id)
    assert fetched == [HOUSING] and case.pull.state == "done" and values(case) == known(HOUSING)
    assert case.parts[INCOME] == ("failed", 0, "no_consent") and case.entries[-1].categories == [HOUSING]
    assert details(case)["failed"] == [f"{INCOME}:no_consent"]


@pytest.mark.parametrize("off", [DataSource, Agency])
def test_a_source_that_was_switched_off_is_not_asked(case: Case, office: TaxOffice, off: type[Any]) -> None:
    off.objects.filter(**{"agency__code" if off is DataSource else "code": TAX}).update(active=False)
    before = office.asked("data") + office.asked("metadata")
    journey.run(pull_id=case.pull_id)
    assert office.asked("data") + office.asked("metadata") == before
    assert (case.pull.state, case.pull.error) == ("cancelled", "cancelled") and not case.facts
    assert case.events() == ["aurora:pull:failed"] and details(case)["failed"] == [f"{c}:cancelled" for c in sorted(BOTH)]


def test_a_pull_replaced_by_a_new_connection_keeps_nothing_and_says_that_it_asked(case: Case, between: Between) -> None:
    def connect_anew(count: int) -> None:
        if count == len(BOTH):
            with citizen_scope(case.citizen_id):
                pulls.cancel_open(connection_id=case.connection_id, now=timezone.now())

    between(connect_anew)
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error) == ("cancelled", "cancelled") and not case.facts
    assert case.events() == ["aurora:pull:failed"]


# Workers


def test_a_worker_whose_lease_another_has_writes_nothing(case: Case, between: Between) -> None:
    taken: list[pulls.Lease | None] = []

    def another_takes_over(count: int) -> None:
        if count == 1:
            case.lease_runs_out()
            with citizen_scope(case.citizen_id):
                taken.append(claim(case))

    fetched = between(another_takes_over)
    journey.run(pull_id=case.pull_id)
    [lease] = taken
    assert lease and fetched == [HOUSING], "it stops at once"
    assert (case.pull.state, case.pull.lease_token, case.pull.attempt) == ("running", lease.token, 2)
    assert case.parts == dict.fromkeys(BOTH, ("waiting", 0, "")) and not case.facts and not case.entries


@pytest.mark.parametrize("when", [1, 2])
def test_two_workers_on_one_pull_finish_it_once(case: Case, between: Between, when: int) -> None:
    def another_finishes(count: int) -> None:
        if count == when:
            case.lease_runs_out()
            journey.run(pull_id=case.pull_id)

    between(another_finishes)
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(*BOTH)
    assert len(case.facts) == len(known(*BOTH)) and case.events() == ["aurora:pull:completed"]


def test_a_stale_lease_moves_nothing(case: Case) -> None:
    now = timezone.now()
    with citizen_scope(case.citizen_id):
        stale = claim(case, now=now)
        assert stale and claim(case, now=now) is None, "it is taken"
        case.lease_runs_out()
        fresh = claim(case)
        assert fresh
        assert not pulls.extend(stale, now=now) and not pulls.lock(stale)
        assert not pulls.postpone(stale, error="source_down", now=now)
        assert not pulls.finish(stale, state=case.pull.State.DONE, now=now)
        assert not pulls.extend(stale, now=now, parts=[pulls.Part(INCOME, case.pull.parts.model.State.DONE, 7)])
        assert pulls.lock(fresh)
    assert case.parts[INCOME] == ("waiting", 0, "") and case.pull.lease_token == fresh.token


def test_a_bug_is_not_tried_for_ever(case: Case, between: Between) -> None:
    def fail(count: int) -> None:
        raise RuntimeError("a bug")

    fetched = between(fail)
    for attempt in range(1, pulls.MAXIMUM_ATTEMPTS + 1):
        with pytest.raises(RuntimeError, match="a bug"):
            journey.run(pull_id=case.pull_id)
        assert (case.pull.state, case.pull.attempt) == ("running", attempt) and not case.entries
        case.lease_runs_out()
    check_given_up(case)
    assert len(fetched) == pulls.MAXIMUM_ATTEMPTS


def test_a_pull_whose_every_worker_dies_is_not_tried_for_ever(case: Case) -> None:
    for _ in range(pulls.MAXIMUM_ATTEMPTS):
        with citizen_scope(case.citizen_id):
            assert claim(case)
        case.lease_runs_out()
    check_given_up(case)


def check_given_up(case: Case) -> None:
    assert case.pull_id in pulls.overdue(now=timezone.now(), most=1000), "the sweep still finds it, to end it"
    for _ in range(2):
        journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.error, case.pull.lease_token) == ("failed", "gave_up", None) and case.pull.finished_at
    assert case.parts == dict.fromkeys(BOTH, ("failed", 0, "gave_up")) and not case.facts
    assert case.events() == ["aurora:pull:failed"] and details(case)["failed"] == [f"{c}:gave_up" for c in sorted(BOTH)]
    assert case.pull_id not in pulls.overdue(now=timezone.now() + timedelta(days=1), most=1000)
    assert any(row[:4] == (TAX, "failed", "gave_up", 1) for row in pulls.counts()), "operators see it"
