"""The cast of the authorization server's tests: an office (data user) and a rival with clients of their own, Aino and Cecilia (citizens).

Everything is made anew with names of its own for each test, as the database role that row-level security binds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from consent.days import end_of, today
from consent.models import (
    Agency,
    ConsentRecord,
    DataCategory,
    Notice,
    Purpose,
    PurposeVersion,
)
from consent.oauth import clients, requests, responses, tokens
from consent.oauth.models import Client, Grant, GrantPart
from consent.oauth.rfc9449 import Call
from consent.scope import citizen_scope
from tests.support.hostile_peer import listening, peer

__all__ = ["listening", "peer"]

ISSUER = "http://localhost:8000"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.AURORA_SANDBOX = True
    settings.AURORA_BASE_URL = ISSUER
    settings.ROOT_URLCONF = "consent.oauth.urls"
    settings.SECURE_SSL_REDIRECT = False


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Office:
    """The agency's side, which speaks to the server over HTTP only."""

    client: Client
    key: Key
    purpose: str
    categories: list[str]
    redirect_uri: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    proof_key: Key = field(default_factory=lambda: ECKey.generate_key("P-256"))
    browser: Browser = field(default_factory=lambda: Browser(SERVER_NAME="localhost", raise_request_exception=True))

    @property
    def challenge(self) -> str:
        return b64(hashlib.sha256(self.verifier.encode()).digest())

    def sign(self, claims: dict[str, Any] | bytes, key: Key | None = None, **header: Any) -> str:
        """A compact JWS by joserfc's primitives, whatever is in it: attackers do not ask a library."""
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        alg = header.setdefault("alg", "ES256")
        registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
        return jws.serialize_compact({"kid": "k1"} | header, payload, key or self.key, registry=registry)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        me = self.client.client_id
        claims = {"iss": me, "sub": me, "aud": ISSUER, "jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 60} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, **changes: Any) -> str:
        return self.sign(self.claims(**changes))

    def proof(
        self, path: str, method: str = "POST", *, token: str | None = None, key: Key | None = None, header: Any = None, **changes: Any
    ) -> str:
        """A DPoP proof, made without a library that knows DPoP. `changes` to the claims, None to leave one out."""
        key = key or self.proof_key
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": f"{ISSUER}{path}", "iat": int(time.time())}
        if token is not None:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        fields = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | (header or {})
        fields = {name: value for name, value in fields.items() if value is not None}
        text = f"{b64(json.dumps(fields).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(jws.JWSRegistry.algorithms[fields['alg']].sign(text.encode(), key))}"

    def call(self, token: str, path: str = "/api/v1/twin/x", *, now: datetime | None = None, scheme: str = "DPoP", **proof: Any) -> Call:
        """A read with this token and a proof of its key, as the API sees it."""
        if now is not None:
            proof = {"iat": int(now.timestamp())} | proof
        return Call("GET", path, f"{scheme} {token}", self.proof(path, "GET", token=token, **proof))

    def context(self, token: str, *, now: datetime | None = None, **how: Any) -> tokens.TokenContext:
        """What the API would know of who sends this token. Raises `InvalidToken`."""
        return tokens.authenticate(self.call(token, now=now, **how), now=now)

    def post(self, path: str, data: dict[str, Any], *, assertion: str | None = None, **extra: Any) -> HttpResponse:
        """Signed; with a proof at the token endpoint, unless `HTTP_DPOP` says otherwise."""
        if path == "/oauth/token":
            extra = {"HTTP_DPOP": self.proof(path)} | extra
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}
        body = {name: value for name, value in (proof | data).items() if value is not None}
        return self.browser.post(path, urlencode(body), content_type=FORM, **extra)

    def detail(self, **changes: Any) -> dict[str, Any]:
        until = (today() + timedelta(days=30)).isoformat()
        detail = {"type": "aurora_twin_access", "purpose": self.purpose, "categories": self.categories, "until": until} | changes
        return {name: value for name, value in detail.items() if value is not None}

    def request(self, **changes: Any) -> dict[str, Any]:
        return {
            "client_id": self.client.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "state": "st ate&=",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([self.detail()]),
        } | changes

    def push(self, **changes: Any) -> HttpResponse:
        return self.post("/oauth/par", self.request(**changes))

    def pushed(self, **changes: Any) -> str:
        response = self.push(**changes)
        assert response.status_code == 201, response.content
        uri: str = response.json()["request_uri"]
        return uri

    def redeem(self, code_: str, **changes: Any) -> HttpResponse:
        data = {
            "grant_type": "authorization_code",
            "code": code_,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.post("/oauth/token", data | changes)

    def refresh(self, token: str, **changes: Any) -> HttpResponse:
        return self.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token} | changes)

    def introspect(self, token: str) -> dict[str, Any]:
        response = self.post("/oauth/introspect", {"token": token})
        assert response.status_code == 200, response.content
        body: dict[str, Any] = response.json()
        return body


