"""Social insurance's own JSON: older than Aurora, with names, codes, dates and amounts as that house has always had them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

# The name of a category's records in an address.
NAMES: Mapping[str, str] = {
    "pensions": "social.pension",
    "unemployment": "social.unemployment",
    "disability": "social.disability",
    "programmes": "social.programmes",
}
_PROGRAMMES: Mapping[str, str] = {
    "food_assistance": "FOOD",
    "housing_assistance": "HOUSING",
    "supplementary_income": "SUPPLEMENT",
    "family_cash_assistance": "FAMILY",
    "veterans_benefits": "VETERANS",
    "mother_and_child_nutrition": "NUTRITION",
    "health_care_assistance": "HEALTH",
    "senior_health_insurance": "SENIOR",
}
_WHO: Mapping[str, str] = {"visual_impairment": "SELF", "spouse_visual_impairment": "SPOUSE"}


def render(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of ours (docs/architecture.md, "Sources over HTTP") as this house says the same."""
    period = {"from": _day(body["valid_from"]), "to": _day(body["valid_to"])}
    return {
        "person": {"id": body["subject"]["national_id"], "register": "SB"},
        "asOf": int(datetime.fromisoformat(body["observed_at"]).timestamp() * 1000),
        "period": {name: day for name, day in period.items() if day},
        **_records(body["category"], body["facts"]),
    }


def _records(category: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    if category == "social.pension":
        # In two instalments of cents, as it is paid.
        halves = [half for value in facts.values() for half in _halves(value)]
        return {"payments": [{"kind": "PENSION", "cents": half} for half in halves]}
    if category == "social.unemployment":
        return {"payments": [{"kind": "ALLOWANCE", "amount": f"{value},00"} for value in facts.values()]}
    if category == "social.disability":
        return {"findings": [{"who": _WHO.get(key, key), "sight": _coded(value, "IMPAIRED", "USUAL")} for key, value in facts.items()]}
    return {"programmes": {_PROGRAMMES.get(key, key): _coded(value, "Y", "N") for key, value in facts.items()}}


def _halves(value: Any) -> list[Any]:
    """What is no amount (a failure switch makes such) stays what it is."""
    return [str(value * 50), str(value * 50)] if isinstance(value, int) else [value]


def _coded(value: Any, yes: str, no: str) -> Any:
    return (yes if value else no) if isinstance(value, bool) else value


def _day(text: str | None) -> str | None:
    return date.fromisoformat(text).strftime("%d.%m.%Y") if text else None
