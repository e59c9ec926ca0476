"""Two officers register, change and restart an agency's client; one stops it; auditors look on, and nobody else sees anything."""

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
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation
from joserfc.jwk import ECKey

from aurora.audit.models import OperatorDeed
from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import officers, onboard_agency
from aurora.ui import client_words
from consent import names, two_people
from consent.oauth import addresses, client_form, jwks, onboarding, redirects
from consent.oauth.models import Client, ClientDraft
from tests.support.cast import FORM, Cast, browser

NEW = "/en/console/clients/new/"
Role = Operator.Role


def _sentences() -> set[str]:
    """Every sentence that the judges of a client's fields can give, out of their code; what is put in is a figure of the profile."""
    found: set[str] = set()
    for module in (client_form, names, addresses, redirects, jwks, onboarding, two_people):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            text = None
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            elif isinstance(node, ast.JoinedStr):
                with suppress(NameError):  # of a local name: no sentence of a fault
                    text = eval(compile(ast.Expression(node), "sentence", "eval"), vars(module) | {"alg": "ES256"})
            if text and re.fullmatch(r"[A-Z][^\n]* [^\n]*\.", text) and '"' not in text:
                found.add(text)
    docs = {ast.get_docstring(n, clean=False) for m in (client_form, names, addresses, redirects, jwks, onboarding, two_people)
            for n in ast.walk(ast.parse(inspect.getsource(m))) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module)}  # fmt: skip
    # A draft that cannot be judged at all is a mistake of a program, not of a form.
    found.add(officers.AskerGone.sentence)
    return {f for f in found - docs if not f.startswith(("A client has exactly these members", "Say yes or no"))}


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


@pytest.fixture
def auditor(cast: Cast) -> Iterator[Browser]:
    operator, face = _operator("aud", Role.AUDITOR)
    yield face
    operator.delete()


def _keys() -> str:
    return json.dumps({"keys": [{**ECKey.generate_key("P-256").as_dict(private=False), "kid": "k1"}]})


def _form(**changes: Any) -> dict[str, Any]:
    name = f"pilot-{uuid4().hex[:8]}"
    texts = {f"{field}_{x}": f"{x} words of {name}" for field in ("agency_name", "name") for x in ("fi", "sv", "en")}
    fields = {"client_id": name, "agency": name, "redirect_uris": f"https://{name}.example/cb\n\n", "jwks": _keys()}
    chosen = {"purposes": ["benefit-application"], "categories": ["tax.income"], "reason": "Contract 12/2026"}
    return {**texts, **fields, **chosen, **changes}


def _post(face: Browser, path: str, form: dict[str, Any]) -> HttpResponse:
    return face.post(path, urlencode(form, doseq=True), content_type=FORM)  # type: ignore[return-value]


def _drafted(face: Browser, **changes: Any) -> tuple[str, dict[str, Any]]:
    """The address of a new draft, and the form that made it."""
    form = _form(**changes)
    answer = _post(face, NEW, form)
    assert answer.status_code == 302, [e.message for e in answer.context["page"].errors]  # type: ignore[attr-defined]
    return answer["Location"], form


def test_a_client_is_registered_when_another_officer_agrees(astrid: Browser, otso: Browser) -> None:
    at, form = _drafted(astrid)
    mine = astrid.get(at)
    assert not mine.context["page"].may_approve and mine.context["page"].is_mine
    refused = _post(astrid, at, {"decision": "approve"})
    assert refused.status_code == 400 and b"Somebody else must decide" in refused.content
    assert not Client.objects.filter(client_id=form["client_id"]).exists()
    assert form["client_id"] in otso.get("/en/console/agencies/").content.decode()
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    client = Client.objects.get(client_id=form["client_id"])
    assert (client.agency.code, client.allowed_categories, client.jwks) == (form["agency"], ["tax.income"], json.loads(form["jwks"]))
    assert _post(otso, at, {"decision": "approve"}).status_code == 400  # decided already
    page = otso.get(f"/en/console/agencies/{form['agency']}/").context["page"]
    assert [(r.state, r.asked_by, r.decided_by) for r in page.history] == [("approved", "Astrid", "Otso")]


