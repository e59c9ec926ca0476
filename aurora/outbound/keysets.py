"""Fetches a client's key set from the address that its agency registered: through the guard, small, quick, without redirects."""

from __future__ import annotations

import re

import httpx

from aurora.outbound.guard import guarded_client
from aurora.outbound.peer import unreachable
from aurora.telemetry import traces
from consent.oauth import jwks, strict_json
from consent.oauth.keysets import Fetched, NotFetched

TOTAL_SECONDS = 2.0
_TYPES = ("application/json", "application/jwk-set+json")  # RFC 7517, 8.5
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})\"?\s*(?:,|$)", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|,)\s*(?:no-store|no-cache)\s*(?:,|$)", re.IGNORECASE)


def fetch(*, uri: str, etag: str) -> Fetched:
    """One GET of at most two seconds and 16 kB. Raises `NotFetched`; what the keys are worth is judged by who asked."""
    headers = {"Accept": ", ".join(_TYPES), **({"If-None-Match": etag} if etag else {})}
    try:
        with traces.calling("key-set"), guarded_client(total_seconds=TOTAL_SECONDS, maximum_bytes=jwks.SIZE_LIMIT) as client:
            response = client.get(uri, headers=headers)
    except httpx.RequestError as error:
        raise NotFetched(code=unreachable(error).code) from None
    except httpx.InvalidURL:
        raise NotFetched(code="address_refused") from None
    if response.status_code == 304 and etag:
        return Fetched(None, etag, _max_age(response))
    if response.status_code != 200:
        raise NotFetched(code="redirected" if response.has_redirect_location else f"status_{response.status_code}")
    return Fetched(_content(response), _etag(response), _max_age(response))


def _content(response: httpx.Response) -> object:
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise NotFetched(code="wrong_type")
    try:
        found: object = strict_json.loads(response.content.decode())
    except ValueError:
        raise NotFetched(code="not_json") from None
    return found


def _etag(response: httpx.Response) -> str:
    """Sent back word for word; one that is no header value, or too long to keep, is as none."""
    etag: str = response.headers.get("ETag", "")
    return etag if len(etag) <= 256 and etag.isascii() and etag.isprintable() else ""


def _max_age(response: httpx.Response) -> int | None:
    said: str = response.headers.get("Cache-Control", "")
    if _NOT_KEPT.search(said):
        return 0
    found = _MAX_AGE.search(said)
    return int(found[1]) if found else None
