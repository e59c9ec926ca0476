"""Tokens are renewed while citizens withdraw and other workers come: nobody waits for the source, and no token is lost.

Real transactions: what happens meanwhile happens in the source's own thread, between its being asked and its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from claiming import claim
from django.db import connection as database
from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, Case, TaxOffice, known, open_case, seed, values

from aurora.journeys import pull as journey
from aurora.journeys.return_tokens import return_tokens
from aurora.journeys.withdraw import end
from aurora.sandbox import national_id
from aurora.sources import credentials
from aurora.sources.models import DataSource
from consent.scope import citizen_scope
from recommender.training import households
from tests.support.cast import empty
from tests.support.hostile_peer import Peer, answer


@pytest.fixture
def source(_running: TaxOffice, peer: Peer, django_db_setup: None, django_db_blocker: Any) -> Iterator[Peer]:
    """A source that rotates refresh tokens, in place of the tax office; rows are committed, and taken away."""
    peer.publishes(pushed_authorization_request_endpoint=None)
    peer.says("/revoke", {})
    said = {"category": INCOME, "version": 1, "subject": {"national_id": national_id.make(HOUSEHOLD)}}
    about = {"observed_at": timezone.now().isoformat(), "facts": households.facts_of(HOUSEHOLD)[INCOME]}
    peer.says(f"/data/{INCOME}", said | about)
    with django_db_blocker.unblock():
        try:
            seed(_running)
            DataSource.objects.filter(agency__code=TAX).update(issuer=peer.url)
            yield peer
        finally:
            database.close()
            empty()


@pytest.fixture
def expired(source: Peer) -> Case:
    """A case whose access token has run out."""
    case = open_case({"access_token": "old-access", "refresh_token": "old-refresh", "expires_in": 1}, INCOME)
    case.change(due_at=timezone.now())
    return case


def fresh(number: int) -> dict[str, Any]:
    return {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "token_type": "Bearer", "expires_in": 600}


def meanwhile(source: Peer, act: Callable[[], Any]) -> None:
    """Let `act` happen while the first renewal is under way; the second is answered at once."""

    def renew(handler: Any) -> None:
        number = len(source.asked("/token"))
        try:
            if number == 1:
                act()
            answer(fresh(number))(handler)
        finally:
            database.close()

    source.answers["/token"] = renew


def revoked(source: Peer) -> list[str]:
    return [request.form["token"] for request in source.asked("/revoke")]


def held(case: Case) -> tuple[str, str | None]:
    found = credentials.held(citizen_id=case.citizen_id, connection_id=case.connection_id)
    return found.access, found.refresh


def withdraw_all(case: Case) -> None:
    for consent in case.consents:
        end(citizen_id=case.citizen_id, consent_id=consent, now=timezone.now())


def test_a_renewed_token_is_kept_and_used(source: Peer, expired: Case) -> None:
    meanwhile(source, lambda: None)
    journey.run(pull_id=expired.pull_id)
    assert held(expired) == ("access-1", "refresh-1") and values(expired) == known(INCOME)
    assert [r.headers["authorization"] for r in source.asked(f"/data/{INCOME}")] == ["Bearer access-1"]


def test_a_withdrawal_does_not_wait_for_a_slow_source_and_the_new_token_is_given_back(source: Peer, expired: Case) -> None:
    seen: list[str] = []

    def act() -> None:
        withdraw_all(expired)
        seen.append(expired.connection.state)

    meanwhile(source, act)
    journey.run(pull_id=expired.pull_id)
    assert seen == ["ended"], "withdrawn before the source had answered"
    assert expired.pull.state == "cancelled" and not source.asked(f"/data/{INCOME}") and not expired.facts
    assert expired.events() == ["citizen:consent:withdrawn"] * 2 + ["aurora:pull:refused"]
    return_tokens(now=timezone.now())
    assert revoked(source) == ["refresh-1"] and expired.connection.refresh_token_sealed is None


def test_a_token_renewed_after_the_old_one_was_given_back_is_given_back_too(source: Peer, expired: Case) -> None:
    def act() -> None:
        withdraw_all(expired)
        return_tokens(now=timezone.now())

    meanwhile(source, act)
    journey.run(pull_id=expired.pull_id)
    assert revoked(source) == ["old-refresh", "refresh-1"]
    assert bytes(expired.connection.access_token_sealed) == b"" and expired.connection.refresh_token_sealed is None


def test_a_token_renewed_while_the_old_one_is_given_back_is_not_forgotten(source: Peer, expired: Case) -> None:
    """The other way round: the giving back is the slow one."""
    old = credentials.held(citizen_id=expired.citizen_id, connection_id=expired.connection_id)
    source.says("/token", fresh(1))
    withdraw_all(expired)

    def slow(handler: Any) -> None:
        try:
            if len(source.asked("/revoke")) == 1:
                with pytest.raises(credentials.PeerFailed, match="revoked"):
                    credentials.renew(old)
            answer({})(handler)
        finally:
            database.close()

    source.answers["/revoke"] = slow
    return_tokens(now=timezone.now())
    assert expired.connection.tokens_returned_at is None
    return_tokens(now=timezone.now())
    assert revoked(source) == ["old-refresh", "refresh-1"] and expired.connection.tokens_returned_at


def test_the_lease_outlasts_a_renewal(source: Peer, expired: Case, settings: Any) -> None:
    settings.AURORA_PULL_LEASE = timedelta(seconds=3)
    left: list[timedelta] = []

    def act() -> None:
        left.append(expired.pull.lease_until - timezone.now())
        journey.run(pull_id=expired.pull_id)

    meanwhile(source, act)
    journey.run(pull_id=expired.pull_id)
    assert left[0] > timedelta(seconds=60) and len(source.asked("/token")) == 1 and expired.pull.state == "done"


def test_of_two_who_renew_all_the_same_the_first_to_store_stands_and_nothing_is_revoked(source: Peer, expired: Case) -> None:
    """The worker was halted for longer than its lease. To revoke its late token would end the grant that the other's rests on."""

    def act() -> None:
        expired.lease_runs_out()
        journey.run(pull_id=expired.pull_id)

    meanwhile(source, act)
    journey.run(pull_id=expired.pull_id)
    assert held(expired) == ("access-2", "refresh-2") and not revoked(source)
    assert expired.pull.state == "done" and values(expired) == known(INCOME) and expired.events() == ["aurora:pull:completed"]


def test_a_worker_whose_lease_is_gone_does_not_renew(source: Peer, expired: Case) -> None:
    """It is refused, and finds that another has the pull: the other renews, or has."""
    source.says("/token", fresh(1))
    with citizen_scope(expired.citizen_id):
        expired.connection.__class__.objects.filter(pk=expired.connection_id).update(access_expires_at=timezone.now() + timedelta(hours=1))

    def refuse(handler: Any) -> None:
        try:
            expired.lease_runs_out()
            with citizen_scope(expired.citizen_id):
                assert claim(expired)
            answer({}, 401)(handler)
        finally:
            database.close()

    source.answers[f"/data/{INCOME}"] = refuse
    journey.run(pull_id=expired.pull_id)
    assert not source.asked("/token") and (expired.pull.state, expired.connection.state) == ("running", "live")
