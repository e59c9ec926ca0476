"""What the two sides of a mandate are written: what has changed, and who the other is. Each in a whole sentence, in three languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from aurora.journeys import delegate
from aurora.journeys.delegate import Terms
from aurora.messages import letters, outbox
from aurora.ui import letters as sentences
from consent import days
from consent.rules.mandates import eighteenth_birthday
from consent.scope import citizen_scope
from tests.portal import test_estates as estates
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support.cast import Cast, Person
from tests.support.mandated import attorney, mandate, offered, somebody, terms


def letter(person: Person, *, language: str = "en") -> str:
    """What the newest message about a mandate says."""
    with citizen_scope(person.id):
        newest = outbox.for_citizen(citizen_id=person.id).filter(kind="mandate_changed").first()
        assert newest is not None
        return " ".join(letters.compose(outbox.open_row(newest), language=language).sentences)


def test_of_a_power_of_attorney(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = mandate(aamu, valto)
    assert letter(aamu).startswith("Valto Valtuutettu accepted the power of attorney")
    assert letter(aamu, language="fi").startswith("Valto Valtuutettu hyväksyi valtuutuksen")
    assert letter(aamu, language="sv").startswith("Valto Valtuutettu godkände fullmakten")
    delegate.revoke(citizen_id=aamu.id, mandate_id=made, now=timezone.now())
    assert letter(valto).startswith("Aamu Päämies ended your right to act for them.")
    delegate.revoke(citizen_id=valto.id, mandate_id=mandate(aamu, valto), now=timezone.now())
    assert letter(aamu).startswith("Valto Valtuutettu gave up the right to act for you.")
    delegate.answer(citizen_id=valto.id, mandate_id=offered(aamu, valto), accept=False, now=timezone.now())
    assert letter(aamu).startswith(f"{valto.national_id} declined the power of attorney."), "as it was typed in"


def test_of_a_substitute_whom_the_attorney_ends(cast: Cast) -> None:
    """Told to both, and true of both: it was neither of them who ended it."""
    aamu, valto, sija = somebody("Aamu Päämies"), attorney(), somebody("Sija Sijainen")
    made = mandate(aamu, valto, may_delegate=True)
    below = delegate.pass_on(attorney_id=valto.id, mandate_id=made, identifier=sija.national_id, terms=terms(), now=timezone.now())
    delegate.collect(citizen_id=sija.id, now=timezone.now())
    delegate.answer(citizen_id=sija.id, mandate_id=below, accept=True, now=timezone.now())
    delegate.revoke(citizen_id=valto.id, mandate_id=made, child=below, now=timezone.now())
    assert letter(aamu).startswith("The right of Sija Sijainen to act for you was ended.")
    assert letter(sija).startswith("Your right to act for Aamu Päämies was ended.")


def test_of_a_guardian(cast: Cast) -> None:
    hanna, lilli = guardian(), child(18, more=-1)
    told(hanna, lilli)
    little = as_child(hanna, lilli)
    assert "you are the guardian of Lilli Lapsi" in letter(hanna) and "Hanna Huoltaja is your guardian" in letter(little)
    birthday = eighteenth_birthday(lilli.born)
    delegate.sweep(now=days.start_of(birthday))
    assert letter(hanna).startswith("Lilli Lapsi has turned 18") and letter(little).startswith("You have turned 18, so Hanna Huoltaja")
    (made,) = mandates_of(hanna)
    later, goes_on = days.start_of(birthday) + timedelta(hours=1), Terms(("taxation",), birthday, birthday + timedelta(days=60))
    delegate.reconfirm(citizen_id=little.id, mandate_id=made.pk, terms=goes_on, now=later)
    assert "wants you to go on as their attorney" in letter(hanna)


def test_of_an_estate(cast: Cast) -> None:
    dead, heir, _ = estates.administered()
    assert f"you administer the estate of {dead.name}" in letter(heir)
    estates.told(heir)
    assert letter(heir).startswith(f"Your right to handle the estate of {dead.name}")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_each_change_has_a_sentence_of_its_own_that_names_the_other(language: str) -> None:
    with translation.override(language):
        said = [" ".join(sentences.mandate_changed(side, change, "Aamu Päämies")) for side, change in sorted(sentences.MANDATE_CHANGES)]
    assert len(set(said)) == len(said) and all("Aamu Päämies" in one and one.endswith(".") for one in said)
    assert sentences.mandate_changed("", "accepted", "Aamu Päämies") == (), "written before there were sides"
