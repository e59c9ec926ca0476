"""What an agency answers to findUsage, as Estonia's Data Tracker asks it (Andmejälgija, "Kasutusteabe esitamise protokoll" 1.3.1, 8.1), in JSON.

Asked: {"subject", "from", "to", "offset", "limit"}, where the record of the newest time has the number 1. Answered, newest first:

    {"usage": [{"logtime", "action", "receiver", "receiver_name", "system"}, ...]}

The first three are the protocol's own. A record may say `categories`, `purpose` and `entry` too, which then must be right. Pure but for the codes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from consent.errors import AuroraError
from consent.oauth import strict_json

from . import batches
from .values import Use

LIMIT = 100  # the protocol's own
MOST_PAGES = 50
LARGEST = 256 * 1024
_BRACKETS = LIMIT * 2 + 10
_NEEDED, _MAY = {"logtime", "action", "receiver"}, {"receiver_name", "system", "categories", "purpose", "entry"}


class AnswerRefused(AuroraError):
    """The answer is not one, or cannot be true: nothing of it is kept. `code` says what class of fault it is."""

    code = "answer_invalid"
    sentence = "The agency's answer is not as the protocol says."
    status = 502
    retryable = True


def question(*, subject: str, since: datetime, until: datetime, offset: int) -> dict[str, Any]:
    """What is asked, as plain JSON."""
    return {"subject": subject, "from": _time(since), "to": _time(until), "offset": offset, "limit": LIMIT}


def parse(body: bytes, *, since: datetime, until: datetime, default_name: str) -> list[Use]:
    """The uses of one page, as they came. `default_name`: of the receiver, where only its code is told.

    Raises `AnswerRefused`: `answer_invalid` (form), `answer_out_of_period` (a time that was not asked for, the future too), `answer_unordered`,
    `answer_too_many` (more than the limit).
    """
    try:
        found = strict_json.loads(body.decode(), brackets=_BRACKETS)
    except (ValueError, RecursionError):
        raise AnswerRefused() from None
    if not isinstance(found, dict) or set(found) != {"usage"} or not isinstance(found["usage"], list):
        raise AnswerRefused()
    if len(found["usage"]) > LIMIT:
        raise AnswerRefused(code="answer_too_many")
    uses = [_use(one, default_name) for one in found["usage"]]
    # A second either way: some logs keep no more.
    if any(not since - timedelta(seconds=1) <= use.used_at <= until + timedelta(seconds=1) for use in uses):
        raise AnswerRefused(code="answer_out_of_period")
    if any(earlier.used_at > later.used_at for later, earlier in pairwise(uses)):
        raise AnswerRefused(code="answer_unordered")
    return uses


def _use(one: Any, default_name: str) -> Use:
    if not isinstance(one, dict) or not _NEEDED <= set(one) <= _NEEDED | _MAY:
        raise AnswerRefused()
    at = batches.time_of(one["logtime"])
    name, system, purpose = one.get("receiver_name", default_name), one.get("system", ""), one.get("purpose", "")
    categories = batches.categories_of(one["categories"]) if "categories" in one else ()
    sound = (
        at is not None
        and batches.text_is_sound(one["action"])
        and batches.code_is_sound(one["receiver"])
        and batches.text_is_sound(name)
        and (system == "" or batches.text_is_sound(system))
        and isinstance(purpose, str)
        and len(purpose) <= 64
        and ("categories" not in one or bool(categories))
    )
    if not sound or at is None:
        raise AnswerRefused()
    return Use(at, one["action"], one["receiver"], name, system, categories, purpose, _entry(one["entry"]) if "entry" in one else None)


def _entry(value: object) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else _refuse()
    except ValueError:
        return _refuse()


def _refuse() -> UUID:
    raise AnswerRefused()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
