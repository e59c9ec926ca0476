"""Aurora as an OAuth 2.0 client, of the e-ID and of sources: discovery, PAR, PKCE, `iss`, private_key_jwt. Tokens by Authlib.

Authlib's client does the grant and the client assertion; what it does not check (the issuer of the metadata and of the answer, RFC 8414 3.3
and RFC 9207 2.4) is checked here.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from joserfc import jwt
from joserfc.jwk import import_key

from aurora.outbound.guard import TIMEOUT, GuardedTransport, guarded_client
from aurora.outbound.peer import PeerFailed, failure, get_json, json_object, send, unreachable
from aurora.telemetry import traces

P = ParamSpec("P")
T = TypeVar("T")
METADATA_SECONDS = 300
# RFC 7518 3.4; a P-384 key is what SMART's asymmetric clients are sure to be understood with.
_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384"}
LONGEST_TOKEN = 8192
_metadata_cache: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True)
class Registration:
    """Aurora's registration with one server. `key` is a private JWK (P-256 or P-384) and never shows.

    `asserts_to_token_endpoint`: who we are is told to the token endpoint's address, as SMART App Launch 2 wants it, and not to the issuer.
    `peer`: what traces call the server.
    """

    issuer: str
    client_id: str
    key: dict[str, str]
    redirect_uri: str
    openid: bool = False
    asserts_to_token_endpoint: bool = False
    peer: str = ""

    def __repr__(self) -> str:
        return f"Registration({self.issuer}, {self.client_id})"


@dataclass(frozen=True)
class Departure:
    """Where the browser goes, and what must be remembered until it is back. The verifier is a secret."""

    url: str
    state: str
    verifier: str
    nonce: str

    def __repr__(self) -> str:
        return "Departure(...)"


def _to_peer(ask: Callable[Concatenate[Registration, P], T]) -> Callable[Concatenate[Registration, P], T]:
    """What it asks is told in traces as asked of the registration's server."""

    @wraps(ask)
    def asked(registration: Registration, *args: P.args, **kwargs: P.kwargs) -> T:
        if not registration.peer:
            return ask(registration, *args, **kwargs)
        with traces.calling(registration.peer):
            return ask(registration, *args, **kwargs)

    return asked


class _Assertion(PrivateKeyJWT):  # type: ignore[misc]
    """RFC 7523 with `aud` as one string: the issuer (FAPI 2.0 5.3.3.1), where Authlib would take the token endpoint for every server."""

    def __init__(self, registration: Registration) -> None:
        super().__init__(alg=_algorithm(registration.key))
        self.audience = _audience(registration)

    def sign(self, auth: Any, token_endpoint: str) -> str:
        return client_assertion(client_id=auth.client_id, key=auth.client_secret, audience=self.audience)


def client_assertion(*, client_id: str, key: dict[str, str], audience: str) -> str:
    """A client assertion (RFC 7523 3) that lives one minute and is used once."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": secrets.token_urlsafe(16)}
    alg = _algorithm(key)
    return jwt.encode({"alg": alg, "kid": key.get("kid", "")}, claims, import_key(dict(key)), algorithms=[alg])


@_to_peer
def metadata(registration: Registration) -> dict[str, Any]:
    """The server's metadata (RFC 8414, or OpenID discovery), kept five minutes. Raises `PeerFailed`."""
    kept = _metadata_cache.get(registration.issuer)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    found = get_json(_metadata_address(registration))
    endpoints = ["authorization_endpoint", "token_endpoint", *(["jwks_uri"] if registration.openid else [])]
    endpoints += [e for e in ("pushed_authorization_request_endpoint", "revocation_endpoint") if found.get(e) is not None]
    if found.get("issuer") != registration.issuer or not all(_is_address(found.get(e)) for e in endpoints):
        raise PeerFailed("invalid_answer", retryable=False)
    _metadata_cache[registration.issuer] = (time.monotonic() + METADATA_SECONDS, found)
    return found


@_to_peer
def depart(registration: Registration, *, scope: str, extra: dict[str, str] | None = None) -> Departure:
    """Begin an authorization: PKCE S256 always, PAR (RFC 9126) wherever the server offers it. Raises `PeerFailed`."""
    about = metadata(registration)
    state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    params = {
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": registration.redirect_uri,
        "scope": scope,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        **({"nonce": nonce} if registration.openid else {}),
        **(extra or {}),
    }
    par = about.get("pushed_authorization_request_endpoint")
    if par:
        params = {"client_id": registration.client_id, "request_uri": _push(registration, par, params)}
    endpoint = about["authorization_endpoint"]
    # The endpoint's own query, if it has one, is kept (RFC 6749 3.1).
    return Departure(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(params)}", state, verifier, nonce)


