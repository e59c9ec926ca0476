"""Directions that the model may not contradict, because the opposite would be absurd as a reason.

More income never speaks for a means-tested programme, another small child never against support for families.
They cost nothing that can be measured here (docs/decisions/recommender.md).
"""

from __future__ import annotations

_MEANS = tuple(f"tax.income.{name}" for name in ("wages", "self_employment", "farm_income", "interest", "dividends", "private_pension"))
_CHILDREN = tuple(f"population.household.children_under_{age}" for age in (6, 13, 18))
_IMPAIRMENTS = ("social.disability.visual_impairment", "social.disability.spouse_visual_impairment")
_OLD_AGE = (
    "population.person.age",
    "population.household.spouse_age",
    "population.household.elderly_dependants",
    "social.pension.public_pension",
)

_FALLING = {
    "food_assistance": _MEANS,
    "housing_assistance": _MEANS,
    "supplementary_income": _MEANS,
    "family_cash_assistance": _MEANS,
    "mother_and_child_nutrition": _MEANS,
    "health_care_assistance": _MEANS,
}
_RISING = {
    "food_assistance": _CHILDREN,
    "family_cash_assistance": _CHILDREN,
    "mother_and_child_nutrition": _CHILDREN,
    "health_care_assistance": _CHILDREN + _IMPAIRMENTS,
    "supplementary_income": _IMPAIRMENTS,
    "senior_health_insurance": _OLD_AGE + _IMPAIRMENTS,
}


def monotone(programme: str) -> dict[str, int]:
    """Fact key -> 1 (more never lowers the chance) or -1 (more never raises it), for the facts that are bound."""
    falling = dict.fromkeys(_FALLING.get(programme, ()), -1)
    rising = dict.fromkeys(_RISING.get(programme, ()), 1)
    return {**falling, **rising}
