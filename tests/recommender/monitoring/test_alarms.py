"""Alarms: what is planted is found, what is not large or not sure is not, and each has its sentence."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.monitoring import alarms
from recommender.monitoring.alarms import OF_MEASURE, SENTENCES, THRESHOLDS, Alarm


def cell(group: str, people: int, share: float | None) -> dict[str, object]:
    return {"group": group, "people": people, "share": share, "low": None, "high": None, "note": ""}


def test_a_group_that_is_worse_off_is_named() -> None:
    told = alarms.of_groups({"age": {"entitled_shown": [cell("old", 400, 0.4), cell("young", 1600, 0.8)]}}, THRESHOLDS)
    assert told == [Alarm("exposure_gap", "entitled_shown", "age", "old", 0.4, 0.15)]
    assert told[0].sentence.startswith("age old: 0.40 less")


@pytest.mark.parametrize(
    "cells",
    [
        [cell("old", 400, 0.7), cell("young", 1600, 0.8)],  # not large enough
        [cell("old", 50, 0.65), cell("young", 1600, 0.8)],  # not sure enough
        [cell("old", 45, 0.1), cell("young", 1600, 0.8)],  # too few
        [cell("old", 400, None), cell("young", 1600, 0.8)],  # silent
        [cell("rest", 400, 0.1), cell("young", 1600, 0.8)],  # nobody in particular
    ],
)
def test_and_else_there_is_none(cells: list[dict[str, object]]) -> None:
    assert alarms.of_groups({"age": {"entitled_shown": cells}}, THRESHOLDS) == []


def test_the_cards_threshold_decides() -> None:
    table = {"age": {"opened": [cell("old", 900, 0.5), cell("young", 900, 0.57)]}}
    assert alarms.of_groups(table, THRESHOLDS) == []
    assert [one.threshold for one in alarms.of_groups(table, {**THRESHOLDS, "uptake_gap": 0.05})] == [0.05]


def test_false_alarms_of_a_whole_day_are_rare() -> None:
    """Five axes with 7 to 51 groups of 20 to 400 people, seven measures, nothing wrong, 150 days: at a level of 1 % a day more than 6 would be odd."""
    random = np.random.Generator(np.random.PCG64(11))
    days = 0
    for _ in range(150):
        tables = {}
        for axis, groups in (("age", 7), ("disability", 2), ("family", 4), ("region", 51), ("income", 5)):
            sizes = random.integers(20, 400, groups)
            tables[axis] = {
                m: [cell(f"{n}", int(size), random.binomial(size, 0.4) / size) for n, size in enumerate(sizes)] for m in OF_MEASURE
            }
        days += bool(alarms.of_groups(tables, THRESHOLDS))
    assert days <= 6


def test_too_few_of_a_group_consented() -> None:
    rows = [{"axis": "age", "group": "old", "people": 40, "share": 0.04, "reference": 0.2}, {"axis": "age", "group": "young", "people": 960, "share": 0.96, "reference": 0.8}]  # fmt: skip
    assert alarms.of_consent(rows, 1000, THRESHOLDS) == [Alarm("under_represented", "", "age", "old", 0.2, 0.5)]
    assert alarms.of_consent(rows, 90, THRESHOLDS) == [], "of so few people, nothing is sure"


def test_a_programme_that_vanished_from_the_first_three() -> None:
    told = alarms.of_suggested(
        {"food_assistance": 0.1, "veterans_benefits": 0.29}, {"food_assistance": 0.3, "veterans_benefits": 0.3}, 500, 20_000, THRESHOLDS
    )
    assert [(one.what, one.value) for one in told] == [("food_assistance", -0.2)]
    assert alarms.of_suggested({"food_assistance": 0.1}, {"food_assistance": 0.3}, 40, 20_000, THRESHOLDS) == []


def test_a_source_that_went_silent() -> None:
    told = alarms.of_known({"tax.income": 0.3}, {"tax.income": 0.8}, 500, 500, THRESHOLDS)
    assert [(one.code, one.what, one.value) for one in told] == [("known_fall", "tax.income", 0.5)]
    assert alarms.of_known({"tax.income": 0.75}, {"tax.income": 0.8}, 500, 500, THRESHOLDS) == []


def test_only_complete_weeks_are_compared() -> None:
    weeks = [{"start": f"2026-10-{n:02d}", "people": 300, "share": share, "complete": whole} for n, share, whole in ((5, 0.3, True), (12, 0.3, True), (19, 0.1, True), (26, None, False))]  # fmt: skip
    assert [one.code for one in alarms.of_uptake(weeks, THRESHOLDS)] == ["uptake_fall"]
    assert alarms.of_uptake(weeks[:2] + weeks[3:], THRESHOLDS) == []


def test_each_kind_of_alarm_has_a_sentence_and_each_threshold_a_use() -> None:
    for code in SENTENCES:
        assert Alarm(code, "wages", "age", "old", 0.25, 0.1).sentence.endswith(".")
    assert set(OF_MEASURE.values()) < set(SENTENCES) and set(OF_MEASURE.values()) < set(THRESHOLDS)
