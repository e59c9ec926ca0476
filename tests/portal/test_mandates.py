"""Mandates from offer to end: pages and forms, two logs, substitutes, messages, and what a stranger learns, which is nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.journeys import act_for, delegate
from aurora.journeys.delegate import Terms
from aurora.messages import outbox
from consent import days
from consent.errors import InvalidInput, NotFound
from consent.models import Mandate, MandateEvent
from consent.scope import citizen_scope
from tests.support.cast import Cast, Person, changed, snapshot
from tests.support.mandated import acting, attorney, mandate, none_due, offered, post, row, somebody, stands, terms

UNTIL = days.today() + timedelta(days=60)
DAY = {"until_day": str(UNTIL.day), "until_month": str(UNTIL.month), "until_year": str(UNTIL.year)}


def form(person: Person, **changes: Any) -> dict[str, Any]:
    return {"identifier": person.national_id, "themes": ["family"], "decision": "offer", **DAY, **changes}


def events(person: Person) -> list[str]:
    return [e.event.removeprefix("citizen:mandate:").removeprefix("aurora:mandate:") for e in person.entries() if ":mandate:" in e.event]


def messages(person: Person) -> list[str]:
    with citizen_scope(person.id):
        return [m.kind for m in outbox.for_citizen(citizen_id=person.id).order_by("created_at")]


def newest(person: Person) -> Mandate:
    with citizen_scope(person.id):
        return Mandate.objects.filter(principal_id=person.id).latest("created_at")


def test_offered_accepted_used_and_ended_by_the_pages(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    assert post(aamu.browser(), "/en/mandates/offer/", **form(valto))["Location"] == "/en/mandates/"
    made = newest(aamu)
    assert (made.state, made.themes, made.attorney_id) == ("offered", ["family"], None)
    face = valto.browser()
    page = face.get("/en/mandates/").context["page"]  # type: ignore[attr-defined]
    assert [c.other for c in page.offers] == [aamu.name] and not page.i_act
    assert post(face, f"/en/mandates/{made.pk}/", decision="accept").status_code == 302
    page = aamu.browser().get("/en/mandates/").context["page"]  # type: ignore[attr-defined]
    assert [c.other for c in page.for_me] == [valto.name]
    acting(valto, made.pk)
    assert post(aamu.browser(), f"/en/mandates/{made.pk}/revoke/").status_code == 302
    page = face.get("/en/mandates/").context["page"]  # type: ignore[attr-defined]
    assert [(c.other, c.state, c.act_url) for c in page.past] == [(aamu.name, "revoked", "")]
    assert events(aamu) == ["offered", "accepted", "used", "revoked"] and events(valto) == ["offered", "accepted", "revoked"]
    assert messages(valto) == ["mandate_offered", "mandate_changed"] and messages(aamu) == ["mandate_changed"]


def test_declining_ends_the_offer_for_both(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = offered(aamu, valto)
    assert post(valto.browser(), f"/en/mandates/{made}/", decision="decline").status_code == 302
    assert row(aamu, made).state == "declined" and not stands(valto, made)
    assert post(valto.browser(), f"/en/mandates/{made}/", decision="accept").status_code == 403
    assert valto.name.encode() not in aamu.browser().get("/en/mandates/").content, "a name is shown once they said yes"


def test_the_answer_does_not_tell_whether_somebody_is_known_here(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    unknown = Person(valto.citizen, "", f"T-{uuid4().hex.upper()}")
    pages = []
    for receiver in (valto, unknown):
        face = aamu.browser()
        answer = post(face, "/en/mandates/offer/", **form(receiver))
        delegate.sweep(now=timezone.now())
        made = newest(aamu)
        shown = face.get(f"/en/mandates/{made.pk}/").content.decode() + face.get(answer["Location"]).content.decode()
        for text, name in ((receiver.national_id, "IDENTIFIER"), (str(made.pk), "ID")):
            shown = shown.replace(text, name)
        delegate.revoke(citizen_id=aamu.id, mandate_id=made.pk, now=timezone.now())
        pages.append((answer.status_code, answer["Location"], "csrfmiddlewaretoken" and _without_tokens(shown)))
    assert pages[0][:2] == pages[1][:2]
    first, second = (text.split("<main")[1].split("Past")[0] for _, _, text in pages)
    assert first == second


def _without_tokens(page: str) -> str:
    import re

    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)
    page = re.sub(r'datetime="[^"]*"', "", page)
    return re.sub(r"\d{1,2} \w+ \d{4} at [\d.:]+|[0-9a-f]{8}-[0-9a-f-]{27}", "", page)


def test_an_offer_waits_for_somebody_who_comes_later(cast: Cast) -> None:
    none_due()
    aamu = somebody("Aamu Päämies")
    number = f"T-{uuid4().hex.upper()}"
    made = delegate.offer(principal_id=aamu.id, identifier=f" {number.lower()} ", terms=terms(), now=timezone.now())
    assert delegate.sweep(now=timezone.now()) == 0 and row(aamu, made).attorney_id is None
    from aurora.identity import citizens
    from aurora.identity.eid import Identified

    identified = Identified(citizens.national_issuer(), number, "Myöhä Tulija")
    late = Person(citizens.find_or_create(identified=identified, language="fi", now=timezone.now()), "Myöhä Tulija", number)
    assert delegate.sweep(now=timezone.now()) == 1 and delegate.sweep(now=timezone.now()) == 0
    assert row(late, made).attorney_id == late.id and events(late) == ["offered"] and messages(late) == ["mandate_offered"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"identifier": ""}, "identifier"),
        ({"identifier": "x"}, "identifier"),
        ({"identifier": "x" * 65}, "identifier"),
        ({"identifier": "ab\x00cd"}, "identifier"),
        ({"themes": []}, "themes"),
        ({"themes": ["family", "magic"]}, "themes"),
        ({"until_day": "31", "until_month": "2"}, "until"),
        ({"until_year": "2020"}, "until"),
        ({"until_year": str(UNTIL.year + 6)}, "until"),
        ({"until_year": "9999"}, "until"),
        ({"until_day": "31", "until_month": "12", "until_year": "9999"}, "until"),
    ],
)
def test_a_wrong_form_says_which_field_and_makes_nothing(cast: Cast, changes: dict[str, Any], field: str) -> None:
    face, before = cast.aino.browser(), snapshot()
    answer = post(face, "/en/mandates/offer/", **form(cast.cecilia, **changes))
    assert answer.status_code == 400
    assert [e.field for e in answer.context["page"].errors] == [field]  # type: ignore[attr-defined]
    assert changed(before, snapshot()) <= {"django_session"}


def test_nobody_is_their_own_attorney(cast: Cast) -> None:
    aamu = somebody("Aamu Päämies")
    answer = post(aamu.browser(), "/en/mandates/offer/", **form(aamu))
    assert answer.status_code == 400 and b"neither you nor" in answer.content


def test_offers_that_wait_are_bounded(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    for _ in range(20):
        delegate.offer(principal_id=aamu.id, identifier=valto.national_id, terms=terms(), now=timezone.now())
    assert post(aamu.browser(), "/en/mandates/offer/", **form(valto)).status_code == 400


def test_offers_that_were_revoked_count_for_a_day(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    for _ in range(20):
        made = offered(aamu, valto)
        delegate.revoke(citizen_id=aamu.id, mandate_id=made, now=timezone.now())
    with pytest.raises(InvalidInput):
        offered(aamu, valto)
    later = timezone.now() + timedelta(days=1, minutes=1)
    until = Terms(("family",), days.day_of(later), UNTIL)
    assert delegate.offer(principal_id=aamu.id, identifier=valto.national_id, terms=until, now=later)


def test_a_substitute_gets_no_more_acts_and_falls_with_the_attorney(cast: Cast) -> None:
    aamu, valto, sija = somebody("Aamu Päämies"), attorney(), somebody("Sija Sijainen")
    made = mandate(aamu, valto, "family", may_delegate=True)
    face = valto.browser()
    wide = post(face, f"/en/mandates/offer/?from={made}", **form(sija, themes=["family", "taxation"]))
    assert wide.status_code == 400
    far = post(face, f"/en/mandates/offer/?from={made}", **form(sija, until_year=str(UNTIL.year + 4)))
    assert far.status_code == 302
    delegate.collect(citizen_id=sija.id, now=timezone.now())
    child = newest(aamu)
    assert (child.parent_id, child.may_delegate, child.expires_at) == (made, False, row(aamu, made).expires_at)
    assert post(sija.browser(), f"/en/mandates/{child.pk}/", decision="accept").status_code == 302
    assert stands(sija, child.pk) and acting(sija, child.pk).get("/en/my-data/").status_code == 200
    assert post(sija.browser(), f"/en/mandates/offer/?from={child.pk}", **form(cast.cecilia)).status_code == 403, "one step only"
    assert "Sija Sijainen" in valto.browser().get(f"/en/mandates/{made}/").content.decode()
    delegate.revoke(citizen_id=aamu.id, mandate_id=made, now=timezone.now())
    assert row(sija, child.pk).state == "ended" and not stands(sija, child.pk)


def test_an_attorney_ends_a_substitute_and_only_that(cast: Cast) -> None:
    aamu, valto, sija = somebody("Aamu Päämies"), attorney(), somebody("Sija Sijainen")
    made = mandate(aamu, valto, may_delegate=True)
    child = delegate.pass_on(attorney_id=valto.id, mandate_id=made, identifier=sija.national_id, terms=terms(), now=timezone.now())
    face = valto.browser()
    assert face.get(f"/en/mandates/{made}/revoke/?child={uuid4()}").status_code == 404
    assert face.get(f"/en/mandates/{made}/revoke/?child={child}").status_code == 200
    assert post(face, f"/en/mandates/{made}/revoke/", child=str(child)).status_code == 302
    assert (row(aamu, child).state, row(aamu, made).state) == ("revoked", "standing")


def test_without_leave_nothing_is_passed_on(cast: Cast) -> None:
    aamu, valto, sija = somebody("Aamu Päämies"), attorney(), somebody("Sija Sijainen")
    made = mandate(aamu, valto)
    assert post(valto.browser(), f"/en/mandates/offer/?from={made}", **form(sija)).status_code == 403
    with citizen_scope(aamu.id):
        assert Mandate.objects.filter(principal_id=aamu.id).count() == 1


def test_a_stranger_and_a_former_attorney_get_what_is_theirs_and_no_more(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = mandate(aamu, valto)
    stranger = cast.cecilia.browser()
    before = snapshot()
    for path in (f"mandates/{made}/", f"mandates/{made}/revoke/", f"mandates/offer/?from={made}", f"mandates/offer/?instead={made}"):
        for answer in (stranger.get(f"/en/{path}"), post(stranger, f"/en/{path}", **form(valto, decision="act"))):
            assert answer.status_code == 404 and aamu.name.encode() not in answer.content, path
    assert changed(before, snapshot()) <= {"django_session"}
    with pytest.raises(NotFound):
        act_for.begin(actor=cast.cecilia.id, mandate_id=made, now=timezone.now())
    with citizen_scope(cast.cecilia.id):
        assert not Mandate.objects.filter(pk=made).exists() and not MandateEvent.objects.filter(mandate_id=made).exists()
    delegate.revoke(citizen_id=aamu.id, mandate_id=made, now=timezone.now())
    face = valto.browser()
    assert face.get(f"/en/mandates/{made}/").status_code == 200, "what was theirs they may look back at"
    for consent in aamu.consents():
        assert face.get(f"/en/consents/{consent.pk}/").status_code == 404


def test_the_sweep_ends_what_has_run_out_and_tells_both_once(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = mandate(aamu, valto)
    later = timezone.now() + timedelta(days=100)
    assert delegate.sweep(now=later) >= 1
    assert row(aamu, made).state == "ended"
    assert events(aamu)[-1] == events(valto)[-1] == "ended" and messages(aamu)[-1] == messages(valto)[-1] == "mandate_changed"
    count = len(aamu.entries())
    delegate.sweep(now=later)
    assert len(aamu.entries()) == count


@pytest.mark.parametrize("end", ["time", "parent", "revoked"])
def test_an_offer_that_ends_without_an_answer_does_not_tell_who_is_known_here(cast: Cast, end: str) -> None:
    aamu, valto, sija = somebody("Aamu Päämies"), attorney(), somebody("Sija Sijainen")
    made = mandate(aamu, valto, may_delegate=True) if end == "parent" else offered(aamu, sija)
    if end == "parent":
        delegate.pass_on(attorney_id=valto.id, mandate_id=made, identifier=sija.national_id, terms=terms(), now=timezone.now())
        delegate.collect(citizen_id=sija.id, now=timezone.now())
    below, before, seen = newest(aamu), messages(aamu), messages(sija)
    if end == "time":
        delegate.sweep(now=timezone.now() + timedelta(days=100))
    else:
        delegate.revoke(citizen_id=(valto if end == "parent" else aamu).id, mandate_id=made, now=timezone.now())
    assert row(aamu, below.pk).attorney_id == sija.id and row(aamu, below.pk).state in ("ended", "revoked")
    assert messages(aamu)[len(before) :] == (["mandate_changed"] if end == "parent" else []), "of the attorney's own"
    assert messages(sija)[len(seen) :] == ([] if end == "time" else ["mandate_changed"])
    with citizen_scope(aamu.id):
        told = [str(outbox.open_row(m).about) for m in outbox.for_citizen(citizen_id=aamu.id)]
    assert not [one for one in told if sija.name in one]
