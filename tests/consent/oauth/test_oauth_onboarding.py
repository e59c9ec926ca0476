"""A client comes to be by two people; the history of that cannot be changed, not even by the service itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from consent import two_people
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Agency
from consent.oauth import client_form, clients, onboarding
from consent.oauth.models import Client, ClientDraft

ANNA, BO = uuid4(), uuid4()


def _content(office: Any, **changes: Any) -> dict[str, Any]:
    """A new client of a new agency, with the vocabulary of the office."""
    return client_form.content_of(office.client) | {
        "agency": {"code": f"new-{uuid4().hex[:8]}", "name": dict.fromkeys(("fi", "sv", "en"), "New agency")},
        **changes,
    }


def _draft(office: Any, *, client_id: str = "new-client", **changes: Any) -> ClientDraft:
    return onboarding.draft(client_id=client_id, content=_content(office, **changes), reason="Contract 7", by=ANNA, now=timezone.now())


def _change(office: Any, **changes: Any) -> ClientDraft:
    content = client_form.content_of(office.client) | changes
    return onboarding.draft(client_id=office.client.client_id, content=content, reason="As agreed", by=ANNA, now=timezone.now())


def _approve(draft: ClientDraft, by: Any = BO) -> ClientDraft:
    return onboarding.approve(draft_id=draft.pk, by=by, now=timezone.now())


def test_nothing_is_registered_before_a_second_person_agrees(office) -> None:
    draft = _draft(office)
    assert draft.kind == "register" and not Client.objects.filter(client_id="new-client").exists()
    assert not Agency.objects.filter(code=draft.agency_code).exists()
    with pytest.raises(two_people.SamePerson):
        _approve(draft, by=ANNA)
    assert not Client.objects.filter(client_id="new-client").exists()
    decided = _approve(draft)
    client = Client.objects.get(client_id="new-client")
    assert (decided.state, decided.decided_by, client.agency.code, client.active) == ("approved", BO, draft.agency_code, True)
    assert client_form.content_of(client) == draft.content | {"agency": {"code": draft.agency_code}}
    with pytest.raises(Conflict):
        _approve(draft, by=uuid4())


def _row(**values: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "kind": "register", "client_id": "x", "agency_code": "x", "content": {}, "reason": "x", "requested_at": now, "requested_by": ANNA,
        "decided_at": None if values.get("state", "open") == "open" else now,
    } | values  # fmt: skip


@pytest.mark.parametrize(
    "decision",
    [
        {"state": "approved", "decided_by": ANNA},
        {"state": "declined", "decided_by": ANNA},
        {"state": "approved", "decided_by": None},
        {"state": "withdrawn", "decided_by": BO},
        {"state": "withdrawn", "decided_by": None},
        {"state": "approved", "decided_by": BO, "decided_at": None},
    ],
)
def test_the_database_wants_two_people_too(office, decision: dict[str, Any]) -> None:
    draft = ClientDraft.objects.create(**_row())
    with pytest.raises(IntegrityError, match="client_draft_"), transaction.atomic():
        ClientDraft.objects.filter(pk=draft.pk).update(**{"decided_at": timezone.now()} | decision)
    assert ClientDraft.objects.filter(pk=draft.pk).update(state="approved", decided_by=BO, decided_at=timezone.now()) == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"state": "approved", "decided_by": BO}, "begins open"),
        ({"state": "declined", "decided_by": BO}, "begins open"),
        ({"state": "withdrawn", "decided_by": ANNA}, "begins open"),
        ({"state": "open", "decided_by": BO}, "begins open"),
        ({"state": "approved", "decided_by": BO, "kind": "suspend"}, "begins open"),
        ({"state": "approved", "decided_by": BO, "requested_by": None}, "begins open"),
        ({"state": "approved"}, "begins open"),
        ({"state": "declined", "kind": "suspend"}, "two_people"),
        ({"state": "declined", "requested_by": None}, "two_people"),
        ({"state": "open", "requested_by": None}, "two_people"),
    ],
)
def test_no_draft_comes_to_be_decided(office, values: dict[str, Any], why: str) -> None:
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        ClientDraft.objects.create(**_row(**values))


def test_history_is_not_changed(office) -> None:
    open_, done = _draft(office), _draft(office, client_id="other-client")
    _approve(done)
    for which, changes in (
        (open_, {"content": {}}),
        (open_, {"reason": "Another"}),
        (open_, {"state": "approved", "decided_by": BO, "decided_at": timezone.now(), "content": {}}),
        (done, {"state": "open", "decided_by": None, "decided_at": None}),
        (done, {"decided_by": uuid4()}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            ClientDraft.objects.filter(pk=which.pk).update(**changes)
    for sql in ("DELETE FROM consent_oauth_clientdraft", "TRUNCATE consent_oauth_clientdraft"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_a_change_shows_what_differs_and_is_made_when_approved(office) -> None:
    draft = _change(office, notice_uri="https://office.example/notices", dpop_nonce=True)
    assert draft.kind == "change"
    assert {c.field: (c.before, c.after) for c in onboarding.changes(draft) if c.differs} == {
        "notice_uri": ("", "https://office.example/notices"),
        "dpop_nonce": (False, True),
    }
    _approve(draft)
    office.client.refresh_from_db()
    assert office.client.notice_uri == "https://office.example/notices" and office.client.dpop_nonce


def test_a_change_of_what_has_changed_meanwhile_is_not_made(office) -> None:
    draft = _change(office, notice_uri="https://office.example/notices")
    Client.objects.filter(pk=office.client.pk).update(resource="https://api.office.example")
    with pytest.raises(Conflict):
        _approve(draft)
    assert ClientDraft.objects.get(pk=draft.pk).state == "open"
    office.client.refresh_from_db()
    assert office.client.notice_uri == ""


def test_one_open_draft_a_client(office) -> None:
    draft = _draft(office)
    with pytest.raises(onboarding.DraftOpen):
        _draft(office)
    assert onboarding.decline(draft_id=draft.pk, by=ANNA, now=timezone.now()).state == "withdrawn"
    assert onboarding.decline(draft_id=_draft(office).pk, by=BO, now=timezone.now()).state == "declined"
    with pytest.raises(Conflict):
        onboarding.decline(draft_id=draft.pk, by=BO, now=timezone.now())
    assert not Client.objects.filter(client_id="new-client").exists()


def test_stopping_is_at_once_and_starting_again_takes_two(office, tokens_of) -> None:
    stopped = onboarding.suspend(client_id=office.client.client_id, reason="Key stolen", by=ANNA, now=timezone.now())
    assert (stopped.state, stopped.requested_by, stopped.decided_by) == ("approved", ANNA, None)
    assert office.push().status_code == 401
    with pytest.raises(Conflict):
        onboarding.suspend(client_id=office.client.client_id, reason="Again", by=BO, now=timezone.now())
    draft = onboarding.reactivate(client_id=office.client.client_id, reason="New key", by=ANNA, now=timezone.now())
    assert office.push().status_code == 401
    with pytest.raises(two_people.SamePerson):
        _approve(draft, by=ANNA)
    assert office.push().status_code == 401
    _approve(draft)
    assert office.push().status_code == 201
    with pytest.raises(Conflict):
        onboarding.reactivate(client_id=office.client.client_id, reason="Again", by=ANNA, now=timezone.now())


@pytest.mark.parametrize("verb", [onboarding.suspend, onboarding.reactivate])
def test_an_unknown_client_is_not_found(db, verb) -> None:
    with pytest.raises(NotFound):
        verb(client_id="nobody", reason="x", by=ANNA, now=timezone.now())


NAMES = dict.fromkeys(("fi", "sv", "en"), "Name")
BAD: list[tuple[str, Any, str]] = [
    ("agency", {"code": "aurora", "name": NAMES}, "agency"),
    ("agency", {"code": "citizen", "name": NAMES}, "agency"),
    ("agency", {"code": "Capital", "name": NAMES}, "agency"),
    ("agency", {"code": "a\n", "name": NAMES}, "agency"),
    ("agency", {"code": "new-agency"}, "agency_name"),
    ("agency", {"code": "new-agency", "name": {"fi": "x"}}, "agency_name"),
    ("agency", {"code": "new-agency", "name": NAMES | {"en": "a\x00"}}, "agency_name"),
    ("agency", "office", "agency"),
    ("agency", {"code": "a", "name": NAMES, "roles": ["operator"]}, "agency"),
    ("name", {"fi": "x", "sv": "y"}, "name"),
    ("name", NAMES | {"fi": " "}, "name"),
    ("name", NAMES | {"fi": "x" * 201}, "name"),
    ("redirect_uris", [], "redirect_uris"),
    ("redirect_uris", ["http://agency.example/cb"], "redirect_uris"),
    ("redirect_uris", ["https://agency.example/cb"] * 2, "redirect_uris"),
    ("redirect_uris", "https://agency.example/cb", "redirect_uris"),
    ("jwks", None, "jwks"),
    ("jwks", {"keys": []}, "jwks"),
    ("jwks_uri", "https://agency.example/keys", "jwks"),  # both
    ("notice_uri", "http://agency.example/notices", "notice_uri"),
    ("notice_uri", "https://10.0.0.1/notices", "notice_uri"),
    ("notice_uri", 7, "notice_uri"),
    ("resource", "https://api.agency.example/#x", "resource"),
    ("resource", "https://api.agency.example/?a=b", "resource"),
    ("resource", "/api", "resource"),
    ("resource", "http://localhost:8000/api/v1", "resource"),  # Aurora's own
    ("purposes", [], "purposes"),
    ("purposes", ["unknown"], "purposes"),
    ("purposes", [["a"]], "purposes"),
    ("categories", ["unknown"], "categories"),
    ("categories", "tax.income", "categories"),
    ("rotate_refresh", "yes", "rotate_refresh"),
    ("dpop_nonce", None, "dpop_nonce"),
    ("scope", "x", "client_id"),  # a member that nobody knows
]


@pytest.mark.parametrize(("field", "value", "named"), BAD)
def test_a_wrong_value_is_named_and_kept_nowhere(office, field: str, value: Any, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _draft(office, **{field: value})
    assert set(refused.value.fields) == {named} and refused.value.fields[named].endswith(".")
    assert not ClientDraft.objects.exists()


OWN_NAME: dict[str, Any] = {"redirect_uris": [], "purposes": [], "categories": []}


def test_a_client_may_act_in_its_agencys_own_name_only(office) -> None:
    """Such as the owner of a model: without redirect addresses, purposes and data it asks no citizen for anything, and its agency uses none."""
    agency = _approve(_draft(office, **OWN_NAME)).agency_code
    made = Client.objects.get(client_id="new-client")
    assert not made.asks_citizens and not made.check_redirect_uri("") and made.agency.roles == []
    assert _approve(_draft(office, client_id="other", agency={"code": agency})).state == "approved"
    assert Agency.objects.get(code=agency).roles == ["data_user"]


@pytest.mark.parametrize("field", OWN_NAME)
def test_half_of_that_is_nothing(office, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _draft(office, **{name: [] if name == field else _content(office)[name] for name in OWN_NAME})
    assert set(refused.value.fields) == {field}
    values = {"redirect_uris": ["https://agency.example/cb"], "purposes": ["p"], "categories": ["c"]} | {field: []}
    with pytest.raises(InvalidInput) as refused:
        clients.register(client_id="owner", agency=office.client.agency, name=office.client.name, jwks=office.client.jwks, **values)
    assert [name.removeprefix("allowed_") for name in refused.value.fields] == [field]


@pytest.mark.parametrize("client_id", ["", "a b", "ä", "x" * 65, "a\n", "../a"])
def test_a_client_id_of_odd_signs_is_refused(office, client_id: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _draft(office, client_id=client_id)
    assert set(refused.value.fields) == {"client_id"}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_reason_is_needed(office, reason: str) -> None:
    for ask in (
        lambda: onboarding.draft(client_id="new", content=_content(office), reason=reason, by=ANNA, now=timezone.now()),
        lambda: onboarding.suspend(client_id=office.client.client_id, reason=reason, by=ANNA, now=timezone.now()),
    ):
        with pytest.raises(InvalidInput) as refused:
            ask()
        assert set(refused.value.fields) == {"reason"}
    office.client.refresh_from_db()
    assert office.client.active


def test_a_client_does_not_move_to_another_agency(office, rival) -> None:
    with pytest.raises(InvalidInput) as refused:
        _change(office, agency={"code": rival.client.agency.code})
    assert set(refused.value.fields) == {"agency"}


def test_an_agencys_name_is_not_changed_with_a_client(office) -> None:
    with pytest.raises(InvalidInput) as refused:
        _change(office, agency={"code": office.client.agency.code, "name": NAMES})
    assert set(refused.value.fields) == {"agency"}


def test_an_api_belongs_to_one_client(office, rival) -> None:
    _approve(_change(office, resource="https://api.office.example/v1"))
    with pytest.raises(InvalidInput) as refused:
        _change(rival, resource="https://api.office.example/v1")
    assert set(refused.value.fields) == {"resource"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=rival.client.pk).update(resource="https://api.office.example/v1")


def test_what_was_fine_when_asked_for_is_judged_again(office) -> None:
    """A purpose may have gone meanwhile."""
    from consent.models import Purpose, PurposeVersion

    gone = Purpose.objects.create(code=f"gone-{uuid4().hex[:8]}", kind=Purpose.Kind.ACCESS)
    draft = _change(office, purposes=sorted([office.purpose, gone.code]))
    PurposeVersion.objects.filter(purpose=gone).delete()
    gone.delete()
    with pytest.raises(InvalidInput):
        _approve(draft)
    assert ClientDraft.objects.get(pk=draft.pk).state == "open"


def test_a_command_is_in_the_history_as_nobodys(office) -> None:
    content = _content(office)
    onboarding.registered(client_id="by-command", content=content, reason="Automation", now=timezone.now())
    row = ClientDraft.objects.get(client_id="by-command")
    assert (row.state, row.requested_by, row.decided_by, row.content) == ("approved", None, None, content)
    assert Client.objects.get(client_id="by-command").agency.code == content["agency"]["code"]
