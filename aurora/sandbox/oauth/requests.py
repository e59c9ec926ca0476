"""Authorization requests (RFC 6749 section 4.1.1) and how they are pushed (RFC 9126)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from aurora.sandbox.config import Client
from aurora.sandbox.errors import OAuthError, PageError
from aurora.sandbox.oauth import pkce
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import digest, new_secret

URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
_KEPT = ("redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method", "nonce",
         "ui_locales", "prompt", "max_age")  # fmt: skip
LONGEST_VALUE = 2048


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that was checked in full. `max_age` in seconds; -1 if not sent."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    nonce: str
    ui_locales: str
    prompt: str
    max_age: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> AuthorizationRequest:
        return cls(**{**raw, "scopes": tuple(raw["scopes"])})


def plain(query: QueryDict) -> dict[str, str]:
    """The parameters, each sent at most once (RFC 6749 section 3.1) and none of them huge."""
    for name in query:
        if len(query.getlist(name)) > 1:
            raise PageError("invalid_request", "A parameter was sent more than once.")
        if len(query[name]) > LONGEST_VALUE:
            raise PageError("invalid_request", "A parameter is too long.")
    return {name: str(query[name]) for name in query}


def find_client(params: Mapping[str, str], runtime: Runtime) -> Client:
    """The client of a front-channel request; PageError, because nobody may be redirected yet."""
    client = runtime.config.clients.get(params.get("client_id", ""))
    if client is None:
        raise PageError("invalid_client", "The service that sent you here is not registered with us.")
    return client


def require_redirect(params: Mapping[str, str], client: Client) -> str:
    """The redirect URI if it is registered, compared as a string (RFC 9700 section 2.1)."""
    uri = params.get("redirect_uri", "")
    if uri not in client.redirect_uris:
        raise OAuthError("invalid_request", "The redirect_uri is not registered.")
    return uri


def check(params: Mapping[str, str], client: Client, *, served: frozenset[str], openid: bool) -> AuthorizationRequest:
    """Everything but client and redirect URI, which were checked before; `served` are the scopes that exist here."""
    if "request" in params:
        raise OAuthError("request_not_supported", "Request objects are not supported.")
    if params.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "The response_type must be code.")
    pkce.require_challenge(params.get("code_challenge", ""), params.get("code_challenge_method", "plain"))
    scopes = tuple(dict.fromkeys(params.get("scope", "").split()))
    if openid:
        scopes = _openid_scopes(scopes, params)
    elif not scopes or not set(scopes) <= served or not set(scopes) <= client.scopes:
        raise OAuthError("invalid_scope", "The scope is empty, unknown or not open to this client.")
    max_age = params.get("max_age", "-1")
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=params["redirect_uri"],
        scopes=scopes,
        state=params.get("state", ""),
        challenge=params["code_challenge"],
        nonce=params.get("nonce", ""),
        ui_locales=params.get("ui_locales", ""),
        prompt=params.get("prompt", ""),
        max_age=int(max_age) if max_age.isascii() and max_age.isdigit() else -1,
    )


def _openid_scopes(scopes: tuple[str, ...], params: Mapping[str, str]) -> tuple[str, ...]:
    """OpenID Connect Core section 3.1.2.1: openid is required, unknown scopes are ignored; we require a nonce too."""
    if "openid" not in scopes:
        raise OAuthError("invalid_scope", "The scope must contain openid.")
    if not params.get("nonce"):
        raise OAuthError("invalid_request", "A nonce is required.")
    return tuple(scope for scope in scopes if scope in ("openid", "profile"))


def push(request: HttpRequest, client: Client, runtime: Runtime, *, served: frozenset[str]) -> dict[str, Any]:
    """Keeps a checked request and answers `{"request_uri", "expires_in"}` (RFC 9126 section 2.2)."""
    params = plain(request.POST)
    if "request_uri" in params:
        raise OAuthError("invalid_request", "A pushed request cannot name a request_uri.")
    require_redirect(params, client)
    check(params, client, served=served, openid=False)
    secret, lifetime = new_secret(), runtime.config.lifetimes.pushed_request
    kept = json.dumps({name: params[name] for name in _KEPT if name in params})
    values = (digest(secret), client.client_id, kept, time.time() + lifetime)
    runtime.store.run("INSERT INTO pushed VALUES (?, ?, ?, ?)", *values)
    return {"request_uri": URI_PREFIX + secret, "expires_in": lifetime}


def take_pushed(request_uri: str, client: Client, runtime: Runtime) -> dict[str, str]:
    """The parameters behind a reference, once (section 4); PageError if it is spent, expired or another client's."""
    key = digest(request_uri.removeprefix(URI_PREFIX))
    with runtime.store.transaction() as db:
        row = db.execute("SELECT * FROM pushed WHERE digest = ?", (key,)).fetchone()
        live = row is not None and row["client_id"] == client.client_id and row["expires_at"] > time.time()
        if live:
            db.execute("DELETE FROM pushed WHERE digest = ?", (key,))
    if not live:
        raise PageError("invalid_request_uri", "This link has been used or has expired. Go back and start again.")
    return {**json.loads(row["params"]), "client_id": client.client_id}
