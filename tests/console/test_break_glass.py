"""Breaking the glass, step by step: what each of the three may do, what the citizen is told and when, and that nothing is shown before it is logged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from aurora.identity import vault
from aurora.identity.models import DataKey
from aurora.journeys import answer_concern, break_glass, raise_concern
from aurora.journeys._glass_asked import NotForThisRole, ReadRefused, TooMany
from aurora.messages import letters, outbox
from consent.breakglass import changes, queries
from consent.breakglass.models import Alarm, Read, Request
from consent.errors import Conflict, InvalidInput, NotFound
from consent.rules.glass import MINUTES, MISMATCHES, OPEN_AT_ONCE, REQUESTS_A_DAY, REVIEW_WITHIN, WAITS
from consent.scope import citizen_scope
from consent.two_people import SamePerson
from tests.console.glass import (
    HOUSEHOLD,
    PERSON,
    TEXT,
    Officer,
    Role,
    actions,
    age,
    approved,
    ask,
    clear,
    erasure_due,
    officer,
    read,
    superuser,
    told,
)
from tests.portal.at_once import in_thread
from tests.support.cast import Cast, Person
from tests.support.copies import everything


@pytest.fixture
def three(cast: Cast) -> Iterator[tuple[Officer, Officer, Officer]]:
    """Who asks, who decides, who reviews."""
    made = officer(Role.PRIVACY_OFFICER), officer(Role.PRIVACY_OFFICER), officer(Role.AUDITOR)
    yield made
    clear()
    for one in made:
        one.operator.delete()


def newest_message(person: Person) -> letters.Letter:
    with citizen_scope(person.id):
        message = person.messages()[0]
        assert message.kind == "break_glass"
        return letters.compose(outbox.open_row(message), language="en")


def alarms(who: Officer) -> list[str]:
    return list(Alarm.objects.filter(operator=who.operator.pk).order_by("pk").values_list("kind", flat=True))


def test_two_let_one_in_and_a_third_judges_it_and_the_citizen_reads_all_of_it(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, reviewer = three
    person = cast.aino
    before = len(person.messages())
    row = ask(asker, person, categories=[HOUSEHOLD, PERSON])
    assert actions(person, row) == ["requested"] and len(person.messages()) == before, (
        "an entry at once, a message when there is something to fear"
    )
    row = break_glass.approve(operator=decider.operator, request_id=row.pk, who=person.national_id, now=timezone.now())
    assert row.expires_at is not None and row.decided_at is not None and row.expires_at - row.decided_at == timedelta(minutes=10)
    letter = newest_message(person)
    said = " ".join(letter.sentences)
    assert len(person.messages()) == before + 1
    assert all(part in said for part in ("privacy officer", TEXT, "2026/4711", "asked for help", "report a concern"))
    assert asker.operator.name not in said and asker.operator.username not in said
    assert actions(person, row) == ["requested", "approved"]

    found = read(asker, row, HOUSEHOLD)
    assert {(f.category, f.key) for f in found.facts} == {(HOUSEHOLD, "household_size"), (HOUSEHOLD, "children_under_6")}
    [entry] = [e for e in person.entries() if e.pk == found.entry_id]
    assert (entry.event, entry.actor, entry.purpose, entry.decision) == ("aurora:break_glass:read", "aurora", "break-glass", "permit")
    assert entry.categories == [HOUSEHOLD] and entry.consent_ids == [] and entry.permit_id is not None
    details = told(person, row)[-1][1]
    assert details["operator"] == details["reader"] == str(asker.operator.pk) and details["approver"] == str(decider.operator.pk)
    assert (details["case"], details["reason"], details["operator_role"]) == ("2026/4711", "citizen_asked", "privacy_officer")
    assert letter.links[0][1].startswith("/en/activity/")

    break_glass.end(operator=decider.operator, request_id=row.pk, now=timezone.now())
    break_glass.review(
        operator=reviewer.operator, request_id=row.pk, verdict="justified", text="The call is on record.", now=timezone.now()
    )
    assert actions(person, row) == ["requested", "approved", "read", "reviewed"]
    assert told(person, row)[-1][1]["verdict"] == "justified" and told(person, row)[-1][1]["reads"] == 1
    assert len(person.messages()) == before + 1, "a judgement for it is an entry, and no alarm"


def test_a_judgement_against_it_is_written_to_the_citizen(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, reviewer = three
    row = approved(asker, decider, cast.aino)
    break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())
    text = "Nobody had rung, and the case is about somebody else."
    break_glass.review(operator=reviewer.operator, request_id=row.pk, verdict="not_justified", text=text, now=timezone.now())
    letter = newest_message(cast.aino)
    assert "not justified" in letter.title and text in " ".join(letter.sentences)
    row.refresh_from_db()
    assert row.verdict == "not_justified" and text not in repr(bytes(row.review_sealed or b""))
    for verdict in ("justified", "not_justified"):
        with pytest.raises(Conflict):
            break_glass.review(operator=reviewer.operator, request_id=row.pk, verdict=verdict, text="Another thought.", now=timezone.now())


def test_who_had_a_part_in_it_neither_reads_nor_answers_a_concern_about_it(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    entry_id = read(asker, row).entry_id
    case = raise_concern.raise_(citizen_id=cast.aino.id, entry_id=entry_id, kind="unknown", text="Why?", language="en", now=timezone.now())
    said = answer_concern.Answer("lawful", "It was right.", "An emergency")
    for party in (asker, decider):
        assert case not in [one.row.pk for one in answer_concern.ours(operator=party.operator)]
        with pytest.raises(SamePerson):
            answer_concern.ours_one(operator=party.operator, concern_id=case)
        with pytest.raises(SamePerson):
            answer_concern.answer_ours(operator=party.operator, concern_id=case, said=said, now=timezone.now())
        assert party.face.get(f"/en/console/concerns/{case}/").status_code == 403
    other = officer(Role.PRIVACY_OFFICER)
    assert case in [one.row.pk for one in answer_concern.ours(operator=other.operator)]
    assert answer_concern.answer_ours(operator=other.operator, concern_id=case, said=said, now=timezone.now()).row.state == "answered"


def test_nobody_decides_on_their_own_request_and_the_attempt_is_an_alarm(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = ask(asker, cast.aino)
    with pytest.raises(SamePerson):
        break_glass.approve(operator=asker.operator, request_id=row.pk, who=cast.aino.national_id, now=timezone.now())
    row.refresh_from_db()
    assert row.state == "asked" and alarms(asker) == ["own_request"] and actions(cast.aino, row) == ["requested"]
    with pytest.raises(ReadRefused):
        read(asker, row)
    break_glass.decline(operator=asker.operator, request_id=row.pk, now=timezone.now())
    row.refresh_from_db()
    assert row.state == "taken_back" and told(cast.aino, row)[-1] == (
        "declined",
        {**told(cast.aino, row)[-1][1], "taken_back": 1},
    ), "what was taken back is told as well"
    with pytest.raises(Conflict):
        break_glass.approve(operator=decider.operator, request_id=row.pk, who=cast.aino.national_id, now=timezone.now())


def test_who_decides_must_name_the_same_person(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = ask(asker, cast.aino)
    for named in (cast.cecilia.national_id, cast.aino.national_id[:-1], "", cast.aino.name)[:MISMATCHES]:
        with pytest.raises(InvalidInput) as wrong:
            break_glass.approve(operator=decider.operator, request_id=row.pk, who=named, now=timezone.now())
        assert wrong.value.fields == {"who": "who_differs"}
    assert alarms(decider) == ["who_differs"] * MISMATCHES
    with pytest.raises(Conflict):
        break_glass.approve(operator=decider.operator, request_id=row.pk, who=cast.aino.national_id, now=timezone.now())
    break_glass.decline(operator=decider.operator, request_id=row.pk, now=timezone.now())
    assert actions(cast.aino, row) == ["requested", "declined"]


def test_of_two_who_name_another_person_at_once_the_second_counts_the_first(
    cast: Cast, three: tuple[Officer, Officer, Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third attempt is the last one, also when the fourth comes while it is being noted."""
    asker, decider, _ = three
    row, keep = ask(asker, cast.aino), break_glass.changes.alarm

    def wrong() -> Any:
        return break_glass.approve(operator=third.operator, request_id=row.pk, who=cast.cecilia.national_id, now=timezone.now())

    third = officer(Role.PRIVACY_OFFICER)
    for _ in range(MISMATCHES - 1):
        with pytest.raises(InvalidInput):
            break_glass.approve(operator=decider.operator, request_id=row.pk, who=cast.cecilia.national_id, now=timezone.now())
    begun: list[Any] = []

    def slowly(**how: Any) -> None:
        monkeypatch.setattr(break_glass.changes, "alarm", keep)
        begun.extend(in_thread(wrong))
        pause = Event()
        for _ in range(6000):
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
                if cursor.fetchone()[0] or not begun[0].is_alive():
                    break
            pause.wait(0.01)
        keep(**how)

    monkeypatch.setattr(break_glass.changes, "alarm", slowly)
    with pytest.raises(InvalidInput):
        break_glass.approve(operator=decider.operator, request_id=row.pk, who=cast.cecilia.national_id, now=timezone.now())
    begun[0].join(timeout=120)
    assert isinstance(begun[1][0], Conflict) and len(alarms(decider)) == MISMATCHES and alarms(third) == []
    third.operator.delete()


