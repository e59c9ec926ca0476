"""Concerns on the citizen's pages and in the console, over HTTP: forms, odd texts, strangers, attorneys, operators of every role."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.test import Client

from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import raise_concern
from consent.ledger.models import DelayPermission
from tests.concerns.talk import TEXT, Agency, late, pulled, raised, read, row, said
from tests.support.cast import FORM, Cast, browser
from tests.support.copies import everything
from tests.support.mandated import acting, mandate, somebody

Role = Operator.Role
SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)"> {{ 7|add:7 }} \'"&'


def _post(face: Client, path: str, **form: str) -> Any:
    return face.post(path, urlencode(form), content_type=FORM)


def _officer(role: str) -> Client:
    operator = Operator.objects.create(username=f"{role}-{uuid4().hex[:6]}", name="Somebody", roles=[role])
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return face


def _case_of(answer: Any) -> UUID:
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return UUID(answer["Location"].rstrip("/").rsplit("/", 1)[1])


def test_a_concern_from_the_entrys_page_to_its_end(cast: Cast, settings: Any) -> None:
    entry, face = read(cast), cast.aino.browser()
    page = face.get(f"/en/activity/{entry.pk}/").content.decode()
    assert f"/en/activity/{entry.pk}/concern/" in page
    form = face.get(f"/en/activity/{entry.pk}/concern/").content.decode()
    assert "The answer is due by" in form and "It knows you only by the name that it has for you" in form
    case = _case_of(_post(face, f"/en/activity/{entry.pk}/concern/", kind="wrong", text=TEXT))
    at = f"/en/concerns/{case}/"
    assert TEXT in face.get(at).content.decode() and at in face.get("/en/concerns/").content.decode()
    entry_page = face.get(f"/en/activity/{entry.pk}/").content.decode()
    assert at in entry_page and f"/en/activity/{entry.pk}/concern/" not in entry_page
    Agency(cast).lawful(case, text="You applied for a benefit in May.")
    message = next(m for m in cast.aino.messages() if m.kind == "concern_answered")
    assert at in face.get(f"/en/messages/{message.pk}/").content.decode()
    shown = face.get(at).content.decode()
    assert "You applied for a benefit in May." in shown and "Act on benefits" in shown and 'name="seen" value="2"' in shown
    assert _post(face, at, decision="reply", text="And the tax?", seen="2").status_code == 302
    Agency(cast).answer(case, kind="mistake", text="Sorry.", done="Deleted.")
    closed = _post(face, at, decision="not_satisfied", seen="4")
    assert closed.status_code == 302 and row(cast.aino, case).outcome == "not_satisfied"
    shown = face.get(at).content.decode()
    assert "Invented Privacy does not exist" in shown and "decision" not in shown
    settings.AURORA_JURISDICTION = "FI"
    shown = face.get(at).content.decode()
    assert "Data Protection Ombudsman" in shown and "https://tietosuoja.fi/" in shown and "Invented" not in shown
    settings.AURORA_JURISDICTION, settings.AURORA_SANDBOX = "DE", False
    shown = face.get(at).content.decode()
    assert "where you live or work" in shown and "Ombudsman" not in shown and "Finland" not in shown


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_in_every_language(cast: Cast, language: str) -> None:
    entry = read(cast)
    case = raised(cast.aino, entry)
    for path in (f"activity/{entry.pk}/", f"activity/{entry.pk}/concern/", "concerns/", f"concerns/{case}/"):
        assert cast.aino.browser().get(f"/{language}/{path}").status_code == 200


def test_what_people_type_is_shown_as_text(cast: Cast) -> None:
    face, entry = cast.aino.browser(), read(cast)
    case = _case_of(_post(face, f"/en/activity/{entry.pk}/concern/", kind="other", text=SCRIPT))
    Agency(cast).lawful(case, text=SCRIPT, ground=SCRIPT)
    page = face.get(f"/en/concerns/{case}/").content.decode()
    assert page.count("&lt;script&gt;alert(1)") == 3 and "<script>alert" not in page and "<img src=x" not in page
    assert "{{ 7|add:7 }}" in page and " 14 " not in page.split("What was said")[1].split("What you can do")[0]
    wrong = _post(face, f"/en/activity/{pulled(cast.aino).pk}/concern/", kind=SCRIPT, text=SCRIPT)
    assert wrong.status_code == 400 and "<script>alert" not in wrong.content.decode()
    ours = raised(cast.aino, pulled(cast.aino), text=SCRIPT)
    console = _officer(Role.PRIVACY_OFFICER).get(f"/en/console/concerns/{ours}/").content.decode()
    assert "&lt;script&gt;" in console and "<script>alert" not in console


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "", "text": "x"}, "kind"),
        ({"kind": "unknown", "text": ""}, "text"),
        ({"kind": "unknown", "text": "x" * 4001}, "text"),
        ({"kind": "unknown", "text": "a\x00b"}, "text"),
        ({"kind": "unknown", "text": "a\u202eb"}, "text"),
        ({"kind": "\x00", "text": "x"}, "kind"),
        ({}, "kind"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(cast: Cast, form: dict[str, str], field: str) -> None:
    face, entry = cast.aino.browser(), read(cast)
    answer = _post(face, f"/en/activity/{entry.pk}/concern/", **form)
    assert answer.status_code == 400 and field in [e.field for e in answer.context["page"].errors]
    assert raise_concern.mine(citizen_id=cast.aino.id)[0].entry_id != entry.pk if raise_concern.mine(citizen_id=cast.aino.id) else True


@pytest.mark.parametrize(
    ("decision", "seen"), [("", "1"), ("accepted", "1"), ("withdrawn", "2"), ("withdrawn", "x"), ("withdrawn", ""), ("reply", "1")]
)
def test_a_move_that_the_page_does_not_offer_is_not_made(cast: Cast, decision: str, seen: str) -> None:
    case = raised(cast.aino, read(cast))
    answer = _post(cast.aino.browser(), f"/en/concerns/{case}/", decision=decision, seen=seen, text="x")
    assert answer.status_code == 400 and row(cast.aino, case).state == "open" and len(said(cast.aino, case)) == 1


def test_a_stranger_and_an_attorney_see_no_case(cast: Cast) -> None:
    entry = read(cast)
    case = raised(cast.aino, entry)
    stranger = cast.cecilia.browser()
    for path in (f"/en/activity/{entry.pk}/concern/", f"/en/concerns/{case}/"):
        assert (
            stranger.get(path).status_code == 404
            and _post(stranger, path, kind="other", text="x", decision="withdrawn", seen="1").status_code == 404
        )
    bertil = somebody("Bertil")
    face = acting(bertil, mandate(cast.aino, bertil, "taxation"))
    for path in (f"/en/activity/{entry.pk}/concern/", f"/en/concerns/{case}/", "/en/concerns/"):
        assert face.get(path).status_code == 403 and TEXT not in face.get(path).content.decode()
    seen = face.get(f"/en/activity/{entry.pk}/")
    assert seen.status_code == 200 and "Report a concern" not in seen.content.decode() and str(case) not in seen.content.decode()
    assert "concern" not in face.get("/en/activity/").context["page"].days[0].entries[0].title.lower()
    assert row(cast.aino, case).state == "open"


def test_an_own_deed_and_a_case_are_no_reason_for_one(cast: Cast) -> None:
    raised(cast.aino, read(cast))
    face = cast.aino.browser()
    for event in ("citizen:concern:raised", "citizen:consent:given"):
        entry = next(e for e in reversed(cast.aino.entries()) if e.event == event)
        assert "Report a concern" not in face.get(f"/en/activity/{entry.pk}/").content.decode()
        assert face.get(f"/en/activity/{entry.pk}/concern/").status_code == 404


def test_an_export_has_the_cases_with_their_words(cast: Cast) -> None:

    case = raised(cast.aino, read(cast))
    Agency(cast).lawful(case)
    mine = next(c for c in everything(cast.aino.id)["concerns"] if c["@id"] == f"urn:uuid:{case}")
    assert [one["text"] for one in mine["said"]] == [TEXT, "You applied for a benefit in May."] and mine["state"] == "answered"


def test_operators_see_counts_and_no_word_but_privacy_officers_their_own_queue(cast: Cast) -> None:
    of_agency, ours = raised(cast.aino, read(cast)), raised(cast.aino, pulled(cast.aino), text="Words for Aurora")
    for role in Role.values:
        face = _officer(role)
        answer = face.get("/en/console/concerns/")
        page = answer.content.decode()
        if role not in (Role.PRIVACY_OFFICER, Role.AGENCY_OFFICER, Role.AUDITOR):
            assert answer.status_code == 403 and face.get(f"/en/console/concerns/{ours}/").status_code == 403, role
            continue
        assert {count.open > 0 for count in answer.context["page"].counts} == {True}
        assert TEXT not in page and "Words for Aurora" not in page and cast.aino.name not in page
        assert (f"/en/console/concerns/{ours}/" in page) == (role == Role.PRIVACY_OFFICER), role
        opened = face.get(f"/en/console/concerns/{ours}/")
        assert opened.status_code == (200 if role == Role.PRIVACY_OFFICER else 403), role
        # That of an agency is the agency's: no officer reads it.
        assert face.get(f"/en/console/concerns/{of_agency}/").status_code == (404 if role == Role.PRIVACY_OFFICER else 403), role
        if role != Role.PRIVACY_OFFICER:
            assert _post(face, f"/en/console/concerns/{ours}/", kind="lawful", text="x", note="x").status_code == 403
        else:
            assert "Words for Aurora" in opened.content.decode() and cast.aino.name not in opened.content.decode()
    assert row(cast.aino, ours).state == "open"


def test_a_privacy_officer_answers_for_aurora(cast: Cast) -> None:
    ours, face = raised(cast.aino, pulled(cast.aino)), _officer(Role.PRIVACY_OFFICER)
    at = f"/en/console/concerns/{ours}/"
    for form in (
        {},
        {"kind": "lawful", "text": "x"},
        {"kind": "later", "text": "x", "until": "soon"},
        {"kind": "raised", "text": "x", "note": "x"},
    ):
        assert _post(face, at, **form).status_code == 400 and row(cast.aino, ours).state == "open"
    assert _post(face, at, kind="lawful", text="You allowed it.", note="Your consent").status_code == 302
    assert cast.aino.entries()[-1].event == "aurora:concern:answered"
    assert "You allowed it." in cast.aino.browser().get(f"/en/concerns/{ours}/").content.decode()
    assert _post(face, at, kind="lawful", text="Again.", note="x").status_code == 400


def test_the_console_shows_what_is_overdue(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    case = raised(cast.aino, read(cast))
    when = late(cast.aino, case)
    monkeypatch.setattr("aurora.console.concerns.timezone.now", lambda: when)
    assert str(case) in [row.id for row in _officer(Role.AUDITOR).get("/en/console/concerns/").context["page"].late]


def test_delays_are_allowed_by_two_officers_and_looked_at_by_auditors(cast: Cast) -> None:
    anna, bo, auditor = _officer(Role.AGENCY_OFFICER), _officer(Role.AGENCY_OFFICER), _officer(Role.AUDITOR)
    at, form = "/en/console/delays/", {"agency": cast.office.client_id, "law": "fi.customs-crime.3-52", "reason": "Customs asks"}
    for role in (Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.MODEL_STEWARD):
        assert _officer(role).get(at).status_code == 403
    assert _post(auditor, at, **form).status_code == 403 and b"<form" not in auditor.get(at).content.split(b"<main")[1]
    for odd in ({}, {**form, "agency": "nobody"}, {**form, "law": "none"}, {**form, "reason": " "}, {**form, "reason": "x" * 301}):
        assert _post(anna, at, **odd).status_code == 400
    assert _post(anna, at, **form).status_code == 302
    asked = DelayPermission.objects.get(law=form["law"], state="asked")
    decide = f"{at}{asked.pk}/"
    assert _post(anna, decide, decision="approve").status_code == 403
    assert _post(auditor, decide, decision="approve").status_code == 403
    assert _post(bo, decide, decision="made up").status_code == 400 and _post(bo, f"{at}{uuid4()}/", decision="approve").status_code == 404
    asked.refresh_from_db()
    assert asked.state == "asked"
    assert _post(bo, decide, decision="approve").status_code == 302
    assert _post(bo, decide, decision="approve").status_code == 409
    assert _post(anna, decide, decision="end").status_code == 302
    page = auditor.get(at).content.decode()
    assert "Customs asks" in page and "Ended" in page
