"""Identifiers, names, birthdays, personas, and the texts of the pages."""

from __future__ import annotations

import ast
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.sandbox import national_id, pages, people, personas, vocabulary
from aurora.sandbox.config import HOLDERS, PROCESSES
from recommender.training import households

numbers = st.integers(0, national_id.LIMIT - 1)


@given(numbers)
def test_identifier_leads_back_to_its_number(index: int) -> None:
    assert national_id.parse(national_id.make(index)) == index
    assert national_id.valid(f" {national_id.make(index).lower()}\n")


@given(numbers, st.integers(0, 5), st.sampled_from(string.digits))
def test_one_wrong_digit_is_noticed(index: int, place: int, digit: str) -> None:
    right = national_id.make(index)
    wrong = right[: 1 + place] + digit + right[2 + place :]
    assert national_id.valid(wrong) is (wrong == right)


@given(numbers, st.integers(0, 4))
def test_two_swapped_neighbours_are_noticed(index: int, place: int) -> None:
    right = list(national_id.make(index))
    wrong = right.copy()
    wrong[1 + place], wrong[2 + place] = wrong[2 + place], wrong[1 + place]
    assert national_id.valid("".join(wrong)) is (wrong == right)


@given(st.text(max_size=12))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    index = national_id.parse(text)
    assert index is None or national_id.make(index) == text.strip().upper()


@pytest.mark.parametrize("index", [-1, national_id.LIMIT])
def test_number_out_of_range_has_no_identifier(index: int) -> None:
    with pytest.raises(ValueError):
        national_id.make(index)


@pytest.mark.parametrize("index", range(0, 20_000, 997))
def test_birthdate_fits_the_age_in_the_register(index: int) -> None:
    born, today = people.birthdate_of(index), people.AGES_AS_OF
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert age == households.facts_of(index)["population.person"]["age"] and born < date.today()
    assert people.person(index) == people.person(index) and " " in people.name_of(index)


def test_personas_are_in_their_situation_and_named_as_promised() -> None:
    chosen = personas.choose()
    assert [one.name.split()[0] for one in chosen[:3]] == ["Aino", "Bertil", "Cecilia"] and len(chosen) == 8
    assert len({one.index for one in chosen}) == 8
    facts = {one.key: {k: v for group in households.facts_of(one.index).values() for k, v in group.items()} for one in chosen}
    assert facts["aino"]["children_under_6"] >= 1 and facts["aino"]["wages"] <= 30_000
    assert facts["bertil"]["age"] >= 68 and facts["bertil"]["public_pension"] > 0
    assert facts["cecilia"]["marital_status"] == "single_parent" and facts["dagny"]["visual_impairment"]
    assert facts["gunvor"]["unemployment_benefit"] > 0 and facts["frans"]["farm_income"] > facts["frans"]["wages"]
    assert people.find(national_id.make(chosen[0].index), chosen).name == chosen[0].name  # type: ignore[union-attr]
    assert people.find(national_id.make(999_999)) is None


def test_every_text_is_there_in_every_language() -> None:
    keys = {language: set(pages.texts(language)) for language in pages.LANGUAGES}
    assert keys["fi"] == keys["sv"] == keys["en"]
    for language in pages.LANGUAGES:
        assert all(text.strip() for text in pages.texts(language).values())
        assert {pages.process_name(process, language) for process in PROCESSES}
    for key in keys["en"]:
        fields = {tuple(sorted(f for _, f, _, _ in string.Formatter().parse(pages.texts(language)[key]) if f)) for language in keys}
        assert len(fields) == 1, key


def test_each_category_is_held_by_one_process() -> None:
    elsewhere = [
        c.code for c in vocabulary.categories().values() if c.source in ("aurora", "citizen")
    ]  # worked out, or told by the citizen
    assert sum(len(vocabulary.served_by(source)) for source in HOLDERS) == len(vocabulary.categories()) - len(elsewhere) == 18


def test_sandbox_imports_nothing_of_aurora() -> None:
    for path in Path(vocabulary.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                ours = name.split(".")[0] in ("aurora", "consent", "recommender")
                assert not ours or name.startswith("aurora.sandbox") or name == "recommender.training", (path, name)
