"""What a schema says of one fact, and what people read of all of them: by name, and by a pattern where names are codes."""

from __future__ import annotations

import pytest

from consent import facts
from consent.management.commands.load_vocabulary import documents

NAMED = {"age": {"type": "integer", "x-label": {"en": "Age"}}}
CODED = {"^icd10\\.[A-Z0-9.]{1,40}$": {"type": "string", "x-label": {"en": "Illness"}}}
BOTH = {"properties": NAMED, "patternProperties": CODED}


@pytest.mark.parametrize(
    ("key", "label"),
    [("age", "Age"), ("icd10.J45.9", "Illness"), ("icd10.", None), ("xicd10.J45", None), ("ages", None), ("", None)],
    ids=["by name", "by pattern", "no code", "not from its start", "longer", "empty"],
)
def test_a_key_is_found_by_its_name_or_its_pattern(key: str, label: str | None) -> None:
    found = facts.of_key(BOTH, key)
    assert (found["x-label"]["en"] if found else None) == label


def test_a_name_comes_before_a_pattern_that_it_matches() -> None:
    both = {"properties": {"icd10.A": {"x-label": {"en": "Own"}}}, "patternProperties": CODED}
    found = facts.of_key(both, "icd10.A")
    assert found is not None and found["x-label"]["en"] == "Own"


def test_a_pattern_is_listed_once() -> None:
    assert [one["x-label"]["en"] for one in facts.every(BOTH).values()] == ["Age", "Illness"]
    assert facts.every({"type": "object"}) == {}


def test_every_pattern_of_the_vocabulary_has_a_label_and_keeps_keys_short() -> None:
    patterns = [(p, s) for doc in documents("categories") for p, s in doc["schema"].get("patternProperties", {}).items()]
    assert patterns
    for pattern, schema in patterns:
        assert set(schema["x-label"]) == {"fi", "sv", "en"} and pattern.startswith("^") and pattern.endswith("$")
        one = {"patternProperties": {pattern: schema}}
        assert facts.of_key(one, "snomed." + "9" * 40) and not facts.of_key(one, "snomed." + "9" * 58), "a key is at most 64 characters"
