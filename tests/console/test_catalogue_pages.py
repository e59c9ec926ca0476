"""Editors search the catalogue, see what an import would do before it does it, try rules, and retire; nobody else changes anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aurora.audit.models import OperatorDeed
from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import edit_catalogue
from recommender.catalogue import drafts, store
from recommender.catalogue.models import ImportDraft
from recommender.registry.tables import ModelVersion
from tests.support.cast import FORM, Cast, browser
from tests.support.imported import SERVICE, hsds_service, ptv_channel, ptv_service, typed

LIST, IMPORT = "/en/console/catalogue/", "/en/console/catalogue/import/"
POOL, SHIPPED = f"ptv-{SERVICE}", "housing-assistance"
Role = Operator.Role


def _operator(*roles: str) -> tuple[Operator, Browser]:
    operator = Operator.objects.create(username=f"ed-{uuid4().hex[:6]}", name="Edla", roles=list(roles))
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return operator, face


@pytest.fixture
def edla(cast: Cast) -> Iterator[Browser]:
    """An editor; the catalogue is afterwards what it was before."""
    before = dict(store.current())
    operator, face = _operator(Role.CATALOGUE_EDITOR)
    yield face
    with transaction.atomic():
        store.use(before, why="a test is over", now=timezone.now())
    operator.delete()


def _upload(face: Browser, *contents: object, path: str = IMPORT, **fields: str) -> HttpResponse:
    found = [SimpleUploadedFile(f"f{n}.json", c if isinstance(c, bytes) else json.dumps(c).encode()) for n, c in enumerate(contents)]
    return face.post(path, {"format": "ptv", "language": "fi", **fields, "files": found})  # type: ignore[return-value]


def _post(face: Browser, path: str, **form: Any) -> HttpResponse:
    return face.post(path, urlencode(form), content_type=FORM)  # type: ignore[return-value]


def _service(identifier: str) -> str:
    return f"/en/console/catalogue/services/{identifier}/"


def test_an_import_is_shown_before_it_is_done(edla: Browser) -> None:
    answer = _upload(edla, ptv_service(), ptv_channel())
    assert answer.status_code == 302 and POOL not in store.current()
    page = edla.get(answer["Location"]).context["page"]
    assert [(p.title, p.count, [r.identifier for r in p.rows]) for p in page.parts if p.count] == [("New", 1, [POOL])]
    models = ModelVersion.objects.count()
    assert _post(edla, answer["Location"], decision="confirm").status_code == 302
    assert POOL in store.current() and ModelVersion.objects.count() == models
    draft = ImportDraft.objects.get(pk=answer["Location"].rstrip("/").rsplit("/", 1)[1])
    assert (draft.state, bytes(draft.documents)) == ("confirmed", b"")
    assert _post(edla, answer["Location"], decision="confirm").status_code == 400  # once


def test_what_changes_goes_and_is_refused_is_named(edla: Browser) -> None:
    other = ptv_service(id="90000000-0000-4000-8000-000000000009")
    _post(edla, _upload(edla, ptv_service(), other, ptv_channel())["Location"], decision="confirm")
    changed = ptv_service(serviceNames=typed("Name", fi="Uimahalli ja sauna"))
    broken = ptv_service(id="80000000-0000-4000-8000-000000000008", serviceNames=[])
    answer = _upload(edla, changed, broken, ptv_channel(), whole="yes")
    page = edla.get(answer["Location"]).context["page"]
    parts = {p.title: p for p in page.parts}
    assert [(r.identifier, r.name, r.said) for r in parts["Changed"].rows] == [
        (POOL, "Uimahalli ja sauna", "Keywords, Meters of well-being, Name")
    ]
    assert [r.identifier for r in parts["Retired"].rows] == ["ptv-90000000-0000-4000-8000-000000000009"]
    (refused,) = parts["Refused, and left as they were"].rows
    assert refused.identifier.startswith("80000000") and refused.said
    assert _post(edla, answer["Location"], decision="withdraw").status_code == 302
    assert store.current()[POOL].name["fi"] == "Uimahalli"


def test_what_was_shown_is_what_happens_or_nothing(edla: Browser) -> None:
    answer = _upload(edla, ptv_service(), ptv_channel())
    _post(edla, _service(SHIPPED), deed="retire", reason="Ended by law")
    page = edla.get(answer["Location"]).context["page"]
    assert page.moved
    refused = _post(edla, answer["Location"], decision="confirm")
    assert refused.status_code == 400 and b"Another catalogue has come into use" in refused.content
    assert POOL not in store.current()
    assert _post(edla, answer["Location"], decision="withdraw").status_code == 302


@pytest.mark.parametrize(
    ("contents", "fields", "field", "said"),
    [
        ((), {}, "files", "Choose the files."),
        ((b"{",), {}, "files", "no JSON"),
        ((b"\xff\xfe",), {}, "files", "not UTF-8"),
        (({"a": 1},), {}, "files", ""),
        ((hsds_service(),), {"format": "xml"}, "format", "Choose the format."),
        ((hsds_service(),), {"format": "hsds", "language": "xx"}, "files", "language"),
    ],
    ids=["nothing", "broken", "other-bytes", "something-else", "format", "language"],
)
def test_what_is_no_catalogue_is_named_beside_its_field(
    edla: Browser, contents: tuple[object, ...], fields: dict[str, str], field: str, said: str
) -> None:
    answer = _upload(edla, *contents, **fields)
    page = answer.context["page"]  # type: ignore[attr-defined]
    assert answer.status_code == 400 and [e.field for e in page.errors] == [field] and said in page.errors[0].message
    assert f'id="{field}-error"' in answer.content.decode()


def test_files_that_are_too_large_are_refused_before_they_are_read(edla: Browser) -> None:
    assert _upload(edla, b" " * (drafts.MOST_BYTES + 128 * 1024)).status_code == 413


def test_no_byte_of_a_strangers_files_is_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("aurora.console.uploaded._Kept.receive_data_chunk", read)
    assert _upload(browser(), ptv_service())["Location"] == "/en/console/sign-in/"
    operator, face = _operator(Role.OPERATIONS)
    assert _upload(face, ptv_service()).status_code == 403
    operator.delete()


def test_a_form_without_its_token_is_refused(cast: Cast) -> None:
    operator, face = _operator(Role.CATALOGUE_EDITOR)
    strict = Browser(enforce_csrf_checks=True, **face.defaults)
    strict.cookies = face.cookies
    answer = strict.post(IMPORT, {"format": "ptv", "files": [SimpleUploadedFile("f.json", b"[]")]}, secure=True)
    assert answer.status_code == 403 and not ImportDraft.objects.filter(by=operator.pk).exists()
    operator.delete()


def test_what_nobody_decided_on_is_thrown_away(edla: Browser) -> None:
    made = _upload(edla, ptv_service(), ptv_channel())["Location"].rstrip("/").rsplit("/", 1)[1]
    operator = Operator.objects.get(name="Edla", username__startswith="ed-")
    later = timezone.now() + drafts.KEPT_OPEN + timedelta(minutes=1)
    files = [("f.json", json.dumps(ptv_service()).encode())]
    edit_catalogue.propose(operator=operator, origin="ptv", files=files, whole=False, language="fi", now=later)
    assert ImportDraft.objects.get(pk=made).state == "withdrawn"
    mine = OperatorDeed.objects.filter(operator_id=operator.pk, deed="catalogue_import_withdrawn")
    assert [each.about for each in mine] == [[made]], "what somebody else's import ends stands in the trail as its end"


def test_a_service_is_retired_and_brought_back(edla: Browser) -> None:
    unsaid = _post(edla, _service(SHIPPED), deed="retire", reason=" ")
    assert unsaid.status_code == 400 and SHIPPED in store.current()
    assert _post(edla, _service(SHIPPED), deed="retire", reason="Ended by law").status_code == 302
    assert SHIPPED not in store.current()
    assert browser().get(f"/en/services/{SHIPPED}/").status_code == 410
    page = edla.get(_service(SHIPPED)).context["page"]
    assert page.retired and not any(v.in_use for v in page.versions)
    assert "retired housing-assistance: Ended by law" in edla.get(LIST).content.decode()
    assert _post(edla, _service(SHIPPED), deed="bring_back", reason="It was not").status_code == 302
    assert SHIPPED in store.current()


def test_versions_say_what_differs(edla: Browser) -> None:
    for name in ("Uimahalli", "Uimahalli ja sauna"):
        made = _upload(edla, ptv_service(serviceNames=typed("Name", fi=name)), ptv_channel())
        _post(edla, made["Location"], decision="confirm")
    newest = edla.get(_service(POOL)).context["page"].versions[0]
    assert newest.in_use
    assert ("Name", '{"fi": "Uimahalli"}', '{"fi": "Uimahalli ja sauna"}') in [(d.field, d.before, d.after) for d in newest.differences]


@pytest.mark.parametrize(
    ("typed_in", "answer"),
    [({}, "Not known"), ({"wages": "0", "size": "4"}, None), ({"wages": "many"}, "error")],
    ids=["nothing", "somebody", "no-number"],
)
def test_a_rule_is_tried_on_an_invented_person(edla: Browser, typed_in: dict[str, str], answer: str | None) -> None:
    rule = store.current()[SHIPPED].rule
    assert rule is not None
    number = next(key for key in rule.facts if "x" not in key and not edla.get(_service(SHIPPED)).context["page"].tried[0].choices)
    sent = {f"f.{key}": "" for key in rule.facts}
    if answer == "error":
        sent[f"f.{number}"] = "many"
    elif typed_in:
        sent |= {f"f.{key}": "0" for key in rule.facts}
    found = edla.get(_service(SHIPPED), sent)
    page = found.context["page"]
    if answer == "error":
        assert found.status_code == 400 and [e.field for e in page.errors] == [f"f.{number}"]
    else:
        assert found.status_code == 200 and page.answer and page.answer.unknown == (not typed_in)


def test_search_finds_words_and_identifiers(edla: Browser) -> None:
    named = edla.get(LIST, {"q": SHIPPED}).context["page"]
    assert named.rows[0].identifier == SHIPPED
    worded = edla.get(LIST, {"q": "dental"}).context["page"]
    assert "dental-care" in [r.identifier for r in worded.rows]
    assert edla.get(LIST, {"origin": "hsds"}).context["page"].total == 0


def test_others_read_or_see_nothing(edla: Browser) -> None:
    made = _upload(edla, ptv_service(), ptv_channel())["Location"]
    auditor, looking = _operator(Role.AUDITOR)
    other, out = _operator(Role.MODEL_STEWARD, Role.OPERATIONS)
    for path in (LIST, made, _service(SHIPPED)):
        assert looking.get(path).status_code == 200 and out.get(path).status_code == 403
    assert looking.get(IMPORT).status_code == out.get(IMPORT).status_code == 403
    assert not looking.get(made).context["page"].may_decide and not looking.get(LIST).context["page"].import_url
    for face in (looking, out):
        assert _post(face, made, decision="confirm").status_code == 403
        assert _post(face, _service(SHIPPED), deed="retire", reason="x").status_code == 403
    for operator in (auditor, other):
        with pytest.raises(edit_catalogue.NotAnEditor):
            edit_catalogue.retire(operator=operator, identifier=SHIPPED, reason="x", now=timezone.now())
        operator.delete()
    assert SHIPPED in store.current() and POOL not in store.current()


def test_the_database_keeps_what_was_decided(edla: Browser) -> None:
    made = ImportDraft.objects.get(pk=_upload(edla, ptv_service(), ptv_channel())["Location"].rstrip("/").rsplit("/", 1)[1])
    for change in ({"report": {}}, {"state": "confirmed", "decided_by": made.by, "decided_at": made.at}):
        with pytest.raises(DatabaseError), transaction.atomic():  # the second leaves the documents
            ImportDraft.objects.filter(pk=made.pk).update(**change)


@pytest.mark.parametrize("path", [_service("nobody"), f"/en/console/catalogue/imports/{UUID(int=1)}/"], ids=["service", "import"])
def test_what_is_not_there_is_not_found(edla: Browser, path: str) -> None:
    assert edla.get(path).status_code == 404


@pytest.mark.usefixtures("kept_meanwhile")
def test_no_page_costs_much(edla: Browser) -> None:
    made = _upload(edla, *(ptv_service(id=f"7000000{n:02}-0000-4000-8000-000000000000"[:36]) for n in range(10, 60)), ptv_channel())[
        "Location"
    ]
    for path in (LIST, f"{LIST}?q=care", IMPORT, made, _service(SHIPPED)):
        edla.get(path)
        with CaptureQueriesContext(connection) as queries:
            answer = edla.get(path)
        assert answer.status_code == 200 and len(answer.content) <= 40_000, (path, len(answer.content))
        # Search asks some short ones in each of three languages.
        assert len(queries) <= (40 if "q=" in path else 16), (path, [q["sql"][:80] for q in queries])
