"""What Aurora itself signs for others to verify offline: receipts, tokens for agencies' own servers, models trained here. ES256, keys at `/oauth/jwks` (RFC 7515, 7517).

The key lies in a file. After a change of key the old file stays named in `AURORA_FORMER_SIGNING_KEYS`: what it signed must stay verifiable.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
_PUBLIC = ("kty", "crv", "x", "y", "kid", "alg", "use")


def sign(claims: dict[str, Any], *, typ: str) -> str:
    """A compact JWS of the claims. `typ` says what it is, so that none can be taken for another (RFC 8725, 3.11)."""
    key = _key()
    return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def verify(token: str, *, typ: str) -> dict[str, Any]:
    """The claims of what we signed as this `typ`, with the key in use or a former one. Raises ValueError for anything else."""
    keys = KeySet([ECKey.import_key(f.jwk()) for f in (settings.AURORA_SIGNING_KEY_FILE, *settings.AURORA_FORMER_SIGNING_KEYS)])
    try:
        found = jwt.decode(token, keys, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise ValueError("Not signed by us.") from error
    if found.header.get("typ") != typ:
        raise ValueError("Signed as something else.")
    return dict(found.claims)


def jwks() -> dict[str, list[dict[str, Any]]]:
    """The public keys: the one in use, and those that were."""
    return {"keys": [_public(f.jwk()) for f in (settings.AURORA_SIGNING_KEY_FILE, *settings.AURORA_FORMER_SIGNING_KEYS)]}


@cache
def _key() -> ECKey:
    return ECKey.import_key(settings.AURORA_SIGNING_KEY_FILE.jwk())


def _public(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in _PUBLIC if name in jwk}
