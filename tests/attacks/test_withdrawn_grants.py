"""What a client still holds when the citizen has taken it back: nothing (RFC 9700, 4.14.2; RFC 7009, 2.1; RFC 9396, 6.1; GDPR, art. 7(3)).

Grants that end by other ways, and by parts through Grant Management: tests/grants and tests/attacks/test_grants.py.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from aurora.journeys.withdraw import end
from consent.models import ConsentRecord
from tests.support.cast import Cast, Person
from tests.support.relying import Relying, issued, refused

HOUSEHOLD = "/api/v1/twin/population.household"


def _standing(person: Person, client: Relying) -> ConsentRecord:
    [found] = [c for c in person.consents(state="given") if c.purpose_id == client.purpose and c.recipient.code == "benefits-office"]
    return found


def test_all_that_a_client_held_is_dead_at_once(cast: Cast, first: Relying) -> None:
    """Token, refresh token, and a code that was on its way."""
    held = first.tokens(cast.cecilia)
    code = first.answered(cast.cecilia, first.pushed(grant_management_action="merge", grant_id=held["grant_id"]))["code"]
    fresh = issued(
        first.redeem(first.answered(cast.cecilia, first.pushed(grant_management_action="merge", grant_id=held["grant_id"]))["code"])
    )
    end(citizen_id=cast.cecilia.id, consent_id=_standing(cast.cecilia, first).pk, now=timezone.now())
    refused(first.redeem(code), "invalid_grant")
    for one in (held, fresh):
        refused(first.refresh(one["refresh_token"]), "invalid_grant")
        answer = first.reads(one["access_token"])
        assert answer.status_code in (401, 403) and "facts" not in answer.json()
        for token in (one["access_token"], one["refresh_token"]):
            assert first.send("/oauth/introspect", {"token": token}).json() == {"active": False}


def test_a_part_that_was_taken_back_is_not_refreshed_back(cast: Cast, first: Relying) -> None:
    """Not by the token, not by a refresh, and not by asking for it again at the token endpoint."""
    held = first.tokens(cast.cecilia)
    (before,) = held["authorization_details"]
    assert first.reads(held["access_token"], path=HOUSEHOLD).status_code == 200
    end(citizen_id=cast.cecilia.id, consent_id=_standing(cast.cecilia, first).pk, categories=["population.household"], now=timezone.now())
    again: dict[str, Any] = issued(first.refresh(held["refresh_token"]))
    assert again["authorization_details"] == [before | {"categories": ["tax.income"]}]
    for token in (held["access_token"], again["access_token"]):
        answer = first.reads(token, path=HOUSEHOLD)
        assert answer.status_code in (401, 403) and "facts" not in answer.json()
        assert first.reads(again["access_token"]).status_code == 200
    for wider in ([before], [before | {"categories": ["population.household"]}]):
        refused(first.refresh(held["refresh_token"], authorization_details=json.dumps(wider)), "invalid_authorization_details")
