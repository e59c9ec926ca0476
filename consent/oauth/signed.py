"""What an agency signs and sends in batches: one compact JWS (RFC 7515), ES256 by a key that its client registered, once for each id.

    {"alg": "ES256", "kid": ..., "typ": what kind of batch}
    {"iss": client_id, "aud": the API's address, "iat": seconds, "jti": the batch's id, a UUID, what the batch is of: [...]}

Here is what all kinds have in common; what stands in a batch is judged where it is taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from joserfc import jws
from joserfc.errors import JoseError

from consent.errors import AuroraError

from . import config, keysets, strict_json
from .models import Client

ALGORITHM = "ES256"
SIGNED_WITHIN = timedelta(days=31)
CLOCK_SKEW = timedelta(seconds=60)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER = {"alg", "kid", "typ"}


class BatchInvalid(AuroraError):
    """It is no batch at all."""

    code = "batch_invalid"
    sentence = "The body is not a batch."
    status = 422


class BatchUnsigned(AuroraError):
    """Not signed as it must be. The same code as for a model's package."""

    code = "signature_invalid"
    sentence = "The batch must be signed with ES256 by a key of your client, with the typ of its kind."
    status = 422


class BatchDiffers(AuroraError):
    """Nothing was changed: what was taken under this id stands."""

    code = "batch_differs"
    sentence = "A batch of this id has been taken, with other content. Give each batch an id of its own."
    status = 409


class KeysAway(AuroraError):
    """The client's keys lie at an address of its own, which cannot be reached now."""

    code = "unavailable"
    sentence = "The keys of your client could not be fetched. Send the batch again in a moment."
    status = 503
    retryable = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of batch: its `typ`, the claim that holds its items and how many there may be, its size in bytes, its brackets in JSON."""

    typ: str
    claim: str
    most: int
    largest: int
    brackets: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A batch whose signature and claims are right. `digest` is of its items: the same again has the same, however often it is signed."""

    batch_id: UUID
    digest: bytes
    items: list[Any] = field(repr=False)


def read(body: bytes, *, client: Client, kind: Kind, now: datetime) -> Signed:
    """Verify, then judge the claims. Raises `BatchInvalid`, `BatchUnsigned`, `KeysAway`."""
    claims = _verified(body, client, kind)
    named = {"iss", "aud", "iat", "jti", kind.claim}
    if set(claims) != named or claims["iss"] != client.client_id or claims["aud"] != config.resource():
        raise BatchInvalid(f"A batch has iss, your client_id, aud, the address of the API, iat, jti and {kind.claim}, and nothing else.")
    _judge_time(claims["iat"], now)
    batch_id, items = uuid_of(claims["jti"]), claims[kind.claim]
    if batch_id is None:
        raise BatchInvalid("jti must be a UUID: it is the batch's id.")
    if not isinstance(items, list) or not 1 <= len(items) <= kind.most:
        raise BatchInvalid(f"A batch has 1 to {kind.most} {kind.claim}.")
    digest = hashlib.sha256(json.dumps(items, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).digest()
    return Signed(batch_id, digest, items)


def uuid_of(value: object) -> UUID | None:
    """A UUID in its usual spelling; None for anything else."""
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None


def _verified(body: bytes, client: Client, kind: Kind) -> dict[str, Any]:
    text = body.strip().decode("ascii", "replace")
    if len(body) > kind.largest or not _COMPACT.fullmatch(text):
        raise BatchInvalid("The body is one compact JWS.")
    header, claims = (_json(part, kind.brackets) for part in text.split(".")[:2])
    if set(header) != _HEADER or header["typ"] != kind.typ or header["alg"] != ALGORITHM or not isinstance(header["kid"], str):
        raise BatchUnsigned()
    try:
        key = keysets.key_of(client, kid=header["kid"], alg=ALGORITHM)
    except OAuth2Error:
        raise KeysAway() from None
    if key is None:
        raise BatchUnsigned()
    try:
        jws.deserialize_compact(text.encode(), key, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise BatchUnsigned() from None
    return claims


def _json(part: str, brackets: int) -> dict[str, Any]:
    try:
        found = strict_json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode(), brackets=brackets)
    except (ValueError, RecursionError):
        raise BatchInvalid("Header and claims are JSON with one meaning.") from None
    if not isinstance(found, dict):
        raise BatchInvalid("Header and claims are JSON objects.")
    return found


def _judge_time(iat: object, now: datetime) -> None:
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise BatchInvalid("iat must be a number of seconds.")
    if not (now - SIGNED_WITHIN).timestamp() <= iat <= (now + CLOCK_SKEW).timestamp():
        raise BatchInvalid("iat must be of the last 31 days. Sign the batch anew.")
