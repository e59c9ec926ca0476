"""Guardians: from the register's answer to the child's 18th birthday, two of one child, and what a child does alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from aurora.journeys import act_for, delegate, estates, registers, wards
from aurora.journeys.estates import Estate
from aurora.journeys.registers import Told
from aurora.journeys.wards import Ward
from aurora.journeys.withdraw import end
from consent import days, mandates
from consent.models import Mandate
from consent.rules.mandates import eighteenth_birthday
from consent.scope import citizen_scope
from tests.portal.test_acting import allowed
from tests.portal.test_mandates import DAY, events, form, messages
from tests.support.cast import REGISTER, Cast, Person
from tests.support.mandated import acting, consented, mandate, offered, post, row, somebody, stands


def born(years: int, *, more: int = 0) -> date:
    """Somebody who turned so many years so many days ago; negative: who turns them in so many."""
    day = days.today() - timedelta(days=more)
    if (day.month, day.day) != (2, 29):
        return day.replace(year=day.year - years)
    return date(day.year - years, 2, 28) if more >= 0 else date(day.year - years, 3, 1)  # who was born on neither turns them on the first


def child(years: int = 8, *, more: int = 0, ends: date | None = None) -> Ward:
    birth = born(years, more=more)
    return Ward(f"T-{uuid4().hex.upper()}", "Lilli Lapsi", birth, birth, ends)


def guardian(name: str = "Hanna Huoltaja") -> Person:
    """Somebody who lets Aurora ask the register."""
    person = somebody(name)
    consented(person, REGISTER, purpose=wards.PURPOSE)
    return person


def told(person: Person, *children: Ward) -> None:
    """The register answers."""
    with citizen_scope(person.id):
        told = Told(children=list(children))
        registers.keep(holder_id=person.id, told=told, source=REGISTER, pull_id=uuid4(), now=timezone.now())


def mandates_of(person: Person) -> list[Mandate]:
    with citizen_scope(person.id):
        return list(Mandate.objects.filter(attorney_id=person.id).order_by("created_at"))


def as_child(person: Person, ward: Ward) -> Person:
    """The child, signed in: the same citizen, found by the same identifier."""
    from aurora.identity import citizens
    from aurora.identity.eid import Identified

    identified = Identified(citizens.national_issuer(), ward.national_id, ward.name)
    found = citizens.find_or_create(identified=identified, language="fi", now=timezone.now())
    assert found.pk == mandates_of(person)[0].principal_id
    return Person(found, ward.name, ward.national_id)


def test_a_guardian_acts_for_a_child_whom_the_register_names(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    assert (made.kind, made.state, made.themes, made.evidence["source"]) == ("guardian", "standing", [], REGISTER)
    assert days.day_of(made.freezes_at) == eighteenth_birthday(lilli.born)  # type: ignore[arg-type]
    face = acting(hanna, made.pk)
    assert lilli.name.encode() in face.get("/en/my-data/").content
    assert allowed(cast, face).status_code == 303
    assert post(face, "/en/my-data/copy/", **{"for": str(made.pk)}).status_code == 200, (
        "a guardian takes a child's data along, as a child does"
    )
    little = as_child(hanna, lilli)
    assert [c.decided_by_id for c in little.consents()] == [hanna.id]
    assert events(little) == ["registered", "used"] and events(hanna) == ["registered"]
    page = little.browser().get("/en/activity/").content.decode()
    assert f"{hanna.name}, as guardian" in page


def test_the_same_answer_again_changes_nothing_and_one_without_the_child_ends_it(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    face = acting(hanna, made.pk)
    told(hanna)
    assert mandates_of(hanna)[0].state == "ended" and face.get("/en/consents/").status_code == 403
    assert events(hanna) == ["registered", "ended"] and messages(hanna)[-1] == "mandate_changed"


@pytest.mark.parametrize(
    "ward",
    [child(18), child(40), child(8, ends=days.today() - timedelta(days=1)), child(-1)],
    ids=["of-age", "long-of-age", "over", "unborn"],
)
def test_whoever_is_of_age_or_was_a_ward_once_is_none(cast: Cast, ward: Ward) -> None:
    hanna = guardian()
    told(hanna, ward)
    made = mandates_of(hanna)
    assert not made or not stands(hanna, made[0].pk) or ward.born > days.today()


def test_a_child_of_17_years_and_364_days_is_acted_for_today_and_not_tomorrow(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    hanna, lilli = guardian(), child(18, more=-1)
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    face = acting(hanna, made.pk)
    assert face.get("/en/consents/").status_code == 200
    birthday = days.start_of(eighteenth_birthday(lilli.born))
    monkeypatch.setattr("aurora.portal.mandated.timezone.now", lambda: birthday)
    answer = face.get("/en/consents/")
    assert answer.status_code == 403 and b"turned 18" in answer.content, "by the day alone, before any sweep"
    monkeypatch.undo()
    assert delegate.sweep(now=birthday) >= 1
    assert mandates_of(hanna)[0].state == "frozen" and events(hanna)[-1] == "frozen" and messages(hanna)[-1] == "mandate_changed"
    told(hanna, lilli)
    assert [m.state for m in mandates_of(hanna)] == ["frozen"], "no register thaws it"


def frozen(hanna: Person) -> tuple[UUID, Person]:
    lilli = child(18, more=-1)
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    delegate.sweep(now=days.start_of(eighteenth_birthday(lilli.born)))
    return made.pk, as_child(hanna, lilli)


def test_the_grown_child_lets_the_guardian_go_on_as_an_attorney_who_accepts(cast: Cast) -> None:
    hanna = guardian()
    made, lilli = frozen(hanna)
    face = lilli.browser()
    page: Any = face.get("/en/mandates/").context["page"]  # type: ignore[attr-defined]
    assert [c.other for c in page.reconfirm] == [hanna.name]
    answer = post(face, f"/en/mandates/offer/?instead={made}", themes=["taxation"], decision="offer", **DAY)
    assert answer.status_code == 302 and row(lilli, made).state == "ended"
    delegate.collect(citizen_id=hanna.id, now=timezone.now())
    new = mandates_of(hanna)[-1]
    assert (new.kind, new.state, new.themes) == ("power_of_attorney", "offered", ["taxation"]) and not stands(hanna, new.pk)
    delegate.answer(citizen_id=hanna.id, mandate_id=new.pk, accept=True, now=timezone.now())
    assert stands(hanna, new.pk)
    assert events(lilli)[-3:] == ["offered", "confirmed", "accepted"] or events(lilli)[-3:] == ["confirmed", "offered", "accepted"]


def test_the_grown_child_ends_it_and_nobody_else_decides(cast: Cast) -> None:
    hanna = guardian()
    made, lilli = frozen(hanna)
    assert post(hanna.browser(), f"/en/mandates/offer/?instead={made}", themes=["taxation"], decision="offer", **DAY).status_code == 403
    assert post(hanna.browser(), f"/en/mandates/{made}/revoke/").status_code == 403
    assert post(lilli.browser(), f"/en/mandates/offer/?instead={made}", decision="end").status_code == 302
    assert [m.state for m in mandates_of(hanna)] == ["ended"] and events(hanna)[-1] == "revoked"


def test_of_two_guardians_one_says_no_and_the_other_cannot_say_yes(cast: Cast) -> None:
    hanna, ville, lilli = guardian(), guardian("Ville Huoltaja"), child()
    told(hanna, lilli)
    told(ville, lilli)
    mother, father = (acting(p, mandates_of(p)[0].pk) for p in (hanna, ville))
    little = as_child(hanna, lilli)
    assert allowed(cast, mother).status_code == 303
    consent = little.consents()[-1]
    assert post(father, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw").status_code == 200, "either ends"
    answer = allowed(cast, mother)
    assert answer.status_code == 403 and b"has said no" in answer.content
    assert allowed(cast, father).status_code == 303, "whoever said no may allow it again"
    allowed(cast, father, decision="decline")
    told(ville)
    assert allowed(cast, mother).status_code == 303, "the no of somebody who is a guardian no longer binds nobody"


@pytest.mark.parametrize(("years", "may_withdraw"), [(14, False), (15, True)])
def test_a_child_sees_at_any_age_ends_from_15_and_gives_from_18(cast: Cast, years: int, may_withdraw: bool) -> None:
    hanna, lilli = guardian(), child(years)
    told(hanna, lilli)
    allowed(cast, acting(hanna, mandates_of(hanna)[0].pk))
    little = as_child(hanna, lilli)
    face, consent = little.browser(), little.consents()[-1]
    assert face.get(f"/en/consents/{consent.pk}/").status_code == 200
    answer = post(face, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw")
    assert answer.status_code == (200 if may_withdraw else 403)
    assert may_withdraw or b"a guardian must do this for you" in answer.content
    assert allowed(cast, face).status_code == 403
    if may_withdraw:
        assert allowed(cast, acting(hanna, mandates_of(hanna)[0].pk)).status_code == 403, "the child's own word stands"


def test_without_the_consent_to_ask_the_register_nobody_is_a_guardian_here(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    face = acting(hanna, made.pk)
    (basis,) = [c for c in hanna.consents(state="given") if c.purpose_id == wards.PURPOSE]
    assert basis.categories == [wards.CATEGORY]
    end(citizen_id=hanna.id, consent_id=basis.pk, now=timezone.now())
    answer = face.get("/en/consents/")
    assert answer.status_code == 403 and b"no longer ask the register" in answer.content
    with pytest.raises(act_for.MandateRefused):
        act_for.begin(actor=hanna.id, mandate_id=made.pk, now=timezone.now())


def test_of_the_children_the_twin_keeps_their_number() -> None:
    answer = {"children": [{"national_id": "S900001-9", "name": "Onni Soini", "born": "2018-03-14", "from": "2018-03-14"}]}
    children, facts = wards.read(answer)
    assert facts == {"number_of_children": 1} and children[0].born == date(2018, 3, 14)
    assert "Onni" not in repr(children) and "S900001" not in repr(children)


@pytest.mark.parametrize("opened_for", ["herself", "the child"])
@pytest.mark.parametrize("decision", ["allow", "decline"])
def test_a_page_opened_for_one_person_is_not_answered_for_another(cast: Cast, opened_for: str, decision: str) -> None:
    """Two tabs of one session: the second begins or ends the acting while the first still shows whom it asked about."""
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    little, face = as_child(hanna, lilli), hanna.browser()

    def act(begin: bool) -> None:
        path, form = (f"/en/mandates/{made.pk}/", {"decision": "act"}) if begin else (reverse("portal:mandate_stop"), {})
        assert post(face, path, **form).status_code == 302

    act(opened_for == "the child")
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    page: Any = face.get("/oauth/authorize", query).context["page"]  # type: ignore[attr-defined]
    act(opened_for == "herself")
    form = {"decision": decision, "categories": ["tax.income"]}
    answer: Any = post(face, "/oauth/authorize", **dict(page.hidden), **form)
    assert answer.status_code == 400 and b"Read it again before you decide" in answer.content
    assert not [c for p in (hanna, little) for c in p.consents(recipient__code=cast.office.client_id)]
    again = answer.context["page"]
    assert not any(c.checked for c in again.categories), "what was ticked was ticked for the other"
    assert post(face, "/oauth/authorize", **dict(again.hidden), **form).status_code == 303
    now, before = (little, hanna) if opened_for == "herself" else (hanna, little)
    assert now.consents(recipient__code=cast.office.client_id) and not before.consents(recipient__code=cast.office.client_id)


def test_a_child_with_a_guardian_names_no_attorney_and_is_none(cast: Cast) -> None:
    hanna, lilli, adult = guardian(), child(16), somebody("Aino Aikuinen")
    told(hanna, lilli)
    little = as_child(hanna, lilli)
    answer = post(little.browser(), "/en/mandates/offer/", **form(adult))
    assert answer.status_code == 403 and b"a guardian must do this for you" in answer.content
    with citizen_scope(little.id):
        assert not Mandate.objects.filter(principal_id=little.id, kind="power_of_attorney").exists()
    made = offered(adult, little)
    assert post(little.browser(), f"/en/mandates/{made}/", decision="accept").status_code == 403
    assert row(adult, made).state == "offered"
    assert post(little.browser(), f"/en/mandates/{made}/", decision="decline").status_code == 302


def test_powers_of_attorney_from_before_a_guardian_was_known_open_nothing(cast: Cast) -> None:
    from aurora.identity import citizens
    from aurora.identity.eid import Identified

    hanna, lilli, adult = guardian(), child(16), somebody("Aino Aikuinen")
    named = Identified(citizens.national_issuer(), lilli.national_id, lilli.name)
    little = Person(citizens.find_or_create(identified=named, language="en", now=timezone.now()), lilli.name, lilli.national_id)
    of_the_child, of_the_adult = mandate(little, adult), mandate(adult, little)
    assert stands(little, of_the_adult)
    told(hanna, lilli)
    assert not stands(little, of_the_adult)
    answer = allowed(cast, acting(adult, of_the_child))
    assert answer.status_code == 403 and not little.consents(recipient__code=cast.office.client_id)


def test_the_last_day_of_the_calendar_is_no_end() -> None:
    one = {"national_id": "S900001-9", "name": "Onni Soini", "born": "2018-03-14", "from": "2018-03-14", "until": "9999-12-31"}
    ((ward,), _) = wards.read({"children": [one]})
    assert ward.ends is None and ward.may_be_acted_for(now=timezone.now())
    assert [w.ends for w in wards.read({"children": [one | {"until": "2030-12-31"}]})[0]] == [date(2030, 12, 31)]
    ((estate,), _) = estates.read({"estates": [one | {"died": "2020-01-01", "role": "shareholder"}]})
    assert estate.ends is None and estate.is_administered(now=timezone.now())


def test_a_register_moves_both_ends_of_a_guardians_time(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, replace(lilli, begins=days.today(), ends=days.today() + timedelta(days=30)))
    told(hanna, replace(lilli, begins=days.today() - timedelta(days=30), ends=days.today()))
    (made,) = mandates_of(hanna)
    assert (days.day_of(made.not_before), made.expires_at) == (days.today() - timedelta(days=30), days.end_of(days.today()))
    told(hanna, replace(lilli, begins=days.today() + timedelta(days=40), ends=days.today() + timedelta(days=50)))
    assert days.day_of(mandates_of(hanna)[0].not_before) == days.today() + timedelta(days=40) and not stands(hanna, made.pk)


def test_of_a_child_who_has_died_nobody_becomes_the_guardian(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    little, heir = as_child(hanna, lilli), somebody("Hoitaja Henkilö")
    with citizen_scope(heir.id):
        left = Estate(lilli.national_id, lilli.name, days.today(), "shareholder", days.today(), None)
        registers.keep(holder_id=heir.id, told=Told(estates=[left]), source=REGISTER, pull_id=uuid4(), now=timezone.now())
    told(hanna, lilli)
    assert [m.state for m in mandates_of(hanna)] == ["ended"] and little.id == mandates_of(hanna)[0].principal_id


def test_the_no_of_a_guardian_who_lets_nobody_ask_the_register_binds_nobody(cast: Cast) -> None:
    assert {k.value: v for k, v in mandates.BASIS.items()} == {"guardian": wards.PURPOSE, "estate": estates.PURPOSE}
    hanna, ville, lilli = guardian(), guardian("Ville Huoltaja"), child()
    told(hanna, lilli)
    told(ville, lilli)
    mother, father = (acting(p, mandates_of(p)[0].pk) for p in (hanna, ville))
    allowed(cast, father, decision="decline")
    assert allowed(cast, mother).status_code == 403
    (basis,) = [c for c in ville.consents(state="given") if c.purpose_id == wards.PURPOSE]
    end(citizen_id=ville.id, consent_id=basis.pk, now=timezone.now())
    assert not stands(ville, mandates_of(ville)[0].pk)
    assert allowed(cast, mother).status_code == 303