def test_spaces_and_letters_of_any_case_name_the_same_person_and_so_does_a_consents_id(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    asker, decider, _ = three
    typed = f" {cast.aino.national_id.lower()} "
    row = ask(asker, typed)
    assert actions(cast.aino, row) == ["requested"]
    assert approved_by(decider, row, cast.aino.national_id) == "approved"
    consent = cast.aino.consents()[0].pk
    other = ask(asker, str(consent).upper())
    assert actions(cast.aino, other) == ["requested"] and approved_by(decider, other, str(consent)) == "approved"


def approved_by(decider: Officer, row: Request, named: str) -> str:
    return break_glass.approve(operator=decider.operator, request_id=row.pk, who=named, now=timezone.now()).state


@pytest.mark.parametrize("named", ["S000000-0", "0d4c8e0a-6f3b-4c53-9b1e-2f7a4d0c9e11"])
def test_somebody_unknown_is_asked_for_like_anybody_and_told_apart_only_by_the_second_person(
    cast: Cast, three: tuple[Officer, Officer, Officer], named: str
) -> None:
    asker, decider, _ = three
    row, known = ask(asker, named), ask(asker, cast.aino)
    same = [f.name for f in Request._meta.concrete_fields if f.name not in ("id", "who_digest", "text_sealed", "asked_at")]
    assert [getattr(row, name) for name in same] == [getattr(known, name) for name in same]
    for one in (row, known):
        with pytest.raises(ReadRefused) as refused:
            read(asker, one)
        assert refused.value.code == "not_approved"
    assert approved_by(decider, row, named) == "nobody"
    with pytest.raises(ReadRefused):
        read(asker, row)
    assert queries.subject_of(row.pk) is None and not Read.objects.filter(request=row).exists()


def test_what_was_typed_and_written_is_kept_in_no_readable_form(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    row = ask(three[0], cast.aino)
    with superuser() as admin:
        stored = str(admin.execute("SELECT to_jsonb(r) FROM consent_breakglass_request r WHERE id = %s", [row.pk]).fetchone())
    for secret in (cast.aino.national_id, cast.aino.name, TEXT, str(cast.aino.id)):
        assert secret not in stored and secret.encode().hex() not in stored
    assert break_glass.reason_of(row) == TEXT


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"reason": "curiosity"}, "reason", "reason_required"),
        ({"text": "short"}, "text", "text_wrong"),
        ({"text": "x" * 601}, "text", "text_wrong"),
        ({"case": "a case with words"}, "case", "case_wrong"),
        ({"categories": []}, "categories", "categories_required"),
        ({"categories": ["no.such"]}, "categories", "categories_required"),
        ({"categories": [f"no.{n}" for n in range(9)]}, "categories", "categories_many"),
        ({"minutes": 31}, "minutes", "minutes_required"),
        ({"minutes": 0}, "minutes", "minutes_required"),
        ({"minutes": 480}, "minutes", "minutes_required"),
    ],
)
def test_a_request_says_why_for_what_and_how_long_within_bounds(
    cast: Cast, three: tuple[Officer, Officer, Officer], changed: dict[str, Any], field: str, code: str
) -> None:
    before = len(cast.aino.entries())
    with pytest.raises(InvalidInput) as wrong:
        ask(three[0], cast.aino, **changed)
    assert wrong.value.fields == {field: code} and len(cast.aino.entries()) == before and max(MINUTES) == 30
    assert not Request.objects.filter(asked_by=three[0].operator.pk).exists()


