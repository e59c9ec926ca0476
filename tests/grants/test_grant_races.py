"""Two at once, in threads with transactions of their own: no token lives for a part that is dead, no withdrawal is lost, nobody deadlocks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aurora.journeys import end_consents
from aurora.journeys.withdraw import end
from consent import queries
from consent.errors import Conflict
from consent.models import ConsentRecord
from consent.oauth import rfc6749
from consent.oauth.models import AccessToken, GrantPart, RefreshToken
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread
from tests.support.cast import Cast, Person
from tests.support.grant_holder import (
    allowed,
    answer,
    ask,
    details,
    granted,
    manage,
    own_token,
    page_of,
    redeem,
    refresh,
    sent_back,
)

BENEFIT, OFFICE = "benefit-application", "benefits-office"
HOUSEHOLD, INCOME = "population.household", "tax.income"
BOTH = [HOUSEHOLD, INCOME]


def until_blocked(number: int) -> None:
    """So many connections of this test run wait for a row that another holds, or for their turn to wait for it."""
    pause = threading.Event()
    for _ in range(6000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
            if cursor.fetchone()[0] == number:
                return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def in_order(person: Person, *acts: Callable[[], Any]) -> list[Any]:
    """What each act did. All wait for the citizen's consents to the office, in this order, and then go on at once."""
    begun = []
    with citizen_scope(person.id):
        queries.for_decision(citizen_id=person.id, recipient=OFFICE)
        for number, act in enumerate(acts, start=1):
            begun.append(in_thread(act))
            until_blocked(number)
    for thread, _ in begun:
        thread.join(120)
    return [outcome[0] for _, outcome in begun]


def assert_sound(person: Person) -> None:
    """Every living access token is of a consent that stands, with categories of it; every living refresh token, of a grant in which one does."""
    now = timezone.now()
    with citizen_scope(person.id):
        alive = {
            c.pk: set(c.covered) for c in ConsentRecord.objects.filter(citizen_id=person.id, state="given", source=None, expires_at__gt=now)
        }
        for token in AccessToken.objects.filter(citizen_id=person.id, revoked_at__isnull=True):
            assert set(token.detail["categories"]) <= alive.get(token.consent_id, set()), token.detail
        for refresher in RefreshToken.objects.filter(citizen_id=person.id, revoked_at__isnull=True):
            assert set(GrantPart.objects.filter(grant=refresher.grant_id).values_list("consent_id", flat=True)) & set(alive)


def deciding(cast: Cast, person: Person, tick: list[str], **asked: Any) -> Callable[[], Any]:
    """The citizen has the page before them; the act is their answer."""
    pushed, face = ask(cast.office, **asked), person.browser()
    page = page_of(cast.office, face, pushed.json()["request_uri"])
    return lambda: answer(face, page, tick)


def withdrawing(person: Person, categories: list[str] | None = None) -> Callable[[], Any]:
    """Of the consent that stands now."""
    which: dict[str, Any] = {"consent_id": person.consents(state="given", source=None)[0].pk, "categories": categories}
    return lambda: end(citizen_id=person.id, now=timezone.now(), **which)


@pytest.mark.parametrize("what", [None, [HOUSEHOLD]])
@pytest.mark.parametrize("purpose", [BENEFIT, "benefit-review"])
def test_a_merge_that_comes_after_a_withdrawal_does_not_give_again_what_was_withdrawn(
    cast: Cast, person: Person, review: str, what: list[str] | None, purpose: str
) -> None:
    first = granted(cast.office, person, BOTH)
    merge = deciding(cast, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=purpose, categories=[INCOME])
    _, answered = in_order(person, withdrawing(person, what), merge)
    if what is None:
        assert sent_back(answered)["error"] == "invalid_grant_id"
        assert manage(cast.office, "GET", first["grant_id"]).status_code == 404
    else:
        assert answered.status_code == 400, "the citizen looks again at what changed"
        assert details(manage(cast.office, "GET", first["grant_id"]).json()) == {BENEFIT: [INCOME]}
    assert_sound(person)


