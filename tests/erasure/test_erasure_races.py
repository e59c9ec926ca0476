"""Whoever writes something of a citizen while they are closed is waited for and goes too, or comes too late: there is no moment in between."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from aurora.erasures import rows
from aurora.journeys import erase
from aurora.twin import write
from aurora.twin.values import NewFact
from consent.scope import citizen_scope
from tests.erasure.going import admin, go_on, held_by
from tests.support.cast import Cast, Person
from tests.support.stack import wait_for


def fact(value: int) -> NewFact:
    return NewFact("tax.income", 1, "wages", value, "reported", "tax-administration", timezone.now())


def in_thread(work: Callable[[], None]) -> tuple[Thread, list[BaseException]]:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread, failed


def waits_for_lock(database: psycopg.Connection[Any]) -> bool:
    return bool(database.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'").fetchone()[0])  # type: ignore[index]


def test_what_was_written_before_is_waited_for_and_goes(cast: Cast, leaver: Person) -> None:
    wrote, go = Event(), Event()

    def pull() -> None:
        with citizen_scope(leaver.id):
            write.write(citizen_id=leaver.id, facts=[fact(76_543)], now=timezone.now())
            wrote.set()
            assert go.wait(120)

    writer, failed = in_thread(pull)
    assert wrote.wait(60)
    asked: list[erase.Asked] = []
    closer, refused = in_thread(lambda: asked.append(erase.everything(citizen_id=leaver.id, language="en", now=timezone.now())))
    with admin() as database:
        wait_for(lambda: waits_for_lock(database), "the closing to wait", within=60)
        assert not asked
    go.set()
    writer.join()
    closer.join()
    assert not failed and not refused and asked
    assert go_on(asked[0].erasure_id).state == "waiting" and held_by(leaver.id, "twin_fact") == 0


def test_what_comes_while_it_is_closed_waits_and_is_refused(cast: Cast, leaver: Person) -> None:
    """The writer's statement begins before the closing commits, and sees it all the same."""
    before = held_by(leaver.id, "twin_fact")
    with psycopg.connect(admin().info.dsn) as other:
        other.execute("SELECT set_config('aurora.citizen', %s, true)", [str(leaver.id)])
        other.execute("SELECT erasures_close(%s, now())", [leaver.id])

        def push() -> None:
            with citizen_scope(leaver.id):
                write.write(citizen_id=leaver.id, facts=[fact(76_543)], now=timezone.now())

        writer, failed = in_thread(push)
        with admin() as database:
            wait_for(lambda: waits_for_lock(database), "the writer to wait", within=60)
        other.commit()
    writer.join()
    assert len(failed) == 1 and isinstance(failed[0], DatabaseError) and "closed" in str(failed[0])
    assert held_by(leaver.id, "twin_fact") == before
    with citizen_scope(leaver.id):
        assert rows.is_closed(citizen_id=leaver.id) and rows.reopen(citizen_id=leaver.id)


@pytest.mark.parametrize("other", ["aino", "cecilia"])
def test_nobody_else_is_closed(cast: Cast, leaver: Person, other: str) -> None:
    erase.everything(citizen_id=leaver.id, language="en", now=timezone.now())
    person: Person = getattr(cast, other)
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=[fact(23_457)], now=timezone.now())
