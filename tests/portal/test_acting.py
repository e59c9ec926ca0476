"""Acting for another in the portal: what an attorney sees and may do, what they may not, and that it ends at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone

from aurora.identity.keys import pairwise
from aurora.journeys import declare, delegate, end_consents, give_feedback
from aurora.portal import mandated
from aurora.portal.urls import urlpatterns
from aurora.ui import mandate_words
from consent import acting as acting_now
from consent import days
from consent.rules.mandates import MandateFault
from consent.scope import citizen_scope
from recommender.facts import METERS
from tests.support.cast import REGISTER, TAX, Cast
from tests.support.mandated import acting, attorney, consented, mandate, post, principal, somebody

ASKED = ("population.household", "tax.income")
# Not for another, ever; each with its reason in docs/decisions/mandates.md.
CLOSED = {
    "sources": "sources/",
    "connect": f"sources/{TAX}/connect/",
    "mandates": "mandates/",
    "mandate_offer": "mandates/offer/",
    "verify": "activity/verify/",
    "messages": "messages/",
    "email": "messages/email/",
}


def allowed(cast: Cast, face: Any, *categories: str, decision: str = "allow") -> Any:
    """The office asks; whoever sits there answers."""
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    page = face.get("/oauth/authorize", query).context["page"]
    return post(face, "/oauth/authorize", **dict(page.hidden), decision=decision, categories=list(categories or ASKED))


def test_every_page_is_open_for_a_deed_or_closed_to_whoever_acts() -> None:
    """A new page is closed to attorneys until somebody has decided otherwise."""
    names = {p.name for p in urlpatterns if isinstance(p, URLPattern)}
    assert set(mandated.PAGES) <= names | {"authorize"}
    assert set(CLOSED) & set(mandated.PAGES) == set()


def test_what_is_not_delegable_is_refused(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    for name, path in CLOSED.items():
        answer = face.get(f"/en/{path}")
        assert answer.status_code == 403 and b"can only be done by the person themself" in answer.content, name
        assert aamu.name.encode() in answer.content, "the banner is there on this page too"


def test_whoever_acts_sees_the_others_data_within_the_themes_only(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto, "taxation"))
    data = face.get("/en/my-data/").context["page"]
    assert {g.category.code for g in data.groups} == {"tax.income"}
    assert {g.category.code for g in data.missing} == {"tax.deductions"} and data.export_url == ""
    assert all(not g.connect_url for g in data.missing)
    shown = face.get("/en/activity/").context["page"]
    assert shown.days and {str(c["en"]) for d in shown.days for e in d.entries for c in e.categories} <= {"Income", "Deductions"}
    for consent in aamu.consents():
        expected = 200 if set(consent.categories) <= {"tax.income", "tax.deductions"} else 404
        assert face.get(f"/en/consents/{consent.pk}/").status_code == expected
        assert face.get(f"/en/consents/{consent.pk}/withdraw/").status_code == expected
        assert expected == 200 or post(face, f"/en/consents/{consent.pk}/withdraw/").status_code == 403
    for entry in aamu.entries():
        inside = bool(entry.categories) and set(entry.categories) <= {"tax.income", "tax.deductions"}
        assert face.get(f"/en/activity/{entry.id}/").status_code == (200 if inside else 404), entry.event
    assert {c.state for c in aamu.consents()} == {"given"}


def test_an_entry_within_the_themes_does_not_show_the_rest_of_the_consent_behind_it(cast: Cast) -> None:
    """One consent to both kinds of data; what was read under it was the one that the attorney may see."""
    aamu, valto = principal(), attorney()
    token = cast.office.granted(aamu)["access_token"]
    assert cast.office.read(token, "tax.income").status_code == 200
    entry = next(e for e in aamu.entries() if e.event == "agency:twin:read")
    own: Any = aamu.browser().get(f"/en/activity/{entry.id}/")
    [behind] = own.context["page"].consents
    assert behind.notice and behind.url == own.context["page"].entry.consent_url != ""
    face = acting(valto, mandate(aamu, valto, "taxation", "housing"))
    answer: Any = face.get(f"/en/activity/{entry.id}/")
    page = answer.context["page"]
    assert answer.status_code == 200 and b"Household" not in answer.content
    assert (page.consents, page.entry.consent_url) == ((), "")
    shown = [e for d in face.get("/en/activity/").context["page"].days for e in d.entries]
    assert str(entry.id) in {e.id for e in shown}
    linked = [e.consent_url for e in shown if e.consent_url]
    assert linked and {face.get(url).status_code for url in linked} == {200}, "what is linked is there"


def test_the_request_tells_an_attorney_nothing_of_what_is_held_outside_the_themes(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    face = acting(valto, mandate(aamu, valto, "taxation"))
    page: Any = face.get("/oauth/authorize", query).context["page"]  # type: ignore[attr-defined]
    told = {str(c.category.code): c.availability and c.availability.value for c in page.categories}
    assert told["population.household"] is None and told["tax.income"] == "have"
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    own: Any = aamu.browser().get("/oauth/authorize", query).context["page"]  # type: ignore[attr-defined]
    assert {c.availability.value for c in own.categories} == {"have"}


def test_suggestions_and_export_need_more_than_a_theme(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    for source in (REGISTER, TAX):
        consented(aamu, source, purpose="service-suggestions")
    face = acting(valto, mandate(aamu, valto))
    before = len(aamu.entries())
    answer = face.get("/en/suggestions/")
    assert answer.status_code == 403 and b"all that the person has allowed for them" in answer.content, "it says what to do"
    assert post(face, "/en/my-data/copy/").status_code == 403
    assert len(aamu.entries()) == before
    whole = acting(valto, mandate(aamu, valto, "family", "taxation", "housing"))
    assert whole.get("/en/suggestions/").status_code == 200
    assert post(whole, "/en/my-data/copy/").status_code == 403


def test_a_mandate_opens_suggestions_as_long_as_they_are_made_of_its_themes(cast: Cast) -> None:
    """Also one from before there was the theme `life`: until the person lets suggestions use what they say of their life."""
    aamu, valto = principal(), attorney()
    consented(aamu, TAX, purpose="service-suggestions")
    own = aamu.browser().get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    face = acting(valto, mandate(aamu, valto, "taxation", "housing"))
    theirs = face.get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    assert own.allowed and theirs.run_id == own.run_id, "what stands is looked at, by the one and the other"
    other = acting(valto, mandate(aamu, valto, "health"))
    assert other.get("/en/suggestions/").status_code == 403, "suggestions are no purpose of that theme"
    said, now = declare.of_form({METERS[0]: "2"}), timezone.now()
    shown = declare.offer(citizen_id=aamu.id, language="en", today=days.today())
    allowed = declare.Allowed(("life.situation",), days.today() + timedelta(days=30))
    declare.save(citizen_id=aamu.id, said=said, shown=shown, token=shown.token, decision="save", now=now)
    assert face.get("/en/suggestions/").status_code == 200, "said, and allowed to nobody"
    declare.save(citizen_id=aamu.id, said=said, shown=shown, token=shown.token, decision="allow", allowed=allowed, now=timezone.now())
    assert face.get("/en/suggestions/").status_code == 403
    assert face.get(f"/en/suggestions/why/{own.suggestions[0].code}/").status_code == 403


def test_whoever_acts_ends_no_more_of_what_was_said_than_of_the_consents(cast: Cast) -> None:
    """What the person said of suggestions goes with their last consent for them, not with the last one that an attorney sees."""
    aamu, valto = principal(), attorney()
    for source in (REGISTER, TAX):
        consented(aamu, source, purpose="service-suggestions")
    view = aamu.browser().get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    service, run = view.suggestions[0].code, UUID(view.run_id)
    give_feedback.give(citizen_id=aamu.id, run_id=run, service=service, kind="not_for_me", why="have_it", now=timezone.now())
    face = acting(valto, mandate(aamu, valto, "taxation", "housing"))
    (tax,) = [c for c in aamu.consents(state="given") if c.purpose_id == "service-suggestions" and c.source.code == TAX]
    assert post(face, f"/en/consents/{tax.pk}/withdraw/", decision="withdraw").status_code == 200
    assert "given" not in {c.state for c in aamu.consents() if c.pk == tax.pk}
    assert give_feedback.hidden(citizen_id=aamu.id) == {service}


def test_a_consent_by_an_attorney_names_both_in_record_log_and_receipt(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    face = acting(valto, made)
    assert allowed(cast, face).status_code == 303
    given = aamu.consents(recipient__code=cast.office.client_id)[-1]
    assert (given.mandate_id, given.decided_by_id, given.state) == (made, valto.id, "given")
    own = aamu.browser()
    entries = [e for d in own.get("/en/activity/").context["page"].days for e in d.entries]
    assert entries[0].title == "An attorney or guardian gave a consent" and entries[0].who["en"] == f"{valto.name}, as attorney"
    began = next(e for e in entries if e.title == "An attorney or guardian began to act")
    assert began.who["en"] == f"{valto.name}, as attorney"
    receipt = own.get(f"/en/consents/{given.pk}/").content.decode()
    assert valto.name in receipt
    assert not valto.consents(), "nothing was decided for the attorney themself"
    with citizen_scope(aamu.id):
        assert [e.decided_by_id for e in given.events.all()] == [valto.id]


def test_of_receipts_an_attorney_sees_and_is_led_to_those_of_their_own_decisions(cast: Cast) -> None:
    aamu, valto, other = principal(), attorney(), somebody("Toinen Toimija")
    face = acting(valto, mandate(aamu, valto))
    assert allowed(cast, face).status_code == 303
    given = aamu.consents(recipient__code=cast.office.client_id)[-1]
    page = f"/en/consents/{given.pk}/"
    [own] = [h.receipt_url for h in face.get(page).context["page"].history]  # type: ignore[attr-defined]
    for tail in ("", "receipt.jsonld", "receipt.jwt"):
        assert face.get(own + tail).status_code == 200
    post(aamu.browser(), f"{page}withdraw/", decision="withdraw")
    links = [[h.receipt_url for h in f.get(page).context["page"].history] for f in (aamu.browser(), face)]  # type: ignore[attr-defined]
    assert all(links[0]) and links[1] == [own, ""], "the citizen's own decision is not the attorney's to keep"
    stranger = acting(other, mandate(aamu, other))
    assert [h.receipt_url for h in stranger.get(page).context["page"].history] == ["", ""]  # type: ignore[attr-defined]
    for tail in ("", "receipt.jsonld", "receipt.jwt"):
        assert face.get(links[0][1] + tail).status_code == 404
        assert [stranger.get(one + tail).status_code for one in links[0]] == [404, 404]
        assert aamu.browser().get(links[0][0] + tail).status_code == 200


def test_an_attorneys_deeds_are_hidden_from_another_attorney(cast: Cast) -> None:
    aamu, valto, other = principal(), attorney(), somebody("Toinen Toimija")
    allowed(cast, acting(valto, mandate(aamu, valto)))
    page = acting(other, mandate(aamu, other)).get("/en/activity/")
    assert b"Somebody else, as attorney" in page.content and valto.name.encode() not in page.content


def test_what_the_citizen_decided_themself_an_attorney_does_not_decide_anew(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    assert allowed(cast, aamu.browser()).status_code == 303
    answer = allowed(cast, acting(valto, made))
    assert answer.status_code == 403 and b"decided this themself" in answer.content
    mine = aamu.consents(recipient__code=cast.office.client_id)
    assert [c.decided_by_id for c in mine] == [None]
    face = acting(valto, made)
    assert post(face, f"/en/consents/{mine[0].pk}/withdraw/", decision="withdraw").status_code == 200, "ending is free"
    assert aamu.consents(pk=mine[0].pk)[0].state == "withdrawn"
    assert allowed(cast, face).status_code == 403, "who ends what the citizen gave does not give it anew in their own way"


def test_a_no_of_the_citizens_stays_a_no(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    allowed(cast, aamu.browser(), decision="decline")
    assert allowed(cast, acting(valto, made)).status_code == 403
    assert [c.state for c in aamu.consents(recipient__code=cast.office.client_id)] == ["declined"]
    assert allowed(cast, aamu.browser()).status_code == 303


@pytest.mark.parametrize(("reason", "status"), [("citizen_asked", 403), ("unlawful", 303)])
def test_what_an_operator_ended_because_the_citizen_asked_is_the_citizens_no(cast: Cast, reason: str, status: int) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    allowed(cast, face)
    [given] = aamu.consents(recipient__code=cast.office.client_id)
    end_consents.by_operator(wanted=given.pk, reason=reason, case="C-123", operator_id=uuid4(), now=timezone.now())
    assert allowed(cast, face).status_code == status
    with citizen_scope(aamu.id):
        assert given.events.get(kind="withdrawn").reason == reason


def test_what_lies_outside_the_themes_cannot_be_allowed(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto, "taxation"))
    answer = allowed(cast, face)
    assert answer.status_code == 403 and b"outside the themes" in answer.content
    assert not aamu.consents(recipient__code=cast.office.client_id)
    assert allowed(cast, face, "tax.income").status_code == 303


@pytest.mark.parametrize("by", ["principal", "attorney"])
def test_revoked_by_either_it_ends_with_the_next_click(cast: Cast, by: str) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    face = acting(valto, made)
    page = face.get("/oauth/authorize", {"client_id": cast.office.client_id, "request_uri": cast.office.push()}).context["page"]
    who = aamu if by == "principal" else valto
    delegate.revoke(citizen_id=who.id, mandate_id=made, now=timezone.now())
    answer = post(face, "/oauth/authorize", **dict(page.hidden), decision="allow", categories=list(ASKED))
    assert answer.status_code == 403 and b"The right to act was ended" in answer.content and aamu.name.encode() not in answer.content
    assert not aamu.consents(recipient__code=cast.office.client_id) and not valto.consents(recipient__code=cast.office.client_id)
    assert face.get("/en/home/").status_code == 200, "they are themself again"
    assert post(face, f"/en/mandates/{made}/", decision="act").status_code == 403
    for one in (aamu, valto):
        assert "citizen:mandate:revoked" in [e.event for e in one.entries()]


def test_what_is_over_by_its_date_is_over_without_a_sweep(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    later = timezone.now() + timedelta(days=120)
    monkeypatch.setattr("aurora.portal.mandated.timezone.now", lambda: later)
    answer = face.get("/en/consents/")
    assert answer.status_code == 403 and b"no longer in force" in answer.content
    assert face.get("/en/consents/").status_code == 200, "the reader's own"


def test_stop_acting_is_one_click_and_home_is_ones_own(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    assert face.get("/en/home/")["Location"] == "/en/consents/"
    assert aamu.name.encode() in face.get("/en/consents/").content
    assert post(face, reverse("portal:mandate_stop")).status_code == 302
    assert aamu.name.encode() not in face.get("/en/home/").content and face.get("/en/home/").status_code == 200


def test_the_mandate_in_use_is_forgotten_with_the_request(cast: Cast) -> None:
    """The test client runs in this thread: what a request left behind would be seen here."""
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    for path, status in (("/en/consents/", 200), ("/en/suggestions/", 200), (f"/en/consents/{aamu.id}/", 404)):
        assert face.get(path).status_code == status
        assert acting_now.current() is None, path
    assert valto.browser().get("/en/my-data/").context["page"].groups == ()


def test_only_the_guard_sets_who_acts() -> None:
    """Anything else that set it could act for anybody."""
    from pathlib import Path

    import aurora
    import consent

    users = {
        path.name
        for package in (aurora, consent)
        for path in Path(package.__file__).parent.rglob("*.py")
        if "acting.use(" in path.read_text(encoding="utf-8")
    }
    # The worker that makes a copy asks the rules anew of the mandate on which the copy was asked for.
    assert users == {"auth.py", "_export_run.py"}


def test_a_session_that_names_anothers_mandate_opens_nothing(cast: Cast) -> None:
    aamu, valto, cecilia = principal(), attorney(), cast.cecilia
    made = mandate(aamu, valto)
    face = cecilia.browser()
    session = face.session
    session[mandated.SESSION] = str(made)
    session.save()
    answer = face.get("/en/consents/")
    assert answer.status_code == 403 and aamu.name.encode() not in answer.content
    assert mandated.SESSION not in face.session


def test_the_principal_cannot_act_on_what_they_gave(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    assert post(aamu.browser(), f"/en/mandates/{mandate(aamu, valto)}/", decision="act").status_code == 404


def test_the_browser_takes_nothing_to_the_office_of_who_acted(cast: Cast) -> None:
    """To the agency an attorney's consent looks as the citizen's does, but for the `act` claim: neither is named."""
    aamu, valto = principal(), attorney()
    answer = allowed(cast, acting(valto, mandate(aamu, valto)))
    for name in (aamu.name, valto.name, str(aamu.id), str(valto.id), REGISTER):
        assert name not in answer["Location"]


def test_the_token_says_that_an_attorney_consented_by_the_agencys_own_name_for_them(cast: Cast) -> None:
    """RFC 8693 4.1, in introspection: who acts is a name that no other agency knows; a citizen's own consent has no `act`."""
    aamu, valto = principal(), attorney()
    given = allowed(cast, acting(valto, mandate(aamu, valto)))
    code = parse_qs(urlsplit(given["Location"]).query)["code"][0]
    answer = cast.office.post(
        "/oauth/token",
        grant_type="authorization_code",
        code=code,
        redirect_uri=cast.office.redirect_uri,
        code_verifier=cast.office.verifier,
    )
    assert answer.status_code == 200, answer.content
    told = cast.office.post("/oauth/introspect", token=answer.json()["access_token"]).json()  # type: ignore[attr-defined]
    assert told["active"] and told["act"] == {"sub": pairwise(citizen_id=valto.id, agency=cast.office.client_id)}
    own = cast.office.post("/oauth/introspect", token=cast.token).json()  # type: ignore[attr-defined]
    assert own["active"] and "act" not in own