def test_time_ends_an_approval_at_the_read_and_the_citizen_sees_who_tried(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    late = row.expires_at
    with pytest.raises(ReadRefused) as refused:
        read(asker, row, now=late)
    assert refused.value.code == "approval_over"
    entry = cast.aino.entries()[-1]
    assert (entry.event, entry.decision, entry.permit_id) == ("aurora:break_glass:refused", "approval_over", None)
    assert told(cast.aino, row)[-1][1]["reader"] == str(asker.operator.pk) and alarms(asker) == ["read_refused"]
    assert not Read.objects.filter(request=row).exists()


@pytest.mark.parametrize("by", [0, 1])
def test_either_of_the_two_ends_it_early_and_then_nothing_is_read(cast: Cast, three: tuple[Officer, Officer, Officer], by: int) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    assert read(asker, row).facts
    break_glass.end(operator=three[by].operator, request_id=row.pk, now=timezone.now())
    with pytest.raises(ReadRefused) as refused:
        read(asker, row)
    assert refused.value.code == "approval_over"
    with pytest.raises(Conflict):
        break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())


def test_only_who_asked_reads_only_what_was_agreed_and_each_form_once(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    third = officer(Role.PRIVACY_OFFICER)
    row, form = approved(asker, decider, cast.aino), uuid4()
    for who in (decider, third):
        with pytest.raises(ReadRefused) as refused:
            read(who, row)
        assert refused.value.code == "another_operator"
    for categories in ((PERSON,), (HOUSEHOLD, PERSON)):
        with pytest.raises(ReadRefused) as refused:
            read(asker, row, *categories)
        assert refused.value.code == "beyond_approval"
    assert read(asker, row, read_id=form).facts
    with pytest.raises(ReadRefused) as refused:
        read(asker, row, read_id=form)
    assert refused.value.code == "read_twice"
    for none in ((), ("no.such",)):
        with pytest.raises(InvalidInput):
            break_glass.read(operator=asker.operator, request_id=row.pk, read_id=uuid4(), categories=none, now=timezone.now())
    assert actions(cast.aino, row) == ["requested", "approved", *["refused"] * 4, "read", "refused"]
    with pytest.raises(NotForThisRole):
        break_glass.end(operator=third.operator, request_id=row.pk, now=timezone.now())
    third.operator.delete()


def test_an_entry_that_cannot_be_written_shows_nothing(
    cast: Cast, three: tuple[Officer, Officer, Officer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read is in the transaction of its entry: what stops the one stops the other, and what fails after it takes the entry back."""
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    before = len(cast.aino.entries())
    monkeypatch.setattr(changes, "note_read", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read(asker, row)
    assert len(cast.aino.entries()) == before and not Read.objects.filter(request=row).exists()


def test_a_role_that_was_taken_away_counts_no_more_whatever_the_session_holds(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, reviewer = three
    row = approved(asker, decider, cast.aino)
    waits = ask(asker, cast.aino)
    for one in three:
        type(one.operator).objects.filter(pk=one.operator.pk).update(roles=["operations"])
    now = timezone.now()
    deeds: list[Any] = [
        lambda: read(asker, row),
        lambda: ask(asker, cast.aino),
        lambda: break_glass.approve(operator=decider.operator, request_id=waits.pk, who=cast.aino.national_id, now=now),
        lambda: break_glass.decline(operator=decider.operator, request_id=waits.pk, now=now),
        lambda: break_glass.end(operator=asker.operator, request_id=row.pk, now=now),
        lambda: break_glass.review(operator=reviewer.operator, request_id=row.pk, verdict="justified", text="It was all right.", now=now),
    ]
    for deed in deeds:
        with pytest.raises(NotForThisRole):
            deed()
    assert actions(cast.aino, row) == ["requested", "approved"]


def test_a_day_and_a_person_have_their_measure_and_who_wants_more_is_an_alarm(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    for _n in range(OPEN_AT_ONCE):
        ask(asker, cast.aino)
    with pytest.raises(TooMany) as refused:
        ask(asker, cast.aino)
    assert refused.value.code == "open_at_once" and alarms(asker) == ["open_at_once"]
    for _n in range(OPEN_AT_ONCE, REQUESTS_A_DAY):
        break_glass.decline(operator=decider.operator, request_id=Request.objects.filter(state="asked").first().pk, now=timezone.now())  # type: ignore[union-attr]
        ask(asker, "S000000-1")
    for row in Request.objects.filter(state="asked"):
        break_glass.decline(operator=decider.operator, request_id=row.pk, now=timezone.now())
    with pytest.raises(TooMany) as refused:
        ask(asker, cast.aino)
    assert refused.value.code == "requests_a_day" and alarms(asker)[-1] == "requests_a_day"
    assert ask(decider, cast.aino).pk, "of each operator their own"
    for row in Request.objects.filter(asked_by=asker.operator.pk):
        age(row, timedelta(days=1))
    assert ask(asker, cast.aino).pk


def test_the_same_form_sent_again_is_the_same_request_and_nobody_elses(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    form = uuid4()
    first, again = ask(asker, cast.aino, request_id=form), ask(asker, cast.aino, request_id=form)
    assert first.pk == again.pk and actions(cast.aino, first) == ["requested"]
    with pytest.raises(Conflict):
        ask(decider, cast.aino, request_id=form)


def test_a_request_lapses_when_nobody_decides_within_a_day(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = ask(asker, cast.aino)
    age(row, WAITS)
    for deed in (lambda: approved_by(decider, row, cast.aino.national_id), lambda: break_glass.decline(operator=decider.operator, request_id=row.pk, now=timezone.now())):  # fmt: skip
        with pytest.raises(Conflict):
            deed()


def test_who_asked_or_agreed_does_not_review_and_nobody_before_it_is_over(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, reviewer = three
    for one in (asker, decider):
        type(one.operator).objects.filter(pk=one.operator.pk).update(roles=["privacy_officer", "auditor"])
    row = approved(asker, decider, cast.aino)

    def judged(by: Officer, **changes: str) -> None:
        given = {"verdict": "justified", "text": "I looked at the case.", **changes}
        break_glass.review(operator=by.operator, request_id=row.pk, now=timezone.now(), **given)

    with pytest.raises(Conflict):
        judged(reviewer)
    break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())
    for one in (asker, decider):
        with pytest.raises(SamePerson):
            judged(one)
    for wrong in ({"verdict": ""}, {"verdict": "perhaps"}, {"text": "fine"}):
        with pytest.raises(InvalidInput):
            judged(reviewer, **wrong)
    assert queries.unreviewed(now=timezone.now()).filter(pk=row.pk).exists()
    assert not queries.overdue(now=timezone.now()).filter(pk=row.pk).exists()
    age(row, REVIEW_WITHIN)
    assert queries.overdue(now=timezone.now()).filter(pk=row.pk).exists()
    judged(reviewer)
    assert not queries.unreviewed(now=timezone.now()).filter(pk=row.pk).exists()


@pytest.mark.parametrize("when", ["before the decision", "before the read", "before the review"])
def test_somebody_who_was_erased_meanwhile_is_nobody(cast: Cast, three: tuple[Officer, Officer, Officer], when: str) -> None:
    asker, decider, reviewer = three
    person = cast.cecilia
    row = ask(asker, person)
    if when != "before the decision":
        row = break_glass.approve(operator=decider.operator, request_id=row.pk, who=person.national_id, now=timezone.now())
    with citizen_scope(person.id):
        kept = DataKey.objects.filter(pk=person.id).values().get()
        vault.destroy_key(citizen_id=person.id)
    entries = len(person.entries())
    try:
        if when == "before the decision":
            assert approved_by(decider, row, person.national_id) == "nobody"
        if when == "before the read":
            with pytest.raises(ReadRefused):
                read(asker, row)
        if when == "before the review":
            break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())
            break_glass.review(
                operator=reviewer.operator, request_id=row.pk, verdict="not_justified", text="Too late to tell.", now=timezone.now()
            )
        other = ask(asker, person)
        assert queries.subject_of(other.pk) is None, "asked for anew, they are as unknown as anybody"
        assert len(person.entries()) == entries and Read.objects.count() == 0
    finally:
        with citizen_scope(person.id):
            DataKey.objects.create(**kept)


def test_with_an_erased_citizen_goes_whose_it_was_and_every_word_and_the_request_stays(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    asker, decider, reviewer = three
    row = approved(asker, decider, cast.cecilia)
    other = ask(asker, cast.aino)
    break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())
    break_glass.review(operator=reviewer.operator, request_id=row.pk, verdict="justified", text="It was all right.", now=timezone.now())
    with pytest.raises(DatabaseError, match="not asked for"), citizen_scope(cast.cecilia.id):
        changes.erase(citizen_id=cast.cecilia.id)
    with erasure_due(cast.cecilia), citizen_scope(cast.cecilia.id):
        assert changes.erase(citizen_id=cast.cecilia.id) == 1
        with pytest.raises(DatabaseError, match="outside the scope"), citizen_scope(cast.cecilia.id):
            changes.erase(citizen_id=cast.aino.id)
    row.refresh_from_db()
    assert queries.subject_of(row.pk) is None and break_glass.reason_of(row) == break_glass.review_of(row) == ""
    assert row.verdict == "justified" and queries.subject_of(other.pk) == cast.aino.id and break_glass.reason_of(other) == TEXT


def test_of_two_decisions_at_once_one_counts(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    third = officer(Role.PRIVACY_OFFICER)
    row, start, done = ask(asker, cast.aino), Barrier(2), []

    def decides(deed: Any) -> None:
        start.wait(timeout=60)
        try:
            done.append(deed())
        except Conflict:
            done.append(None)
        finally:
            connection.close()

    deeds = (
        lambda: break_glass.approve(operator=decider.operator, request_id=row.pk, who=cast.aino.national_id, now=timezone.now()).state,
        lambda: break_glass.decline(operator=third.operator, request_id=row.pk, now=timezone.now()).state,
    )
    threads = [Thread(target=decides, args=[deed]) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=120)
    row.refresh_from_db()
    assert len(done) == 2 and [state for state in done if state] == [row.state]
    assert actions(cast.aino, row) == ["requested", row.state]
    third.operator.delete()


def test_a_request_that_does_not_exist_is_not_found(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, _, reviewer = three
    nobody, now = uuid4(), timezone.now()
    deeds: list[Any] = [
        lambda: break_glass.approve(operator=asker.operator, request_id=nobody, who="S000000-3", now=now),
        lambda: break_glass.decline(operator=asker.operator, request_id=nobody, now=now),
        lambda: break_glass.end(operator=asker.operator, request_id=nobody, now=now),
        lambda: break_glass.review(operator=reviewer.operator, request_id=nobody, verdict="justified", text="It was all right.", now=now),
        lambda: break_glass.read(operator=asker.operator, request_id=nobody, read_id=uuid4(), categories=[HOUSEHOLD], now=now),
    ]
    for deed in deeds:
        with pytest.raises(NotFound):
            deed()


def test_a_citizen_takes_along_who_asked_for_their_data_and_why(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    read(asker, row)
    ask(asker, cast.cecilia)
    [mine] = everything(cast.aino.id)["break_glass"]
    assert (mine["@id"], mine["reason"], mine["case"], mine["state"], mine["text"]) == (
        f"urn:uuid:{row.pk}",
        "citizen_asked",
        "2026/4711",
        "approved",
        TEXT,
    )
    assert mine["reads"][0]["categories"] == [f"urn:aurora:category:{HOUSEHOLD}"]
