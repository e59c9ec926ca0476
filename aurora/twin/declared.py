"""What citizens say of themselves. Called by journeys only, in a `citizen_scope`, beside the ledger entry that tells of it.

A save is a whole statement of a category: what was said before is superseded, and what is not said any more is deleted, all its versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from aurora.twin import write
from aurora.twin.models import Fact, Provenance
from aurora.twin.sealing import mark_of, marks_of
from aurora.twin.values import NewFact

SOURCE = "citizen"  # the citizen's own code (`consent.rules.CITIZEN`), here as the source of a fact
# Past versions that are kept of a fact: enough to see how it went, and no flood of saves grows the twin.
VERSIONS = 12


def held(*, citizen_id: UUID, categories: Iterable[str]) -> frozenset[str]:
    """Those of the categories of which the citizen has said something."""
    said = Fact.objects.filter(citizen_id=citizen_id, category__in=list(categories), source=SOURCE, superseded_at__isnull=True)
    return frozenset(said.values_list("category", flat=True).distinct())


def count(*, citizen_id: UUID, categories: Iterable[str]) -> int:
    """How many facts of the categories the citizen says now."""
    return Fact.objects.filter(citizen_id=citizen_id, category__in=list(categories), source=SOURCE, superseded_at__isnull=True).count()


def state(*, citizen_id: UUID, said: Mapping[str, Mapping[str, int | str]], version: Mapping[str, int], now: datetime) -> tuple[int, int]:
    """Keep what is said, by category and key, and delete what else was said of these categories. How many facts are said, and how many are gone.

    `version`: of each category, the one whose schema the values fit.
    """
    gone = 0
    for category, values in said.items():
        gone += _delete(citizen_id, Q(category=category) & ~Q(mark__in=marks_of(citizen_id=citizen_id, category=category, keys=values)))
    facts = [
        NewFact(category, version[category], key, value, Provenance.DECLARED, SOURCE, now)
        for category, values in said.items()
        for key, value in values.items()
    ]
    write.write(citizen_id=citizen_id, facts=facts, now=now)
    write.forget_derived(citizen_id=citizen_id, categories=list(said), replaced=not gone)
    for category, values in said.items():
        for key in values:
            _drop_oldest(citizen_id, category, key)
    return len(facts), gone


def retract(*, citizen_id: UUID, categories: Iterable[str]) -> int:
    """Delete all that the citizen said of the categories, past versions too, and what was derived. How many current facts went."""
    categories = list(categories)
    gone = _delete(citizen_id, Q(category__in=categories))
    write.forget_derived(citizen_id=citizen_id, categories=categories)
    return gone


def _delete(citizen_id: UUID, which: Q) -> int:
    theirs = Fact.objects.filter(which, citizen_id=citizen_id, source=SOURCE)
    current = theirs.filter(superseded_at__isnull=True).count()
    theirs.delete()
    return current


def _drop_oldest(citizen_id: UUID, category: str, key: str) -> None:
    mark = mark_of(citizen_id=citizen_id, category=category, key=key)
    past = Fact.objects.filter(citizen_id=citizen_id, category=category, mark=mark, source=SOURCE, superseded_at__isnull=False)
    too_old = list(past.order_by("-superseded_at", "-recorded_at", "pk").values_list("pk", flat=True)[VERSIONS : VERSIONS + 100])
    if too_old:
        past.filter(pk__in=too_old).delete()
