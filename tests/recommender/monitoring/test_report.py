"""A whole report from training rows: what is planted is found, nothing else is, and no small count gets into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
import pytest

from recommender.catalogue.load import Catalogue, catalogue
from recommender.facts import PROGRAMMES
from recommender.monitoring import observations, reference, report
from recommender.monitoring.observations import Observation, Viewed, entitled, observe
from recommender.monitoring.protect import Rounder
from recommender.profile import Profile
from recommender.ranking.features import matrix
from recommender.ranking.model import Ranker
from recommender.training.dataset import without_history
from recommender.training.rows import Row, Said, SlateShown
from tests.recommender.monitoring import people
from tests.recommender.monitoring.people import DAY

ROUNDER = Rounder(b"0123456789abcdef")
REFERENCE = range(1500)
WATCHED = range(4000, 4900)


@pytest.fixture(scope="module", autouse=True)
def rules_asked_once() -> Iterator[None]:
    """Most reports here are of the same nine hundred people on the same day: what they are entitled to is worked out once, by the code itself."""
    kept: dict[object, frozenset[str]] = {}

    def once(profile: Profile, catalogue_at: Callable[[str], Catalogue], slate: SlateShown) -> frozenset[str]:
        key = (profile, catalogue_at, slate.catalogue, slate.day)
        if key not in kept:
            kept[key] = entitled(profile, catalogue_at, slate)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observations, "entitled", once)
        yield


@pytest.fixture(scope="module")
def card(ranker: Ranker) -> dict[str, object]:
    facts = [people.facts(index) for index in REFERENCE]
    rows = matrix([Profile({**known, **people.received_facts(index)}) for index, known in zip(REFERENCE, facts, strict=True)])  # type: ignore[dict-item]
    return json.loads(json.dumps(reference.of(rows, ranker.scores(without_history(rows)), facts)))  # type: ignore[arg-type]


def best(index: int, known: dict[str, object]) -> tuple[str, ...]:
    return people.fair_slate(index)


def made(found: list[Row], ranker: Ranker, card: dict[str, object], **more: object) -> dict:
    told = report.made(observe(found, people.shipped, until=DAY), ranker=ranker, card=card, day=DAY, rounder=ROUNDER, **more)  # type: ignore[arg-type]
    return json.loads(json.dumps(told))


@pytest.fixture(scope="module")
def fair(ranker: Ranker) -> list[Row]:
    return people.rows(WATCHED, ranker.version, best)


@pytest.fixture(scope="module")
def quiet(fair: list[Row], ranker: Ranker, card: dict[str, object]) -> dict:
    return made(fair, ranker, card)


def test_where_nothing_is_wrong_no_alarm_is_raised_but_of_what_the_model_itself_does(quiet: dict) -> None:
    """The committed model's own gaps between groups are real and known (its card); nothing that this test made may raise one."""
    assert {one["code"] for one in quiet["alarms"]} <= {"tpr_gap"}


def test_the_shares_are_those_of_the_people(quiet: dict, fair: list[Row]) -> None:
    assert quiet["people"] == pytest.approx(len(fair), abs=5)
    assert quiet["overall"]["applied"]["share"] == pytest.approx(
        sum(bool(one.feedback) for one in fair) / sum(bool(one.slates[0].items) for one in fair), abs=0.01
    )
    assert 0.8 < quiet["overall"]["entitled_shown"]["share"] < 0.99
    ages = {cell["group"]: cell["people"] for cell in quiet["groups"]["age"]["applied"]}
    assert set(ages) >= {"under_25", "35_44", "from_75"} and sum(ages.values()) == pytest.approx(len(fair), abs=60)
    assert quiet["estimate"] == pytest.approx(0.25, abs=0.02)
    assert [week["complete"] for week in quiet["weeks"]] == [True]


def test_a_group_that_is_shown_less_of_what_is_theirs_is_found(ranker: Ranker, card: dict[str, object]) -> None:
    def unfair(index: int, known: dict[str, object]) -> tuple[str, ...]:
        return () if known["population.person.age"] >= 75 else best(index, known)  # type: ignore[operator]

    told = made(people.rows(WATCHED, ranker.version, unfair), ranker, card)
    found = [one for one in told["alarms"] if one["code"] == "exposure_gap" and one["axis"] == "age"]
    assert {one["group"] for one in found} == {"from_75"} and all(one["value"] > 0.5 for one in found)


def test_a_group_that_makes_no_use_of_it_is_found(ranker: Ranker, card: dict[str, object]) -> None:
    def applies(index: int, known: dict[str, object]) -> bool:
        return index % (20 if known["population.person.marital_status"] == "single" else 2) == 0

    told = made(people.rows(WATCHED, ranker.version, best, applies), ranker, card)
    found = [one for one in told["alarms"] if one["code"] == "uptake_gap" and one["axis"] == "family"]
    assert {one["group"] for one in found} <= {"single", "single_parent"} and found


