"""Agencies' own resource servers: tokens for them (RFC 8707, RFC 9068), and what such a server may ask (RFC 7662)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from consent import signing
from consent.keeper import keeper
from consent.models import ConsentRecord
from consent.oauth import clients, tokens
from consent.oauth.errors import InvalidToken
from consent.oauth.models import AccessToken, Client, RefreshToken
from consent.scope import citizen_scope

API = "https://api.office.example/v1"
AURORA = "http://localhost:8000/api/v1"


@dataclass
class Sides:
    """The office that asks, its own server, and a code that waits."""

    office: Any
    server: Any
    aino: UUID
    agree: Any

    def code(self, **pushed: Any) -> Any:
        """A new consent; one before it is over."""
        with citizen_scope(self.aino):
            ConsentRecord.objects.filter(citizen_id=self.aino, state="given").update(state="replaced", ended_at=timezone.now())
        return self.agree(self.office, self.aino, self.office.pushed(**pushed))

    def issued(self, *, pushed: dict[str, Any] | None = None, **asked: Any) -> dict[str, Any]:
        answer = self.office.redeem(self.code(**(pushed or {})).code, **asked)
        assert answer.status_code == 200, answer.content
        body: dict[str, Any] = answer.json()
        return body


def _server_of(office: Any, resource: str = API, *, agency: Any = None) -> Any:
    key = ECKey.generate_key("P-256")
    client = clients.register(
        client_id=f"server-{uuid4().hex[:8]}",
        agency=agency or office.client.agency,
        name=office.client.name,
        redirect_uris=["https://api.office.example/none"],
        jwks={"keys": [{**key.as_dict(private=False), "kid": "k1"}]},
        purposes=[office.purpose],
        categories=office.categories,
        resource=resource,
    )
    return replace(office, client=client, key=key)


@pytest.fixture
def sides(office: Any, aino: UUID, agree: Any) -> Sides:
    return Sides(office, _server_of(office), aino, agree)


def _claims(token: str) -> dict[str, Any]:
    """As a resource server checks it (RFC 9068, 4), with nothing but our public keys."""
    found = jwt.decode(token, KeySet.import_key_set(signing.jwks()), algorithms=["ES256"])
    assert found.header["typ"] == "at+jwt" and found.header["alg"] == "ES256"
    return dict(found.claims)


def test_a_token_for_the_agencys_own_api_is_a_signed_jwt(sides: Sides) -> None:
    """RFC 9068, 2.1 and 2.2; FAPI 2.0, 5.3.2.1: audience-restricted and sender-constrained."""
    answer = sides.issued(resource=API)
    claims = _claims(answer["access_token"])
    assert answer["token_type"] == "DPoP" and 0 < answer["expires_in"] <= 300
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("http://localhost:8000", API, sides.office.client.client_id)
    assert claims["authorization_details"] == answer["authorization_details"] and claims["grant_id"] == answer["grant_id"]
    assert claims["cnf"] == {"jkt": sides.office.proof_key.thumbprint()}
    assert claims["sub"] == keeper().pairwise(citizen_id=sides.aino, agency=sides.office.client.agency.code)
    assert str(sides.aino) not in json.dumps(claims) and "act" not in claims
    other = _claims(sides.issued(resource=API)["access_token"])
    assert other["jti"] != claims["jti"] and len(claims["jti"]) == 43


def test_an_attorney_who_consented_is_named_as_actor(sides: Sides, cecilia: UUID) -> None:
    """RFC 8693, 4.1, by the names under which the agency knows the two."""
    approved = sides.code()
    with citizen_scope(sides.aino):
        ConsentRecord.objects.filter(pk=approved.consent.pk).update(decided_by=cecilia)
    token = sides.office.redeem(approved.code, resource=API).json()["access_token"]
    actor = {"sub": keeper().pairwise(citizen_id=cecilia, agency=sides.office.client.agency.code)}
    assert _claims(token)["act"] == actor != {"sub": _claims(token)["sub"]}
    assert sides.server.introspect(token)["act"] == actor


@pytest.mark.parametrize("asked", [{}, {"resource": AURORA}])
def test_without_a_resource_tokens_are_auroras_as_ever(sides: Sides, asked: dict[str, str]) -> None:
    token = sides.issued(**asked)["access_token"]
    assert len(token) == 43 and sides.office.introspect(token)["aud"] == AURORA
    assert "sub" not in sides.office.introspect(token)
    assert sides.office.context(token).citizen_id == sides.aino


def test_what_was_pushed_binds_code_and_refresh(sides: Sides) -> None:
    """RFC 8707, 2.2."""
    second = _server_of(sides.office, "https://other.office.example")
    answer = sides.issued(pushed={"resource": API})
    assert _claims(answer["access_token"])["aud"] == API
    assert _claims(sides.office.refresh(answer["refresh_token"]).json()["access_token"])["aud"] == API
    for resource in (second.client.resource, AURORA):
        refused = sides.office.refresh(answer["refresh_token"], resource=resource)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    code = sides.code(resource=AURORA).code
    assert sides.office.redeem(code, resource=API).json()["error"] == "invalid_target"
    assert len(sides.office.redeem(code).json()["access_token"]) == 43  # the refused try used nothing up


def test_an_unbound_refresh_may_be_for_either(sides: Sides) -> None:
    answer = sides.issued()
    assert _claims(sides.office.refresh(answer["refresh_token"], resource=API).json()["access_token"])["aud"] == API
    assert len(sides.office.refresh(answer["refresh_token"]).json()["access_token"]) == 43


BAD = [
    "https://unknown.example", "/v1", "api.office.example/v1", f"{API}#x", f"{API}/", f"{API}?a=b", API.upper(), API.replace("https", "http"),
    "urn:office:api", "x" * 600, f"{API} https://other.example", "https://api.office.example/v1/../v1", "javascript:alert(1)", f"{AURORA}/",
]  # fmt: skip


@pytest.mark.parametrize("resource", BAD)
def test_an_unknown_or_malformed_resource_is_refused_everywhere(sides: Sides, resource: str) -> None:
    """RFC 8707, 2: absolute, without fragment; compared as it is written."""
    code = sides.code().code
    for answer in (sides.office.push(resource=resource), sides.office.redeem(code, resource=resource)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    own = sides.office.post("/oauth/token", {"grant_type": "client_credentials", "scope": "events", "resource": resource})
    assert own.json()["error"] == "invalid_target"
    assert sides.office.redeem(code).status_code == 200


def test_several_resources_are_refused(sides: Sides) -> None:
    form = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": sides.office.assertion()}
    body = urlencode([*(form | sides.office.request()).items(), ("resource", API), ("resource", AURORA)])
    answer = sides.office.browser.post("/oauth/par", body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


def test_another_agencys_api_and_an_inactive_one_are_unknown(sides: Sides, rival: Any) -> None:
    theirs = _server_of(sides.office, "https://api.rival.example", agency=rival.client.agency)
    code = sides.code().code
    refused = [sides.office.redeem(code, resource=theirs.client.resource), sides.office.redeem(code, resource="https://nobody.example")]
    assert refused[0].json() == refused[1].json() and refused[0].json()["error"] == "invalid_target"
    Client.objects.filter(pk=sides.server.client.pk).update(active=False)
    assert sides.office.redeem(code, resource=API).json()["error"] == "invalid_target"


def test_a_resource_that_went_after_it_was_pushed_gets_no_token(sides: Sides) -> None:
    code = sides.code(resource=API).code
    Client.objects.filter(pk=sides.server.client.pk).update(resource="")
    assert sides.office.redeem(code).json()["error"] == "invalid_target"


def test_auroras_own_api_takes_none_of_them(sides: Sides) -> None:
    """RFC 9068, 4; RFC 8725, 3.9: not the JWT, and not the name by which its row is kept."""
    token = sides.issued(resource=API)["access_token"]
    for text in (token, _claims(token)["jti"]):
        with pytest.raises(InvalidToken):
            sides.office.context(text)
    assert sides.office.introspect(_claims(token)["jti"]) == {"active": False}
    assert AccessToken.objects.count() == 0  # outside a citizen's scope nobody sees a row


def test_the_server_that_a_token_is_for_may_ask_about_it(sides: Sides, rival: Any) -> None:
    """RFC 7662, 2.2; RFC 9701, 5 in spirit: whose data, what for, bound to which key, until when."""
    token = sides.issued(resource=API)["access_token"]
    claims = _claims(token)
    told = sides.server.introspect(token)
    assert told["active"] is True
    for name in ("iss", "aud", "client_id", "iat", "exp", "sub", "authorization_details", "grant_id", "cnf"):
        assert told[name] == claims[name], name
    assert sides.office.introspect(token) == told
    for stranger in (
        rival,
        _server_of(sides.office, "https://other.office.example"),
        _server_of(sides.office, agency=rival.client.agency, resource="https://api.rival.example"),
    ):
        assert stranger.introspect(token) == {"active": False}


def test_a_server_is_told_of_its_own_audience_only(sides: Sides) -> None:
    """Tokens of Aurora's API, refresh tokens and tokens of the agency itself stay their client's business, also within one agency."""
    answer = sides.issued()
    own = sides.office.post("/oauth/token", {"grant_type": "client_credentials", "scope": "events"}).json()["access_token"]
    for token in (answer["access_token"], answer["refresh_token"], own):
        assert sides.server.introspect(token) == {"active": False}
        assert sides.office.introspect(token)["active"] is True
    # A server without an API of its own asks about nothing of others, least of all about the empty audience.
    Client.objects.filter(pk=sides.server.client.pk).update(resource="")
    assert sides.server.introspect(answer["access_token"]) == {"active": False}


def _ended(sides: Sides, answer: dict[str, Any]) -> None:
    assert sides.server.introspect(answer["access_token"]) == {"active": False}
    assert sides.office.introspect(answer["access_token"]) == {"active": False}


def test_a_withdrawal_ends_it_at_once(sides: Sides) -> None:
    approved = sides.code()
    answer = sides.office.redeem(approved.code, resource=API).json()
    assert sides.server.introspect(answer["access_token"])["active"]
    now = timezone.now()
    with citizen_scope(sides.aino):
        ConsentRecord.objects.filter(pk=approved.consent.pk).update(state="withdrawn", ended_at=now, ended_by="citizen")
        assert tokens.revoke_for_consent(consent_id=approved.consent.pk, now=now) == 2
    _ended(sides, answer)


def test_what_is_withdrawn_of_it_is_no_longer_told(sides: Sides) -> None:
    approved = sides.code()
    answer = sides.office.redeem(approved.code, resource=API).json()
    gone = sides.office.categories[0]
    with citizen_scope(sides.aino):
        ConsentRecord.objects.filter(pk=approved.consent.pk).update(withdrawn=[gone])
        tokens.narrow_for_consent(consent_id=approved.consent.pk, categories=[gone], now=timezone.now())
    _ended(sides, answer)
    fresh = sides.office.refresh(answer["refresh_token"], resource=API).json()
    assert gone not in json.dumps(sides.server.introspect(fresh["access_token"])["authorization_details"])


def test_revocation_replay_and_a_stopped_client_end_it(sides: Sides) -> None:
    given_back = sides.issued(resource=API)
    assert sides.office.post("/oauth/revoke", {"token": given_back["access_token"]}).status_code == 200
    _ended(sides, given_back)
    approved = sides.code()
    replayed = sides.office.redeem(approved.code, resource=API).json()
    assert sides.office.redeem(approved.code, resource=API).status_code == 400
    _ended(sides, replayed)
    stopped = sides.issued(resource=API)
    Client.objects.filter(pk=sides.office.client.pk).update(active=False)
    assert sides.server.introspect(stopped["access_token"]) == {"active": False}


def test_another_clients_token_is_not_given_back_by_its_server(sides: Sides) -> None:
    """RFC 7009, 2.1: asking is not ending."""
    token = sides.issued(resource=API)["access_token"]
    sides.server.post("/oauth/revoke", {"token": token})
    assert sides.server.introspect(token)["active"] is True


def test_it_ends_with_the_consent_and_with_its_five_minutes(sides: Sides) -> None:
    token = sides.issued(resource=API)["access_token"]
    with citizen_scope(sides.aino):
        row = AccessToken.objects.get(audience=API)
        assert row.expires_at - row.created_at <= timedelta(minutes=5)
        AccessToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
        assert RefreshToken.objects.filter(citizen_id=sides.aino).exists()
    assert sides.server.introspect(token) == {"active": False}


def _tampered(token: str, **changes: Any) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))) | changes
    return f"{head}.{_b64(json.dumps(claims).encode())}.{signature}"


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_what_we_did_not_sign_as_a_token_is_none(sides: Sides) -> None:
    """RFC 8725, 2.1, 3.1, 3.11: tampered, of another key, without signature, and signed by us as something else."""
    token = sides.issued(resource=API)["access_token"]
    claims = _claims(token)
    head, body, signature = token.split(".")
    mine = ECKey.generate_key("P-256")
    kid = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    forged = [
        _tampered(token, aud="https://other.office.example"),
        _tampered(token, exp=claims["exp"] + 1000),
        f"{head}.{body}.",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{_b64(json.dumps({'alg': 'none', 'typ': 'at+jwt'}).encode())}.{body}.",
        jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, claims, mine, algorithms=["ES256"]),
        jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "other"}, claims, mine, algorithms=["ES256"]),
        signing.sign(claims, typ="consent-receipt+jwt"),
        signing.sign(claims, typ="JWT"),
        signing.sign(claims | {"iss": "https://elsewhere.example"}, typ="at+jwt"),
        signing.sign({k: v for k, v in claims.items() if k != "jti"}, typ="at+jwt"),
        signing.sign(claims | {"jti": "A" * 43}, typ="at+jwt"),
        "a.b.c", "..", f"{token}x", f"{token}.x", "x" * 15_000,
    ]  # fmt: skip
    for text in forged:
        assert sides.server.introspect(text) == sides.office.introspect(text) == {"active": False}, text[:80]
    assert sides.server.introspect(token)["active"] is True
