"""The tokens of connections that have ended are given back to their source and forgotten; none keeps another from its turn."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection as database
from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, Case, TaxOffice, open_case

from aurora.identity import keys, vault
from aurora.journeys import return_tokens as journey
from aurora.journeys import tasks
from aurora.journeys.return_tokens import return_tokens
from aurora.sources import connections, registry
from aurora.sources.models import Connection, DataSource
from consent.models import Agency
from consent.scope import citizen_scope
from tests.support.cast import services
from tests.support.citizens import make_citizen
from tests.support.hostile_peer import Peer

LATER = timedelta(minutes=2)


def ended(case: Case, **ago: int) -> None:
    with citizen_scope(case.citizen_id):
        assert connections.end(connection_id=case.connection_id, now=timezone.now() - timedelta(**ago))


def ended_cases(office: TaxOffice, number: int, **ago: int) -> list[Case]:
    """The first ended first; each of them some milliseconds ago, and so due."""
    cases = [open_case(office.grant(INCOME), INCOME, household=HOUSEHOLD + n) for n in range(number)]
    for n, one in enumerate(cases):
        with citizen_scope(one.citizen_id):
            assert connections.end(
                connection_id=one.connection_id, now=timezone.now() - timedelta(**ago) - timedelta(milliseconds=number - n)
            )
    return cases


def asked(office: TaxOffice) -> int:
    return office.asked("revoke") + office.asked("metadata")


def is_forgotten(case: Case) -> bool:
    row = case.connection
    return bool(row.tokens_returned_at and bytes(row.access_token_sealed) == b"" and row.refresh_token_sealed is None)


def change(case: Case, **values: Any) -> None:
    with citizen_scope(case.citizen_id):
        Connection.objects.filter(pk=case.connection_id).update(**values)


def another_source(issuer: str) -> DataSource:
    """The population register, at an address of the test's."""
    agency = Agency.objects.get(code="population-register")
    key = json.dumps({"kty": "oct"}).encode()
    sealed = keys.seal_for_platform(key, context=registry.key_context(agency.code))
    return DataSource.objects.update_or_create(agency=agency, defaults={"issuer": issuer, "client_id": "x", "key_sealed": sealed})[0]


def test_tokens_of_an_ended_connection_are_given_back_and_forgotten(case: Case, office: TaxOffice) -> None:
    ended(case)
    before = office.asked("revoke")
    assert return_tokens(now=timezone.now()) == 1 and return_tokens(now=timezone.now() + LATER) == 0
    assert office.asked("revoke") == before + 1 and is_forgotten(case)


