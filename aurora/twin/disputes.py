"""Marks on current facts that another one says otherwise (`differs`), or that the citizen has asked to have corrected (`in_question`).

The values are compared here, in memory: what leaves is a yes or a no beside a fact that a permit covers (GDPR art. 5(1)(d), 18).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from aurora.twin import choices, truth
from aurora.twin.models import Fact
from aurora.twin.sealing import mark_of, opened
from aurora.twin.values import FactView
from consent import concepts


def mark(*, citizen_id: UUID, categories: Iterable[str]) -> None:
    """Look anew at every concept of some categories, of which facts came, changed or went. In the citizen's scope, in the transaction of that."""
    concerned = concepts.of_categories(categories)
    if not concerned:
        return
    names = {name.rpartition(".")[::2] for one in concerned for name in one.facts}
    which = Q()
    for category, key in names:
        which |= Q(category=category, mark=mark_of(citizen_id=citizen_id, category=category, key=key))
    rows = list(Fact.objects.filter(which, citizen_id=citizen_id, superseded_at__isnull=True))
    standings = truth.settle([_view(citizen_id, row) for row in rows], concerned)
    differing = {fact.id for one in standings if one.disputed for fact in one.said}
    for marked in (True, False):
        moved = [row.pk for row in rows if (row.pk in differing) is marked and row.differs is not marked]
        if moved:
            Fact.objects.filter(citizen_id=citizen_id, pk__in=moved).update(differs=marked)


def erased(*, citizen_id: UUID, categories: Iterable[str] | None) -> None:
    """Facts of these categories (None: of whichever) were deleted: what they disagreed with is undisputed, and no choice stays that names them."""
    concerned = concepts.concepts() if categories is None else concepts.of_categories(categories)
    if concerned:
        choices.forget_unsaid(citizen_id=citizen_id)
        mark(citizen_id=citizen_id, categories={category for one in concerned for category in one.categories})


def question(*, citizen_id: UUID, category: str, mark: bytes | memoryview, source: str, is_open: bool) -> None:
    """A request to correct a fact is open, or is no more. `mark`: of its key."""
    which = Fact.objects.filter(citizen_id=citizen_id, category=category, mark=mark, source=source, superseded_at__isnull=True)
    which.exclude(in_question=is_open).update(in_question=is_open)


def _view(citizen_id: UUID, row: Fact) -> FactView:
    key, value = opened(row, citizen_id=citizen_id)
    return FactView(
        row.category, row.category_version, key, value, row.provenance, row.source, row.observed_at, row.valid_from,
        row.valid_to, row.recorded_at, row.kept_at, id=row.pk,
    )  # fmt: skip
