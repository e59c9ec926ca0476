"""Signing and checking JWTs: ES256, and ES384 for clients with a P-384 key, as SMART App Launch wants them."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from aurora.sandbox.errors import SandboxError
from aurora.sandbox.store import Store, new_secret

ALGORITHM = "ES256"
ALGORITHMS = {"P-256": ALGORITHM, "P-384": "ES384"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def new_key(curve: str = "P-256") -> dict[str, str]:
    """A fresh private key as JWK, its kid the RFC 7638 thumbprint."""
    key = ECKey.generate_key(curve, {"use": "sig", "alg": ALGORITHMS[curve]}, auto_kid=True)
    return cast(dict[str, str], dict(key.as_dict(private=True)))


def public_jwks(private_jwk: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The JWK Set that holds the public half of one private key."""
    return {"keys": [{name: value for name, value in private_jwk.items() if name != "d"}]}


def new_pem() -> tuple[str, str]:
    """A fresh P-256 key for signing files, private (PKCS #8) and public (SubjectPublicKeyInfo), as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    form, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(form, serialization.PrivateFormat.PKCS8, plain)
    public = key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), public.decode("ascii")


def signing_key(store: Store) -> dict[str, str]:
    """The process's own key, made on the first start and kept."""
    return cast(dict[str, str], json.loads(store.remembered("signing_key", lambda: json.dumps(new_key()))))


def sign(private_jwk: Mapping[str, str], claims: Mapping[str, Any], *, typ: str = "JWT") -> str:
    """A compact JWS of the claims."""
    key = ECKey.import_key(dict(private_jwk))
    alg = ALGORITHMS[private_jwk["crv"]]
    return jwt.encode({"alg": alg, "kid": private_jwk["kid"], "typ": typ}, dict(claims), key, algorithms=[alg])


def verify(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a JWT signed with ES256 or ES384 by one of the keys; checks the signature and nothing else.

    SandboxError(bad_signature) for anything that is not such a token.
    """
    try:
        keys = KeySet.import_key_set(cast(Any, jwks))
        return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS.values())).claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SandboxError("bad_signature", "The signed statement cannot be verified.") from error


def client_assertion(private_jwk: Mapping[str, str], *, client_id: str, audience: str) -> str:
    """An assertion by which a client proves who it is (RFC 7523 section 3): one minute, used once, one audience."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": new_secret()}
    return sign(private_jwk, claims)


def dpop_proof(private_jwk: Mapping[str, str], *, method: str, url: str, access_token: str = "", nonce: str = "") -> str:
    """A proof that the sender of one request holds the key (RFC 9449 section 4.2). `url` without query; fresh for each request."""
    claims: dict[str, Any] = {"jti": new_secret(), "htm": method, "htu": url, "iat": int(time.time())}
    if access_token:
        digest = hashlib.sha256(access_token.encode("ascii")).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    if nonce:
        claims["nonce"] = nonce
    public = {name: private_jwk[name] for name in ("kty", "crv", "x", "y")}
    return jwt.encode({"alg": ALGORITHM, "typ": "dpop+jwt", "jwk": public}, claims, ECKey.import_key(dict(private_jwk)))


def unverified(token: str) -> dict[str, Any]:
    """The claims of a JWT as they stand, to find whose key must verify it; {} if it is none. Trust nothing of it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