def test_a_withdrawal_that_comes_after_a_merge_says_that_it_came_too_late(cast: Cast, person: Person) -> None:
    first = granted(cast.office, person, [HOUSEHOLD], categories=[HOUSEHOLD])
    merge = deciding(cast, person, BOTH, action="merge", grant_id=first["grant_id"], categories=[INCOME])
    answered, late = in_order(person, merge, withdrawing(person))
    assert "code" in sent_back(answered) and isinstance(late, Conflict), "nobody is told that it is withdrawn"
    assert details(manage(cast.office, "GET", first["grant_id"]).json()) == {BENEFIT: BOTH}
    assert redeem(cast.office, sent_back(answered)["code"]).status_code == 200
    assert_sound(person)


def test_of_two_merges_the_second_is_asked_anew(cast: Cast, person: Person) -> None:
    first = granted(cast.office, person, [HOUSEHOLD], categories=[HOUSEHOLD])
    which = {"action": "merge", "grant_id": first["grant_id"], "categories": [INCOME]}
    one, two = (deciding(cast, person, tick, **which) for tick in (BOTH, [HOUSEHOLD]))
    answers = in_order(person, one, two)
    assert [a.status_code for a in answers] == [303, 400]
    assert details(manage(cast.office, "GET", first["grant_id"]).json()) == {BENEFIT: BOTH}
    assert [c.state for c in person.consents()] == ["replaced", "given"]


def test_two_merges_of_other_purposes_and_a_return_leave_no_part_behind(cast: Cast, person: Person, review: str) -> None:
    """A grant given back while a purpose is added to it: the page's grant has ended, or the addition ends with it."""
    for back_first in (True, False):
        first = granted(cast.office, person, BOTH)
        merge = deciding(cast, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review, categories=[INCOME])
        which: dict[str, Any] = {"client_id": cast.office.client_id, "agency_code": OFFICE, "grant_id": UUID(first["grant_id"])}
        back = lambda which=which: end_consents.by_recipient(**which, now=timezone.now())  # noqa: E731
        answered = in_order(person, *((back, merge) if back_first else (merge, back)))[1 if back_first else 0]
        assert ("error" if back_first else "code") in sent_back(answered)
        assert not person.consents(state="given", source=None)
        assert manage(cast.office, "GET", first["grant_id"]).status_code == 404
        if not back_first:
            assert redeem(cast.office, sent_back(answered)["code"]).json()["error"] == "invalid_grant"
        assert_sound(person)


def test_what_is_withdrawn_meanwhile_keeps_nothing_else_of_a_grant_from_an_operators_end(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    [benefit] = person.consents(state="given", source=None)
    granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review, categories=[INCOME])
    which: dict[str, Any] = {"wanted": UUID(first["grant_id"]), "reason": "unlawful", "case": "C-123", "operator_id": person.id}
    withdraw = lambda: end(citizen_id=person.id, consent_id=benefit.pk, now=timezone.now())  # noqa: E731
    _, ended = in_order(person, withdraw, lambda: end_consents.by_operator(**which, now=timezone.now()))
    assert [done.record.purpose_id for done in ended] == [review], ended
    assert {(c.purpose_id, c.ended_by) for c in person.consents(source=None)} == {(BENEFIT, "citizen"), (review, "operator")}
    assert_sound(person)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """A token request stops before its token is kept: the first event says that it is there, the second lets it go on."""
    there, go_on, save = threading.Event(), threading.Event(), rfc6749.save

    def wait(token: dict[str, Any], request: Any) -> None:
        there.set()
        assert go_on.wait(timeout=120)
        save(token, request)

    monkeypatch.setattr(rfc6749, "save", wait)
    return there, go_on


def test_no_token_outlives_the_return_beside_which_it_is_fetched(cast: Cast, person: Person, slowly: Any) -> None:
    (there, go_on), office = slowly, cast.office
    go_on.set()
    held, own = granted(office, person, BOTH), own_token(office)
    go_on.clear(), there.clear()
    fetching, fetched = in_thread(lambda: refresh(office, held["refresh_token"]))
    assert there.wait(timeout=120)
    returning, returned = in_thread(lambda: manage(office, "DELETE", held["grant_id"], own))
    until_blocked(1)
    go_on.set()
    fetching.join(120), returning.join(120)
    assert (fetched[0].status_code, returned[0].status_code) == (200, 204)
    assert office.read(fetched[0].json()["access_token"], INCOME).json()["code"] == "consent_withdrawn"
    assert refresh(office, held["refresh_token"]).json()["error"] == "invalid_grant"
    assert_sound(person)