CODE = re.compile(r"benefit-application|tax\.income|population\.household")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_who_decides_reads_names_and_what_the_agency_may_do_by_it(astrid: Browser, otso: Browser, language: str) -> None:
    """No code of the vocabulary stands on the page: people read what citizens read."""
    at, _ = _drafted(astrid, categories=["population.household", "tax.income"])
    answer = otso.get(at.replace("/en/", f"/{language}/"))
    page, html = answer.context["page"], answer.content.decode()
    shown = re.sub(r"<[^>]+>", " ", html)
    assert not CODE.search(shown), CODE.search(shown)
    wanted = {"fi": "Etuushakemuksen käsittely", "sv": "Behandling av förmånsansökan", "en": "Handling your benefit application"}[language]
    assert wanted in shown and any(wanted in sentence for sentence in page.follows)
    assert any(f"{language} words" in sentence for sentence in page.follows)  # the agency, by the name that it is to have
    with translation.override(language):
        assert page.agree == str(client_words.agree("register")) and page.agree in shown
    assert page.draft.asked_by == "Astrid" and "Astrid" in shown
    of_agency = otso.get(f"/{language}/console/agencies/benefits-office/").content.decode()
    assert wanted in of_agency and not CODE.search(re.sub(r"<[^>]+>", " ", of_agency))


def test_two_people_can_compare_a_key_and_see_who_tells_what(astrid: Browser, otso: Browser) -> None:
    keys = _keys()
    at, _ = _drafted(astrid, jwks=keys)
    fingerprint = ECKey.import_key(json.loads(keys)["keys"][0]).thumbprint()
    html = otso.get(at).content.decode()
    assert f"Key k1 (ES256), fingerprint {fingerprint}" in html and "ring the agency at a number that you know" in html
    told = {c.code: c.source for c in astrid.get(NEW).context["page"].categories}
    assert told["life.household"] == "The citizen tells it" and told["population.household"]["en"] == "Population Register"
    assert "Population Register" in astrid.get(NEW).content.decode()


def test_what_an_agreement_does_depends_on_what_is_asked_for(astrid: Browser, otso: Browser) -> None:
    at, form = _drafted(astrid, categories=["population.household", "tax.income"])
    _post(otso, at, {"decision": "approve"})

    def told(path: str, form: dict[str, Any]) -> tuple[str, str]:
        answer = _post(astrid, path, form)
        page = otso.get(answer["Location"]).context["page"]
        assert _post(otso, answer["Location"], {"decision": "approve"}).status_code == 302
        return page.agree, " ".join(page.follows)

    change = f"/en/console/clients/{form['client_id']}/change/"
    sent = {k: v for k, v in form.items() if not k.startswith("agency")}
    asks = "may ask citizens for these data"
    for changed, wanted, unwanted in (
        ({"redirect_uris": "https://other.example/cb"}, "may ask citizens for stays as it is", "no longer be read"),
        ({"categories": ["tax.income"]}, "no longer be read, whatever citizens have consented to", "stays as it is"),
        ({"categories": [], "purposes": [], "redirect_uris": ""}, "It cannot ask citizens for anything.", asks),
    ):
        sent |= changed
        button, follows = told(change, sent)
        assert button == "Agree to this change of the client" and wanted in follows and unwanted not in follows, follows
    _post(astrid, f"/en/console/clients/{form['client_id']}/state/", {"reason": "Key stolen"})
    _post(astrid, f"/en/console/clients/{form['client_id']}/state/", {"reason": "New key"})
    draft = ClientDraft.objects.get(client_id=form["client_id"], state="open")
    page = otso.get(reverse("console:draft", args=[draft.pk])).context["page"]
    assert page.agree == "Agree that the client works again" and "is answered again" in page.follows[0] and not page.changes
    stopped = ClientDraft.objects.get(client_id=form["client_id"], kind="suspend")
    assert otso.get(reverse("console:draft", args=[stopped.pk])).context["page"].follows == ()


def test_a_change_shows_only_what_differs(astrid: Browser, otso: Browser) -> None:
    at, form = _drafted(astrid)
    _post(otso, at, {"decision": "approve"})
    change = f"/en/console/clients/{form['client_id']}/change/"
    shown = astrid.get(change).context["page"]
    assert shown.values["redirect_uris"] == form["redirect_uris"].strip() and json.loads(shown.values["jwks"]) == json.loads(form["jwks"])
    sent = {**{k: v for k, v in form.items() if not k.startswith("agency")}, "jwks": "", "jwks_uri": "https://pilot.example/keys"}
    answer = _post(astrid, change, sent)
    assert answer.status_code == 302
    page = otso.get(answer["Location"]).context["page"]
    assert [r.label for r in page.rows if r.differs] == ["Public keys (JSON Web Key Set)", "Address of the public keys (jwks_uri)"]
    assert _post(otso, answer["Location"], {"decision": "approve"}).status_code == 302
    client = Client.objects.get(client_id=form["client_id"])
    assert (client.jwks, client.jwks_uri) == (None, "https://pilot.example/keys")
    # The same again would change nothing, and says so.
    again = _post(astrid, change, sent)
    assert again.status_code == 400 and b"Nothing would change." in again.content


