"""RFC 7523: client authentication by a signed assertion (`private_key_jwt`), as narrow as FAPI 2.0, 5.3.2.1 wants it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from django.utils import timezone
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

from . import config, jwks, keysets, strict_json
from .digests import digest_of
from .forms import FormRequest
from .models import Client, UsedAssertion

# A header that brings its own key or asks for extensions (jwk, jku, x5u, x5c, crit, b64, ...) is refused, not ignored (RFC 8725, 3.10).
_HEADERS = frozenset({"alg", "kid", "typ"})
_TYPES = ("JWT", "client-authentication+jwt")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _Registry(JWSRegistry):
    """FAPI's three algorithms, among them EdDSA without joserfc's warning (RFC 9864 renames it; the profile does not yet)."""

    def get_alg(self, name: str) -> Any:
        if name not in config.ALGORITHMS:
            raise UnsupportedAlgorithmError("Algorithm is not allowed")
        return self.algorithms[name]


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """Authlib's method passes an `aud` array, an `exp` in ten years and any algorithm it recommends; here each of them is refused."""

    CLIENT_AUTH_METHOD = config.AUTH_METHOD

    def __call__(self, query_client: Any, request: FormRequest) -> Client | None:
        """The authenticated client; None if no assertion was sent. Raises `InvalidClientError`."""
        if request.headers.get("Authorization") or "client_secret" in request.form:
            # RFC 6749, 2.3: one method a request; there are no secrets here.
            raise InvalidClientError(description="The only client authentication method is private_key_jwt.")
        client: Client | None = super().__call__(query_client, request)
        if client and not compare_digest(request.form.get("client_id", client.client_id).encode(), client.client_id.encode()):
            raise InvalidClientError(description="The client_id is not that of the assertion.")  # RFC 7521, 4.2
        return client

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims, unproved: they say whose key to try."""
        if len(assertion) > config.ASSERTION_LIMIT or not _COMPACT.fullmatch(assertion):
            raise InvalidClientError(description="The assertion is not a compact JWS.")
        try:
            header, claims = (strict_json.loads(_decoded(part)) for part in assertion.split(".")[:2])
        except ValueError:
            raise InvalidClientError(description="The assertion is malformed.") from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise InvalidClientError(description="The assertion is malformed.")
        if not set(header) <= _HEADERS or header.get("typ", "JWT") not in _TYPES:
            raise InvalidClientError(description="The assertion's header may have alg, kid and typ only.")
        return header, claims

    def resolve_client_public_key(self, client: Client) -> Client:
        """The client itself: which of its keys is meant, the header says (Authlib passes no header here)."""
        return client

    def process_assertion_claims(self, assertion: str, client: Client) -> dict[str, Any]:
        """Prove the signature, then judge the claims, then take the `jti`: an unproved assertion uses nothing up."""
        header, claims = self.extract_assertion(assertion)
        key = self._key(client, header)
        try:
            jws.deserialize_compact(assertion.encode(), key, registry=_Registry(algorithms=config.ALGORITHMS))
        except JoseError:
            raise InvalidClientError(description="The assertion's signature does not verify.") from None
        self.judge(claims, client, timezone.now())
        return claims

    def _key(self, client: Client, header: dict[str, Any]) -> jwks.PublicKey:
        alg = header.get("alg")
        if not isinstance(alg, str) or alg not in config.ALGORITHMS:
            raise InvalidClientError(description="The assertion must be signed with ES256, PS256 or EdDSA.")
        key = keysets.key_of(client, kid=header.get("kid"), alg=alg)
        if key is None:
            raise InvalidClientError(description="The assertion's kid and alg name none of the client's keys.")
        return key

    def judge(self, claims: dict[str, Any], client: Client, now: datetime) -> None:
        """RFC 7523, 3 under FAPI 2.0. Raises `InvalidClientError`."""
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise InvalidClientError(description="iss and sub must be the client_id.")
        if claims.get("aud") != config.issuer():  # FAPI 2.0, 5.3.2.1: the issuer, as one string
            raise InvalidClientError(description="aud must be the issuer identifier as a single string.")
        exp = _judge_times(claims, now.timestamp())
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
            raise InvalidClientError(description="jti must be a text of 1 to 256 characters.")
        if not UsedAssertion.take(client=client, digest=digest_of(jti), expires_at=datetime.fromtimestamp(exp, UTC)):
            raise InvalidClientError(description="This assertion has been used before.")


def _judge_times(claims: dict[str, Any], now: float) -> float:
    life, skew = config.ASSERTION_LIFETIME.total_seconds(), config.CLOCK_SKEW.total_seconds()
    exp = _time(claims, "exp")
    if exp is None or not now < exp <= now + life:
        raise InvalidClientError(description="exp must be ahead, by at most 5 minutes.")
    nbf, iat = _time(claims, "nbf"), _time(claims, "iat")
    if nbf is not None and nbf > now + skew:
        raise InvalidClientError(description="nbf is in the future.")
    if iat is not None and not now - life <= iat <= now + skew:
        raise InvalidClientError(description="iat must be of the last 5 minutes.")
    return exp


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidClientError(description=f"{name} must be a number of seconds.")
    try:
        return float(value)
    except OverflowError:
        raise InvalidClientError(description=f"{name} must be a number of seconds.") from None


def _decoded(part: str) -> str:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
