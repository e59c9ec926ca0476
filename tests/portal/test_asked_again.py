"""Consents do not stretch, and who is asked again is led by what is different: from the agency's request to the read that follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from aurora.journeys import pull, reconsent
from aurora.messages import outbox
from aurora.sources import pulls
from aurora.sources.models import Connection, Pull
from consent import loading
from consent.loading import SETTLED
from consent.management.commands.load_vocabulary import documents
from consent.models import Agency, ConsentRecord, DataCategoryVersion, MeaningChange
from consent.scope import citizen_scope
from tests.portal.changing import Asking, agreed, ask, decide, redeem
from tests.support.cast import TAX, Cast, Person

HOUSING = "tax.housing"


@pytest.fixture
def asking(cast: Cast) -> Asking:
    MeaningChange.objects.filter(done_at__isnull=True).update(done_at=timezone.now())  # of the tests before
    return Asking()


def headings(page: Any) -> list[str]:
    return [change.heading for change in page.again.changes] if page.again else []


def marks(page: Any) -> dict[str, tuple[str, ...]]:
    return {c.category.code: c.marks for c in page.categories}


def code_of(answer: Any) -> str:
    return "" if answer.status_code == 200 else answer.json()["code"]


def newest(person: Person) -> ConsentRecord:
    with citizen_scope(person.id):
        return ConsentRecord.objects.select_related("notice").filter(citizen_id=person.id).latest("decided_at")


def test_who_is_asked_for_the_first_time_is_told_of_no_difference(asking: Asking, new_person: Person) -> None:
    face = new_person.browser()
    page = ask(asking, face)
    assert page.again is None and not any(marks(page).values())
    decide(face, page, asking.income)
    assert "again" not in newest(new_person).notice.content


def test_one_more_category_leads_the_page_and_nothing_is_ticked(asking: Asking, new_person: Person) -> None:
    agreed(asking, new_person)
    page = ask(asking, new_person.browser(), categories=[asking.income, asking.housing])
    assert headings(page) == ["Data is asked for that was not asked for then: Housing (en)"]
    assert page.again is not None and page.again.changes[0].now == ("Housing of a year. (en)", "Rent (en)")
    assert marks(page) == {asking.income: ("You allow this now",), asking.housing: ("New",)}
    assert {c.category.code: c.same for c in page.categories} == {asking.income: True, asking.housing: False}
    assert not any(c.checked for c in page.categories)
    assert "on_decline" not in page.terms and {"frequency", "in_force", "not_shared", "purpose"} <= page.again.same


def test_what_was_shown_of_the_difference_is_kept_with_the_new_consent(asking: Asking, new_person: Person) -> None:
    agreed(asking, new_person)
    face = new_person.browser()
    page = ask(asking, face, categories=[asking.income, asking.housing])
    assert page.again is not None
    decide(face, page, asking.income, asking.housing)
    record = newest(new_person)
    kept = record.notice.content["again"]
    assert record.notice_id == dict(page.hidden)["notice"] and kept["sentences"] == list(page.again.sentences)
    assert [c["heading"] for c in kept["changes"]] == headings(page)
    assert kept["marks"] == {code: list(labels) for code, labels in marks(page).items()}
    shown = face.get(f"/en/consents/{record.pk}/").content.decode()
    assert headings(page)[0] in shown and page.again.sentences[0] in shown


def test_a_no_leaves_the_earlier_consent_as_it_stands(asking: Asking, new_person: Person) -> None:
    token, face = agreed(asking, new_person)["access_token"], new_person.browser()
    page = ask(asking, face, categories=[asking.income, asking.housing])
    assert "error=access_denied" in decide(face, page, decision="decline")["Location"]
    assert asking.office.read(token, asking.income).status_code == 200
    assert sorted(c.state for c in new_person.consents()) == ["declined", "given"]
    assert headings(ask(asking, face, categories=[asking.income, asking.housing])) == headings(page), "compared with the yes, not the no"


def test_a_new_meaning_of_the_purpose_ends_reads_refreshes_and_tokens(asking: Asking, new_person: Person) -> None:
    held = agreed(asking, new_person)
    asking.load("purpose", meaning=True, description={code: f"It also checks assets. ({code})" for code in ("fi", "sv", "en")})
    refused = asking.office.read(held["access_token"], asking.income)
    assert refused.status_code == 403 and code_of(refused) == "consent_outdated"
    assert new_person.entries()[-1].decision == "consent_outdated"
    for token in (held["access_token"], held["refresh_token"]):
        assert asking.office.post("/oauth/introspect", token=token).json() == {"active": False}  # type: ignore[attr-defined]
    refresh = asking.office.post("/oauth/token", grant_type="refresh_token", refresh_token=held["refresh_token"])
    assert refresh.status_code == 400 and refresh.json()["error"] == "invalid_grant"  # type: ignore[attr-defined]

    face = new_person.browser()
    page = ask(asking, face)
    assert headings(page) == ["The description of what the data is used for is different: Benefit (en)"]
    assert page.again is not None and page.again.changes[0].was == ("The office checks. (en)",)
    assert marks(page) == {asking.income: ()} and "on_decline" in page.terms
    again = redeem(asking, decide(face, page, asking.income))
    assert asking.office.read(again["access_token"], asking.income).status_code == 200


def test_new_words_of_the_purpose_end_nothing_and_are_told(asking: Asking, new_person: Person) -> None:
    token = agreed(asking, new_person)["access_token"]
    asking.load("purpose", meaning=False, description={code: f"The office verifies. ({code})" for code in ("fi", "sv", "en")})
    assert asking.office.read(token, asking.income).status_code == 200
    assert asking.office.post("/oauth/introspect", token=token).json()["active"] is True  # type: ignore[attr-defined]
    page = ask(asking, new_person.browser())
    assert len(headings(page)) == 1 and marks(page) == {asking.income: ("You allow this now",)}


def test_a_category_that_holds_more_is_refused_and_the_others_are_not(asking: Asking, new_person: Person) -> None:
    token = agreed(asking, new_person, categories=[asking.income, asking.housing])["access_token"]
    asking.grow("Wages", "Interest")
    assert code_of(asking.office.read(token, asking.income)) == "consent_outdated"
    assert asking.office.read(token, asking.housing).status_code == 200
    told = asking.office.post("/oauth/introspect", token=token).json()  # type: ignore[attr-defined]
    assert told["active"] is True and told["authorization_details"][0]["categories"] == [asking.housing]
    page = ask(asking, new_person.browser(), categories=[asking.income, asking.housing])
    assert headings(page) == ["A kind of data now contains more: Income (en)"]
    assert page.again is not None and page.again.changes[0].now == ("Interest (en)",)
    assert marks(page) == {asking.income: ("Changed",), asking.housing: ("You allow this now",)}


def test_an_office_with_a_new_name_may_go_on_and_one_merged_into_another_may_not(asking: Asking, new_person: Person) -> None:
    token, face = agreed(asking, new_person)["access_token"], new_person.browser()
    renamed = {code: f"Bureau ({code})" for code in ("fi", "sv", "en")}
    asking.load("agency", meaning=False, name=renamed)
    assert asking.office.read(token, asking.income).status_code == 200 and asking.agency.name == renamed
    assert headings(ask(asking, face)) == ["The name of who asks is different"]

    asking.load("agency", meaning=True, legal_name="Agency of All", business_id="0000009-4")
    assert code_of(asking.office.read(token, asking.income)) == "consent_outdated"
    page = ask(asking, face)
    assert headings(page) == ["The name of who asks is different", "Who gets the data"]
    assert page.again is not None and "Office of X" in page.again.changes[1].was[0] and "Agency of All" in page.again.changes[1].now[0]
    assert page.terms["identity"].sentences == page.again.changes[1].now


def test_a_version_that_comes_while_the_page_is_open_is_read_before_it_is_agreed_to(asking: Asking, new_person: Person) -> None:
    face = new_person.browser()
    for change in (
        lambda: asking.load("purpose", meaning=True, on_refusal={code: f"By post. ({code})" for code in ("fi", "sv", "en")}),
        lambda: asking.grow("Wages", "Interest"),
        lambda: asking.load("agency", meaning=True, legal_name="Agency of All"),
    ):
        page = ask(asking, face)
        change()
        answer = decide(face, page, asking.income)
        assert answer.status_code == 400 and not new_person.consents()
        assert dict(answer.context["page"].hidden)["notice"] != dict(page.hidden)["notice"]  # type: ignore[attr-defined]


def test_a_consent_of_another_window_is_told_of_before_it_is_replaced(asking: Asking, new_person: Person) -> None:
    face = new_person.browser()
    page = ask(asking, face)
    agreed(asking, new_person)
    answer = decide(face, page, asking.income)
    assert answer.status_code == 400 and answer.context["page"].again is not None  # type: ignore[attr-defined]


def test_texts_in_two_languages_are_compared_in_one(asking: Asking, new_person: Person) -> None:
    agreed(asking, new_person, language="fi")
    face = new_person.browser()
    assert headings(ask(asking, face, language="sv")) == []
    asking.grow("Wages", "Interest")
    before = asking.docs["agency"]["name"]["sv"]
    asking.load("agency", meaning=False, name={code: f"New bureau ({code})" for code in ("fi", "sv", "en")})
    page = ask(asking, face, language="sv", until=(timezone.localdate() + timedelta(days=60)).isoformat(), once=True)
    assert page.again is not None
    assert [c.heading for c in page.again.changes] == [
        "Den som frågar har ett annat namn", "Nu ingår fler uppgifter: Income (sv)", "Hur ofta", "I kraft",
    ]  # fmt: skip
    assert page.again.changes[0].was == (before,) and page.again.changes[1].now == ("Interest (sv)",)


def test_an_ended_consent_is_compared_with_and_not_called_standing(asking: Asking, new_person: Person) -> None:
    agreed(asking, new_person)
    face = new_person.browser()
    face.post(
        f"/en/consents/{new_person.consents()[0].pk}/withdraw/", "decision=withdraw", content_type="application/x-www-form-urlencoded"
    )
    page = ask(asking, face)
    assert page.again is not None and page.again.sentences == (
        "You consented for this purpose before, but that consent has ended: Benefit (en).", "Nothing is different from then.",
    )  # fmt: skip
    assert marks(page) == {asking.income: ()} and "on_decline" in page.terms


def test_the_citizens_pages_say_what_needs_them_and_the_worker_tells_once(asking: Asking, new_person: Person) -> None:
    agreed(asking, new_person, categories=[asking.income, asking.housing])
    asking.grow("Wages", "Interest")
    face = new_person.browser()
    assert [n.kind.value for n in face.get("/en/home/").context["page"].needs].count("reconsent") == 1
    card = face.get("/en/consents/").context["page"].active[0]
    assert [c["en"] for c in card.outdated] == ["Income (en)"] and "what this data contains has changed" in card.renewal

    now = timezone.now() + SETTLED
    assert reconsent.sweep(now=now - SETTLED) == 0, "consents that were being given are waited for"
    assert reconsent.sweep(now=now) == 1 and reconsent.sweep(now=now) == 0
    assert MeaningChange.objects.get(code=asking.income).done_at is not None
    assert told(new_person) == 1
    asking.load("purpose", meaning=True)
    assert reconsent.sweep(now=now + timedelta(minutes=2)) == 1, "what more is left behind is told of too"
    asking.grow("Wages", "Interest", "Dividends")
    assert reconsent.sweep(now=now + timedelta(minutes=4)) == 0, "all of it was told of"
    assert told(new_person) == 2


def told(person: Person) -> int:
    with citizen_scope(person.id):
        return outbox.for_citizen(citizen_id=person.id).filter(kind="reconsent_needed").count()


def test_one_who_cannot_be_told_holds_up_nobody(
    asking: Asking, new_person: Person, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people = [new_person, cast.cecilia]
    for person in people:
        agreed(asking, person)
    asking.load("purpose", meaning=True)
    monkeypatch.setattr(reconsent, "BATCH", 1)
    now, queue = timezone.now() + SETTLED, outbox.queue

    def broken(**message: Any) -> Any:
        if message["citizen_id"] == new_person.id:
            raise RuntimeError("no box")
        return queue(**message)

    with monkeypatch.context() as at:
        at.setattr(outbox, "queue", broken)
        assert reconsent.sweep(now=now) == 1
    assert told(cast.cecilia) == 1 and told(new_person) == 0 and "RuntimeError" in caplog.text
    assert reconsent.sweep(now=now + reconsent.AGAIN - timedelta(seconds=1)) == 0
    assert reconsent.sweep(now=now + reconsent.AGAIN) == 1 and told(new_person) == 1


def test_a_source_is_connected_anew_with_what_is_different(cast: Cast, new_person: Person) -> None:
    new_person.connect(TAX)
    housing = next(d for d in documents("categories") if d["code"] == HOUSING)
    known = DataCategoryVersion.objects.filter(category=HOUSING).latest("version")
    rent = {"type": "integer", "x-label": dict.fromkeys(("fi", "sv", "en"), "Rent paid")}
    grown = housing["schema"] | {"properties": housing["schema"]["properties"] | {"rent": rent}}
    number = known.version + 1
    doc = housing | {"version": number, "binding_since": number, "schema": grown}
    loading.category(doc, source=Agency.objects.get(code=TAX), now=timezone.now())

    face = new_person.browser()
    card = next(s for s in face.get("/en/sources/").context["page"].sources if s.code == TAX)
    assert "what this data contains has changed" in card.renewal
    page = face.get(f"/en/sources/{TAX}/connect/").context["page"]
    assert page.again is not None and [(c.heading, c.now) for c in page.again.changes] == [
        ("A kind of data now contains more: Housing in taxation", ("Rent paid",))
    ]
    beside = {c.category.code: c.marks for c in page.categories}
    assert beside.pop(HOUSING) == ("Changed",) and set(beside.values()) == {("You allow this now",)}
    assert not any(c.checked for c in (*page.categories, *page.purposes))

    assert fetched(new_person, [HOUSING]) == ("cancelled", "consent_outdated")
    refusal = new_person.entries()[-1]
    assert (refusal.event, refusal.decision) == ("aurora:pull:refused", "consent_outdated")
    new_person.connect(TAX)
    assert face.get(f"/en/sources/{TAX}/connect/").context["page"].again.changes == ()
    assert not next(s for s in face.get("/en/sources/").context["page"].sources if s.code == TAX).renewal


def fetched(person: Person, categories: list[str]) -> tuple[str, str]:
    """How a new fetch of these categories ends; the source is not there to be asked."""
    with citizen_scope(person.id):
        connection = Connection.objects.filter(citizen_id=person.id, source__agency__code=TAX).latest("connected_at")
        run = pulls.enqueue(connection=connection, categories=categories, now=timezone.now())
    pull.run(pull_id=run.pk)
    with citizen_scope(person.id):
        done = Pull.objects.get(pk=run.pk)
    return done.state, done.error
