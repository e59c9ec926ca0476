"""What several tests of this folder look at."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from aurora.outbound.oauth import PeerFailed, Registration


def failure(call: Any) -> PeerFailed:
    with pytest.raises(PeerFailed) as failed:
        call()
    return failed.value


def check_assertion(form: dict[str, str], registration: Registration) -> None:
    """RFC 7523 with FAPI 2.0's audience: the issuer, as one string."""
    key = ECKey.import_key(dict(registration.key))
    claims = jwt.decode(form["client_assertion"], key, algorithms=["ES256"]).claims
    assert claims["iss"] == claims["sub"] == registration.client_id and claims["aud"] == registration.issuer
    assert 0 < claims["exp"] - claims["iat"] <= 60 and len(claims["jti"]) >= 16
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form and registration.key["d"] not in str(form)
