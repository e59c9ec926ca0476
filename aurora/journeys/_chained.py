"""Another model's result as an input: whether it can be had, and what of that an outcome rests on."""

from __future__ import annotations

from collections.abc import Iterable

from aurora.journeys._in_use import offered, recalled
from aurora.twin.values import FactView
from consent import derived
from recommender.evaluators.contract import Contract, Input


def not_to_be_had(contract: Contract, facts: Iterable[FactView]) -> tuple[str, ...]:
    """The inputs (`category.key`) whose model was taken out of use: by a fault of it, or so that nobody can have it worked out any more."""
    wanted = _chained(contract)
    if not wanted:
        return ()
    held = {fact.name: fact for fact in facts}
    faulty, made = {version.pk for version in recalled()}, _made()
    return tuple(one.fact for one in wanted if (held[one.fact].derived_by in faulty if one.fact in held else one.category not in made))


def state_of(contract: Contract) -> list[str]:
    """Changes when a model that works out one of its inputs comes into use or goes out of it for cause. Asks nothing where there is none."""
    wanted = {one.category for one in _chained(contract)}
    if not wanted:
        return []
    return [*sorted(wanted & _made()), *sorted(str(version.pk) for version in recalled() if version.contract.result in wanted)]


def _chained(contract: Contract) -> list[Input]:
    known = derived.owners()
    return [one for one in contract.inputs if one.category in known]


def _made() -> frozenset[str]:
    """The categories that models in use fill."""
    return frozenset(version.contract.result for version in offered() if version.contract.result)
