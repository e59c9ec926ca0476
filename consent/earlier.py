"""An earlier consent to the same recipient, purpose and source: what it covers now, and what a new text says of the difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from consent import acting, changes, queries
from consent.days import day_of, last_day
from consent.models import Agency, AgencyVersion, ConsentRecord, ConsentState, DataCategoryVersion
from consent.notices import NoticeText, compose
from consent.terms import Identity, Period, Term, identity_of

Terms = Callable[[Period, Identity | None], tuple[Term, ...]]


@dataclass(frozen=True)
class Earlier:
    """The record, what it still covers on a day, and whether it is `standing`, `outdated` or `ended`."""

    record: ConsentRecord
    covers: frozenset[str]
    state: str


def find(*, citizen_id: UUID, recipient: Agency, source: Agency | None, purpose: str, today: date) -> Earlier | None:
    """The consent that was given last, if there is one. In the citizen's scope. By days, so that a page and its answer see the same.

    An attorney is told nothing of one that reaches beyond their themes, and it is not theirs to replace: see `consent.rules.mandates.may_give`.
    """
    record = (
        ConsentRecord.objects.filter(citizen_id=citizen_id, recipient=recipient, source=source, purpose=purpose)
        .exclude(state=ConsentState.DECLINED)
        .select_related("notice", "purpose_version", "recipient", "source")
        .order_by("-decided_at", "-pk")
        .first()
    )
    doing = acting.current()
    if record is None or (doing is not None and not doing.scope.covers(record.categories)):
        return None
    if record.state != ConsentState.GIVEN or last_day(record.expires_at) < today:
        return Earlier(record, frozenset(), "ended")
    behind = queries.left_behind([record.pk])[record.pk] & frozenset(record.covered)
    covers = frozenset(record.covered) - behind - frozenset(record.spent)
    return Earlier(record, covers, "outdated" if behind else "standing" if covers else "ended")


def told(text: NoticeText, earlier: Earlier | None, *, terms: Terms) -> NoticeText:
    """The text for somebody who may have agreed before: with what is different from what they agreed to then.

    `terms` composes terms in the text's language: an earlier text that was shown in another language is composed anew from its versions,
    with today's wording of the terms; that the wording was another then is told by its version.
    """
    if earlier is None:
        return text
    different = changes.compare(_agreed(earlier.record, text.language, terms), text.agreed)
    again = changes.tell(different, earlier=earlier.state, allowed=earlier.covers, purpose=text.purpose_name, language=text.language)
    return replace(text, again=again)


def _agreed(record: ConsentRecord, language: str, terms: Terms) -> dict[str, Any]:
    kept: dict[str, Any] = record.notice.content
    if record.notice.language == language:
        return kept
    version = AgencyVersion.objects.filter(agency_id=record.recipient_id, version=record.recipient_version).first()
    period = Period(day_of(record.not_before), last_day(record.expires_at), record.once)
    composed = compose(
        language=language,
        recipient=record.recipient,
        source=record.source,
        purpose=record.purpose_version,
        categories=_versions(kept),
        terms=terms(period, identity_of(version, language)),
        recipient_version=record.recipient_version,
    ).agreed
    name = version.name[language] if version else composed["recipient"]
    return composed | {"recipient": name, "terms_version": kept.get("terms_version", 1)}


def _versions(kept: dict[str, Any]) -> list[DataCategoryVersion]:
    wanted = {c["code"]: c["version"] for c in kept["categories"]}
    found = DataCategoryVersion.objects.filter(category_id__in=wanted).order_by("category_id")
    return [v for v in found if v.version == wanted[v.category_id]]
