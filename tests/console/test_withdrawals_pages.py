"""The console's pages about withdrawals: who may look, try again and end; what a wrong form says; and that nothing tells whose consent it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from aurora.console.auth import VERIFIED
from aurora.identity.keys import pairwise
from aurora.identity.models import Operator
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery, SourceEnding
from tests.support import grant_holder as grants
from tests.support.cast import FORM, REGISTER, TAX, Cast, browser
from tests.support.grant_holder import second_purpose
from tests.withdrawals.told import HOUSEHOLD, change, delivery, entries, granted, withdrawn

Role = Operator.Role
READERS = (Role.AGENCY_OFFICER, Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR)
LIST, END = "/en/console/withdrawals/", "/en/console/withdrawals/end/"
ONE = {"what": "one", "reason": "unlawful", "case": "2026/1140"}
SOURCE = {"what": "source", "source_reason": "source_ended", "source_case": "2026/7"}


def _officer(role: Role) -> tuple[Operator, Browser]:
    """With both factors passed."""
    operator = Operator.objects.create(username=f"{role}-{uuid4().hex[:6]}", name="Somebody", roles=[role])
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return operator, face


@pytest.fixture
def officers(cast: Cast) -> Iterator[dict[str, Browser]]:
    """One of each role."""
    made = {role.value: _officer(role) for role in Role}
    yield {role: face for role, (_, face) in made.items()}
    for operator, _ in made.values():
        operator.delete()


@pytest.fixture
def another_officer(cast: Cast) -> Iterator[Browser]:
    """A second privacy officer."""
    operator, face = _officer(Role.PRIVACY_OFFICER)
    yield face
    operator.delete()


def post(face: Browser, path: str, **form: Any) -> Any:
    return face.post(path, urlencode(form, doseq=True), content_type=FORM)


def told(cast: Cast, **values: Any) -> Delivery:
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri="http://127.0.0.1:9/notices")
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent)
    row = delivery(cast.cecilia, consent)
    if values:
        change(cast.cecilia, row, **values)
    return row


def again(cast: Cast, row: Delivery) -> Delivery:
    with citizen_scope(cast.cecilia.id):
        return Delivery.objects.get(pk=row.pk)


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.status_code
    return {e.field: e.message for e in answer.context["page"].errors}


def test_who_has_to_do_with_it_reads_and_only_a_privacy_officer_is_offered_to_end(cast: Cast, officers: dict[str, Browser]) -> None:
    row = told(cast, state="failed", error="gone", due_at=None)
    for role, face in officers.items():
        answer = face.get(LIST)
        if role not in READERS:
            assert answer.status_code == 403, role
            continue
        assert answer.status_code == 200 and str(row.pk)[-12:] in answer.content.decode(), role
        assert bool(answer.context["page"].end_url) == (role == Role.PRIVACY_OFFICER), role
        assert ("/retry/" in answer.content.decode()) == (role in (Role.PRIVACY_OFFICER, Role.OPERATIONS)), role
    assert browser().get(LIST).status_code == cast.cecilia.browser().get(LIST).status_code == 302


def test_ending_is_for_privacy_officers_only_by_every_method(cast: Cast, officers: dict[str, Browser]) -> None:
    _, consent = granted(cast)
    for role, face in officers.items():
        if role == Role.PRIVACY_OFFICER:
            continue
        assert face.get(END).status_code == 403, role
        assert post(face, END, **ONE, wanted=consent.pk).status_code == 403, role
        assert post(face, END, **SOURCE, source=TAX).status_code == 403, role
    assert post(cast.cecilia.browser(), END, **ONE, wanted=consent.pk).status_code == 302
    assert [c.state for c in cast.cecilia.consents(pk=consent.pk)] == ["given"]
    assert not SourceEnding.objects.filter(source__code=TAX, finished_at__isnull=True).exists()


def test_a_privacy_officer_ends_by_consent_and_by_grant(cast: Cast, officers: dict[str, Browser]) -> None:
    face = officers["privacy_officer"]
    for by_grant in (False, True):
        token, consent = granted(cast)
        answer = post(face, END, **ONE, wanted=f"  {token['grant_id'] if by_grant else consent.pk} ")
        assert answer.status_code == 302 and answer["Location"] == LIST
        assert [c.ended_by for c in cast.cecilia.consents(pk=consent.pk)] == ["operator"]
        assert len(entries(cast.cecilia, "aurora:consent:ended", consent=consent.pk)) == 1


def test_by_a_grants_id_all_that_stands_in_it_ends(cast: Cast, officers: dict[str, Browser]) -> None:
    person, review = cast.cecilia, second_purpose(cast)
    first = grants.granted(cast.office, person, [HOUSEHOLD])
    more = grants.granted(cast.office, person, [HOUSEHOLD], action="merge", grant_id=first["grant_id"], purpose=review)
    assert more["grant_id"] == first["grant_id"]
    standing = {c.purpose_id: c.pk for c in person.consents(state="given", recipient__code=cast.office.client_id)}
    assert set(standing) == {"benefit-application", review}
    assert post(officers["privacy_officer"], END, **ONE, wanted=first["grant_id"]).status_code == 302
    assert {c.pk for c in person.consents(pk__in=standing.values(), ended_by="operator")} == set(standing.values())
    assert all(len(entries(person, "aurora:consent:ended", consent=one)) == 1 for one in standing.values())
    assert set(errors(post(officers["privacy_officer"], END, **ONE, wanted=first["grant_id"]))) == {"wanted"}


def test_a_wrong_form_names_each_field_and_ends_nothing(cast: Cast, officers: dict[str, Browser]) -> None:
    face = officers["privacy_officer"]
    _, consent = granted(cast)
    assert set(errors(post(face, END, what="one"))) == {"wanted", "reason", "case"}
    assert set(errors(post(face, END))) == {"wanted", "reason", "case"}, "what nobody pressed is the first form"
    for field, value in [
        ("reason", "because"), ("case", "x"), ("case", "Cecilia wants it"), ("case", "1" * 33), ("wanted", "Cecilia"), ("wanted", "\x00"),
        ("wanted", str(consent.pk) + "0" * 60),
    ]:  # fmt: skip
        answer = post(face, END, **{**ONE, "wanted": consent.pk, field: value})
        assert set(errors(answer)) == {field}, (field, value)
        assert f'id="{field}-error"' in answer.content.decode()
    assert set(errors(post(face, END, what="source"))) == {"source_reason", "source_case"}
    assert set(errors(post(face, END, **SOURCE))) == {"source"}
    for nothing in ("aurora", "no-such", "\x00", "x" * 500):
        assert set(errors(post(face, END, **SOURCE, source=nothing))) == {"source"}
    assert [c.state for c in cast.cecilia.consents(pk=consent.pk)] == ["given"]


def test_what_never_was_and_what_has_ended_look_the_same(cast: Cast, officers: dict[str, Browser]) -> None:
    face = officers["privacy_officer"]
    _, consent = granted(cast)
    assert post(face, END, **ONE, wanted=consent.pk).status_code == 302
    ended, never = (errors(post(face, END, **ONE, wanted=wanted)) for wanted in (consent.pk, uuid4()))
    assert ended == never and set(never) == {"wanted"}


def order_of(face: Browser) -> Any:
    """The newest order, as this operator sees it."""
    return face.get(LIST).context["page"].orders[0]


@pytest.mark.parametrize("decision", ["confirm", "decline", "take back", ""])
def test_an_order_to_end_a_source_waits_for_a_second_officer(
    cast: Cast, officers: dict[str, Browser], another_officer: Browser, decision: str
) -> None:
    face = officers["privacy_officer"]
    try:
        assert post(face, END, **SOURCE, source=REGISTER).status_code == 302
        assert "under way" in errors(post(face, END, **SOURCE, source=REGISTER))["source"]
        for reader in (officers[role] for role in READERS):
            [order] = [o for o in reader.get(LIST).context["page"].orders if o.finished_at is None]
            assert order.case == "2026/7" and order.waits
            assert bool(order.decide_url) == (reader is face), "nobody else is shown a button"
        own, second = order_of(face), another_officer
        assert own.own and not order_of(second).own
        for role, reader in officers.items():
            if reader is not face:
                assert post(reader, own.decide_url, order=own.id, decision="confirm").status_code == 403, role
        assert post(face, own.decide_url, order=own.id, decision="confirm").status_code == 403, "nobody confirms what they ordered"
        for odd in ("", "0", "x", "\x00", "1" * 40, "٣"):
            assert post(second, own.decide_url, order=odd, decision="confirm").status_code == 404, odd
        assert order_of(face).waits
        if decision == "take back":
            assert post(face, own.decide_url, order=own.id, decision="decline").status_code == 302
        else:
            assert post(second, own.decide_url, order=own.id, decision=decision).status_code == 302
        row = SourceEnding.objects.get(pk=int(own.id))
        assert (row.confirmed_at is not None) == (decision == "confirm") == (row.finished_at is None)
        assert post(second, own.decide_url, order=own.id, decision="confirm").status_code == 409, "once"
    finally:
        SourceEnding.objects.filter(finished_at__isnull=True).update(finished_at=timezone.now())


def test_a_notice_that_was_given_up_is_tried_again_and_nothing_else_is(cast: Cast, officers: dict[str, Browser]) -> None:
    failed = told(cast, state="failed", error="gone", attempts=9, due_at=None)
    done = told(cast, state="delivered", delivered_at=timezone.now(), due_at=None)
    for role in ("auditor", "agency_officer"):
        assert post(officers[role], f"{LIST}{failed.pk}/retry/").status_code == 403
    assert again(cast, failed).state == "failed"
    assert officers["operations"].get(f"{LIST}{failed.pk}/retry/").status_code == 405
    for row in (failed, done):
        answer = post(officers["operations"], f"{LIST}{row.pk}/retry/")
        assert answer.status_code == 302 and answer["Location"] == LIST
    anew = again(cast, failed)
    assert (anew.state, anew.attempts) == ("pending", 0) and anew.due_at is not None and anew.queued_at > failed.queued_at
    assert again(cast, done).state == "delivered" and again(cast, done).due_at is None
    assert post(officers["operations"], f"{LIST}{uuid4()}/retry/").status_code == 404


def test_the_figures_count_notices_and_the_page_names_nobody(cast: Cast, officers: dict[str, Browser]) -> None:
    def count() -> Any:
        found = [c for c in officers["auditor"].get(LIST).context["page"].counts if c.client == cast.office.client_id]
        return found[0] if found else None

    told(cast)
    before = count()
    now = timezone.now()
    rows = [
        told(cast),
        told(cast, state="delivered", delivered_at=now, due_at=None),
        told(cast, state="delivered", delivered_at=now, due_at=None, confirm_by=now),
        told(cast, state="failed", due_at=None, error="gone"),
        told(cast, state="delivered", delivered_at=now, due_at=None, confirmed_at=now, deleted_at=now),
    ]
    after = count()
    assert [getattr(after, n) - getattr(before, n) for n in ("pending", "delivered", "failed", "unconfirmed", "overdue", "confirmed")] == [
        1, 3, 1, 3, 1, 1,
    ]  # fmt: skip
    text = officers["privacy_officer"].get(LIST).content.decode()
    whose = [cast.cecilia.id, pairwise(citizen_id=cast.cecilia.id, agency=cast.office.client_id), *cast.personal()]
    for row in rows:
        whose += [row.consent_id, row.grant_id]
    assert str(rows[2].pk)[-12:] in text and not [w for w in whose if str(w) in text]