def test_a_refresh_beside_a_return_that_is_about_to_commit_gets_nothing(cast: Cast, person: Person) -> None:
    office, held = cast.office, granted(cast.office, person, BOTH)
    with transaction.atomic():
        end_consents.by_recipient(client_id=office.client_id, agency_code=OFFICE, grant_id=UUID(held["grant_id"]), now=timezone.now())
        fetching, fetched = in_thread(lambda: refresh(office, held["refresh_token"]))
        until_blocked(1)
    fetching.join(120)
    assert fetched[0].json()["error"] == "invalid_grant"
    assert_sound(person)


def test_the_old_code_gives_nothing_beside_a_replacement(cast: Cast, person: Person) -> None:
    office, first = cast.office, granted(cast.office, person, BOTH)
    code = allowed(office, person, [INCOME], action="merge", grant_id=first["grant_id"], categories=[INCOME])
    verifier = office.verifier
    replace = deciding(cast, person, [HOUSEHOLD], action="replace", grant_id=first["grant_id"], categories=[HOUSEHOLD])
    assert office.verifier == verifier
    answered, redeemed = [], []
    with citizen_scope(person.id):
        queries.for_decision(citizen_id=person.id, recipient=OFFICE)
        replacing, answered = in_thread(replace)
        until_blocked(1)
        # It does not wait for the consents, and so comes first: its token must die by what comes after.
        redeeming, redeemed = in_thread(lambda: redeem(office, code))
        redeeming.join(120)
    replacing.join(120)
    assert redeemed[0].status_code == 200 and "code" in sent_back(answered[0])
    assert office.read(redeemed[0].json()["access_token"], INCOME).json()["code"] == "invalid_token"
    assert refresh(office, redeemed[0].json()["refresh_token"]).json()["error"] == "invalid_grant"
    assert redeem(office, code).json()["error"] == "invalid_grant"
    assert_sound(person)


def test_a_replacement_that_is_about_to_commit_kills_the_code_that_is_being_redeemed(cast: Cast, person: Person, slowly: Any) -> None:
    (there, go_on), office = slowly, cast.office
    go_on.set()
    first = granted(office, person, BOTH)
    code = allowed(office, person, [INCOME], action="merge", grant_id=first["grant_id"], categories=[INCOME])
    replace = deciding(cast, person, [HOUSEHOLD], action="replace", grant_id=first["grant_id"], categories=[HOUSEHOLD])
    go_on.clear(), there.clear()
    redeeming, redeemed = in_thread(lambda: redeem(office, code))
    assert there.wait(timeout=120)
    replacing, answered = in_thread(replace)
    until_blocked(1)
    go_on.set()
    redeeming.join(120), replacing.join(120)
    assert redeemed[0].status_code == 200 and "code" in sent_back(answered[0])
    assert office.read(redeemed[0].json()["access_token"], INCOME).json()["code"] == "invalid_token"
    assert_sound(person)
    new = redeem(office, sent_back(answered[0])["code"]).json()
    assert details(new) == {BENEFIT: [HOUSEHOLD]} and new["grant_id"] == first["grant_id"]


def test_everything_at_once_leaves_it_sound(cast: Cast, person: Person, review: str) -> None:
    """Merges, replacements, withdrawals, refreshes and returns as they come, without any order: every answer is one that is documented."""
    for round_ in range(3):
        first = granted(cast.office, person, BOTH)
        of_grant = {"grant_id": first["grant_id"]}
        acts: list[Callable[[], Any]] = [
            deciding(cast, person, [INCOME], action="merge", purpose=review, categories=[INCOME], **of_grant),
            deciding(cast, person, BOTH, action="merge", **of_grant),
            withdrawing(person, [HOUSEHOLD]) if round_ % 2 else withdrawing(person),
            lambda first=first: refresh(cast.office, first["refresh_token"]),  # type: ignore[misc]
            deciding(cast, person, [HOUSEHOLD], action="replace", categories=[HOUSEHOLD], **of_grant),
        ]
        outcomes = [(thread, outcome) for thread, outcome in map(in_thread, acts)]
        for thread, outcome in outcomes:
            thread.join(120)
            assert isinstance(outcome[0], Conflict) or getattr(outcome[0], "status_code", 200) in (200, 303, 400), outcome
        assert_sound(person)
