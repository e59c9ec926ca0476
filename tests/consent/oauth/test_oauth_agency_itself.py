"""Tokens of the agency itself (RFC 6749, 4.4), bound to a key like all others, and the API's classes that take them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from consent.oauth import purge, tokens
from consent.oauth.digests import digest_of
from consent.oauth.errors import InvalidToken
from consent.oauth.models import ClientToken

SCOPES = "events grant_management_query"


def ask(office: Any, scope: str | None = SCOPES, **more: Any) -> Any:
    return office.post("/oauth/token", {"grant_type": "client_credentials", "scope": scope} | more)


@pytest.fixture
def own(office: Any) -> str:
    response = ask(office)
    assert response.status_code == 200, response.content
    token: str = response.json()["access_token"]
    return token


def test_a_token_says_what_the_agency_may(office, own) -> None:
    context = tokens.authenticate_client(office.call(own))
    assert (context.client_id, context.agency_code) == (office.client.client_id, office.client.agency.code)
    assert context.scopes == {"events", "grant_management_query"}


def test_it_lives_ten_minutes_has_no_companion_and_is_kept_as_a_digest(office) -> None:
    response = ask(office)
    body = response.json()
    assert body == {"token_type": "DPoP", "access_token": body["access_token"], "expires_in": 600, "scope": SCOPES}
    assert response["Cache-Control"] == "no-store"
    assert ClientToken.objects.get(client=office.client).digest == digest_of(body["access_token"])
    later = timezone.now() + timedelta(minutes=11)
    with pytest.raises(InvalidToken, match="^invalid_token"):
        tokens.authenticate_client(office.call(body["access_token"], now=later), now=later)
    purge.purge(now=later)
    assert not ClientToken.objects.filter(client=office.client).exists()


@pytest.mark.parametrize(
    "scope", [None, "", " ", "events events", "events  events", "everything", "events everything", "EVENTS", "é", "events\t"]
)
def test_a_scope_is_needed_and_of_those_there_are(office, scope) -> None:
    """RFC 6749, 3.3 and 5.2."""
    response = ask(office, scope)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")


def test_authorization_details_are_not_an_agencys_to_grant(office) -> None:
    assert ask(office, authorization_details="[]").json()["error"] == "invalid_request"


def test_no_proof_no_token(office) -> None:
    response = office.post("/oauth/token", {"grant_type": "client_credentials", "scope": SCOPES}, HTTP_DPOP="")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_dpop_proof")


def test_neither_kind_of_token_passes_for_the_other(office, own, tokens_of) -> None:
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(own)
    for token in (tokens_of["access_token"], tokens_of["refresh_token"]):
        with pytest.raises(InvalidToken, match="^invalid_token"):
            tokens.authenticate_client(office.call(token))


def test_it_is_bound_to_its_key(office, rival, own) -> None:
    """RFC 9449, 7.1: the secret alone is worth nothing."""
    with pytest.raises(InvalidToken, match="^invalid_token"):
        tokens.authenticate_client(office.call(own, key=rival.proof_key))
    with pytest.raises(InvalidToken, match="^invalid_token"):
        tokens.authenticate_client(office.call(own, scheme="Bearer"))
    call = office.call(own)
    assert tokens.authenticate_client(call)
    with pytest.raises(InvalidToken, match="^invalid_dpop_proof"):
        tokens.authenticate_client(call)


def test_it_ends_with_its_client_and_its_agency(office, own) -> None:
    for row in (office.client, office.client.agency):
        type(row).objects.filter(pk=row.pk).update(active=False)
        with pytest.raises(InvalidToken, match="^invalid_token"):
            tokens.authenticate_client(office.call(own))
        type(row).objects.filter(pk=row.pk).update(active=True)


def test_introspection_and_revocation(office, rival, own) -> None:
    """RFC 7662, 2.2; RFC 7009, 2.1; RFC 9449, 6.2."""
    told = office.introspect(own)
    assert told["active"] and told["scope"] == SCOPES and told["client_id"] == office.client.client_id
    assert told["token_type"] == "DPoP" and told["cnf"] == {"jkt": office.proof_key.thumbprint()}
    assert "sub" not in told and "grant_id" not in told
    assert rival.introspect(own) == {"active": False}
    assert rival.post("/oauth/revoke", {"token": own}).json()["error"] == "invalid_grant"
    assert office.post("/oauth/revoke", {"token": own}).status_code == 200
    assert office.introspect(own) == {"active": False}
    with pytest.raises(InvalidToken, match="^invalid_token"):
        tokens.authenticate_client(office.call(own))


class _Events(AgencyView):
    authentication_classes = [AgencyItself]
    permission_classes = [needs("events")]
    throttle_classes: list[Any] = []

    def get(self, request: Any) -> Response:
        return Response({"client": request.auth.client_id})


class _Grants(_Events):
    permission_classes = [needs("grant_management_revoke")]


def _get(office: Any, token: str, view: Any = _Events, **proof: Any) -> Any:
    call = office.call(token, "/events", **proof)
    request = APIRequestFactory().get("/events", HTTP_AUTHORIZATION=call.authorization, HTTP_DPOP=call.proof)
    return view.as_view()(request)


def test_a_view_takes_the_token_with_the_scope_and_no_other(office, own, tokens_of) -> None:
    assert _get(office, own).data == {"client": office.client.client_id}
    narrow = _get(office, own, _Grants)
    assert narrow.status_code == 403 and narrow.data["code"] == "insufficient_scope"
    assert narrow["WWW-Authenticate"] == 'DPoP error="insufficient_scope", scope="grant_management_revoke"'
    citizens = _get(office, tokens_of["access_token"])
    assert citizens.status_code == 401 and 'error="invalid_token"' in citizens["WWW-Authenticate"]
    nobody: Any = _Events.as_view()(APIRequestFactory().get("/events"))
    assert nobody.status_code == 401 and nobody["WWW-Authenticate"].startswith("DPoP algs=")


def test_a_client_that_needs_nonces_is_told_one_with_each_answer(office, own) -> None:
    """RFC 9449, 8.2 and 9."""
    type(office.client).objects.filter(pk=office.client.pk).update(dpop_nonce=True)
    first = _get(office, own)
    assert first.status_code == 401 and first.data["code"] == "use_dpop_nonce"
    assert 'error="use_dpop_nonce"' in first["WWW-Authenticate"]
    second = _get(office, own, nonce=first["DPoP-Nonce"])
    assert second.status_code == 200
    assert _get(office, own, nonce=second["DPoP-Nonce"]).status_code == 200
