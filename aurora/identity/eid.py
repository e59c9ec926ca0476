"""Sign-in by the national e-ID: OpenID Connect Core 3.1, code flow with PKCE and nonce. Tokens by Authlib, the id_token by joserfc."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, TypeGuard

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from aurora.identity import keys
from aurora.identity.models import IdentityProvider
from aurora.outbound import oauth
from aurora.outbound.oauth import Departure, PeerFailed, Registration

ALGORITHMS = ["ES256", "PS256", "EdDSA"]
LEEWAY_SECONDS = 30
RECENT_SECONDS = 600
# Asked for in the signed ID Token: what a scope alone asks for, a provider keeps for UserInfo (OpenID Connect Core 5.4 and 5.5).
CLAIMS = json.dumps({"id_token": {"national_id": {"essential": True}, "name": None}})


@dataclass(frozen=True)
class Identified:
    """Whom the e-ID names. `repr` shows nothing of it."""

    issuer: str
    national_id: str
    name: str

    def __repr__(self) -> str:
        return "Identified(...)"


def key_context(issuer: str) -> bytes:
    """What the registration's key is sealed for."""
    return b"eid-client-key:" + issuer.encode()


def registration() -> Registration:
    """Aurora's registration with the active e-ID. Raises `PeerFailed` when there is none."""
    provider = IdentityProvider.objects.filter(active=True).first()
    if provider is None:
        raise PeerFailed("source_down", retryable=False)
    return Registration(
        issuer=provider.issuer,
        client_id=provider.client_id,
        key=json.loads(keys.open_for_platform(provider.key_sealed, context=key_context(provider.issuer))),
        redirect_uri=f"{settings.AURORA_BASE_URL}/sign-in/callback",
        openid=True,
        peer="e-id",
    )


def depart(*, language: str, anew: bool = False) -> Departure:
    """Where to send the browser, in the language that the citizen reads. `anew`: who is signed in there already proves it again. Raises `PeerFailed`."""
    mine = registration()
    named = {"claims": CLAIMS} if oauth.metadata(mine).get("claims_parameter_supported") is True else {}
    # OpenID Connect Core 3.1.2.1: asked for a maximum age, the provider says when that was.
    again = {"prompt": "login", "max_age": "0"} if anew else {}
    return oauth.depart(mine, scope="openid profile", extra={"ui_locales": language, **named, **again})


def identify(*, answer: dict[str, str], state: str, verifier: str, nonce: str, anew: bool = False) -> Identified:
    """Check the answer, redeem the code and verify the id_token (OpenID Connect Core 3.1.3.7). `anew`: and that they signed in for this. Raises `PeerFailed`."""
    mine = registration()
    code = oauth.check_answer(mine, expected_state=state, answer=answer)
    token = oauth.redeem(mine, code=code, verifier=verifier)
    claims = _verified(mine, token.get("id_token"), nonce)
    if anew and not _is_recent(claims.get("auth_time")):
        raise PeerFailed("invalid_answer", retryable=False)
    national_id, name = claims.get("national_id"), claims.get("name", "")
    if not _is_text(national_id) or not 4 <= len(national_id) <= 64 or not _is_text(name):
        raise PeerFailed("invalid_answer", retryable=False)
    return Identified(issuer=mine.issuer, national_id=national_id, name=name[:120])


def _is_recent(auth_time: Any) -> bool:
    return isinstance(auth_time, int | float) and -LEEWAY_SECONDS <= time.time() - auth_time <= RECENT_SECONDS


def _is_text(value: Any) -> TypeGuard[str]:
    """JSON can spell halves of characters, which no UTF-8 can hold."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value


def _verified(mine: Registration, id_token: Any, nonce: str) -> dict[str, Any]:
    if not isinstance(id_token, str) or len(id_token) > 16_000:
        raise PeerFailed("invalid_answer", retryable=False)
    found = oauth.get_json(oauth.metadata(mine)["jwks_uri"])
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(found), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": mine.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": mine.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        rules.validate(token.claims)
    except (JoseError, ValueError, KeyError, TypeError):
        raise PeerFailed("invalid_answer", retryable=False) from None
    claims: dict[str, Any] = dict(token.claims)
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != mine.client_id:
        raise PeerFailed("invalid_answer", retryable=False)
    if not _is_text(claims["nonce"]) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise PeerFailed("invalid_answer", retryable=False)
    return claims
