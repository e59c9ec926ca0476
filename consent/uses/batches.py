"""A batch of uses as an agency signs it: one compact JWS (RFC 7515), ES256 by a key that its client registered, and what is wrong with it.

    {"alg": "ES256", "kid": ..., "typ": "aurora-uses+jwt"}
    {"iss": client_id, "aud": the API's address, "iat": seconds, "jti": the batch's id, a UUID, "uses": [...1 to 100...]}

All of it is taken or nothing. What is wrong is named by position, the first ten.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from joserfc import jws
from joserfc.errors import JoseError

from consent.errors import AuroraError
from consent.oauth import config, keysets, strict_json
from consent.oauth.models import Client

from .values import Use

ALGORITHM = "ES256"
TYPE = "aurora-uses+jwt"
LARGEST = 64 * 1024
MOST = 100
NAMED_FAULTS = 10
OLDEST = timedelta(days=366)
SIGNED_WITHIN = timedelta(days=31)
CLOCK_SKEW = timedelta(seconds=60)
_BRACKETS = MOST * 5 + 10
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HEADER = {"alg", "kid", "typ"}
_CLAIMS = {"iss", "aud", "iat", "jti", "uses"}
_NEEDED = {"subject", "used_at", "action", "receiver", "system", "categories", "purpose"}
_MAY = {"entry", "delay"}
_SUBJECT = re.compile(r"[a-z2-7]{32}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_CATEGORY = re.compile(r"[a-z0-9_.-]{1,64}")
_LAW = re.compile(r"[a-z0-9_.-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)")
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the use at this place of the batch, counted from 0."""

    position: int
    code: str


class BatchRefused(AuroraError):
    """Something is wrong with some of its uses: none was taken. `faults`: the first of what is wrong, in order."""

    code = "uses_refused"
    sentence = "None of the uses was taken. What is wrong with the first of them stands in errors, by position."
    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda f: (f.position, f.code))[:NAMED_FAULTS])
        super().__init__()


class BatchInvalid(AuroraError):
    """It is no batch at all."""

    code = "batch_invalid"
    sentence = "The body is not a batch of uses."
    status = 422


class BatchUnsigned(AuroraError):
    """Not signed as it must be. The same code as for a model's package."""

    code = "signature_invalid"
    sentence = "The batch must be signed with ES256 by a key of your client, as aurora-uses+jwt."
    status = 422


class BatchDiffers(AuroraError):
    """Nothing was changed: what was taken under this id stands."""

    code = "batch_differs"
    sentence = "A batch of this id has been taken, with other uses. Give each batch an id of its own."
    status = 409


class KeysAway(AuroraError):
    """The client's keys lie at an address of its own, which cannot be reached now."""

    code = "unavailable"
    sentence = "The keys of your client could not be fetched. Send the batch again in a moment."
    status = 503
    retryable = True


@dataclass(frozen=True, slots=True)
class Delay:
    """Until which day, included, a law lets the agency keep it from the citizen."""

    law: str
    until: date


