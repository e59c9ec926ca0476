"""The facts of a permit as Aurora's own uses take them: where several say the same of the world, the deciding one's value stands for all.

Decided among what the permit covers and nothing else: a category that was not consented to decides nothing, and is not looked at.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from uuid import UUID

from aurora.twin import choices, truth
from aurora.twin.values import FactView
from consent import concepts
from consent.rules import CITIZEN


def settled(*, citizen_id: UUID, facts: tuple[FactView, ...]) -> tuple[FactView, ...]:
    """In the citizen's scope. The citizen's choices are asked for only where facts disagree."""
    concerned = concepts.of_categories({fact.category for fact in facts})
    disputed = any(one.disputed for one in truth.settle(facts, concerned))
    return truth.applied(facts, concerned, choices.of(citizen_id=citizen_id) if disputed else ())


def with_own_word(facts: tuple[FactView, ...], *, known: Container[str]) -> tuple[FactView, ...]:
    """Settled facts, and beside them what the citizen says under the names by which the `known` facts of sources go, where no source says it:
    who has told of their household need not connect the register for the same. Whose word it is, it still names."""
    said = {fact.name: fact for fact in facts}
    named = concepts.by_fact()
    own = [fact for fact in facts if fact.source == CITIZEN and fact.name in named]
    return facts + tuple(_under(name, fact) for fact in own for name in named[fact.name].facts if name in known and name not in said)


def _under(name: str, fact: FactView) -> FactView:
    category, _, key = name.rpartition(".")
    return replace(fact, category=category, key=key)
