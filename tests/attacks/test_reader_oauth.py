"""What a reader found who had not written it: dear keys, names that deceive, an audience that changed hands, odd values in what is signed.

RFC 7515 and RFC 7523 (assertions), RFC 9449, 4.3 (proofs), RFC 8707, 3 (audiences); RFC 9700, 4.10 (tokens that go to the wrong server).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import ProgrammingError, connection, transaction
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from consent.models import AgencyVersion, DataCategoryVersion
from consent.oauth import client_form, jwks
from consent.oauth.models import Client
from tests.attacks.odd import check
from tests.support.cast import ASSERTION_TYPE, FORM, ISSUER, Cast, browser, changed, snapshot
from tests.support.grant_holder import another_client
from tests.support.relying import PATH, Relying, b64, shown

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**400, 1e308, "", " ", "x" * 3000, "\x00", "\ud800", "ES256\n", "\u202e", [], ["ES256"], {}, {"a": [1]}, [[[[]]]],
)  # fmt: skip


def signed(header: dict[str, Any], claims: Any, key: ECKey) -> str:
    """ES256 over whatever stands there."""
    body = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{body}.{b64(JWSRegistry.algorithms['ES256'].sign(body.encode(), key))}"


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def dear_key() -> dict[str, Any]:
    """A sound modulus and an exponent as long: nothing that OpenSSL refuses up to 3072 bits."""
    public = RSAKey.generate_key(3072, private=False).as_dict(private=False)
    return {"kty": "RSA", "n": public["n"], "e": number(secrets.randbits(3070) | 1 << 3069 | 1)}


def test_a_key_that_is_dear_to_verify_with_is_none(cast: Cast, first: Relying) -> None:
    """A proof is verified before anything is known of who sends it: 16 ms a call instead of 0.07 would be everybody's to spend."""
    dear = dear_key()
    assert "exponent" in (jwks.fault_of_key(dear) or "")
    assert "exponent" in (jwks.fault_of({"keys": [dear | {"kid": "k"}]}) or "")
    head = b64(json.dumps({"typ": "dpop+jwt", "alg": "PS256", "jwk": dear}).encode())
    answer = first.reads("a" * 43, proof=f"{head}.e30.{b64(bytes(384))}")
    assert (
        answer.status_code == 401
        and 'error="invalid_dpop_proof"' in answer["WWW-Authenticate"]
        and "exponent" in answer["WWW-Authenticate"]
    )
    for usual in (3, 65537, 2**64 - 59):
        assert jwks.fault_of_key(dear | {"e": number(usual)}) is None


@pytest.fixture
def content(cast: Cast) -> dict[str, Any]:
    """A client of a new agency that may be registered."""
    office = Client.objects.select_related("agency").get(client_id=cast.office.client_id)
    agency = {"code": "newcomer", "name": dict.fromkeys(("fi", "sv", "en"), "Newcomer")}
    found = client_form.content_of(office) | {"agency": agency, "resource": ""}
    assert client_form.faults_of("newcomer", found, None) == {}
    return found


@pytest.mark.parametrize("code", ["aurora", "citizen", "operator", "recipient", "source"])
def test_no_agency_is_called_as_those_who_end_consents(content: dict[str, Any], code: str) -> None:
    """`by` of an event: receipts and notices would say that somebody else did it."""
    assert "agency" in client_form.faults_of("newcomer", content | {"agency": content["agency"] | {"code": code}}, None)


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u2066", "\u00ad", "\ufeff", "\u2028", "\ue000", "\U000e0041", "\x1b"])
def test_a_name_shows_all_that_it_has(content: dict[str, Any], unseen: str) -> None:
    """Citizens decide by it: it must not be written backwards, nor be another's with a letter that is not seen."""
    name = dict.fromkeys(("fi", "sv", "en"), f"Tax{unseen}Administration")
    assert "name" in client_form.faults_of("newcomer", content | {"name": name}, None)
    assert "agency_name" in client_form.faults_of("newcomer", content | {"agency": {"code": "newcomer", "name": name}}, None)
    assert client_form.faults_of("newcomer", content | {"name": dict.fromkeys(("fi", "sv", "en"), "Årsjö – Äänekoski (test)")}, None) == {}


def test_an_audience_that_changed_hands_does_not_show_the_tokens_of_before(cast: Cast, first: Relying) -> None:
    """RFC 7662, 2.2: the agency's pairwise name for the citizen is for its own servers."""
    api = "https://api.moved.example/v1"
    sibling, rival = another_client(cast), another_client(cast, agency="rival")
    servers = [Relying(c.client_id, c.key, c.redirect_uri, c.purpose, c.categories) for c in (sibling, rival)]
    ours, theirs = (Client.objects.filter(client_id=s.client_id) for s in servers)
    ours.update(resource=api)
    try:
        token = first.redeem(first.code(cast.cecilia), resource=api).json()["access_token"]
        assert servers[0].send("/oauth/introspect", {"token": token}).json()["sub"]
        ours.update(resource=""), theirs.update(resource=api)
        assert servers[1].send("/oauth/introspect", {"token": token}).json() == {"active": False}
    finally:
        ours.update(resource=""), theirs.update(resource="")


