"""The console's page of sources: what waits and what is left alone, and dead letters, which an operator of operations has tried again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from aurora.console.auth import VERIFIED
from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.identity.models import Operator
from aurora.journeys import plan, pull
from aurora.sources import feeds
from aurora.sources.models import Breaker, Connection, DataSource, Feed, Pull
from consent.scope import citizen_scope
from tests.support.cast import FORM, TAX, Cast, Person, browser

Role = Operator.Role
PAGE, RETRY = "/en/console/sources/", "/en/console/sources/retry/"
INCOME = "tax.income"


def _operator(role: Role) -> tuple[Operator, Browser]:
    operator = Operator.objects.create(username=f"{role}-{uuid4().hex[:6]}", name="Somebody", roles=[role])
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return operator, face


@pytest.fixture
def operators(cast: Cast) -> Iterator[dict[str, tuple[Operator, Browser]]]:
    made = {role.value: _operator(role) for role in Role}
    yield made
    for operator, _ in made.values():
        operator.delete()


@pytest.fixture
def new_person(cast: Cast) -> Person:
    number = f"T-{uuid4().hex}"
    identified = Identified("https://eid.test", number, "Wilhelmiina Testinen")
    return Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), identified.name, number)


@pytest.fixture
def source(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataSource]:
    monkeypatch.setattr(pull, "send", lambda task, *rows, **options: None)
    found = DataSource.objects.select_related("agency").get(agency__code=TAX)
    yield found
    DataSource.objects.filter(pk=found.pk).update(settings=found.settings)
    Breaker.objects.all().delete()


def failing(person: Person, source: DataSource, error: str, *, broken: bool = False, days: int = 1) -> Feed:
    """A connection of which the last fetch failed."""
    now = timezone.now()
    with citizen_scope(person.id):
        Pull.objects.filter(connection__source=source).update(state="cancelled", finished_at=now, lease_token=None, lease_until=None)
        Connection.objects.filter(source=source).update(state="ended", ended_at=now)
        connection = Connection.objects.create(
            citizen_id=person.id, source=source, access_token_sealed=b"-", access_expires_at=now, connected_at=now,
            state="broken" if broken else "live",
        )  # fmt: skip
        feeds.begin(connection=connection, categories=[INCOME], now=now)
        feeds.failed(connection_id=connection.pk, error=error, categories=[INCOME], again=not broken, now=now - timedelta(days=days))
        return connection.feeds.get()


def row_of(feed: Feed, person: Person) -> tuple[str, Any, str]:
    with citizen_scope(person.id):
        found = Feed.objects.select_related("connection").get(pk=feed.pk)
        return found.error, found.due_at, found.connection.state


def shown(face: Browser, error: str) -> Any:
    page: Any = face.get(PAGE).context["page"]  # type: ignore[attr-defined]
    return next((row for row in page.failing if (row.source_code, row.error) == (TAX, error)), None)


def retry(face: Browser, **form: str) -> Any:
    return face.post(RETRY, urlencode(form), content_type=FORM)


def test_it_shows_class_and_age_and_number_and_nobody(operators: dict[str, Any], new_person: Person, source: DataSource) -> None:
    failing(new_person, source, "invalid_answer", days=3)
    face = operators[Role.OPERATIONS][1]
    row, said = shown(face, "invalid_answer"), face.get(PAGE).content.decode()
    assert row.count >= 1 and row.broken == 0 and timezone.now() - row.oldest_at >= timedelta(days=3)
    assert "invalid_answer" in said and str(new_person.id) not in said and new_person.name not in said


def test_a_source_that_is_left_alone_is_shown_with_since_when(operators: dict[str, Any], source: DataSource) -> None:
    now = timezone.now()
    DataSource.objects.filter(pk=source.pk).update(settings={"pace": {"a_second": 2.5, "at_once": 4}, "freshness": {INCOME: 7200}})
    Breaker.objects.create(source=source, failures=30, opened_at=now - timedelta(hours=2), retry_at=now + timedelta(minutes=5))
    face = operators[Role.AUDITOR][1]
    page: Any = face.get(PAGE).context["page"]  # type: ignore[attr-defined]
    [row] = [row for row in page.sources if row.code == TAX]
    assert (row.left_alone_since, row.retry_at) == (now - timedelta(hours=2), now + timedelta(minutes=5))
    assert (row.a_second, row.at_once, row.freshness[0].hours, row.freshness[-1].hours) == (2.5, 4, 2, 24)
    assert "Left alone" in face.get(PAGE).content.decode()


@pytest.mark.parametrize(("error", "broken"), [("source_down", False), ("revoked", True)])
def test_what_failed_is_tried_again_and_planned_like_all_that_is_due(
    operators: dict[str, Any], new_person: Person, source: DataSource, error: str, broken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    feed = failing(new_person, source, error, broken=broken)
    operator, face = operators[Role.OPERATIONS]
    with caplog.at_level(logging.WARNING):
        assert retry(face, source=TAX, error=error)["Location"] == PAGE
    assert f"Operator {operator.pk} had" in caplog.text and error in caplog.text and str(new_person.id) not in caplog.text
    what, due, state = row_of(feed, new_person)
    assert (what, state) == ("", "live") and due <= timezone.now() and shown(face, error) is None
    assert plan.plan(now=timezone.now()) >= 1
    with citizen_scope(new_person.id):
        assert Pull.objects.filter(connection_id=feed.connection_id, state="queued", priority=Pull.Priority.REFRESH).count() == 1


def test_another_error_is_left_as_it_is(operators: dict[str, Any], new_person: Person, source: DataSource) -> None:
    feed = failing(new_person, source, "too_large")
    retry(operators[Role.OPERATIONS][1], source=TAX, error="timeout")
    assert row_of(feed, new_person)[0] == "too_large"


def test_what_opens_somebody_else_s_data_is_not_tried_again(operators: dict[str, Any], new_person: Person, source: DataSource) -> None:
    feed = failing(new_person, source, "wrong_citizen", broken=True)
    face = operators[Role.OPERATIONS][1]
    assert retry(face, source=TAX, error="wrong_citizen").status_code == 404
    assert row_of(feed, new_person) == ("wrong_citizen", None, "broken") and shown(face, "wrong_citizen").only_citizen


@pytest.mark.parametrize(
    "form", [{}, {"source": TAX}, {"source": "nobody", "error": "timeout"}, {"source": "\x00", "error": "\x00"}], ids=str
)
def test_an_odd_form_is_not_found(operators: dict[str, Any], form: dict[str, str]) -> None:
    assert retry(operators[Role.OPERATIONS][1], **form).status_code == 404


def test_others_look_and_do_not_touch(operators: dict[str, Any], new_person: Person, source: DataSource) -> None:
    feed = failing(new_person, source, "timeout")
    for role, (_, face) in operators.items():
        said = face.get(PAGE)
        if role not in (Role.OPERATIONS, Role.AUDITOR):
            assert said.status_code == 403
        else:
            assert said.status_code == 200 and ((RETRY in said.content.decode()) == (role == Role.OPERATIONS))
        if role != Role.OPERATIONS:
            assert retry(face, source=TAX, error="timeout").status_code == 403
    assert row_of(feed, new_person)[0] == "timeout"
    assert new_person.browser().get(PAGE).status_code == 302 and browser().get(PAGE).status_code == 302
