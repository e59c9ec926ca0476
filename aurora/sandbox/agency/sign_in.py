"""The agency as a client of the e-ID: authorization code, PKCE, nonce, private_key_jwt, `iss` checked."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

from aurora.sandbox import http, jose, national_id
from aurora.sandbox.config import Peer
from aurora.sandbox.errors import PeerError, SandboxError
from aurora.sandbox.oauth import pkce
from aurora.sandbox.oauth.responses import with_query
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import new_secret

CLOCK_SKEW = 60


def peer_of(here: Runtime) -> Peer:
    """The e-ID."""
    found = here.config.eid or here.config.peer
    if found is None:
        raise RuntimeError("this process is no client of anybody")
    return found


def begin(here: Runtime, *, language: str, prompt: str = "") -> tuple[str, dict[str, str]]:
    """The address to send the browser to, and what to keep until it comes back."""
    kept = {"state": new_secret(), "nonce": new_secret(), "verifier": new_secret()}
    described = http.metadata(peer_of(here).issuer, "openid-configuration")
    query = {
        "client_id": peer_of(here).client_id,
        "response_type": "code",
        "scope": "openid profile",
        "redirect_uri": f"{here.base_url}/sign-in/callback",
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": pkce.challenge_of(kept["verifier"]),
        "code_challenge_method": "S256",
        "ui_locales": language,
        "prompt": prompt,
    }
    return with_query(described["authorization_endpoint"], query), kept


def complete(here: Runtime, answer: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, Any]:
    """`{"household", "name"}` of who signed in. PeerError: access_denied if nobody did, else the e-ID erred."""
    issuer = peer_of(here).issuer
    if answer.get("iss") != issuer:
        raise PeerError("wrong_issuer", "The answer does not come from the e-ID.")
    if "error" in answer:
        raise PeerError(answer["error"], "Nobody signed in.")
    described = http.metadata(issuer, "openid-configuration")
    assertion = jose.client_assertion(peer_of(here).private_jwk, client_id=peer_of(here).client_id, audience=issuer)
    exchanged = http.post(
        described["token_endpoint"],
        {
            "grant_type": "authorization_code",
            "code": answer.get("code", ""),
            "redirect_uri": f"{here.base_url}/sign-in/callback",
            "code_verifier": kept["verifier"],
            "client_assertion_type": jose.ASSERTION_TYPE,
            "client_assertion": assertion,
        },
    )
    if not exchanged.ok:
        raise PeerError("sign_in_failed", "The e-ID did not confirm the sign-in.", retryable=True)
    claims = _checked(str(exchanged.body.get("id_token", "")), http.get(described["jwks_uri"]).body, here, kept)
    household = national_id.parse(str(claims.get("national_id", "")))
    if household is None:
        raise PeerError("sign_in_failed", "The e-ID did not say who signed in.")
    return {"household": household, "name": str(claims.get("name", ""))}


def _checked(token: str, jwks: Mapping[str, Any], here: Runtime, kept: Mapping[str, str]) -> dict[str, Any]:
    """OpenID Connect Core section 3.1.3.7."""
    try:
        claims = jose.verify(token, jwks)
    except SandboxError as error:
        raise PeerError("sign_in_failed", "The e-ID's statement cannot be verified.") from error
    right = (
        claims.get("iss") == peer_of(here).issuer
        and claims.get("aud") == peer_of(here).client_id
        and isinstance(claims.get("exp"), int)
        and claims["exp"] > time.time() - CLOCK_SKEW
        and hmac.compare_digest(str(claims.get("nonce", "")).encode(), kept["nonce"].encode())
    )
    if not right:
        raise PeerError("sign_in_failed", "The e-ID's statement is not meant for this sign-in.")
    return claims
