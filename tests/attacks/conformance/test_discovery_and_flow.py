"""The suite's modules about metadata and the honest way (fapi2-security-profile-final-...): what must work, for two clients.

Each test is named after its module; docs/agency/conformance.md says which module has none of its own, and why.
"""

from __future__ import annotations

import re
from typing import Any

from joserfc.jwk import ECKey

from tests.support.cast import ISSUER, Cast, browser
from tests.support.relying import PATH, Relying, issued, refused

SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3
OURS = {"ES256", "PS256", "EdDSA"}


def test_discovery_end_point_verification(cast: Cast) -> None:
    """RFC 8414, 2 and 3.3; FAPI 2.0, 5.3.2.1, 5.3.2.2, 5.4."""
    answer: Any = browser().get("/.well-known/oauth-authorization-server")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
    about = answer.json()
    assert about["issuer"] == ISSUER
    assert about["response_types_supported"] == ["code"] and "request_parameter_supported" not in about
    assert about["authorization_response_iss_parameter_supported"] is True
    assert about["require_pushed_authorization_requests"] is True
    assert about["code_challenge_methods_supported"] == ["S256"]
    assert about["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert {"authorization_code", "refresh_token", "client_credentials"} == set(about["grant_types_supported"])
    for name, value in about.items():
        if name.endswith("alg_values_supported"):
            assert set(value) == OURS, name
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(f"{ISSUER}/"), name
    assert all(SCOPE_TOKEN.fullmatch(scope) for scope in about["scopes_supported"])
    assert about["ui_locales_supported"] == ["fi", "sv", "en"]
    served = ("pushed_authorization_request_endpoint", "token_endpoint", "authorization_endpoint", "jwks_uri")
    for name in served:
        assert browser().get(about[name].removeprefix(ISSUER)).status_code != 404, name


def test_happy_flow(cast: Cast, first: Relying, second: Relying) -> None:
    """Both clients; the second binds its code by `dpop_jkt` alone, has a longer state and a query in its redirect URI."""
    token = issued_for(cast, first, state="s" * 16)
    assert first.reads(token, HTTP_ACCEPT="application/json;charset=UTF-8", HTTP_ACCEPT_CHARSET="UTF-8").status_code == 200
    assert first.reads(token, HTTP_ACCEPT="application/json, application/*+json, */*").status_code == 200
    assert first.reads(token, HTTP_X_FAPI_INTERACTION_ID="c770aef3-6784-41f7-8e0e-ff5f97bddb3a").status_code == 200
    in_query: Any = browser().get(f"{PATH}?access_token={token}", HTTP_DPOP=first.proved(PATH, "GET", token=token))
    assert in_query.status_code == 401  # FAPI 2.0, 5.3.4
    other = issued_for(cast, second, state="s" * 128, dpop_jkt=second.dpop.thumbprint())
    stolen = first.reads(other)  # with the first client's key
    assert stolen.status_code == 401 and stolen.json()["code"] == "invalid_token"


def issued_for(cast: Cast, client: Relying, **pushed: str) -> str:
    arrived = client.answered(cast.cecilia, client.pushed(**pushed))
    assert set(arrived) == {"code", "state", "iss"} and arrived["state"] == pushed["state"]
    token = str(issued(client.redeem(arrived["code"]))["access_token"])
    answer = client.reads(token)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/json")
    return token


def test_user_rejects_authentication(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 6749, 4.1.2.1; nothing but what belongs there, beside what the redirect URI had."""
    for client in (first, second):
        arrived = client.answered(cast.cecilia, client.pushed(state="s" * 128), decision="decline")
        assert arrived["error"] == "access_denied" and arrived["state"] == "s" * 128
        assert set(arrived) <= {"error", "error_description", "error_uri", "state", "iss"}


def test_ensure_authorization_request_without_state_success(cast: Cast, first: Relying) -> None:
    arrived = first.answered(cast.cecilia, first.pushed(state=None))
    assert set(arrived) == {"code", "iss"}
    issued(first.redeem(arrived["code"]))


def test_ensure_different_state_inside_and_outside_request_object(cast: Cast, first: Relying) -> None:
    """What stands in the browser's address beside the request counts for nothing (RFC 9101, 6.3; RFC 9126, 4)."""
    arrived = first.answered(cast.cecilia, first.pushed(state="pushed"), state="outside", redirect_uri="https://evil.example/")
    assert arrived["state"] == "pushed" and arrived["code"]


def test_state_only_outside_request_object_not_used(cast: Cast, first: Relying) -> None:
    arrived = first.answered(cast.cecilia, first.pushed(state=None), state="outside")
    assert set(arrived) == {"code", "iss"}


def test_par_without_duplicate_parameters(cast: Cast, first: Relying) -> None:
    """RFC 9126, 4: client_id and request_uri suffice; and all of them again (as in `happy-flow`) do no harm."""
    assert first.answered(cast.cecilia, first.pushed())["code"]
    again = {name: value for name, value in first.request().items() if name != "client_id"}
    assert first.answered(cast.cecilia, first.pushed(), **again)["code"]


def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(cast: Cast, first: Relying) -> None:
    """FAPI 2.0, 5.3.2.2, note: once means one answer, not one look; also before anybody has signed in."""
    face, uri = cast.cecilia.browser(), first.pushed()
    for _ in range(2):
        assert first.opened(face, uri).status_code == 200
    issued(first.redeem(first.answered(cast.cecilia, uri, face=face)["code"]))


def test_refresh_token(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 6749, 6; FAPI 2.0, 5.3.2.1: bound to the client, not rotated; a new DPoP key may come with it (RFC 9449, 5)."""
    scope = "aurora_twin_access"  # this module, alone of all, always sends one
    held = first.tokens(cast.cecilia, scope=scope)
    first.dpop = ECKey.generate_key("P-256")
    fresh = issued(first.refresh(held["refresh_token"], scope=scope))
    refused(first.refresh(held["refresh_token"], scope=f"{scope} events"), "invalid_scope")
    assert fresh["access_token"] != held["access_token"]
    assert "refresh_token" not in fresh or fresh["refresh_token"] == held["refresh_token"]
    assert first.reads(fresh["access_token"]).status_code == 200
    refused(first.refresh(held["refresh_token"], assertion="", client_id=first.client_id), "invalid_client")
    refused(first.refresh(held["refresh_token"], proof=""), "invalid_dpop_proof")
    refused(second.refresh(held["refresh_token"]), "invalid_grant")
    issued(first.refresh(held["refresh_token"]))
