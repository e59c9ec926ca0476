"""Reminders by the sweep: found across citizens, each once, of the citizen's own days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from consent_world import NOW, World
from django.db import connection

from aurora.journeys import remind
from aurora.messages import letters, outbox
from aurora.messages.models import Reminder
from consent import services
from consent.days import end_of, last_day
from consent.models import ConsentRecord, DataCategory, Purpose
from consent.rules import latest_end
from consent.scope import citizen_scope

YEAR = latest_end(NOW.date())


def told(world: World) -> list[tuple[str, int]]:
    """Kind and days of the reminders, oldest first."""
    with citizen_scope(world.aino):
        found = outbox.for_citizen(citizen_id=world.aino).filter(kind__startswith="reminder").order_by("created_at")
        return [(m.row.kind, m.about[0]["days"]) for m in map(outbox.open_row, found)]


def noted(world: World) -> dict[str, bool]:
    with citizen_scope(world.aino):
        return {r.kind: r.skipped for r in Reminder.objects.filter(citizen_id=world.aino)}


def found(at: datetime) -> set[object]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_id FROM consents_to_remind(%s, 'Europe/Helsinki', 100000)", [at])
        return {row[0] for row in cursor.fetchall()}


def test_a_year_of_daily_sweeps_gives_each_once(world: World) -> None:
    record, _ = world.give(until=YEAR)
    last = last_day(record.expires_at)
    days = [NOW + timedelta(days=n) for n in (89, 90, 91, 180, 270)]
    days += [end_of(last) - timedelta(days=n, hours=6) for n in (30, 29, 7, 1, 0)]
    for day in days:
        for _ in range(2):
            remind.sweep(now=day)
    assert told(world) == [
        ("reminder_ongoing", 90), ("reminder_ongoing", 180), ("reminder_ongoing", 270),
        ("reminder_ending", 30), ("reminder_ending", 7), ("reminder_ending", 1),
    ]  # fmt: skip


def test_what_was_missed_collapses_to_the_newest(world: World) -> None:
    record, _ = world.give(until=YEAR)
    assert remind.remind(citizen_id=world.aino, consent_id=record.pk, now=record.expires_at - timedelta(days=3))
    assert told(world) == [("reminder_ending", 7)]
    assert noted(world) == {"ongoing-90": True, "ongoing-180": True, "ongoing-270": True, "ending-30": True, "ending-7": False}
    assert record.pk not in found(record.expires_at - timedelta(days=3))


@pytest.mark.parametrize("end", ["withdrawn", "ran out", "replaced"])
def test_what_has_ended_is_not_reminded_of(world: World, end: str) -> None:
    record, _ = world.give(until=YEAR)
    at = NOW + timedelta(days=100)
    assert record.pk in found(at)
    if end == "withdrawn":
        world.withdraw(record.pk, now=NOW + timedelta(days=1))
    elif end == "replaced":
        world.give(until=YEAR, now=NOW + timedelta(days=1))
    else:
        at = record.expires_at
    assert record.pk not in found(at)
    assert not remind.remind(citizen_id=world.aino, consent_id=record.pk, now=at)
    assert told(world) == []


def test_the_finder_and_the_rule_agree_around_every_day_that_matters(world: World) -> None:
    """Found when, and only when, the rule has something for it."""
    record, _ = world.give(until=YEAR)
    short, _ = world.give(citizen_id=world.cecilia, until=NOW.date() + timedelta(days=8), once=True)
    length = (YEAR - NOW.date()).days
    matter = {n + near for n in (1, 8, 90, 180, 270, 360, *(length - k for k in (30, 7, 1, 0))) for near in (-1, 0, 1)}
    for number in sorted(matter):
        at = NOW + timedelta(days=number)
        for citizen_id, one in ((world.aino, record), (world.cecilia, short)):
            if one.pk not in found(at):
                assert not remind.remind(citizen_id=citizen_id, consent_id=one.pk, now=at), number
            else:
                remind.remind(citizen_id=citizen_id, consent_id=one.pk, now=at)
                with citizen_scope(citizen_id):
                    assert Reminder.objects.filter(consent=one, at=at).exists(), number
                assert one.pk not in found(at)
    assert len(told(world)) == 6


def test_the_day_is_the_citizens(world: World) -> None:
    record, _ = world.give(until=YEAR)
    midnight = end_of(NOW.date() + timedelta(days=89))  # where the citizen is, the 90th day begins
    assert record.pk not in found(midnight - timedelta(seconds=1))
    assert record.pk in found(midnight)


@pytest.mark.parametrize("changed", ["purpose", "every category", "one category", "the other is withdrawn"])
def test_what_covers_nothing_any_more_is_not_reminded_of(world: World, changed: str) -> None:
    record, _ = world.give(until=YEAR)
    if changed == "purpose":
        world.reword(2)
        Purpose.objects.filter(code=world.purpose).update(binding_since=2)
    for code in world.categories[: 2 if changed == "every category" else 0 if changed == "purpose" else 1]:
        world.redescribe(code, 2)
        DataCategory.objects.filter(code=code).update(binding_since=2)
    if changed == "the other is withdrawn":
        with citizen_scope(world.aino):
            services.end(consent_id=record.pk, now=NOW, categories=world.categories[1:2])
    at = NOW + timedelta(days=100)
    assert remind.remind(citizen_id=world.aino, consent_id=record.pk, now=at) == (changed == "one category")
    assert told(world) == ([("reminder_ongoing", 90)] if changed == "one category" else [])
    assert record.pk not in found(at), "it is not looked at again each day"


def test_one_use_that_was_made_is_not_reminded_of(world: World) -> None:
    record, _ = world.give(once=True)
    with citizen_scope(world.aino):
        services.spend(consent_ids=[record.pk], categories=world.categories)
    assert not remind.remind(citizen_id=world.aino, consent_id=record.pk, now=record.expires_at - timedelta(days=3))
    assert told(world) == [] and record.pk not in found(record.expires_at - timedelta(days=3))


def test_one_that_fails_does_not_keep_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = world.give(until=YEAR)
    second, _ = world.give(citizen_id=world.cecilia, until=YEAR)
    queue = outbox.queue

    def broken(**about: object) -> object:
        if about["citizen_id"] == world.aino:
            raise RuntimeError("broken")
        return queue(**about)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "queue", broken)
    at = NOW + timedelta(days=90)
    remind.sweep(now=at)
    assert first.pk in found(at) and second.pk not in found(at)


def test_it_says_until_when_and_leads_to_the_consent(world: World) -> None:
    record, _ = world.give(until=YEAR)
    remind.remind(citizen_id=world.aino, consent_id=record.pk, now=NOW + timedelta(days=90))
    with citizen_scope(world.aino):
        message = outbox.for_citizen(citizen_id=world.aino).filter(kind="reminder_ongoing").get()
        letter = letters.compose(outbox.open_row(message), language="fi")
    assert any("90 päivää" in s and f"{YEAR.day}.{YEAR.month}.{YEAR.year}" in s for s in letter.sentences)
    assert letter.links == (("Katso suostumus", f"/fi/consents/{record.pk}/"),)


def test_the_finder_gives_a_stranger_nothing_but_ids(world: World) -> None:
    world.give(until=YEAR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consents_to_remind(%s, 'Europe/Helsinki', 1)", [NOW + timedelta(days=90)])
        assert [c.name for c in cursor.description or ()] == ["consent_id", "citizen_id"]
    assert not ConsentRecord.objects.exists()
