"""What can be said of a twin without telling any value. In a `citizen_scope`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Subquery

from aurora.twin.models import Fact
from aurora.twin.sealing import opened


def categories_held(*, citizen_id: UUID) -> frozenset[str]:
    """The categories of which the twin holds a current fact."""
    current = Fact.objects.filter(citizen_id=citizen_id, superseded_at__isnull=True)
    return frozenset(current.values_list("category", flat=True).distinct())


def held_by_source(*, citizen_id: UUID) -> frozenset[tuple[str, str]]:
    """(category, source) of everything that is kept, earlier versions too."""
    return frozenset(Fact.objects.filter(citizen_id=citizen_id).values_list("category", "source").distinct())


def held_at(*, citizen_id: UUID, categories: Iterable[str], at: datetime) -> dict[str, set[tuple[str, int]]]:
    """By category the (key, version) of the facts that were current at a time, of those that are kept still; none of what was deleted since.

    One query. Each fact is opened for its key: its value goes nowhere. Raises `VaultClosed`.
    """
    found = Fact.objects.filter(citizen_id=citizen_id, category__in=list(categories), recorded_at__lte=at)
    held: dict[str, set[tuple[str, int]]] = {}
    for row in found.exclude(superseded_at__lte=at).only("category", "mark", "sealed", "category_version"):
        held.setdefault(row.category, set()).add((opened(row, citizen_id=citizen_id)[0], row.category_version))
    return held


@dataclass(frozen=True)
class Place:
    """The current fact of one place in a twin: of a category, under a mark, from a source."""

    fact_id: UUID
    category: str
    mark: bytes
    source: str


def stands_for(*, citizen_id: UUID, fact_id: UUID) -> Place | None:
    """The fact of this id, or the one that has taken its place since; None where there is neither, and for another's. One query."""
    told = Fact.objects.filter(citizen_id=citizen_id, pk=fact_id).values("category", "mark", "source")
    now = Fact.objects.filter(citizen_id=citizen_id, superseded_at__isnull=True)
    for name in ("category", "mark", "source"):
        now = now.filter(**{name: Subquery(told.values(name))})
    row = now.only("category", "mark", "source").first()
    return None if row is None else Place(row.pk, row.category, bytes(row.mark), row.source)


def keeps(*, citizen_id: UUID, source: str, categories: Iterable[str] | None = None) -> bool:
    """Whether the citizen has kept something of a source (of these categories) at the end of a consent: no further end erases that."""
    kept = Fact.objects.filter(citizen_id=citizen_id, source=source, superseded_at__isnull=True, kept_at__isnull=False)
    return (kept if categories is None else kept.filter(category__in=list(categories))).exists()


@dataclass(frozen=True)
class KeptEstimate:
    """What the citizen kept of a model's: by which version, and when it was worked out."""

    version: UUID
    made_at: datetime


def kept_estimate(*, citizen_id: UUID, category: str) -> KeptEstimate | None:
    """What is kept of one category. One SELECT; opens nothing."""
    rows = Fact.objects.filter(citizen_id=citizen_id, category=category, derived_by__isnull=False, superseded_at__isnull=True)
    found = rows.values_list("derived_by", "observed_at").first()
    return KeptEstimate(found[0], found[1]) if found is not None and found[0] is not None else None


def fact_count(*, citizen_id: UUID) -> int:
    """How many current facts there are."""
    return Fact.objects.filter(citizen_id=citizen_id, superseded_at__isnull=True).count()


def fact_ids(*, citizen_id: UUID) -> list[tuple[str, UUID]]:
    """(category, id) of every current fact, in the order of the random ids."""
    current = Fact.objects.filter(citizen_id=citizen_id, superseded_at__isnull=True)
    return list(current.order_by("id").values_list("category", "id"))


def fingerprint(ids: Iterable[UUID]) -> str:
    """Changes whenever the facts do whose ids these are, and says nothing of them (SHA-256 of their random ids)."""
    digest = hashlib.sha256()
    for fact_id in ids:
        digest.update(fact_id.bytes)
    return digest.hexdigest()