def test_one_officer_stops_a_client_and_two_let_it_work_again(astrid: Browser, otso: Browser) -> None:
    at, form = _drafted(astrid)
    _post(otso, at, {"decision": "approve"})
    state = f"/en/console/clients/{form['client_id']}/state/"
    assert _post(astrid, state, {"reason": ""}).status_code == 400
    assert Client.objects.get(client_id=form["client_id"]).active
    assert _post(astrid, state, {"reason": "Key stolen"}).status_code == 302
    assert not Client.objects.get(client_id=form["client_id"]).active
    assert _post(astrid, state, {"reason": "New key"}).status_code == 302
    assert not Client.objects.get(client_id=form["client_id"]).active
    draft = ClientDraft.objects.get(client_id=form["client_id"], state="open")
    at = reverse("console:draft", args=[draft.pk])
    assert _post(astrid, at, {"decision": "approve"}).status_code == 400
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    assert Client.objects.get(client_id=form["client_id"]).active


def test_who_asked_takes_it_back_and_another_declines(astrid: Browser, otso: Browser) -> None:
    for face, state in ((astrid, "withdrawn"), (otso, "declined")):
        at, form = _drafted(astrid)
        assert _post(face, at, {"decision": "shrug"}).status_code == 400
        assert _post(face, at, {"decision": "decline"}).status_code == 302
        assert ClientDraft.objects.get(client_id=form["client_id"]).state == state
        assert not Client.objects.filter(client_id=form["client_id"]).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", "a b"), ("client_id", "benefits-office"), ("agency", "aurora"), ("agency_name_sv", ""), ("name_en", ""),
        ("redirect_uris", "http://x.example/"), ("jwks", ""), ("jwks", "{"), ("jwks", '{"keys": [], "keys": []}'), ("jwks_uri", "https://10.0.0.1/"),
        ("notice_uri", "http://x.example"), ("resource", "https://x.example/#a"), ("purposes", []), ("categories", ["unknown"]), ("reason", " "),
    ],
)  # fmt: skip
def test_a_wrong_field_is_marked_and_everything_else_stays(astrid: Browser, field: str, value: Any) -> None:
    form = _form(**({field: value} | ({"jwks": ""} if field == "jwks_uri" else {})))
    answer = _post(astrid, NEW, form)
    page = answer.context["page"]  # type: ignore[attr-defined]
    wanted = {"agency_name_sv": "agency_name", "name_en": "name"}.get(field, field)
    assert answer.status_code == 400 and [e.field for e in page.errors] == [wanted]
    assert f'id="{wanted}-error"' in answer.content.decode() and f'id="{wanted}"' in answer.content.decode()
    assert page.values["client_id"] == form["client_id"].strip() and page.values["name_fi"] == form["name_fi"]
    assert not ClientDraft.objects.filter(client_id=form["client_id"]).exists()


def test_a_private_key_is_refused_and_not_shown_again_in_the_error(astrid: Browser) -> None:
    private = {**ECKey.generate_key("P-256").as_dict(private=True), "kid": "k1"}
    answer = _post(astrid, NEW, _form(jwks=json.dumps({"keys": [private]})))
    assert answer.status_code == 400 and [e.field for e in answer.context["page"].errors] == ["jwks"]  # type: ignore[attr-defined]
    assert private["d"] not in answer.content.decode()


WRITES = (NEW, "/en/console/clients/benefits-office/change/", "/en/console/clients/benefits-office/state/")


