"""Two officers say that an agency is here and who it is, and change that; the history keeps both, and nobody else sees anything."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from joserfc.jwk import ECKey

from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import officers, register_agency
from aurora.ui import agency_words
from consent import agency_drafts, agency_form, loading, names
from consent.models import Agency, AgencyDraft, MeaningChange
from consent.oauth.models import Client, ClientDraft
from tests.support.cast import FORM, Cast, browser
from tests.ui.reading import parse

NEW = "/en/console/agencies/new/"
Role = Operator.Role


def _operator(name: str, *roles: str) -> tuple[Operator, Browser]:
    operator = Operator.objects.create(username=f"{name}-{uuid4().hex[:6]}", name=name.title(), roles=list(roles))
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return operator, face


@pytest.fixture
def astrid(cast: Cast) -> Iterator[Browser]:
    operator, face = _operator("astrid", Role.AGENCY_OFFICER)
    yield face
    operator.delete()


@pytest.fixture
def otso(cast: Cast) -> Iterator[Browser]:
    operator, face = _operator("otso", Role.AGENCY_OFFICER)
    yield face
    operator.delete()


def _form(**changes: Any) -> dict[str, Any]:
    code = f"bureau-{uuid4().hex[:8]}"
    texts = {"code": code, **{f"name_{x}": f"{x} {code}" for x in ("fi", "sv", "en")}, "legal_name": "Bureau", "business_id": "1234567-8"}
    rest = {
        "country": "fi",
        "contact_email": "data@bureau.example",
        "since": "1.12.2026",
        "roles": ["data_user"],
        "reason": "Decision 4/2026",
    }
    return {**texts, **rest, **changes}


def _post(face: Browser, path: str, form: dict[str, Any]) -> HttpResponse:
    return face.post(path, urlencode(form, doseq=True), content_type=FORM)  # type: ignore[return-value]


def _asked(face: Browser, path: str = NEW, **changes: Any) -> tuple[str, dict[str, Any]]:
    form = _form(**changes)
    answer = _post(face, path, form)
    assert answer.status_code == 302, [e.message for e in answer.context["page"].errors]  # type: ignore[attr-defined]
    return answer["Location"], form


def _registered(astrid: Browser, otso: Browser, **changes: Any) -> dict[str, Any]:
    at, form = _asked(astrid, **changes)
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    return form


def test_an_agency_is_there_when_another_officer_agrees(astrid: Browser, otso: Browser) -> None:
    at, form = _asked(astrid)
    assert not Agency.objects.filter(code=form["code"]).exists()
    refused = _post(astrid, at, {"decision": "approve"})
    assert refused.status_code == 400 and b"Somebody else must decide" in refused.content
    assert form["code"] in otso.get("/en/console/agencies/").content.decode()
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    made = Agency.objects.get(code=form["code"])
    version = made.versions.get()
    assert (made.roles, version.version, version.country, version.contact_email) == (["data_user"], 1, "FI", "data@bureau.example")
    assert _post(otso, at, {"decision": "approve"}).status_code == 400  # decided already
    page = otso.get(at).context["page"]
    assert page.next_url == f"/en/console/clients/new/?agency={form['code']}"
    shown = otso.get(f"/en/console/agencies/{form['code']}/")
    assert [(r.title, r.state) for r in shown.context["page"].history] == [("Register an agency", "approved")]
    assert "1234567-8" in shown.content.decode() and shown.context["page"].described


def test_who_decides_reads_whose_request_it_is_and_what_the_button_does(astrid: Browser, otso: Browser) -> None:
    at, form = _asked(astrid)
    shown, mine = otso.get(at).content.decode(), astrid.get(at).content.decode()
    assert "What you see here was asked for by Astrid. Nothing of it is in force yet" in shown
    assert re.findall(r'<button type="submit" name="decision"[^>]*>([^<]*)<', shown) == [
        "Agree to register this agency",
        "Decline the request",
    ]
    assert "It can do nothing before it has a client." in shown.partition("If you agree")[2].partition("<form")[0]
    assert (
        re.findall(r'<button type="submit" name="decision"[^>]*>([^<]*)<', mine) == ["Take it back"]
        and "another officer must agree" in mine
    )
    assert "Finnish: fi bureau" in shown and "As it is" not in shown
    row = re.search(r"To whom it passes data on.*?</tr>", shown, re.DOTALL)
    assert row and "To nobody" in row[0] and "Data user: it asks citizens for their data" in shown
    assert re.search(r'class="au-header__name"[^>]*>Otso<', shown) and "If another officer agrees" in mine
    listed = otso.get("/en/console/agencies/").content.decode()
    assert re.search(rf">Request: Register an agency<span[^>]*> {form['code']},", listed)  # no button of that name does this
    _post(otso, at, {"decision": "approve"})
    done = otso.get(at).content.decode()
    assert (
        done.index("What comes next:") < done.index("Register its first client") < done.index("Decided on by") < done.index("What follows")
    )
    changed = _post(astrid, f"/en/console/agencies/{form['code']}/change/", {**form, "legal_name": "Other", "meaning": "words"})
    shown = otso.get(changed["Location"]).content.decode()
    assert "Agree to this change of the agency" in shown and "As it is" in shown


def test_what_is_agreed_to_can_be_loaded_from_a_file_and_changes_nothing(astrid: Browser, otso: Browser) -> None:
    at, _ = _asked(astrid)
    _post(otso, at, {"decision": "approve"})
    document = json.loads(otso.get(at).context["page"].document)
    again = loading.agency(document, now=timezone.now())
    assert again.version == 1 and again.agency.versions.count() == 1


@pytest.mark.parametrize(("meaning", "binding"), [("words", 1), ("meaning", 2)])
def test_a_version_says_whether_it_changes_the_meaning(astrid: Browser, otso: Browser, meaning: str, binding: int) -> None:
    form = _registered(astrid, otso)
    change = f"/en/console/agencies/{form['code']}/change/"
    shown = astrid.get(change).context["page"]
    assert shown.values["legal_name"] == "Bureau" and [m.chosen for m in shown.meanings] == [False, False]
    sent = {**{k: v for k, v in form.items() if k != "code"}, "legal_name": "Bureau of Things"}
    unsaid = _post(astrid, change, sent)
    assert unsaid.status_code == 400 and [e.field for e in unsaid.context["page"].errors] == ["meaning"]  # type: ignore[attr-defined]
    answer = _post(astrid, change, {**sent, "meaning": meaning})
    page = otso.get(answer["Location"]).context["page"]
    assert [r.label for r in page.rows if r.differs] == ["Name by law"]
    assert any("cover nothing more" in sentence for sentence in page.follows) == (meaning == "meaning")
    assert _post(otso, answer["Location"], {"decision": "approve"}).status_code == 302
    agency = Agency.objects.get(code=form["code"])
    assert agency.binding_since == binding and agency.versions.count() == 2
    assert MeaningChange.objects.filter(code=form["code"]).exists() == (meaning == "meaning")
    same = _post(astrid, change, {**sent, "meaning": "words"})
    assert same.status_code == 400 and b"Nothing would change." in same.content


def test_a_file_that_was_loaded_meanwhile_stops_an_agreement(astrid: Browser, otso: Browser) -> None:
    form = _registered(astrid, otso)
    answer = _post(astrid, f"/en/console/agencies/{form['code']}/change/", {**form, "legal_name": "Other", "meaning": "words"})
    document = {**(agency_form.newest(form["code"]) or {}), "version": 2, "binding_since": 2, "legal_name": "Third"}
    loading.agency(document, now=timezone.now())
    refused = _post(otso, answer["Location"], {"decision": "approve"})
    assert refused.status_code == 400 and b"has changed since" in refused.content
    assert AgencyDraft.objects.get(code=form["code"], kind="change").state == "open"
    assert _post(otso, answer["Location"], {"decision": "decline"}).status_code == 302


def test_who_asked_takes_it_back_and_another_declines(astrid: Browser, otso: Browser) -> None:
    for face, state in ((astrid, "withdrawn"), (otso, "declined")):
        at, form = _asked(astrid)
        assert _post(face, at, {"decision": "shrug"}).status_code == 400
        assert _post(face, at, {"decision": "decline"}).status_code == 302
        assert "It can do nothing before it has a client." not in face.get(at).content.decode()  # of what was declined nothing follows
        assert AgencyDraft.objects.get(code=form["code"]).state == state
        assert not Agency.objects.filter(code=form["code"]).exists()


def test_one_draft_waits_for_an_agency_at_a_time(astrid: Browser) -> None:
    _, form = _asked(astrid)
    again = _post(astrid, NEW, form)
    assert again.status_code == 400 and b"There is an open draft for this agency" in again.content


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("code", "A b", "code"), ("code", "aurora", "code"), ("code", "new", "code"), ("code", "benefits-office", "code"),
        ("name_sv", "", "name"), ("name_en", "a\u202eb", "name"), ("name_fi", "Kela\u3164", "name"), ("name_sv", "T\u0430x", "name"),
        ("legal_name", "Bureau\u2800", "legal_name"), ("business_id", "1234567\ufe0f-8", "business_id"), ("roles", ["operator"], "roles"), ("roles", ["model_owner"], "roles"),
        ("legal_name", "", "legal_name"), ("business_id", "1" * 33, "business_id"), ("country", "FIN", "country"),
        ("contact_email", "", "contact_url"), ("contact_email", "nobody", "contact_email"), ("contact_url", "http://x.example", "contact_url"),
        ("contact_url", "https://10.0.0.1/", "contact_url"), ("onward_fi", "vain suomeksi", "onward"), ("since", "31.31.2026", "since"),
        ("reason", " ", "reason"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_marked_and_everything_else_stays(astrid: Browser, field: str, value: Any, named: str) -> None:
    form = _form(**{field: value})
    answer = _post(astrid, NEW, form)
    page, html = answer.context["page"], answer.content.decode()  # type: ignore[attr-defined]
    assert answer.status_code == 400 and [e.field for e in page.errors] == [named]
    assert f'id="{named}-error"' in html and f'id="{named}"' in html
    kept = {k: v for k, v in form.items() if isinstance(v, str)}
    assert {k: page.values[k] for k in kept} == {k: v.strip() for k, v in kept.items()}
    assert [r.chosen for r in page.roles] == [x in form["roles"] for x in ("data_source", "data_user")]
    assert not AgencyDraft.objects.filter(code=form["code"]).exists()


def test_an_agency_of_which_only_the_name_is_known_is_described_without_a_question_of_meaning(astrid: Browser, otso: Browser) -> None:
    code = f"plain-{uuid4().hex[:8]}"
    Agency.objects.create(code=code, name=dict.fromkeys(("fi", "sv", "en"), "Plain"), roles=["data_user"])
    change = f"/en/console/agencies/{code}/change/"
    page = astrid.get(change).context["page"]
    assert page.values["name_fi"] == "Plain" and not page.meanings and [r.chosen for r in page.roles] == [False, True]
    answer = _post(astrid, change, _form(code=code))
    assert _post(otso, answer["Location"], {"decision": "approve"}).status_code == 302
    assert Agency.objects.get(code=code).versions.get().version == 1


def test_the_next_page_names_clients_and_addresses(astrid: Browser, cast: Cast) -> None:
    page = astrid.get("/en/console/agencies/benefits-office/next/").context["page"]
    assert cast.office.client_id in [c.client_id for c in page.clients] and f"client_id: {cast.office.client_id}" in page.letter
    for row in page.addresses[1:]:
        path = "/" + row.values[0].split("/", 3)[3]
        assert browser().get(path).status_code in (200, 301, 401, 404, 405)
    found = next(c for c in page.clients if c.client_id == cast.office.client_id)
    assert ("Handling your benefit application", "benefit-application") in [(one.name, one.code) for one in found.purposes]
    assert all(one.name and one.name != one.code for one in (*found.purposes, *found.categories))
    assert {"/oauth/par", "/api/v1/schema/"} <= {"/" + r.values[0].split("/", 3)[3] for r in page.addresses[1:]}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_hand_over_says_step_by_step_who_does_what_and_where(astrid: Browser, otso: Browser, cast: Cast, language: str) -> None:
    answer = astrid.get(f"/{language}/console/agencies/benefits-office/next/")
    page, html = answer.context["page"], answer.content.decode()
    assert len(page.steps) == 6 and all(step.text in re.sub(r"&#x27;", "'", html) for step in page.steps)
    for step in page.steps:
        assert not step.url or (step.url.startswith(f"/{language}/developers/") and browser().get(step.url).status_code == 200)
        assert step.text in page.letter and f"{step.url}" in page.letter
    assert sum(bool(step.url) for step in page.steps) == 4 and "- tax.income (" in page.letter
    user = _registered(astrid, otso)["code"]
    shown = astrid.get(f"/{language}/console/agencies/{user}/next/")
    assert len(shown.context["page"].steps) == 5 and "manage.py" not in shown.content.decode()
    # A source is declared where Aurora runs, and the page says by what and by whom.
    source = _registered(astrid, otso, roles=["data_source"])["code"]
    shown = astrid.get(f"/{language}/console/agencies/{source}/next/")
    html, page = shown.content.decode(), shown.context["page"]
    assert "manage.py load_sources" in html and "docs/operations/connectors.md" in html and page.source and not page.asks
    assert [bool(step.url) for step in page.steps] == [True, True] and page.steps[-1].url.endswith("/developers/guide/sources/")


def test_what_is_agreed_to_leads_to_what_comes_next_for_that_agency(astrid: Browser, otso: Browser) -> None:
    """Who asks citizens needs a client; who only holds their data is handed over to."""
    for roles, then in ((["data_user"], "/en/console/clients/new/?agency={}"), (["data_source"], "/en/console/agencies/{}/next/")):
        at, form = _asked(astrid, roles=roles)
        assert _post(otso, at, {"decision": "approve"}).status_code == 302
        assert astrid.get(at).context["page"].next_url == then.format(form["code"])


def test_the_day_stands_there_as_people_write_it(astrid: Browser) -> None:
    today = timezone.localdate()
    assert astrid.get(NEW).context["page"].values["since"] == f"{today.day}.{today.month}.{today.year}"


@pytest.mark.parametrize("sent", [{}, {"agency": "benefits-office", "agency_name_en": "Somebody else"}], ids=["nothing", "another"])
def test_from_an_agency_its_client_is_asked_for_and_no_other_agencys(astrid: Browser, otso: Browser, sent: dict[str, str]) -> None:
    """Whatever else is sent: the page names the agency that it is for."""
    code = _registered(astrid, otso)["code"]
    path = f"/en/console/clients/new/?agency={code}"
    shown = astrid.get(path).content.decode()
    assert code in shown and 'name="agency"' not in shown and 'name="agency_name_en"' not in shown
    names = {f"name_{x}": "A service" for x in ("fi", "sv", "en")}
    keys = json.dumps({"keys": [{**ECKey.generate_key("P-256").as_dict(private=False), "kid": "k1"}]})
    form = {"client_id": code, **names, "jwks": keys, "reason": "Contract 7/2026", **sent}
    refused = _post(astrid, path, {**form, "reason": ""})
    assert refused.status_code == 400 and 'name="agency"' not in refused.content.decode()
    at = _post(astrid, path, form)["Location"]
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    assert Client.objects.get(client_id=code).agency.code == code
    assert Agency.objects.get(code="benefits-office").name["en"] != "Somebody else"


# Words of engineers: they stand in brackets, behind what an officer understands, or in no label at all.
JARGON = re.compile(r"nonce|token|refresh|redirect|JSON|jwks|DPoP|resource", re.IGNORECASE)
FORMS = ("agencies/new/", "agencies/benefits-office/change/", "clients/new/", "clients/benefits-office/change/")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("at", FORMS)
def test_every_field_says_in_a_sentence_what_it_is_for(astrid: Browser, at: str, language: str) -> None:
    page = parse(astrid.get(f"/{language}/console/{at}").content.decode())
    texts = {e.attributes["id"]: e.text.strip() for e in page.elements if "id" in e.attributes}
    mine = [e for e in page.elements if any(a.attributes.get("id") == "main" for a in e.ancestors)]
    asked = [e for e in mine if e.tag in ("input", "textarea") and e.attributes.get("type") not in ("hidden", "radio")]
    assert len(asked) > 10
    for control in asked:
        of = control.inside("fieldset") or control
        if control.attributes["name"].startswith("agency_name"):
            continue  # the field before says what they are for
        hint = texts[of.attributes["aria-describedby"].split()[0]]
        assert hint.endswith("."), (control.attributes["name"], hint)
    for label in (e for e in mine if e.tag in ("label", "legend")):
        assert not JARGON.search(re.sub(r"\([^)]*\)", "", label.text)), label.text
    for control in asked:
        if control.attributes.get("type") == "text" and (group := control.inside("fieldset")):
            [legend] = [e for e in mine if e.tag == "legend" and e.inside("fieldset") is group]
            box = control.inside("div")
            assert legend.text and box is not None and box.attributes["class"] == "govuk-form-group" and group in box.ancestors


def test_a_list_without_rows_says_what_would_be_there_and_leads_on_who_may(astrid: Browser, otso: Browser) -> None:
    AgencyDraft.objects.filter(state="open").update(state="declined", decided_by=uuid4(), decided_at=timezone.now())
    ClientDraft.objects.filter(state="open").update(state="declined", decided_by=uuid4(), decided_at=timezone.now())
    operator, auditor = _operator("aud", Role.AUDITOR)
    code = f"plain-{uuid4().hex[:8]}"
    Agency.objects.create(code=code, name=dict.fromkeys(("fi", "sv", "en"), "Plain"), roles=["data_user"])
    try:
        for face, leads in ((astrid, True), (auditor, False)):
            waiting = (
                face.get("/en/console/agencies/").content.decode().partition("Waiting for a second person")[2].partition("</table>")[0]
            )
            assert "What one officer asks for stands here until another one has decided on it." in waiting
            assert (NEW in waiting) == leads
            here = face.get(f"/en/console/agencies/{code}/").content.decode()
            assert "This agency has no client yet, so it can ask citizens for nothing." in here and "There is no history yet. What" in here
            assert ("Register its first client" in here) == leads and "Register another client" not in here
    finally:
        operator.delete()


WRITES = (NEW, "/en/console/agencies/benefits-office/change/")


@pytest.mark.parametrize("roles", [[], ["operations"], ["privacy_officer"], ["catalogue_editor"], ["auditor"]], ids=lambda r: "-".join(r))
def test_other_operators_write_none_of_it(astrid: Browser, roles: list[str]) -> None:
    at, form = _asked(astrid)
    operator, face = _operator("other", *roles)
    reads = 200 if "auditor" in roles else 403
    try:
        for path in WRITES:
            assert face.get(path).status_code == _post(face, path, _form()).status_code == 403
        assert face.get(at).status_code == face.get("/en/console/agencies/benefits-office/next/").status_code == reads
        assert _post(face, at, {"decision": "approve"}).status_code == 403
        with pytest.raises(officers.NotAnOfficer):
            register_agency.decide(operator=operator, draft_id=UUID(at.rstrip("/").rsplit("/", 1)[1]), agree=True, now=timezone.now())
        assert AgencyDraft.objects.get(code=form["code"]).state == "open"
    finally:
        operator.delete()


def test_what_somebody_asked_for_who_is_gone_is_not_agreed_to(cast: Cast, otso: Browser) -> None:
    asker, face = _operator("gone", Role.AGENCY_OFFICER)
    at, form = _asked(face)
    Operator.objects.filter(pk=asker.pk).update(is_active=False)
    refused = _post(otso, at, {"decision": "approve"})
    assert refused.status_code == 400 and b"no agency officer any more" in refused.content
    assert not Agency.objects.filter(code=form["code"]).exists()
    assert _post(otso, at, {"decision": "decline"}).status_code == 302


def test_the_database_lets_nobody_rewrite_a_draft_or_agree_alone(astrid: Browser) -> None:
    at, form = _asked(astrid)
    draft = AgencyDraft.objects.get(code=form["code"])
    now = timezone.now()
    tries = (
        lambda: AgencyDraft.objects.filter(pk=draft.pk).update(content={}),
        lambda: AgencyDraft.objects.filter(pk=draft.pk).delete(),
        lambda: AgencyDraft.objects.filter(pk=draft.pk).update(state="approved", decided_by=draft.requested_by, decided_at=now),
        lambda: AgencyDraft.objects.create(
            kind="register", state="approved", code="x", content={}, reason="x", requested_by=uuid4(), requested_at=now,
            decided_by=uuid4(), decided_at=now,
        ),
    )  # fmt: skip
    for attempt in tries:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert astrid.get(at).status_code == 200


@pytest.mark.parametrize(
    "path", ["/en/console/agencies/aurora/change/", "/en/console/agencies/nobody/next/", f"/en/console/agency-drafts/{UUID(int=1)}/"]
)
def test_what_is_not_there_is_not_found(astrid: Browser, path: str) -> None:
    assert astrid.get(path).status_code == 404


@pytest.mark.usefixtures("kept_meanwhile")
def test_no_page_costs_much(astrid: Browser, otso: Browser) -> None:
    form = _registered(astrid, otso)
    pages = ("/en/console/agencies/", f"/en/console/agencies/{form['code']}/", f"/en/console/agencies/{form['code']}/next/",
             NEW, f"/en/console/agencies/{form['code']}/change/", reverse("console:agency_draft", args=[AgencyDraft.objects.get(code=form["code"]).pk]))  # fmt: skip
    for path in pages:
        otso.get(path)
        with CaptureQueriesContext(connection) as queries:
            answer = otso.get(path)
        assert answer.status_code == 200 and len(queries) <= 12 and len(answer.content) <= 40_000, (path, len(queries), len(answer.content))


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_every_sentence_of_a_fault_is_translated(language: str) -> None:
    """What the server may say about an agency, gathered where it is said."""
    sentences = {officers.AskerGone.sentence}
    for module in (agency_form, agency_drafts, names):
        docs = {ast.get_docstring(n, clean=False) for n in ast.walk(ast.parse(inspect.getsource(module)))
                if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module)}  # fmt: skip
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
            if isinstance(node, ast.JoinedStr):
                with suppress(NameError):
                    text = eval(compile(ast.Expression(node), "sentence", "eval"), vars(module))
            if text and re.fullmatch(r"[A-Z][^\n]* [^\n]*\.", text) and text not in docs:
                sentences.add(text)
    assert len(sentences) > 15 and sentences - agency_words.KNOWN_FAULTS == set()
    with translation.override(language):
        for sentence in sentences:
            assert str(agency_words.fault(sentence)) != sentence
