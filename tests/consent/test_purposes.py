"""Which kinds of data may be asked for a purpose: all, some of them, or some that are for it alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent import purposes
from consent.purposes import fitting
from recommender.catalogue import catalogue
from recommender.suggesting.service import used_categories

HELD = ["a.one", "a.two", "a.three"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for document in (
        {"code": "plain"},
        {"code": "narrow", "about": ["a.one", "a.two"]},
        {"code": "narrower", "about": ["a.one"]},
        {"code": "alone", "only": ["a.three"]},
        {"code": "mistaken", "about": ["a.two", "a.three"]},
    ):
        (tmp_path / f"{document['code']}.json").write_text(json.dumps(document))
    monkeypatch.setattr(purposes, "FOLDER", tmp_path)
    purposes.bound.cache_clear()
    purposes.limited.cache_clear()
    yield
    purposes.bound.cache_clear()
    purposes.limited.cache_clear()


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("purpose", "fits"),
    [
        ("plain", ["a.one", "a.two"]),
        ("narrow", ["a.one", "a.two"]),
        ("narrower", ["a.one"]),
        ("alone", ["a.three"]),
        ("mistaken", ["a.two"]),  # what is for another purpose only cannot be taken from it
        ("unknown", ["a.one", "a.two"]),
    ],
)
def test_what_fits_a_purpose(purpose: str, fits: list[str]) -> None:
    assert fitting(purpose, HELD) == fits
    assert fitting(purpose, reversed(HELD)) == list(reversed(fits))


@pytest.mark.usefixtures("written")
def test_a_purpose_is_not_asked_for_where_nothing_of_it_is_held() -> None:
    assert fitting("narrower", ["a.two", "b.one"]) == []


def test_the_risk_of_surgery_is_asked_for_at_the_hospital_only_and_leaves_its_data_to_the_citizen_too() -> None:
    assert fitting("surgery-risk", ["hospital.surgery", "tax.income"]) == ["hospital.surgery"]
    assert fitting("surgery-risk", ["tax.income", "population.person"]) == []
    assert fitting("own-overview", ["hospital.surgery", "tax.income"]) == ["hospital.surgery", "tax.income"]
    assert fitting("service-suggestions", ["hospital.surgery"]) == []


def test_suggestions_ask_for_what_they_use_and_no_more() -> None:
    assert purposes.limited()["service-suggestions"] == set(used_categories(catalogue()))
