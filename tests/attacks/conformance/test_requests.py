"""The suite's modules about authorization requests that must be refused, at /oauth/par or on the page (fapi2-security-profile-final-...)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db.models import F

from consent.oauth.digests import digest_of
from consent.oauth.models import PushedRequest
from consent.oauth.rfc9126 import URI_PREFIX
from tests.support.cast import FORM, ISSUER, Cast
from tests.support.relying import Relying, issued, refused, shown


def test_ensure_authorization_request_with_long_state(first: Relying) -> None:
    """1,000 characters: refused at once with `invalid_request`, which the suite takes; 512 are taken."""
    refused(first.par(state="s" * 1000), "invalid_request")
    assert first.par(state="s" * 512).status_code == 201


def test_ensure_request_object_without_redirect_uri_fails(first: Relying) -> None:
    refused(first.par(redirect_uri=None), "invalid_request")


def test_ensure_redirect_uri_in_authorization_request(first: Relying) -> None:
    """FAPI 2.0, 5.3.2.2: no default, not even of the only one registered."""
    refused(first.par(redirect_uri=""), "invalid_request")


def test_plain_fapi_tolerate_unregistered_redirect_uri(first: Relying) -> None:
    """RFC 9126, 2.4 would let it pass for an authenticated client; RFC 9700, 2.1 would not, nor do we."""
    refused(first.par(redirect_uri=f"{first.redirect_uri}/bad"), "invalid_request")


def test_ensure_unsigned_authorization_request_without_using_par_fails(cast: Cast, first: Relying) -> None:
    """FAPI 2.0, 5.3.2.2: only pushed requests; a page, since nobody has proved whose redirect URI this is."""
    shown(cast.cecilia.browser().get("/oauth/authorize", first.request()))
    shown(cast.cecilia.browser().get("/oauth/authorize", {**first.request(), "request": "e30.e30."}))


def test_ensure_response_type_code_idtoken_fails(first: Relying) -> None:
    refused(first.par(response_type="code id_token"), "unsupported_response_type")


def test_ensure_response_type_token_fails(first: Relying) -> None:
    refused(first.par(response_type="token"), "unsupported_response_type")


def test_par_ensure_pkce_required(first: Relying) -> None:
    refused(first.par(code_challenge=None, code_challenge_method=None), "invalid_request")


def test_par_plain_pkce_rejected(first: Relying) -> None:
    refused(first.par(code_challenge=first.verifier, code_challenge_method="plain"), "invalid_request")


def test_par_authorization_request_containing_request_uri_form_param(first: Relying) -> None:
    """RFC 9126, 2.1."""
    refused(first.par(request_uri=f"{URI_PREFIX}{'a' * 43}"), "invalid_request")
    refused(first.par(request_uri="https://first.example/request.jwt"), "invalid_request")


@pytest.mark.parametrize("method", ["PUT", "GET", "PATCH"])
def test_par_attempt_invalid_http_method(first: Relying, method: str) -> None:
    """RFC 9126, 2.3: 405."""
    answer: Any = first.http.generic(method, "/oauth/par", first.signed(**first.request()), content_type=FORM)
    assert answer.status_code == 405 and answer["Allow"] == "POST"


def test_par_attempt_reuse_request_uri(cast: Cast, first: Relying) -> None:
    """RFC 9126, 7.3: once answered, in the same browser and in another."""
    face, uri = cast.cecilia.browser(), first.pushed()
    code = first.answered(cast.cecilia, uri, face=face)["code"]
    shown(first.opened(face, uri))
    shown(first.opened(cast.cecilia.browser(), uri))
    issued(first.redeem(code))


def test_par_attempt_to_use_expired_request_uri(cast: Cast, first: Relying) -> None:
    """As long later as `expires_in` said, and a second: by the row's own times, made earlier."""
    uri = first.pushed()
    row = PushedRequest.objects.filter(pk=digest_of(uri.removeprefix(URI_PREFIX)))
    later = timedelta(seconds=91)
    assert row.update(created_at=F("created_at") - later, expires_at=F("expires_at") - later) == 1
    shown(first.opened(cast.cecilia.browser(), uri))


def test_par_attempt_to_use_request_uri_for_different_client(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 9126, 2.2: bound to the client that pushed it."""
    uri = first.pushed()
    shown(second.opened(cast.cecilia.browser(), uri))
    assert first.answered(cast.cecilia, uri)["code"], "and nobody else used it up"


def test_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(first: Relying) -> None:
    """FAPI 2.0, 5.3.2.1: up to 10 s."""
    ahead = _now() + 8
    assert first.par(assertion=first.signed_by(iat=ahead, nbf=ahead)).status_code == 201


def test_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(first: Relying) -> None:
    ahead = _now() + 70
    refused(first.par(assertion=first.signed_by(iat=ahead, nbf=ahead, exp=ahead + 60)), "invalid_client")


def test_par_test_array_as_audience_fails(first: Relying) -> None:
    """FAPI 2.0, 5.3.2.1: one string, the issuer; not even an array of it alone."""
    for aud in ([ISSUER, "https://other.example"], [ISSUER]):
        refused(first.par(assertion=first.signed_by(aud=aud)), "invalid_client")


@pytest.mark.parametrize("aud", [f"{ISSUER}/oauth/par", "http://localhost:8000/oauth/par?"])
def test_par_test_par_endpoint_url_as_audience_fails(first: Relying, aud: str) -> None:
    refused(first.par(assertion=first.signed_by(aud=aud)), "invalid_client")


def test_par_test_token_endpoint_url_as_audience_fails(first: Relying) -> None:
    refused(first.par(assertion=first.signed_by(aud=f"{ISSUER}/oauth/token")), "invalid_client")


def test_ensure_mismatched_dpop_jkt_fails(first: Relying) -> None:
    """RFC 9449, 10.1."""
    refused(first.par(proof=first.proved("/oauth/par"), dpop_jkt="A" * 43), "invalid_dpop_proof")


def test_nothing_of_a_request_passes_by_the_browser(cast: Cast, first: Relying) -> None:
    """What the suite leaves to the eye: the page says nothing that was not pushed, whatever stands in its address."""
    evil = {"redirect_uri": "https://evil.example/", "authorization_details": "[]", "response_mode": "fragment", "scope": "openid"}
    page = first.opened(cast.cecilia.browser(), first.pushed(), **evil)
    assert page.status_code == 200 and b"evil.example" not in page.content and urlencode(evil).encode() not in page.content


def _now() -> int:
    return int(time.time())
