"""What an operator has taken from a client's registration, it gets no longer: by no token, old or new, whatever the citizen consented to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from consent.oauth.models import Client
from tests.support.cast import Cast, Person
from tests.support.grant_holder import allowed, details, granted, introspected, redeem, refresh, withdraw

BENEFIT, HOUSEHOLD, INCOME = "benefit-application", "population.household", "tax.income"
BOTH = [HOUSEHOLD, INCOME]
REFUSED = "not_registered"


@pytest.fixture
def registered(cast: Cast) -> Iterator[Callable[..., Any]]:
    """Change what the office's client may ask for; without arguments it may again what it might before."""
    client = Client.objects.filter(client_id=cast.office.client_id)
    was = client.values("allowed_purposes", "allowed_categories").get()
    yield lambda **less: client.update(**was | less)
    client.update(**was)


def refusal(cast: Cast, token: dict[str, Any], category: str) -> str:
    answer = cast.office.read(token["access_token"], category)
    assert answer.status_code == 403, answer.content
    return str(answer.json()["code"])


def test_a_category_that_was_taken_is_refused_and_the_rest_goes_on(cast: Cast, person: Person, registered: Callable[..., Any]) -> None:
    office, token = cast.office, granted(cast.office, person, BOTH)
    registered(allowed_categories=[HOUSEHOLD])
    before = len(person.entries())
    assert refusal(cast, token, INCOME) == REFUSED
    [entry] = person.entries()[before:]
    assert (entry.decision, entry.categories, len(entry.consent_ids)) == (REFUSED, [INCOME], 1)
    assert b"no longer registered with Aurora to read this" in person.browser().get(f"/en/activity/{entry.id}/").content
    assert office.read(token["access_token"], HOUSEHOLD).status_code == 200
    told = introspected(office, token["access_token"])
    assert details(told) == {BENEFIT: [HOUSEHOLD]} == details(introspected(office, token["refresh_token"]))
    assert "taken" not in told["authorization_details"][0]
    newer = refresh(office, token["refresh_token"]).json()
    assert details(newer) == {BENEFIT: [HOUSEHOLD]}
    assert refusal(cast, newer, INCOME) == "category_not_covered", "as for anything that a token was not issued for"
    registered()
    assert office.read(token["access_token"], INCOME).status_code == 200, "the consent stood all the time"
    assert details(refresh(office, token["refresh_token"]).json()) == {BENEFIT: BOTH}


@pytest.mark.parametrize("less", [{"allowed_purposes": []}, {"allowed_categories": ["tax.deductions"]}])
def test_where_nothing_is_left_no_token_works_and_none_is_given(
    cast: Cast, person: Person, registered: Callable[..., Any], less: dict[str, list[str]]
) -> None:
    office, token = cast.office, granted(cast.office, person, BOTH)
    code = allowed(office, person, BOTH)
    again = redeem(office, allowed(office, person, BOTH)).json()
    registered(**less)
    assert introspected(office, again["access_token"]) == introspected(office, again["refresh_token"]) == {"active": False}
    assert {refusal(cast, again, category) for category in BOTH} == {REFUSED}
    assert redeem(office, code).json()["error"] == refresh(office, again["refresh_token"]).json()["error"] == "invalid_grant"
    assert office.read(token["access_token"], INCOME).status_code == 401, "replaced by the newer consents"
    registered()
    withdraw(person, BENEFIT)
    registered(**less)
    assert refusal(cast, again, INCOME) == "consent_withdrawn", "why the citizen refuses comes first"