def test_wages_that_fell_by_30_percent_are_found(fair: list[Row], ranker: Ranker, card: dict[str, object]) -> None:
    fallen = [
        Row({**one.facts, "tax.income.wages": int(one.facts["tax.income.wages"] * 0.7)}, one.received, one.slates, one.feedback)
        for one in fair
    ]  # type: ignore[operator]
    told = made(fallen, ranker, card)
    assert "tax.income.wages" in {one["what"] for one in told["alarms"]}


def test_that_the_rich_consent_more_is_found(ranker: Ranker, card: dict[str, object]) -> None:
    rich = [index for index in range(4000, 8_000) if people.facts(index)["tax.income.wages"] > 40_000 or index % 10 == 0][:500]  # type: ignore[operator]
    told = made(people.rows(rich, ranker.version, best), ranker, card)
    assert ("under_represented", "income") in {(one["code"], one["axis"]) for one in told["alarms"]}


def test_a_source_that_went_silent_is_found_against_an_earlier_report(
    fair: list[Row], quiet: dict, ranker: Ranker, card: dict[str, object]
) -> None:
    without = [
        Row({k: v for k, v in one.facts.items() if not k.startswith("tax.")}, one.received, one.slates, one.feedback) for one in fair
    ]
    told = made(without, ranker, card, earlier=quiet)
    assert {one["what"] for one in told["alarms"] if one["code"] == "known_fall"} == {"tax.income", "tax.housing", "tax.deductions"}
    assert "known_fall" not in {one["code"] for one in made(without, ranker, card)["alarms"]}, "without one there is nothing to compare"


def test_of_fewer_than_ten_people_nothing_is_told(fair: list[Row], ranker: Ranker, card: dict[str, object]) -> None:
    told = made(fair[:9], ranker, card)
    assert told["people"] is None and not any(value for name, value in told.items() if name not in ("format", "model", "day"))
    assert made([], ranker, card)["people"] is None


@pytest.mark.parametrize("count", [10, 11, 25, 120])
def test_no_small_count_is_in_a_report_of_few(fair: list[Row], ranker: Ranker, card: dict[str, object], count: int) -> None:
    told = made(fair[:count], ranker, card)
    for measures in told["groups"].values():
        for cells in measures.values():
            assert all(cell["people"] >= 10 and cell["people"] % 5 == 0 for cell in cells)
    for row in told["consent"]:
        assert row["people"] >= 10
    few = 10 / count
    for share in (*told["suggested"].values(), *told["known"].values()):
        assert min(few, 0.5) - 0.01 <= share or share >= 1 - few - 0.01


def test_a_report_names_nobody(quiet: dict, fair: list[Row]) -> None:
    text = json.dumps(quiet)
    odd = {str(one.facts["tax.income.wages"]) for one in fair if one.facts["tax.income.wages"] > 99_999}  # type: ignore[operator]
    assert odd and not any(f" {value}," in text for value in odd)


def test_a_model_that_nobody_saw_has_no_exposure(fair: list[Row], ranker: Ranker, card: dict[str, object]) -> None:
    other = [Row(one.facts, one.received, (people.slate("f" * 64, ["nothing"]),), ()) for one in fair[:200]]
    told = made(other, ranker, card)
    assert not told["groups"]["age"]["entitled_shown"] and told["groups"]["age"]["found_3"] and not told["weeks"]


def test_what_is_later_than_the_day_is_not_known_on_it(ranker: Ranker) -> None:
    slate = people.slate(ranker.version, ["a", "b"], DAY + timedelta(days=1))
    row = Row(
        people.facts(0),
        {},
        (people.slate(ranker.version, ["a"], DAY - timedelta(days=3)), slate),
        (Said(0, "a", "opened", "", DAY + timedelta(days=2)),),
    )  # type: ignore[arg-type]
    (seen,) = observe([row], people.shipped, until=DAY)
    assert seen.viewed[ranker.version].shown == {"a": 1} and seen.viewed[ranker.version].did == {}
    (later,) = observe([row], people.shipped, until=DAY + timedelta(days=9))
    assert later.viewed[ranker.version].shown == {"a": 1, "b": 2} and later.viewed[ranker.version].did == {"opened": 5}


def seen_of(row: Row, model: str, until: date = DAY) -> Viewed:
    (found,) = observe([row], people.shipped, until=until)
    return found.viewed[model]


