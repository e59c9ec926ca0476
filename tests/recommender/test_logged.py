"""What another model would have placed, from rows alone: only lists that the row makes again, with the chances of all that could have shown them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from recommender.catalogue import catalogue
from recommender.errors import ArtefactAway, ArtefactError, UnknownCatalogue
from recommender.policy import distribution
from recommender.policy.estimates import Estimate, Method, gain
from recommender.policy.rewards import Usual
from recommender.suggesting import logged
from recommender.suggesting.candidates import candidates
from recommender.suggesting.logged import Lines, lines
from recommender.suggesting.slate import Options
from recommender.training import simulated_feedback as simulated
from recommender.training.rows import Row, Said
from recommender.training.simulated_feedback import DAY, PLACES, Person, Tilted, people, truth

COUNT, SHARE = 240, 3  # each third citizen gets the challenger


@pytest.fixture(scope="module")
def worse(ranker) -> Tilted:
    """Finds next to nothing for anybody."""
    return Tilted(ranker, [-3.0] * 8)


@pytest.fixture(scope="module")
def crowd(ranker) -> list[Person]:
    return list(people(COUNT, seed=5, catalogue=catalogue(), ranker=ranker))


@pytest.fixture(scope="module")
def rows(ranker, crowd) -> list[Row]:
    draws = np.random.Generator(np.random.PCG64(6))
    return [simulated.row(one, catalogue=catalogue(), ranker=ranker, draws=draws) for one in crowd]


@pytest.fixture(scope="module")
def tried(ranker, worse, crowd) -> list[Row]:
    """With the worse model as the challenger."""
    draws = np.random.Generator(np.random.PCG64(7))
    return [
        simulated.row(one, catalogue=catalogue(), ranker=ranker if number % SHARE else worse, draws=draws)
        for number, one in enumerate(crowd)
    ]


def found(rows, ranker, candidate=None, **changed) -> Lines:
    means = {"ranker_at": lambda version: ranker, "catalogue_at": lambda version: catalogue(), "places": PLACES, "expects": Usual()}
    return lines(rows, candidate=candidate or ranker, **{**means, **changed})


def test_the_model_that_made_the_lists_would_have_made_them(rows, ranker) -> None:
    log = found(rows[:60], ranker)
    assert log.citizens == log.tried == 60
    assert log.target == pytest.approx(log.propensity, abs=1e-12)
    shown = [(said.slate, said.service) for row in rows[:60] for said in row.feedback if said.kind == "shown"]
    assert len(log.unit) == len(shown) < sum(len(row.slates[0].items) for row in rows[:60])
    assert 0 < log.reward.mean() < 0.5


def test_a_list_counts_only_if_the_row_makes_it_again(rows, ranker) -> None:
    row = next(row for row in rows if row.facts.get("tax.income.wages", 0) > 5000)
    assert found([row], ranker).citizens == 1
    earns = Row({**row.facts, "tax.income.wages": 400_000}, row.received, row.slates, row.feedback)
    assert (found([earns], ranker).citizens, found([earns], ranker).tried) == (0, 1)
    slate = row.slates[0]
    for other in (
        replace(slate, seed=slate.seed + 1, items=tuple(replace(item, explored=not item.explored) for item in slate.items)),
        replace(slate, items=tuple(replace(item, score=item.score + 1e-3) for item in slate.items)),
        replace(slate, items=tuple(replace(item, propensity=item.propensity * 0.9) for item in slate.items)),
        replace(slate, seed=2**60),
    ):
        assert found([Row(row.facts, row.received, (other,), row.feedback)], ranker).citizens == 0


def test_what_was_suggested_and_is_received_since_is_no_reason_to_leave_the_list_out(rows, ranker) -> None:
    """Else all who applied and were granted it would be missing."""
    programmes = {service.identifier: service.programme for service in catalogue().values()}
    row, programme = next(
        (row, programmes[item.service])
        for row in rows
        for item in row.slates[0].items
        if programmes[item.service] and row.received and len(row.slates[0].items) == PLACES
    )
    granted = Row(row.facts, {**row.received, programme: True}, row.slates, row.feedback)
    assert found([granted], ranker).citizens == 1


def test_the_first_list_that_can_be_made_again_counts_and_what_was_set_aside_before_is_hidden(crowd, ranker) -> None:
    draws = np.random.Generator(np.random.PCG64(8))
    person = crowd[0]
    first = simulated.row(person, catalogue=catalogue(), ranker=ranker, draws=draws)
    aside = first.slates[0].items[0].service
    later = replace(person, options=Options(seed=4, today=DAY + timedelta(days=9), hidden=frozenset({aside}), limit=PLACES))
    second = simulated.row(later, catalogue=catalogue(), ranker=ranker, draws=draws)
    newer = replace(second.slates[0], day=DAY + timedelta(days=9))
    said = (Said(1, aside, "shown", "", DAY), Said(1, aside, "not_for_me", "have_it", DAY))
    both = Row(first.facts, first.received, (newer, first.slates[0]), (*said, Said(0, newer.items[0].service, "shown", "", newer.day)))
    assert found([both], ranker).service == (aside,)
    # The first by another model that nobody has: the second counts, made without what had been set aside.
    other = replace(first.slates[0], model="f" * 64)
    lost = Row(both.facts, both.received, (newer, other), both.feedback)
    assert found([lost], ranker, ranker_at=lambda version: ranker if version == ranker.version else _raise(ArtefactError("x"))).service == (
        newer.items[0].service,
    )
    kept = Row(both.facts, both.received, (newer, other), both.feedback[:1] + both.feedback[2:])
    assert (
        found([kept], ranker, ranker_at=lambda version: ranker if version == ranker.version else _raise(ArtefactError("x"))).citizens == 0
    )


def _raise(error: Exception):
    raise error


def test_what_is_lost_is_left_out_and_what_is_away_is_asked_for_again(rows, ranker) -> None:
    assert found(rows[:3], ranker, catalogue_at=lambda version: _raise(UnknownCatalogue("x"))).citizens == 0
    assert found(rows[:3], ranker, catalogue_at=lambda version: {}).citizens == 0
    with pytest.raises(ArtefactAway):
        found(rows[:3], ranker, Tilted(ranker, [0.0] * 8), ranker_at=lambda version: _raise(ArtefactAway("x")))
    assert logged.usual(rows[:3], catalogue_at=lambda version: _raise(UnknownCatalogue("x"))).overall == 0


def test_where_the_candidate_made_lists_itself_a_chance_is_over_the_models_too(tried, ranker, worse, crowd) -> None:
    log = found(tried, ranker, worse)
    assert log.citizens == COUNT
    person = crowd[1]
    of = [
        distribution(
            candidates(person.profile, catalogue=catalogue(), ranker=one, options=person.options).scored(
                PLACES + person.options.policy.pool
            ),
            places=PLACES,
        )
        for one in (worse, ranker)
    ]
    for at in np.flatnonzero(log.unit == 1).tolist():
        position, service = int(log.position[at]) - 1, log.service[at]
        theirs, ours = (chances[position].get(service, 0.0) for chances in of)
        assert log.target[at] == pytest.approx(theirs)
        assert log.propensity[at] == pytest.approx(theirs / SHARE + ours * (1 - 1 / SHARE))
    assert (log.target / log.propensity).max() <= SHARE + 1e-9


def test_lists_from_before_the_candidate_made_its_own_do_not_count_then(tried, ranker, worse) -> None:
    early = [
        Row(row.facts, row.received, (replace(row.slates[0], day=DAY - timedelta(days=1)),), row.feedback) if number % SHARE else row
        for number, row in enumerate(tried)
    ]
    log = found(early, ranker, worse)
    assert log.tried == COUNT / SHARE and log.target == pytest.approx(log.propensity)


def test_the_estimates_tell_the_truth_of_a_worse_model(tried, ranker, worse, crowd) -> None:
    log = found(tried, ranker, worse, expects=logged.usual(tried[::2], catalogue_at=lambda version: catalogue()))
    would, does = truth(crowd, candidate=worse, catalogue=catalogue())
    true = (would - does) * (1 - 1 / SHARE)  # against the lists that were made, a third of which are its own
    for method in Method:
        told = gain(log.log(), method)
        assert isinstance(told, Estimate) and told.low < true < told.high
    # 240 people are too few for its sign, but do tell that it is little.
    told = gain(log.log(), Method.DR)
    assert would < does - 0.005 and told.high - told.low < 0.03


def test_what_could_not_be_shown_is_known_exactly(rows, tried, ranker, worse) -> None:
    assert found(rows[:40], ranker, worse).unseen > 0.05
    assert found(tried[:40], ranker, worse).unseen == 0 and found(rows[:40], ranker).unseen == 0


def test_rows_without_lists_give_no_lines(ranker) -> None:
    log = found([Row({})], ranker)
    assert (log.citizens, log.tried, len(log.log().unit)) == (0, 0, 0)
