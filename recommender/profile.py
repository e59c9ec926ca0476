"""The recommender's one input: facts about a household as plain values, with unknown kept apart from false and zero."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from recommender.errors import ProfileError
from recommender.facts import FACTS, FactDefinition, FactValue, Kind

_REGION = re.compile(r"R[0-9]{2}\Z")
_MUNICIPALITY = re.compile(r"[0-9]{3}\Z")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Profile:
    """Known facts, by `category.key`. What is not in it is unknown: neither zero nor false.

    It names nobody and its `repr` shows no value. Raises `ProfileError` for a key that is not in the vocabulary, a value
    of another type than the fact's (true is no number, NaN is no unknown: leave the key out), or one out of range.
    A whole float such as 43800.0 counts as an integer, as it does in JSON Schema.
    """

    facts: Mapping[str, FactValue]

    def __init__(self, facts: Mapping[str, Any]) -> None:
        if not isinstance(facts, Mapping):
            raise ProfileError("A profile is made from a mapping of fact keys to values.")
        checked = {key: _checked(key, value) for key, value in facts.items()}
        object.__setattr__(self, "facts", MappingProxyType(checked))

    @classmethod
    def of_categories(cls, categories: Mapping[str, Mapping[str, Any]]) -> Profile:
        """From `{category: {key: value}}`, the shape in which the agencies answer."""
        return cls({f"{category}.{key}": value for category, facts in categories.items() for key, value in facts.items()})

    def get(self, key: str) -> FactValue | None:
        """The value, or None where it is unknown. Raises `ProfileError` for a key that is no fact."""
        if key not in FACTS:
            raise ProfileError(f"There is no fact {key[:80]!r}.")
        return self.facts.get(key)

    @property
    def known(self) -> frozenset[str]:
        """The keys of the known facts."""
        return frozenset(self.facts)

    @property
    def categories(self) -> frozenset[str]:
        """Categories of which at least one fact is known."""
        return frozenset(FACTS[key].category for key in self.facts)

    def unknown(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those of `keys` that are unknown, in the order given."""
        return tuple(key for key in keys if key not in self.facts)

    def without(self, categories: Iterable[str]) -> Profile:
        """The same profile as if these categories had never been connected."""
        left_out = frozenset(categories)
        return Profile({key: value for key, value in self.facts.items() if FACTS[key].category not in left_out})

    def changed(self, key: str, value: FactValue) -> Profile:
        """The same profile but for one fact. Raises `ProfileError` as the constructor does; what was checked once is not checked again."""
        other = object.__new__(Profile)
        object.__setattr__(other, "facts", MappingProxyType({**self.facts, key: _checked(key, value)}))
        return other

    def __hash__(self) -> int:
        return hash(frozenset(self.facts.items()))

    def __repr__(self) -> str:
        return f"Profile({len(self.facts)} facts known)"


def _checked(key: Any, value: Any) -> FactValue:
    definition = FACTS.get(key) if isinstance(key, str) else None
    if definition is None:
        raise ProfileError(f"There is no fact {str(key)[:80]!r}.")
    if definition.kind is Kind.FLAG:
        if not isinstance(value, bool):
            raise ProfileError(f"The fact {key} must be true or false.")
        return value
    if definition.kind is Kind.CHOICE:
        if not isinstance(value, str) or value not in definition.choices:
            raise ProfileError(f"The fact {key} must be one of {', '.join(definition.choices)}.")
        return value
    if definition.kind is Kind.REGION:
        if not isinstance(value, str) or not _REGION.match(value):
            raise ProfileError(f"The fact {key} must be a region code such as R01.")
        return value
    if definition.kind is Kind.MUNICIPALITY:
        if not isinstance(value, str) or not _MUNICIPALITY.match(value):
            raise ProfileError(f"The fact {key} must be a municipality's code of three digits.")
        return value
    return _whole_number(definition, value)


def _whole_number(definition: FactDefinition, value: Any) -> int:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProfileError(f"The fact {definition.key} must be a whole number.")
    if not definition.minimum <= value <= definition.maximum:
        raise ProfileError(f"The fact {definition.key} must be from {definition.minimum} to {definition.maximum}.")
    return value
