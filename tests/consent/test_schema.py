"""What is compiled judges as the reference implementation does, and stricter only where a value is none of JSON's."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from consent import schema
from consent.purposes import FOLDER

SCHEMAS = [json.loads(path.read_text(encoding="utf-8"))["schema"] for path in sorted((FOLDER.parent / "categories").glob("*.json"))]
FACTS = [said for whole in SCHEMAS for said in (*whole.get("properties", {}).values(), *whole.get("patternProperties", {}).values())]
DAYS = st.dates().map(date.isoformat) | st.sampled_from(
    ["2025-02-30", "20250101", "2025-W01-1", "2025-1-1", "2025-01-01T00:00:00Z", " 2025-01-01", ""]
)
NUMBERS = st.integers() | st.integers(-2, 200) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5).map(float)
SCALARS = st.none() | st.booleans() | NUMBERS | DAYS | st.text(max_size=80)
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)


def reference(said: dict[str, Any], value: Any) -> bool:
    return bool(Draft202012Validator(said, format_checker=FormatChecker()).is_valid(value))


@settings(max_examples=1000, deadline=None)
@given(said=st.sampled_from(FACTS), data=st.data())
def test_a_value_is_judged_as_by_the_reference(said: dict[str, Any], data: st.DataObject) -> None:
    value = data.draw(VALUES | st.sampled_from(said["enum"]) if "enum" in said else VALUES)
    assert schema.kept(said)(value) is reference(said, value)


@settings(max_examples=300, deadline=None)
@given(whole=st.sampled_from(SCHEMAS), data=st.data())
def test_a_whole_statement_is_judged_as_by_the_reference(whole: dict[str, Any], data: st.DataObject) -> None:
    keys = st.sampled_from([*whole.get("properties", {}), "never_heard_of"])
    facts = data.draw(st.dictionaries(keys, SCALARS, max_size=6))
    assert schema.kept(whole)(facts) is reference(whole, facts)
    part = {name: rule for name, rule in whole.items() if name not in ("required", "minProperties")}
    assert schema.kept(whole, without=("required", "minProperties"))(facts) is reference(part, facts)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), date(2026, 1, 1), "\ud800", {1: 2}, object(), b"x"],
    ids=["not a number", "endless", "a date", "half a pair", "a number for a name", "an object", "bytes"],
)  # fmt: skip
def test_what_no_json_says_is_nothing_that_a_schema_allows(value: Any) -> None:
    for said in ({"type": "number"}, {"type": "string"}, {"type": "object"}):
        assert schema.compiled(said)(value) is False


def test_a_schema_is_read_from_nowhere_else() -> None:
    with pytest.raises(ValueError, match="nothing outside itself"):
        schema.compiled({"$ref": "https://agency.example/schema.json"})


def test_a_schema_is_compiled_once_and_two_are_never_taken_for_each_other() -> None:
    said = {"type": "integer"}
    assert schema.kept(said) is schema.kept(said) and schema.kept(said, without=("type",)) is not schema.kept(said)
    for number in range(2 * schema._MOST):
        assert schema.kept({"const": number})(number) and not schema.kept({"const": number})(number + 1)
    assert len(schema._compiled) <= schema._MOST
