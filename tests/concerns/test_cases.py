"""A case from its beginning to its end: over the API for the agency, by its journeys for the citizen; and what is refused on the way."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from aurora.journeys import answer_concern, raise_concern
from aurora.journeys.answer_concern import Answer
from consent import days
from consent.concerns import across, cases
from consent.concerns.cases import MOST_OPEN, Moved, TooManyOpen
from consent.concerns.models import Concern, ConcernPart
from consent.errors import Conflict, InvalidInput, NotFound
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.concerns.talk import PATH, TEXT, Agency, entry_of, late, pulled, raised, read, row, said
from tests.portal.at_once import in_thread, until_waiting
from tests.support.cast import Cast, services
from tests.support.owners import look, own_token


def _events(cast: Cast, after: int) -> list[str]:
    return [e.event for e in cast.aino.entries()[after:]]


def test_a_case_is_raised_read_answered_replied_to_and_accepted(cast: Cast) -> None:
    entry = read(cast)
    before, agency = len(cast.aino.entries()), Agency(cast)
    case = raised(cast.aino, entry)
    seen = agency.get(f"{PATH}/{case}").json()
    assert (seen["state"], seen["kind"], seen["put_off"], seen["language"]) == ("open", "unknown", False, "en")
    assert seen["entry"] == {
        "id": str(entry.pk), "event": "agency:twin:read", "at": seen["entry"]["at"], "decision": "permit",
        "purpose": "benefit-application", "categories": ["tax.income"],
    }  # fmt: skip
    assert [(one["by"], one["kind"], one["text"]) for one in seen["said"]] == [("citizen", "raised", TEXT)]
    assert str(cast.aino.id) not in str(seen) and cast.aino.name not in str(seen)

    assert agency.lawful(case).status_code == 200
    assert cast.aino.messages()[0].kind == "concern_answered"
    raise_concern.reply(citizen_id=cast.aino.id, concern_id=case, text="That was my sister.", seen=2, now=timezone.now())
    assert row(cast.aino, case).state == "open"
    done = agency.answer(case, kind="mistake", text="You are right. We are sorry.", done="The file is corrected.").json()
    assert done["said"][-1]["done"] == "The file is corrected." and done["state"] == "answered"
    raise_concern.close(citizen_id=cast.aino.id, concern_id=case, outcome="accepted", seen=4, now=timezone.now())
    assert (row(cast.aino, case).state, row(cast.aino, case).outcome) == ("closed", "accepted")
    assert _events(cast, before) == [
        "citizen:concern:raised", "agency:concern:answered", "citizen:concern:replied", "agency:concern:answered", "citizen:concern:closed",
    ]  # fmt: skip


def test_the_agency_is_told_of_it_and_nothing_of_what_was_written(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    token = own_token(cast, "events")
    told, after = [], ""
    while True:
        page = look(cast, token, "/api/v1/events", f"?after={after}" if after else "").json()
        told += page["events"]
        after = page["next"]
        if not page["more"]:
            break
    event = told[-1]
    assert event["type"] == "concern.raised" and event["data"]["concern_id"] == str(case)
    assert set(event["data"]) == {"event_id", "client_id", "subject", "concern_id", "answer_by"} and TEXT not in str(event)
    before = len(cast.aino.entries())
    look(cast, token, "/api/v1/events", f"?after={after}")  # to go on is to have received
    assert raise_concern.one(citizen_id=cast.aino.id, concern_id=case).told_at is not None
    assert len(cast.aino.entries()) == before  # no entry says that a consent had ended


def test_an_event_of_a_case_asks_for_no_deletion(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    with citizen_scope(cast.aino.id):
        event = Delivery.objects.get(concern_id=case)
    path = f"/api/v1/events/{event.pk}/confirmation"
    from tests.support.cast import browser

    answer: Any = browser().post(
        path, '{"deleted_at": "2026-11-26T10:00:00Z"}', content_type="application/json",
        **cast.office.bearing(own_token(cast, "events"), path, method="POST"),
    )  # type: ignore[arg-type]  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_asked")


def test_what_is_said_is_sealed(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    Agency(cast).lawful(case, text="An answer in the clear", ground="a ground in the clear")
    with psycopg.connect(services().admin_url or "") as admin:
        rows = admin.execute(
            "SELECT row_to_json(p)::text, sealed FROM consent_concerns_concernpart p WHERE concern_id = %s", [case]
        ).fetchall()
        whole = admin.execute("SELECT row_to_json(c)::text FROM consent_concerns_concern c WHERE id = %s", [case]).fetchone()
    assert len(rows) == 2
    for text in (TEXT, "in the clear"):
        assert all(text not in line and text.encode() not in bytes(sealed) for line, sealed in rows) and text not in str(whole)


def test_an_answer_may_come_later_once(cast: Cast) -> None:
    case, agency = raised(cast.aino, read(cast)), Agency(cast)
    due = row(cast.aino, case).due_at
    day = days.day_of(due) + timedelta(days=20)
    answer = agency.answer(case, kind="later", text="We wait for our archive.", until=day.isoformat())
    assert answer.status_code == 200 and answer.json()["put_off"] and answer.json()["state"] == "open"
    assert row(cast.aino, case).due_at > due and cast.aino.messages()[0].kind == "concern_put_off"
    again = agency.answer(case, kind="later", text="Still waiting.", until=(day + timedelta(days=9)).isoformat())
    assert (again.status_code, again.json()["code"]) == (409, "concern_put_off_already")
    assert agency.lawful(case).status_code == 200


@pytest.mark.parametrize("days_after", [-400, -20, -1, 62, 90_000])
def test_the_later_day_is_bounded(cast: Cast, days_after: int) -> None:
    case = raised(cast.aino, read(cast))
    day = days.day_of(row(cast.aino, case).due_at) + timedelta(days=days_after)
    before = row(cast.aino, case).due_at
    answer = Agency(cast).answer(case, kind="later", text="We wait.", until=day.isoformat())
    assert answer.status_code == 400 and row(cast.aino, case).due_at == before and len(said(cast.aino, case)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "lawful", "text": "x"},
        {"kind": "mistake", "text": "x", "ground": "x"},
        {"kind": "lawful", "text": "x", "ground": "x", "done": "x"},
        {"kind": "later", "text": "x"},
        {"kind": "later", "text": "x", "until": "9999-12-31"},
        {"kind": "raised", "text": "x", "ground": "x"},
        {"kind": "lawful", "text": "", "ground": "x"},
        {"kind": "lawful", "text": " \n ", "ground": "x"},
        {"kind": "lawful", "text": "x" * 4001, "ground": "x"},
        {"kind": "lawful", "text": "x", "ground": "x" * 501},
        {"kind": "lawful", "text": "a\u0000b", "ground": "x"},
        {"kind": "lawful", "text": "a\u202eb", "ground": "x"},
        {"kind": "lawful", "text": "\ud800", "ground": "x"},
        {"kind": "lawful", "text": "x", "ground": "x", "state": "closed"},
        {"kind": ["lawful"], "text": {"a": 1}, "ground": "x"},
        [],
        "lawful",
        None.__class__.__name__,
    ],
)
def test_an_answer_that_is_none_changes_nothing(cast: Cast, body: Any) -> None:
    case = raised(cast.aino, read(cast))
    assert Agency(cast).answer(case, body).status_code == 400
    assert row(cast.aino, case).state == "open" and len(said(cast.aino, case)) == 1


def test_only_the_agency_that_it_is_about_sees_it(cast: Cast) -> None:
    """Another agency's case, Aurora's own, and one that there is not: all the same to the office."""
    of_aurora = raised(cast.aino, pulled(cast.aino))
    case = raised(cast.aino, read(cast))
    with citizen_scope(cast.aino.id), connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("UPDATE consent_concerns_concern SET about = 'tax-administration' WHERE id = %s", [case])
    agency = Agency(cast)
    for other in (of_aurora, uuid4()):
        for answer in (agency.get(f"{PATH}/{other}"), agency.lawful(other)):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    listed = {one["id"] for one in agency.get().json()["concerns"]}
    assert str(case) in listed and str(of_aurora) not in listed
    assert row(cast.aino, of_aurora).state == "open"
    assert across.citizen_of(concern_id=case, about="tax-administration") is None


def test_a_token_for_something_else_reads_no_case(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    for path in (PATH, f"{PATH}/{case}"):
        assert look(cast, own_token(cast, "events"), path).json()["code"] == "insufficient_scope"
        assert look(cast, cast.token, path).status_code in (401, 403)


def test_the_list_is_paged_and_by_state(cast: Cast) -> None:
    cases = [str(raised(cast.aino, read(cast))) for _ in range(3)]
    agency = Agency(cast)
    page = agency.get(query="?limit=2").json()
    assert [one["id"] for one in page["concerns"]] == cases[:2] and page["more"]
    rest = agency.get(query=f"?limit=2&after={cases[1]}").json()
    assert [one["id"] for one in rest["concerns"]] == cases[2:] and not rest["more"]
    agency.lawful(UUID(cases[0]))
    assert cases[0] in [one["id"] for one in agency.get(query="?state=answered").json()["concerns"]]
    for odd in ("?limit=0", "?limit=51", "?limit=x", "?after=1", "?state=all", "?state=open&state=open", "?x=1", "?limit=²"):
        assert agency.get(query=odd).status_code == 400, odd


def test_of_two_answers_at_once_one_stands(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    before = len(cast.aino.entries())
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def answer(text: str) -> None:
        try:
            ready.wait()
            answer_concern.answer(about=cast.office.client_id, concern_id=case, said=Answer("lawful", text, "A law"), now=timezone.now())
            outcomes.append(text)
        except Moved:
            outcomes.append("moved")
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=(text,)) for text in ("first", "second")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(outcomes) == 2 and outcomes.count("moved") == 1
    assert len(said(cast.aino, case)) == 2 and len(_events(cast, before)) == 1


def test_an_answer_that_comes_while_the_citizen_closes_is_not_accepted_unread(cast: Cast) -> None:
    case, agency = raised(cast.aino, read(cast)), Agency(cast)
    agency.lawful(case)
    for outcome in ("withdrawn", "accepted", "not_satisfied"):
        with pytest.raises(Moved):  # the page showed one part, of an open case
            raise_concern.close(citizen_id=cast.aino.id, concern_id=case, outcome=outcome, seen=1, now=timezone.now())
    raise_concern.close(citizen_id=cast.aino.id, concern_id=case, outcome="not_satisfied", seen=2, now=timezone.now())
    late_answer = agency.lawful(case)
    assert (late_answer.status_code, late_answer.json()["code"]) == (409, "concern_moved")
    assert len(said(cast.aino, case)) == 2


def test_what_is_not_answered_is_neither_accepted_nor_replied_to(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    how: dict[str, Any] = {"citizen_id": cast.aino.id, "concern_id": case, "seen": 1, "now": timezone.now()}
    for outcome in ("accepted", "not_satisfied"):
        with pytest.raises(Moved):
            raise_concern.close(outcome=outcome, **how)
    with pytest.raises(InvalidInput):
        raise_concern.close(outcome="deleted", **how)
    with pytest.raises(Moved):
        raise_concern.reply(text="And?", **how)
    Agency(cast).lawful(case)
    raise_concern.reply(text="And?", **{**how, "seen": 2})
    Agency(cast).lawful(case)
    with pytest.raises(Moved):  # once
        raise_concern.reply(text="And again?", **{**how, "seen": 4})


def test_a_strangers_entry_or_case_is_nobodys(cast: Cast) -> None:
    entry = read(cast)
    with pytest.raises(NotFound):
        raised(cast.cecilia, entry)
    case = raised(cast.aino, entry)
    how: dict[str, Any] = {"citizen_id": cast.cecilia.id, "concern_id": case, "now": timezone.now()}
    with pytest.raises(NotFound):
        raise_concern.one(citizen_id=cast.cecilia.id, concern_id=case)
    with pytest.raises(NotFound):
        raise_concern.close(outcome="withdrawn", seen=1, **how)
    with pytest.raises(NotFound):
        raise_concern.reply(text="x", seen=1, **how)
    with citizen_scope(cast.cecilia.id):
        assert not Concern.objects.filter(pk=case).exists() and not ConcernPart.objects.filter(concern_id=case).exists()


def test_ones_own_deeds_and_cases_have_nobody_to_answer(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    assert case
    for event in ("citizen:consent:given", "citizen:concern:raised"):
        with pytest.raises(NotFound):
            raised(cast.aino, entry_of(cast.aino, event))


def test_a_source_without_a_client_here_and_auroras_own_deeds_are_auroras_to_answer(cast: Cast) -> None:
    pull = pulled(cast.aino)
    assert pull.source == "tax-administration" and raise_concern.answers_for(pull) == "aurora"
    assert raise_concern.answers_for(read(cast)) == cast.office.client_id
    Client.objects.filter(client_id=cast.office.client_id).update(active=False)
    try:
        assert raise_concern.answers_for(cast.aino.entries()[-1]) == "aurora"
    finally:
        Client.objects.filter(client_id=cast.office.client_id).update(active=True)


def test_one_open_case_an_entry_and_not_too_many(cast: Cast) -> None:
    entry = read(cast)
    raised(cast.aino, entry)
    with pytest.raises(Conflict):
        raised(cast.aino, entry)
    entries = [pulled(cast.aino) for _ in range(MOST_OPEN)]
    with pytest.raises(TooManyOpen):
        for one in entries:
            raised(cast.aino, one)


def test_of_two_that_are_raised_at_once_the_second_counts_the_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "MOST_OPEN", 1)
    one, other = read(cast), pulled(cast.aino)
    with transaction.atomic():
        assert raised(cast.aino, one)
        thread, outcome = in_thread(lambda: raised(cast.aino, other))
        until_waiting(1, "advisory")
    thread.join(timeout=120)
    assert isinstance(outcome[0], TooManyOpen)


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001, "a\x00b", "a\u202eb", "\ud800", "\ue000", "\x1b[31m"])
def test_a_text_that_cannot_be_kept_is_refused(cast: Cast, text: str) -> None:
    entry = read(cast)
    with pytest.raises(InvalidInput) as refused:
        raised(cast.aino, entry, text=text)
    assert set(refused.value.fields) == {"text"}
    with pytest.raises(InvalidInput) as refused:
        raised(cast.aino, entry, kind="other'--")
    assert set(refused.value.fields) == {"kind"}


@pytest.mark.parametrize("text", ["Ääkköset €, 漢字, עברית, 👩‍👩‍👧", "line\r\nline\ttab", "<script>alert(1)</script>", "x" * 4000])
def test_a_text_of_any_tongue_comes_back_as_it_was(cast: Cast, text: str) -> None:
    case = raised(cast.aino, read(cast), text=text)
    assert said(cast.aino, case) == [text.replace("\r\n", "\n")]
    assert Agency(cast).get(f"{PATH}/{case}").json()["said"][0]["text"] == text.replace("\r\n", "\n")


def test_an_overdue_case_is_told_once_and_counted(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    assert answer_concern.sweep(now=timezone.now()) == 0
    now = late(cast.aino, case)
    assert answer_concern.sweep(now=now) == 1 and answer_concern.sweep(now=now) == 0
    assert cast.aino.messages()[0].kind == "concern_overdue"
    (count,) = [c for c in across.counts(now=now) if c.about == cast.office.client_id]
    assert count.overdue == 1
    (overdue,) = across.late(now=now, most=10)
    assert overdue.concern_id == case and str(cast.aino.id) not in str(overdue)
    raise_concern.close(citizen_id=cast.aino.id, concern_id=case, outcome="not_satisfied", seen=1, now=now)
    assert across.late(now=now, most=10) == []


def test_a_clock_that_was_set_back_tells_nobody_twice(cast: Cast) -> None:
    case = raised(cast.aino, read(cast))
    assert answer_concern.sweep(now=late(cast.aino, case)) == 1
    assert answer_concern.sweep(now=timezone.now() - timedelta(days=400)) == 0
    assert answer_concern.sweep(now=late(cast.aino, case) + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM consent_concerns_concern",
        "UPDATE consent_concerns_concern SET about = 'x'",
        "UPDATE consent_concerns_concern SET entry_id = gen_random_uuid()",
        "UPDATE consent_concerns_concern SET raised_at = now()",
        "UPDATE consent_concerns_concern SET state = 'closed'",
        "UPDATE consent_concerns_concernpart SET by = 'agency'",
        "DELETE FROM consent_concerns_concernpart",
    ],
)
def test_history_is_not_rewritten(cast: Cast, statement: str) -> None:
    raised(cast.aino, read(cast))
    with pytest.raises(DatabaseError), citizen_scope(cast.aino.id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
