"""Nobody is signed in by an id_token that is not the e-ID's own, for us, for this very attempt, and fresh."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key

from aurora.identity import eid, keys
from aurora.identity.models import IdentityProvider
from aurora.outbound.oauth import PeerFailed
from aurora.sandbox import jose
from tests.support.hostile_peer import Peer

KID = "k1"
NONCE = "the-nonce-of-this-attempt"


@pytest.fixture(scope="module")
def signing() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": KID})


@pytest.fixture
def provider(peer: Peer, signing: ECKey, db: None) -> Peer:
    """Registered with, published, and its keys shown."""
    sealed = keys.seal_for_platform(json.dumps(jose.new_key()).encode(), context=eid.key_context(peer.url))
    IdentityProvider.objects.update(active=False)
    IdentityProvider.objects.create(issuer=peer.url, client_id="aurora", key_sealed=sealed)
    peer.publishes()
    peer.says("/jwks", {"keys": [signing.as_dict(private=False)]})
    return peer


def claims(peer: Peer, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": peer.url, "sub": "pairwise-1", "aud": "aurora", "iat": now, "exp": now + 60, "nonce": NONCE,
        "national_id": "S000123-Y", "name": "Aino Aalto",
    } | changes  # fmt: skip
    return {name: value for name, value in whole.items() if value is not ...}


def signed(content: dict[str, Any] | bytes, key: Key, **header: Any) -> str:
    """A compact JWS of anything: attackers do not ask a library."""
    header = {"alg": "ES256", "kid": KID} | header
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.serialize_compact(header, payload, key, registry=registry)


def b64(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def identify(peer: Peer, id_token: Any) -> eid.Identified:
    peer.says("/token", {"access_token": "at", "token_type": "Bearer", "id_token": id_token})
    return eid.identify(answer={"code": "c", "state": "s", "iss": peer.url}, state="s", verifier="v" * 43, nonce=NONCE)


def refused(peer: Peer, id_token: Any) -> None:
    with pytest.raises(PeerFailed) as failed:
        identify(peer, id_token)
    assert (failed.value.code, failed.value.retryable) == ("invalid_answer", False)
    assert "S000123" not in f"{failed.value} {failed.value!r}" and failed.value.__cause__ is None


def test_who_the_e_id_names_is_named(provider: Peer, signing: ECKey) -> None:
    found = identify(provider, signed(claims(provider), signing))
    assert (found.issuer, found.national_id, found.name) == (provider.url, "S000123-Y", "Aino Aalto")
    assert "S000123" not in repr(found) and "Aino" not in repr(found)


@pytest.mark.parametrize("changes", [{"aud": ["aurora"]}, {"aud": ["aurora", "other"], "azp": "aurora"}, {"name": ...}])
def test_what_the_standard_lets_vary_may(provider: Peer, signing: ECKey, changes: dict[str, Any]) -> None:
    assert identify(provider, signed(claims(provider, **changes), signing)).national_id == "S000123-Y"


# Of times, seconds from when the token is made: a test run may be at it for hours.
TIMES = ("iat", "exp", "nbf")
WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://other.example"},
    "issuer with a slash": {"iss": "SLASH"},
    "no issuer": {"iss": ...},
    "another audience": {"aud": "other"},
    "audience among others without azp": {"aud": ["aurora", "other"]},
    "authorized for another": {"azp": "other"},
    "several audiences, authorized for another": {"aud": ["aurora", "other"], "azp": "other"},
    "no audience": {"aud": ...},
    "audience a number": {"aud": 7},
    "no subject": {"sub": ...},
    "run out": {"iat": -7200, "exp": -3600},
    "no end": {"exp": ...},
    "end as text": {"exp": "tomorrow"},
    "no beginning": {"iat": ...},
    "made in the future": {"iat": 7200, "exp": 9000},
    "not valid yet": {"nbf": 3600},
    "no nonce": {"nonce": ...},
    "another attempt's nonce": {"nonce": "another"},
    "nonce empty": {"nonce": ""},
    "nonce in a list": {"nonce": [NONCE]},
    "nonce of half a character": {"nonce": "\ud800"},
    "nobody named": {"national_id": ...},
    "named by a number": {"national_id": 123456},
    "named by nothing": {"national_id": ""},
    "named too long": {"national_id": "S" * 65},
    "named by half a character": {"national_id": "S000123\ud800"},
    "name a list": {"name": ["Aino"]},
    "name with half a character": {"name": "Aino \udfff"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_wrong_claims_sign_nobody_in(provider: Peer, signing: ECKey, changes: dict[str, Any]) -> None:
    if changes.get("iss") == "SLASH":
        changes = {"iss": provider.url + "/"}
    now = int(time.time())
    changes = {name: now + value if name in TIMES and isinstance(value, int) else value for name, value in changes.items()}
    refused(provider, signed(claims(provider, **changes), signing))


def test_a_clock_half_a_minute_off_is_forgiven(provider: Peer, signing: ECKey) -> None:
    now = int(time.time())
    assert identify(provider, signed(claims(provider, iat=now - 600, exp=now - 5), signing))
    refused(provider, signed(claims(provider, iat=now - 600, exp=now - 120), signing))


def test_another_s_signature_signs_nobody_in(provider: Peer, signing: ECKey) -> None:
    refused(provider, signed(claims(provider), ECKey.generate_key("P-256", {"kid": KID})))
    refused(provider, signed(claims(provider), signing, kid="unknown"))
    header, payload, signature = signed(claims(provider), signing).split(".")
    refused(provider, f"{header}.{b64(claims(provider, national_id='S000999-0'))}.{signature}")
    refused(provider, f"{header}.{payload}.")


def test_weaker_algorithms_sign_nobody_in(provider: Peer, signing: ECKey) -> None:
    public = json.dumps(signing.as_dict(private=False)).encode()
    pem = signing.as_pem(private=False)
    for secret in (public, pem, signing.as_dict(private=False)["x"].encode()):
        covered = f"{b64({'alg': 'HS256', 'kid': KID})}.{b64(claims(provider))}"
        mac = base64.urlsafe_b64encode(hmac.digest(secret, covered.encode(), "sha256")).rstrip(b"=").decode()
        refused(provider, f"{covered}.{mac}")
    none, payload = b64({"alg": "none", "kid": KID}), b64(claims(provider))
    for unsigned in (f"{none}.{payload}.", f"{none}.{payload}", f"{none}.{payload}.AAAA"):
        refused(provider, unsigned)
    other = ECKey.generate_key("P-384", {"kid": KID})
    provider.says("/jwks", {"keys": [other.as_dict(private=False)]})
    refused(provider, signed(claims(provider), other, alg="ES384"))


@pytest.mark.parametrize(
    "said", [..., None, "", "a.b.c", "....", 7, ["x"], "x" * 20_000, "é.é.é", "e30.e30.", " "], ids=lambda v: repr(v)[:20]
)
def test_what_is_no_id_token_signs_nobody_in(provider: Peer, said: Any) -> None:
    if said is ...:
        provider.says("/token", {"access_token": "at", "token_type": "Bearer"})
        with pytest.raises(PeerFailed, match="invalid_answer"):
            eid.identify(answer={"code": "c", "state": "s", "iss": provider.url}, state="s", verifier="v" * 43, nonce=NONCE)
    else:
        refused(provider, said)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"x"', b"\xff", b"{"])
def test_what_a_signature_covers_must_be_claims(provider: Peer, signing: ECKey, content: bytes) -> None:
    refused(provider, signed(content, signing))


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": None}, {"keys": 3}, {"keys": []}, {"keys": [1]}, {"keys": [{}]}, {"keys": [{"kty": "EC"}]}, {"keys": {"kty": "EC"}}, []],
    ids=repr,
)
def test_without_keys_that_can_be_read_nobody_is_signed_in(provider: Peer, signing: ECKey, published: Any) -> None:
    provider.says("/jwks", published)
    refused(provider, signed(claims(provider), signing))


def test_without_an_e_id_nobody_departs(peer: Peer, db: None) -> None:
    IdentityProvider.objects.update(active=False)
    with pytest.raises(PeerFailed, match="source_down"):
        eid.depart(language="en")


def test_the_citizen_departs_in_their_language(provider: Peer) -> None:
    provider.publishes(pushed_authorization_request_endpoint=None)
    url = eid.depart(language="sv").url
    assert "ui_locales=sv" in url and "scope=openid+profile" in url and "nonce=" in url and "code_challenge_method=S256" in url
