"""Codes of illnesses and procedures in words, and the order of facts."""

from __future__ import annotations

import json

from aurora.sandbox.health import draws
from aurora.ui import code_words
from consent.facts_order import CATEGORIES, places


def _said_by_the_health_centre() -> set[tuple[str, str]]:
    """Keys and texts of all that its records may hold."""
    illnesses = [(code, text) for code, text, *_ in draws._ILLNESSES]
    illnesses += [(ill.code, ill.text) for ills, _ in draws._PERSONAS.values() for ill in ills]
    done = [(code, text) for code, text, *_ in draws._PROCEDURES] + [
        (one.code, one.text) for _, did in draws._PERSONAS.values() for one in did
    ]
    return {(f"icd10.{code}", text) for code, text in illnesses} | {(f"snomed.{code}", text) for code, text in done}


def test_all_that_the_sandbox_says_has_words_in_each_language() -> None:
    said = _said_by_the_health_centre()
    assert len(said) > 20
    for key, text in said:
        found = code_words.of(key, text)
        assert set(found) == {"fi", "sv", "en"} and found["en"] == text, key
        assert len(set(found.values())) == 3, key


def test_what_a_source_wrote_in_words_of_its_own_stays_its_own() -> None:
    assert code_words.of("icd10.J45.9", "Asthma since childhood") == {}
    assert code_words.of("icd10.Z99.9", "Something else") == {}


def test_facts_stand_in_the_order_of_their_file() -> None:
    file = CATEGORIES / "tax.income.json"
    assert list(places("tax.income")) == list(json.loads(file.read_text(encoding="utf-8"))["schema"]["properties"])
    assert sorted(places("tax.income").values()) == list(range(len(places("tax.income"))))
    assert places("health.conditions") == {} == places("no.such") == places("../../etc")
