"""What an attorney looks at is told to the person, and what was said of suggestions from beyond the themes is not told to the attorney."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from aurora.journeys import erase, give_feedback, withdraw
from consent.ledger.models import LedgerEntry
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.mandated import acting, attorney, consented, mandate, post, principal

PAGE, UNDO = "/en/suggestions/", "/en/suggestions/feedback/undo/"


def suggested() -> Person:
    """Somebody who lets suggestions be made from the register and the tax administration."""
    person = principal()
    for source in (REGISTER, TAX):
        consented(person, source, purpose="service-suggestions")
    return person


def page_of(face: Client) -> Any:
    return face.get(PAGE).context["page"]  # type: ignore[attr-defined]


def looks(person: Person, since: int) -> list[LedgerEntry]:
    return [entry for entry in person.entries()[since:] if entry.event == "citizen:twin:viewed"]


def no_more_from(person: Person, source: str) -> None:
    """The person lets suggestions be made from it no longer."""
    [given] = [c for c in person.consents(state="given") if c.purpose_id == "service-suggestions" and c.source.code == source]
    withdraw.end(citizen_id=person.id, consent_id=given.pk, now=timezone.now())


def set_aside(person: Person) -> str:
    view: Any = page_of(person.browser())
    service: str = view.suggestions[0].code
    give_feedback.give(
        citizen_id=person.id, run_id=UUID(view.run_id), service=service, kind="not_for_me", why="have_it", now=timezone.now()
    )  # fmt: skip
    return service


def test_each_look_at_suggestions_for_another_stands_in_the_persons_log_with_who_looked(cast: Cast) -> None:
    aamu, valto = suggested(), attorney()
    own = page_of(aamu.browser())
    before = len(aamu.entries())
    page_of(aamu.browser())
    assert aamu.entries()[before:] == [], "one's own second look is no access"
    face = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    before, his = len(aamu.entries()), len(valto.entries())
    assert page_of(face).run_id == own.run_id
    assert face.get(f"{PAGE}why/{own.suggestions[0].code}/").status_code == 200
    seen = looks(aamu, before)
    assert [sorted(entry.categories) for entry in seen] == [sorted(entry.categories) for entry in seen[:1]] * 2 and seen[0].categories
    days: Any = aamu.browser().get("/en/activity/").context["page"].days  # type: ignore[attr-defined]
    newest = next(e for day in days for e in day.entries)
    assert newest.title == "An attorney or guardian looked at the data" and newest.who["en"] == f"{valto.name}, as attorney"
    assert len(valto.entries()) == his, "the attorney's own log stays theirs"


def test_suggestions_that_are_made_because_an_attorney_looks_tell_of_the_look_too(cast: Cast) -> None:
    aamu, valto = suggested(), attorney()
    face = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    before = len(aamu.entries())
    assert page_of(face).allowed
    assert [entry.event for entry in aamu.entries()[before:]] == ["aurora:twin:suggested", "citizen:twin:viewed"]


def test_what_was_set_aside_of_more_than_the_themes_is_not_told_nor_to_be_guessed(cast: Cast) -> None:
    """ "I have it already" of a service that the register's facts suggested is a fact that the tax themes do not reach."""
    aamu, valto = suggested(), attorney()
    service = set_aside(aamu)
    no_more_from(aamu, REGISTER)
    face = acting(valto, mandate(aamu, valto, "taxation", "housing"))
    assert page_of(face).allowed and page_of(face).set_aside == ()
    form = {"kind": "not_for_me", "for": page_of(face).suggestions[0].feedback.whom}
    answers = [post(face, UNDO, service=one, **form) for one in (service, "no-such-service")]
    assert [a.status_code for a in answers] == [302, 302], "and no answer says which it was"
    assert give_feedback.hidden(citizen_id=aamu.id) == {service}, "nothing of it was taken back"
    assert [one.service for one in page_of(aamu.browser()).set_aside] == [service]
    whole = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    assert page_of(whole).set_aside == (), "of a run that is gone nobody knows any more what it was made from"


def test_what_was_set_aside_within_the_themes_is_told(cast: Cast) -> None:
    aamu, valto = suggested(), attorney()
    face = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    service = set_aside(aamu)
    assert [one.service for one in page_of(face).set_aside] == [service]
    view = page_of(face)
    said = {"run": view.run_id, "for": view.suggestions[0].feedback.whom, "why": "situation"}
    own = view.suggestions[0].code
    assert post(face, f"{PAGE}not-for-me/{view.run_id}/{own}/", **said).status_code == 302
    no_more_from(aamu, REGISTER)
    assert [(one.service, one.by_other) for one in page_of(face).set_aside] == [(own, True)], "what they said themself they may take back"
    assert post(face, UNDO, service=own, kind="not_for_me", **{"for": said["for"]}).status_code == 302
    assert give_feedback.hidden(citizen_id=aamu.id) == {service}


def test_who_leaves_acts_for_nobody_and_can_call_it_off(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    erase.everything(citizen_id=valto.id, language="en", now=timezone.now())
    for path in ("/en/consents/", "/en/activity/", "/en/leave/", "/en/help/"):
        answer = face.get(path)
        assert answer.status_code == 200 and aamu.name.encode() not in answer.content, path


def test_for_who_leaves_nobody_acts(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    page: Any = face.get("/oauth/authorize", query).context["page"]  # type: ignore[attr-defined]
    erase.everything(citizen_id=aamu.id, language="en", now=timezone.now())
    answer = post(face, "/oauth/authorize", **dict(page.hidden), decision="allow", categories=["tax.income"])
    assert answer.status_code == 403 and aamu.name.encode() not in answer.content
    assert not aamu.consents(recipient__code=cast.office.client_id)
