"""The recommender's facts are those of the platform's vocabulary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.facts import CATEGORIES, FACTS, LARGEST_AMOUNT, by_category

VOCABULARY = Path(__file__).resolve().parents[2] / "consent" / "vocabulary" / "categories"
# Whose guardian somebody is says who may act for whom, what a surgeon noted is for the hospital's own model, and what a health centre knows is for
# the citizen to see: none of these suggests anything.
NO_FEATURE = {
    "population.guardianship",
    "population.estate",
    "hospital.surgery",
    "hospital.surgery_outcome",
    "derived.surgery_risk",
    "derived.hospital_stay",
    "benefits.decisions",
    "health.patient",
    "health.conditions",
    "health.measurements",
    "health.procedures",
}
ENTRIES = [json.loads(p.read_text("utf-8")) for p in VOCABULARY.glob("*.json")]
SCHEMAS = {entry["code"]: entry["schema"] for entry in ENTRIES if entry["code"] not in NO_FEATURE}


def test_the_same_facts_are_in_the_vocabulary() -> None:
    assert set(FACTS) == {f"{code}.{key}" for code, schema in SCHEMAS.items() for key in schema["properties"]}
    assert set(CATEGORIES) == set(SCHEMAS)


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.key)
def test_a_fact_has_the_type_and_bounds_of_its_schema(fact) -> None:
    schema = SCHEMAS[fact.category]["properties"][fact.name]
    match schema["type"]:
        case "boolean":
            assert fact.kind.value == "flag"
        case "string":
            assert tuple(schema.get("enum", ())) == fact.choices
        case "integer":
            unit = {"amount": "crowns_per_year", "count": "persons", "age": "years", "meter": "of_10"}[fact.kind.value]
            assert schema["x-unit"] == unit
            assert fact.minimum == schema.get("minimum", -LARGEST_AMOUNT)
            assert fact.maximum == schema.get("maximum", LARGEST_AMOUNT)


def test_facts_are_grouped_by_category_in_the_order_of_the_vocabulary() -> None:
    keys = ("tax.income.wages", "population.person.age", "tax.income.interest")
    assert by_category(keys) == {
        "population.person": ("population.person.age",),
        "tax.income": ("tax.income.wages", "tax.income.interest"),
    }
