"""Who locks what in which order: two who need the same rows wait for each other, and nobody is told of a server's error for it.

The order is: a citizen's consents to an agency, by when they were given (`queries.for_decision`); the mandate of who acts; the matter that an
attorney decides; the grant; its codes and tokens; the head of the citizen's log.
"""

from __future__ import annotations

import threading
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aurora.journeys.withdraw import end
from consent import queries
from consent.models import Agency, ConsentRecord
from consent.scope import citizen_scope
from tests.grants.test_grant_races import until_blocked
from tests.portal.at_once import in_thread
from tests.support.cast import Cast, Person
from tests.support.grant_holder import allowed, answer, ask, granted, page_of, redeem
from tests.support.mandated import acting, attorney, mandate, principal

BENEFIT, OFFICE = "benefit-application", "benefits-office"
HOUSEHOLD, INCOME = "population.household", "tax.income"
BOTH = [HOUSEHOLD, INCOME]


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def until_waiting(number: int) -> None:
    pause = threading.Event()
    for _ in range(6000):
        if waiting() == number:
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def test_an_attorney_who_adds_to_a_grant_and_one_who_gives_anew_wait_for_each_other(cast: Cast) -> None:
    """Both lock consents and the matter. The one who gives anew comes first to what is locked first."""
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    adding, giving, office = acting(valto, made), acting(valto, made), cast.office
    held = redeem(office, allowed(office, aamu, BOTH, face=adding)).json()
    merged = page_of(office, adding, ask(office, action="merge", grant_id=held["grant_id"], categories=[INCOME]).json()["request_uri"])
    anew = page_of(office, giving, ask(office).json()["request_uri"])
    matter = f"consent-matter:{aamu.id}:{Agency.objects.get(code=OFFICE).pk}:{BENEFIT}:None"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [matter])
        one, first = in_thread(lambda: answer(giving, anew, BOTH))
        until_waiting(1)
        two, second = in_thread(lambda: answer(adding, merged, BOTH))
        until_waiting(2)
    one.join(120), two.join(120)
    assert first[0].status_code == 303, first
    # The grant to add to is replaced by then: the attorney reads that, and the agency is told nothing of the one who is acted for.
    assert second[0].status_code == 200 and "portal/authorize_gone.html" in [t.name for t in second[0].templates], second
    assert len(aamu.consents(state="given", source=None)) == 1


def test_reads_before_and_after_a_withdrawal_wait_for_each_other(cast: Cast, person: Person, review: str) -> None:
    """One read has seen the consent stand, the other has not; both want all of the citizen's consents to the office."""
    granted(cast.office, person, BOTH)
    granted(cast.office, person, BOTH, purpose=review)
    newest, go_on = person.consents(state="given", purpose=review)[-1], threading.Event()

    def read() -> Any:
        with citizen_scope(person.id):
            return {c.id: c.ended_at is None for c in queries.for_decision(citizen_id=person.id, recipient=OFFICE)}

    def note() -> None:
        with citizen_scope(person.id):
            list(ConsentRecord.objects.select_for_update(no_key=True).filter(pk=newest.pk))
            assert go_on.wait(120)

    try:
        with citizen_scope(person.id):
            end(citizen_id=person.id, consent_id=newest.pk, now=timezone.now())
            noting, _ = in_thread(note)
            until_blocked(1)
            early, before = in_thread(read)
            until_blocked(2)
        until_blocked(1)  # the withdrawal is committed, and the early read waits behind who notes something at the same row
        late, after = in_thread(read)
        late.join(5)  # it either waits or has read
    finally:
        go_on.set()
    for thread in (noting, early, late):
        thread.join(120)
    assert before == after, (before, after)
    assert before[0][newest.pk] is False, "what ended while it was waited for is seen as ended"


def test_a_consent_that_is_replaced_while_a_read_waits_for_it_is_not_read_as_gone(cast: Cast, person: Person) -> None:
    granted(cast.office, person, [INCOME], categories=[INCOME])
    pushed, face = ask(cast.office), person.browser()
    page = page_of(cast.office, face, pushed.json()["request_uri"])

    def read() -> Any:
        with citizen_scope(person.id):
            return [sorted(c.categories) for c in queries.for_decision(citizen_id=person.id, recipient=OFFICE)]

    with citizen_scope(person.id):
        queries.for_decision(citizen_id=person.id, recipient=OFFICE)
        replacing, answered = in_thread(lambda: answer(face, page, BOTH))
        until_blocked(1)
        reading, seen = in_thread(read)
        until_blocked(2)
    replacing.join(120), reading.join(120)
    assert answered[0].status_code == 303 and seen == [[BOTH]]


def test_what_a_replacement_ended_is_not_asked_about_twice_ever_after(cast: Cast, person: Person, review: str) -> None:
    """Nothing of its purpose comes after it; a decision still is one statement."""
    first = granted(cast.office, person, BOTH)
    granted(cast.office, person, [INCOME], action="replace", grant_id=first["grant_id"], purpose=review, categories=[INCOME])
    with citizen_scope(person.id), CaptureQueriesContext(connection) as asked:
        found = queries.for_decision(citizen_id=person.id, recipient=OFFICE)
    assert [c.purpose for c in found] == [review]
    assert len(asked) == 1
