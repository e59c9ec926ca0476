"""A batch of uses as an agency signs it: one compact JWS (RFC 7515), ES256 by a key that its client registered, and what is wrong with it.

    {"alg": "ES256", "kid": ..., "typ": "aurora-uses+jwt"}
    {"iss": client_id, "aud": the API's address, "iat": seconds, "jti": the batch's id, a UUID, "uses": [...1 to 100...]}

All of it is taken or nothing. What is wrong is named by position, the first ten.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.errors import AuroraError
from consent.oauth import signed
from consent.oauth.models import Client
from consent.oauth.signed import CLOCK_SKEW

from .values import Use

TYPE = "aurora-uses+jwt"
LARGEST = 64 * 1024
MOST = 100
NAMED_FAULTS = 10
OLDEST = timedelta(days=366)
_KIND = signed.Kind(TYPE, "uses", MOST, LARGEST, brackets=MOST * 5 + 10)
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
    """Verify, then judge. Raises what `signed.read` raises, and `BatchRefused`."""
    sent = signed.read(body, client=client, kind=_KIND, now=now)
    items: list[Item] = []
    faults: list[Fault] = []
    for position, one in enumerate(sent.items):
        found = _item(position, one, now)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            items.append(found)
    if faults:
        raise BatchRefused(faults)
    return Form(sent.batch_id, sent.digest, tuple(items))


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
    entry = signed.uuid_of(one["entry"]) if "entry" in one else None
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
