"""A source's answer that it has signed: one compact JWS (RFC 7515), for us, from it, of just now. What verifies is `attested`.

    {"alg": "ES256" | "EdDSA" | "PS256", "kid": ..., "typ": "aurora-facts+jwt"}
    {"iss": the source's issuer, "aud": our client id there, "iat": seconds, "exp": seconds, "data": {the answer}, "next": the next page's address}

The subject and the category stand in the answer itself and are checked there, so one of another citizen or client, or an old one, cannot be put in
its place. The next page is named inside: a `Link` header is not signed, and who takes it away would make a whole statement of a part (RFC 8725).
"""

from __future__ import annotations

import threading
import time
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning

from aurora.outbound import keysets, oauth, peer
from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors.answer import Asked
from aurora.sources.connectors.declared import SettingsWrong
from consent.oauth import jwks
from consent.oauth.keysets import NotFetched

# RFC 9864 gives the same signature a second name; sources use the first.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

MEDIA_TYPE = "application/jose"
TYPE = "aurora-facts+jwt"
ALGORITHMS = ("ES256", "EdDSA", "PS256")
LARGEST_KID = 128
OLDEST_SECONDS = 300
LONGEST_SECONDS = 3600
CLOCK_SKEW = 60
KEPT_SECONDS = 300.0
SPACING_SECONDS = 10.0
BRACKETS = 20_000
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"jwks_uri": {"type": "string", "maxLength": 200, "pattern": "^https?://"}, "jwks": {"type": "object"}},
    "not": {"required": ["jwks_uri", "jwks"]},
}


@dataclass(frozen=True, repr=False)
class Opened:
    """What stood in a signature that verifies. `next`: the address of the page after it, None on the last."""

    data: dict[str, Any]
    next: str | None


def check(signature: Any) -> None:
    """What an operator declares of a source's signature, beside its form (`SCHEMA`). Raises `SettingsWrong`."""
    if isinstance(signature, dict) and "jwks" in signature and (fault := jwks.fault_of(signature["jwks"])):
        raise SettingsWrong(f"settings/signature/jwks: {fault}")


def opened(content: bytes, asked: Asked) -> Opened:
    """Verify, then judge the claims. Raises `PeerFailed("signature_invalid")`, and as fetching keys fails."""
    parts = content.strip().split(b".")
    if len(parts) != 3:
        raise _wrong()
    header = _object(parts[0])
    alg, kid = header.get("alg"), header.get("kid")
    # Nothing in the header leads to a key (RFC 8725, 3.10), and nothing changes what is signed (RFC 7797).
    if not set(header) <= {"alg", "kid", "typ", "cty"} or header.get("typ") != TYPE or alg not in ALGORITHMS:
        raise _wrong()
    if not isinstance(kid, str) or not 1 <= len(kid) <= LARGEST_KID:
        raise _wrong()
    key = _key(asked, kid, alg)
    try:
        jws.deserialize_compact(content.strip(), key, algorithms=[alg])
    except (JoseError, ValueError):
        raise _wrong() from None
    return _judged(_object(parts[1]), asked)


def _judged(claims: Mapping[str, Any], asked: Asked) -> Opened:
    now = time.time()
    iat, exp, following = claims.get("iat"), claims.get("exp"), claims.get("next")
    if claims.get("iss") != asked.registration.issuer or claims.get("aud") != asked.registration.client_id:
        raise _wrong()
    if not all(isinstance(at, int) and not isinstance(at, bool) for at in (iat, exp)):
        raise _wrong()
    assert isinstance(iat, int) and isinstance(exp, int)
    if (
        not now - OLDEST_SECONDS - CLOCK_SKEW <= iat <= now + CLOCK_SKEW
        or not now - CLOCK_SKEW < exp
        or not iat < exp <= iat + LONGEST_SECONDS
    ):
        raise _wrong()
    data = claims.get("data")
    if not isinstance(data, dict) or not isinstance(following, str | None):
        raise _wrong()
    return Opened(data, following)


def _object(part: bytes) -> dict[str, Any]:
    try:
        found = peer.json_object_of(urlsafe_b64decode(part + b"=" * (-len(part) % 4)), brackets=BRACKETS)
    except (ValueError, PeerFailed):
        raise _wrong() from None
    return found


def _wrong(*, retryable: bool = False) -> PeerFailed:
    return PeerFailed("signature_invalid", retryable=retryable)


# By issuer: when they were fetched, and the keys. Sources are as few as operators load.
_kept: dict[str, tuple[float, dict[str, Any]]] = {}
_lock = threading.Lock()


def _key(asked: Asked, kid: str, alg: str) -> jwks.PublicKey:
    """The source's key of this name. One that we do not know is asked for once, and not again for some seconds: then time can mend it."""
    declared = (asked.settings.get("signature") or {}).get("jwks")
    if declared is not None:
        return _chosen(declared, kid, alg)
    issuer, now = asked.registration.issuer, time.monotonic()
    at, keys = _kept.get(issuer, (0.0, None))
    if keys is not None and now - at < KEPT_SECONDS and (key := jwks.choose(keys, kid=kid, alg=alg)):
        return key
    if keys is not None and now - at < SPACING_SECONDS:
        raise _wrong(retryable=True)
    keys = _fetched(asked)
    with _lock:
        _kept[issuer] = (time.monotonic(), keys)
    return _chosen(keys, kid, alg)


def _chosen(keys: dict[str, Any], kid: str, alg: str) -> jwks.PublicKey:
    key = jwks.choose(keys, kid=kid, alg=alg)
    if key is None:
        raise _wrong()
    return key


def _fetched(asked: Asked) -> dict[str, Any]:
    """The keys at the address that is declared, or else that the source's metadata name. Those of other kinds are left out."""
    uri = (asked.settings.get("signature") or {}).get("jwks_uri") or oauth.metadata(asked.registration).get("jwks_uri")
    if not isinstance(uri, str):
        raise _wrong()
    try:
        found = keysets.fetch(uri=uri, etag="").jwks
    except NotFetched as error:
        if error.code in ("timeout", "source_down", "too_many_requests") or error.code.startswith("status_"):
            raise PeerFailed("source_down") from None
        raise PeerFailed("address_refused" if error.code == "address_refused" else "signature_invalid", retryable=False) from None
    every = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(every, list) or len(every) > jwks.MAXIMUM:
        raise _wrong()
    right = [key for key in every if jwks.fault_of_key(key) is None and isinstance(key.get("kid"), str)]
    return {"keys": right}


def forget_keys() -> None:
    """Of all sources, in this process: the next answer has them fetched anew."""
    with _lock:
        _kept.clear()