def check_answer(registration: Registration, *, expected_state: str, answer: dict[str, str]) -> str:
    """The code of an authorization response, once `state` and `iss` are right. Raises `PeerFailed`; a refusal has `oauth_error`."""
    if not hmac.compare_digest(answer.get("state", "").encode(), expected_state.encode()):
        raise PeerFailed("oauth_error", retryable=False, oauth_error="state")
    offers_iss = metadata(registration).get("authorization_response_iss_parameter_supported", False)
    if ("iss" in answer or offers_iss) and answer.get("iss") != registration.issuer:
        raise PeerFailed("oauth_error", retryable=False, oauth_error="iss")
    if "error" in answer:
        raise PeerFailed("oauth_error", retryable=False, oauth_error=answer["error"][:64])
    if not answer.get("code"):
        raise PeerFailed("oauth_error", retryable=False, oauth_error="code")
    return answer["code"]


@_to_peer
def redeem(registration: Registration, *, code: str, verifier: str) -> dict[str, Any]:
    """Exchange the code for tokens (RFC 6749 4.1.3 with PKCE). Raises `PeerFailed`."""
    with _session(registration) as session:
        return _token(
            lambda: session.fetch_token(
                metadata(registration)["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
            )
        )


@_to_peer
def refresh(registration: Registration, *, refresh_token: str) -> dict[str, Any]:
    """A fresh access token (RFC 6749 6). `invalid_grant` becomes `PeerFailed("revoked")`, which no retry mends."""
    with _session(registration) as session:
        return _token(lambda: session.refresh_token(metadata(registration)["token_endpoint"], refresh_token=refresh_token))


@_to_peer
def revoke(registration: Registration, *, token: str) -> None:
    """Tell the server that we are done with a token (RFC 7009), where it offers that. Raises `PeerFailed`."""
    endpoint = metadata(registration).get("revocation_endpoint")
    if endpoint:
        form = {"token": token, **_client_form(registration)}
        with guarded_client() as client:
            send(client, "POST", endpoint, data=form)


def _metadata_address(registration: Registration) -> str:
    """RFC 8414 3.1 puts its path between host and path of the issuer, OpenID Connect Discovery 4 behind them."""
    if registration.openid:
        return f"{registration.issuer.rstrip('/')}/.well-known/openid-configuration"
    issuer = urlsplit(registration.issuer)
    return f"{issuer.scheme}://{issuer.netloc}/.well-known/oauth-authorization-server{issuer.path.rstrip('/')}"


def _is_address(value: Any) -> bool:
    """A place that we, or the citizen's browser, may be sent to: never `javascript:`, never in the clear."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        schemes = ("https", "http") if settings.AURORA_SANDBOX else ("https",)
        return parts.scheme in schemes and bool(parts.hostname) and not parts.fragment and value.isascii() and value.isprintable()
    except ValueError:
        return False


def _audience(registration: Registration) -> str:
    return str(metadata(registration)["token_endpoint"]) if registration.asserts_to_token_endpoint else registration.issuer


def _algorithm(key: dict[str, str]) -> str:
    return _ALGORITHMS[key.get("crv", "P-256")]


def _client_form(registration: Registration) -> dict[str, str]:
    return {
        "client_id": registration.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client_assertion(client_id=registration.client_id, key=registration.key, audience=_audience(registration)),
    }


def _push(registration: Registration, endpoint: str, params: dict[str, str]) -> str:
    with guarded_client() as client:
        answer = json_object(send(client, "POST", endpoint, data={**params, **_client_form(registration)}))
    if not isinstance(answer.get("request_uri"), str):
        raise PeerFailed("invalid_answer", retryable=False)
    return str(answer["request_uri"])


def _session(registration: Registration) -> OAuth2Client:
    session = OAuth2Client(
        client_id=registration.client_id,
        client_secret=registration.key,
        token_endpoint_auth_method=_Assertion(registration),
        redirect_uri=registration.redirect_uri,
        transport=GuardedTransport(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )
    for hook in ("access_token_response", "refresh_token_response"):
        session.register_compliance_hook(hook, _readable)
    return session


def _readable(response: httpx.Response) -> httpx.Response:
    """A token endpoint's answer, or its error (RFC 6749 5): what is neither, Authlib would take apart all the same."""
    if response.status_code == 429 or response.status_code >= 500:
        raise failure(response)
    found = json_object(response)
    timed = all(isinstance(found.get(name, 0), int | str) for name in ("expires_in", "expires_at"))
    if not timed or ("error" in found and not isinstance(found["error"], str)) or not (response.is_success or "error" in found):
        raise PeerFailed("invalid_answer", retryable=False)
    return response


def _token(call: Any) -> dict[str, Any]:
    try:
        token = call()
    except AuthlibBaseError as error:
        revoked = error.error == "invalid_grant"
        raise PeerFailed("revoked" if revoked else "oauth_error", retryable=False, oauth_error=str(error.error)[:64]) from None
    except httpx.RequestError as error:
        raise unreachable(error) from None
    except (ValueError, httpx.InvalidURL):
        raise PeerFailed("invalid_answer", retryable=False) from None
    # A type that we do not know must not be used (RFC 6749 7.1).
    if not _is_token(token.get("access_token")) or str(token.get("token_type")).lower() != "bearer":
        raise PeerFailed("invalid_answer", retryable=False)
    return dict(token)


def _is_token(value: Any) -> bool:
    """What can stand in a header (RFC 6750 2.1)."""
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None and len(value) <= LONGEST_TOKEN
