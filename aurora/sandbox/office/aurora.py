"""The office as a client of Aurora: PAR, rich authorization requests, PKCE, private_key_jwt, DPoP, reading the twin.

Its tokens are bound to the process's own key (`Runtime.signing_key`), which no other part of the office uses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from aurora.sandbox import http, jose
from aurora.sandbox.as_client import AsClient, refused
from aurora.sandbox.errors import PeerError
from aurora.sandbox.http import Answer
from aurora.sandbox.oauth import pkce
from aurora.sandbox.oauth.responses import with_query
from aurora.sandbox.runtime import Runtime

PURPOSE = "benefit-application"
DAYS_ASKED = 182
EARLY = 10.0


def last_day() -> date:
    """Until when the office asks to read: half a year, the time in which it decides and reviews an application."""
    return date.today() + timedelta(days=DAYS_ASKED)


def push(here: Runtime, *, state: str, verifier: str, language: str) -> str:
    """Pushes a request (RFC 9126, RFC 9396); returns the address to send the browser to. PeerError(aurora_refused)."""
    details = {
        "type": "aurora_twin_access",
        "purpose": PURPOSE,
        "categories": list(here.config.categories),
        "until": last_day().isoformat(),
        "once": False,
    }
    client = _client(here)
    described, client_id = client.described(), client.peer.client_id
    form = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": f"{here.base_url}/callback",
        "state": state,
        "code_challenge": pkce.challenge_of(verifier),
        "code_challenge_method": "S256",
        "authorization_details": json.dumps([details]),
        "ui_locales": language,
    }
    answer = client.post(described["pushed_authorization_request_endpoint"], form)
    if not answer.ok or not isinstance(answer.body.get("request_uri"), str):
        raise refused(answer)
    query = {"client_id": client_id, "request_uri": answer.body["request_uri"]}
    return with_query(described["authorization_endpoint"], query)


def redeem(here: Runtime, *, code: str, verifier: str) -> dict[str, Any]:
    """Exchanges the code; returns the token to keep, see `_kept`. PeerError(aurora_refused)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{here.base_url}/callback",
        "code_verifier": verifier,
    }
    return _kept(_client(here).token(form), {})


def refresh(here: Runtime, token: Mapping[str, Any]) -> dict[str, Any]:
    """A token that is still good: the same, or a new one when it is about to end and can be renewed."""
    if token["expires_at"] - EARLY > time.time() or not token["refresh_token"]:
        return dict(token)
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    return _kept(_client(here).token(form), token)


def read(here: Runtime, category: str, access_token: str) -> Answer:
    """Aurora's answer, 200 or a problem; PeerError(unreachable) if there is none."""
    url = f"{here.config.aurora_base_url}/api/v1/twin/{quote(category, safe='')}"
    return _client(here).bearing("GET", url, access_token, lambda headers: http.get(url, headers=headers))


def webhook_keys(here: Runtime) -> list[str]:
    """The keys that Aurora signs its notices with, as it publishes them now. PeerError."""
    answer = http.get(str(_client(here).described()["webhook_keys_uri"]))
    keys = answer.body.get("keys")
    if not answer.ok or not isinstance(keys, list):
        raise PeerError("bad_metadata", "Aurora does not publish the keys of its notices.", retryable=True)
    return [key for key in keys if isinstance(key, str)]


def confirm(here: Runtime, event_id: str, *, deleted_at: str) -> Answer:
    """Tells Aurora that all of it was deleted, in the office's own name (client credentials, scope `events`). PeerError."""
    client = _client(here)
    url = f"{here.config.aurora_base_url}/api/v1/events/{quote(event_id, safe='')}/confirmation"
    body = json.dumps({"deleted_at": deleted_at}).encode("ascii")
    return client.bearing("POST", url, client.own_token("events"), lambda headers: http.post_json(url, body, headers=headers))


def report(here: Runtime, batch: str, uses: list[dict[str, Any]]) -> Answer:
    """Tells Aurora what data were used for: a batch, signed with the key that the office registered (scope `uses`). PeerError."""
    return _signed(here, "uses", batch, {"uses": uses})


def push_facts(here: Runtime, batch: str, answers: list[dict[str, Any]]) -> Answer:
    """Sends what the office holds, as a source: a batch, signed with the key that it registered (scope `facts`). PeerError."""
    return _signed(here, "facts", batch, {"answers": answers})


def _signed(here: Runtime, what: str, batch: str, content: Mapping[str, Any]) -> Answer:
    client = _client(here)
    url = f"{here.config.aurora_base_url}/api/v1/{what}"
    claims = {
        "iss": client.peer.client_id,
        "aud": f"{client.described()['issuer']}/api/v1",
        "iat": int(time.time()),
        "jti": batch,
        **content,
    }
    body = jose.sign(client.peer.private_jwk, claims, typ=f"aurora-{what}+jwt").encode("ascii")
    kind = {"Content-Type": "application/jose"}
    return client.bearing("POST", url, client.own_token(what), lambda headers: http.post_json(url, body, headers={**headers, **kind}))


def require_issuer(here: Runtime, answer: Mapping[str, str]) -> None:
    """RFC 9207 section 2.4: the answer must come from the server that was asked, errors too."""
    if answer.get("iss") != _client(here).described()["issuer"]:
        raise PeerError("wrong_issuer", "The answer does not come from Aurora.", status=400)


def granted_categories(token: Mapping[str, Any]) -> tuple[str, ...]:
    """What the citizen left in the request (RFC 9396 section 7)."""
    found: list[str] = []
    for detail in token["authorization_details"]:
        found += [str(category) for category in detail.get("categories", ())] if isinstance(detail, dict) else []
    return tuple(dict.fromkeys(found))


def _kept(answer: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    details = answer.get("authorization_details", before.get("authorization_details", []))
    seconds = answer.get("expires_in")
    return {
        "access_token": str(answer["access_token"]),
        "refresh_token": str(answer.get("refresh_token") or before.get("refresh_token", "")),
        "expires_at": time.time() + (seconds if isinstance(seconds, int | float) else 60),
        "authorization_details": details if isinstance(details, list) else [],
        "grant_id": str(answer.get("grant_id") or before.get("grant_id", "")),
    }


def _client(here: Runtime) -> AsClient:
    if here.config.peer is None:
        raise RuntimeError("the office has no registration with Aurora")
    return AsClient(here.config.peer, here.signing_key)
