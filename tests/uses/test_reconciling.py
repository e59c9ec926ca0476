"""Reads beside reports in the database: what an honest office and one that lies come to, when it is looked at again, and what a crash leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from aurora.journeys import reconcile
from consent.scope import citizen_scope
from consent.uses import accounts, match, notes
from consent.uses import findings as found
from consent.uses.models import Account, Finding, Scanned
from tests.support.cast import Cast, Person
from tests.uses.telling import HOUSEHOLD, INCOME, account, ago, findings, newcomer, of_entry, office, pushed, read, reconciled, reports, use


@pytest.fixture
def dora(cast: Cast) -> Person:
    """Of whom nothing is known but what the test does."""
    return newcomer(cast)


def state(cast: Cast, dora: Person, entry: UUID) -> tuple[str, list[str]]:
    found = of_entry(cast, dora, entry)
    return found.state, found.differs


def test_a_read_is_open_then_reported_and_the_finding_names_both(cast: Cast, dora: Person) -> None:
    entry = read(cast, dora)
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("open", [])
    pushed(cast, use(cast, dora, entry=str(entry)))
    assert account(cast, dora).due_at is not None, "it waits to be reconciled"
    reconciled(cast, dora)
    found = of_entry(cast, dora, entry)
    assert (found.state, found.report_id) == ("matched", reports(dora, entry_id=entry)[0].pk)
    assert reconciled(cast, dora) == 0, "again, nothing changes"


def test_who_does_not_report_within_a_week_has_not_and_who_comes_late_has(
    cast: Cast, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = read(cast, dora)
    at = timezone.now()
    due = account(cast, dora).due_at
    assert due is not None and due <= at + match.REPORT_WITHIN
    monkeypatch.setattr(reconcile.timezone, "now", lambda: at + match.REPORT_WITHIN)
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("not_reported", [])
    monkeypatch.undo()
    pushed(cast, use(cast, dora, entry=str(entry)))
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("matched", [])


def test_a_read_without_a_note_is_in_doubt_until_the_report_says_that_it_arrived(
    cast: Cast, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = read(cast, dora, noted=False)
    later = timezone.now() + match.DOUBT_AFTER + timedelta(seconds=1)
    with transaction.atomic():
        Scanned.objects.update_or_create(pk=1, defaults={"until": ago(minutes=1)})
    with citizen_scope(dora.id):
        Account.objects.filter(citizen_id=dora.id).update(due_at=None)
    assert reconcile.look_through(now=later) >= 1, "a crash lost the note: the log itself says that something was read"
    waiting = account(cast, dora)
    assert waiting.due_at is not None and waiting.pk in accounts.due(now=later, most=1000)
    assert notes.scan(now=later) == 0, "once"
    monkeypatch.setattr(reconcile.timezone, "now", lambda: later)
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("in_doubt", [])
    monkeypatch.undo()
    pushed(cast, use(cast, dora, entry=str(entry)))
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("matched", [])


def test_a_lying_office_is_found_out_exactly(cast: Cast, dora: Person) -> None:
    """Reads that it never tells of, uses that it made up, and reports that say something else: each is found for what it is, and none more."""
    kept_quiet, honest, others, passed_on = (read(cast, dora) for _ in range(4))
    before = {f.report_id for f in findings(cast, dora) if f.state == "not_delivered"}
    pushed(cast, use(cast, dora, entry=str(honest)))
    pushed(
        cast,
        use(cast, dora, entry=str(others), categories=[INCOME], purpose="service-suggestions"),
        use(cast, dora, entry=str(passed_on), receiver={"code": "police", "name": "Police"}, used_at=ago(days=3).isoformat()),
        use(cast, dora, used_at=ago(days=100).isoformat(), action="Made up"),
        use(cast, dora, categories=[INCOME], used_at=ago(days=50).isoformat(), action="Made up too"),
    )
    reconciled(cast, dora)
    assert state(cast, dora, kept_quiet) == ("open", [])
    assert state(cast, dora, honest) == ("matched", [])
    assert state(cast, dora, others) == ("differing", ["categories", "purpose"])
    assert state(cast, dora, passed_on) == ("differing", ["receiver", "time"])
    invented = {f.report_id for f in findings(cast, dora) if f.state == "not_delivered"} - before
    assert invented == {r.pk for r in reports(dora) if r.used_at < ago(days=40)} - before


def test_a_report_that_meant_nothing_means_a_read_once_a_better_one_goes(cast: Cast, dora: Person) -> None:
    """A finding of a report alone gives way when the report comes to mean a read: the unique report is in no row's way."""
    cast.office.granted(dora)
    pushed(cast, use(cast, dora))
    reconciled(cast, dora)
    assert [f.state for f in findings(cast, dora) if f.entry_id is None][-1] == "not_delivered"
    entry = read(cast, dora)
    reconciled(cast, dora)
    assert of_entry(cast, dora, entry).state == "matched"
    assert not [f for f in findings(cast, dora) if f.state == "not_delivered"]


