"""The activity page: the citizen's log as they chose to see it, with what stands above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F
from django.urls import reverse

from aurora.journeys import act_for, raise_concern
from aurora.portal.choosing import Choice, entries
from aurora.portal.present import chain, log, timeline
from aurora.portal.present.entry import title_of
from aurora.portal.present.sources import field_errors
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import mandate_words
from aurora.ui.contexts import ActivityPage, FilterOption, Pagination, Text
from aurora.ui.contexts.activity import OneCategory, OneConsent
from aurora.ui.templatetags.aurora import localized
from aurora.ui.uses import timeline as drawn
from consent import acting, days, queries
from consent.ledger import queries as ledger
from consent.rules import AURORA, CITIZEN
from consent.rules.mandates import Deed

# A full page after a month with uses on each of its days is 39 kB of HTML.
PAGE = 20
# Agencies further back are found by the citizen's consents, or by their address: the whole log is not read for a list of names.
SEEN = timedelta(days=400)


def page(*, citizen_id: UUID, chosen: Choice, now: datetime, whom: str, walk: bool = False, changed: bool = False) -> ActivityPage:
    """Within `citizen_scope`. `walk`: all links of the chain are looked at."""
    vocabulary, today = Vocabulary(), days.day_of(now)
    found = entries(citizen_id, chosen, vocabulary, before=chosen.before, limit=PAGE + 1)
    shown, uses = found[:PAGE], timeline.count(citizen_id=citizen_id, now=now)
    return ActivityPage(
        summaries=tuple(replace(timeline.summary(uses, days=n, today=today), url=_since(today - timedelta(days=n - 1))) for n in (7, 30)),
        days=log.by_day(shown, vocabulary),
        agencies=_options(agencies_seen(citizen_id=citizen_id, now=now), chosen.agency, vocabulary.agency),
        pagination=_pagination(chosen, shown[-1].seq if len(found) > PAGE else None),
        clear_url=reverse("portal:activity"),
        kind=chosen.kind,
        date_from=chosen.typed["from"],
        date_to=chosen.typed["to"],
        filtered=chosen.any,
        chain=chain.part(citizen_id, shown, walk=walk, walk_url=chosen.url(before=chosen.before, walk=True)),
        errors=field_errors(chosen.errors),
        sources=_options(sorted({vocabulary.source_of(code) for code in vocabulary.categories}), chosen.source, vocabulary.agency),
        refused=chosen.refused,
        consent=_one_consent(citizen_id, chosen, vocabulary),
        category=OneCategory(chosen.category, vocabulary.category(chosen.category), chosen.url(without="category"))
        if chosen.category
        else None,
        categories=_options(_within(vocabulary.categories), chosen.category, vocabulary.category),
        timeline=drawn(uses, vocabulary.agency, today=today),
        chosen=tuple((name, value) for name, value in chosen.typed.items() if value),
        export_url=reverse("portal:activity_export") if _may_export(now) else "",
        whom=whom,
        concerns_url=reverse("portal:concerns") if raise_concern.may_ask() else "",
        banner=mandate_words.banner("changed") if changed else None,
        without={name: chosen.url(without=name) for name, value in chosen.typed.items() if value},
    )


def agencies_seen(*, citizen_id: UUID, now: datetime) -> list[str]:
    """The agencies that stand in this citizen's log of the last year, and those that they have ever decided about."""
    lately = ledger.visible(citizen_id, since=now - SEEN).exclude(actor__in=[AURORA, CITIZEN])
    decided = queries.for_citizen(citizen_id=citizen_id).order_by().values_list(F("recipient__code"))
    codes = {code for (code,) in lately.order_by().values_list("actor").distinct().union(decided)}
    return sorted(codes - {AURORA, CITIZEN})


def _since(day: date) -> str:
    return f"{reverse('portal:activity')}?{urlencode({'from': f'{day.day}.{day.month}.{day.year}'})}"


def _may_export(now: datetime) -> bool:
    doing = acting.current()
    return doing is None or act_for.may(doing, Deed.EXPORT, now=now) is None


def _options(codes: list[str], chosen: str, name: Callable[[str], Text]) -> tuple[FilterOption, ...]:
    """By name; what is chosen stands among them even if it is none of them: the form says what the list shows."""
    among = [*codes, *([chosen] if chosen and chosen not in codes else [])]
    return tuple(
        sorted((FilterOption(code, name(code), code == chosen) for code in among), key=lambda one: localized(one.label).casefold())
    )


def _within(codes: Iterable[str]) -> list[str]:
    """Kinds of data within the themes of whoever acts."""
    doing = acting.current()
    return [code for code in codes if doing is None or doing.scope.covers([code])]


def _one_consent(citizen_id: UUID, chosen: Choice, vocabulary: Vocabulary) -> OneConsent | None:
    if chosen.consent is None:
        return None
    record = queries.for_citizen(citizen_id=citizen_id).filter(pk=chosen.consent).first()
    title, url = (title_of(record, vocabulary), reverse("portal:consent", args=[record.pk])) if record else ("", "")
    return OneConsent(title, url, chosen.url(without="consent"))


def _pagination(chosen: Choice, last_seq: int | None) -> Pagination:
    # Pages are cut by running number: a page stays the same while new entries come in on top.
    return Pagination(
        number=1,
        count=1,
        # To the entries: on a phone, what stands above them is three screens high.
        previous_url=f"{chosen.url()}#entries" if chosen.before else "",
        next_url=f"{chosen.url(before=last_seq)}#entries" if last_seq else "",
    )
