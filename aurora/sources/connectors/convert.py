"""From an agency's spelling of a value to ours: amounts, dates, instants, codes. Pure; whatever does not fit its rule is refused, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_DATES = {
    "iso": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"),
    "dd.mm.yyyy": re.compile(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})"),
    "yyyymmdd": re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
}
_ROUNDING = {"down": ROUND_DOWN, "half_even": ROUND_HALF_EVEN}
_LATEST = 253_402_300_799  # the last second of the year 9999


class NotConverted(ValueError):
    """The value is not of the kind that its rule says. No value is in the error."""


def value(found: Any, rule: Mapping[str, Any]) -> Any:
    """What the rule (`mapping.schema.json`, `fact`) makes of a value that is there. Raises `NotConverted`."""
    kind = rule["as"]
    if kind == "integer":
        return whole(amount(found, rule), rule)
    if kind == "number":
        return float(amount(found, rule))
    if kind == "date":
        return day(found, rule.get("format", "iso"))
    if kind == "code":
        return code(found, rule["codes"])
    if not isinstance(found, bool if kind == "boolean" else str):
        raise NotConverted
    return found


def amount(found: Any, rule: Mapping[str, Any]) -> Decimal:
    """A JSON number, or a decimal in a string with the decimal sign that the rule names; times its scale. Exact: binary fractions stay out of it."""
    if isinstance(found, str):
        sign = rule.get("decimal", ".")
        text = found if sign == "." else found.replace(".", "?").replace(sign, ".")
    elif isinstance(found, int | float) and not isinstance(found, bool):
        text = format(Decimal(repr(found)), "f")
    else:
        raise NotConverted
    if not _DECIMAL.fullmatch(text):
        raise NotConverted
    with localcontext(Context(prec=60)):
        return Decimal(text) * Decimal(rule.get("scale", "1"))


def whole(found: Decimal, rule: Mapping[str, Any]) -> int:
    """As a whole number: exactly, unless the rule says how to round."""
    how = rule.get("round", "exact")
    with localcontext(Context(prec=60)):
        rounded = found.to_integral_value(rounding=_ROUNDING.get(how, ROUND_DOWN))
    if how == "exact" and rounded != found:
        raise NotConverted
    return int(rounded)


def day(found: Any, form: str) -> str:
    """As a date of ISO 8601."""
    match = _DATES[form].fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise NotConverted
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"])).isoformat()
    except ValueError:
        raise NotConverted from None


def instant(found: Any, form: str) -> str:
    """As an instant of RFC 3339: text as it is, which the envelope's check reads; seconds or milliseconds since 1970 in UTC."""
    if form == "iso":
        if not isinstance(found, str):
            raise NotConverted
        return found
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _LATEST * 1000:
        raise NotConverted
    seconds = found / 1000 if form == "epoch_milliseconds" else found
    if seconds > _LATEST:
        raise NotConverted
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def code(found: Any, codes: Mapping[str, Any]) -> Any:
    """What a code means. One that the list does not have is refused: it may mean anything."""
    spelled = found if isinstance(found, str) else {True: "true", False: "false"}[found] if isinstance(found, bool) else None
    if spelled is None and isinstance(found, int):
        spelled = str(found)
    if spelled is None or spelled not in codes:
        raise NotConverted
    return codes[spelled]
