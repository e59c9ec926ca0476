"""A citizen allows, or does not, that our own model learns from what their twin holds: a consent like any other, asked on a page of its own.

Nothing is fetched for it and nothing is given for it: suggestions are made all the same. It ends like any other too (`withdraw`).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from aurora.journeys import _asked
from aurora.journeys._asked import Allowed, Offer, check
from aurora.journeys.training_data import CATEGORIES
from aurora.twin import training
from aurora.twin.training import PURPOSE
from consent import acting, queries, services, terms
from consent.errors import NotFound
from consent.models import ConsentRecord
from consent.rules import AURORA
from consent.scope import citizen_scope

__all__ = ["Allowed", "Offer", "allow", "check", "decline", "offer"]


def offer(*, citizen_id: UUID, language: str, today: date) -> Offer:
    """What can be allowed on a day, with what is different from what was allowed before. Raises `NotFound` while acting for another."""
    _themself()
    categories = tuple(queries.current_categories(CATEGORIES))
    return _asked.offer(
        citizen_id=citizen_id, purpose=PURPOSE, source=None, categories=categories, wording=terms.training, language=language, today=today
    )


def allow(*, citizen_id: UUID, shown: Offer, token: str, allowed: Allowed, now: datetime) -> ConsentRecord:
    """Record the consent, in place of one that stood. Rows that hold what it no longer covers go at once. Raises `Conflict`, `InvalidInput`."""
    _themself()
    _asked.same_text(shown, token)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        record = _asked.give(citizen_id=citizen_id, shown=shown, allowed=allowed, now=now)
        if left_out := [c for c in CATEGORIES if c not in allowed.categories]:
            training.forget(citizen_id=citizen_id, categories=left_out)
    return record


def decline(*, citizen_id: UUID, shown: Offer, token: str, now: datetime) -> None:
    """Record that the citizen said no. It changes no consent that stands; the same no again is the same one. Raises `Conflict`."""
    _themself()
    _asked.same_text(shown, token)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        _asked.decline(citizen_id=citizen_id, shown=shown, now=now)


def _themself() -> None:
    """Nobody lets a machine learn from another's life: no mandate reaches it. Raises `NotFound`."""
    if acting.current() is not None:
        raise NotFound()
