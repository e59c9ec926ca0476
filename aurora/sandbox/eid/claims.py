"""What the e-ID tells a client about a citizen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from aurora.sandbox import jose, people
from aurora.sandbox.runtime import Runtime

ID_TOKEN_SECONDS = 300
NAMES = ("sub", "national_id", "name", "birthdate")


def subject(household: int, client_id: str, runtime: Runtime) -> str:
    """Pairwise `sub` (OpenID Connect Core section 8.1): a keyed hash, so clients cannot tell that two are the same."""
    key = runtime.store.remembered("pairwise_key", lambda: jose.new_key()["d"])
    mac = hmac.new(key.encode("ascii"), f"{client_id} {household}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")


def claims_of(household: int, client_id: str, runtime: Runtime) -> dict[str, str]:
    """`sub`, `national_id` (S000123-Y), `name` and `birthdate` (YYYY-MM-DD)."""
    person = people.person(household, runtime.config.personas)
    return {
        "sub": subject(household, client_id, runtime),
        "national_id": person.national_id,
        "name": person.name,
        "birthdate": person.birthdate.isoformat(),
    }


def id_token(household: int, client_id: str, extra: Mapping[str, Any], runtime: Runtime) -> str:
    """ES256 ID Token (OpenID Connect Core section 2); `extra` is what was kept beside the code: nonce, auth_time."""
    now = int(time.time())
    fixed = {"iss": runtime.base_url, "aud": client_id, "iat": now, "exp": now + ID_TOKEN_SECONDS, **extra}
    return jose.sign(runtime.signing_key, {**fixed, **claims_of(household, client_id, runtime)})
