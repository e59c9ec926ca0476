"""Clients' public keys (RFC 7517): what may be registered, and which one an assertion names."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

SIZE_LIMIT = 16 * 1024
MAXIMUM = 10
_RSA_BITS = range(2048, 4096 + 1)  # FAPI 2.0, 5.4.1: at least 2048; longer ones only cost us time.
# Usual is 65537. One as long as the modulus makes verifying two hundred times as dear, and anybody may send a proof with a key of theirs.
_EXPONENT_BITS = range(2, 64 + 1)

# By (kty, crv): the one algorithm that the key is for, and the members it must have.
_KINDS: dict[tuple[str, str | None], tuple[str, frozenset[str]]] = {
    ("EC", "P-256"): ("ES256", frozenset({"crv", "x", "y"})),
    ("OKP", "Ed25519"): ("EdDSA", frozenset({"crv", "x"})),
    ("RSA", None): ("PS256", frozenset({"n", "e"})),
}
_COMMON = frozenset({"kty", "kid", "alg", "use", "key_ops"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = ECKey | OKPKey | RSAKey

_TYPES: dict[str, type[ECKey] | type[OKPKey] | type[RSAKey]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}


def fault_of(jwks: object) -> str | None:
    """Why this key set may not be registered, as a sentence that repeats nothing of it; None if it may."""
    if not isinstance(jwks, dict) or set(jwks) != {"keys"} or not isinstance(jwks["keys"], list):
        return "Give a JSON object with one member, keys."
    try:
        size = len(json.dumps(jwks))
    except (TypeError, ValueError, RecursionError):
        return "A key set holds plain JSON only."
    if size > SIZE_LIMIT or not 1 <= len(jwks["keys"]) <= MAXIMUM:
        return f"A key set has 1 to {MAXIMUM} keys and at most {SIZE_LIMIT} bytes."
    for jwk in jwks["keys"]:
        if fault := fault_of_key(jwk):
            return fault
        if not isinstance(jwk.get("kid"), str) or not 1 <= len(jwk["kid"]) <= 128:
            return "Every key needs a kid of 1 to 128 characters."
    kids = [jwk["kid"] for jwk in jwks["keys"]]
    return None if len(set(kids)) == len(kids) else "Every key needs a kid of its own."


def algorithm_of(jwk: dict[str, Any]) -> str | None:
    """The algorithm that this key may sign with; None if it is no key of ours."""
    kty, crv = jwk.get("kty"), jwk.get("crv")
    kind = _KINDS.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str | None) else None
    return kind[0] if kind else None


def choose(jwks: dict[str, Any], *, kid: object, alg: str) -> PublicKey | None:
    """The key that an assertion's header names: by `kid`, or the only one there is; its algorithm must be the header's.

    A key serves one algorithm, so no header can bend it to another (RFC 8725, 3.1).
    """
    keys = jwks["keys"]
    found = keys if kid is None and len(keys) == 1 else [k for k in keys if kid is not None and k["kid"] == kid]
    if len(found) != 1 or algorithm_of(found[0]) != alg:
        return None
    return imported(found[0])


@lru_cache(maxsize=1024)
def _imported(jwk: str) -> PublicKey:
    data = json.loads(jwk)
    return _TYPES[data["kty"]].import_key(data)


def imported(jwk: dict[str, Any]) -> PublicKey:
    """A key without fault, ready to verify."""
    return _imported(json.dumps(jwk, sort_keys=True))


def _bits(number: str) -> int:
    """Of a number as RFC 7518, 6.3.1 writes it. Raises ValueError."""
    return int.from_bytes(urlsafe_b64decode(number + "=="), "big").bit_length()


def fault_of_key(jwk: object) -> str | None:
    """Why this is no public key of a kind and size that may sign here, as a sentence that repeats nothing of it; None if it is one."""
    if not isinstance(jwk, dict):
        return "Every key is a JSON object."
    if _PRIVATE & set(jwk):
        return "Give public keys only: a private key was among them. Replace that key pair."
    alg = algorithm_of(jwk)
    if alg is None:
        return "A key is EC on P-256, OKP Ed25519 or RSA."
    members = _KINDS[jwk["kty"], jwk.get("crv")][1]
    if not members <= set(jwk) or not set(jwk) <= members | _COMMON or not all(isinstance(jwk[m], str) for m in members):
        return "A key has the members of its type, kid, and at most alg, use and key_ops."
    if jwk.get("alg", alg) != alg or jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        return f"This type of key is for verifying {alg} signatures."
    try:
        if "n" in jwk and _bits(jwk["n"]) not in _RSA_BITS:
            return f"An RSA key has {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits."
        if "e" in jwk and _bits(jwk["e"]) not in _EXPONENT_BITS:
            return f"An RSA key's exponent has at most {_EXPONENT_BITS[-1]} bits."
        _TYPES[jwk["kty"]].import_key(jwk)
    except (JoseError, ValueError, TypeError):
        return "A key's numbers are not valid."
    return None
