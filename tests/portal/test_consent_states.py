"""What the pages say of a consent: how it ended and by whom, what has been done under it, what its end takes away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.journeys import end_consents
from aurora.journeys.withdraw import end
from aurora.twin import queries as twin
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.mandated import acting, attorney, mandate, post, principal

HOUSEHOLD = "population.household"
ERASED, KEPT = "other consents covers is deleted", "has not kept is deleted"


def given(cast: Cast, person: Person) -> Any:
    cast.office.granted(person)
    return person.consents(state="given", recipient__code=cast.office.client_id)[0]


def read(face: Any, path: str) -> str:
    return re.sub(r"\s+", " ", face.get(f"/en/{path}").content.decode())


def connection(person: Person, source: str = REGISTER) -> Any:
    return next(c for c in person.consents(state="given") if c.source and c.source.code == source)


@pytest.mark.parametrize(
    ("by", "state", "tag", "says"),
    [
        ("citizen", "withdrawn", "Withdrawn", ""),
        ("newer", "replaced", "Replaced", ""),
        ("operator", "ended", "Ended", "An operator of Aurora ended this consent."),
        ("recipient", "ended", "Ended", "The agency gave this consent back."),
        ("death", "ended", "Ended", "The register told that the person has died, so this consent ended."),
        ("death told by the recipient", "ended", "Ended", "The register told that the person has died, so this consent ended."),
    ],
)
def test_how_it_ended_and_by_whom_stands_in_list_and_page(cast: Cast, by: str, state: str, tag: str, says: str) -> None:
    person, now, office = principal(), timezone.now(), cast.office.client_id
    consent = given(cast, person)
    match by:
        case "newer":
            given(cast, person)
        case "operator":
            end_consents.by_operator(wanted=consent.pk, reason="unlawful", case="C-123", operator_id=uuid4(), now=now)
        case "citizen":
            end(citizen_id=person.id, consent_id=consent.pk, now=now)
        case "recipient":
            end(citizen_id=person.id, consent_id=consent.pk, by=office, now=now)
        case _:
            who = REGISTER if by == "death" else office
            details = {"reason": "citizen_died"}
            end(citizen_id=person.id, consent_id=consent.pk, by=who, of_death=True, details=details, now=now)
    face = person.browser()
    [card] = [c for c in face.get("/en/consents/").context["page"].past if c.id == str(consent.pk)]  # type: ignore[attr-defined]
    assert (card.state.value, card.ended_how) == (state, says)
    for path in ("consents/", f"consents/{consent.pk}/"):
        text = read(face, path)
        assert f">{tag}</strong>" in text and says in text
        assert tag == "Withdrawn" or ">Withdrawn</strong>" not in text


def test_giving_a_consent_is_no_use_of_it_and_reads_and_refusals_are(cast: Cast) -> None:
    person = principal()
    token = cast.office.granted(person)["access_token"]
    consent = person.consents(state="given", recipient__code=cast.office.client_id)[0]
    face, path = person.browser(), f"consents/{consent.pk}/"
    assert face.get(f"/en/{path}").context["page"].uses == () and "It has not been used." in read(face, path)  # type: ignore[attr-defined]
    assert cast.office.read(token, HOUSEHOLD).status_code == 200
    end(citizen_id=person.id, consent_id=consent.pk, categories=[HOUSEHOLD], now=timezone.now())
    uses = [use.title for use in face.get(f"/en/{path}").context["page"].uses]  # type: ignore[attr-defined]
    assert uses == ["An agency read your data"] and "It has not been used." not in read(face, path)


@pytest.mark.parametrize("for_another", [False, True])
def test_what_was_kept_at_an_earlier_end_is_not_said_to_be_erased(cast: Cast, for_another: bool) -> None:
    person = principal()
    face = acting(helper := attorney(), mandate(person, helper, "family", "taxation", "housing")) if for_another else person.browser()
    consent, other = connection(person), connection(person, TAX)
    path = f"consents/{consent.pk}/withdraw/"
    assert ERASED in read(face, path)
    end(citizen_id=person.id, consent_id=consent.pk, categories=[HOUSEHOLD], keep=True, now=timezone.now() + timedelta(seconds=1))
    assert ERASED not in read(face, path) and KEPT.replace("has", "has" if for_another else "have") in read(face, path)
    assert ERASED in read(face, f"consents/{other.pk}/withdraw/"), "another source's data were not kept"
    done = re.sub(r"\s+", " ", post(face, f"/en/{path}", decision="withdraw").content.decode())
    assert ERASED not in done and "kept earlier stays" in done
    with citizen_scope(person.id):
        assert HOUSEHOLD in twin.categories_held(citizen_id=person.id)
