"""A use that rests on several consents names each of them, with the text that was shown for it; and a region is named and not coded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aurora.portal.present import data
from aurora.ui.contexts import EntryPage
from tests.support.cast import REGISTER, TAX, Person


def test_every_consent_behind_a_use_is_named_with_its_data_and_its_text(new_person: Person) -> None:
    new_person.connect(REGISTER)
    new_person.connect(TAX)
    face = new_person.browser()
    made = face.get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    answer = face.get(made.entry_url)
    page: EntryPage = answer.context["page"]  # type: ignore[attr-defined]
    assert len({consent.url for consent in page.consents}) == 2
    said = answer.content.decode()
    household, income = (next(one for one in page.consents if word in one.title) for word in ("Household", "Income"))
    assert household is not income and "Household" not in income.title
    for consent in page.consents:
        assert consent.title in said and consent.url in said and consent.notice
    assert said.count('class="au-paper"') == 2


def test_of_one_consent_the_purpose_is_name_enough(new_person: Person) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    made = face.get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    page = face.get(made.entry_url).context["page"]  # type: ignore[attr-defined]
    assert [consent.title for consent in page.consents] == ["Service suggestions"]


def test_a_region_is_said_in_words_and_a_code_that_is_none_as_it_is() -> None:
    said = [data._value_label(fact("population.person", "region", value), {}) for value in ("R07", "R32", "Räin")]
    assert [one.get("fi", "") for one in said] == ["Alue 7", "Alue 32", ""]
    assert said[1]["sv"] == said[1]["en"] == "Region 32"
    assert data._value_label(fact("population.person", "marital_status", "R32"), {}) == {}, "of a region only"


def fact(category: str, key: str, value: str) -> Any:
    return SimpleNamespace(category=category, key=key, value=value, name=f"{category}.{key}")
