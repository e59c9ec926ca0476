"""A source tells by itself: a signed batch of answers, each taken only of a citizen who has connected the source and consents to it.

One transaction a citizen: decide, keep, log, and note in the batch what came of their answers. A crash in the middle leaves citizens done whole;
the same batch again does the rest, and is answered as if nothing had been. Of everybody else the answer is one and the same, found by one
look-up before anything else is asked of anybody, so that a batch cannot be used to ask who is here.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from aurora import crash
from aurora.identity.vault import VaultClosed
from aurora.journeys import _stated, estates, wards
from aurora.journeys._log import log
from aurora.sources.models import DataSource
from aurora.sources.pushes import batches
from aurora.sources.pushes.batches import Item, Result, Whose
from aurora.sources.pushes.models import Batch
from aurora.twin.models import Fact
from consent import days, queries
from consent.agencies import active
from consent.ids import first_of
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.oauth import signed
from consent.oauth.models import Client
from consent.oauth.signed import BatchDiffers
from consent.rules import AURORA, Permit
from consent.scope import citizen_scope

# Entries in one citizen's log that one source may make in a day: nobody floods it.
MOST_A_DAY = 100
# What makes mandates of the citizen and others at once is asked for, in transactions made for that.
BARRED = frozenset({wards.CATEGORY, estates.CATEGORY})
_EVENTS = (Event.FACTS_PUSHED.value, Event.PUSH_REFUSED.value)
Came = dict[int, str]


@dataclass(frozen=True)
class Pushed:
    """What the agency is answered, the same each time. `results`: a `Result` by position; of what is invalid, a colon and why."""

    batch_id: UUID
    received_at: datetime
    results: Sequence[str]


def take(*, client_id: str, agency_code: str, body: bytes, now: datetime) -> Pushed:
    """Take a signed batch. Raises `NotPushing`, what `consent.oauth.signed.read` raises, and `BatchDiffers`: then nothing of it was taken."""
    active(agency_code)
    source, client = batches.source_of(agency_code), Client.objects.get(client_id=client_id)
    sent = signed.read(body, client=client, kind=batches.KIND, now=now)
    batch = batches.claim(client=client, batch_id=sent.batch_id, digest=sent.digest, answers=len(sent.items), now=now)
    if not hmac.compare_digest(bytes(batch.digest), sent.digest):
        raise BatchDiffers()
    results = batch.results if batch.finished_at else _worked_off(batch, sent.items, source)
    return Pushed(batch.batch_id, batch.received_at, [result or Result.NOT_ACCEPTED for result in results])


def _worked_off(batch: Batch, answers: Sequence[object], source: DataSource) -> list[str | None]:
    """What is wrong in itself is judged first, so that it depends on nobody. Citizens in the order of their ids, each in a transaction."""
    categories = {version.category_id: version for version in queries.current_categories(source=source.agency.code)}
    items, came = batches.judge(answers, categories, barred=BARRED)
    whose = batches.whose(source=source, national_ids={item.answer.national_id for item in items})
    mine: dict[Whose, list[Item]] = defaultdict(list)
    for item in items:
        if item.answer.national_id in whose:
            mine[whose[item.answer.national_id]].append(item)
        else:
            came[item.position] = Result.NOT_ACCEPTED
    for who in sorted(mine):
        _of_citizen(who, mine[who], source, batch)
        crash.reach("push.after_citizen")
    with transaction.atomic():
        return batches.note(batch.pk, came, finished_at=timezone.now())


def _of_citizen(who: Whose, items: Sequence[Item], source: DataSource, batch: Batch) -> None:
    """All of the batch about one citizen, or nothing yet. Who withdraws meanwhile comes before, or after: both lock the consents first."""
    try:
        with citizen_scope(who.citizen_id):
            consents = queries.for_decision(citizen_id=who.citizen_id, recipient=AURORA)
            live = batches.hold(who)
            done = batches.results(batch.pk)
            left = [item for item in items if done[item.position] is None]
            if not left:
                return
            now = timezone.now()
            permits = _stated.decided(who.citizen_id, [i.answer.category for i in left], consents, now) if live else []
            allowed = _stated.allowed(permits)
            fitting, others = _parted(left, allowed)
            came: Came = {item.position: Result.NOT_ACCEPTED for item in others}
            room = live and _entries_today(who.citizen_id, source, now) < MOST_A_DAY
            if fitting:
                came |= _keep(who.citizen_id, fitting, permits, source, batch, now) if room else _too_many(fitting)
            if others and room:
                why = _stated.refused([i.answer.category for i in others], consents, now)
                _log_refused(who.citizen_id, why, source, batch, now)
            batches.note(batch.pk, came)
            crash.reach("push.before_commit")
    except VaultClosed:
        # Their key is gone: they are erased, or about to be.
        with transaction.atomic():
            batches.note(batch.pk, dict.fromkeys((item.position for item in items), Result.NOT_ACCEPTED))


def _parted(items: Sequence[Item], allowed: frozenset[str]) -> tuple[list[Item], list[Item]]:
    return [i for i in items if i.answer.category in allowed], [i for i in items if i.answer.category not in allowed]


def _too_many(items: Sequence[Item]) -> Came:
    return {item.position: Result.TOO_MANY for item in items}


def _keep(citizen_id: UUID, items: Sequence[Item], permits: Sequence[Permit], source: DataSource, batch: Batch, now: datetime) -> Came:
    """Keep what is new, and log that it was told, be it only that nothing has changed."""
    code = source.agency.code
    known = _observed(citizen_id, code, [i.answer.category for i in items])
    came: Came = {}
    for item in items:
        answer = item.answer
        if answer.category in known and answer.observed_at < known[answer.category]:
            came[item.position] = Result.OLDER
            continue
        written = _stated.kept(citizen_id, [answer], source=code, now=now)
        came[item.position] = Result.TAKEN if written.moved else Result.UNCHANGED
    log(
        citizen_id=citizen_id,
        event=Event.FACTS_PUSHED,
        actor=code,
        purpose=permits[0].purpose,
        categories=sorted(i.answer.category for i in items),
        consent_ids=[c for p in permits for c in p.consent_ids],
        permit_id=permits[0].id,
        source=code,
        details={
            "batch": str(batch.batch_id),
            "purposes": sorted(p.purpose for p in permits),
            "facts": sum(len(i.answer.facts) for i in items if came[i.position] == Result.TAKEN),
            "results": sorted(f"{i.answer.category}:{came[i.position]}" for i in items),
        },
        at=now,
    )
    return came


def _observed(citizen_id: UUID, source: str, categories: Sequence[str]) -> dict[str, datetime]:
    """When the source saw the newest of what stands, by category: an answer that was under way for longer than a later one changes nothing."""
    theirs = Fact.objects.filter(citizen_id=citizen_id, source=source, category__in=categories, superseded_at__isnull=True)
    return dict(theirs.values_list("category").annotate(Max("observed_at")))


def _log_refused(citizen_id: UUID, why: Mapping[str, str], source: DataSource, batch: Batch, now: datetime) -> None:
    code = source.agency.code
    log(
        citizen_id=citizen_id,
        event=Event.PUSH_REFUSED,
        actor=code,
        categories=sorted(why),
        decision=_stated.OUTDATED if _stated.OUTDATED in why.values() else _stated.NO_CONSENT,
        source=code,
        details={"batch": str(batch.batch_id), "failed": [f"{c}:{e}" for c, e in sorted(why.items())]},
        at=now,
    )


def _entries_today(citizen_id: UUID, source: DataSource, now: datetime) -> int:
    """How many entries the source has made in this log today. No other batch is at this citizen: their connection is held."""
    since = first_of(days.start_of(days.day_of(now)))
    theirs = LedgerEntry.objects.filter(citizen_id=citizen_id, pk__gte=since, actor=source.agency.code, event__in=_EVENTS)
    return theirs.count()
