"""How the population register signs what it tells of a citizen (docs/architecture.md, "Sources over HTTP"), and how a switch spoils that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aurora.sandbox import jose
from aurora.sandbox.agency import faults
from aurora.sandbox.runtime import Runtime

MEDIA_TYPE = "application/jose"
TYPE = "aurora-facts+jwt"
SECONDS = 120
STALE_SECONDS = 86_400


def signed(body: Mapping[str, Any], *, client_id: str, following: str | None, here: Runtime) -> str:
    """A compact JWS for this client, of now. `following`: where the next page is, None on the last."""
    now = int(time.time()) - (STALE_SECONDS if faults.striking("stale_signature") else 0)
    claims = {
        "iss": here.base_url,
        "aud": client_id,
        "iat": now,
        "exp": now + SECONDS,
        "data": body,
        **({"next": following} if following else {}),
    }
    # Another key under the name of ours: what a forger would have.
    key = jose.new_key() | {"kid": here.signing_key["kid"]} if faults.striking("bad_signature") else here.signing_key
    return jose.sign(key, claims, typ=TYPE)
