"""Giving, declining and withdrawing: each decision once, kept as history, by what was shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from consent_world import NOW, TODAY, World
from hypothesis import given
from hypothesis import strategies as st

from consent import queries, services
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import ConsentRecord
from consent.rules import Permit, Refusal, RefusalCode, latest_end
from consent.scope import citizen_scope


@pytest.fixture
def world(db: None) -> World:
    return World()


# The end date


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (TODAY - timedelta(days=1), "date_past"),
        (TODAY, "date_past"),
        (date.min, "date_past"),
        (latest_end(TODAY) + timedelta(days=1), "date_too_late"),
        (date.max, "date_too_late"),
    ],
)
def test_an_end_outside_tomorrow_to_twelve_months_is_refused(world: World, until: date, code: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        services.check_end(until, today=TODAY)
    assert wrong.value.fields == {"end": code}
    with pytest.raises(InvalidInput):
        world.give(until=until)
    assert not world.events()


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_tomorrow_and_twelve_months_from_today_are_the_first_and_the_last(today: date) -> None:
    services.check_end(today + timedelta(days=1), today=today)
    services.check_end(latest_end(today), today=today)
    for outside in (today, latest_end(today) + timedelta(days=1)):
        with pytest.raises(InvalidInput):
            services.check_end(outside, today=today)


def test_a_moment_is_no_end_date() -> None:
    for moment in (datetime(2026, 12, 24), datetime(2026, 12, 24, tzinfo=UTC)):
        with pytest.raises(TypeError):
            services.check_end(moment, today=TODAY)


def test_an_end_is_judged_by_the_day_of_the_decision(world: World) -> None:
    tomorrow = TODAY + timedelta(days=1)
    after_midnight = NOW + timedelta(days=1)
    with pytest.raises(InvalidInput):
        world.give(until=tomorrow, now=after_midnight)
    record, _ = world.give(until=tomorrow, now=after_midnight, decided_on=TODAY)
    assert record.decided_at == after_midnight < record.expires_at


# Giving


def test_a_consent_is_recorded_as_it_was_shown(world: World) -> None:
    notice = world.notice()
    record, replaced = world.give(notice=notice)
    assert replaced is None and world.events() == ["given"]
    kept = world.record(record.pk)
    assert (kept.state, kept.categories, kept.category_versions) == ("given", world.categories[:2], dict.fromkeys(world.categories[:2], 1))
    assert (kept.notice_id, kept.purpose_version.version, kept.decided_at, kept.ended_at) == (notice.pk, 1, NOW, None)
    assert kept.expires_at > NOW + timedelta(days=30) and not kept.once


def test_a_new_one_replaces_the_one_that_stood_and_history_keeps_both(world: World) -> None:
    first, _ = world.give()
    later = NOW + timedelta(hours=1)
    second, replaced = world.give(categories=world.categories[2:], now=later)
    assert replaced == first.pk and world.events() == ["given", "replaced", "given"]
    old = world.record(first.pk)
    assert (old.state, old.ended_at, old.ended_by, old.categories) == ("replaced", later, "citizen", world.categories[:2])
    with citizen_scope(world.aino):
        assert [r.pk for r in queries.live(citizen_id=world.aino, at=later)] == [second.pk]


def test_consents_for_other_sources_recipients_and_citizens_stand_side_by_side(world: World) -> None:
    for changes in ({}, {"source": world.source}, {"recipient": world.source}, {"citizen_id": world.cecilia}):
        assert world.give(**changes)[1] is None


@pytest.mark.parametrize("chosen", [[], ["test.unheard-of"], ["OFFERED", "test.unheard-of"], [""]])
def test_only_what_was_shown_can_be_consented_to(world: World, chosen: list[str]) -> None:
    with pytest.raises(InvalidInput) as wrong:
        world.give(categories=[world.categories[0] if c == "OFFERED" else c for c in chosen])
    assert wrong.value.fields == {"categories": "category_unknown" if chosen else "category_required"}
    with pytest.raises(InvalidInput):
        world.give(categories=world.categories[:2], notice=world.notice(world.categories[0]))
    assert not world.events()


def test_texts_that_changed_since_they_were_shown_are_not_consented_to(world: World) -> None:
    before = world.notice()
    world.redescribe(world.categories[0], 2)
    with pytest.raises(Conflict):
        world.give(notice=before)
    world.give(notice=before, categories=world.categories[1:])  # what did not change may be
    world.reword(2)
    for notice in (before, world.notice(world.categories[1])):
        if notice is before:
            with pytest.raises(Conflict):
                world.give(notice=notice, categories=world.categories[1:2])
        else:
            assert world.give(notice=notice, categories=world.categories[1:2])[0].purpose_version.version == 2


def test_a_refused_gift_leaves_the_standing_consent_alone(world: World) -> None:
    first, _ = world.give()
    with pytest.raises(InvalidInput):
        world.give(categories=[])
    assert world.record(first.pk).state == "given" and world.events() == ["given"]


# Declining and withdrawing


def test_declining_is_recorded_and_changes_nothing_that_stands(world: World) -> None:
    first, _ = world.give()
    with citizen_scope(world.aino):
        no = services.decline(
            citizen_id=world.aino, recipient=world.office, source=None, purpose=world.purpose, notice=world.notice(), now=NOW
        )
        assert isinstance(world.decision(), Permit)
    assert (no.state, no.categories, no.ended_at) == ("declined", [], NOW)
    assert world.record(first.pk).state == "given" and world.events() == ["given", "declined"]
    with pytest.raises(Conflict):
        world.withdraw(no.pk)


def test_a_withdrawal_counts_at_once_and_once(world: World) -> None:
    record, _ = world.give()
    withdrawn = world.withdraw(record.pk)
    assert (withdrawn.state, withdrawn.ended_at, withdrawn.ended_by) == ("withdrawn", NOW, "citizen")
    with pytest.raises(Conflict):
        world.withdraw(record.pk, now=NOW + timedelta(hours=1))
    assert world.events() == ["given", "withdrawn"] and world.record(record.pk).ended_at == NOW
    with citizen_scope(world.aino):
        refusal = world.decision()
    assert isinstance(refusal, Refusal) and refusal.code is RefusalCode.CONSENT_WITHDRAWN


def test_a_replaced_consent_cannot_be_withdrawn(world: World) -> None:
    first, _ = world.give()
    world.give()
    with pytest.raises(Conflict):
        world.withdraw(first.pk)


def test_what_does_not_exist_and_what_is_another_s_cannot_be_told_apart(world: World) -> None:
    record, _ = world.give()
    for consent_id in (record.pk, uuid4()):
        with pytest.raises(NotFound):
            world.withdraw(consent_id, by=world.cecilia)
    assert world.record(record.pk).state == "given"


# Deciding


def test_a_withdrawal_counts_for_a_request_whose_clock_was_read_before_it(world: World) -> None:
    record, _ = world.give()
    world.withdraw(record.pk, now=NOW + timedelta(milliseconds=5))
    with citizen_scope(world.aino):
        assert isinstance(world.decision(now=NOW), Refusal)


def test_a_replaced_consent_was_not_withdrawn(world: World) -> None:
    """Nobody withdrew: the log must not say so for ever."""
    world.give()
    newer, _ = world.give(now=NOW + timedelta(hours=1))
    with citizen_scope(world.aino):
        refusal = world.decision(now=newer.expires_at)
    assert isinstance(refusal, Refusal) and refusal.code is RefusalCode.CONSENT_EXPIRED


def test_what_the_newer_consent_leaves_out_is_not_covered_and_was_not_withdrawn(world: World) -> None:
    world.give()
    world.give(categories=world.categories[1:2], now=NOW + timedelta(hours=1))
    with citizen_scope(world.aino):
        refusal = world.decision(world.categories[0], now=NOW + timedelta(hours=2))
    assert isinstance(refusal, Refusal) and refusal.code is RefusalCode.CATEGORY_NOT_COVERED


def test_withdrawn_and_given_again_and_run_out_is_run_out(world: World) -> None:
    first, _ = world.give()
    world.withdraw(first.pk)
    newer, _ = world.give(now=NOW + timedelta(hours=1))
    with citizen_scope(world.aino):
        refusal = world.decision(now=newer.expires_at)
    assert isinstance(refusal, Refusal) and refusal.code is RefusalCode.CONSENT_EXPIRED


def test_a_standing_consent_is_found_behind_any_number_of_ended_ones(world: World) -> None:
    world.give()
    other = World()
    with citizen_scope(world.aino):
        first = ConsentRecord.objects.get()
        values = {f.attname: getattr(first, f.attname) for f in ConsentRecord._meta.fields}
        ended = {
            "state": "replaced",
            "decided_at": NOW + timedelta(hours=1),
            "ended_at": NOW + timedelta(hours=2),
            "purpose_id": other.purpose,
        }
        ConsentRecord.objects.bulk_create(ConsentRecord(**values | ended | {"id": uuid4()}) for _ in range(250))
        assert isinstance(world.decision(), Permit)


def test_one_use_is_spent_category_by_category(world: World) -> None:
    record, _ = world.give(once=True)
    income, housing = world.categories[1], world.categories[0]
    with citizen_scope(world.aino):
        services.spend(consent_ids=[record.pk], categories=[income, "test.foreign"])
        assert ConsentRecord.objects.get(pk=record.pk).spent == [income]
        refusal = world.decision(income)
        assert isinstance(refusal, Refusal) and refusal.code is RefusalCode.USED_UP
        assert isinstance(world.decision(housing), Permit)


def test_a_consent_for_a_time_is_not_spent(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        services.spend(consent_ids=[record.pk], categories=world.categories)
    assert world.record(record.pk).spent == []


def test_what_is_covered_is_what_stands(world: World) -> None:
    def covered(at: datetime = NOW) -> set[str]:
        with citizen_scope(world.aino):
            return queries.covered_categories(citizen_id=world.aino, recipient=world.office.code, source=world.source.code, at=at)

    record, _ = world.give(source=world.source)
    world.give(categories=world.categories[2:])  # from the twin, not from the source
    assert covered() == set(world.categories[:2]) and covered(record.expires_at) == set()
    world.withdraw(record.pk)
    assert covered() == set()
