"""What stands around facts, whoever brings them: the form of docs/architecture.md, "Sources over HTTP", and what is asked of it.

    {"category", "version", "subject": {"national_id"}, "observed_at", "valid_from", "valid_to", "facts", "gone"}

`gone` is there in an increment only: facts that have changed, and the keys of those that hold no more. Without it `facts` is all that there is.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors.answer import Answer
from consent import schema
from consent.models import DataCategoryVersion

# I-JSON (RFC 7493 2.2): beyond this, two readers of a number may not agree on it.
LARGEST = 2**53 - 1
FIRST_YEAR = 1900
CLOCKS_DIFFER = timedelta(days=1)
_DATE = {"type": ["string", "null"], "format": "date"}
_ENVELOPE = {
    "type": "object",
    "required": ["category", "version", "subject", "observed_at", "facts"],
    "properties": {
        "category": {"type": "string", "maxLength": 64},
        "version": {"type": "integer"},
        "subject": {
            "type": "object",
            "required": ["national_id"],
            "properties": {"national_id": {"type": "string", "minLength": 1, "maxLength": 64}},
        },
        "observed_at": {"type": "string", "maxLength": 40},
        "valid_from": _DATE,
        "valid_to": _DATE,
        "facts": {"type": "object"},
        "gone": {"type": "array", "maxItems": 200, "uniqueItems": True, "items": {"type": "string", "maxLength": 64}},
    },
}


_IS_ENVELOPE = schema.compiled(_ENVELOPE)
# What an increment need not say.
_WHOLE = ("required", "minProperties")


class AnswerWrong(PeerFailed):
    """It is no answer of that category. `why`: `form`, `category`, `version`, `facts` or `times`; no value is in it."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__("invalid_answer", retryable=False)


def form(found: Any) -> dict[str, Any]:
    """The answer, if it has the members that it must have. Raises `AnswerWrong`."""
    if not _IS_ENVELOPE(found):
        raise AnswerWrong("form")
    return dict(found)


def read(found: Any, category: DataCategoryVersion, *, attested: bool = False) -> Answer:
    """The answer as facts of this version of a category, checked against its JSON Schema. Raises `AnswerWrong`."""
    found = form(found)
    if found["category"] != category.category_id:
        raise AnswerWrong("category")
    if found["version"] != category.version:
        raise AnswerWrong("version")
    gone = frozenset(found["gone"]) if "gone" in found else None
    _check_facts(category.schema, found["facts"], gone)
    valid_from, valid_to = _day(found.get("valid_from")), _day(found.get("valid_to"))
    if valid_from and valid_to and valid_to < valid_from:
        raise AnswerWrong("times")
    return Answer(
        category=category.category_id,
        version=category.version,
        national_id=found["subject"]["national_id"],
        observed_at=instant(found["observed_at"]),
        valid_from=valid_from,
        valid_to=valid_to,
        facts={key: value_of(value) for key, value in found["facts"].items()},
        attested=attested,
        gone=gone,
    )


def _check_facts(said: dict[str, Any], facts: Any, gone: frozenset[str] | None) -> None:
    """A whole statement has what the category requires. An increment repeats nothing, and takes nothing away that is required."""
    if gone is not None and (gone & (set(facts) | set(said.get("required", ()))) or not gone <= set(said["properties"])):
        raise AnswerWrong("facts")
    if not schema.kept(said, without=() if gone is None else _WHOLE)(facts):
        raise AnswerWrong("facts")


def value_of(value: Any) -> Any:
    """JSON Schema counts 43800.0 among the integers; a twin holds one spelling of it. Raises `AnswerWrong`."""
    if isinstance(value, int | float) and abs(value) > LARGEST:
        raise AnswerWrong("facts")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def instant(text: str) -> datetime:
    """When the source saw it: not in the future, and not so long ago that a database and Python disagree on the year. Raises `AnswerWrong`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise AnswerWrong("times") from None
    if found.tzinfo is None or found.year < FIRST_YEAR or found > timezone.now() + CLOCKS_DIFFER:
        raise AnswerWrong("times")
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
