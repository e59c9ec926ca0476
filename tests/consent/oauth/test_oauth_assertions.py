"""Attacks on client authentication (RFC 7523; FAPI 2.0 Security Profile, 5.3.2.1 and 5.4; RFC 8725)."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import SecurityWarning

from consent.oauth import jwks, rfc7523
from consent.oauth.models import PushedRequest, UsedAssertion


def _refused(office: Any, assertion: str) -> None:
    """invalid_client, 401, at every endpoint, and nothing was kept."""
    for path in ("/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke"):
        data = office.request() | {"grant_type": "authorization_code", "code": "c", "token": "t"}
        response = office.post(path, data, assertion=assertion)
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client"), (path, response.content)
        assert response["WWW-Authenticate"].startswith("private_key_jwt ")
    assert not PushedRequest.objects.filter(client=office.client).exists()
    assert not UsedAssertion.objects.filter(client=office.client).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["http://localhost:8000"]},  # FAPI 2.0, 5.3.2.1: a string, not an array
        {"aud": ["http://localhost:8000", "https://elsewhere.example"]},
        {"aud": "http://localhost:8000/oauth/token"},  # the audience confusion of 2025: the issuer only
        {"aud": "http://localhost:8000/oauth/par"},
        {"aud": "http://localhost:8000/"},
        {"aud": "HTTP://localhost:8000"},
        {"aud": None},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"sub": ["a"]},
        {"sub": "nul\x00"},
        {"sub": None},
        {"iss": None},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
    ],
)
def test_wrong_claims(office, changes) -> None:
    _refused(office, office.assertion(**changes))


@pytest.mark.parametrize(
    ("name", "offset"),
    [("exp", 360), ("exp", 10 * 365 * 86400), ("exp", 0), ("exp", -60), ("nbf", 60), ("iat", 60), ("iat", -400)],
)
def test_wrong_times(office, name, offset) -> None:
    """exp at most 5 minutes ahead; iat and nbf sane (FAPI 2.0, 5.3.2.1: 60 s ahead is too far)."""
    _refused(office, office.assertion(**{name: int(time.time()) + offset}))


def test_five_minutes_are_the_most_to_the_second() -> None:
    """By a clock that stands still: with the real one the last of them pass while an assertion is on its way."""
    now = time.time()
    assert rfc7523._judge_times({"exp": now + 300}, now) == now + 300
    for exp in (now + 301, now):
        with pytest.raises(InvalidClientError):
            rfc7523._judge_times({"exp": exp}, now)


@pytest.mark.parametrize("value", [None, "soon", True, [], {}, 10**400, -1, 1e308])
def test_times_that_are_none(office, value) -> None:
    claims = office.claims() | {"exp": value}
    _refused(office, office.sign(claims))


@pytest.mark.parametrize("text", ['"exp":NaN', '"exp":Infinity', '"exp":1e400'])
def test_numbers_that_json_does_not_have(office, text) -> None:
    claims = json.dumps(office.claims(exp=None))[:-1] + f", {text}}}"
    _refused(office, office.sign(claims.encode()))


@pytest.mark.parametrize("offset", [5, 9])
def test_a_clock_that_is_a_little_ahead_passes(office, offset) -> None:
    """FAPI 2.0, 5.3.2.1, note 3: up to 10 s ahead is accepted."""
    now = int(time.time()) + offset
    assert office.post("/oauth/par", office.request(), assertion=office.assertion(iat=now, nbf=now)).status_code == 201


def test_alg_none(office) -> None:
    """RFC 8725, 3.1 and 3.2."""
    _, payload, signature = office.assertion().split(".")
    none = jws_header(alg="none", kid="k1")
    _refused(office, f"{none}.{payload}.")
    _refused(office, f"{none}.{payload}.{signature}")


def test_hs256_with_the_public_key_as_secret(office, keys) -> None:
    """RFC 8725, 2.1: key confusion."""
    payload = office.assertion().split(".")[1]
    for secret in (office.key.as_pem(private=False), json.dumps(office.key.as_dict(private=False)).encode()):
        signed = f"{jws_header(alg='HS256', kid='k1')}.{payload}"
        _refused(office, f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}")


@pytest.mark.parametrize(("kind", "alg"), [("PS256", "RS256"), ("PS256", "PS512"), ("ES384", "ES384")])
def test_algorithms_outside_the_profile(office, keys, public_key, kind, alg) -> None:
    """FAPI 2.0, 5.4.1: PS256, ES256, EdDSA."""
    if kind == "PS256":
        office.client.jwks = {"keys": [public_key(keys[kind], "k1")]}
        office.client.save(update_fields=["jwks"])
    _refused(office, office.sign(office.claims(), keys[kind], alg=alg))


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_algorithms_of_the_profile(office, keys, public_key, alg, recwarn) -> None:
    office.client.jwks = {"keys": [public_key(keys["ES256"], "other"), public_key(keys[alg], "k1")]}
    office.client.save(update_fields=["jwks"])
    assertion = office.sign(office.claims(), keys[alg], alg=alg)
    recwarn.clear()
    assert office.post("/oauth/par", office.request(), assertion=assertion).status_code == 201
    assert not [w for w in recwarn.list if issubclass(w.category, SecurityWarning)]


def test_key_ids(office, keys, public_key) -> None:
    """An unknown kid finds no key; without kid only a client with one key is understood."""
    only = raw_jws(office.key, {"alg": "ES256"}, json.dumps(office.claims()).encode())
    assert office.post("/oauth/introspect", {"token": "t"}, assertion=only).status_code == 200
    UsedAssertion.objects.filter(client=office.client).delete()
    claims = json.dumps(office.claims()).encode()
    for kid in ("unknown", "", ["k1"], {"k": 1}, 1, True, None):
        _refused(office, raw_jws(office.key, {"alg": "ES256", "kid": kid}, claims))
    _, payload, signature = office.assertion().split(".")
    _refused(office, f"{jws_header(alg='ES256', kid='../../etc/passwd')}.{payload}.{signature}")
    office.client.jwks["keys"].append(public_key(keys["ES256"], "k2"))
    office.client.save(update_fields=["jwks"])
    _refused(office, office.sign(office.claims(), keys["ES256"], kid="k1"))
    _refused(office, raw_jws(keys["ES256"], {"alg": "ES256"}, claims))
    assert office.post("/oauth/par", office.request(), assertion=office.sign(office.claims(), keys["ES256"], kid="k2")).status_code == 201


def test_an_assertion_that_brings_its_own_key(office, keys, public_key) -> None:
    """RFC 8725, 3.10; RFC 7515, 4.1: jwk, jku, x5u, x5c, crit, b64 are not for the sender to choose."""
    own = public_key(keys["ES256"], "k1")
    for name, value in {
        "jwk": own,
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/cert",
        "x5c": ["MIIB"],
        "crit": ["exp"],
        "b64": False,
        "zip": "DEF",
    }.items():
        claims = json.dumps(office.claims()).encode()
        for key in (keys["ES256"], office.key):
            _refused(office, raw_jws(key, {"alg": "ES256", "kid": "k1", name: value}, claims))


def test_replay(office, rival) -> None:
    """RFC 7523, 3, point 7; FAPI 2.0, 5.3.2.1: a jti works once, at whichever endpoint; it is the client's own."""
    assertion = office.assertion(jti="the same")
    assert office.post("/oauth/par", office.request(), assertion=assertion).status_code == 201
    for path in ("/oauth/par", "/oauth/introspect"):
        again = office.post(path, office.request() | {"token": "t"}, assertion=assertion)
        assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert office.post("/oauth/par", office.request(), assertion=office.assertion(jti="the same")).status_code == 401
    assert rival.post("/oauth/par", rival.request(), assertion=rival.assertion(jti="the same")).status_code == 201


