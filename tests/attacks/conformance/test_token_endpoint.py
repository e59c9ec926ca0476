"""The suite's modules about the token endpoint (fapi2-security-profile-final-...): who redeems, with what, when and how often."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from joserfc.jwk import ECKey, RSAKey

from consent.oauth import clients
from consent.oauth.digests import digest_of
from consent.oauth.models import AuthorizationCode, Client
from consent.scope import citizen_scope
from tests.support.cast import ISSUER, Cast, Person
from tests.support.relying import PATH, Relying, issued, refused


@pytest.fixture
def code(cast: Cast, first: Relying) -> str:
    return first.code(cast.cecilia)


def test_access_token_type_header_case_sensitivity(cast: Cast, first: Relying) -> None:
    """RFC 9110, 11.1."""
    token = first.tokens(cast.cecilia)["access_token"]
    for scheme in ("dPOP", "DPOP", "dpop"):
        assert first.reads(token, scheme=scheme).status_code == 200, scheme


def test_check_dpop_proof_nbf_exp(cast: Cast, first: Relying) -> None:
    """Claims that RFC 9449 gives no meaning do no harm."""
    now = int(time.time())
    more = {"nbf": now, "exp": now + 300}
    token = issued(first.redeem(first.code(cast.cecilia), proof=first.proved("/oauth/token", **more)))["access_token"]
    assert first.reads(token, proof=first.proved(PATH, "GET", token=token, **more)).status_code == 200


def _all_off_by(cast: Cast, client: Relying, seconds: int) -> None:
    """At PAR, the token endpoint and the resource."""

    def iat() -> int:
        return int(time.time()) + seconds

    code = client.code(cast.cecilia, proof=client.proved("/oauth/par", iat=iat()))
    token = issued(client.redeem(code, proof=client.proved("/oauth/token", iat=iat())))["access_token"]
    assert client.reads(token, proof=client.proved(PATH, "GET", token=token, iat=iat())).status_code == 200


def test_ensure_dpopproof_with_iat_10seconds_before_succeeds(cast: Cast, first: Relying) -> None:
    """FAPI 2.0, 5.3.2.1."""
    _all_off_by(cast, first, -10)


def test_ensure_dpopproof_with_iat_10seconds_after_succeeds(cast: Cast, first: Relying) -> None:
    """The suite's own figure is 8 s, for the clocks."""
    _all_off_by(cast, first, 8)


def test_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(cast: Cast, first: Relying) -> None:
    """RFC 9449, 10: a proof at PAR, another key's at the token endpoint."""
    code = first.code(cast.cecilia, proof=first.proved("/oauth/par"))
    refused(first.redeem(code, proof=first.proved("/oauth/token", key=ECKey.generate_key("P-256"))), "invalid_grant")


def test_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(cast: Cast, first: Relying) -> None:
    refused(first.redeem(first.code(cast.cecilia, dpop_jkt="A" * 43)), "invalid_grant")


def test_ensure_dpopproof_at_par_endpoint_binding_success(cast: Cast, first: Relying) -> None:
    token = first.tokens(cast.cecilia, proof=first.proved("/oauth/par"))["access_token"]
    assert first.reads(token).status_code == 200


def test_ensure_dpop_auth_code_binding_success(cast: Cast, first: Relying) -> None:
    token = first.tokens(cast.cecilia, proof=first.proved("/oauth/par"), dpop_jkt=first.dpop.thumbprint())["access_token"]
    assert first.reads(token).status_code == 200


def test_ensure_client_id_in_token_endpoint(first: Relying, second: Relying, code: str) -> None:
    """The second client's name and assertion, the first one's key and code."""
    key = ECKey.import_key(dict(first.key))
    for header in ({"kid": first.key["kid"]}, {}):
        forged = second.signed_by(key, header=header)
        refused(first.redeem(code, assertion=forged, client_id=second.client_id), "invalid_client")
    refused(first.redeem(code, client_id=second.client_id), "invalid_client")


def test_ensure_holder_of_key_required(first: Relying, code: str) -> None:
    """FAPI 2.0, 5.3.2.1: no token without a proof. The suite's tests of TLS need the proxy of a deployment."""
    refused(first.redeem(code, proof=""), "invalid_dpop_proof")
    issued(first.redeem(code))


def test_ensure_authorization_code_is_bound_to_client(first: Relying, second: Relying, code: str) -> None:
    """RFC 6749, 4.1.3."""
    for redirect_uri in (first.redirect_uri, second.redirect_uri):
        refused(second.redeem(code, redirect_uri=redirect_uri, code_verifier=first.verifier), "invalid_grant")


