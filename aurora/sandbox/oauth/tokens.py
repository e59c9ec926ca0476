"""Codes, access tokens and refresh tokens: opaque, 256 random bits, kept as digests."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aurora.sandbox.config import Client
from aurora.sandbox.errors import BearerError, OAuthError
from aurora.sandbox.oauth import pkce
from aurora.sandbox.oauth.requests import AuthorizationRequest
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import digest, new_secret


@dataclass(frozen=True)
class Granted:
    """What a code or a token stands for; `extra` is what the authorization endpoint put beside the code."""

    grant_id: int
    client_id: str
    household: int
    scopes: tuple[str, ...]
    extra: Mapping[str, Any]


def issue_code(asked: AuthorizationRequest, *, household: int, extra: Mapping[str, Any], runtime: Runtime) -> str:
    """Records the citizen's grant and makes the code that stands for it (RFC 6749 section 4.1.2)."""
    code, now = new_secret(), time.time()
    with runtime.store.transaction() as db:
        grant = db.execute(
            "INSERT INTO grants (client_id, household, scopes, created_at) VALUES (?, ?, ?, ?)",
            (asked.client_id, household, " ".join(asked.scopes), now),
        ).lastrowid
        db.execute(
            "INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, NULL)",
            (
                digest(code),
                grant,
                asked.redirect_uri,
                asked.challenge,
                json.dumps(extra),
                now + runtime.config.lifetimes.code,
            ),
        )
    return code


def redeem_code(params: Mapping[str, str], client: Client, runtime: Runtime) -> Granted:
    """Spends a code (RFC 6749 section 4.1.3): once, by its own client, in time, with its redirect URI and verifier.

    A replay revokes everything that came of the first use (section 4.1.2).
    """
    now = time.time()
    with runtime.store.transaction() as db:
        row = db.execute(
            "SELECT codes.*, grants.client_id, grants.household, grants.scopes FROM codes"
            " JOIN grants ON grants.id = grant_id WHERE digest = ?",
            (digest(params.get("code", "")),),
        ).fetchone()
        spent = row is not None and row["client_id"] == client.client_id and row["used_at"] is not None
        if spent:
            _revoke_grant(db, row["grant_id"], now)
    if row is None or row["client_id"] != client.client_id or spent or row["expires_at"] < now:
        raise OAuthError("invalid_grant", "The code is unknown, used before, expired or another client's.")
    if params.get("redirect_uri") != row["redirect_uri"]:
        raise OAuthError("invalid_grant", "The redirect_uri is not that of the request.")
    pkce.require_verifier(params.get("code_verifier", ""), row["challenge"])
    if runtime.store.run("UPDATE codes SET used_at = ? WHERE digest = ? AND used_at IS NULL", now, row["digest"]) != 1:
        raise OAuthError("invalid_grant", "The code was used before.")
    return _granted(row, json.loads(row["extra"]))


def issue_access(granted: Granted, *, seconds: int, runtime: Runtime) -> str:
    """A new access token, unless its grant has been revoked meanwhile."""
    return _issue("access", granted, time.time() + seconds, runtime)


def issue_refresh(granted: Granted, runtime: Runtime) -> str:
    """A refresh token; it does not rotate (FAPI 2.0 section 5.3.2.1, number 9) and lives until it is revoked."""
    return _issue("refresh", granted, None, runtime)


def _issue(kind: str, granted: Granted, expires_at: float | None, runtime: Runtime) -> str:
    token = new_secret()
    made = runtime.store.run(
        "INSERT INTO tokens SELECT ?, ?, id, ?, ?, NULL FROM grants WHERE id = ? AND revoked_at IS NULL",
        digest(token), kind, " ".join(granted.scopes), expires_at, granted.grant_id,
    )  # fmt: skip
    if made != 1:
        raise OAuthError("invalid_grant", "The grant has been revoked.")
    return token


def redeem_refresh(params: Mapping[str, str], client: Client, runtime: Runtime) -> Granted:
    """What a refresh token stands for (RFC 6749 section 6); `scope` may narrow it for the new access token."""
    row = _live(params.get("refresh_token", ""), "refresh", runtime)
    if row is None or row["client_id"] != client.client_id:
        raise OAuthError("invalid_grant", "The refresh token is unknown, revoked or another client's.")
    granted = _granted(row, {})
    wanted = tuple(params.get("scope", "").split())
    if not set(wanted) <= set(granted.scopes):
        raise OAuthError("invalid_scope", "The scope goes beyond what was granted.")
    return Granted(granted.grant_id, granted.client_id, granted.household, wanted or granted.scopes, {})


def authenticate(header: str, runtime: Runtime) -> Granted:
    """What the bearer token of an Authorization header stands for; BearerError (RFC 6750 section 3.1)."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BearerError("", "An access token is required.")
    row = _live(token.strip(), "access", runtime)
    if row is None:
        raise BearerError("invalid_token", "The access token is unknown, expired or revoked.")
    return _granted(row, {})


def revoke(token: str, client: Client, runtime: Runtime) -> None:
    """RFC 7009 section 2.1: a refresh token takes its whole grant along; a foreign or unknown token changes nothing."""
    now = time.time()
    with runtime.store.transaction() as db:
        row = db.execute(
            "SELECT tokens.*, grants.client_id FROM tokens JOIN grants ON grants.id = grant_id WHERE digest = ?",
            (digest(token),),
        ).fetchone()
        if row is None or row["client_id"] != client.client_id:
            return
        if row["kind"] == "refresh":
            _revoke_grant(db, row["grant_id"], now)
        else:
            db.execute("UPDATE tokens SET revoked_at = ? WHERE digest = ?", (now, row["digest"]))


def _live(token: str, kind: str, runtime: Runtime) -> sqlite3.Row | None:
    return runtime.store.one(
        "SELECT tokens.grant_id, tokens.scopes, grants.client_id, grants.household FROM tokens"
        " JOIN grants ON grants.id = grant_id WHERE digest = ? AND kind = ? AND tokens.revoked_at IS NULL"
        " AND grants.revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
        digest(token), kind, time.time(),
    )  # fmt: skip


def _revoke_grant(db: sqlite3.Connection, grant_id: int, now: float) -> None:
    db.execute("UPDATE grants SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, grant_id))


def _granted(row: sqlite3.Row, extra: Mapping[str, Any]) -> Granted:
    return Granted(row["grant_id"], row["client_id"], row["household"], tuple(row["scopes"].split()), extra)
