"""Keeping what was fetched, and deleting it later, over HTTP: by the citizen; not by a stranger, an attorney, or whoever sends an odd form."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.twin.models import Fact
from consent.purposes import bound
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, Cast, Person, browser
from tests.support.mandated import acting, attorney, mandate, post, principal
from tests.withdrawals.told import HOUSEHOLD, entries, granted

PERSON = "population.person"
FORGET = "/en/my-data/forget/"


def held(person: Person, category: str = HOUSEHOLD) -> int:
    with citizen_scope(person.id):
        return Fact.objects.filter(citizen_id=person.id, category=category, superseded_at__isnull=True).count()


def withdraw_all(person: Person, face: Any, **form: str) -> Any:
    """Every consent at the register, by its page; the last answer."""
    mine = [c for c in person.consents(state="given") if c.source and c.source.code == REGISTER]
    assert mine
    mine.sort(key=lambda c: c.purpose_id not in bound())  # those with data that nobody pulled first: the last one has what is kept
    return [post(face, f"/en/consents/{c.pk}/withdraw/", decision="withdraw", **form) for c in mine][-1]


def test_unticked_means_deleted_and_any_other_word_than_yes_is_unticked(cast: Cast) -> None:
    person = cast.cecilia
    for form in ({}, {"keep": "on"}, {"keep": "no"}, {"keep": "YES"}):
        person.connect(REGISTER)
        assert held(person)
        answer = withdraw_all(person, person.browser(), **form)
        assert answer.status_code == 200 and not answer.context["page"].kept
        assert held(person) == 0, form
        assert "is deleted from Aurora" in answer.content.decode()


def test_what_is_kept_is_shown_as_kept_and_deleted_by_its_button(cast: Cast) -> None:
    person = cast.cecilia
    person.connect(REGISTER)
    face = person.browser()
    page = face.get(f"/en/consents/{next(c.pk for c in person.consents(state='given') if c.source)}/withdraw/")
    assert b'name="keep"' in page.content and b"checked" not in page.content
    answer = withdraw_all(person, face, keep="yes")
    assert answer.context["page"].kept and "stays in My data" in answer.content.decode()
    assert "is erased" not in answer.content.decode(), "one page does not say both"
    shown = face.get("/en/my-data/").content.decode()
    assert shown.count(f'action="{FORGET}"') >= 2 and held(person) and held(person, PERSON)

    gone = post(face, FORGET, category=HOUSEHOLD, source=REGISTER)
    assert gone.status_code == 302 and gone["Location"] == "/en/my-data/"
    assert held(person) == 0 and held(person, PERSON), "this one only"
    assert post(face, FORGET, category=HOUSEHOLD, source=REGISTER).status_code == 404, "there is nothing any more"
    with citizen_scope(person.id):
        assert not Fact.objects.filter(citizen_id=person.id, category=HOUSEHOLD).exists(), "past versions too"
    post(face, FORGET, category=PERSON, source=REGISTER)


@pytest.mark.parametrize(
    "form",
    [{}, {"category": HOUSEHOLD}, {"category": HOUSEHOLD, "source": "tax-administration"}, {"category": "no.such", "source": REGISTER},
     {"category": "\x00", "source": REGISTER}, {"category": HOUSEHOLD + "x" * 500, "source": REGISTER}],
)  # fmt: skip
def test_an_odd_form_deletes_nothing(cast: Cast, form: dict[str, str]) -> None:
    person = cast.cecilia
    person.connect(REGISTER)
    withdraw_all(person, person.browser(), keep="yes")
    assert post(person.browser(), FORGET, **form).status_code == 404 and held(person) > 0


def test_what_is_fetched_on_a_consent_cannot_be_deleted_by_that_button(cast: Cast) -> None:
    person = cast.cecilia
    person.connect(REGISTER)
    assert f'action="{FORGET}"' not in person.browser().get("/en/my-data/").content.decode()
    assert post(person.browser(), FORGET, category=HOUSEHOLD, source=REGISTER).status_code == 404 and held(person) > 0


def test_a_stranger_keeps_and_deletes_nothing_of_anothers(cast: Cast) -> None:
    person = cast.cecilia
    person.connect(REGISTER)
    mine = next(c for c in person.consents(state="given") if c.source)
    stranger = cast.aino.browser()
    assert post(stranger, f"/en/consents/{mine.pk}/withdraw/", decision="withdraw", keep="yes").status_code == 404
    assert [c.state for c in person.consents(pk=mine.pk)] == ["given"]
    withdraw_all(person, person.browser(), keep="yes")
    before = held(cast.aino)
    assert post(stranger, FORGET, category=HOUSEHOLD, source=REGISTER).status_code == 404
    assert post(browser(), FORGET, category=HOUSEHOLD, source=REGISTER).status_code == 302, "to sign in"
    assert held(person) > 0 and held(cast.aino) == before
    strict = person.browser(enforce_csrf_checks=True)
    assert post(strict, FORGET, category=HOUSEHOLD, source=REGISTER).status_code == 403 and held(person) > 0


def test_an_attorney_withdraws_within_the_mandate_and_never_deletes_what_the_other_kept(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    mine = next(c for c in aamu.consents(state="given") if c.source and c.source.code == REGISTER)
    withdraw_all(aamu, aamu.browser(), keep="yes")
    assert held(aamu) > 0 and mine.pk
    face = acting(valto, mandate(aamu, valto, "family", "taxation"))
    assert f'action="{FORGET}"' not in face.get("/en/my-data/").content.decode()
    answer = post(face, FORGET, category=HOUSEHOLD, source=REGISTER)
    assert answer.status_code == 403 and held(aamu) > 0


def test_a_consent_to_an_agency_has_nothing_to_keep(cast: Cast) -> None:
    _, consent = granted(cast)
    face = cast.cecilia.browser()
    assert b'name="keep"' not in face.get(f"/en/consents/{consent.pk}/withdraw/").content
    answer = post(face, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw", keep="yes")
    assert answer.status_code == 200 and not answer.context["page"].kept
    assert len(entries(cast.cecilia, "citizen:consent:withdrawn", consent=consent.pk)) == 1