def test_an_auditor_reads_and_changes_nothing(auditor: Browser, astrid: Browser) -> None:
    at, form = _drafted(astrid)
    for path in ("/en/console/", "/en/console/agencies/", "/en/console/agencies/benefits-office/", at):
        assert auditor.get(path).status_code == 200
    assert "/en/console/agencies/" in auditor.get("/en/console/").content.decode()
    for page in (auditor.get("/en/console/agencies/"), auditor.get("/en/console/agencies/benefits-office/")):
        assert not page.context["page"].new_url
    for path in WRITES:
        assert auditor.get(path).status_code == _post(auditor, path, _form()).status_code == 403
    for decision in ("approve", "decline"):
        assert _post(auditor, at, {"decision": decision}).status_code == 403
    assert ClientDraft.objects.get(client_id=form["client_id"]).state == "open"
    assert Client.objects.get(client_id="benefits-office").active


@pytest.mark.parametrize("roles", [[], ["operations"], ["privacy_officer"], ["operations", "privacy_officer"]])
def test_other_operators_see_none_of_it(astrid: Browser, roles: list[str]) -> None:
    at, _ = _drafted(astrid)
    operator, face = _operator("other", *roles)
    try:
        assert face.get("/en/console/").status_code == 200
        assert "/en/console/agencies/" not in face.get("/en/console/").content.decode()
        for path in ("/en/console/agencies/", "/en/console/agencies/benefits-office/", at, *WRITES):
            assert face.get(path).status_code == 403
        assert _post(face, at, {"decision": "approve"}).status_code == 403
        assert _post(face, WRITES[2], {"reason": "x"}).status_code == 403
        with pytest.raises(officers.NotAnOfficer):
            onboard_agency.suspend(operator=operator, client_id="benefits-office", reason="x", now=timezone.now())
        assert Client.objects.get(client_id="benefits-office").active
    finally:
        operator.delete()


@pytest.mark.parametrize("gone", ["suspended", "no-officer-any-more"])
def test_what_somebody_asked_for_who_is_gone_is_not_agreed_to_but_can_be_declined(cast: Cast, otso: Browser, gone: str) -> None:
    """Whoever took over one account cannot leave behind what another officer agrees to in good faith."""
    asker, face = _operator("gone", Role.AGENCY_OFFICER)
    at, form = _drafted(face)
    loaded = Operator.objects.get(pk=asker.pk)
    Operator.objects.filter(pk=asker.pk).update(**({"is_active": False} if gone == "suspended" else {"roles": ["operations"]}))
    with pytest.raises(officers.NotAnOfficer):  # whatever a request that still runs has loaded of them
        onboard_agency.suspend(operator=loaded, client_id="benefits-office", reason="x", now=timezone.now())
    refused = _post(otso, at, {"decision": "approve"})
    assert refused.status_code == 400 and b"no agency officer any more" in refused.content
    assert ClientDraft.objects.get(client_id=form["client_id"]).state == "open"
    assert not Client.objects.filter(client_id=form["client_id"]).exists()
    assert _post(otso, at, {"decision": "decline"}).status_code == 302
    assert ClientDraft.objects.get(client_id=form["client_id"]).state == "declined"


def test_a_client_with_a_tilde_in_its_id_is_stopped_like_any_other(astrid: Browser, otso: Browser) -> None:
    at, form = _drafted(astrid, client_id=f"pilot~{uuid4().hex[:8]}")
    assert _post(otso, at, {"decision": "approve"}).status_code == 302
    answer = _post(astrid, f"/en/console/clients/{form['client_id']}/state/", {"reason": "Its key was lost"})
    assert answer.status_code == 302 and not Client.objects.get(client_id=form["client_id"]).active
    noted = OperatorDeed.objects.filter(about__contains=[form["client_id"]]).values_list("deed", flat=True)
    assert {"client:register_approved", "client:suspend_approved"} <= set(noted)


@pytest.mark.parametrize("client_id", [".", "..", "-1", "~", "_x"])
def test_an_id_that_an_address_cannot_bear_is_refused(astrid: Browser, client_id: str) -> None:
    answer = _post(astrid, NEW, _form(client_id=client_id))
    assert answer.status_code == 400 and b"begins with a letter or a digit" in answer.content
    assert not ClientDraft.objects.filter(client_id=client_id).exists()


def test_without_the_second_factor_no_role_helps(cast: Cast) -> None:
    operator = Operator.objects.create(
        username=f"half-{uuid4().hex[:6]}", name="Half", roles=[Role.AGENCY_OFFICER], totp_secret_sealed=b"x"
    )
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    try:
        for path in ("/en/console/agencies/", *WRITES):
            assert face.get(path)["Location"] == "/en/console/second-factor/"
    finally:
        operator.delete()


