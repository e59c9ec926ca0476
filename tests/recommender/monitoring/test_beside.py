"""A shadow beside the champion, both lists remade from rows: what is planted between them is told, and of fewer than ten people nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.catalogue.load import catalogue
from recommender.facts import PROGRAMMES
from recommender.monitoring import beside
from recommender.monitoring.observations import FIRST
from recommender.monitoring.protect import Rounder
from recommender.ranking.model import Ranker
from recommender.suggesting.service import Options, suggest
from recommender.training.rows import ItemShown, Row, Said, SlateShown
from tests.recommender.monitoring import people
from tests.recommender.monitoring.people import DAY

ROUNDER = Rounder(b"0123456789abcdef")
SHOWN_ON = DAY - timedelta(days=20)
WATCHED = range(4000, 4120)


@dataclass(frozen=True, slots=True, eq=False)
class Changed(Ranker):
    """The committed model with one thing changed about its chances."""

    change: Callable[[np.ndarray], np.ndarray] = lambda chances: chances

    def scores(self, rows: np.ndarray) -> np.ndarray:
        return self.change(Ranker.scores(self, rows))


def changed(ranker: Ranker, change: Callable[[np.ndarray], np.ndarray]) -> Ranker:
    return Changed("f" * 64, ranker.boosters, change)


def row_of(index: int, ranker: Ranker) -> Row:
    """As collected: the list that the model makes of these facts, of which the page showed the first five."""
    bare = Row(people.facts(index), people.received(index))  # type: ignore[arg-type]
    slate = suggest(bare.profile, catalogue=catalogue(), ranker=ranker, options=Options(seed=index, today=SHOWN_ON))
    items = tuple(ItemShown(i.identifier, i.position, i.score, i.propensity, i.explored) for i in slate)
    said = tuple(Said(0, item.service, "shown", "", SHOWN_ON) for item in items[:FIRST])
    return replace(bare, slates=(SlateShown(SHOWN_ON, ranker.version, catalogue().version, index, items),), feedback=said)


@pytest.fixture(scope="module")
def rows(ranker: Ranker) -> list[Row]:
    return [row_of(index, ranker) for index in WATCHED]


def told(rows: list[Row], model: Ranker, champion: Ranker) -> dict | None:
    found = beside.compared(rows, model=model, champion=champion, catalogue_at=people.shipped, until=DAY)
    return json.loads(json.dumps(beside.told(found, rows, model=model, champion=champion, rounder=ROUNDER)))


def test_a_model_that_says_the_same_agrees_with_the_champion_and_with_what_was_shown(rows: list[Row], ranker: Ranker) -> None:
    found = beside.compared(rows, model=changed(ranker, lambda chances: chances), champion=ranker, catalogue_at=people.shipped, until=DAY)
    assert len(found) == len(rows)
    for name in ("same_3", "same_5", "shown", "again"):
        assert all(cases == hits > 0 for cases, hits in (one.measures[name] for one in found)), name
    assert not any(one.dropped | one.brought for one in found)
    assert [one.measures["entitled"] for one in found] == [one.measures["entitled_champion"] for one in found]


def test_what_a_model_would_drop_and_bring_is_told_by_kind_and_by_group(rows: list[Row], ranker: Ranker) -> None:
    """It never puts forward food assistance; whoever was shown it would lose it."""
    at = PROGRAMMES.index("food_assistance")

    def without(chances: np.ndarray) -> np.ndarray:
        less = chances.copy()
        less[:, at] = 0
        return less

    model = changed(ranker, without)
    found = beside.compared(rows, model=model, champion=ranker, catalogue_at=people.shipped, until=DAY)
    kept = json.loads(json.dumps(beside.told(found, rows, model=model, champion=ranker, rounder=ROUNDER)))
    kind = next(one.thematic_area for one in catalogue().values() if one.programme == "food_assistance")
    dropped = {name: one["dropped"] for name, one in kept["kinds"].items()}
    assert max(dropped, key=lambda name: dropped[name]) == kind and dropped[kind] > 0.15
    assert set(kept["kinds"]) == {one.thematic_area for one in catalogue().values()}, "all of them, whoever was shown what"
    hits = {name: sum(one.measures[name][1] for one in found) for name in beside.MEASURES}
    assert hits["shown"] < hits["again"] and hits["entitled"] < hits["entitled_champion"] and hits["same_5"] < 5 * len(found)
    others = [one["apart"] for name, one in kept["chances"].items() if name != "food_assistance"]
    assert kept["chances"]["food_assistance"]["higher"] < -0.05 and not any(others)
    assert all(cell["people"] >= 10 for measures in kept["groups"].values() for cells in measures.values() for cell in cells)
    assert all(spent > 0 for spent in kept["milliseconds"])


def test_only_what_was_looked_at_by_that_day_and_was_not_made_by_the_model_itself_counts(rows: list[Row], ranker: Ranker) -> None:
    def compared(some: list[Row], model: Ranker) -> int:
        return len(beside.compared(some, model=model, champion=ranker, catalogue_at=people.shipped, until=DAY))

    other = changed(ranker, lambda chances: chances)
    later = [replace(one, feedback=tuple(replace(said, day=DAY + timedelta(days=1)) for said in one.feedback)) for one in rows[:3]]
    assert compared(later, other) == 0
    assert compared(rows[:3], ranker) == 0, "its own lists say nothing of it"
    assert compared([replace(rows[0], slates=(), feedback=())], other) == 0


def test_facts_that_changed_since_are_told_by_the_champion_beside(rows: list[Row], ranker: Ranker) -> None:
    moved = [replace(one, facts={**one.facts, "tax.income.wages": 500_000, "population.person.age": 30}) for one in rows]
    found = beside.compared(moved, model=changed(ranker, lambda chances: chances), champion=ranker, catalogue_at=people.shipped, until=DAY)
    again, same = (np.array([one.measures[name] for one in found]).sum(axis=0) for name in ("again", "same_5"))
    assert again[1] < again[0] and same[1] == same[0], "the models agree, though neither makes what was shown"


@pytest.mark.parametrize("count", [0, 9])
def test_of_fewer_than_ten_nothing_is_told(rows: list[Row], ranker: Ranker, count: int) -> None:
    assert told(rows[:count], changed(ranker, lambda chances: chances), ranker) is None
