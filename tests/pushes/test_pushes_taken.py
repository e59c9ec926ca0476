"""`POST /api/v1/facts`: what is taken, and what becomes of it; the same again; of whom nothing is taken; and how a crash in the middle ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DataError, ProgrammingError
from django.utils import timezone

from aurora.journeys import receive_push, withdraw
from aurora.sandbox.config import OFFICE
from aurora.sources import connections
from aurora.sources.models import DataSource, Feed, Pull
from aurora.sources.pushes import batches
from aurora.sources.pushes.models import Batch
from aurora.twin.models import Fact
from consent.rules import AURORA
from consent.scope import citizen_scope
from tests.pushes.pushing import (
    DECISIONS,
    GRANTED,
    answer,
    came,
    details,
    entries,
    facts,
    newcomer,
    own_token,
    pushed,
    rows,
    seen,
    sent,
    signed,
)
from tests.support.cast import REGISTER, Cast, Person, services

# An amount that no id, token or time happens to hold, and how a page may write it.
FOUND_NOWHERE_ELSE = 9_876_543
SHOWN = ("9876543", "9,876,543", "9\u00a0876\u00a0543")


def withdrawn(person: Person) -> None:
    for record in person.consents(recipient__code=AURORA, source__code=OFFICE, state="given"):
        withdraw.end(citizen_id=person.id, consent_id=record.pk, now=timezone.now())


def test_a_decision_stands_among_the_citizens_facts_as_attested_and_in_their_log(cast: Cast) -> None:
    dora, batch = newcomer(cast), uuid4()
    decided = {**GRANTED, "housing_support_amount": FOUND_NOWHERE_ELSE}
    response = pushed(cast, answer(dora.national_id, facts=decided), batch=batch)
    assert came(response) == ["taken"] and response["Cache-Control"] == "no-store" and response.json()["batch"] == str(batch)
    assert facts(dora) == decided
    with citizen_scope(dora.id):
        kept = list(Fact.objects.filter(citizen_id=dora.id))
        assert not Pull.objects.filter(citizen_id=dora.id).exists(), "nobody asks a source that pushes"
        assert not Feed.objects.filter(citizen_id=dora.id).exists(), "nor plans to"
    assert {(f.provenance, f.source, f.pull_id, str(f.valid_from)) for f in kept} == {("attested", OFFICE, None, "2026-12-01")}
    (entry,) = entries(dora)
    assert (entry.actor, entry.source, entry.decision, entry.categories) == (OFFICE, OFFICE, "permit", [DECISIONS])
    assert (
        entry.purpose == "own-overview"
        and entry.consent_ids == [c.pk for c in dora.consents(source__code=OFFICE)]
        and entry.permit_id == entry.pk
    )
    told = details(dora, entry)
    assert told["batch"] == str(batch) and told["facts"] == 3 and told["results"] == [f"{DECISIONS}:taken"]
    assert str(FOUND_NOWHERE_ELSE) not in str(told) and "granted" not in str(told)


def test_the_same_batch_again_is_answered_the_same_and_another_under_its_id_is_a_conflict(cast: Cast) -> None:
    dora, batch = newcomer(cast), uuid4()
    one = answer(dora.national_id)
    first = pushed(cast, one, batch=batch)
    held, log = rows(dora), len(dora.entries())
    again = pushed(cast, one, batch=batch)
    assert came(again) == ["taken"] and first.json() == again.json() and (rows(dora), len(dora.entries())) == (held, log)
    other = pushed(cast, answer(dora.national_id, facts={**GRANTED, "housing_support_amount": 9}), batch=batch)
    assert other.status_code == 409 and other.json()["code"] == "batch_differs"
    assert (rows(dora), len(dora.entries())) == (held, log) and facts(dora) == GRANTED


def test_a_replay_of_what_was_overtaken_brings_nothing_back(cast: Cast) -> None:
    dora = newcomer(cast)
    body = signed(cast, [answer(dora.national_id, observed_at=seen(hours=2))])
    assert came(sent(cast, body)) == ["taken"]
    newer = {**GRANTED, "housing_support_amount": 100}
    assert came(pushed(cast, answer(dora.national_id, facts=newer))) == ["taken"]
    assert came(sent(cast, body)) == ["taken"] and facts(dora) == newer, "answered as then, and nothing done"
    late = pushed(cast, answer(dora.national_id, observed_at=seen(hours=1), facts={**GRANTED, "housing_support_amount": 5}))
    assert came(late) == ["older"] and facts(dora) == newer, "it was under way for longer than a newer one"


def test_what_says_nothing_new_is_noted_and_writes_no_fact(cast: Cast) -> None:
    dora, one = newcomer(cast), None
    one = answer(dora.national_id)
    assert came(pushed(cast, one)) == ["taken"]
    held = rows(dora)
    assert came(pushed(cast, one)) == ["unchanged"] and rows(dora) == held
    last = details(dora, entries(dora)[-1])
    assert last["facts"] == 0 and last["results"] == [f"{DECISIONS}:unchanged"]


def test_a_changed_statement_supersedes_a_whole_one_ends_and_an_increment_tells_what_is_gone(cast: Cast) -> None:
    dora = newcomer(cast)
    pushed(cast, answer(dora.national_id, observed_at=seen(hours=3)))
    only = {"housing_support": "refused", "housing_support_decided_on": "2026-11-25"}
    assert came(pushed(cast, answer(dora.national_id, observed_at=seen(hours=2), facts=only))) == ["taken"]
    assert facts(dora) == only, "a whole statement that does not repeat the amount ends it"
    more = answer(
        dora.national_id, observed_at=seen(hours=1), facts={"housing_support_until": "2027-05-31"}, gone=["housing_support_amount"]
    )
    assert came(pushed(cast, more)) == ["taken"] and facts(dora) == {**only, "housing_support_until": "2027-05-31"}
    less = answer(dora.national_id, facts={}, gone=["housing_support_until"])
    assert came(pushed(cast, less)) == ["taken"] and facts(dora) == only
    assert rows(dora) == 6, "what was, is kept as earlier versions"


def test_each_answer_stands_by_itself_and_is_told_by_its_place(cast: Cast) -> None:
    dora, erik, nobody = newcomer(cast), newcomer(cast), "S999999-9"
    response = pushed(
        cast,
        answer(erik.national_id, facts={**GRANTED, "housing_support": "perhaps"}),
        answer(dora.national_id),
        answer(nobody),
        answer(erik.national_id),
        answer(dora.national_id, facts={}),
        answer(dora.national_id),
    )
    assert came(response) == ["invalid:facts", "taken", "not_accepted", "taken", "invalid:facts", "invalid:twice"]
    assert facts(dora) == facts(erik) == GRANTED


def test_who_is_unknown_unconnected_or_has_withdrawn_cannot_be_told_apart(cast: Cast) -> None:
    stranger, gone, broken = newcomer(cast, connected=False), newcomer(cast), newcomer(cast)
    withdrawn(gone)
    with citizen_scope(broken.id):
        connections.mark_broken(connection_id=connections.standing(citizen_id=broken.id).get().pk)
    before = [len(p.entries()) for p in (stranger, gone, broken)]
    response = pushed(cast, *(answer(who) for who in ("S123456-7", stranger.national_id, gone.national_id, broken.national_id)))
    assert came(response) == ["not_accepted"] * 4
    assert [len(p.entries()) for p in (stranger, gone, broken)] == before and not rows(stranger) + rows(gone) + rows(broken)
    wrong = pushed(cast, *(answer(who, facts={}) for who in ("S123456-7", stranger.national_id, newcomer(cast).national_id)))
    assert came(wrong) == ["invalid:facts"] * 3, "what is wrong in itself is told of everybody"


def test_for_all_of_those_the_database_is_asked_the_same(cast: Cast, django_assert_num_queries: Any) -> None:
    """One look-up for all of a batch: who is unknown costs what who has not connected the office costs."""
    stranger, source = newcomer(cast, connected=False), DataSource.objects.get(agency__code=OFFICE)
    for ids in (["S123456-7"], [stranger.national_id], ["S123456-7", stranger.national_id]):
        with django_assert_num_queries(2):
            assert batches.whose(source=source, national_ids=ids) == {}


def test_who_has_connected_another_source_is_nobody_to_this_one(cast: Cast) -> None:
    dora = newcomer(cast)
    office, register = (DataSource.objects.get(agency__code=code) for code in (OFFICE, REGISTER))
    assert set(batches.whose(source=office, national_ids=[dora.national_id, cast.aino.national_id])) == {dora.national_id}
    assert set(batches.whose(source=register, national_ids=[dora.national_id, cast.aino.national_id])) == {cast.aino.national_id}


def test_a_stranger_sees_nothing_of_what_was_pushed(cast: Cast) -> None:
    dora, stranger = newcomer(cast), newcomer(cast)
    pushed(cast, answer(dora.national_id, facts={**GRANTED, "housing_support_amount": FOUND_NOWHERE_ELSE}))
    with citizen_scope(stranger.id):
        assert not Fact.objects.filter(source=OFFICE).exists() and not Fact.objects.filter(citizen_id=dora.id).exists()
    for page in ("/en/my-data/", "/en/activity/"):
        assert not any(shown in stranger.browser().get(page).content.decode() for shown in SHOWN)
    assert any(shown in dora.browser().get("/en/my-data/").content.decode() for shown in SHOWN)


def test_a_refusal_of_who_is_connected_stands_in_their_log_under_the_same_code(cast: Cast) -> None:
    dora = newcomer(cast)
    assert came(pushed(cast, answer(dora.national_id))) == ["taken"]
    with citizen_scope(dora.id):  # the consent runs out, and nobody has noticed yet
        for record in dora.consents(source__code=OFFICE):
            type(record).objects.filter(pk=record.pk).update(
                not_before=timezone.now() - timedelta(2), expires_at=timezone.now() - timedelta(1)
            )
    assert came(pushed(cast, answer(dora.national_id, facts={**GRANTED, "housing_support_amount": 1}))) == ["not_accepted"]
    (entry,) = entries(dora, "agency:facts:refused")
    assert (entry.actor, entry.decision, entry.categories, entry.permit_id) == (OFFICE, "no_consent", [DECISIONS], None)
    assert facts(dora)["housing_support_amount"] == 312


def test_after_a_withdrawal_nothing_is_left_nothing_comes_and_the_office_is_to_be_told(cast: Cast) -> None:
    dora = newcomer(cast)
    pushed(cast, answer(dora.national_id))
    withdrawn(dora)
    assert not rows(dora)
    assert came(pushed(cast, answer(dora.national_id))) == ["not_accepted"] and not rows(dora)
    due = [d.citizen_id for d in connections.to_return(at=timezone.now(), each=100)]
    assert dora.id in due, "its tokens go back to the office, which by that knows that it may send no more (RFC 7009)"


def test_a_batch_that_comes_four_times_at_once_is_one(cast: Cast) -> None:
    people = [newcomer(cast) for _ in range(3)]
    body, token = signed(cast, [answer(p.national_id) for p in people]), own_token(cast, "facts")

    def one(_: int) -> Any:
        try:
            return came(sent(cast, body, token=token))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(4))) == [["taken"] * 3] * 4
    assert [len(entries(p)) for p in people] == [1, 1, 1] and [rows(p) for p in people] == [3, 3, 3]


def test_two_batches_about_the_same_people_in_two_orders_do_not_wait_for_each_other_forever(cast: Cast) -> None:
    people = [newcomer(cast) for _ in range(6)]
    token = own_token(cast, "facts")

    def one(number: int) -> Any:
        try:
            order = people if number % 2 else people[::-1]
            changed = {**GRANTED, "housing_support_amount": number}
            return came(sent(cast, signed(cast, [answer(p.national_id, facts=changed, observed_at=at_once) for p in order]), token=token))
        finally:
            connection.close()

    at_once = seen(minutes=1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(4)))
    assert {result for results in found for result in results} <= {"taken"}
    assert all(len(entries(p)) == 4 and len(facts(p)) == 3 for p in people)


def test_what_a_crash_in_the_middle_left_the_same_batch_does(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [newcomer(cast) for _ in range(3)]
    body, reached = signed(cast, [answer(p.national_id) for p in people]), []

    def dies(point: str) -> None:
        reached.append(point)
        if reached.count("push.before_commit") == 2:
            raise SystemExit("killed before the second citizen's commit")

    monkeypatch.setattr(receive_push.crash, "reach", dies)
    with pytest.raises(SystemExit):
        sent(cast, body)
    assert sorted(rows(p) for p in people) == [0, 0, 3], "one citizen is done whole, the next not at all"
    row = Batch.objects.latest("pk")
    assert row.finished_at is None and sorted(r or "" for r in row.results) == ["", "", "taken"]
    monkeypatch.undo()
    assert came(sent(cast, body)) == ["taken"] * 3
    assert [rows(p) for p in people] == [3, 3, 3] and [len(entries(p)) for p in people] == [1, 1, 1]
    assert Batch.objects.get(pk=row.pk).finished_at is not None


def test_one_source_makes_no_more_than_so_many_entries_a_day_in_one_log(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_push, "MOST_A_DAY", 2)
    dora, erik = newcomer(cast), newcomer(cast)
    for amount in (1, 2):
        assert came(pushed(cast, answer(dora.national_id, facts={**GRANTED, "housing_support_amount": amount}))) == ["taken"]
    assert came(pushed(cast, answer(dora.national_id), answer(erik.national_id))) == ["too_many", "taken"], "another's day is their own"
    assert facts(dora)["housing_support_amount"] == 2 and len(entries(dora)) == 2


def test_a_batch_is_kept_without_values_and_cannot_be_changed(cast: Cast) -> None:
    dora = newcomer(cast)
    pushed(cast, answer(dora.national_id))
    row = Batch.objects.latest("pk")
    assert row.results == ["taken"] and row.answers == 1
    assert dora.national_id not in str(vars(row)) and str(dora.id) not in str(vars(row))
    for deed in (lambda: Batch.objects.filter(pk=row.pk).update(digest=b"x"), lambda: Batch.objects.filter(pk=row.pk).delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            deed()
    before = Batch.objects.count()
    assert batches.purge(now=timezone.now()) == 0 and Batch.objects.count() == before
    with pytest.raises(DataError, match="31 days"), transaction.atomic():
        batches.purge(now=timezone.now() + timedelta(days=40))  # a clock that is wrong lets nothing be forgotten that may come again
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("UPDATE pushes_batch SET received_at = now() - interval '63 days' WHERE id = %s", [row.pk])
    assert batches.purge(now=timezone.now()) == 1 and Batch.objects.count() == before - 1
