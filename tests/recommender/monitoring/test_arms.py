"""Challenger against champion: only people who can be compared are, and nothing is said where there are too few."""

from __future__ import annotations

from datetime import date, timedelta

from recommender.monitoring import arms
from recommender.monitoring.protect import Rounder
from recommender.training.rows import ItemShown, Row, Said, SlateShown

ROUNDER = Rounder(b"0123456789abcdef")
OLD, NEW = "a" * 64, "b" * 64
BEGUN, DAY = date(2026, 9, 1), date(2026, 11, 26)


def person(model: str, shown: date, did: str = "", after: int = 3, *, then: str = "") -> Row:
    """Was shown one list by this model; `then`: another one by that model a week later, of which they did it instead."""
    models = [model, then] if then else [model]
    slates = tuple(
        SlateShown(shown + timedelta(days=7 * at), one, OLD, 1, (ItemShown("library", 1, 0.5, 1.0, False),))
        for at, one in enumerate(models)
    )
    said = [Said(at, "library", "shown", "", slate.day) for at, slate in enumerate(slates)]
    if did:
        said.append(Said(len(slates) - 1, "library", did, "", shown + timedelta(days=after)))
    return Row({}, {}, slates, tuple(said))


def told(rows: list[Row], kind: str = "applied") -> dict:
    return arms.told(rows, challenger=NEW, champion=OLD, until=DAY, rounder=ROUNDER)["kinds"].get(kind, {})


def many(model: str, count: int, of: int, **more: object) -> list[Row]:
    return [person(model, BEGUN + timedelta(days=1), "applied" if number < count else "", **more) for number in range(of)]  # type: ignore[arg-type]


def people(found: dict) -> dict[str, int]:
    return {cell["group"]: cell["people"] for cell in found["cells"]}


def test_a_challenger_of_which_twice_as_many_apply_is_said_to_be_better_with_its_uncertainty() -> None:
    found = told([person(NEW, BEGUN), *many(NEW, 120, 300), *many(OLD, 180, 900)])
    assert 0.12 < found["low"] < found["difference"] < found["high"] < 0.28
    worse = told([person(NEW, BEGUN), *many(NEW, 60, 300), *many(OLD, 360, 900)])
    assert worse["high"] < 0


def test_of_equal_ones_no_difference_is_sure() -> None:
    found = told([person(NEW, BEGUN), *many(NEW, 60, 300), *many(OLD, 180, 900)])
    assert found["low"] < 0 < found["high"]


def test_too_few_people_or_hits_are_no_difference() -> None:
    for some in (many(NEW, 20, 40), many(NEW, 4, 300), []):
        found = told([person(NEW, BEGUN), *some, *many(OLD, 180, 900)])
        assert found["difference"] is None and not any(cell["share"] for cell in found["cells"] if cell["note"])


def test_who_had_been_shown_something_before_the_challenger_began_is_left_out() -> None:
    before = [person(OLD, BEGUN - timedelta(days=5), "applied", then=NEW, after=9) for _ in range(200)]
    found = told([person(NEW, BEGUN), *before, *many(NEW, 60, 300), *many(OLD, 180, 900)])
    assert people(found)["challenger"] <= 305 and people(found)["champion"] <= 905


def test_a_person_belongs_to_the_model_of_their_first_list() -> None:
    turned = many(OLD, 400, 400, then=NEW, after=9)
    found = told([person(NEW, BEGUN), *many(NEW, 60, 300), *turned, *many(OLD, 180, 500)])
    shares = {cell["group"]: cell["share"] for cell in found["cells"]}
    assert people(found)["champion"] >= 895 and shares["champion"] < 0.25, "what they did of the challenger's list is not the champion's"


def test_who_is_not_watched_for_so_long_yet_and_what_comes_too_late_do_not_count() -> None:
    fresh = [person(NEW, DAY - timedelta(days=27), "applied") for _ in range(200)]
    late = [person(NEW, BEGUN + timedelta(days=1), "applied", 29) for _ in range(100)]
    found = told([person(NEW, BEGUN), *fresh, *late, *many(NEW, 60, 200), *many(OLD, 180, 900)])
    assert people(found)["challenger"] <= 305
    assert {cell["group"]: cell["share"] for cell in found["cells"]}["challenger"] < 0.25


def test_without_a_challenger_s_list_there_is_nothing() -> None:
    assert arms.told(many(OLD, 10, 900), challenger=NEW, champion=OLD, until=DAY, rounder=ROUNDER) == {"since": None, "kinds": {}}