@dataclass(frozen=True, slots=True)
class Item:
    """One use of the batch. `subject` is the agency's name for the citizen."""

    position: int
    subject: str = field(repr=False)
    use: Use
    delay: Delay | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A batch whose signature and form are right. `digest` is of its uses: the same again has the same, however often it is signed."""

    batch_id: UUID
    digest: bytes
    items: tuple[Item, ...]


def read(body: bytes, *, client: Client, now: datetime) -> Form:
    """Verify, then judge. Raises `BatchInvalid`, `BatchUnsigned`, `KeysAway`, `BatchRefused`."""
    claims = _verified(body, client)
    if set(claims) != _CLAIMS or claims["iss"] != client.client_id or claims["aud"] != config.resource():
        raise BatchInvalid("A batch has iss, your client_id, aud, the address of the API, iat, jti and uses, and nothing else.")
    _judge_time(claims["iat"], now)
    batch_id, uses = _uuid(claims["jti"]), claims["uses"]
    if batch_id is None:
        raise BatchInvalid("jti must be a UUID: it is the batch's id.")
    if not isinstance(uses, list) or not 1 <= len(uses) <= MOST:
        raise BatchInvalid(f"A batch has 1 to {MOST} uses.")
    items: list[Item] = []
    faults: list[Fault] = []
    for position, one in enumerate(uses):
        found = _item(position, one, now)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            items.append(found)
    if faults:
        raise BatchRefused(faults)
    digest = hashlib.sha256(json.dumps(uses, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).digest()
    return Form(batch_id, digest, tuple(items))


def _verified(body: bytes, client: Client) -> dict[str, Any]:
    text = body.strip().decode("ascii", "replace")
    if len(body) > LARGEST or not _COMPACT.fullmatch(text):
        raise BatchInvalid("The body is one compact JWS.")
    header, claims = (_json(part) for part in text.split(".")[:2])
    if set(header) != _HEADER or header["typ"] != TYPE or header["alg"] != ALGORITHM or not isinstance(header["kid"], str):
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


def _json(part: str) -> dict[str, Any]:
    try:
        found = strict_json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode(), brackets=_BRACKETS)
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


def _item(position: int, one: Any, now: datetime) -> Item | Fault:
    if not isinstance(one, dict) or not _NEEDED <= set(one) <= _NEEDED | _MAY:
        return Fault(position, "members_wrong")
    try:
        use = _use(one, now)
        subject = one["subject"]
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise _Wrong("subject_unknown")
        return Item(position, subject, use, _delay(one["delay"]) if "delay" in one else None)
    except _Wrong as wrong:
        return Fault(position, wrong.code)


class _Wrong(Exception):
    def __init__(self, code: str) -> None:
        self.code = code


def _use(one: Mapping[str, Any], now: datetime) -> Use:
    receiver = one["receiver"]
    if not isinstance(receiver, dict) or set(receiver) != {"code", "name"} or not code_is_sound(receiver["code"]):
        raise _Wrong("receiver_invalid")
    if not text_is_sound(receiver["name"]):
        raise _Wrong("receiver_invalid")
    for name in ("action", "system"):
        if not text_is_sound(one[name]):
            raise _Wrong(f"{name}_invalid")
    categories = categories_of(one["categories"])
    if not categories:
        raise _Wrong("categories_invalid")
    if not isinstance(one["purpose"], str) or not _CATEGORY.fullmatch(one["purpose"]):
        raise _Wrong("purpose_unknown")
    entry = _uuid(one["entry"]) if "entry" in one else None
    if "entry" in one and entry is None:
        raise _Wrong("entry_unknown")
    at = time_of(one["used_at"])
    if at is None:
        raise _Wrong("used_at_invalid")
    if at > now + CLOCK_SKEW:
        raise _Wrong("used_at_in_future")
    if at < now - OLDEST:
        raise _Wrong("used_at_too_old")
    return Use(at, one["action"], receiver["code"], receiver["name"], one["system"], categories, one["purpose"], entry)


def _delay(wanted: object) -> Delay:
    if not isinstance(wanted, dict) or set(wanted) != {"law", "until"}:
        raise _Wrong("delay_invalid")
    law, until = wanted["law"], wanted["until"]
    if not isinstance(law, str) or not _LAW.fullmatch(law) or not isinstance(until, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", until):
        raise _Wrong("delay_invalid")
    try:
        return Delay(law, date.fromisoformat(until))
    except ValueError:
        raise _Wrong("delay_invalid") from None


# What both ways in ask of a value.


def text_is_sound(value: object, *, longest: int = 200) -> bool:
    """Words that a citizen reads: printable, on one line, not blank, nothing that turns how it looks."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= longest
        and bool(value.strip())
        and not _UNSEEN & set(map(unicodedata.category, value))
    )


def code_is_sound(value: object) -> bool:
    """An organisation's code, ours or that of any register."""
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def categories_of(value: object) -> tuple[str, ...]:
    """Codes of categories, sorted, each once; empty for what is no list of such."""
    if not isinstance(value, list) or not 1 <= len(value) <= 50 or not all(isinstance(c, str) and _CATEGORY.fullmatch(c) for c in value):
        return ()
    return tuple(sorted(value)) if len(set(value)) == len(value) else ()


def time_of(value: object) -> datetime | None:
    """An RFC 3339 time with its zone; None for anything else."""
    if not isinstance(value, str) or not value.isascii() or not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper().replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _uuid(value: object) -> UUID | None:
    try:
        found = UUID(value) if isinstance(value, str) and len(value) == 36 else None
    except ValueError:
        return None
    return found
