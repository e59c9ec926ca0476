"""When custody ends, what a child is told whose guardian may act no longer, and what pages and letters say of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from aurora.journeys import act_for, delegate
from aurora.journeys.withdraw import end
from aurora.portal.present import mandates as present
from consent import days, mandates
from consent.models import Mandate
from consent.rules.mandates import Deed, eighteenth_birthday
from consent.scope import citizen_scope
from tests.portal.test_guardians import as_child, born, child, guardian, mandates_of, told
from tests.portal.test_mandate_letters import letter
from tests.portal.test_mandates import form
from tests.support.cast import Cast
from tests.support.mandated import mandate, offered, post, somebody, stands, terms


@pytest.mark.parametrize("last", [-1, 0], ids=["the-day-before", "the-birthday"])
@pytest.mark.parametrize("swept", [0, 5], ids=["at-once", "later"])
def test_custody_until_18_freezes_whenever_it_is_asked(cast: Cast, last: int, swept: int) -> None:
    ward = child(18, more=-1)
    adult = eighteenth_birthday(ward.born)
    hanna = guardian()
    told(hanna, replace(ward, ends=adult + timedelta(days=last)))
    (made,) = mandates_of(hanna)
    now = days.start_of(adult + timedelta(days=swept)) + timedelta(hours=3)
    with citizen_scope(made.principal_id):
        assert made.pk in [m for m, _ in mandates.due(now=now, most=500)]
    delegate._settle(made.pk, made.principal_id, now)
    assert mandates_of(hanna)[0].state == "frozen"


def test_custody_that_ended_before_18_is_over(cast: Cast) -> None:
    ward = child(18, more=-3)
    hanna = guardian()
    told(hanna, replace(ward, ends=days.today()))
    (made,) = mandates_of(hanna)
    delegate._settle(made.pk, made.principal_id, days.start_of(eighteenth_birthday(ward.born)) + timedelta(days=1))
    assert mandates_of(hanna)[0].state == "ended"


def test_a_child_whose_guardian_may_not_act_is_not_sent_to_them(cast: Cast) -> None:
    hanna, ville, lilli, adult = guardian(), guardian("Ville Huoltaja"), child(17), somebody("Aino Aikuinen")
    told(hanna, lilli)
    told(ville, lilli)
    face = as_child(hanna, lilli).browser()
    for person, status in ((hanna, 403), (ville, 302)):
        (basis,) = [c for c in person.consents(state="given") if c.purpose_id == "acting-for-child"]
        end(citizen_id=person.id, consent_id=basis.pk, now=timezone.now())
        answer = post(face, "/en/mandates/offer/", **form(adult))
        assert answer.status_code == status, person.name
        assert (b"a guardian must do this for you" in answer.content) == (status == 403)


def test_a_substitute_of_a_minor_attorney_acts_for_nobody(cast: Cast) -> None:
    from aurora.identity import citizens
    from aurora.identity.eid import Identified
    from tests.support.cast import Person

    hanna, lilli, aamu, sijo = guardian(), child(16), somebody("Aamu Päämies"), somebody("Sijo Sijainen")
    named = Identified(citizens.national_issuer(), lilli.national_id, lilli.name)
    little = Person(citizens.find_or_create(identified=named, language="en", now=timezone.now()), lilli.name, lilli.national_id)
    above = mandate(aamu, little, may_delegate=True)
    below = delegate.pass_on(attorney_id=little.id, mandate_id=above, identifier=sijo.national_id, terms=terms(), now=timezone.now())
    delegate.collect(citizen_id=sijo.id, now=timezone.now())
    delegate.answer(citizen_id=sijo.id, mandate_id=below, accept=True, now=timezone.now())
    assert stands(sijo, below)
    told(hanna, lilli)
    assert not stands(little, above) and not stands(sijo, below)
    with citizen_scope(little.id):
        assert mandates.own_fault(citizen_id=little.id, deed=Deed.GIVE, now=timezone.now())


def test_the_last_day_is_whichever_comes_first_in_card_and_letter(cast: Cast) -> None:
    hanna, ward = guardian(), child(17)
    adult = eighteenth_birthday(ward.born)
    told(hanna, replace(ward, ends=adult + timedelta(days=200)))
    (seen,) = act_for.of_citizen(citizen_id=hanna.id, now=timezone.now()).seen
    with translation.override("en"):
        assert present.card(seen).until == adult - timedelta(days=1)
    assert "until they turn 18" in letter(hanna) and "until you turn 18" in letter(as_child(hanna, ward))
    ville, young = guardian("Ville Huoltaja"), replace(child(8), ends=days.today() + timedelta(days=30))
    told(ville, young)
    from aurora.ui import formats

    for language, person in (("en", ville), ("fi", ville), ("sv", as_child(ville, young))):
        with translation.override(language):
            last = formats.day(young.ends)  # type: ignore[arg-type]
        said = letter(person, language=language)
        assert last in said and "18" not in said.replace(last, ""), said


def test_what_a_grown_child_is_told_of_one_guardian_holds_while_the_other_acts(cast: Cast) -> None:
    ward = child(18, more=-1)
    hanna, ville = guardian(), guardian("Ville Huoltaja")
    told(hanna, ward)
    told(ville, ward)
    lilli = as_child(hanna, ward)
    now = days.start_of(eighteenth_birthday(ward.born)) + timedelta(hours=1)
    with citizen_scope(lilli.id):
        Mandate.objects.filter(principal_id=lilli.id).update(freezes_at=timezone.now() - timedelta(seconds=1))
    delegate.sweep(now=now)
    delegate.reconfirm(citizen_id=lilli.id, mandate_id=mandates_of(hanna)[0].pk, terms=terms(), now=timezone.now())
    delegate.collect(citizen_id=hanna.id, now=timezone.now())
    offer = next(m for m in mandates_of(hanna) if m.kind == "power_of_attorney")
    delegate.answer(citizen_id=hanna.id, mandate_id=offer.pk, accept=True, now=timezone.now())
    assert stands(hanna, offer.pk)
    said = lilli.browser().get("/en/mandates/").content.decode()
    assert "Waiting for your decision" in said and "nobody acts for you" not in said
    assert "nobody acts for them" not in ville.browser().get("/en/mandates/").content.decode()


def test_the_page_of_withdrawing_says_that_nobody_acts_for_the_children_any_longer(cast: Cast) -> None:
    hanna = guardian()
    (basis,) = [c for c in hanna.consents(state="given") if c.purpose_id == "acting-for-child"]
    page = hanna.browser().get(f"/en/consents/{basis.pk}/withdraw/").context["page"]  # type: ignore[attr-defined]
    assert "You can no longer act for the children whose guardian you are." in page.consequences


def test_what_an_attorney_is_promised_to_be_told_is_what_the_log_tells(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), somebody("Valto Valtuutettu")
    shown = valto.browser().get(f"/en/mandates/{offered(aamu, valto)}/").content.decode()
    assert "everything that you do" not in shown and "when you begin to act or look at the data" in shown
    assert born(18)
