"""Home: what needs me, what is new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse

from aurora.journeys import suggest
from aurora.journeys._basis import Ground
from aurora.portal.present import log, messages, suggestions
from aurora.portal.present.vocabulary import Vocabulary, connect_url
from aurora.sources import connections, pulls
from aurora.sources.models import Connection, Pull
from aurora.ui.contexts import HomePage, Need, NeedKind
from consent import queries
from consent.days import last_day
from consent.ledger import queries as ledger
from consent.models import ConsentRecord

LATEST = 3
EXPIRING = timedelta(days=30)


def home_page(*, citizen_id: UUID, language: str, now: datetime) -> HomePage:
    """In the citizen's scope."""
    vocabulary = Vocabulary()
    standing = list(pulls.with_newest(connections.standing(citizen_id=citizen_id).select_related("source__agency")))
    ground = Ground(citizen_id=citizen_id, now=now)
    live, behind = ground.live, {record.pk: queries.behind(record) for record in ground.live}
    made = suggest.last_made(citizen_id=citizen_id, now=now, ground=ground)
    top, offer = suggestions.top(made, vocabulary, language) if made else (None, None)
    return HomePage(
        sources_connected=len(standing),
        sources_total=vocabulary.sources_in_use,
        fact_count=ground.fact_count,
        active_consents=sum(1 for record in live if set(record.covered) - behind[record.pk]),
        needs=tuple(_needs(standing, live, behind, now)),
        news=messages.news(citizen_id=citizen_id),
        messages_url=reverse("portal:messages"),
        latest=log.rows(ledger.entries_for(citizen_id, limit=LATEST), vocabulary),
        sources_url=reverse("portal:sources"),
        suggestions_url=reverse("portal:suggestions"),
        activity_url=reverse("portal:activity"),
        my_data_url=reverse("portal:my_data"),
        consents_url=reverse("portal:consents"),
        top_suggestion=top,
        suggestions_allowed=any(record.purpose_id == suggest.PURPOSE for record in live),
        offer=offer,
    )


def _needs(standing: list[Any], live: list[ConsentRecord], behind: Mapping[UUID, frozenset[str]], now: datetime) -> Iterator[Need]:
    if not standing:
        yield Need(NeedKind.NOTHING_CONNECTED, reverse("portal:sources"))
    for connection in standing:
        agency = connection.source.agency
        if connection.state == Connection.State.BROKEN:
            yield Need(NeedKind.RECONNECT, connect_url(agency.code), agency.name)
        elif connection.pull_state == Pull.State.FAILED:
            yield Need(NeedKind.PULL_FAILED, reverse("portal:pull", args=[connection.newest_pull]), agency.name)
        elif connection.pull_state in (Pull.State.QUEUED, Pull.State.RUNNING):
            yield Need(NeedKind.PULL_RUNNING, reverse("portal:pull", args=[connection.newest_pull]), agency.name)
    for record in live:
        if behind[record.pk] & set(record.covered):
            yield Need(NeedKind.RECONSENT, reverse("portal:consent", args=[record.pk]), record.recipient.name)
        if record.expires_at - now < EXPIRING:
            url = reverse("portal:consent", args=[record.pk])
            yield Need(NeedKind.CONSENT_EXPIRING, url, record.recipient.name, last_day(record.expires_at))
