"""Probabilities in words: one denominator for what is compared, no false precision, nothing said to be sure."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from aurora.ui import chances
from recommender.errors import EVALUATION_CODES

chance = st.floats(min_value=0, max_value=1, allow_nan=False)


@pytest.mark.parametrize(
    ("values", "base"),
    [
        ((0.31, 0.12), 100), ((0.1,), 100), ((0.031, 0.12), 1_000), ((0.0149,), 1_000), ((0.0151,), 1_000), ((0.031, 0.004), 10_000),
        ((0.0004, 0.5), 100_000), ((0.00006,), 100_000), ((1e-9,), 100_000), ((0.0,), 100),
    ],
)  # fmt: skip
def test_figures_together_have_one_denominator_that_is_fine_enough_for_the_smallest(values: tuple[float, ...], base: int) -> None:
    assert chances.base_of(values) == base


@pytest.mark.parametrize(
    ("value", "base", "said"),
    [
        (0.031, 100, "about 3 in 100"), (0.0, 100, "fewer than 1 in 100"), (1.0, 100, "more than 99 in 100"), (0.996, 100, "more than 99 in 100"),
        (0.00001, 10_000, "fewer than 1 in 10,000"), (0.0123, 1_000, "about 12 in 1,000"),
        (0.00006, 100_000, "about 6 in 100,000"), (0.000001, 100_000, "fewer than 1 in 100,000"),
    ],
)  # fmt: skip
def test_frequencies(value: float, base: int, said: str) -> None:
    with translation.override("en"):
        assert chances.frequency(value, base) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0%"), (0.031, "3.1%"), (0.12, "12%"), (0.0034, "0.34%"), (0.00001, "< 0.01%"), (0.9987, "99.9%"), (0.99999, "> 99.9%"),
        (1.0, "100%"), (0.5, "50%"), (0.02, "2%"), (0.1, "10%"),
    ],
)  # fmt: skip
def test_percentages(value: float, said: str) -> None:
    with translation.override("en"):
        assert chances.percent(value) == said
    with translation.override("fi"):
        assert chances.percent(value) == said.replace(".", ",").removesuffix("%") + "\u00a0%"


@given(st.floats(min_value=0.0001, max_value=1))
def test_rounding_to_whole_people_changes_a_figure_by_a_twentieth_at_most(value: float) -> None:
    base = chances.base_of([value])
    assert abs(round(value * base) / base - value) <= value / 20


@given(chance)
def test_nothing_between_is_said_to_be_sure(value: float) -> None:
    with translation.override("en"):
        text = chances.percent(value)
        assert (text == "0%") == (value == 0) and (text == "100%") == (value == 1), (value, text)
        assert not chances.frequency(value, chances.base_of([value])).startswith(("about 0 ", "about 100 in 100"))


@given(st.lists(chance, min_size=3, max_size=12).map(sorted), chance)
def test_the_picture_s_axis_holds_everything_in_order(values: list[float], mine: float) -> None:
    shares = [i / (len(values) - 1) for i in range(len(values))]
    scale = chances.scale(mine, tuple(zip(shares, values, strict=True)), 100)
    assert 0 <= scale.low <= scale.lower <= scale.median <= scale.upper <= scale.high <= scale.end
    assert mine <= scale.end and scale.end > 0


def test_every_failure_has_a_sentence_of_its_own() -> None:
    assert {*EVALUATION_CODES, "gave_up", "retired", "unfit", "owner_away"} == chances.FAILURE_CODES
    with translation.override("fi"):
        assert "ajoissa" in str(chances.failure("timeout")) and str(chances.failure("never heard of"))


def test_a_share_at_the_end_of_the_scale_is_said_in_words() -> None:
    with translation.override("en"):
        assert "nearly all have a higher" in chances.position(
            0.001, 3000
        ) and "nearly all have the same figure as you or a lower" in chances.position(1, 3000)
        assert (
            "about 81" in chances.position(0.81, 3000)
            and "about 19" in chances.position(0.81, 3000)
            and "3,000" in chances.position(0.81, 3000)
        )


@pytest.mark.parametrize(
    ("auc", "said"),
    [(0.71, "about 71 of"), (0.9949, "about 99 of"), (0.9962, "about 99.6 of"), (0.99999, "about 99.9 of"), (1.0, "about 100 of")],
)
def test_only_a_perfect_model_puts_all_pairs_in_order(auc: float, said: str) -> None:
    with translation.override("en"):
        assert said in chances.discrimination(auc, 0.6, 1.0)
    with translation.override("fi"):
        assert said.removeprefix("about ").removesuffix(" of").replace(".", ",") in chances.discrimination(auc, 0.6, 1.0)
