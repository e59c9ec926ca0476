"""Whether an answer left us: noted after its last byte, by a thread of its own, of real reads only; lost with the process that answered."""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from aurora.journeys import note_deliveries
from consent.ledger.events import Event
from consent.scope import citizen_scope
from consent.uses import notes
from consent.uses.models import DeliveryNote
from tests.support.cast import HOST, Cast
from tests.support.stack import wait_for
from tests.uses.telling import HOUSEHOLD, account, read


def noted(cast: Cast, entry: UUID) -> bool:
    with citizen_scope(cast.aino.id):
        return DeliveryNote.objects.filter(pk=entry).exists()


def served(cast: Cast, *, until_the_end: bool) -> UUID:
    """A read as a server sends it, which breaks off in the middle or not."""
    from aurora.wsgi import application

    path = f"/api/v1/twin/{HOUSEHOLD}"
    headers = cast.office.bearing(cast.token, path)
    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": HOST.partition(":")[0], "SERVER_PORT": "8000", "HTTP_HOST": HOST,
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", **headers,
    }  # fmt: skip
    answer = application(environ, lambda code, headers, *_: status.append(code))
    chunks = iter(answer)
    body = next(chunks)
    assert status[0].startswith("200"), body
    if until_the_end:
        assert next(chunks, None) is None
    answer.close()  # type: ignore[attr-defined]
    return UUID(json.loads(body)["ledger_entry"])


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[note_deliveries._Writer]:
    """A writer whose thread never begins."""
    writer = note_deliveries._Writer()
    monkeypatch.setattr(writer, "_begin", lambda: None)
    monkeypatch.setattr(note_deliveries, "_writer", writer)
    yield writer


def test_an_answer_that_was_handed_over_is_noted_and_one_that_broke_off_is_not(cast: Cast, by_hand: note_deliveries._Writer) -> None:
    whole, broken = served(cast, until_the_end=True), served(cast, until_the_end=False)
    assert not noted(cast, whole), "the read waits for no note"
    assert by_hand.write() == 1
    assert noted(cast, whole) and not noted(cast, broken)


def test_the_thread_writes_what_is_handed_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = note_deliveries._Writer()
    monkeypatch.setattr(note_deliveries, "_writer", writer)
    monkeypatch.setattr(note_deliveries, "EVERY_SECONDS", 0.01)
    entry = served(cast, until_the_end=True)
    wait_for(lambda: noted(cast, entry), "the note to be written", within=60)
    writer._end()


def test_only_reads_that_stand_in_the_log_are_noted_and_each_once(cast: Cast) -> None:
    entry = read(cast, cast.aino)
    now = timezone.now()
    given = next(e.pk for e in cast.aino.entries() if e.event == Event.CONSENT_GIVEN.value)
    assert notes.keep([(uuid4(), now), (given, now), (entry, now)]) == 0
    assert not noted(cast, given) and noted(cast, entry)


@pytest.mark.parametrize("off", [timedelta(days=400), timedelta(days=-400)], ids=["in time to come", "long ago"])
def test_whatever_time_the_service_gives_a_note_it_is_dated_within_a_little_of_now(cast: Cast, off: timedelta) -> None:
    """Whoever takes a web process over would put off when a read must be reported, or make it overdue at once."""
    entry = read(cast, cast.aino, noted=False)
    before = timezone.now()
    assert notes.keep([(entry, before + off)]) == 1
    with citizen_scope(cast.aino.id):
        at = DeliveryNote.objects.get(pk=entry).at
    assert before - timedelta(minutes=6) < at < timezone.now() + timedelta(minutes=1)


def test_a_note_that_waited_a_moment_keeps_its_time(cast: Cast) -> None:
    entry, at = read(cast, cast.aino, noted=False), timezone.now() - timedelta(seconds=20)
    assert notes.keep([(entry, at)]) == 1
    with citizen_scope(cast.aino.id):
        assert DeliveryNote.objects.get(pk=entry).at == at


def test_a_note_makes_the_account_due_a_week_later_and_to_be_asked_about_in_an_hour(cast: Cast) -> None:
    read(cast, cast.aino)
    found = account(cast, cast.aino)
    assert found.due_at is not None and found.poll_due_at is not None


def test_with_the_database_away_notes_wait_and_the_oldest_of_too_many_go(
    cast: Cast, by_hand: note_deliveries._Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = served(cast, until_the_end=True)

    def away(_: object) -> int:
        raise OperationalError("gone")

    with monkeypatch.context() as gone:
        gone.setattr(notes, "keep", away)
        assert by_hand.write() == 0
    assert not noted(cast, entry)
    assert by_hand.write() == 1 and noted(cast, entry)
    for _ in range(note_deliveries.MOST_WAITING + 10):
        by_hand.put(entry, timezone.now())
    assert len(by_hand._waiting) == note_deliveries.MOST_WAITING


def test_at_a_processs_end_two_threads_write_at_once_and_lose_none(
    by_hand: note_deliveries._Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[tuple[UUID, object]] = []

    class Shared(deque[tuple[UUID, Any]]):
        def popleft(self) -> tuple[UUID, Any]:
            taken = super().popleft()
            if not others:
                others.append(super().popleft())  # another thread takes the next one in between
            return taken

    waiting = [(uuid4(), timezone.now()) for _ in range(3)]
    kept: list[tuple[UUID, object]] = []
    monkeypatch.setattr(notes, "keep", lambda batch: kept.extend(batch) or len(batch))
    monkeypatch.setattr(by_hand, "_waiting", Shared(waiting))
    assert by_hand.write() == 2
    assert sorted([*kept, *others]) == sorted(waiting)
