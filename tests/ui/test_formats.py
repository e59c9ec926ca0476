"""How values are written in each language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation

from aurora.ui import formats
from aurora.ui.layout import language_url

NB = "\u00a0"
AT = datetime(2026, 11, 24, 7, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "moment", "day", "clock"),
    [
        ("fi", "24.11.2026 klo 9.05", "24.11.2026", "9.05"),
        ("sv", "24.11.2026 kl. 9.05", "24.11.2026", "9.05"),
        ("en", "24 November 2026 at 9:05", "24 November 2026", "9:05"),
    ],
)
def test_dates_and_times(language: str, moment: str, day: str, clock: str) -> None:
    with translation.override(language), timezone.override("Europe/Helsinki"):
        assert formats.moment(AT) == moment
        assert formats.day(AT) == day
        assert formats.day(date(2026, 11, 24)) == day
        assert formats.clock(AT) == clock


@pytest.mark.parametrize(
    ("language", "value", "unit", "shown"),
    [
        ("fi", 72.4, "kg", "72,4 kg"), ("en", 118, "mmhg", "118 mmHg"), ("sv", 4.9, "mmol_per_l", "4,9 mmol/l"), ("en", 36, "mmol_per_mol", "36 mmol/mol"),
        ("fi", 88, "ml_per_min_173", "88 ml/min/1,73 m²"), ("en", 88, "ml_per_min_173", "88 ml/min/1.73 m²"), ("en", 1994, "calendar_year", "1994"),
        ("fi", 71, "per_min", "71 /min"), ("en", 170, "cm", "170 cm"),
    ],
    ids=["weight", "pressure", "cholesterol", "sugar", "filtration, a comma", "filtration, a point", "no thousand in a year", "pulse", "height"],
)  # fmt: skip
def test_measurements_have_their_symbols(language: str, value: float, unit: str, shown: str) -> None:
    with translation.override(language):
        assert formats.quantity(value, unit) == shown.replace(" ", NB)


def test_a_day_is_the_reader_s_day() -> None:
    late = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    with translation.override("fi"), timezone.override("Europe/Helsinki"):
        assert formats.day(late) == "25.11.2026"


@pytest.mark.parametrize(
    ("language", "value", "shown"),
    [
        ("fi", 43_800, f"43{NB}800"),
        ("sv", 1_204_331, f"1{NB}204{NB}331"),
        ("en", 43_800, "43,800"),
        ("en", 999, "999"),
        ("fi", -1_250, f"\u22121{NB}250"),
        ("fi", 1_250.5, f"1{NB}250,50"),
        ("en", 1_250.5, "1,250.50"),
        ("en", 2.0, "2"),
    ],
)
def test_numbers(language: str, value: float, shown: str) -> None:
    with translation.override(language):
        assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("language", "unit", "value", "shown"),
    [
        ("fi", "crowns_per_year", 43_800, f"43{NB}800 kruunua vuodessa"),
        ("sv", "crowns_per_year", 43_800, f"43{NB}800 kronor om året"),
        ("en", "crowns_per_year", 43_800, "43,800 crowns a year"),
        ("fi", "persons", 1, "1 henkilö"),
        ("fi", "persons", 3, "3 henkilöä"),
        ("sv", "persons", 3, "3 personer"),
        ("en", "years", 1, "1 year"),
        ("sv", "years", 34, "34 år"),
        ("en", "", 7, "7"),
        ("fi", "kg_per_m2", 27.4, f"27,4{NB}kg/m²"),
        ("en", "kg_per_m2", 27.04, f"27.04{NB}kg/m²"),
        ("sv", "kg_per_m2", 30, f"30{NB}kg/m²"),
        ("en", "kg_per_m2", 30.001, f"30{NB}kg/m²"),
        ("fi", "g_per_l", 138, f"138{NB}g/l"),
    ],
)
def test_quantities(language: str, unit: str, value: float, shown: str) -> None:
    with translation.override(language):
        assert formats.quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("path", "code", "url"),
    [
        ("/fi/activity/?kind=read&from=2026-11-01", "sv", "/sv/activity/?kind=read&from=2026-11-01"),
        ("/en/", "fi", "/fi/"),
        ("/oauth/authorize?client_id=x", "sv", "/sv/"),
        ("/", "en", "/en/"),
        ("//evil.example/fi/", "sv", "/sv/"),
    ],
)
def test_the_same_page_in_another_language(path: str, code: str, url: str) -> None:
    assert language_url(path, code) == url
