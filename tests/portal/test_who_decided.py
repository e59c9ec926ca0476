"""A consent's history says who decided: the reader, the person, or whoever acts for them, by name only to those who may know it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.utils import timezone

from aurora.journeys.withdraw import end
from tests.portal.test_acting import allowed
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support.cast import TAX, Cast
from tests.support.mandated import acting, attorney, mandate, post, principal


def history(face: Client, consent: Any) -> list[str]:
    page: Any = face.get(f"/en/consents/{consent.pk}/").context["page"]  # type: ignore[attr-defined]
    return [event.text for event in page.history]


def test_of_an_attorney_the_person_reads_the_name_and_the_attorney_their_own(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    assert allowed(cast, face).status_code == 303
    given = aamu.consents(state="given", recipient__code="benefits-office")[-1]
    said = ["This consent was given by Valto Valtuutettu, as attorney."]
    assert history(aamu.browser(), given) == history(face, given) == said
    assert post(face, f"/en/consents/{given.pk}/withdraw/", decision="withdraw").status_code == 200
    assert history(aamu.browser(), given)[-1] == "This consent was withdrawn by Valto Valtuutettu, as attorney."
    own = next(c for c in aamu.consents(state="given") if c.source and c.source.code == TAX)
    end(citizen_id=aamu.id, consent_id=own.pk, categories=["tax.income"], now=timezone.now())
    parts = ["This consent was given by Aamu Päämies.", "A part of this consent was withdrawn by Aamu Päämies."]
    assert history(face, own) == parts
    assert history(aamu.browser(), own)[0] == "You gave this consent."


def test_of_another_guardian_one_reads_that_somebody_did_it(cast: Cast) -> None:
    hanna, ville, lilli = guardian(), guardian("Ville Huoltaja"), child()
    told(hanna, lilli)
    told(ville, lilli)
    mother, father = (acting(p, mandates_of(p)[0].pk) for p in (hanna, ville))
    assert allowed(cast, mother).status_code == 303
    little = as_child(hanna, lilli)
    given = little.consents()[-1]
    assert history(father, given) == ["This consent was given by Somebody else, as guardian."]
    assert history(little.browser(), given) == ["This consent was given by Hanna Huoltaja, as guardian."]
