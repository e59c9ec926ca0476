"""How well a service answers what is needed: from 0 to 1, never less for a greater need, and nothing for what is not declared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.facts import METERS
from recommender.meters import match, matches

situations = st.dictionaries(st.sampled_from(METERS), st.integers(0, 10))
helps = st.lists(st.floats(0, 1), min_size=10, max_size=10)


def service(**meters: float) -> list[float]:
    return [meters.get(meter, 0.2) for meter in METERS]


@given(situations, helps)
def test_a_match_is_from_0_to_1(citizen, meters) -> None:
    assert 0 <= match(citizen, meters) <= 1


@given(situations, helps, st.data())
def test_a_greater_need_never_matches_less(citizen, meters, data) -> None:
    if citizen:
        meter = data.draw(st.sampled_from(sorted(citizen)))
        worse = citizen | {meter: data.draw(st.integers(0, citizen[meter]))}
        assert match(worse, meters) >= match(citizen, meters)


@given(situations, helps, st.sampled_from(METERS))
def test_one_more_answer_never_matches_less_than_none(citizen, meters, meter) -> None:
    without = {name: value for name, value in citizen.items() if name != meter}
    assert match(citizen, meters) >= match(without, meters)


@given(helps)
def test_who_declares_nothing_or_lacks_nothing_matches_nothing(meters) -> None:
    assert match({}, meters) == 0 == match(dict.fromkeys(METERS, 10), meters)


@given(situations)
def test_a_service_of_which_nothing_is_known_matches_nothing(citizen) -> None:
    assert match(citizen, None) == 0
    assert matches(citizen, np.full((2, 10), np.nan)).tolist() == [0, 0]


@given(situations, st.lists(helps, min_size=1, max_size=30))
def test_many_services_at_once_give_the_same_bits(citizen, rows) -> None:
    assert matches(citizen, np.array(rows)).tolist() == [match(citizen, row) for row in rows] or not citizen


def test_stated_examples() -> None:
    debts = service(finance=0.95)
    assert match({"finance": 0}, debts) == pytest.approx(0.9)
    assert match({"finance": 2}, debts) == pytest.approx(0.8 * 0.9)
    assert match({"finance": 10}, debts) == 0
    assert match({"health": 0}, debts) == 0, "what is sooner no than yes is no help"
    both = service(finance=0.95, housing=0.75)
    assert match({"finance": 2, "housing": 5}, both) == pytest.approx(1 - (1 - 0.8 * 0.9) * (1 - 0.5 * 0.5))


@pytest.mark.parametrize("citizen", [{"finance": 11}, {"finance": -1}, {"finance": 2.5}, {"wealth": 3}, {"finance": "2"}])
def test_what_is_no_meter_is_an_error(citizen) -> None:
    with pytest.raises(ValueError):
        match(citizen, service())