def test_every_fault_has_a_sentence_of_its_own() -> None:
    assert {fault.value for fault in MandateFault} == mandate_words.MANDATE_FAULTS
    assert mandate_words.ACTING_OVER <= mandate_words.MANDATE_FAULTS


def test_a_part_given_anew_does_not_take_back_the_citizens_no_to_the_rest(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    assert allowed(cast, face).status_code == 303
    (given,) = aamu.consents(recipient__code=cast.office.client_id)
    assert post(aamu.browser(), f"/en/consents/{given.pk}/withdraw/", decision="narrow", categories=["tax.income"]).status_code == 200
    assert aamu.consents(pk=given.pk)[0].withdrawn == ["tax.income"]
    assert allowed(cast, face, "population.household").status_code == 303, "what was not refused"
    answer = allowed(cast, face)
    assert answer.status_code == 403 and b"decided this themself" in answer.content
    for _ in range(2):
        allowed(cast, face, decision="decline")
    assert allowed(cast, face, "population.household").status_code == 303, "their own no, taken back"
    assert allowed(cast, face).status_code == 403 and allowed(cast, aamu.browser()).status_code == 303


def test_of_a_consent_that_reaches_beyond_the_themes_no_part_is_ended(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    assert allowed(cast, aamu.browser()).status_code == 303
    (given,) = aamu.consents(recipient__code=cast.office.client_id)
    face, path = acting(valto, mandate(aamu, valto, "taxation")), f"/en/consents/{given.pk}/withdraw/"
    assert face.get(path).status_code == 404
    assert post(face, path, decision="narrow", categories=["tax.income"]).status_code == 403
    assert post(aamu.browser(), path, decision="narrow", categories=["population.household"]).status_code == 200
    assert face.get(path).status_code == 404 and post(face, path, decision="withdraw").status_code == 403
    assert [(c.state, c.withdrawn) for c in aamu.consents(pk=given.pk)] == [("given", ["population.household"])]
