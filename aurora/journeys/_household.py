"""A household as a citizen tells of it: so many people of each age, as a form asks, and as facts of the vocabulary. Pure.

Ages in groups, not birthdays or names: that is as much as any service's rule or the ranking asks, and as the register says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from consent.errors import InvalidInput

# The form's fields: how many of each age, then what is known of some of the oldest.
UNDER_6, UNDER_13, UNDER_18 = "household_under_6", "household_6_to_12", "household_13_to_17"
YOUNG, ADULTS = "household_18_to_20", "household_adults"
ELDERLY, SPOUSE = "household_elderly", "household_spouse_age"
PEOPLE = (ADULTS, YOUNG, UNDER_18, UNDER_13, UNDER_6)
FIELDS = (*PEOPLE, ELDERLY, SPOUSE)
MOST, YOUNGEST_SPOUSE, OLDEST = 40, 15, 120
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)


def of_form(answers: Mapping[str, str]) -> dict[str, int]:
    """The facts of `life.household`, by key; none where nothing is said. Who is not counted is none: one says the whole household, or nothing of it.

    Raises `InvalidInput` with every field that is wrong.
    """
    said = {name: text for name in FIELDS if (text := answers.get(name, "").strip())}
    if not said:
        return {}
    wrong = {name: _fault(name) for name, text in said.items() if not _fits(name, text)}
    if wrong:
        raise InvalidInput(wrong)
    numbers = {name: int(said.get(name, "0")) for name in FIELDS}
    size = sum(numbers[name] for name in PEOPLE)
    if not 1 <= size <= MOST:
        wrong[ADULTS] = "household_size_wrong"
    elif numbers[ELDERLY] > numbers[ADULTS]:
        wrong[ELDERLY] = "household_elderly_wrong"
    if wrong:
        raise InvalidInput(wrong)
    facts = {
        "household_size": size,
        "children_under_6": numbers[UNDER_6],
        "children_under_13": numbers[UNDER_6] + numbers[UNDER_13],
        "children_under_18": numbers[UNDER_6] + numbers[UNDER_13] + numbers[UNDER_18],
        "young_adults_18_20": numbers[YOUNG],
        "adults_21_and_over": numbers[ADULTS],
        "elderly_dependants": numbers[ELDERLY],
    }
    return facts | ({"spouse_age": numbers[SPOUSE]} if SPOUSE in said else {})


def of_facts(facts: Mapping[str, int]) -> dict[str, str]:
    """What the form's fields say where these facts are told; nothing where none are."""
    if "household_size" not in facts:
        return {}
    under_6, under_13, under_18 = (facts[f"children_under_{age}"] for age in (6, 13, 18))
    numbers = {
        UNDER_6: under_6,
        UNDER_13: under_13 - under_6,
        UNDER_18: under_18 - under_13,
        YOUNG: facts["young_adults_18_20"],
        ADULTS: facts["adults_21_and_over"],
        ELDERLY: facts["elderly_dependants"],
    }
    if "spouse_age" in facts:
        numbers[SPOUSE] = facts["spouse_age"]
    return {name: str(number) for name, number in numbers.items()}


def _fits(name: str, text: str) -> bool:
    least, most = (YOUNGEST_SPOUSE, OLDEST) if name == SPOUSE else (0, MOST)
    return bool(_NUMBER.fullmatch(text)) and least <= int(text) <= most


def _fault(name: str) -> str:
    return "spouse_age_wrong" if name == SPOUSE else "people_wrong"
