"""Writing and deleting facts. Called by journeys only, in a `citizen_scope`, beside the ledger entry that tells of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from aurora.identity import vault
from aurora.twin import feedback, training
from aurora.twin.models import Evaluation, Fact, SuggestionRun
from aurora.twin.read import fact_context
from aurora.twin.values import NewFact


def write(*, citizen_id: UUID, facts: Iterable[NewFact], now: datetime) -> int:
    """Keep facts, sealed; what the same source said before about the same category is superseded, not overwritten. How many."""
    new = list(facts)
    for category, source in {(f.category, f.source) for f in new}:
        # What the citizen had kept is now an older version of what is fetched again, and goes when that goes.
        current = Fact.objects.filter(citizen_id=citizen_id, category=category, source=source, superseded_at__isnull=True)
        current.update(superseded_at=now, kept_at=None)
    Fact.objects.bulk_create(_row(citizen_id, f, now) for f in new)
    return len(new)


def erase(*, citizen_id: UUID, categories: Iterable[str], source: str, kept_too: bool = False) -> int:
    """Delete what one source said about some categories, past versions too, and what was derived. How many facts.

    What the citizen keeps stays, but for `kept_too`.
    """
    categories = list(categories)
    theirs = Fact.objects.filter(citizen_id=citizen_id, category__in=categories, source=source)
    gone, _ = (theirs if kept_too else theirs.filter(kept_at__isnull=True)).delete()
    if gone or theirs.exists():  # of what was never held nothing was derived
        forget_derived(citizen_id=citizen_id, categories=categories)
    return gone


def keep(*, citizen_id: UUID, categories: Iterable[str], source: str, now: datetime) -> int:
    """Mark the current facts as kept by the citizen's wish: no release erases them. Past versions are not kept. How many facts."""
    current = Fact.objects.filter(citizen_id=citizen_id, category__in=list(categories), source=source, superseded_at__isnull=True)
    return current.filter(kept_at__isnull=True).update(kept_at=now)


def erase_kept(*, citizen_id: UUID, category: str, source: str) -> int:
    """Delete what the citizen had kept of one category, and what was derived. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, category=category, source=source, kept_at__isnull=False).delete()
    forget_derived(citizen_id=citizen_id, categories=[category])
    return gone


def erase_all_kept(*, citizen_id: UUID) -> int:
    """Delete all that the citizen had kept, whatever the source, and what was derived. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, kept_at__isnull=False).delete()
    forget_derived(citizen_id=citizen_id)
    return gone


def keep_derived(*, citizen_id: UUID, facts: Iterable[NewFact], now: datetime) -> int:
    """Keep what a model worked out, by the citizen's wish; what it had made of the same category before goes. How many facts.

    `facts`: of one category and source, each with `derived_by` and `derived_from`. What other models had made of the former ones goes too.
    """
    new = list(facts)
    for category, source in {(f.category, f.source) for f in new}:
        erase_derived(citizen_id=citizen_id, category=category, source=source)
    Fact.objects.bulk_create(_row(citizen_id, f, now, kept_at=now) for f in new)
    return len(new)


def erase_derived(*, citizen_id: UUID, category: str, source: str) -> int:
    """Delete what a model worked out and the citizen kept, of one category and owner, and what was derived from it. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, category=category, source=source, derived_by__isnull=False).delete()
    # Suggestions rest on no estimate, and stay.
    Evaluation.objects.filter(citizen_id=citizen_id, state__in=Evaluation.WITH_OUTCOME, categories__contains=[category]).delete()
    return gone


def recall_derived(*, citizen_id: UUID, versions: Iterable[UUID]) -> list[tuple[str, str, int]]:
    """Delete what some versions of models made and the citizen kept, and what was kept of models that had these results for input, however far:
    also where what went in between is gone, or was replaced.

    (category, owner, how many facts) of what went.
    """
    wanted = list(versions)
    theirs = Fact.objects.filter(citizen_id=citizen_id, derived_by__isnull=False)
    found = theirs.filter(Q(derived_by__in=wanted) | Q(derived_through__overlap=wanted))
    parts = sorted(set(found.values_list("category", "source")))
    return [(category, source, erase_derived(citizen_id=citizen_id, category=category, source=source)) for category, source in parts]


def forget_derived(
    *, citizen_id: UUID, categories: Iterable[str] | None = None, purpose: str | None = None, replaced: bool = False
) -> None:
    """Delete what was derived from facts or consents that changed: the suggestions, which are made anew by themselves, and the outcomes of
    evaluations that used one of the `categories` (None: whichever), for the `purpose` if one is named.

    An evaluation that is still open has derived nothing yet: it is decided when it runs. `replaced`: newer facts took the place of the former,
    which the twin keeps as earlier versions: then suggestions that were shown stay as earlier ones too, for their stated time. Rows for training
    go where facts went; their own consent's end is `withdraw`'s to see to.
    """
    categories = None if categories is None else list(categories)
    if not replaced:
        if purpose is None:
            training.forget(citizen_id=citizen_id, categories=categories)
        SuggestionRun.objects.filter(citizen_id=citizen_id).delete()
        feedback.forget_measured(citizen_id=citizen_id)
    made = Evaluation.objects.filter(citizen_id=citizen_id, state__in=Evaluation.WITH_OUTCOME)
    if categories is not None:
        made = made.filter(categories__overlap=categories)
    if purpose is not None:
        made = made.filter(purpose=purpose)
    made.delete()


def _row(citizen_id: UUID, fact: NewFact, now: datetime, *, kept_at: datetime | None = None) -> Fact:
    fact_id = uuid.uuid4()
    plain = json.dumps(fact.value, ensure_ascii=False).encode()
    return Fact(
        id=fact_id,
        citizen_id=citizen_id,
        category=fact.category,
        category_version=fact.category_version,
        key=fact.key,
        sealed=vault.seal(plain, citizen_id=citizen_id, context=fact_context(fact_id, fact.category, fact.key)),
        provenance=fact.provenance,
        source=fact.source,
        pull_id=fact.pull_id,
        observed_at=fact.observed_at,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        recorded_at=now,
        kept_at=kept_at,
        derived_by=fact.derived_by,
        derived_from=None if fact.derived_from is None else list(fact.derived_from),
        derived_through=list(fact.derived_through),
    )