def test_the_sweep_wakes_the_round_while_something_is_due_and_only_then(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was lost, or whose worker died, is not waited for until the round's own time."""
    sent: list[str] = []
    monkeypatch.setattr(journey, "send", lambda task, *rows: sent.append(task.removeprefix("aurora.")))
    tasks.sweep()
    assert sent == []
    ended(case)
    tasks.sweep()
    assert sent == ["return_tokens"]
    change(case, return_due_at=timezone.now() + LATER)
    tasks.sweep()
    assert sent == ["return_tokens"], "put off is not due"
    change(case, return_due_at=None)
    assert return_tokens(now=timezone.now()) == 1
    tasks.sweep()
    assert sent == ["return_tokens"], "nor what has been given back"


def test_a_source_that_is_away_keeps_its_turn_but_is_waited_for_once(office: TaxOffice) -> None:
    cases = ended_cases(office, 3)
    office.switch(mode="down")
    before = asked(office)
    assert return_tokens(now=timezone.now()) == 0 and return_tokens(now=timezone.now()) == 0
    assert asked(office) == before + 1, "nor at once again"
    assert all(one.connection.tokens_returned_at is None for one in cases)
    office.switch(mode="ok")
    assert return_tokens(now=timezone.now() + LATER) == 3


def test_what_failed_waits_as_long_again_and_the_others_come_before_it(office: TaxOffice) -> None:
    first, second = ended_cases(office, 2, hours=1)
    office.switch(mode="down")
    now = timezone.now()
    return_tokens(now=now)
    waits = [one.connection.return_due_at - now for one in (first, second)]
    assert all(abs(wait - due) < timedelta(minutes=1) for wait, due in zip(waits, (timedelta(hours=1), timedelta(minutes=30)), strict=True))
    assert [due.connection_id for due in connections.to_return(at=now + timedelta(days=1), each=9)] == [
        second.connection_id,
        first.connection_id,
    ]


def test_tokens_are_forgotten_when_no_one_takes_them_for_a_week(case: Case, office: TaxOffice) -> None:
    ended(case, days=8)
    office.switch(mode="down")
    return_tokens(now=timezone.now())
    assert is_forgotten(case)


def test_tokens_are_forgotten_when_the_source_will_never_take_them(case: Case) -> None:
    ended(case)
    DataSource.objects.filter(agency__code=TAX).update(client_id="unknown-there")
    return_tokens(now=timezone.now())
    assert is_forgotten(case)


# One bad row


def damaged(case: Case) -> None:
    change(case, refresh_token_sealed=b"\x01\x00\x01damaged-damaged-damaged-damaged")


def keyless(case: Case) -> None:
    with citizen_scope(case.citizen_id):
        vault.destroy_key(citizen_id=case.citizen_id)


@pytest.mark.parametrize("spoil", [damaged, keyless])
def test_what_cannot_be_opened_is_forgotten_and_keeps_no_one(office: TaxOffice, caplog: pytest.LogCaptureFixture, spoil: Any) -> None:
    bad, good = ended_cases(office, 2)
    spoil(bad)
    with caplog.at_level(logging.INFO, "aurora"):
        return_tokens(now=timezone.now())
    assert is_forgotten(bad) and is_forgotten(good)
    assert str(bad.connection_id) in caplog.text and "damaged" not in caplog.text


def test_a_source_whose_key_does_not_open_keeps_no_other_and_has_a_week(office: TaxOffice) -> None:
    source = another_source("https://nobody.invalid")
    DataSource.objects.filter(pk=source.pk).update(key_sealed=b"not sealed by us at all, whatever it is")
    bad, good = ended_cases(office, 2)
    change(bad, source=source)
    assert return_tokens(now=timezone.now()) == 1 and is_forgotten(good)
    assert bad.connection.refresh_token_sealed is not None, "an operator may put the key right"
    return_tokens(now=timezone.now() + timedelta(days=8))
    assert is_forgotten(bad)


def test_a_bug_with_one_keeps_no_other(office: TaxOffice, peer: Peer) -> None:
    """A registration that is no private key: nobody foresaw it."""
    peer.publishes()
    bad, good = ended_cases(office, 2)
    change(bad, source=another_source(peer.url))
    assert return_tokens(now=timezone.now()) == 1 and is_forgotten(good) and not is_forgotten(bad)


# One bad source


def test_a_hundred_at_a_dead_source_keep_no_other_source(office: TaxOffice) -> None:
    dead = another_source("http://127.0.0.1:9")
    for _ in range(3):
        citizen_id = make_citizen()
        with citizen_scope(citizen_id):
            for _ in range(34):
                made = connections.establish(citizen_id=citizen_id, source=dead, tokens={"access_token": "a"}, now=timezone.now())
                connections.end(connection_id=made.pk, now=timezone.now() - timedelta(days=3))
    [good] = ended_cases(office, 1)
    assert return_tokens(now=timezone.now()) == 1 and is_forgotten(good)


def test_a_source_that_takes_its_time_has_one_turn_a_round(office: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "SLOW_SECONDS", 0.0)
    ended_cases(office, 3)
    before = office.asked("revoke")
    assert return_tokens(now=timezone.now()) == 1 and office.asked("revoke") == before + 1


def test_one_worker_at_a_time_gives_back_and_a_dead_one_holds_up_nobody(case: Case, office: TaxOffice) -> None:
    ended(case)
    before = asked(office)
    with psycopg.connect(services().admin_url or "", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [journey.RETURN_LOCK])
        assert return_tokens(now=timezone.now()) == 0 and asked(office) == before
        # The other is killed without a word.
        [pid] = other.execute("SELECT pg_backend_pid()").fetchone() or [0]
        with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
            assert admin.execute("SELECT pg_terminate_backend(%s, 60000)", [pid]).fetchone() == (True,)
    assert return_tokens(now=timezone.now()) == 1
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,), "it is let go at the end"
