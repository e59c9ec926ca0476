"""Households of every kind, and slates of the shipped catalogue by the committed model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from recommender.catalogue import catalogue
from recommender.facts import CATEGORIES
from recommender.policy import PRESENT
from recommender.profile import Profile
from recommender.registry import current
from recommender.suggesting.service import suggest
from recommender.suggesting.slate import MOST_SEEDS, Options, Slate
from recommender.training import households
from tests.recommender.strategies import profiles

TODAY = date(2026, 11, 26)
# As the policy in use, but for chance.
SURE = replace(PRESENT, exploration=0.0)

households_ = st.integers(0, households.count() - 1).map(lambda index: Profile.of_categories(households.facts_of(index)))
partly_connected = st.tuples(households_, st.sets(st.sampled_from(CATEGORIES))).map(lambda drawn: drawn[0].without(drawn[1]))
anyone = st.one_of(profiles(), partly_connected)
seeds = st.integers(0, MOST_SEEDS - 1)
hidings = st.sets(st.sampled_from(sorted(catalogue())), max_size=6).map(frozenset)


def slate(profile: Profile, *, services: Any = None, **options: Any) -> Slate:
    """Without chance unless a seed is given."""
    chosen = {"seed": 0, "today": TODAY, **options}
    if "seed" not in options:
        chosen["policy"] = options.get("policy", SURE)
    return suggest(profile, catalogue=services or catalogue(), ranker=current(), options=Options(**chosen))