def test_what_comes_while_it_is_reconciled_leaves_it_due(cast: Cast, dora: Person) -> None:
    read(cast, dora)
    with citizen_scope(dora.id):
        row = accounts.locked(account(cast, dora).pk)
        assert row is not None
        accounts.touch(citizen_id=dora.id, agency=office(cast), now=timezone.now())
        assert not accounts.settled(row, due_at=None)
        assert Account.objects.get(pk=row.pk).due_at is not None
    assert row.pk in accounts.due(now=timezone.now(), most=1000)


def test_two_workers_at_once_make_one_set_of_findings(cast: Cast, dora: Person) -> None:
    for _ in range(3):
        pushed(cast, use(cast, dora, entry=str(read(cast, dora))))
    account_id = account(cast, dora).pk

    def one(_: int) -> int:
        try:
            return reconcile.run(account_id=account_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        changed = sorted(pool.map(one, range(3)))
    assert changed[:2] == [0, 0] and changed[2] > 0
    named = [f.entry_id for f in findings(cast, dora) if f.entry_id]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("state_", ["matched", "not_delivered", "not_reported"])
def test_the_database_keeps_a_finding_from_saying_what_it_has_nothing_for(cast: Cast, dora: Person, state_: str) -> None:
    entry = read(cast, dora)
    values = {
        "entry_id": None if state_ == "not_reported" else entry,
        "state": state_,
        "differs": ["time"] if state_ == "not_reported" else [],
    }
    with pytest.raises(IntegrityError), citizen_scope(dora.id), transaction.atomic():
        Finding.objects.create(citizen_id=dora.id, agency=office(cast), at=timezone.now(), since=timezone.now(), **values)


def test_an_account_that_is_gone_is_no_trouble(cast: Cast, dora: Person) -> None:
    assert reconcile.run(account_id=UUID(int=7)) == 0


def test_counts_name_nobody_and_add_up(cast: Cast, dora: Person) -> None:
    read(cast, dora)
    counts = {(c.agency, c.state): c.findings for c in found.counts(since=ago(days=400))}
    reconciled(cast, dora)
    after = {(c.agency, c.state): c.findings for c in found.counts(since=ago(days=400))}
    assert after[cast.office.client_id, "open"] >= 1 and sum(after.values()) >= sum(counts.values())
    assert HOUSEHOLD not in str(counts)


def test_a_pair_that_lies_on_both_sides_of_what_is_looked_at_stands(cast: Cast, dora: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is among the newest, its read no more: what was found once is neither found anew nor a reason never to look again."""
    old = ago(hours=2)
    entry = read(cast, dora)
    pushed(cast, use(cast, dora, entry=str(entry)))
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("matched", [])
    pushed(cast, use(cast, dora, used_at=(timezone.now()).isoformat()), use(cast, dora, used_at=old.isoformat()))
    monkeypatch.setattr(reconcile, "MOST", 2)
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("matched", [])
    assert sorted(f.state for f in findings(cast, dora)) == ["matched", "not_delivered"]
    assert account(cast, dora).due_at is None


def test_reports_made_up_after_a_read_do_not_keep_it_from_being_found_unreported(
    cast: Cast, dora: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = read(cast, dora)
    pushed(cast, *[use(cast, dora, categories=[INCOME]) for _ in range(3)])
    monkeypatch.setattr(reconcile, "MOST", 2)
    at = timezone.now()
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("open", [])
    due = account(cast, dora).due_at
    assert due is not None and due <= at + match.REPORT_WITHIN, "it will be looked at when it is due"
    monkeypatch.setattr(reconcile.timezone, "now", lambda: at + match.REPORT_WITHIN)
    reconciled(cast, dora)
    assert state(cast, dora, entry) == ("not_reported", [])