def test_what_stands_behind_the_link_is_not_shown_until_it_is_asked_for(ranker: Ranker) -> None:
    names = [f"s{n}" for n in range(10)]
    slate = people.slate(ranker.version, names, DAY - timedelta(days=9))
    first = tuple(Said(0, name, "shown", "", DAY - timedelta(days=8)) for name in names[:5])
    rest = tuple(Said(0, name, "shown", "", DAY - timedelta(days=2)) for name in names[5:])
    row = Row(people.facts(0), {}, (slate,), (*first, *rest, Said(0, "s0", "opened", "", DAY - timedelta(days=5))))  # type: ignore[arg-type]
    before = seen_of(row, ranker.version, DAY - timedelta(days=3))
    assert list(before.shown) == names[:5] and before.places == 5
    assert (before.day, before.did) == (DAY - timedelta(days=8), {"opened": 3}), (
        "it counts from when it was shown, not from when it was made"
    )
    after = seen_of(row, ranker.version)
    assert (list(after.shown), after.places, after.day) == (names, 10, before.day)


def test_a_slate_that_was_made_and_not_looked_at_is_no_exposure(ranker: Ranker) -> None:
    made_ = [people.slate(ranker.version, [name], DAY - timedelta(days=days)) for name, days in (("a", 9), ("b", 3))]
    row = Row(people.facts(0), {}, tuple(made_), (Said(0, "a", "shown", "", DAY - timedelta(days=9)),))  # type: ignore[arg-type]
    assert seen_of(row, ranker.version).shown == {"a": 1}
    (nothing,) = observe([row], people.shipped, until=DAY - timedelta(days=10))
    assert nothing.viewed == {}


def test_exposure_is_of_the_five_that_were_shown_and_not_of_the_ten_that_were_made(ranker: Ranker, card: dict[str, object]) -> None:
    """All that the rules entitle to stands in places six to ten: on the page of five nothing of it is shown."""
    told = {}
    for deep in (5, 10):
        rows = []
        for index in WATCHED:
            theirs = people.fair_slate(index)[:5]
            services = (*(f"other{n}" for n in range(5)), *theirs)
            said = tuple(Said(0, one, "shown", "", DAY - timedelta(days=60)) for one in services[:deep])
            rows.append(Row(people.facts(index), people.received(index), (people.slate(ranker.version, services),), said))  # type: ignore[arg-type]
        told[deep] = made(rows, ranker, card)["overall"]["entitled_shown"]
    assert told[5]["share"] is None and told[10]["share"] > 0.5, "of fewer than ten nothing is told but that"


def test_entitled_is_what_the_rule_says_and_not_what_the_model_does() -> None:
    slate = people.slate("0" * 64, ())
    assert entitled(Profile({}), people.shipped, slate) == frozenset(), "of nobody unknown is anything sure"
    poor = {"tax.income.wages": 0, "population.household.household_size": 4, "population.household.children_under_18": 2}
    known = {**people.facts(0), **poor}
    with_it = entitled(Profile(known), people.shipped, slate)  # type: ignore[arg-type]
    food = next(one.identifier for one in catalogue().values() if one.programme == "food_assistance")
    assert food in with_it
    assert food not in entitled(Profile({**known, "social.programmes.food_assistance": True}), people.shipped, slate), "received already"  # type: ignore[dict-item]


def test_the_reference_is_small_and_holds_nobody(card: dict[str, object]) -> None:
    text = json.dumps(card)
    assert len(text) < 100_000
    assert set(card["reference"]["suggested"]) == set(PROGRAMMES)  # type: ignore[index]
    assert "region" not in card["reference"]["margins"]  # type: ignore[index]


def test_a_weight_helps_what_is_told_of_everybody(ranker: Ranker, card: dict[str, object]) -> None:
    """Of those who consent few are old; the weighted share of who takes part comes nearer to that of all."""
    random = np.random.Generator(np.random.PCG64(3))
    some = [i for i in range(4000, 5500) if random.random() < (0.9 if people.facts(i)["population.person.age"] < 65 else 0.25)]  # type: ignore[operator]
    applies = lambda index, known: known["population.person.age"] >= 65  # noqa: E731
    whole = np.mean([people.facts(i)["population.person.age"] >= 65 for i in range(4000, 5500)])  # type: ignore[operator]
    told = made(people.rows(some, ranker.version, best, applies), ranker, card)["overall"]["applied"]
    assert abs(told["weighted"] - whole) < 0.04 < abs(told["share"] - whole)


def test_an_observation_shows_no_value() -> None:
    (seen,) = observe([Row({"tax.income.wages": 43_211})], people.shipped, until=DAY)
    assert isinstance(seen, Observation) and "43211" not in repr(seen)


def test_what_they_receive_does_not_rank_it_for_them(fair: list[Row], ranker: Ranker, card: dict[str, object], quiet: dict) -> None:
    """Of two people who differ in what they receive only, the model puts the same first."""
    told = made([Row(one.facts, dict.fromkeys(PROGRAMMES, False), one.slates, one.feedback) for one in fair], ranker, card)
    assert told["suggested"] == quiet["suggested"] and told["drift"] == quiet["drift"]
