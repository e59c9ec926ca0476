"""The facts of a permit as Aurora's own uses take them: where several say the same of the world, the deciding one's value stands for all.

Decided among what the permit covers and nothing else: a category that was not consented to decides nothing, and is not looked at.
"""

from __future__ import annotations

from uuid import UUID

from aurora.twin import choices, truth
from aurora.twin.values import FactView
from consent import concepts


def settled(*, citizen_id: UUID, facts: tuple[FactView, ...]) -> tuple[FactView, ...]:
    """In the citizen's scope. The citizen's choices are asked for only where facts disagree."""
    concerned = concepts.of_categories({fact.category for fact in facts})
    if not any(one.disputed for one in truth.settle(facts, concerned)):
        return facts
    return truth.applied(facts, concerned, choices.of(citizen_id=citizen_id))
