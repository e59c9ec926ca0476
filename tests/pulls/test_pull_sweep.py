"""The sweep finds what was lost, and asks nobody; the purge takes what has had its time."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from claiming import claim
from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, Case, TaxOffice, open_case

from aurora.celery import app
from aurora.journeys import pull as journey
from aurora.journeys import tasks
from aurora.outbound.oauth import Departure
from aurora.sources import connections, pulls
from aurora.sources.models import ConnectAttempt, DataSource
from consent.scope import citizen_scope, scope_opened_by
from tests.support.citizens import make_citizen
from tests.support.services import ROOT

# The sweep


def test_the_sweep_finds_what_waits_and_what_was_left_and_nothing_else(case: Case) -> None:
    def found(at: datetime) -> bool:
        return case.pull_id in pulls.overdue(now=at, most=1000)

    now = timezone.now()
    assert found(now) and not found(now - timedelta(hours=1)), "its message may be lost"
    case.change(due_at=now + timedelta(minutes=5))
    assert not found(now) and found(now + timedelta(minutes=5))
    case.due_now()
    claimed_at = timezone.now()
    with citizen_scope(case.citizen_id):
        lease = claim(case, now=claimed_at)
    assert lease and not found(claimed_at) and found(lease.until), "its worker may be dead"
    with citizen_scope(case.citizen_id):
        assert pulls.finish(lease, state=case.pull.State.DONE, now=now)
    assert not found(now + timedelta(days=365))


def test_the_sweep_sends_a_message_that_carries_the_row_s_id_and_nothing_else(case: Case) -> None:
    with app.connection_for_read() as connection, connection.SimpleQueue(app.conf.task_default_queue) as queue:
        queue.clear()
        sent = journey.sweep(now=timezone.now())
        messages = [queue.get(timeout=60) for _ in range(sent)]
        for message in messages:
            message.ack()
    assert ("aurora.pull", [[str(case.pull_id)], {}]) in [(m.headers["task"], m.payload[:2]) for m in messages]


def test_a_process_that_only_starts_django_sends_to_our_broker_from_every_thread() -> None:
    """As the web does, which imports nothing of the worker's."""
    program = (
        "import django, threading; django.setup();"
        "from celery import current_app;"
        "from aurora.journeys.tasks import pull, return_tokens;"
        "thread = threading.Thread(target=lambda: print({a.conf.broker_url for a in (pull.app, return_tokens.app, current_app)}));"
        "thread.start(); thread.join()"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == str({os.environ["BROKER_URL"]})


def test_of_many_the_sweep_takes_the_longest_waiting_first(office: TaxOffice) -> None:
    cases = [open_case(office.grant(INCOME), INCOME, household=HOUSEHOLD + n) for n in range(3)]
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    for n, one in enumerate(cases):
        one.change(due_at=epoch - timedelta(days=n))
    assert pulls.overdue(now=epoch, most=2) == [cases[2].pull_id, cases[1].pull_id]


def test_a_pull_is_out_of_a_stranger_s_reach(case: Case) -> None:
    now = timezone.now()
    with citizen_scope(case.citizen_id):
        found = pulls.look(pull_id=case.pull_id, citizen_id=case.citizen_id, now=now)
        assert found
    with citizen_scope(make_citizen()):
        assert pulls.look(pull_id=case.pull_id, citizen_id=case.citizen_id, now=now) is None and pulls.claim(found, now=now) is None
        assert not pulls.latest(citizen_id=case.citizen_id)
    with scope_opened_by(partial(pulls.open_scope, case.pull_id)) as whose:
        assert case.pull.state == "queued" and whose == case.citizen_id
    with scope_opened_by(partial(pulls.open_scope, uuid4())) as nobody:
        assert nobody is None and not pulls.latest(citizen_id=case.citizen_id)


# Beat


def test_a_sweep_that_was_missed_does_not_pile_up_and_each_task_is_known() -> None:
    app.loader.import_default_modules()
    entries = app.conf.beat_schedule.values()
    known = {
        "aurora.sweep",
        "aurora.plan",
        "aurora.remind",
        "aurora.reconsent",
        "aurora.end_consents",
        "aurora.return_tokens",
        "aurora.purge",
        "aurora.make_months",
        "aurora.collect_dataset",
        "aurora.monitor",
        "aurora.model_outcomes",
        "aurora.forget_proofs",
        "aurora.refresh_keys",
        "aurora.cosign",
        "aurora.rotate_keys",
        "aurora.look_for_unnoted",
        "aurora.publish_totals",
        "aurora.expire_exports",
    }
    assert {entry["task"] for entry in entries} == known <= set(app.tasks)
    for entry in entries:
        assert 0 < entry["options"]["expires"] <= entry["schedule"]


def test_the_sweep_asks_no_source(case: Case, office: TaxOffice) -> None:
    with citizen_scope(case.citizen_id):
        connections.end(connection_id=case.connection_id, now=timezone.now())
        pulls.cancel_open(connection_id=case.connection_id, now=timezone.now())
    before = office.asked("revoke") + office.asked("metadata")
    tasks.sweep()
    assert office.asked("revoke") + office.asked("metadata") == before and case.connection.tokens_returned_at is None
    tasks.return_tokens()
    assert case.connection.tokens_returned_at


def test_the_purge_takes_old_attempts_to_connect_and_no_others(office: TaxOffice) -> None:
    citizen_id, now = make_citizen(), timezone.now()
    source, minutes = DataSource.objects.get(agency__code=TAX), connections.ATTEMPT_MINUTES
    kept, gone = [], []
    with citizen_scope(citizen_id):
        for age, group in ((timedelta(hours=23), kept), (timedelta(hours=25), gone)):
            for used in (False, True):
                departure = Departure("https://x.test", f"{age} {used}", "verifier", "nonce")
                began = now - age - timedelta(minutes=minutes)
                one = connections.begin(citizen_id=citizen_id, source=source, departure=departure, choices={}, now=began)
                if used:
                    connections.take_attempt(citizen_id=citizen_id, source=source, state=departure.state, now=began)
                group.append(one.pk)
    tasks.purge()
    with citizen_scope(citizen_id):
        assert set(ConnectAttempt.objects.values_list("pk", flat=True)) == set(kept) and len(gone) == 2
