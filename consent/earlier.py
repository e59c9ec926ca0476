"""An earlier consent to the same recipient, purpose and source: what it covers now, and what a new text says of the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    """The consent that was given last, if there is one. In the citizen's scope. By days, so that a page and its answer see the same."""
    return find_each(citizen_id=citizen_id, recipient=recipient, source=source, purposes=[purpose], today=today).get(purpose)


def find_each(*, citizen_id: UUID, recipient: Agency, source: Agency | None, purposes: Iterable[str], today: date) -> dict[str, Earlier]:
    """By purpose the consent that was given last, where there is one. One SELECT.

    An attorney is told nothing of one that reaches beyond their themes, and it is not theirs to replace: see `consent.rules.mandates.may_give`.
    """
    given = ConsentRecord.objects.filter(citizen_id=citizen_id, recipient=recipient, source=source, purpose__in=list(purposes))
    last = given.exclude(state=ConsentState.DECLINED).order_by("purpose", "-decided_at", "-pk").distinct("purpose")
    doing = acting.current()
    return {
        record.purpose_id: _earlier(record, today)
        for record in queries.with_binding(last)
        if doing is None or doing.scope.covers(record.categories)
    }


def _earlier(record: ConsentRecord, today: date) -> Earlier:
    if record.state != ConsentState.GIVEN or last_day(record.expires_at) < today:
        return Earlier(record, frozenset(), "ended")
    behind = queries.behind(record) & frozenset(record.covered)
    covers = frozenset(record.covered) - behind - frozenset(record.spent)
    return Earlier(record, covers, "outdated" if behind else "standing" if covers else "ended")


def told(text: NoticeText, earlier: Earlier | None, *, terms: Terms) -> NoticeText:
    """`told_each` of one text."""
    return told_each([text], {text.purpose: earlier} if earlier else {}, terms=terms)[0]


def told_each(texts: Sequence[NoticeText], before: Mapping[str, Earlier], *, terms: Terms) -> tuple[NoticeText, ...]:
    """The texts for somebody who may have agreed before (by purpose), each with what is different from what they agreed to then.

    `terms` composes terms in the texts' language: an earlier text that was shown in another language is composed anew from its versions,
    with today's wording of the terms; that the wording was another then is told by its version.
    """
    others = [(text, before[text.purpose].record) for text in texts if text.purpose in before]
    versions = _Versions([record for text, record in others if record.notice.language != text.language])
    return tuple(_told(text, before.get(text.purpose), terms, versions) for text in texts)


def _told(text: NoticeText, earlier: Earlier | None, terms: Terms, versions: _Versions) -> NoticeText:
    if earlier is None:
        return text
    different = changes.compare(_agreed(earlier.record, text.language, terms, versions), text.agreed)
    again = changes.tell(different, earlier=earlier.state, allowed=earlier.covers, purpose=text.purpose_name, language=text.language)
    return replace(text, again=again)


def _agreed(record: ConsentRecord, language: str, terms: Terms, versions: _Versions) -> dict[str, Any]:
    kept: dict[str, Any] = record.notice.content
    if record.notice.language == language:
        return kept
    version = versions.of_recipient(record)
    period = Period(day_of(record.not_before), last_day(record.expires_at), record.once)
    composed = compose(
        language=language,
        recipient=record.recipient,
        source=record.source,
        purpose=record.purpose_version,
        categories=versions.of_categories(record),
        terms=terms(period, identity_of(version, language)),
        recipient_version=record.recipient_version,
    ).agreed
    name = version.name[language] if version else composed["recipient"]
    return composed | {"recipient": name, "terms_version": kept.get("terms_version", 1)}


class _Versions:
    """The versions that some records were given to: two SELECTs for all of them, none for none."""

    def __init__(self, records: Sequence[ConsentRecord]) -> None:
        recipients = AgencyVersion.objects.filter(agency_id__in={record.recipient_id for record in records})
        self._recipients = {(one.agency_id, one.version): one for one in recipients} if records else {}
        codes = {one["code"] for record in records for one in record.notice.content["categories"]}
        categories = DataCategoryVersion.objects.filter(category_id__in=codes)
        self._categories = {(one.category_id, one.version): one for one in categories} if codes else {}

    def of_recipient(self, record: ConsentRecord) -> AgencyVersion | None:
        """Who the recipient was then, None where nothing but its name is kept."""
        return self._recipients.get((record.recipient_id, record.recipient_version))

    def of_categories(self, record: ConsentRecord) -> list[DataCategoryVersion]:
        """The categories' versions that were shown, in the order of their codes."""
        wanted = sorted((one["code"], one["version"]) for one in record.notice.content["categories"])
        return [self._categories[at] for at in wanted if at in self._categories]
