"""RFC 9068: access tokens as JWTs, for agencies' own resource servers. At most five minutes, bound to a key, and recorded.

The row is the same as of any access token, so everything that ends one ends these: the server that asks (RFC 7662) is told. A server that
does not ask trusts the signature for these five minutes at most. Aurora's own API takes none of them: it knows tokens by their
secret, and the row of a JWT is kept under a digest that no secret has.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from consent import signing
from consent.keeper import keeper
from consent.models import ConsentRecord
from consent.scope import lookup_scope

from . import config, rfc8693
from .digests import digest_of, looks_like_secret, new_secret
from .models import AccessToken, Client
from .rfc9396 import Detail

TYPE = "at+jwt"
LIFETIME = timedelta(minutes=5)
_LIMIT = 16 * 1024
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def issue(
    *,
    client: Client,
    citizen_id: UUID,
    audience: str,
    grant_id: UUID,
    consent_id: UUID,
    detail: Detail,
    jkt: str,
    seconds: int,
    now: datetime,
) -> tuple[str, bytes]:
    """The token (2.2) and the digest under which its row is to be kept. Called in the citizen's scope."""
    jti, iat = new_secret(), int(now.timestamp())
    claims = {
        "iss": config.issuer(),
        "aud": audience,
        "iat": iat,
        "exp": iat + seconds,
        "jti": jti,
        "client_id": client.client_id,
        **subject(citizen_id=citizen_id, agency=client.agency.code, consent_id=consent_id),
        "authorization_details": [detail.as_json()],
        "grant_id": str(grant_id),
        "cnf": {"jkt": jkt},  # RFC 9449, 6.1
    }
    return signing.sign(claims, typ=TYPE), _digest(jti)


def subject(*, citizen_id: UUID, agency: str, consent_id: UUID) -> dict[str, Any]:
    """`sub` and `act`, see `named`. Called in the citizen's scope."""
    attorney = ConsentRecord.objects.filter(pk=consent_id).values_list("decided_by_id", flat=True).first()
    return named(citizen_id=citizen_id, attorney=attorney, agency=agency)


def named(*, citizen_id: UUID, attorney: UUID | None, agency: str) -> dict[str, Any]:
    """`sub`: the citizen's name at this agency, as in receipts and reads; `act` (RFC 8693, 4.1) if an attorney consented for them."""
    return {"sub": keeper().pairwise(citizen_id=citizen_id, agency=agency), **rfc8693.actor(attorney, agency=agency)}


def held(text: str) -> AccessToken | None:
    """The row of a JWT that we signed; None for anything else. Whether it still lives, the row says."""
    digest = digest_in(text)
    if digest is None:
        return None
    with lookup_scope(digest):
        return AccessToken.objects.filter(pk=digest).first()


def digest_in(text: str) -> bytes | None:
    """What the row of a JWT that we signed is kept under; None for anything else."""
    if len(text) > _LIMIT or not _COMPACT.fullmatch(text):
        return None
    try:
        found = jwt.decode(text, _key_of, algorithms=[signing.ALGORITHM])
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    jti = found.claims.get("jti")
    # Receipts are signed with the same key: `typ` keeps the two apart (RFC 8725, 3.11).
    if (
        found.header.get("typ") != TYPE
        or found.claims.get("iss") != config.issuer()
        or not isinstance(jti, str)
        or not looks_like_secret(jti)
    ):
        return None
    return _digest(jti)


def _digest(jti: str) -> bytes:
    return digest_of(f"{TYPE}:{jti}")


def _key_of(signed: Any) -> ECKey:
    """Ours by its name; KeyError for any other."""
    kid = signed.headers().get("kid")
    return ECKey.import_key({key["kid"]: key for key in signing.jwks()["keys"]}[kid])
