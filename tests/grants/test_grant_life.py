"""A grant from its making to its end, as agency and citizen see it: RFC 9396; Grant Management for OAuth 2.0, draft-03."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from aurora.api.grants import GrantSerializer
from aurora.ui import words
from consent.errors import NotFound
from consent.models import Receipt
from consent.oauth import grant_management
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.support.cast import Cast, Person, browser
from tests.support.grant_holder import (
    answer,
    as_parameter,
    ask,
    details,
    granted,
    introspected,
    manage,
    own_token,
    page_of,
    redeem,
    refresh,
    sent_back,
    withdraw,
)

BENEFIT = "benefit-application"
HOUSEHOLD, INCOME = "population.household", "tax.income"
BOTH = [HOUSEHOLD, INCOME]


def seen(cast: Cast, grant_id: str) -> dict[str, Any]:
    response = manage(cast.office, "GET", grant_id)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def dead(cast: Cast, held: dict[str, Any]) -> bool:
    """Whether nothing can be had with these tokens any more."""
    read = cast.office.read(held["access_token"], HOUSEHOLD).status_code
    again = refresh(cast.office, held["refresh_token"])
    return read in (401, 403) and again.status_code == 400 and again.json()["error"] == "invalid_grant"


def test_without_an_action_a_grant_is_made_and_the_earlier_one_ends(cast: Cast, person: Person) -> None:
    first = granted(cast.office, person, BOTH)
    second = granted(cast.office, person, [INCOME])
    third = granted(cast.office, person, BOTH, action="create")
    assert len({g["grant_id"] for g in (first, second, third)}) == 3
    assert dead(cast, first) and dead(cast, second)
    assert [manage(cast.office, "GET", g["grant_id"]).status_code for g in (first, second, third)] == [404, 404, 200]
    assert details(seen(cast, third["grant_id"])) == {BENEFIT: BOTH}


def test_to_merge_another_purpose_makes_a_further_part_of_the_same_grant(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    both = granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review)
    assert both["grant_id"] == first["grant_id"]
    assert details(both) == {review: [INCOME]}, "the token is for what was just decided"
    whole = {BENEFIT: BOTH, review: [INCOME]}
    assert details(seen(cast, first["grant_id"])) == whole == details(introspected(cast.office, both["refresh_token"]))
    assert cast.office.read(first["access_token"], HOUSEHOLD).status_code == 200, "what it was issued for stands"
    assert refresh(cast.office, first["refresh_token"]).json()["error"] == "invalid_grant"  # 5.2: the grant's refresh tokens end
    newest = refresh(cast.office, both["refresh_token"]).json()
    assert details(newest) == {review: [INCOME]}
    named = refresh(cast.office, both["refresh_token"], authorization_details=as_parameter(*first["authorization_details"])).json()
    assert details(named) == {BENEFIT: BOTH} and named["grant_id"] == first["grant_id"]
    assert cast.office.read(named["access_token"], HOUSEHOLD).status_code == 200
    assert cast.office.read(newest["access_token"], HOUSEHOLD).json()["code"] == "category_not_covered"
    assert [(c.purpose_id, c.state) for c in person.consents()] == [(BENEFIT, "given"), (review, "given")], "the citizen has the same rows"


def test_one_part_ends_and_the_other_goes_on(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    both = granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review)
    withdraw(person, review)
    assert cast.office.read(both["access_token"], INCOME).json()["code"] == "consent_withdrawn"
    left = refresh(cast.office, both["refresh_token"]).json()
    assert details(left) == {BENEFIT: BOTH} == details(seen(cast, first["grant_id"]))
    withdraw(person, BENEFIT)
    assert dead(cast, both) and introspected(cast.office, left["access_token"]) == {"active": False}
    assert manage(cast.office, "GET", first["grant_id"]).status_code == 404


def test_to_merge_the_same_purpose_asks_about_all_of_it_and_what_is_not_ticked_ends(cast: Cast, person: Person) -> None:
    first = granted(cast.office, person, [HOUSEHOLD], categories=[HOUSEHOLD])
    face = person.browser()
    pushed = ask(cast.office, action="merge", grant_id=first["grant_id"], categories=[INCOME])
    page = page_of(cast.office, face, pushed.json()["request_uri"])
    asked = page.context["page"].categories
    assert [c.category.code for c in asked] == BOTH and not any(c.checked for c in asked), "all of it, and nothing ticked beforehand"
    shown = page.content.decode()
    assert "New" in shown and "You allow this now" in shown, "what is new is marked"
    both = redeem(cast.office, sent_back(answer(face, page, BOTH))["code"]).json()
    assert (both["grant_id"], details(both)) == (first["grant_id"], {BENEFIT: BOTH})
    assert dead(cast, first)
    one = granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], categories=[INCOME])
    assert details(one) == details(seen(cast, first["grant_id"])) == {BENEFIT: [INCOME]}
    assert [(c.categories, c.state) for c in person.consents()] == [
        ([HOUSEHOLD], "replaced"), (BOTH, "replaced"), ([INCOME], "given"),
    ]  # fmt: skip
    with citizen_scope(person.id):
        told = Delivery.objects.filter(citizen_id=person.id).order_by("created_at")
        assert [(d.kind, d.categories, str(d.grant_id)) for d in told] == [
            ("consent.replaced", [], first["grant_id"]), ("consent.replaced", [HOUSEHOLD], first["grant_id"]),
        ]  # fmt: skip


def test_what_the_client_may_no_longer_ask_for_is_not_taken_along(cast: Cast, person: Person) -> None:
    first = granted(cast.office, person, BOTH)
    client = Client.objects.filter(client_id=cast.office.client_id)
    before = client.get().allowed_categories
    client.update(allowed_categories=[INCOME])
    try:
        pushed = ask(cast.office, action="merge", grant_id=first["grant_id"], categories=[INCOME])
        page = page_of(cast.office, person.browser(), pushed.json()["request_uri"])
        assert [c.category.code for c in page.context["page"].categories] == [INCOME]
    finally:
        client.update(allowed_categories=before)


def test_to_replace_keeps_the_grant_id_and_nothing_else(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    both = granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review)
    face = person.browser()
    pushed = ask(cast.office, action="replace", grant_id=first["grant_id"], categories=[HOUSEHOLD])
    page = page_of(cast.office, face, pushed.json()["request_uri"])
    assert "ends for these purposes: Review of a benefit." in page.content.decode(), "the citizen is told what ends with it"
    new = redeem(cast.office, sent_back(answer(face, page, [HOUSEHOLD]))["code"]).json()
    assert (new["grant_id"], details(new)) == (first["grant_id"], {BENEFIT: [HOUSEHOLD]})
    assert details(seen(cast, first["grant_id"])) == {BENEFIT: [HOUSEHOLD]}
    assert dead(cast, first) and dead(cast, both)
    assert [(c.purpose_id, c.state, c.ended_by) for c in person.consents()] == [
        (BENEFIT, "replaced", "citizen"), (review, "replaced", "citizen"), (BENEFIT, "given", ""),
    ]  # fmt: skip
    with citizen_scope(person.id):
        assert Receipt.objects.filter(citizen_id=person.id, kind="replaced").count() == 2, "one for each that ended"
        kept = person.consents(state="given")[0].notice.content["terms"]
        told = Delivery.objects.filter(citizen_id=person.id, kind="consent.replaced", consent__purpose=review).get()
    assert kept[-1]["code"] == "also_ends" and told.categories == [INCOME] and told.confirm_by is not None


def test_to_decline_changes_nothing_in_the_grant(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    face = person.browser()
    for action in ("merge", "replace"):
        pushed = ask(cast.office, action=action, grant_id=first["grant_id"], purpose=review)
        page = page_of(cast.office, face, pushed.json()["request_uri"])
        assert sent_back(answer(face, page, [], decision="decline"))["error"] == "access_denied"
    assert details(refresh(cast.office, first["refresh_token"]).json()) == {BENEFIT: BOTH}


def test_a_consent_for_one_use_gives_no_second_token_beside_one_for_a_time(cast: Cast, person: Person, review: str) -> None:
    once = granted(cast.office, person, BOTH, once=True)
    assert "refresh_token" not in once
    for part in ({"purpose": BENEFIT}, {"purpose": BENEFIT, "once": False}):
        assert ask(cast.office, action="merge", grant_id=once["grant_id"], **part).json()["error"] == "invalid_authorization_details"
    lasting = granted(cast.office, person, [INCOME], action="merge", grant_id=once["grant_id"], purpose=review)
    assert details(refresh(cast.office, lasting["refresh_token"]).json()) == {review: [INCOME]}
    for_once = as_parameter(*once["authorization_details"])
    refused = refresh(cast.office, lasting["refresh_token"], authorization_details=for_once)
    assert refused.json()["error"] == "invalid_authorization_details"
    withdraw(person, review)
    assert refresh(cast.office, lasting["refresh_token"]).json()["error"] == "invalid_grant"
    assert details(seen(cast, once["grant_id"])) == {BENEFIT: BOTH}, "it stands, though there is no refresh token for it"


def test_what_was_withdrawn_of_it_is_said_nowhere_any_more(cast: Cast, person: Person) -> None:
    held = granted(cast.office, person, BOTH)
    fewer = as_parameter(*held["authorization_details"], categories=[INCOME])
    part = refresh(cast.office, held["refresh_token"], authorization_details=fewer).json()
    withdraw(person, BENEFIT, [HOUSEHOLD])
    assert details(seen(cast, held["grant_id"])) == {BENEFIT: [INCOME]}
    assert introspected(cast.office, held["access_token"]) == {"active": False}, "it bore what was withdrawn"
    assert details(introspected(cast.office, part["access_token"])) == {BENEFIT: [INCOME]}
    assert details(introspected(cast.office, held["refresh_token"])) == {BENEFIT: [INCOME]}
    again = refresh(cast.office, held["refresh_token"])
    assert details(again.json()) == {BENEFIT: [INCOME]}
    wider = refresh(cast.office, held["refresh_token"], authorization_details=as_parameter(*held["authorization_details"]))
    assert wider.json()["error"] == "invalid_authorization_details"
    assert cast.office.read(part["access_token"], INCOME).status_code == 200


def test_a_grant_says_when_and_by_whose_doing_it_changed(cast: Cast, person: Person, review: str) -> None:
    begun = timezone.now()
    first = granted(cast.office, person, BOTH)
    made = seen(cast, first["grant_id"])
    assert set(made) == set(GrantSerializer().fields) and set(made["authorization_details"][0]) == set(first["authorization_details"][0])
    granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review)
    merged = seen(cast, first["grant_id"])
    withdraw(person, BENEFIT, [HOUSEHOLD])
    narrowed = seen(cast, first["grant_id"])
    assert [g["updated_by"] for g in (made, merged, narrowed)] == ["client", "client", "authorization_server"]
    assert made["created_at"] == merged["created_at"] == narrowed["created_at"]
    assert all(made[name].endswith("Z") for name in ("created_at", "last_updated_at", "expires_at"))
    changed = [datetime.fromisoformat(g["last_updated_at"]) for g in (made, merged, narrowed)]
    assert begun < changed[0] < changed[1] < changed[2] < timezone.now()


def test_a_grant_ends_by_itself_when_its_time_is_over(cast: Cast, person: Person) -> None:
    held = granted(cast.office, person, BOTH)
    ends = datetime.fromisoformat(seen(cast, held["grant_id"])["expires_at"])
    assert ends == person.consents()[0].expires_at
    which = {"client_id": cast.office.client_id, "named": held["grant_id"]}
    assert grant_management.described(**which, now=ends - timedelta(microseconds=1))["expires_at"] == ends
    with pytest.raises(NotFound):
        grant_management.described(**which, now=ends)


def test_to_give_a_grant_back_ends_all_of_it_and_the_citizen_sees_by_whom(cast: Cast, person: Person, review: str) -> None:
    first = granted(cast.office, person, BOTH)
    both = granted(cast.office, person, [INCOME], action="merge", grant_id=first["grant_id"], purpose=review)
    gone = manage(cast.office, "DELETE", first["grant_id"])
    assert (gone.status_code, gone.content) == (204, b"")
    code = Client.objects.get(client_id=cast.office.client_id).agency.code
    assert [(c.state, c.ended_by) for c in person.consents()] == [("withdrawn", code)] * 2
    returned = [e for e in person.entries() if e.event == "agency:consent:returned"]
    assert [e.actor for e in returned] == [code, code]
    assert dead(cast, both) and cast.office.read(first["access_token"], INCOME).json()["code"] == "consent_withdrawn"
    for method in ("DELETE", "GET"):
        assert manage(cast.office, method, first["grant_id"]).status_code == 404, "it is gone, as if it had never been"
    assert len([e for e in person.entries() if e.event == "agency:consent:returned"]) == 2
    page = person.browser().get("/en/activity/").content.decode()
    assert str(words.event_title("agency:consent:returned")) in page


def test_the_metadata_says_what_can_be_done_and_where_the_types_are_described(cast: Cast, person: Person) -> None:
    about = browser().get("/.well-known/oauth-authorization-server").json()
    assert about["grant_management_actions_supported"] == ["query", "revoke", "create", "merge", "replace"]
    assert about["grant_management_action_required"] is False
    assert about["grant_management_endpoint"].endswith("/oauth/grants")
    path = about["authorization_details_types_metadata_endpoint"].removeprefix(about["issuer"])
    types = browser().get(path).json()["authorization_details_types_metadata"]
    assert set(types) == set(about["authorization_details_types_supported"])
    held = granted(cast.office, person, [INCOME])
    for detail in held["authorization_details"]:
        schema = types[detail["type"]]["schema"]
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator(schema).validate(detail)
        assert not Draft202012Validator(schema).is_valid({**detail, "more": 1})


def test_a_token_of_the_agency_needs_the_scope_of_what_it_does(cast: Cast, person: Person) -> None:
    held = granted(cast.office, person, BOTH)
    query, revoke = own_token(cast.office, "grant_management_query"), own_token(cast.office, "grant_management_revoke")
    for method, token in (("GET", revoke), ("DELETE", query)):
        refused = manage(cast.office, method, held["grant_id"], token)
        assert refused.status_code == 403 and 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    assert manage(cast.office, "GET", held["grant_id"], query).status_code == 200
    assert manage(cast.office, "DELETE", held["grant_id"], revoke).status_code == 204
