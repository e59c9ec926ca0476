"""Questions about consents. Called in a `citizen_scope`: row-level security answers for that citizen only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import JSONField, Q, QuerySet
from django.db.models.expressions import RawSQL

from consent import acting
from consent.models import (
    Agency,
    AgencyVersion,
    ConsentEvent,
    ConsentEventKind,
    ConsentRecord,
    ConsentState,
    DataCategoryVersion,
    PurposeVersion,
)
from consent.rules import Binding, ConsentView, Given, outdated
from consent.scope import OPENING

# A function of migration 0010. It locks rows in an order that is total and never changes: everyone who locks several consents of a citizen does so by it.
_FOR_DECISION = "SELECT * FROM consent_for_decision(%s, %s)"
_OPENING_FOR_DECISION = f"SELECT * FROM consent_for_decision({OPENING}, %s)"
# Of the few kinds of data whose meaning has ever changed the oldest binding version.
_BINDING = "(SELECT jsonb_object_agg(code, binding_since) FROM consent_datacategory WHERE binding_since > 1)"
# What no longer holds: the oldest binding versions, of the few things whose meaning has ever changed, and a purpose's version by its key.
_AT = f"""
    category_versions, recipient_version, (SELECT version FROM consent_purposeversion v WHERE v.id = purpose_version_id),
    (SELECT jsonb_object_agg(code, binding_since) FROM consent_purpose WHERE binding_since > 1),
    {_BINDING},
    (SELECT binding_since FROM consent_agency a WHERE a."""
_LEFT_BEHIND = f"SELECT id, purpose_id, categories, {_AT}id = recipient_id) FROM consent_consentrecord WHERE id = ANY(%s)"
_STANDING = f"""
SELECT id, purpose_id, categories, withdrawn, {_AT}id = recipient_id) FROM consent_consentrecord
WHERE id = ANY(%s) AND state = 'given' AND not_before <= %s AND expires_at > %s
"""


def for_decision(*, citizen_id: UUID, recipient: str, opening: bool = False) -> list[ConsentView]:
    """Every consent that stands, and the newest withdrawn ones, as `decide` wants them: those tell why a request is refused. One SELECT.

    It locks the rows against change until the transaction ends, so that no read commits after the withdrawal of its consent.
    With `opening` it opens the citizen's scope as well: in `scope_opened_by`.
    """
    with connection.cursor() as cursor:
        cursor.execute(*((_OPENING_FOR_DECISION, [str(citizen_id), recipient]) if opening else (_FOR_DECISION, [citizen_id, recipient])))
        rows = cursor.fetchall()
        if _overtaken(rows):
            cursor.execute(_FOR_DECISION, [citizen_id, recipient])
            rows = cursor.fetchall()
    return [
        ConsentView(
            i, c, recipient, p, frozenset(k), begins, expires, ended, once, frozenset(spent), frozenset(withdrawn), _behind(p, k, *at)
        )
        for state, _, i, c, p, k, begins, expires, ended, once, spent, withdrawn, *at in rows
        if state != ConsentState.REPLACED
    ]


def _behind(
    purpose: str, categories: list[str], shown: str, recipient: int, wording: int, purposes: str | None, data: str | None, agency: int
) -> frozenset[str]:
    """`outdated`, from the columns of `_FOR_DECISION`: JSON as it comes, since most often there is nothing to compare it with."""
    if agency == 1 and purposes is None and data is None:
        return frozenset()
    binding = Binding(json.loads(purposes or "{}").get(purpose, 1), agency, json.loads(data or "{}"))
    return outdated(categories, Given(wording, recipient, json.loads(shown)), binding)


def left_behind(consent_ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """By consent the categories that a change of meaning has left behind (`consent.rules.versions`). One SELECT; empty for none."""
    wanted = list(consent_ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_BEHIND, [wanted])
        return {consent_id: _behind(purpose, categories, *at) for consent_id, purpose, categories, *at in cursor.fetchall()}


def behind(record: ConsentRecord) -> frozenset[str]:
    """What of a record that `with_binding` read a change of meaning has left behind. Asks nothing."""
    given = Given(record.purpose_version.version, record.recipient_version, record.category_versions)
    return outdated(record.categories, given, Binding(record.purpose.binding_since, record.recipient.binding_since, record.binding or {}))  # type: ignore[attr-defined]


def with_binding(records: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
    """The records with all that `behind` and pages ask of them, in the same SELECT."""
    rows = records.select_related("recipient", "source", "purpose", "purpose_version", "notice")
    return rows.annotate(binding=RawSQL(_BINDING, [], output_field=JSONField()))  # noqa: S611 - a constant


def reasons_of_ends(consent_ids: Iterable[UUID]) -> dict[UUID, str]:
    """By consent that somebody else than the citizen ended the code of why, "" where none was given. One SELECT; empty for none."""
    wanted = list(consent_ids)
    ends = ConsentEvent.objects.filter(consent_id__in=wanted, kind=ConsentEventKind.WITHDRAWN)
    return dict(ends.values_list("consent_id", "reason")) if wanted else {}


def changed_kind(record: ConsentRecord) -> str:
    """What left it behind: `purpose`, `recipient`, or else `category`. Asks nothing of a record of `for_citizen`."""
    if record.purpose_version.version < record.purpose.binding_since:
        return "purpose"
    return "recipient" if record.recipient_version < record.recipient.binding_since else "category"


def standing(consent_ids: Iterable[UUID], *, at: datetime) -> dict[UUID, frozenset[str]]:
    """By consent that is alive what it covers: its categories but for those withdrawn or left behind; no entry where that is nothing. One SELECT."""
    wanted = list(consent_ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [wanted, at, at])
        found = {consent_id: covers(*columns) for consent_id, *columns in cursor.fetchall()}
    return {consent_id: categories for consent_id, categories in found.items() if categories}


def covers(purpose: str, categories: list[str], withdrawn: list[str], *at: Any) -> frozenset[str]:
    """What a consent that is alive covers, by the columns of `_STANDING`."""
    return frozenset(categories) - set(withdrawn) - _behind(purpose, categories, *at)


def _overtaken(rows: list[tuple[Any, ...]]) -> bool:
    """Whether a consent was replaced while we waited for its lock: then what replaced it is committed, and was not there to be seen."""
    return any(state == ConsentState.REPLACED for state, *_ in rows)


def within_mandate() -> Q:
    """While somebody acts for the citizen: only what lies wholly within the mandate's themes. Else no limit."""
    doing = acting.current()
    if doing is None or doing.scope.everything:
        return Q()
    return Q(categories__contained_by=sorted(doing.scope.categories)) & ~Q(categories=[])