def odd_assertions(client: Relying) -> Iterator[tuple[str, str]]:
    key, now = ECKey.import_key(dict(client.key)), int(time.time())
    for name in ("alg", "kid", "typ", "x"):
        for value in ODD:
            header = {"alg": "ES256", "kid": client.key["kid"], "typ": "JWT", name: value}
            claims = {"iss": client.client_id, "sub": client.client_id, "aud": ISSUER, "jti": secrets.token_urlsafe(9), "exp": now + 60}
            yield f"header {name}={value!r:.20}", signed(header, claims, key)
    for name in ("iss", "sub", "aud", "jti", "exp", "iat", "nbf"):
        for value in ODD:
            claims = {
                "iss": client.client_id,
                "sub": client.client_id,
                "aud": ISSUER,
                "jti": secrets.token_urlsafe(9),
                "exp": now + 60,
                name: value,
            }
            yield f"claim {name}={value!r:.20}", signed({"alg": "ES256", "kid": client.key["kid"]}, claims, key)
    for whole in ODD:
        yield f"claims {whole!r:.20}", signed({"alg": "ES256"}, whole, key)


def odd_proofs(key: ECKey) -> Iterator[tuple[str, str]]:
    public = key.as_dict(private=False)
    good = {"htm": "POST", "htu": f"{ISSUER}/oauth/token", "iat": int(time.time())}
    for name in ("alg", "typ", "jwk", "x"):
        for value in ODD:
            header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public, name: value}
            yield f"header {name}={value!r:.20}", signed(header, good | {"jti": secrets.token_urlsafe(9)}, key)
    for name in public:
        for value in ODD:
            header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public | {name: value}}
            yield f"jwk {name}={value!r:.20}", signed(header, good | {"jti": secrets.token_urlsafe(9)}, key)
    for name in ("htm", "htu", "iat", "jti", "nonce", "ath"):
        for value in ODD:
            header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
            yield f"claim {name}={value!r:.20}", signed(header, good | {"jti": secrets.token_urlsafe(9), name: value}, key)
    for uri in (
        "http://[",
        "http://[::1",
        "http://a:99999/",
        "http://a:0/",
        "http://a:x/",
        "//",
        "http:",
        "http://\uff0e/",
        "http://@/",
        "http://%/",
        "http://a/%",
    ):
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
        yield f"htu {uri}", signed(header, good | {"jti": secrets.token_urlsafe(9), "htu": uri}, key)


def test_odd_values_in_a_signed_assertion_are_refused_or_ignored_and_change_nothing(cast: Cast, first: Relying, settings: Any) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 10**6, "client": 10**6}
    before = snapshot()
    for what, assertion in odd_assertions(first):
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, "token": "a" * 43}
        answer: Any = browser().post("/oauth/introspect", urlencode(form), content_type=FORM)
        check(answer, cast.secrets(), what=what)
        assert answer.json() == {"active": False} or (answer.status_code == 401 and answer.json()["error"] == "invalid_client"), what
    assert changed(before, snapshot()) <= {"consent_oauth_usedassertion"}


def test_odd_values_in_a_signed_proof_are_refused_or_ignored_and_change_nothing(cast: Cast, first: Relying, settings: Any) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 10**6, "client": 10**6}
    before = snapshot()
    for what, proof in odd_proofs(first.dpop):
        for answer in (
            first.send("/oauth/token", {"grant_type": "refresh_token", "refresh_token": "a" * 43}, proof=proof),
            first.reads("a" * 43, proof=proof, path=PATH),
        ):
            check(answer, cast.secrets(), what=what)
            assert answer.status_code in (400, 401), what
    assert changed(before, snapshot()) <= {"consent_oauth_usedassertion", "consent_oauth_usedproof"}


@pytest.mark.parametrize("model", [DataCategoryVersion, AgencyVersion])
def test_the_service_takes_no_version_away_to_put_another_in_its_place(cast: Cast, model: Any) -> None:
    """What was consented to is read from these rows, by their number: they are kept, and not only against a change in place."""
    with connection.cursor() as cursor, pytest.raises(ProgrammingError), transaction.atomic():
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE version > 0")


@pytest.mark.parametrize("field", ["allowed_categories", "allowed_purposes", "redirect_uris"])
def test_what_was_taken_from_a_client_is_not_asked_for_by_requests_of_before(cast: Cast, first: Relying, field: str) -> None:
    """RFC 9700, 4.1: a redirect URI is no longer the client's, or it may not ask for this any more, while a page is open."""
    row = Client.objects.filter(client_id=first.client_id)
    kept = row.values_list(field, flat=True).get()
    face, uri = cast.cecilia.browser(), first.pushed()
    page = first.opened(face, uri)
    form = {**dict(page.context["page"].hidden), "decision": "allow", "categories": first.categories}
    known = len(cast.cecilia.consents())
    others = {"redirect_uris": ["https://elsewhere.example/callback"]}.get(field, [])
    row.update(**{field: others})
    try:
        shown(face.post("/oauth/authorize", urlencode(form, doseq=True), content_type=FORM))
        shown(first.opened(face, uri))
    finally:
        row.update(**{field: kept})
    assert len(cast.cecilia.consents()) == known
    assert first.opened(face, uri).status_code == 200, "nothing was used up"
