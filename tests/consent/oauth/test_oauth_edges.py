"""The edge: bodies, methods, transport, metadata, registration; and that no input makes a server error."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from consent.errors import InvalidInput
from consent.oauth import clients
from consent.oauth.models import PushedRequest

FORM = "application/x-www-form-urlencoded"
MANY = b"&".join(b"%d=1" % i for i in range(60))
POSTS = ("/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke")
ROBUST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=POSTS)
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _invalid(response: Any, status: int = 400) -> None:
    assert (response.status_code, response.json()["error"]) == (status, "invalid_request"), response.content
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_post(office, path, method) -> None:
    response = getattr(office.browser, method)(path)
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "x", FORM + "; charset=latin-1"])
def test_only_forms(office, path, kind) -> None:
    _invalid(office.browser.post(path, b"{}", content_type=kind))


def test_secrets_do_not_belong_in_the_query(office, path) -> None:
    """RFC 6749, 2.3.1 and 3.2; RFC 9700, 4.3: neither alone nor beside a body."""
    everything = office.request() | {"client_assertion": office.assertion(), "token": "t"}
    _invalid(office.browser.post(f"{path}?{urlencode({k: v for k, v in everything.items() if v})}", "", content_type=FORM))
    _invalid(office.post(f"{path}?x=1", office.request()))
    assert office.push().status_code == 201


def test_a_parameter_given_twice(office, path) -> None:
    """RFC 6749, 3.1 and 3.2."""
    for extra in ("&state=a&state=a", "&token=a&token=b", "&x=&x="):
        body = urlencode({"client_assertion": office.assertion()}) + extra
        _invalid(office.browser.post(path, body, content_type=FORM))


def test_oversized(office, path) -> None:
    """RFC 9126, 2.3: 413."""
    _invalid(office.post(path, {"padding": "x" * 17_000}), 413)
    assert not PushedRequest.objects.exists()


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999", "1e3"])
def test_a_content_length_that_is_none(office, path, length) -> None:
    response = office.browser.post(path, b"a=b", content_type=FORM, CONTENT_LENGTH=length)
    assert response.status_code in (400, 401, 413)


@pytest.mark.parametrize(
    "body",
    [b"a=%00", b"%00=a", b"a=\x00", b"a=%ff", b"a=\xff", b"a=%c3%28", b"a=%ed%a0%80", b"=&=", b"a", b"&&&", MANY],
)
def test_malformed_bodies(office, path, body) -> None:
    _invalid(office.browser.post(path, body, content_type=FORM))


def test_an_empty_body_is_an_unauthenticated_one(office, path) -> None:
    response = office.browser.post(path, b"", content_type=FORM, CONTENT_TYPE=FORM)
    assert response.json()["error"] == ("invalid_request" if path == "/oauth/token" else "invalid_client")


def test_plain_http_outside_a_sandbox(office, settings, path) -> None:
    """RFC 6749, 3.1 and 3.2; in a sandbox with an address on loopback it is allowed."""
    settings.AURORA_SANDBOX = False
    settings.AURORA_BASE_URL = "https://aurora.example"
    response = office.post(path, {})
    assert (response.status_code, response.json()["error"]) == (400, "insecure_transport")
    assert office.post(path, {}, secure=True).json()["error"] != "insecure_transport"
    settings.AURORA_SANDBOX = True
    assert office.post(path, {}).json()["error"] == "insecure_transport"


text = st.text(st.characters(codec="utf-8"), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=15,
)
names = st.sampled_from(["grant_type", "code", "token", "state", "scope", "redirect_uri", "request", "code_verifier", "client_id"]) | text


@ROBUST
@given(body=st.binary(max_size=300), kind=st.sampled_from([FORM, "application/json", "\xff", FORM + "; charset=koi8-r"]))
def test_no_body_makes_a_server_error(office, body, kind) -> None:
    for path in POSTS:
        assert office.browser.generic("POST", path, body, content_type=kind).status_code in (400, 401)


@ROBUST
@given(values=st.dictionaries(names, text, max_size=6))
def test_no_parameters_of_a_client_make_a_server_error(office, values) -> None:
    for path in POSTS:
        response = office.post(path, values)
        assert response.status_code in (200, 400, 401), response.content
    response = office.push(**values)
    assert response.status_code in (201, 400, 401), response.content


@ROBUST
@given(value=json_values, name=st.sampled_from(["type", "purpose", "categories", "until", "once", "other"]))
def test_no_details_make_a_server_error(office, value, name) -> None:
    for details in (json.dumps(value), json.dumps([value]), json.dumps([office.detail() | {name: value}])):
        assert office.push(authorization_details=details).status_code in (201, 400, 413)


@ROBUST
@given(value=json_values, name=st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "other"]))
def test_no_claims_make_a_server_error(office, value, name) -> None:
    payload = json.dumps(office.claims() | {name: value}).encode()
    response = office.post("/oauth/introspect", {"token": "t"}, assertion=office.sign(payload))
    assert response.status_code in (200, 401), response.content


@ROBUST
@given(
    value=json_values,
    name=st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "ath", "other"]),
    field=st.sampled_from(["jwk", "typ", "x"]),
)
def test_no_proof_makes_a_server_error(office, value, name, field) -> None:
    """RFC 9449: whatever stands in a proof, by signed claims or in the header."""
    form = {"grant_type": "refresh_token", "refresh_token": "a" * 43}
    for proof in (office.proof("/oauth/token", **{name: value}), office.proof("/oauth/token", header={field: value})):
        assert office.post("/oauth/token", form, HTTP_DPOP=proof).status_code == 400


def test_server_metadata(office) -> None:
    """RFC 8414, 2 and 3; RFC 9126, 5; RFC 9207, 3; RFC 9396, 10; FAPI 2.0, 5.3.2.1."""
    response = office.browser.get("/.well-known/oauth-authorization-server")
    found = response.json()
    secured = {k: v.replace("http://localhost:8000", "https://a.example") if isinstance(v, str) else v for k, v in found.items()}
    AuthorizationServerMetadata(secured).validate()
    assert found["issuer"] == "http://localhost:8000"
    assert found["require_pushed_authorization_requests"] is True
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    assert found["authorization_details_types_supported"] == ["aurora_twin_access"]
    assert found["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]
    assert found["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert found["scopes_supported"] == [
        "grant_management_query", "grant_management_revoke", "events", "evaluators", "concerns", "uses", "facts", "corrections", "aurora_twin_access",
    ]  # fmt: skip
    for name in ("pushed_authorization_request", "token", "revocation", "introspection"):
        path = found[f"{name}_endpoint"].removeprefix(found["issuer"])
        assert office.browser.post(path, b"", content_type=FORM).status_code in (400, 401)


def test_resource_metadata(office) -> None:
    """RFC 9728, 2 and 3.1."""
    short, long = (office.browser.get("/.well-known/oauth-protected-resource" + tail).json() for tail in ("", "/api/v1"))
    assert short == long
    assert short["resource"] == "http://localhost:8000/api/v1" and short["authorization_servers"] == ["http://localhost:8000"]
    assert short["bearer_methods_supported"] == [] and short["dpop_bound_access_tokens_required"] is True
    assert short["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]


def _register(office: Any, **changes: Any) -> None:
    client = office.client
    values = {
        "client_id": client.client_id,
        "agency": client.agency,
        "name": client.name,
        "redirect_uris": client.redirect_uris,
        "jwks": client.jwks,
        "purposes": client.allowed_purposes,
        "categories": client.allowed_categories,
    }
    clients.register(**values | changes)


@pytest.mark.parametrize(
    ("uri", "fine"),
    [
        ("https://office.example/a?b=c", True),
        ("http://127.0.0.1:8123/cb", True),
        ("http://[::1]:8123/cb", True),
        ("http://localhost:8123/cb", True),
        ("http://office.example/a", False),
        ("http://127.0.0.1.evil.example/cb", False),
        ("https://user:pw@office.example/", False),
        ("https://office.example/#x", False),
        ("https://office.example/a b", False),
        ("https://office.example\\@evil.example/", False),
        ("https://öffice.example/", False),
        ("https://office.example:port/", False),
        ("https://[::1/", False),
        ("https://", False),
        ("https://office.example/?code=1", False),
        ("https://office.example/?iss=x", False),
        ("com.example.app:/cb", False),
        ("javascript:alert(1)", False),
        ("https://office.example/" + "a" * 512, False),
        ("", False),
    ],
)
def test_which_redirect_uris_may_be_registered(office, uri, fine) -> None:
    """RFC 6749, 3.1.2; RFC 9700, 4.1; RFC 8252, 7.3 in a sandbox."""
    if fine:
        _register(office, redirect_uris=[uri])
        assert office.push(redirect_uri=uri).status_code == 201
    else:
        with pytest.raises(InvalidInput) as refused:
            _register(office, redirect_uris=[uri])
        assert "redirect_uris" in refused.value.fields


def test_loopback_is_for_sandboxes_even_when_it_was_registered_in_one(office, settings) -> None:
    _register(office, redirect_uris=["http://127.0.0.1:8123/cb"])
    settings.AURORA_SANDBOX, settings.AURORA_BASE_URL = False, "https://aurora.example"
    data = office.request(redirect_uri="http://127.0.0.1:8123/cb")
    response = office.post("/oauth/par", data, assertion=office.assertion(aud="https://aurora.example"), secure=True)
    assert response.json()["error"] == "invalid_request" and "redirect_uri" in response.json()["error_description"]


def test_which_keys_may_be_registered(office, keys, public_key) -> None:
    """RFC 7517; FAPI 2.0, 5.4.1. What is refused is not repeated."""
    good = public_key(keys["ES256"], "k1", alg="ES256", use="sig")
    _register(office, jwks={"keys": [good, public_key(keys["PS256"], "k2"), public_key(keys["EdDSA"], "k3")]})
    private = {**keys["ES256"].as_dict(private=True), "kid": "k1"}
    with pytest.warns(SecurityWarning):
        short = public_key(RSAKey.generate_key(1024), "k1")
    bad: list[Any] = [
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": [good], "more": 1},
        {"keys": [good] * 2},
        {"keys": ["x"]},
        {"keys": [private]},
        {"keys": [{**keys["PS256"].as_dict(private=True), "kid": "k1"}]},
        {"keys": [{**keys["HS256"].as_dict(private=True), "kid": "k1"}]},
        {"keys": [public_key(keys["ES384"], "k1")]},
        {"keys": [short]},
        {"keys": [{k: v for k, v in good.items() if k != "kid"}]},
        {"keys": [good | {"kid": 7}]},
        {"keys": [good | {"alg": "RS256"}]},
        {"keys": [good | {"use": "enc"}]},
        {"keys": [good | {"key_ops": ["sign"]}]},
        {"keys": [good | {"x5u": "https://evil.example"}]},
        {"keys": [good | {"x": good["y"]}]},  # no point of the curve
        {"keys": [good | {"x": 1}]},
        {"keys": [good | {"crv": ["P-256"]}]},
        {"keys": [good | {"kid": "k" * 200}]},
        {"keys": [good | {"kid": f"k{i}"} for i in range(11)]},
    ]
    for jwks in bad:
        with pytest.raises(InvalidInput) as refused:
            _register(office, jwks=jwks)
        assert "jwks" in refused.value.fields and private["d"] not in str(refused.value.fields)
    with pytest.raises(InvalidInput):
        _register(office, jwks={"keys": [good | {"x": "A" * 20_000}]})


def test_other_faults_of_a_registration(office, rival) -> None:
    for changes, field in (
        ({"name": {"en": "Only English"}}, "name"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"client_id": "with space"}, "client_id"),
        ({"client_id": rival.client.client_id}, "client_id"),
    ):
        with pytest.raises(InvalidInput) as refused:
            _register(office, **changes)
        assert field in refused.value.fields
