"""What a register tells of others than the citizen who asked: children in their care, estates that they administer. It is handed over, not kept.

Each kind has a module that makes mandates of it (`wards`, `estates`); here they are made in one go, so that all logs are written in one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.journeys import estates, wards
from aurora.journeys._mandate_told import tell
from aurora.journeys._registered import Changes
from aurora.sources.connectors import Answer
from consent.ledger.events import Event

# Handed over, and not kept: the twin holds nothing that an answer could be compared with.
CATEGORIES = frozenset({wards.CATEGORY, estates.CATEGORY})


@dataclass(frozen=True)
class Told:
    """What was told. None: the register was not asked for it, or gave no answer, so nothing of it has ended either."""

    children: list[wards.Ward] | None = None
    estates: list[estates.Estate] | None = None


NOTHING = Told()


def hand_over(answers: Iterable[Answer]) -> tuple[list[Answer], Told]:
    """The answers as the twin keeps them, and what of them is others'."""
    kept, told = [], Told()
    for answer in answers:
        if answer.category == wards.CATEGORY:
            children, facts = wards.read(answer.facts)
            answer, told = replace(answer, facts=facts), replace(told, children=children)
        elif answer.category == estates.CATEGORY:
            found, facts = estates.read(answer.facts)
            answer, told = replace(answer, facts=facts), replace(told, estates=found)
        kept.append(answer)
    return kept, told


def keep(
    *, holder_id: UUID, told: Told, source: str, pull_id: UUID, now: datetime, also: Iterable[tuple[UUID, dict[str, Any]]] = ()
) -> None:
    """Make the mandates what the register says: new ones, changed dates, ended ones. In the holder's scope, in the pull's last transaction.

    Both sides of each change are told; `also` are entries of the same moment (the pull's own), logged with them in one order.
    """
    evidence = {"from": "register", "source": source, "pull": str(pull_id)}
    of_children = of_estates = Changes()
    if told.children is not None:
        of_children = wards.changes(guardian_id=holder_id, children=told.children, evidence=evidence, now=now)
    if told.estates is not None:
        of_estates = estates.changes(administrator_id=holder_id, estates=told.estates, evidence=evidence, now=now)
    ended = of_children.ended + of_estates.ended
    tell(of_children.begun + of_estates.begun, Event.MANDATE_REGISTERED, now=now, then=[(ended, Event.MANDATE_ENDED)], also=also)