def test_attempt_reuse_authorization_code_after_one_second(first: Relying, code: str) -> None:
    """FAPI 2.0, 5.3.2.2; RFC 6749, 4.1.2: what it gave ends too. No second need pass: only the database's word counts."""
    token = issued(first.redeem(code))["access_token"]
    assert first.reads(token).status_code == 200
    refused(first.redeem(code), "invalid_grant")
    assert first.reads(token).status_code == 401


def test_ensure_token_endpoint_fails_with_expired_auth_code(cast: Cast, first: Relying, code: str) -> None:
    """62 s later, by the row's own times, made earlier: FAPI 2.0, 5.3.2.1 allows 60."""
    later = timedelta(seconds=62)
    _earlier(cast.cecilia, code, later)
    refused(first.redeem(code), "invalid_grant")


def _earlier(person: Person, code: str, by: timedelta) -> None:
    with citizen_scope(person.id):
        row = AuthorizationCode.objects.filter(pk=digest_of(code))
        assert row.update(created_at=F("created_at") - by, expires_at=F("expires_at") - by) == 1


def test_ensure_signed_client_assertion_with_RS256_fails(cast: Cast, second: Relying) -> None:
    """FAPI 2.0, 5.4.1: a client with an RSA key may sign with PS256 and with nothing else."""
    rsa = RSAKey.generate_key(2048)
    mine = Client.objects.select_related("agency").get(client_id=second.client_id)
    jwk = {**rsa.as_dict(private=False), "kid": second.key["kid"]}
    clients.register(
        client_id=mine.client_id,
        agency=mine.agency,
        name=mine.name,
        redirect_uris=mine.redirect_uris,
        jwks={"keys": [jwk]},
        purposes=mine.allowed_purposes,
        categories=mine.allowed_categories,
    )
    code = second.code(cast.cecilia, assertion=second.signed_by(rsa, header={"alg": "PS256"}))
    refused(second.redeem(code, assertion=second.signed_by(rsa, header={"alg": "RS256"})), "invalid_client")
    issued(second.redeem(code, assertion=second.signed_by(rsa, header={"alg": "PS256"})))


def test_ensure_client_assertion_in_token_endpoint(first: Relying, code: str) -> None:
    refused(first.redeem(code, assertion="", client_id=first.client_id), "invalid_client")
    issued(first.redeem(code))


def test_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(first: Relying, code: str) -> None:
    now = int(time.time())
    refused(first.redeem(code, assertion=first.signed_by(iat=now - 360, exp=now - 300)), "invalid_client")


def test_ensure_client_assertion_with_wrong_aud_fails(first: Relying, code: str) -> None:
    for aud in ("https://other.example", f"{ISSUER}/", ISSUER.upper(), None):
        refused(first.redeem(code, assertion=first.signed_by(aud=aud)), "invalid_client")


def test_ensure_client_assertion_with_no_sub_fails(first: Relying, code: str) -> None:
    refused(first.redeem(code, assertion=first.signed_by(sub=None)), "invalid_client")
    refused(first.redeem(code, assertion=first.signed_by(sub=None), client_id=first.client_id), "invalid_client")


def test_ensure_pkce_code_verifier_required(first: Relying, code: str) -> None:
    refused(first.redeem(code, code_verifier=None), "invalid_grant")


def test_incorrect_pkce_code_verifier_rejected(first: Relying, code: str) -> None:
    refused(first.redeem(code, code_verifier="x" * 43), "invalid_grant")


def _own(client: Relying, **how: Any) -> Any:
    form: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "events"}
    return client.send("/oauth/token", form, **{"proof": client.proved("/oauth/token"), **how})


def test_client_credentials(first: Relying, second: Relying) -> None:
    """The variant `fapi_client_credentials_grant`: a token of the client itself, bound, without refresh token (RFC 6749, 4.4.3)."""
    events = "/api/v1/events"
    for client in (first, second):
        body = issued(_own(client))
        assert "refresh_token" not in body and body["scope"] == "events"
        for scheme in ("DPoP", "dPOP"):
            assert client.reads(body["access_token"], path=events, scheme=scheme).status_code == 200
    assert first.reads(body["access_token"], path=events).status_code == 401, "the second client's token, the first one's key"
    now = int(time.time())
    for claims in ({"iat": now - 10}, {"iat": now + 8}, {"nbf": now, "exp": now + 300}):
        issued(_own(first, proof=first.proved("/oauth/token", **claims)))
    refused(_own(first, proof=None), "invalid_dpop_proof")
    refused(_own(first, assertion=""), "invalid_client")
    for claims in ({"iat": now - 360, "exp": now - 300}, {"aud": "https://other.example"}, {"aud": [ISSUER]}, {"sub": None}):
        refused(_own(first, assertion=first.signed_by(**claims)), "invalid_client")
    refused(_own(first, assertion=second.signed_by(ECKey.import_key(dict(first.key)))), "invalid_client")
