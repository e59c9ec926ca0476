"""A request to correct a fact from its beginning to its end: by the citizen, over the API for the source, and what follows for who had read it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from aurora.corrections import across, requests
from aurora.corrections.models import Correction
from aurora.corrections.requests import Moved
from aurora.journeys import _notices, answer_correction, correct, tell_agencies
from consent.errors import Conflict, InvalidInput, NotFound
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks import queue
from consent.webhooks.models import Delivery
from tests.corrections.dispute import PATH, PERSON, WHY, Disputed, Source, fact_of, facts, say
from tests.support.cast import OFFICE, REGISTER, TAX, Cast


def deliveries(disputed: Disputed, kind: str) -> list[Delivery]:
    with citizen_scope(disputed.person.id):
        return list(Delivery.objects.filter(citizen_id=disputed.person.id, kind=kind).select_related("client__agency"))


def whole(disputed: Disputed, told: Delivery) -> dict[str, Any]:
    with citizen_scope(disputed.person.id):
        return _notices.whole(told)


def test_a_source_reads_what_it_is_asked_and_corrects(disputed: Disputed) -> None:
    person, before, source = disputed.person, len(disputed.person.entries()), Source(disputed.cast)
    asked = disputed.asked()
    [told] = deliveries(disputed, "correction.asked")
    assert told.client.agency.code == OFFICE and told.payload["data"]["correction_id"] == str(asked)
    assert "R12" not in str(told.payload) and "R15" not in str(told.payload)
    found = next(one for one in source.get().json()["corrections"] if one["id"] == str(asked))
    assert (found["category"], found["key"], found["says"], found["right"], found["why"]) == (PERSON, "region", "R15", "R12", WHY)
    assert found["national_id"] == person.national_id and str(person.id) not in str(found) and person.name not in str(found)
    assert source.get(f"{PATH}/{asked}").json() == found
    assert facts(person)["region", OFFICE].in_question

    done = source.answer(asked, outcome="corrected", text="You are right. It is corrected.")
    assert done.status_code == 200 and done.json()["state"] == "corrected"
    assert not facts(person)["region", OFFICE].in_question
    assert person.messages()[0].kind == "correction_answered"
    assert correct.one(citizen_id=person.id, correction_id=asked).answer == "You are right. It is corrected."
    assert disputed.events(before) == [
        "citizen:twin:viewed", "citizen:correction:asked", "agency:correction:read", "agency:correction:answered",
    ], "and that it was read stands there once"  # fmt: skip
    assert source.answer(asked, outcome="refused", text="No.").json()["code"] == "correction_moved"


def test_who_had_read_what_was_wrong_is_told_and_nobody_else(disputed: Disputed) -> None:
    disputed.read_by(TAX, at=timezone.now() - timedelta(days=400))  # long before the wrong value was there
    disputed.read_by(OFFICE)
    asked = disputed.asked(REGISTER, right="R15")
    answer_correction.answer(source=REGISTER, correction_id=asked, outcome="corrected", text="Done.", now=timezone.now())
    [told] = deliveries(disputed, "fact.corrected")
    assert told.client.agency.code == OFFICE and told.categories == [PERSON]
    data = whole(disputed, told)["data"]
    assert data["key"] == "region" and "correction_id" not in data and "R1" not in str(data["categories"])
    entry = disputed.person.entries()[-1]
    assert (entry.event, entry.actor, entry.categories) == ("aurora:correction:told", "aurora", [PERSON])


def test_a_notice_names_the_fact_where_it_arrives_and_nowhere_before(disputed: Disputed) -> None:
    asked = disputed.asked()
    [told] = deliveries(disputed, "correction.asked")
    assert "region" not in str(told.payload), "the row knows no key"
    with citizen_scope(disputed.person.id):
        row = Delivery.objects.filter(pk=told.pk)
        row.update(due_at=timezone.now())
        Client.objects.filter(pk=told.client_id).update(notice_uri="https://office.example/notices")
        lease = queue.claim(delivery_id=told.pk, now=timezone.now(), whole=_notices.whole)
    assert lease is not None and json.loads(lease.body)["data"]["key"] == "region"
    events = tell_agencies.read_feed(client_id=told.client.client_id, after=0, most=100, now=timezone.now()).events
    assert {"id": str(told.pk), **whole(disputed, told)} in events
    with citizen_scope(disputed.person.id):
        requests.erase(citizen_id=disputed.person.id, category=PERSON)
    assert "key" not in whole(disputed, told)["data"] and told.payload["data"]["correction_id"] == str(asked)


def test_a_refusal_tells_nobody_and_says_why(disputed: Disputed) -> None:
    disputed.read_by(OFFICE)
    asked = disputed.asked(REGISTER, right="R15")
    answer_correction.answer(
        source=REGISTER, correction_id=asked, outcome="refused", text="You have not told us of a move.", now=timezone.now()
    )
    assert deliveries(disputed, "fact.corrected") == []
    page = disputed.person.browser().get(f"/en/corrections/{asked}/").content.decode()
    assert "You have not told us of a move." in page and "If you are not satisfied" in page


@pytest.mark.parametrize(
    ("right", "code"),
    [("R1", "right_wrong"), (7, "right_wrong"), (None, "right_wrong"), ("R15", "right_same")],
    ids=["pattern", "type", "nothing", "same"],
)
def test_what_is_said_to_be_right_is_of_the_facts_own_type(disputed: Disputed, right: Any, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        disputed.asked(right=right)
    assert refused.value.fields == {"right": code}


def test_one_request_a_fact_is_open_and_may_be_taken_back(disputed: Disputed) -> None:
    asked = disputed.asked()
    with pytest.raises(Conflict):
        disputed.asked()
    correct.close(citizen_id=disputed.person.id, correction_id=asked, now=timezone.now())
    assert not facts(disputed.person)["region", OFFICE].in_question
    with pytest.raises(Moved):
        correct.close(citizen_id=disputed.person.id, correction_id=asked, now=timezone.now())
    assert disputed.row(disputed.asked()).state == "open"


def test_a_request_is_its_citizens_and_its_sources_alone(disputed: Disputed) -> None:
    mine, theirs, stranger = disputed.asked(), disputed.asked(REGISTER, right="R15"), disputed.cast.cecilia.id
    source = Source(disputed.cast)
    assert source.get(f"{PATH}/{theirs}").status_code == source.answer(theirs, outcome="corrected", text="x").status_code == 404
    assert str(theirs) not in source.get().content.decode()
    with pytest.raises(NotFound):
        correct.one(citizen_id=stranger, correction_id=mine)
    assert Source(disputed.cast, "concerns").get().status_code == 403


def test_the_form_is_at_the_id_of_the_fact_and_leads_to_what_is_said_now(disputed: Disputed) -> None:
    face, before = disputed.person.browser(), fact_of(disputed.person, OFFICE)
    links = re.findall(r"/my-data/correct/([^/\"]+)/", face.get("/en/my-data/").content.decode())
    assert str(before) in links and all(UUID(link) for link in links), "and in no other form"
    assert "Region 15" in face.get(f"/en/my-data/correct/{before}/").content.decode()
    say(disputed.person, OFFICE, region="R16")
    now = fact_of(disputed.person, OFFICE)
    moved = face.get(f"/en/my-data/correct/{before}/")
    assert moved.status_code == 302 and moved["Location"] == f"/en/my-data/correct/{now}/" and now != before
    assert disputed.cast.cecilia.browser().get(f"/en/my-data/correct/{now}/").status_code == 404
    say(disputed.person, OFFICE)
    assert face.get(f"/en/my-data/correct/{before}/").status_code == face.get(f"/en/my-data/correct/{uuid4()}/").status_code == 404


def test_nobody_is_asked_who_cannot_answer(disputed: Disputed) -> None:
    """What the citizen said themself, and a source without a client."""
    say(disputed.person, TAX, region="R13")
    for source in (TAX, "citizen", "aurora", "nobody"):
        with pytest.raises(NotFound):
            disputed.asked(source)


def test_the_fact_stays_in_question_while_the_source_says_something_else_again(disputed: Disputed) -> None:
    disputed.asked()
    say(disputed.person, OFFICE, region="R16")
    assert facts(disputed.person)["region", OFFICE].in_question


def test_who_is_late_is_told_of_once_and_counted_without_a_name(disputed: Disputed) -> None:
    asked = disputed.asked(now=timezone.now())
    late = disputed.row(asked).due_at + timedelta(minutes=1)
    answer_correction.sweep(now=late)
    answer_correction.sweep(now=late)
    assert [m.kind for m in disputed.person.messages()].count("correction_overdue") == 1
    count = next(one for one in across.counts(now=late) if one.source == OFFICE)
    assert count.overdue >= 1 and count.open >= count.overdue


def test_the_database_holds_what_a_request_is_about(disputed: Disputed) -> None:
    asked = disputed.asked()
    with citizen_scope(disputed.person.id):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Correction.objects.filter(pk=asked).update(mark=b"another" * 2)
        with pytest.raises(IntegrityError), transaction.atomic():
            Correction.objects.filter(pk=asked).update(state="corrected")
        assert b"R12" not in bytes(Correction.objects.get(pk=asked).sealed)
    with citizen_scope(disputed.cast.cecilia.id):
        assert not Correction.objects.filter(pk=asked).exists()


def test_a_request_goes_with_an_erasure(disputed: Disputed) -> None:
    asked = disputed.asked()
    with citizen_scope(disputed.person.id):
        assert requests.erase(citizen_id=disputed.person.id, source=TAX) == 0
        assert requests.erase(citizen_id=disputed.person.id, category=PERSON, source=OFFICE) == 1
    assert across.citizen_of(correction_id=asked, source=OFFICE) is None


@pytest.mark.parametrize(
    "body",
    [{}, {"outcome": "maybe", "text": "x"}, {"outcome": "refused", "text": " "}, {"outcome": "refused", "text": "x", "more": 1}],
    ids=["nothing", "outcome", "blank", "unknown"],
)
def test_an_answer_that_is_none_is_refused(disputed: Disputed, body: dict[str, Any]) -> None:
    assert Source(disputed.cast).answer(disputed.asked(), **body).status_code == 400


def test_what_there_is_not_is_not_found(cast: Cast) -> None:
    assert Source(cast).get(f"{PATH}/{uuid4()}").status_code == 404
