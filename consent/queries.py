"""Questions about consents. Called in a `citizen_scope`: row-level security answers for that citizen only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from consent.models import ConsentRecord, DataCategoryVersion, PurposeVersion
from consent.rules import ConsentView

# The agency by sub-select: a join costs more to plan than to run.
_FOR_DECISION = """
SELECT id, citizen_id, purpose_id, categories, not_before, expires_at, ended_at, once, spent
FROM consent_consentrecord
WHERE citizen_id = %s AND recipient_id = (SELECT id FROM consent_agency WHERE code = %s) AND state <> 'declined'
ORDER BY (state = 'given') DESC, decided_at DESC LIMIT 200 FOR NO KEY UPDATE
"""


def for_decision(*, citizen_id: UUID, recipient: str) -> list[ConsentView]:
    """Every consent that stands, and the newest ended ones, as `decide` wants them: those tell why a request is refused. One SELECT.

    It locks the rows against change until the transaction ends, so that no read commits after the withdrawal of its consent.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOR_DECISION, [citizen_id, recipient])
        return [
            ConsentView(i, c, recipient, p, frozenset(k), begins, expires, ended, once, frozenset(spent))
            for i, c, p, k, begins, expires, ended, once, spent in cursor.fetchall()
        ]


def for_citizen(*, citizen_id: UUID) -> QuerySet[ConsentRecord]:
    """All of a citizen's decisions, newest first, with what a page shows of them."""
    return (
        ConsentRecord.objects.filter(citizen_id=citizen_id)
        .select_related("recipient", "source", "purpose_version", "notice")
        .order_by("-decided_at")
    )


def current_purpose(code: str) -> PurposeVersion:
    """The wording now in force. Raises `PurposeVersion.DoesNotExist`."""
    return PurposeVersion.objects.filter(purpose_id=code).latest("version")


def current_categories(codes: Iterable[str] | None = None, *, source: str | None = None) -> list[DataCategoryVersion]:
    """The newest version of each category, all, by code or by source agency, in the order of their codes."""
    versions = DataCategoryVersion.objects.select_related("category__source").order_by("category_id", "-version").distinct("category_id")
    if codes is not None:
        versions = versions.filter(category_id__in=list(codes))
    if source is not None:
        versions = versions.filter(category__source__code=source)
    return list(versions)


def counts() -> list[tuple[str, str, int]]:
    """(purpose, state, how many consents) over all citizens, by a database function that returns nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purpose, state, records FROM consent_counts()")
        return [(p, s, n) for p, s, n in cursor.fetchall()]


def covered_categories(*, citizen_id: UUID, recipient: str, source: str, at: datetime) -> set[str]:
    """The categories of one source that some consent to this recipient, alive at `at`, still covers."""
    standing = ConsentRecord.objects.filter(
        citizen_id=citizen_id, recipient__code=recipient, source__code=source, state="given", expires_at__gt=at
    )
    return {category for record in standing for category in record.categories}


def live(*, citizen_id: UUID, at: datetime) -> QuerySet[ConsentRecord]:
    """The consents that are alive at an instant."""
    return for_citizen(citizen_id=citizen_id).filter(state="given", not_before__lte=at, expires_at__gt=at)
