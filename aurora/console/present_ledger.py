"""From the log's public tables to the console's page about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from aurora.identity.models import Operator
from aurora.telemetry import hearts
from aurora.ui import log_words as words
from aurora.ui.contexts.log_state import AlarmRow, FormerRow, KeyRow, LogStatePage, WitnessRow
from consent.ledger import queries
from consent.ledger.models import Checkpoint, Key, Pending
from consent.ledger.note import parse_vkey
from consent.ledger.witness_models import Alarm, Witness

LATE = timedelta(minutes=1)
CLOCKS_APART = 300  # seconds
ALARMS_SHOWN = 50


def state(*, now: datetime, may_see: bool) -> LogStatePage:
    """The whole page. `may_see`: who sits there may say that they have looked into an alarm."""
    newest, pending = queries.newest_checkpoint(), Pending.objects.count()
    name = newest.origin if newest else settings.AURORA_LEDGER_ORIGIN
    size = newest.size if newest else 0
    return LogStatePage(
        name=name,
        size=size,
        at=newest.at if newest else None,
        pending=pending,
        warnings=tuple(_warnings(newest, pending, now)),
        alarms=_alarms(may_see),
        keys=_keys(),
        witnesses=_witnesses(name, size),
        former=tuple(
            FormerRow(one["origin"], one["size"], one["reason"], datetime.fromisoformat(one["at"])) for one in queries.former_heads()
        ),
        root=newest.root_text if newest else "",
        age=words.age(now - newest.at) if newest else "",
        sequencer=_sequencer(now),
    )


def _sequencer(now: datetime) -> str:
    rows = [one for one in hearts.last_seen(now=now) if one.kind == "sequencer" and one.at]
    last = max(rows, key=lambda one: one.at or now, default=None)
    return words.sequencer(last.at if last else None, well=bool(last and last.well))


def _warnings(newest: Checkpoint | None, pending: int, now: datetime) -> list[str]:
    found = [] if settings.AURORA_WITNESSES else [words.unwatched()]
    if newest is None:
        return [words.unsealed(), *found]
    if pending and newest.at < now - LATE:
        found.insert(0, words.stopped(newest.at))
    if newest.at > now + LATE:
        found.insert(0, words.ahead(newest.at))
    return found


def _alarms(may_see: bool) -> tuple[AlarmRow, ...]:
    # Those that wait first, however many there are.
    rows = [
        *Alarm.objects.filter(seen_at__isnull=True).order_by("-at"),
        *Alarm.objects.filter(seen_at__isnull=False).order_by("-seen_at")[:ALARMS_SHOWN],
    ]
    names = dict(Operator.objects.filter(pk__in={row.seen_by for row in rows if row.seen_by}).values_list("pk", "name"))
    return tuple(
        AlarmRow(
            id=str(row.pk),
            sentence=words.alarm(row.kind, witness=row.witness, size=row.size),
            at=row.at,
            seen=words.seen(name=names.get(row.seen_by, "–"), at=row.seen_at) if row.seen_at and row.seen_by else "",
            see_url=reverse("console:ledger_alarm", kwargs={"id": row.pk}) if may_see and not row.seen_at else "",
        )
        for row in rows
    )


def _keys() -> tuple[KeyRow, ...]:
    since = dict(Key.objects.values_list("vkey", "since"))
    last = max(since.values(), default=None)
    found = [(parse_vkey(vkey), since[vkey]) for vkey in queries.verifier_keys()]
    return tuple(KeyRow(words.kind(key.kind), key.key_id.hex(), key.name, at, at == last) for key, at in found)


def _witnesses(origin: str, size: int) -> tuple[WitnessRow, ...]:
    return tuple(_witness(name, url, row, size) for name, url, row in queries.witnesses(origin))


def _witness(name: str, url: str, row: Witness | None, size: int) -> WitnessRow:
    if row is None or row.cosigned_at is None:
        return WitnessRow(name, url, None, None, 0, words.trouble(row.trouble) if row else "")
    apart = abs((row.stated_at or 0) - int(row.cosigned_at.timestamp()))
    said = (words.trouble(row.trouble), words.other_clock(apart // 60) if apart > CLOCKS_APART else "")
    sentences = " ".join(sentence for sentence in said if sentence)
    return WitnessRow(name, url, row.size, row.cosigned_at, max(size - row.size, 0), sentences)