def test_a_refused_assertion_uses_no_jti_up(office, keys) -> None:
    """Else a stranger could spend a client's identifiers for it."""
    forged = office.sign(office.claims(jti="mine"), keys["ES256"])
    assert office.post("/oauth/par", office.request(), assertion=forged).status_code == 401
    assert office.post("/oauth/par", office.request(), assertion=office.assertion(jti="mine")).status_code == 201


def test_foreign_and_tampered_signatures(office, rival) -> None:
    _refused(office, office.sign(office.claims(), rival.key))
    header, payload, signature = office.assertion().split(".")
    other = office.assertion().split(".")
    _refused(office, f"{header}.{other[1]}.{signature}")
    _refused(office, f"{header}.{payload}.{'A' * len(signature)}")


@pytest.mark.parametrize(
    "assertion",
    ["x", "a.b.c", "..", "a.b", "é.é.é", "a.b.c.d.e", "A" * 5000, "eyJhbGciOiJFUzI1NiJ9.e30.AA", "eyJhbGciOiJFUzI1NiJ9.W10.AA"],
)
def test_what_is_no_assertion(office, assertion) -> None:
    _refused(office, assertion)


def test_json_that_is_deep_or_says_a_thing_twice(office) -> None:
    claims = json.dumps(office.claims())
    me = office.client.client_id
    for payload in (
        b"[" * 2500,
        b'{"a":' * 600 + b"1" + b"}" * 600,
        claims[:-1].encode() + b', "x": ' + b"[" * 900 + b"]" * 900 + b"}",
        claims[:-1].encode() + b', "aud": "http://localhost:8000"}',
        claims[:-1].encode() + b', "x": "\\ud800"}',
        claims[:-1].encode() + b', "x": "\\u0000"}',
        claims[:-1].encode() + b', "x": ' + b"9" * 4400 + b"}",
        b"\xff" + claims.encode(),
        f'"{me}"'.encode(),
    ):
        _refused(office, raw_jws(office.key, {"alg": "ES256", "kid": "k1"}, payload))


