"""Activity: every access, newest first, and why it was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.portal import forms
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import activity as above
from aurora.portal.present import entry as present
from aurora.portal.present import log
from aurora.portal.present.sources import field_errors
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui.contexts import ActivityPage, FilterOption, Pagination
from consent.errors import InvalidInput, NotFound
from consent.ledger import queries as ledger
from consent.scope import citizen_scope

PAGE = 50


@dataclass(frozen=True)
class Filter:
    """What the citizen asked to see; dates are whole days of their own time zone."""

    agency: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def _filter(query: QueryDict) -> Filter:
    first, last = forms.iso_date(query.get("from", ""), "from"), forms.iso_date(query.get("to", ""), "to")
    if first and last and first > last:
        raise InvalidInput({"to": "dates_reversed"})
    before = query.get("before", "")
    return Filter(
        agency=query.get("agency", "")[:64].replace("\x00", ""),
        kind=query.get("kind", "")[:16],
        since=_start(first) if first else None,
        until=_start(last + timedelta(days=1)) if last and last < date.max else None,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
    )


def _start(day: date) -> datetime:
    try:
        return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    except (OverflowError, ValueError):
        return datetime.combine(day, time.min, tzinfo=UTC)


@require_safe
@for_citizens
def activity(request: HttpRequest) -> HttpResponse:
    """The citizen's log, filtered by agency, kind and date."""
    try:
        wanted, errors = _filter(request.GET), {}
    except InvalidInput as error:
        wanted, errors = Filter(), error.fields
    with citizen_scope(me(request)):
        page = _page(request, wanted, errors)
    return render(request, "portal/activity.html", {"page": page}, status=400 if errors else 200)


def _page(request: HttpRequest, wanted: Filter, errors: dict[str, str]) -> ActivityPage:
    mine, vocabulary, now = me(request), Vocabulary(), timezone.now()
    found = ledger.entries_for(
        mine, before_seq=wanted.before, limit=PAGE + 1, actor=wanted.agency or None, event=above.events_of(wanted.kind),
        since=wanted.since, until=wanted.until,
    )  # fmt: skip
    shown = found[:PAGE]
    return ActivityPage(
        summaries=tuple(above.summary(citizen_id=mine, days=days, now=now) for days in (7, 30)),
        days=log.by_day(shown, vocabulary),
        agencies=tuple(FilterOption(a, vocabulary.agency(a), a == wanted.agency) for a in above.agencies_seen(citizen_id=mine)),
        pagination=_pagination(request, wanted, shown[-1].seq if len(found) > PAGE else None),
        clear_url=reverse("portal:activity"),
        kind=wanted.kind,
        date_from=request.GET.get("from", "")[:10],
        date_to=request.GET.get("to", "")[:10],
        filtered=wanted != Filter(),
        gap=not ledger.my_sequence_is_unbroken(mine).unbroken,
        errors=field_errors(errors),
    )


def _pagination(request: HttpRequest, wanted: Filter, last_seq: int | None) -> Pagination:
    def url(before: int | None) -> str:
        query = request.GET.copy()
        query.pop("before", None)
        if before is not None:
            query["before"] = str(before)
        return f"{reverse('portal:activity')}?{query.urlencode()}"

    # Pages are cut by running number: a page stays the same while new entries come in on top.
    return Pagination(number=1, count=1, previous_url=url(None) if wanted.before else "", next_url=url(last_seq) if last_seq else "")


@require_safe
@for_citizens
def entry(request: HttpRequest, id: UUID) -> HttpResponse:
    """One entry: consent, text as shown, decision, commitment, place in the public log."""
    with citizen_scope(me(request)):
        found = ledger.visible(me(request)).filter(pk=id).first()
        if found is None:
            raise NotFound()
        page = present.entry_page(found, Vocabulary())
    return render(request, "portal/entry.html", {"page": page})
