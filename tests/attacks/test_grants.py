"""Grants of others, grants that are over, and more than was granted: RFC 9396, 5, 6.1 and 12; Grant Management for OAuth 2.0, draft-03, 5.4, 6.6
and 10 (a grant_id is no secret); RFC 9700, 4.11 (redirects) and 2.2 (privileges of tokens)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from consent.oauth.models import AccessToken
from consent.scope import citizen_scope
from tests.attacks import odd
from tests.support.cast import FORM, Cast, browser, changed, snapshot
from tests.support.grant_holder import (
    REVIEW,
    allowed,
    another_client,
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
    second_purpose,
    sent_back,
    withdraw,
)

BENEFIT = "benefit-application"
HOUSEHOLD, INCOME = "population.household", "tax.income"
BOTH = [HOUSEHOLD, INCOME]


@pytest.fixture
def held(cast: Cast) -> dict[str, Any]:
    """The office's grant of Aino's, for the benefit and its review; the tokens are of the first."""
    second_purpose(cast)
    first = granted(cast.office, cast.aino, BOTH)
    both = granted(cast.office, cast.aino, [INCOME], action="merge", grant_id=first["grant_id"], purpose=REVIEW)
    return first | {"refresh_token": both["refresh_token"]}


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("error", "")


@pytest.mark.parametrize(
    ("action", "named"),
    [
        (None, True),
        ("create", True),
        ("merge", False),
        ("replace", False),
        ("update", True),
        ("MERGE", True),
        ("revoke", True),
        ("merge\x00", True),
    ],
)
def test_an_action_without_its_grant_or_a_grant_without_its_action_is_refused(
    cast: Cast, held: dict[str, Any], action: Any, named: bool
) -> None:
    """draft-03, 5.4."""
    assert refused(ask(cast.office, action=action, grant_id=held["grant_id"] if named else None)) == (400, "invalid_request")


def test_the_parameters_are_given_once(cast: Cast, held: dict[str, Any]) -> None:
    """RFC 6749, 3.1: of two grants nobody knows which is meant."""
    form = cast.office.signed(**cast.office.request(), grant_management_action="merge", grant_id=held["grant_id"])
    twice = cast.office.http.post("/oauth/par", f"{form}&grant_id={uuid4()}", content_type=FORM)
    assert refused(twice) == (400, "invalid_request")


def test_unknown_malformed_foreign_and_ended_grants_are_one_answer(cast: Cast, held: dict[str, Any]) -> None:
    """draft-03, 5.4, 6.6 and 10: who guesses a grant_id, or was told one, learns nothing, not even from a client of the same agency."""
    ours, sibling, rival = cast.office, another_client(cast), another_client(cast, agency="rival")
    over = granted(sibling, cast.cecilia, BOTH)
    withdraw(cast.cecilia, BENEFIT)
    known = held["grant_id"]
    tried = [
        (ours, str(uuid4())), (ours, known.upper()), (ours, known.replace("-", "")), (ours, f"urn:uuid:{known}"), (ours, "x"),
        (sibling, known), (rival, known), (sibling, over["grant_id"]),
    ]  # fmt: skip
    answers = [ask(client, action=action, grant_id=grant) for client, grant in tried for action in ("merge", "replace")]
    assert {refused(a) for a in answers} == {(400, "invalid_grant_id")}
    assert len({a.content for a in answers}) == 1
    before = snapshot()
    looked = [manage(client, method, grant) for client, grant in tried for method in ("GET", "DELETE")]
    assert {a.status_code for a in looked} == {404} and len({odd.problem(a) for a in looked}) == 1
    assert changed(before, snapshot()) <= {"consent_oauth_clienttoken", "consent_oauth_usedassertion", "consent_oauth_usedproof"}
    assert manage(ours, "GET", known).status_code == 200


@pytest.mark.parametrize("action", ["merge", "replace"])
def test_another_citizen_is_not_asked_about_the_grant(cast: Cast, held: dict[str, Any], action: str) -> None:
    """draft-03, 5.4: only the citizen's sign-in shows it. The agency is answered; the citizen is shown nothing of Aino's grant."""
    pushed = ask(cast.office, action=action, grant_id=held["grant_id"]).json()["request_uri"]
    before, face = len(cast.cecilia.consents()), cast.cecilia.browser()
    back = sent_back(page_of(cast.office, face, pushed))
    assert back == {
        "error": "invalid_grant_id", "error_description": "There is no such grant.", "state": "state-of-the-office", "iss": back["iss"],
    }  # fmt: skip
    assert len(cast.cecilia.consents()) == before
    assert page_of(cast.office, face, pushed).status_code == 400, "the request is used up"
    assert details(manage(cast.office, "GET", held["grant_id"]).json()) == {BENEFIT: BOTH, REVIEW: [INCOME]}


def test_a_page_of_aino_s_is_no_answer_of_another_citizen_s(cast: Cast, held: dict[str, Any]) -> None:
    """RFC 9700, 4.7: her form, posted by somebody else who is signed in."""
    pushed = ask(cast.office, action="merge", grant_id=held["grant_id"]).json()["request_uri"]
    page = page_of(cast.office, cast.aino.browser(), pushed)
    assert answer(cast.cecilia.browser(), page, BOTH).status_code == 400
    assert all(c.recipient.code != "benefits-office" or c.state != "given" for c in cast.cecilia.consents(purpose=REVIEW))


def test_a_grant_that_ends_while_the_citizen_reads_is_not_added_to(cast: Cast, held: dict[str, Any]) -> None:
    face = cast.aino.browser()
    pages = {}
    for action in ("merge", "replace"):
        pages[action] = page_of(cast.office, face, ask(cast.office, action=action, grant_id=held["grant_id"]).json()["request_uri"])
    assert manage(cast.office, "DELETE", held["grant_id"]).status_code == 204
    standing = len(cast.aino.consents(state="given", source=None))
    for page in pages.values():
        assert sent_back(answer(face, page, BOTH))["error"] == "invalid_grant_id"
    assert len(cast.aino.consents(state="given", source=None)) == standing


def test_what_was_withdrawn_while_the_citizen_read_is_not_given_again_unseen(cast: Cast, held: dict[str, Any]) -> None:
    face = cast.aino.browser()
    page = page_of(
        cast.office, face, ask(cast.office, action="merge", grant_id=held["grant_id"], categories=[INCOME]).json()["request_uri"]
    )
    withdraw(cast.aino, BENEFIT, [HOUSEHOLD])
    again = answer(face, page, BOTH)
    assert again.status_code == 400 and again.context["page"].errors
    assert details(manage(cast.office, "GET", held["grant_id"]).json()) == {BENEFIT: [INCOME], REVIEW: [INCOME]}


def test_a_merge_takes_along_what_stands_and_nothing_that_was_put_into_the_form(cast: Cast, held: dict[str, Any]) -> None:
    face = cast.aino.browser()
    page = page_of(
        cast.office,
        face,
        ask(cast.office, action="merge", grant_id=held["grant_id"], purpose=REVIEW, categories=[INCOME]).json()["request_uri"],
    )
    for also in (HOUSEHOLD, "population.person", "no.such"):
        assert answer(face, page, [INCOME, also]).status_code == 400, "it stands for another purpose, or was never asked for"
    assert details(manage(cast.office, "GET", held["grant_id"]).json()) == {BENEFIT: BOTH, REVIEW: [INCOME]}


def _wider(cast: Cast, part: dict[str, Any]) -> dict[str, str]:
    """Parameters that ask for more than this detail."""
    return {
        "a category more": as_parameter(part, categories=[*part["categories"], "population.person"]),
        "another purpose": as_parameter(part, purpose="service-suggestions"),
        "another type": as_parameter(part, type="payment_initiation"),
        "no type": json.dumps([{k: v for k, v in part.items() if k != "type"}]),
        "type is a list": as_parameter(part, type=[part["type"]]),
        "unknown field": as_parameter(part, actions=["read"]),
        "longer": as_parameter(part, until="2030-01-01"),
        "ongoing": as_parameter(part, once=not part["once"]),
        "two of them": as_parameter(part, part),
        "none": "[]",
        "an object": json.dumps(part),
        "twice a member": json.dumps([part]).replace('"once"', '"once": false, "once"'),
        "no JSON": "x",
    }


def test_a_token_request_does_not_widen_the_grant(cast: Cast, held: dict[str, Any]) -> None:
    """RFC 9396, 6.1; RFC 9700, 2.2: by code or refresh token. What is refused uses nothing up and leaves no token."""
    (part,) = held["authorization_details"]
    code = allowed(cast.office, cast.aino, [INCOME], action="merge", grant_id=held["grant_id"], purpose=REVIEW, categories=[INCOME])
    with citizen_scope(cast.aino.id):
        tokens = AccessToken.objects.filter(grant_id=held["grant_id"]).count()
    of_code = part | {"purpose": REVIEW, "categories": [INCOME]}
    for what, text in _wider(cast, of_code).items():
        assert refused(redeem(cast.office, code, authorization_details=text)) == (400, "invalid_authorization_details"), what
    assert refused(redeem(cast.office, code, authorization_details=as_parameter(part)))[1] == "invalid_authorization_details", (
        "another part's"
    )
    with citizen_scope(cast.aino.id):
        assert AccessToken.objects.filter(grant_id=held["grant_id"]).count() == tokens
    fetched = redeem(cast.office, code).json()
    for what, text in _wider(cast, part).items():
        answered = refresh(cast.office, fetched["refresh_token"], authorization_details=text)
        assert refused(answered) == (400, "invalid_authorization_details"), what
    mixed = as_parameter(part, purpose=REVIEW)  # both categories stand, but not both for the review
    assert refused(refresh(cast.office, fetched["refresh_token"], authorization_details=mixed))[1] == "invalid_authorization_details"
    fewer = refresh(cast.office, fetched["refresh_token"], authorization_details=as_parameter(part, categories=[INCOME]))
    assert details(fewer.json()) == {BENEFIT: [INCOME]}
    assert cast.office.read(fewer.json()["access_token"], HOUSEHOLD).json()["code"] == "category_not_covered"


def test_a_pushed_request_for_an_unknown_type_or_field_is_refused(cast: Cast, held: dict[str, Any]) -> None:
    """RFC 9396, 5; beside a good one too."""
    (part,) = held["authorization_details"]
    for what, text in _wider(cast, part).items():
        form = cast.office.request() | {"authorization_details": text}
        answered = cast.office.post("/oauth/par", **form)
        if what != "ongoing":  # nothing is wrong with asking for it
            assert refused(answered) == (400, "invalid_authorization_details"), what


def test_a_grant_is_shown_to_a_token_of_its_client_alone(cast: Cast, held: dict[str, Any]) -> None:
    """draft-03, 6.1, 6.6: no token, a citizen's token, a refresh token, another scheme, another key, a token given back."""
    path, own = f"/oauth/grants/{held['grant_id']}", own_token(cast.office)
    stolen = another_client(cast)
    bearing = cast.office.bearing(own, path)
    tried: list[dict[str, str]] = [
        {}, {"HTTP_AUTHORIZATION": f"Bearer {own}"}, {"HTTP_AUTHORIZATION": f"DPoP {own}"}, bearing | {"HTTP_AUTHORIZATION": f"Bearer {own}"},
        cast.office.bearing(held["access_token"], path), cast.office.bearing(held["refresh_token"], path), stolen.bearing(own, path),
        cast.office.bearing(own, path, method="POST"), cast.office.bearing(own, "/oauth/grants/x"),
    ]  # fmt: skip
    for headers in tried:
        for method in ("GET", "DELETE"):
            response = browser().generic(method, path, **headers)  # type: ignore[arg-type]
            assert response.status_code == 401 and response["WWW-Authenticate"].startswith("DPoP "), (method, headers)
    assert browser().get(f"{path}?access_token={own}").status_code == 401
    assert browser().get(path, **bearing).status_code == 200
    assert browser().get(path, **bearing).status_code == 401, "the same proof again"  # RFC 9449, 11.1
    cast.office.post("/oauth/revoke", token=own)
    assert browser().get(path, **cast.office.bearing(own, path)).status_code == 401
    assert introspected(cast.office, held["access_token"])["active"] is True, "none of it ended anything"


def test_a_token_of_the_agency_itself_reads_no_citizen(cast: Cast, held: dict[str, Any]) -> None:
    own = own_token(cast.office, "events grant_management_query grant_management_revoke")
    assert cast.office.read(own, INCOME).status_code == 401
    assert refused(refresh(cast.office, own)) == (400, "invalid_grant")


def test_a_rival_cannot_use_what_it_saw_of_a_grant(cast: Cast, held: dict[str, Any]) -> None:
    """Its own citizen, its own code, another's grant_id: the token request knows no grant_id, so it is ignored (RFC 6749, 3.2)."""
    rival = another_client(cast, agency="rival")
    code = allowed(rival, cast.cecilia, [INCOME], categories=[INCOME])
    fetched = redeem(rival, code, grant_id=held["grant_id"], grant_management_action="replace").json()
    assert fetched["grant_id"] != held["grant_id"] and details(fetched) == {BENEFIT: [INCOME]}
    assert manage(rival, "GET", fetched["grant_id"]).status_code == 200
    assert manage(cast.office, "GET", fetched["grant_id"]).status_code == 404
