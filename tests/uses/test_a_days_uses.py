"""Nobody floods a citizen's log: an agency reports so many uses of one citizen a day, whatever way they come; the rest waits there, and is lost nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, ask_uses, report_use
from consent import days
from consent.ledger.models import DelayPermission
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.uses import accounts, tally
from consent.uses.batches import BatchRefused
from consent.uses.models import Account
from consent.uses.tally import TooManyUses
from tests.portal.at_once import in_thread, until_waiting
from tests.support.cast import Cast, Person, services
from tests.support.hostile_peer import Peer
from tests.uses.telling import account, ago, entries, newcomer, office, pushed, reports, signed, use

LAW, MOST = "fi.coercive-measures.10-60", 3


@pytest.fixture(autouse=True)
def about_noon(settings: Any) -> None:
    """A day is that of where the service is: a place where it is about noon now, so that no day ends amid a test."""
    settings.TIME_ZONE = f"Etc/GMT{timezone.now().hour - 12:+d}"


@pytest.fixture
def dora(cast: Cast, settings: Any) -> Person:
    """Of whom nothing has been reported, and the office may have her data."""
    settings.AURORA_USES_A_DAY = MOST
    person = newcomer(cast)
    cast.office.granted(person)
    return person


def take(cast: Cast, *uses: Any, now: Any = None, batch: Any = None) -> report_use.Taken:
    return report_use.take(
        client_id=cast.office.client_id, agency_code=cast.office.client_id, body=signed(cast, list(uses), batch=batch).encode(),
        now=now or timezone.now(),
    )  # fmt: skip


def a_day_passes(person: Person) -> None:
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute("UPDATE consent_uses_tally SET day = day - 1 WHERE citizen_id = %s", [person.id])


def test_what_is_too_many_is_refused_whole_with_where_and_until_when_and_taken_tomorrow(cast: Cast, dora: Person) -> None:
    others = len(entries(cast.aino))
    assert pushed(cast, use(cast, dora), use(cast, dora)).status_code == 200
    batch, uses = uuid4(), [use(cast, cast.aino), use(cast, dora), use(cast, dora), use(cast, dora)]
    answer = pushed(cast, *uses, batch=batch)
    assert (answer.status_code, answer.json()["code"], answer["Content-Type"]) == (429, "uses_too_many", "application/problem+json")
    assert answer.json()["errors"] == [{"position": 2, "code": "too_many_today"}], "the first that there is no room for; before it there is"
    midnight = days.start_of(days.today() + timedelta(days=1))
    assert abs(timezone.now() + timedelta(seconds=int(answer["Retry-After"])) - midnight) < timedelta(minutes=1)
    assert (len(reports(dora)), len(entries(dora)), len(entries(cast.aino))) == (2, 2, others), "nothing of the batch"
    assert pushed(cast, *uses[1:2]).status_code == 200 and pushed(cast, use(cast, dora)).status_code == 429
    assert take(cast, *uses, batch=batch, now=midnight).uses == 4, "the same batch, a day later"
    assert len(entries(dora)) == 6 and len(entries(cast.aino)) == others + 1


def test_another_citizen_and_what_is_refused_or_sent_again_use_up_nothing(cast: Cast, dora: Person) -> None:
    batch, uses = uuid4(), [use(cast, dora), use(cast, dora)]
    assert pushed(cast, *uses, batch=batch).status_code == pushed(cast, *uses, batch=batch).status_code == 200
    assert pushed(cast, use(cast, dora, entry=str(uuid4()))).status_code == 422
    assert pushed(cast, *[use(cast, dora)] * 100).status_code == 429
    assert pushed(cast, use(cast, dora)).status_code == 200
    erik = newcomer(cast)
    cast.office.granted(erik)
    assert pushed(cast, *[use(cast, erik)] * MOST).status_code == 200


def test_what_a_law_keeps_back_is_counted_too_and_nobody_reads_the_count(cast: Cast, dora: Person) -> None:
    one, other = (
        Operator.objects.get_or_create(username=n, defaults={"name": n, "roles": ["agency_officer"], "password": "!"})[0]
        for n in ("tally-one", "tally-other")
    )
    if not DelayPermission.objects.filter(agency=cast.office.client_id, law=LAW, state="standing").exists():
        asked = allow_delay.ask(operator=one, agency_code=cast.office.client_id, law=LAW, reason="x", now=timezone.now())
        allow_delay.approve(operator=other, permission_id=asked.pk, now=timezone.now())
    kept = use(cast, dora, delay={"law": LAW, "until": (days.today() + timedelta(days=9)).isoformat()})
    assert len(take(cast, kept, kept).kept_back) == 2
    with pytest.raises(TooManyUses) as refused:
        take(cast, kept, kept)
    assert refused.value.positions == (1,)
    with psycopg.connect(services().database_url or "") as service:
        service.execute("SELECT set_config('aurora.citizen', %s, true)", [str(dora.id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute("SELECT uses FROM consent_uses_tally")
    with psycopg.connect(services().database_url or "") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("SELECT consent_uses_count_in(%s, %s, current_date, 1)", [dora.id, office(cast).pk])
    with psycopg.connect(services().database_url or "") as service, pytest.raises(psycopg.errors.InsufficientPrivilege):
        service.execute("SELECT set_config('aurora.citizen', %s, true)", [str(dora.id)])
        service.execute("SELECT consent_uses_count_in(%s, %s, current_date, -1)", [dora.id, office(cast).pk])


def test_faults_of_the_batch_are_told_before_that_it_is_too_many(cast: Cast, dora: Person) -> None:
    with pytest.raises(BatchRefused):
        take(cast, *[use(cast, dora)] * 4, use(cast, dora, purpose="no-such"))


def test_two_batches_at_once_are_counted_one_after_the_other(cast: Cast, dora: Person) -> None:
    with transaction.atomic():
        with citizen_scope(dora.id):
            assert tally.add(citizen_id=dora.id, agency=office(cast), uses=2, now=timezone.now()) == 2
        thread, outcome = in_thread(lambda: take(cast, use(cast, dora), use(cast, dora)))
        until_waiting(1)
    thread.join()
    assert isinstance(outcome[0], TooManyUses) and outcome[0].positions == (1,) and reports(dora) == []


@pytest.fixture
def asked(cast: Cast, dora: Person, peer: Peer) -> Iterator[Peer]:
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri=peer.url + "/find-usage")
    yield peer
    Client.objects.filter(client_id=cast.office.client_id).update(usage_uri="")


def ask(cast: Cast, person: Person) -> Account:
    with citizen_scope(person.id):
        Account.objects.filter(citizen_id=person.id).update(poll_due_at=ago(minutes=1))
    ask_uses.run(account_id=account(cast, person).pk)
    return account(cast, person)


def test_of_an_answer_the_oldest_are_kept_and_the_rest_is_asked_for_the_next_day(cast: Cast, dora: Person, asked: Peer) -> None:
    told = [
        {"logtime": ago(hours=n).replace(microsecond=0).isoformat(), "action": f"Step {n}", "receiver": "benefits-office"}
        for n in range(1, 8)
    ]
    asked.says("/find-usage", {"usage": told})
    found = ask(cast, dora)
    midnight = days.start_of(days.today() + timedelta(days=1))
    assert [r.used_at.isoformat() for r in reports(dora)] == [one["logtime"] for one in told[::-1][:MOST]]
    assert found.poll_due_at == midnight and found.poll_error == "" and found.polled_to == reports(dora)[-1].used_at
    assert pushed(cast, use(cast, dora)).status_code == 429, "both ways are counted together"
    ask(cast, dora)
    assert len(reports(dora)) == len(entries(dora)) == MOST
    for so_far in (2 * MOST, 7, 7):
        a_day_passes(dora)
        found = ask(cast, dora)
        assert len(reports(dora)) == len(entries(dora)) == so_far, "in the end all of them, each once"
    assert found.polled_to is not None and found.polled_to > ago(minutes=5) and found.poll_due_at != midnight
    assert json.loads(asked.asked("/find-usage")[1].body)["from"] < told[-1]["logtime"]


def test_two_workers_at_once_ask_one_agency_once(cast: Cast, dora: Person, asked: Peer) -> None:
    """One that hangs must not hold all workers: also not those that come in the same instant."""
    erik = newcomer(cast)
    cast.office.granted(erik)
    for one in (dora, erik):
        with citizen_scope(one.id):
            Account.objects.filter(citizen_id=one.id).update(poll_due_at=ago(minutes=1))

    def claim(person: Person) -> Any:
        with citizen_scope(person.id):
            return accounts.claim(account_id=account(cast, person).pk, now=timezone.now())

    with transaction.atomic():
        assert claim(dora) is not None
        thread, outcome = in_thread(lambda: claim(erik))
        until_waiting(1, "advisory")
    thread.join()
    assert outcome == [None]
    with citizen_scope(dora.id):
        Account.objects.filter(citizen_id=dora.id).update(lease_token=None, lease_until=None, poll_due_at=None)
    with citizen_scope(erik.id):
        Account.objects.filter(citizen_id=erik.id).update(poll_due_at=None)
