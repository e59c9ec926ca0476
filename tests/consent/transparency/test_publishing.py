"""Months are published once they are over and settled, by one function, and stay as they were told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from aurora.identity.models import Operator
from consent.breakglass import changes
from consent.breakglass.models import Request
from consent.concerns.models import Concern
from consent.ids import uuid7
from consent.ledger.append import append
from consent.ledger.events import Event
from consent.models import Agency
from consent.scope import citizen_scope
from consent.transparency import queries
from consent.uses import match
from consent.uses.models import Finding
from tests.support.citizens import make_citizen

pytestmark = pytest.mark.django_db


def last_month(back: int = 1) -> date:
    """The newest month that is settled today, or one before it."""
    day = timezone.localdate(timezone.now() - timedelta(days=8))
    for _ in range(back):
        day = day.replace(day=1) - timedelta(days=1)
    return day.replace(day=1)


@pytest.fixture
def agency() -> Agency:
    return Agency.objects.create(
        code=f"office-{uuid4().hex[:12]}", name=dict.fromkeys(("fi", "sv", "en"), "Office"), roles=["data_user", "data_source"]
    )


@pytest.fixture(autouse=True)
def aurora() -> Iterator[None]:
    Agency.objects.get_or_create(code="aurora", defaults={"name": {"en": "Aurora"}, "roles": ["operator"]})
    return None


def at(month: date, day: int = 14, hour: int = 12) -> datetime:
    return datetime(month.year, month.month, day, hour, tzinfo=UTC)


def happened(
    citizen_id: UUID, event: Event, actor: str, when: datetime, *, times: int = 1, decision: str = "permit", source: str | None = None
) -> None:
    with citizen_scope(citizen_id):
        for _ in range(times):
            append(
                citizen_id=citizen_id, event=event, actor=actor, at=when, decision=decision, source=source, seal=_seal,
                permit_id=uuid7(when) if event is Event.AGENCY_READ else None,
            )  # fmt: skip


def _seal(plaintext: bytes, *, context: bytes) -> bytes:
    return os.urandom(32)


def told(month: date, section: str, agency: str) -> dict[str, int | None]:
    published = queries.month(month)
    assert published is not None
    (row,) = [row for row in published.sections[section] if row.agency == agency]
    return dict(zip(queries.SECTIONS[section], row.told, strict=True))


def test_ten_people_are_told_of_and_nine_are_not(agency: Agency) -> None:
    month = last_month()
    for number in range(10):
        who = uuid4()
        happened(who, Event.AGENCY_READ, agency.code, at(month), times=3)
        if number < 9:
            happened(who, Event.AGENCY_READ_REFUSED, agency.code, at(month), times=4, decision="no_consent")
        happened(who, Event.PULL_COMPLETED, "aurora", at(month), source=agency.code)
        happened(who, Event.SUGGESTION_MADE, "aurora", at(month), times=2)
    assert queries.publish() >= 1 and month in queries.months()
    assert told(month, "reads", agency.code) == {"read_allowed": 30, "read_refused": None}
    assert told(month, "pulls", agency.code) == {"pull_completed": 10, "pull_failed": None, "pull_refused": None}
    assert told(month, "aurora", "aurora")["suggested"] is not None
    assert all(number is None for number in told(month, "glass", "aurora").values()), "of none there is as little to read as of nine"


def test_where_one_person_has_most_of_it_nothing_is_told(agency: Agency) -> None:
    month, busy = last_month(), uuid4()
    happened(busy, Event.AGENCY_READ, agency.code, at(month), times=12)
    for _ in range(11):
        happened(uuid4(), Event.AGENCY_READ, agency.code, at(month))
    queries.publish()
    assert told(month, "reads", agency.code)["read_allowed"] is None


def test_what_an_agency_says_it_used_is_counted_by_how_it_stands(agency: Agency) -> None:
    month = last_month()
    for number in range(24):
        who, times = make_citizen(), 4 if number % 12 < 2 else 3
        happened(who, Event.AGENCY_READ, agency.code, at(month), times=times)
        state = "not_reported" if number < 12 else "open"
        with citizen_scope(who):
            for _ in range(times):
                Finding.objects.create(citizen_id=who, agency=agency, entry_id=uuid4(), state=state, at=at(month), since=at(month))
    queries.publish()
    found = told(month, "uses", agency.code)
    assert (found["use_not_reported"], found["use_open"], found["use_matched"]) == (40, 40, None), "38 of each"
    assert told(month, "reads", agency.code)["read_allowed"] == 80


def test_a_month_that_is_told_stays_so_whatever_comes_later(agency: Agency) -> None:
    month = last_month()
    people = [uuid4() for _ in range(12)]
    for who in people:
        happened(who, Event.AGENCY_READ, agency.code, at(month))
    assert queries.publish() >= 1
    before = queries.figures()
    for who in [*people, *(uuid4() for _ in range(20))]:
        happened(who, Event.AGENCY_READ, agency.code, at(month))
    assert queries.publish() == 0
    assert queries.figures() == before, "two versions of one month would tell who came in between"


def test_no_use_is_in_two_months_and_the_month_is_that_of_the_citizens_calendar(agency: Agency) -> None:
    month, earlier = last_month(), last_month(2)
    zone = timezone.get_default_timezone()
    first = datetime(month.year, month.month, 1, 0, 5, tzinfo=zone)  # in UTC it is the month before still
    for _ in range(10):
        happened(uuid4(), Event.AGENCY_READ, agency.code, first)
        happened(uuid4(), Event.AGENCY_READ, agency.code, first - timedelta(minutes=10), times=2)
    queries.publish()
    assert told(month, "reads", agency.code)["read_allowed"] == 10
    assert told(earlier, "reads", agency.code)["read_allowed"] == 20


def test_the_month_that_runs_is_not_told_and_not_one_that_is_hardly_over(agency: Agency) -> None:
    for _ in range(12):
        happened(uuid4(), Event.AGENCY_READ, agency.code, timezone.now())
        happened(uuid4(), Event.AGENCY_READ, agency.code, at(last_month()))
    queries.publish()
    assert max(queries.months()) == last_month() < timezone.localdate().replace(day=1)


def test_the_function_counts_by_the_services_own_time_zone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('consent_transparency_publish()'::regprocedure)")
        assert f"'{settings.TIME_ZONE}'" in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM consent_transparency_counted(now() - interval '1 day', now())",
        "SELECT consent_transparency_protected('[]')",
        "INSERT INTO consent_transparency_publication VALUES ('2020-01-01', now())",
        "INSERT INTO consent_transparency_figure (month, measure, agency, told) SELECT month, 'x', 'x', 1 FROM consent_transparency_publication",
        "DELETE FROM consent_transparency_figure",
        "UPDATE consent_transparency_figure SET told = 3",
        "TRUNCATE consent_transparency_figure",
    ],
)
def test_a_web_process_that_was_taken_over_can_neither_count_for_itself_nor_change_what_was_told(statement: str) -> None:
    with pytest.raises(Error) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert getattr(refused.value.__cause__, "sqlstate", "") == "42501"


def test_nor_can_a_function_of_its_own_stand_in_for_those_that_count() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosecdef, proconfig FROM pg_proc WHERE proname LIKE 'consent_transparency_%' AND proname NOT LIKE '%_append_only' ORDER BY proname"
        )
        found = {name: (definer, config) for name, definer, config in cursor.fetchall()}
    assert [name for name, (definer, _) in found.items() if definer] == ["consent_transparency_publish", "consent_transparency_stand"]
    assert all(config and config[0].startswith("search_path=pg_catalog, public") for _, config in found.values())


def test_the_first_moment_of_a_month_is_in_that_month_alone(agency: Agency) -> None:
    month, earlier = last_month(), last_month(2)
    first = datetime(month.year, month.month, 1, tzinfo=timezone.get_default_timezone())
    happened(uuid4(), Event.AGENCY_READ, agency.code, at(earlier))  # so that the month before is published at all
    for _ in range(10):
        who = make_citizen()
        happened(who, Event.AGENCY_READ, agency.code, first, times=3)
        with citizen_scope(who):
            Finding.objects.create(citizen_id=who, agency=agency, entry_id=uuid4(), state="not_reported", at=first, since=first)
            Concern.objects.create(
                id=uuid7(first), citizen_id=who, about=agency.code, kind="other", language="fi", raised_at=first, entry_id=uuid4(),
                entry_at=first, event="agency:twin:read", decision="permit", due_at=first + timedelta(days=30),
            )  # fmt: skip
    queries.publish()
    measured = {"reads": ("read_allowed", 30), "uses": ("use_not_reported", 10), "concerns": ("concern_waiting", 10)}
    for section, (measure, number) in measured.items():
        assert (told(earlier, section, agency.code)[measure], told(month, section, agency.code)[measure]) == (None, number), section


def test_a_request_about_nobody_makes_nobody_of_nine(agency: Agency) -> None:
    month = last_month()
    asker, decider = (Operator.objects.create(username=uuid4().hex, name="Olga", roles=[Operator.Role.PRIVACY_OFFICER]) for _ in range(2))
    for who in [*(make_citizen() for _ in range(9)), None, None]:
        row = changes.ask(
            request_id=uuid4(), reason="data_fault", case="2026/1", text_sealed=b"x", who_digest=b"x", categories=["tax.income"], minutes=5,
            by=asker.pk, now=at(month),
        )  # fmt: skip
        if who is not None:
            with citizen_scope(who):
                changes.about(request_id=row.pk, citizen_id=who)
        changes.decide(row=row, state=Request.State.DECLINED, by=decider.pk, now=at(month))
    happened(uuid4(), Event.AGENCY_READ, agency.code, at(month))
    queries.publish()
    assert told(month, "glass", "aurora")["glass_declined"] is None


def test_a_month_is_told_once_reports_of_its_last_day_are_in() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('consent_transparency_publish()'::regprocedure)")
        waits = re.search(r"v_settled constant interval := interval '(\d+) days'", cursor.fetchone()[0])
    assert waits is not None and timedelta(days=int(waits[1])) > match.REPORT_WITHIN
