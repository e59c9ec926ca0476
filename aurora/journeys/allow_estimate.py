"""A citizen lets Aurora use an estimate that they kept as an input of other models, or says no: consent and entry in one transaction.

An estimate is theirs once they keep it, and another model is another use. It is asked for apart, for the purpose of those models.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from uuid import UUID

from aurora.journeys import _asked
from aurora.journeys._asked import Allowed, Offer
from consent import acting, derived, purposes, queries, services, terms
from consent.errors import NotFound
from consent.models import Agency
from consent.rules import AURORA
from consent.scope import citizen_scope

__all__ = ["Offer", "allow", "decline", "offer", "purpose_of"]


def purpose_of(category: str) -> str:
    """For which models' purpose this kind of result may be used; "" where for none."""
    if category not in derived.owners():
        return ""
    return next((purpose for purpose in sorted(purposes.of_models()) if purposes.fitting(purpose, [category])), "")


def offer(*, citizen_id: UUID, category: str, language: str, today: date) -> Offer:
    """Of one category. Raises `NotFound` for a kind of data that is no model's result, or that no other model may use."""
    code = purpose_of(category)
    if not code or acting.current() is not None:
        raise NotFound()
    aurora, [wanted] = Agency.objects.get(code=AURORA), queries.current_categories([category])
    wording = partial(terms.estimate, category=wanted.name[language])
    return _asked.offer(
        citizen_id=citizen_id, purpose=code, source=aurora, categories=[wanted], wording=wording, language=language, today=today
    )


def allow(*, citizen_id: UUID, shown: Offer, token: str, until: date, now: datetime) -> UUID:
    """The consent's id. Raises `Conflict` when the text has changed, `InvalidInput` for the end."""
    _asked.same_text(shown, token)
    allowed = Allowed(tuple(c.category_id for c in shown.categories), until)
    with citizen_scope(citizen_id):
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        return _asked.give(citizen_id=citizen_id, shown=shown, allowed=allowed, now=now).pk


def decline(*, citizen_id: UUID, shown: Offer, token: str, now: datetime) -> None:
    """Record that the citizen said no. It changes no consent that stands; the same no twice is recorded once."""
    _asked.same_text(shown, token)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        _asked.decline(citizen_id=citizen_id, shown=shown, now=now)