@pytest.mark.parametrize("path", ["/en/console/clients/nobody/change/", "/en/console/clients/a%00b/state/", "/en/console/agencies/aurora/",
                                  "/en/console/agencies/nobody/", f"/en/console/client-drafts/{UUID(int=1)}/"])  # fmt: skip
def test_what_is_not_there_is_not_found(astrid: Browser, path: str) -> None:
    assert astrid.get(path).status_code == 404


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_every_sentence_of_a_fault_is_translated(language: str) -> None:
    """What the server may say about a client, gathered where it is said."""
    sentences = _sentences()
    assert len(sentences) > 30 and sentences - client_words.KNOWN_FAULTS == set()
    with translation.override(language):
        for sentence in sentences:
            assert str(client_words.fault(sentence)) != sentence


# The command


def _file(folder: Any, **changes: Any) -> Any:
    form = {
        "client_id": f"auto-{uuid4().hex[:8]}",
        "reason": "Infrastructure as code",
        "agency": {"code": f"auto-{uuid4().hex[:8]}", "name": dict.fromkeys(("fi", "sv", "en"), f"Auto {uuid4().hex[:8]}")},
        "name": dict.fromkeys(("fi", "sv", "en"), "Auto"),
        "redirect_uris": ["https://auto.example/cb"],
        "jwks": json.loads(_keys()),
        "purposes": ["benefit-application"],
        "categories": ["tax.income", "population.household"],
    } | changes
    path = folder / "client.json"
    path.write_text(json.dumps({k: v for k, v in form.items() if v is not ...}))
    return path, form


def test_the_command_registers_and_says_what_it_did(cast: Cast, tmp_path: Any, capsys: Any) -> None:
    path, form = _file(tmp_path)
    call_command("register_client", file=path, dry_run=True)
    assert "redirect_uris: null ->" in capsys.readouterr().out and not Client.objects.filter(client_id=form["client_id"]).exists()
    call_command("register_client", file=path)
    client = Client.objects.get(client_id=form["client_id"])
    assert client.allowed_categories == ["population.household", "tax.income"]
    assert [d.requested_by for d in ClientDraft.objects.filter(client_id=form["client_id"])] == [None]
    assert client_form.content_of(client)["agency"] == {"code": form["agency"]["code"]}


def test_the_same_file_again_changes_nothing_and_new_keys_are_all_it_takes(cast: Cast, tmp_path: Any, capsys: Any) -> None:
    path, form = _file(tmp_path)
    call_command("register_client", file=path)
    call_command("register_client", file=path)
    assert "already" in capsys.readouterr().out
    path.write_text(json.dumps(form | {"jwks": (rolled := json.loads(_keys()))}))
    call_command("register_client", file=path)
    assert Client.objects.get(client_id=form["client_id"]).jwks == rolled
    path.write_text(json.dumps(form | {"agency": form["agency"] | {"name": dict.fromkeys(("fi", "sv", "en"), "Other")}}))
    with pytest.raises(CommandError, match="not changed with a client"):
        call_command("register_client", file=path)


@pytest.mark.parametrize(
    "changes", [{"jwks": ...}, {"client_id": 7}, {"reason": ...}, {"reason": ""}, {"redirect_uris": ["http://x.example"]}, {"scope": "x"}]
)
def test_the_command_refuses_what_may_not_be_registered(cast: Cast, tmp_path: Any, changes: Any) -> None:
    path, _ = _file(tmp_path, **changes)
    before = Client.objects.count()
    with pytest.raises(CommandError):
        call_command("register_client", file=path)
    assert Client.objects.count() == before


def test_the_command_waits_for_an_open_draft(cast: Cast, astrid: Browser, tmp_path: Any) -> None:
    _, form = _drafted(astrid)
    path, _ = _file(tmp_path, client_id=form["client_id"])
    with pytest.raises(CommandError, match="open draft"):
        call_command("register_client", file=path)
    with pytest.raises(onboarding.DraftOpen):
        path, form = _file(tmp_path, client_id=form["client_id"])
        content = {k: v for k, v in form.items() if k not in ("client_id", "reason")}
        content |= {
            "jwks_uri": "",
            "notice_uri": "",
            "resource": "",
            "rotate_refresh": False,
            "dpop_nonce": False,
            "categories": sorted(form["categories"]),
        }
        onboarding.registered(client_id=form["client_id"], content=content, reason="x", now=timezone.now())
