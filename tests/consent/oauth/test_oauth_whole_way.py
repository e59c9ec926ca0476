"""PAR, decision, code, token, introspection, refresh, revocation: the way as an agency goes it."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from consent.oauth import requests, responses, tokens
from consent.oauth.digests import digest_of
from consent.oauth.errors import InvalidToken
from consent.oauth.models import (
    AccessToken,
    AuthorizationCode,
    PushedRequest,
    RefreshToken,
)
from consent.oauth.rfc9449 import Call
from consent.scope import citizen_scope, lookup_scope


def test_the_whole_way_gives_a_token_for_what_the_citizen_ticked(office, aino, agree) -> None:
    pushed = office.push()
    assert (pushed.status_code, pushed.json()["expires_in"]) == (201, 90)
    granted = office.categories[:2]
    answer = agree(office, aino, pushed.json()["request_uri"], categories=granted)
    response = office.redeem(answer.code)
    body = response.json()
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store" and response["Content-Type"] == "application/json"  # RFC 6749, 5.1
    assert body["token_type"] == "DPoP" and 0 < body["expires_in"] <= 600
    expected = office.detail(categories=sorted(granted), once=False)
    assert body["authorization_details"] == [expected]  # RFC 9396, 7: as granted, not as asked for
    context = office.context(body["access_token"])
    assert (context.citizen_id, context.client_id, context.agency_code) == (aino, office.client.client_id, office.client.agency.code)
    assert (str(context.grant_id), context.consent_id) == (body["grant_id"], answer.consent.pk)
    assert (context.purpose, context.categories, context.revoked) == (office.purpose, frozenset(granted), False)
    assert str(aino) not in repr(context)


def test_every_answer_names_the_issuer_and_keeps_the_registered_query(office, aino, agree) -> None:
    """RFC 9207, 2; RFC 6749, 4.1.2: state comes back as it was."""
    url = agree(office, aino).url
    query = parse_qsl(urlsplit(url).query)
    assert url.startswith(office.redirect_uri + "&")
    assert [name for name, _ in query] == ["from", "code", "state", "iss"]
    assert ("state", "st ate&=") in query and ("iss", "http://localhost:8000") in query


def test_a_refusal_answers_with_issuer_and_uses_the_request_up(office) -> None:
    """RFC 9207, 2: error responses too."""
    uri = office.pushed()
    view = requests.load(client_id=office.client.client_id, request_uri=uri, interaction="one")
    query = dict(parse_qsl(urlsplit(responses.refuse(request=view)).query))
    assert query["error"] == "access_denied" and query["iss"] == "http://localhost:8000" and query["state"] == "st ate&="
    with pytest.raises(requests.RequestUsed):
        responses.refuse(request=view)
    with pytest.raises(requests.RequestUsed):
        requests.load(client_id=office.client.client_id, request_uri=uri, interaction="one")


@pytest.mark.parametrize(("error", "description"), [("made_up", "x"), ("access_denied", "ä"), ("access_denied", 'say "no"')])
def test_an_answer_has_only_known_errors_in_plain_ascii(office, error, description) -> None:
    """RFC 6749, 4.1.2.1."""
    view = requests.load(client_id=office.client.client_id, request_uri=office.pushed(), interaction="one")
    with pytest.raises(ValueError):
        responses.refuse(request=view, error=error, description=description)


def test_redirects_are_303(office, aino, agree) -> None:
    """FAPI 2.0, 5.3.2.2; RFC 9700, 4.12."""
    url = agree(office, aino).url
    response = responses.SeeOther(url)
    assert (response.status_code, response["Location"]) == (303, url)
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_secrets_are_kept_as_digests_only(office, aino, agree) -> None:
    uri = office.pushed()
    answer = agree(office, aino, uri)
    body = office.redeem(answer.code).json()
    with citizen_scope(aino):
        kept = [repr(row) for model in (PushedRequest, AuthorizationCode, AccessToken, RefreshToken) for row in model.objects.values()]
        assert AuthorizationCode.objects.filter(pk=digest_of(answer.code)).exists()
    for secret in (uri.rsplit(":", 1)[1], answer.code, body["access_token"], body["refresh_token"]):
        assert not any(secret in row for row in kept)


def test_no_secret_is_logged_even_at_debug(office, aino, agree, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    answer = agree(office, aino)
    body = office.redeem(answer.code).json()
    office.refresh(body["refresh_token"])
    assert not any(s in caplog.text for s in (answer.code, body["access_token"], body["refresh_token"]))


def test_refresh_keeps_the_refresh_token_and_narrows_on_request(office, tokens_of) -> None:
    """FAPI 2.0, 5.3.2.1: no rotation; RFC 9396, 6.1."""
    again = office.refresh(tokens_of["refresh_token"])
    assert again.status_code == 200 and "refresh_token" not in again.json()
    assert again.json()["access_token"] != tokens_of["access_token"]
    assert again.json()["authorization_details"] == tokens_of["authorization_details"]
    part = tokens_of["authorization_details"][0] | {"categories": office.categories[:1]}
    narrow = office.refresh(tokens_of["refresh_token"], authorization_details=json.dumps([part])).json()
    context = office.context(narrow["access_token"])
    assert context.categories == frozenset(office.categories[:1])
    assert narrow["authorization_details"] == [part] == office.introspect(narrow["access_token"])["authorization_details"]


def test_a_consent_for_one_use_gets_no_refresh_token(office, aino, agree) -> None:
    uri = office.pushed(authorization_details=json.dumps([office.detail(once=True)]))
    body = office.redeem(agree(office, aino, uri).code).json()
    assert "refresh_token" not in body and body["authorization_details"][0]["once"] is True


def test_a_token_ends_with_its_consent_at_the_latest(office, aino, agree) -> None:
    soon = timezone.now() + timedelta(seconds=90)
    body = office.redeem(agree(office, aino, expires_at=soon).code).json()
    assert 0 < body["expires_in"] <= 90
    later = timezone.now() + timedelta(seconds=91)
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(body["access_token"], now=later)


def test_introspection_tells_the_holder_and_nobody_else(office, rival, tokens_of) -> None:
    """RFC 7662, 2.2: what is not yours is not active."""
    mine = office.introspect(tokens_of["access_token"])
    assert mine["active"] is True and mine["client_id"] == office.client.client_id
    assert mine["iss"] == "http://localhost:8000" and mine["aud"] == "http://localhost:8000/api/v1"
    assert mine["exp"] - mine["iat"] == tokens_of["expires_in"] and mine["grant_id"] == tokens_of["grant_id"]
    assert "sub" not in mine
    assert office.introspect(tokens_of["refresh_token"])["active"] is True
    assert rival.introspect(tokens_of["access_token"]) == {"active": False} == rival.introspect("nonsense")


def test_revoking_the_refresh_token_ends_the_access_tokens_too(office, tokens_of) -> None:
    """RFC 7009, 2.1."""
    response = office.post("/oauth/revoke", {"token": tokens_of["refresh_token"], "token_type_hint": "anything"})
    assert response.status_code == 200
    assert office.introspect(tokens_of["access_token"]) == {"active": False}
    assert office.refresh(tokens_of["refresh_token"]).json()["error"] == "invalid_grant"
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(tokens_of["access_token"])


def test_revoking_an_access_token_leaves_the_rest(office, tokens_of) -> None:
    assert office.post("/oauth/revoke", {"token": tokens_of["access_token"]}).status_code == 200
    assert office.introspect(tokens_of["access_token"]) == {"active": False}
    assert office.refresh(tokens_of["refresh_token"]).status_code == 200


def test_revocation_of_unknown_and_foreign_tokens(office, rival, tokens_of) -> None:
    """RFC 7009, 2.1 and 2.2."""
    assert rival.post("/oauth/revoke", {"token": "unknown"}).status_code == 200
    assert rival.post("/oauth/revoke", {"token": tokens_of["access_token"]}).json()["error"] == "invalid_grant"
    assert office.introspect(tokens_of["access_token"])["active"] is True
    assert office.post("/oauth/revoke", {}).json()["error"] == "invalid_request"


def _withdraw(answer: Any, state: str = "withdrawn") -> None:
    now = timezone.now()
    with citizen_scope(answer.citizen_id):
        type(answer.consent).objects.filter(pk=answer.consent.pk).update(state=state, ended_at=now, ended_by="citizen")
        tokens.revoke_for_consent(consent_id=answer.consent.pk, now=now)


def test_withdrawal_kills_tokens_at_once_and_leaves_the_reason(office, aino, agree) -> None:
    answer = agree(office, aino)
    body = office.redeem(answer.code).json()
    _withdraw(answer)
    context = office.context(body["access_token"])
    assert context.revoked and context.consent_id == answer.consent.pk
    assert office.introspect(body["access_token"]) == {"active": False}
    assert office.refresh(body["refresh_token"]).json()["error"] == "invalid_grant"
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(body["access_token"], now=timezone.now() + timedelta(minutes=11))


def test_a_code_of_a_withdrawn_consent_gives_nothing(office, aino, agree) -> None:
    answer = agree(office, aino)
    _withdraw(answer)
    assert office.redeem(answer.code).json()["error"] == "invalid_grant"


def test_a_refresh_stops_with_the_consent_even_before_its_tokens_are_killed(office, aino, agree) -> None:
    answer = agree(office, aino)
    body = office.redeem(answer.code).json()
    with citizen_scope(aino):
        type(answer.consent).objects.filter(pk=answer.consent.pk).update(state="withdrawn", ended_at=timezone.now())
    assert office.refresh(body["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_newer_consent_ends_what_came_of_the_one_it_replaces(office, aino, agree) -> None:
    answer = agree(office, aino)
    old = office.redeem(answer.code).json()
    now = timezone.now()
    with citizen_scope(aino):
        type(answer.consent).objects.filter(pk=answer.consent.pk).update(state="replaced", ended_at=now)
    new = office.redeem(agree(office, aino, decided_at=now).code).json()
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(old["access_token"])
    assert office.refresh(old["refresh_token"]).status_code == 400
    assert office.context(new["access_token"]).revoked is False


def test_a_consent_that_is_not_for_this_request_is_not_an_answer(office, rival, aino, cecilia, record_consent) -> None:
    view = requests.load(client_id=office.client.client_id, request_uri=office.pushed(), interaction="one")
    wrong = [
        (aino, {"recipient": rival.client.agency}),
        (aino, {"categories": [*office.categories, "more.than.asked"]}),
        (aino, {"expires_at": timezone.now() + timedelta(days=300)}),
        (aino, {"state": "withdrawn", "ended_at": timezone.now()}),
        (cecilia, {}),
    ]
    for owner, changes in wrong:
        with citizen_scope(owner):
            consent = record_consent(owner, office, view, **changes)
        with citizen_scope(aino), pytest.raises(responses.Conflict):
            responses.approve(request=view, citizen_id=aino, consent=consent)
        with citizen_scope(owner):
            consent.delete()
    assert not PushedRequest.objects.get(pk=view.digest).used_at


@pytest.mark.parametrize("header", [None, ""])
def test_no_token_is_answered_without_an_error_code(db, header) -> None:
    """RFC 6750, 3.1; RFC 9728, 5.1."""
    with pytest.raises(InvalidToken) as refused:
        tokens.authenticate(Call("GET", "/api/v1/twin/x", header, None))
    assert refused.value.www_authenticate.startswith('DPoP algs="ES256 PS256 EdDSA", resource_metadata=') and refused.value.status == 401


@pytest.mark.parametrize(
    "header", ["DPoP x", "Basic eDp5", "DPoP " + "a" * 43, "DPoP", "DPoP \x00", "DPoP " + "é" * 43, "Bearer " + "a" * 43]
)
def test_an_unknown_token_is_invalid(office, header) -> None:
    with pytest.raises(InvalidToken) as refused:
        tokens.authenticate(Call("GET", "/x", header, office.proof("/x", "GET", token="a" * 43)))
    assert 'error="invalid_token"' in refused.value.www_authenticate


def test_a_token_stops_with_its_client_and_its_agency(office, tokens_of) -> None:
    token = tokens_of["access_token"]
    for row in (office.client, office.client.agency):
        type(row).objects.filter(pk=row.pk).update(active=False)
        with pytest.raises(InvalidToken, match="^invalid_token"):
            office.context(token)
        assert office.push().json()["error"] == "invalid_client"
        type(row).objects.filter(pk=row.pk).update(active=True)
    assert office.context(token)


def test_authentication_is_one_round_trip(office, tokens_of, django_assert_num_queries) -> None:
    call = office.call(tokens_of["access_token"], scheme="dpop")
    with django_assert_num_queries(1):
        tokens.authenticate(call)


def test_introspection_is_three_round_trips(office, tokens_of, django_assert_num_queries) -> None:
    """The client, its jti, and the token with what stands of its consent and who gave it."""
    with django_assert_num_queries(3):
        assert office.introspect(tokens_of["access_token"])["active"] is True


def test_rows_are_seen_by_their_citizen_and_by_who_holds_the_secret(office, aino, cecilia, agree) -> None:
    answer = agree(office, aino)
    body = office.redeem(answer.code).json()
    models = (type(answer.consent), AuthorizationCode, AccessToken, RefreshToken)

    def seen() -> list[int]:
        return [model.objects.count() for model in models]

    assert seen() == [0, 0, 0, 0]
    with citizen_scope(cecilia):
        assert seen() == [0, 0, 0, 0]
        assert AccessToken.objects.update(revoked_at=None, revoked_reason="") == 0
    with citizen_scope(aino):
        assert seen() == [1, 1, 1, 1]
    with lookup_scope(digest_of(body["access_token"])):
        assert seen() == [0, 0, 1, 0]
        assert AccessToken.objects.update(revoked_at=None, revoked_reason="") == 0  # seen is not owned
    office.context(body["access_token"])
    assert seen() == [0, 0, 0, 0]
