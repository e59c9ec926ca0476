"""Random profiles for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from recommender.facts import FACTS, FactDefinition, Kind
from recommender.profile import Profile


def values(fact: FactDefinition) -> st.SearchStrategy[Any]:
    """Values that a fact may take, near the amounts at which rules turn."""
    if fact.kind is Kind.FLAG:
        return st.booleans()
    if fact.kind is Kind.CHOICE:
        return st.sampled_from(fact.choices)
    if fact.kind is Kind.REGION:
        return st.integers(0, 99).map(lambda number: f"R{number:02d}")
    if fact.kind is Kind.MUNICIPALITY:
        return st.integers(0, 999).map(lambda number: f"{number:03d}")
    if fact.kind is Kind.AMOUNT:
        return st.one_of(st.just(0), st.integers(max(fact.minimum, -50_000), 120_000), st.integers(fact.minimum, fact.maximum))
    return st.integers(fact.minimum, min(fact.maximum, 100))


def profiles(keys: tuple[str, ...] = tuple(FACTS)) -> st.SearchStrategy[Profile]:
    """Profiles in which any of the facts is unknown."""
    return st.fixed_dictionaries({}, optional={key: values(FACTS[key]) for key in keys}).map(Profile)


def complete(keys: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """A value for each of the facts."""
    return st.fixed_dictionaries({key: values(FACTS[key]) for key in keys})
