"""Reading what a citizen sent. Every field is bounded; what cannot be read is an error beside its field, never a crash."""

from __future__ import annotations

import re
from datetime import date

from django.http import QueryDict

from consent.errors import InvalidInput
from consent.rules import latest_end

CODE = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
MONTHS = {"3": 3, "6": 6, "12": 12}


def end_date(form: QueryDict, *, today: date) -> date:
    """The chosen end: a number of months, or the citizen's own date. Raises `InvalidInput` for `end` or `own_date`."""
    choice = form.get("end", "")
    if choice in MONTHS:
        return latest_end(today, months=MONTHS[choice])
    if choice != "own":
        raise InvalidInput({"end": "end_required"})
    try:
        own = day_of(form, "own")
    except InvalidInput:
        raise InvalidInput({"own_date": "date_invalid"}) from None
    if own <= today:
        raise InvalidInput({"own_date": "date_past"})
    if own > latest_end(today):
        raise InvalidInput({"own_date": "date_too_late"})
    return own


def day_of(form: QueryDict, name: str) -> date:
    """A day in three fields, `<name>_day`, `_month`, `_year`. Raises `InvalidInput` for `name`."""
    parts = [form.get(f"{name}_{part}", "").strip() for part in ("year", "month", "day")]
    try:
        if not all(p.isascii() and p.isdigit() and len(p) <= 4 for p in parts):
            raise ValueError
        return date(*(int(p) for p in parts))
    except ValueError:
        raise InvalidInput({name: "date_invalid"}) from None


def decision(form: QueryDict) -> str:
    """`allow` or `decline`. Raises `InvalidInput`: anything else is neither."""
    chosen = form.get("decision", "")
    if chosen not in ("allow", "decline"):
        raise InvalidInput({"decision": "decision_required"})
    return chosen


def to_withdraw(form: QueryDict) -> tuple[list[str] | None, bool]:
    """What to withdraw, None for all of it, and whether to keep what was fetched. Only the button for a part makes it a part."""
    part = form.getlist("categories") if form.get("decision") == "narrow" else None
    return part, form.get("keep") == "yes"


def iso_date(text: str, field: str) -> date | None:
    """A date of a filter; nothing is no date. Raises `InvalidInput`."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput({field: "date_invalid"}) from None


def whole(form: QueryDict) -> bool:
    """What mails are to say: `whole` or `notice`. Raises `InvalidInput` for `content`: anything else is neither."""
    chosen = form.get("content", "")
    if chosen not in ("notice", "whole"):
        raise InvalidInput({"content": "choice_required"})
    return chosen == "whole"


def code(form: QueryDict, name: str) -> str:
    """A code as our own forms send it, of at most 100 letters, digits, `-` and `_`; anything else is none."""
    typed = form.get(name, "")
    return typed if CODE.fullmatch(typed) else ""


def text(form: QueryDict, name: str) -> str:
    """A few lines in somebody's own words, without control characters. How long it may be is for whoever keeps it to say."""
    lines = form.get(name, "").replace("\r\n", "\n")
    return "".join(c for c in lines if c == "\n" or c.isprintable()).strip()


def page_number(query: QueryDict) -> int:
    """The page of a list; what is no number of one is the first."""
    typed = query.get("page", "")
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 1
