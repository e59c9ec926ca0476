"""Another model's result as an input: whether it can be had, and what of that an outcome rests on."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from aurora.journeys._in_use import offered, recalled
from aurora.twin.values import FactView
from consent import derived
from recommender.evaluators import chain
from recommender.evaluators.contract import Contract, Input
from recommender.models import EvaluatorVersion


def not_to_be_had(contract: Contract, facts: Iterable[FactView]) -> tuple[str, ...]:
    """The inputs (`category.key`) whose model was taken out of use: by a fault of it, or so that nobody can have it worked out any more."""
    wanted = _chained(contract)
    if not wanted:
        return ()
    held = {fact.name: fact for fact in facts}
    faulty, made = {version.pk for version in recalled()}, _made()
    return tuple(one.fact for one in wanted if (faulty & _versions(held[one.fact]) if one.fact in held else one.category not in made))


def state_of(contract: Contract) -> list[str]:
    """Changes when a model that works out one of its inputs comes into use, or one behind them, however far, goes out of it for cause.

    Asks nothing where there is none.
    """
    wanted = {one.category for one in _chained(contract)}
    if not wanted:
        return []
    behind = chain.behind(wanted, (version.contract for version in EvaluatorVersion.objects.filter(released_at__isnull=False)))
    return [*sorted(wanted & _made()), *sorted(str(version.pk) for version in recalled() if version.contract.result in behind)]


def _chained(contract: Contract) -> list[Input]:
    known = derived.owners()
    return [one for one in contract.inputs if one.category in known]


def _versions(fact: FactView) -> set[UUID | None]:
    return {fact.derived_by, *fact.derived_through}


def _made() -> frozenset[str]:
    """The categories that models in use fill."""
    return frozenset(version.contract.result for version in offered() if version.contract.result)
