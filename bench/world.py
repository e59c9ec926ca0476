"""An agency, citizens who consented to its reading their income, and the access tokens that came of it, bound to a key."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey

from aurora.identity import vault
from aurora.sandbox.config import SOURCES
from aurora.twin import write
from aurora.twin.values import NewFact
from bench.peers.seed import CALLBACK, CHALLENGE
from consent import services
from consent.models import Agency, Notice
from consent.oauth import clients, digests, grants, rfc9396
from consent.oauth.models import AccessToken, AuthorizationCode, Client, GrantPart
from consent.queries import current_categories, current_purpose
from consent.scope import citizen_scope

CATEGORY = "tax.income"
PURPOSE = "benefit-application"
OFFICE = "benefits-office"
AGENCIES = ("aurora", *SOURCES, OFFICE)


@dataclass(frozen=True, slots=True)
class Office:
    """The agency's client with its keys, and a token a citizen with the part of the grant that it is for."""

    client_id: str
    key: ECKey = field(repr=False)
    proof_key: ECKey = field(repr=False)
    tokens: Sequence[str] = field(repr=False)
    parts: Sequence[GrantPart] = field(repr=False)

    def assertion(self, audience: str) -> str:
        """A `private_key_jwt`, good for one call within four minutes."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": audience, "jti": secrets.token_urlsafe(16), "exp": now + 240}
        return jws.serialize_compact({"alg": "ES256", "kid": "k1"}, json.dumps(claims).encode(), self.key)

    def proof(self, url: str, token: str = "", *, method: str = "GET") -> str:
        """A DPoP proof (RFC 9449), good for one call within a minute; with a token, for the API."""
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
        if token:
            claims["ath"] = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.proof_key.as_dict(private=False)}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.proof_key)


@cache
def vocabulary() -> None:
    """The agencies and the words that consents rest on, as the demo has them."""
    Agency.objects.bulk_create(Agency(code=code, name=_named(code)) for code in AGENCIES)
    call_command("load_vocabulary")


@cache
def _registered() -> tuple[Client, ECKey, ECKey]:
    """The agency's client with its key, and the key that its tokens are bound to."""
    vocabulary()
    key = ECKey.generate_key("P-256")
    made = clients.register(
        client_id="bench",
        agency=Agency.objects.get(code=OFFICE),
        name=_named("Benefits office"),
        redirect_uris=[CALLBACK],
        jwks={"keys": [{**key.as_dict(private=False), "kid": "k1"}]},
        purposes=[PURPOSE],
        categories=[CATEGORY],
    )
    return made, key, ECKey.generate_key("P-256")


def client() -> Client:
    """The agency's client."""
    return _registered()[0]


@cache
def office(citizens: int) -> Office:
    return more_tokens(citizens)


def more_tokens(citizens: int) -> Office:
    """The agency with tokens of so many new citizens."""
    of, key, proof_key = _registered()
    text, jkt = notice(), proof_key.thumbprint()
    tokens, parts = zip(*(_token(of, text, jkt) for _ in range(citizens)), strict=True)
    return Office(of.client_id, key, proof_key, tokens, parts)


def codes(ours: Office, count: int) -> list[str]:
    """Codes that wait to be redeemed, of the citizens whose tokens the office holds; longer than the minute of real ones."""
    waiting = [digests.new_secret() for _ in range(count)]
    for number, secret in enumerate(waiting):
        part = ours.parts[number % len(ours.parts)]
        with citizen_scope(part.citizen_id):
            _code(part, digests.digest_of(secret), CHALLENGE)
    return waiting


def notice() -> Notice:
    """A text that a citizen was shown: of it, the service looks at codes and versions only."""
    return notice_of(PURPOSE, CATEGORY)


def notice_of(purpose: str, category: str) -> Notice:
    """The same for another purpose and category."""
    content = {
        "purpose": {"code": purpose, "version": current_purpose(purpose).version},
        "categories": [{"code": category, "version": current_categories([category])[0].version}],
    }
    shown = {"language": "en", "content": content, "first_shown_at": timezone.now()}
    digest = sha256(f"bench {purpose} {category}".encode()).hexdigest()
    return Notice.objects.get_or_create(digest=digest, defaults=shown)[0]


def _named(name: str) -> dict[str, str]:
    return dict.fromkeys(("fi", "sv", "en"), name)


def _token(client: Client, text: Notice, jkt: str) -> tuple[str, GrantPart]:
    """A new citizen's, with a key, seven facts, a consent given by the service, and the rows that `/oauth/token` leaves behind."""
    citizen_id, now = uuid4(), timezone.now()
    token = digests.new_secret()
    with citizen_scope(citizen_id):
        get_user_model().objects.create(
            id=citizen_id, subject_hmac=secrets.token_bytes(32), national_id_sealed=b"-", name_sealed=b"-", created_at=now
        )
        vault.create_key(citizen_id=citizen_id)
        write.write(citizen_id=citizen_id, facts=facts(now), now=now)
        consent, _ = services.give(
            citizen_id=citizen_id,
            recipient=client.agency,
            source=None,
            purpose=PURPOSE,
            categories=[CATEGORY],
            notice=text,
            until=now.date() + timedelta(days=30),
            now=now,
        )
        part = grants.create(citizen_id=citizen_id, client=client, consent=consent, now=now)
        detail = rfc9396.granted_by(consent, consent.covered).as_json()
        code = _code(part, secrets.token_bytes(32), "-" * 43, used_at=now)
        AccessToken.objects.create(
            digest=digests.digest_of(token), code=code, consent_id=consent.pk, detail=detail, jkt=jkt, **_held(part, now)
        )
    return token, part


def _code(part: GrantPart, digest: bytes, challenge: str, used_at: datetime | None = None) -> AuthorizationCode:
    shown = {"redirect_uri": CALLBACK, "code_challenge": challenge, "used_at": used_at}
    return AuthorizationCode.objects.create(digest=digest, part=part, **shown, **_held(part, timezone.now()))


def _held(part: GrantPart, now: datetime) -> dict[str, Any]:
    """Longer than the minutes of real ones: a run may take longer."""
    shared = {"citizen_id": part.citizen_id, "client": part.grant.client, "grant": part.grant}
    return {**shared, "created_at": now, "expires_at": now + timedelta(hours=6)}


def facts(now: datetime) -> list[NewFact]:
    version = current_categories([CATEGORY])[0]
    return [
        NewFact(CATEGORY, version.version, key, secrets.randbelow(90_000), "reported", "tax-administration", now)
        for key in version.schema["properties"]
    ]