def test_other_ways_to_authenticate(office) -> None:
    """RFC 6749, 2.3: one method a request; there are no secrets and no public clients."""
    me = office.client.client_id
    for extra, headers in (
        ({"client_assertion": None, "client_assertion_type": None}, {}),
        ({"client_assertion": None, "client_assertion_type": None, "client_secret": "s"}, {}),
        ({"client_secret": "s"}, {}),
        ({}, {"HTTP_AUTHORIZATION": "Basic bWU6c2VjcmV0"}),
        ({"client_assertion": None}, {"HTTP_AUTHORIZATION": "Basic bWU6c2VjcmV0"}),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, {}),
    ):
        data = office.request() | {"client_id": me, "token": "t"} | extra
        for path in ("/oauth/par", "/oauth/introspect"):
            response = office.post(path, data, **headers)
            assert (response.status_code, response.json()["error"]) == (401, "invalid_client"), (path, extra)


def test_the_client_id_must_be_the_assertions(office, rival) -> None:
    """RFC 7521, 4.2; RFC 9126, 2."""
    response = office.push(client_id=rival.client.client_id)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert office.push(client_id=None).json()["error"] == "invalid_request"


def test_the_registered_keys_alone_decide(office, keys, public_key) -> None:
    """A key that was rolled away no longer opens anything."""
    old = office.key
    office.client.jwks = {"keys": [public_key(keys["ES256"], "k1")]}
    office.client.save(update_fields=["jwks"])
    _refused(office, office.sign(office.claims(), old))
    assert office.post("/oauth/par", office.request(), assertion=office.sign(office.claims(), keys["ES256"])).status_code == 201
    assert jwks.choose(office.client.jwks, kid="k1", alg="PS256") is None


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def jws_header(**header: Any) -> str:
    return b64(json.dumps(header).encode())


def raw_jws(key: Any, header: dict[str, Any], payload: bytes) -> str:
    """ES256 by hand: no library would put these into a header."""
    signed = f"{jws_header(**header)}.{b64(payload)}"
    r, s = decode_dss_signature(key.private_key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