def for_citizen(*, citizen_id: UUID) -> QuerySet[ConsentRecord]:
    """All of a citizen's decisions, newest first, with what a page shows of them; to an attorney those of their themes."""
    return with_binding(ConsentRecord.objects.filter(within_mandate(), citizen_id=citizen_id)).order_by("-decided_at")


def declined_last(*, citizen_id: UUID, recipient: str, source: str | None, purpose: str, digest: str) -> bool:
    """Whether the last that happened between a citizen, a recipient, a source and a purpose is a no to exactly this text."""
    happened = ConsentEvent.objects.filter(
        citizen_id=citizen_id, consent__recipient__code=recipient, consent__source__code=source, consent__purpose=purpose
    )  # no source: of what the twin holds
    last = happened.order_by("-at", "-pk").values_list("kind", "consent__notice").first()
    return last == (ConsentState.DECLINED, digest)


def current_purpose(code: str) -> PurposeVersion:
    """The wording now in force. Raises `PurposeVersion.DoesNotExist`."""
    return PurposeVersion.objects.filter(purpose_id=code).latest("version")


def current_purposes(codes: Iterable[str]) -> dict[str, PurposeVersion]:
    """The wordings now in force, by code. One SELECT."""
    newest = PurposeVersion.objects.filter(purpose_id__in=list(codes)).order_by("purpose_id", "-version").distinct("purpose_id")
    return {version.purpose_id: version for version in newest}


def current_recipient(agency: Agency) -> AgencyVersion | None:
    """Who the agency is now; None for one of which nothing but its name is kept."""
    return AgencyVersion.objects.filter(agency=agency).order_by("-version").first()


def current_recipient_version(agency: Agency) -> int:
    """Its number; an agency without a row is at its first version."""
    found = current_recipient(agency)
    return found.version if found else 1


def current_categories(codes: Iterable[str] | None = None, *, source: str | None = None) -> list[DataCategoryVersion]:
    """The newest version of each category, all, by code or by source agency, in the order of their codes."""
    versions = DataCategoryVersion.objects.select_related("category__source").order_by("category_id", "-version").distinct("category_id")
    if codes is not None:
        versions = versions.filter(category_id__in=list(codes))
    if source is not None:
        versions = versions.filter(category__source__code=source)
    return list(versions)


@lru_cache(maxsize=1024)
def category_version(row_id: int) -> DataCategoryVersion:
    """One version of a category by its row, kept in memory: a version is never changed, by trigger. Raises `DataCategoryVersion.DoesNotExist`."""
    return DataCategoryVersion.objects.get(pk=row_id)


def schemas(versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], dict[str, Any]]:
    """The schemas of versions of categories, by (category, version). One SELECT."""
    wanted = set(versions)
    rows = DataCategoryVersion.objects.filter(category_id__in={category for category, _ in wanted}, version__in={n for _, n in wanted})
    return {at: schema for *key, schema in rows.values_list("category_id", "version", "schema") if (at := (key[0], key[1])) in wanted}


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
    return {category for record in standing for category in record.covered}


def live(*, citizen_id: UUID, at: datetime) -> QuerySet[ConsentRecord]:
    """The consents that are alive at an instant."""
    return for_citizen(citizen_id=citizen_id).filter(state="given", not_before__lte=at, expires_at__gt=at)
