"""Who the client is: private_key_jwt (OpenID Connect Core section 9, RFC 7523) and nothing else."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from django.http import HttpRequest

from aurora.sandbox import jose
from aurora.sandbox.config import Client
from aurora.sandbox.errors import OAuthError, SandboxError
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import digest

LONGEST_ASSERTION = 300
CLOCK_SKEW = 5


def authenticate(request: HttpRequest, runtime: Runtime, *, endpoint: str) -> Client:
    """The client that signed this request; OAuthError(invalid_client, 401) otherwise.

    `endpoint` is the path asked: RFC 9126 section 2 lets an assertion name it, the token endpoint or the issuer.
    """
    if request.GET:
        raise OAuthError("invalid_request", "Parameters belong in the body, not in the address.")
    for name in request.POST:
        if len(request.POST.getlist(name)) > 1:
            raise OAuthError("invalid_request", "A parameter was sent more than once.")
    if request.POST.get("client_assertion_type") != jose.ASSERTION_TYPE:
        raise _refused("A client assertion is required.")
    token = request.POST.get("client_assertion", "")
    client = _claimed(token, request.POST.get("client_id"), runtime)
    try:
        claims = jose.verify(token, client.jwks)
    except SandboxError as error:
        raise _refused("The client assertion's signature is wrong.") from error
    issuer = runtime.base_url
    _check(claims, client, {issuer, f"{issuer}/token", f"{issuer}{endpoint}"})
    _use_once(claims, client, runtime)
    return client


def _claimed(token: str, client_id: str | None, runtime: Runtime) -> Client:
    """The registered client that the (yet unverified) assertion names as its subject."""
    subject = jose.unverified(token).get("sub")
    client = runtime.config.clients.get(subject) if isinstance(subject, str) else None
    if client is None or (client_id is not None and client_id != client.client_id):
        raise _refused("The client is not registered, or the assertion is another client's.")
    return client


def _check(claims: dict[str, Any], client: Client, audiences: set[str]) -> None:
    """RFC 7523 section 3, numbers 1 to 4; one audience, as a string, as FAPI 2.0 wants it."""
    now = time.time()
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise _refused("Issuer and subject of the assertion must be the client.")
    if not isinstance(claims.get("aud"), str) or claims["aud"] not in audiences:
        raise _refused("The assertion is meant for another audience.")
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
        raise _refused("The assertion must say when it expires.")
    if expires < now - CLOCK_SKEW or not_before > now + CLOCK_SKEW:
        raise _refused("The assertion is not valid now.")
    if expires > now + LONGEST_ASSERTION + CLOCK_SKEW:
        raise _refused("The assertion lives longer than five minutes.")


def _use_once(claims: dict[str, Any], client: Client, runtime: Runtime) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise _refused("The assertion must carry an id.")
    try:
        values = (digest(f"{client.client_id} {jti}"), claims["exp"] + CLOCK_SKEW)
        runtime.store.run("INSERT INTO assertions VALUES (?, ?)", *values)
    except sqlite3.IntegrityError as error:
        raise _refused("The assertion was used before.") from error


def _refused(sentence: str) -> OAuthError:
    return OAuthError("invalid_client", sentence, status=401)