def make_office(name: str = "office") -> Office:
    tag = uuid4().hex[:12]
    agency = Agency.objects.create(code=f"{name}-{tag}", name=dict.fromkeys(("fi", "sv", "en"), name), roles=["data_user"])
    categories = [f"test.{tag}.{kind}" for kind in ("income", "housing", "person")]
    DataCategory.objects.bulk_create(DataCategory(code=code, source=agency) for code in categories)
    purpose = Purpose.objects.create(code=f"purpose-{tag}", kind=Purpose.Kind.ACCESS)
    texts = dict.fromkeys(("fi", "sv", "en"), "Text")
    PurposeVersion.objects.create(
        purpose=purpose, version=1, dpv="https://w3id.org/dpv#Purpose", name=texts, description=texts, on_refusal=texts
    )
    key = ECKey.generate_key("P-256")
    redirect_uri = f"https://{name}.example/callback?from=aurora"
    client = clients.register(
        client_id=f"{name}-{tag}",
        agency=agency,
        name=texts,
        redirect_uris=[redirect_uri],
        jwks={"keys": [public(key, "k1")]},
        purposes=[purpose.code],
        categories=categories,
    )
    return Office(client, key, purpose.code, categories, redirect_uri)


def public(key: Key, kid: str, **members: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid, **members}


def make_citizen() -> UUID:
    citizen_id = uuid4()
    with citizen_scope(citizen_id):
        get_user_model().objects.create(
            id=citizen_id, subject_hmac=secrets.token_bytes(32), national_id_sealed=b"-", name_sealed=b"-", created_at=timezone.now()
        )
    return citizen_id


def consent_of(citizen_id: UUID, office: Office, view: requests.PushedRequestView, **changes: Any) -> ConsentRecord:
    """As `consent.services.give` makes it, without the history that nobody may take away again. Called in the citizen's scope."""
    notice, _ = Notice.objects.get_or_create(
        digest=hashlib.sha256(b"oauth tests").hexdigest(),
        defaults={"language": "en", "content": {}, "first_shown_at": timezone.now()},
    )
    now = timezone.now()
    values = {
        "citizen_id": citizen_id,
        "recipient": office.client.agency,
        "purpose_id": view.purpose,
        "purpose_version": PurposeVersion.objects.get(purpose_id=view.purpose),
        "categories": list(view.categories),
        "category_versions": dict.fromkeys(view.categories, 1),
        "notice": notice,
        "state": "given",
        "once": view.once,
        "decided_at": now,
        "not_before": now,
        "expires_at": end_of(view.until),
    }
    return ConsentRecord.objects.create(**values | changes)


@dataclass
class Approved:
    code: str
    url: str
    consent: ConsentRecord
    citizen_id: UUID


def approve(office: Office, citizen_id: UUID, request_uri: str | None = None, *, until: date | None = None, **changes: Any) -> Approved:
    """The citizen's side: opens the request in a browser and agrees, or to a part of it (`categories=`)."""
    uri = request_uri or office.pushed()
    view = requests.load(client_id=office.client.client_id, request_uri=uri, interaction="aino's browser")
    if until:
        changes["expires_at"] = end_of(until)
    with citizen_scope(citizen_id):
        consent = consent_of(citizen_id, office, view, **changes)
        url = responses.approve(request=view, citizen_id=citizen_id, consent=consent)
    return Approved(parse_qs(urlsplit(url).query)["code"][0], url, consent, citizen_id)


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


@pytest.fixture
def rival(db: None) -> Office:
    return make_office("rival")


@pytest.fixture
def aino(db: None) -> UUID:
    return make_citizen()


@pytest.fixture
def cecilia(db: None) -> UUID:
    return make_citizen()


@pytest.fixture
def agree() -> Callable[..., Approved]:
    return approve


@pytest.fixture
def record_consent() -> Callable[..., ConsentRecord]:
    return consent_of


@pytest.fixture
def public_key() -> Callable[..., dict[str, Any]]:
    return public


@pytest.fixture
def tokens_of(office: Office, aino: UUID) -> dict[str, Any]:
    """A token response of the office for Aino, by the whole way."""
    response = office.redeem(approve(office, aino).code)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture(scope="session")
def keys() -> dict[str, Key]:
    """One key of each kind that an assertion may be tried with; RSA is slow to make."""
    return {
        "ES256": ECKey.generate_key("P-256"),
        "ES384": ECKey.generate_key("P-384"),
        "EdDSA": OKPKey.generate_key("Ed25519"),
        "PS256": RSAKey.generate_key(2048),
        "HS256": OctKey.generate_key(256),
    }


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Office, UUID]]:
    """The office and Aino with real commits, for threads; taken away afterwards, so that no other test meets them."""
    with django_db_blocker.unblock():
        office, aino = make_office("parallel"), make_citizen()
        try:
            yield office, aino
        finally:
            take_away(office, aino)


def take_away(office: Office, citizen_id: UUID) -> None:
    from consent.oauth.models import (
        AccessToken,
        AuthorizationCode,
        ClientToken,
        PushedRequest,
        RefreshToken,
        UsedAssertion,
    )

    with citizen_scope(citizen_id):
        for model in (AccessToken, RefreshToken, AuthorizationCode, GrantPart, Grant, ConsentRecord):
            model.objects.filter(citizen_id=citizen_id).delete()
        get_user_model().objects.filter(pk=citizen_id).delete()
    ClientToken.objects.filter(client=office.client).delete()
    UsedAssertion.objects.filter(client=office.client).delete()
    PushedRequest.objects.filter(client=office.client).delete()
    office.client.delete()
    PurposeVersion.objects.filter(purpose_id=office.purpose).delete()
    Purpose.objects.filter(pk=office.purpose).delete()
    DataCategory.objects.filter(code__in=office.categories).delete()
    office.client.agency.delete()
