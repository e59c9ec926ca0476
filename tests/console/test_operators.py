"""Two administrators invite an operator, give a role and begin a lost factor anew; one of them takes a role and suspends; nobody raises themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.utils import timezone

from aurora.audit.models import OperatorDeed
from aurora.identity.models import Enrolment, Operator, OperatorRequest
from aurora.journeys import manage_operators as journey
from tests.console.officials import Official, official, signed_in
from tests.support.cast import FORM, Cast, browser, code_of

LIST, NEW, JOIN, ENROL = (f"/en/console/{p}" for p in ("operators/", "operators/new/", "join/", "enrol/"))
Role = Operator.Role
PASSWORD = "seven wet lanterns on a pier"
HALF = re.compile(r"\b[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}\b")


@pytest.fixture
def helmi(cast: Cast) -> Iterator[Official]:
    with official(Role.ADMINISTRATOR, name="Helmi") as one:
        yield one


@pytest.fixture
def ragnar(cast: Cast) -> Iterator[Official]:
    with official(Role.ADMINISTRATOR, name="Ragnar") as one:
        yield one


@pytest.fixture
def ines(cast: Cast) -> Iterator[Official]:
    with official(Role.OPERATIONS, name="Ines") as one:
        yield one


def _page(one: Official) -> str:
    return f"{LIST}{one.operator.pk}/"


def _invited(helmi: Official, **changes: Any) -> tuple[str, str]:
    """The address of a new invitation, and its user name."""
    username = f"new-{uuid4().hex[:8]}"
    form = {"username": username, "name": "Newcomer", "roles": [Role.CATALOGUE_EDITOR], "reason": "Joins the catalogue team", **changes}
    answer = helmi.post(NEW, **form)
    assert answer.status_code == 302, answer.content
    return answer["Location"], username


def _half(one: Official, at: str) -> str:
    answer = one.post(at, decision="half")
    assert answer.status_code == 200
    (half,) = HALF.findall(answer.content.decode())
    return str(half)


def _join(username: str, first: str, second: str, password: str = PASSWORD, again: str | None = None) -> tuple[Browser, Any]:
    face = browser()
    return face, face.post(JOIN, {"username": username, "first": first, "second": second, "password": password, "again": again or password})


def _enrolled(face: Browser) -> None:
    face.get(ENROL)
    secret = bytes.fromhex(face.session["totp-being-enrolled"])
    assert face.post(ENROL, f"code={code_of(secret)}", content_type=FORM).status_code == 302


def _deeds(one: Official) -> list[str]:
    return list(OperatorDeed.objects.filter(operator_id=one.operator.pk, kind="deed").order_by("number").values_list("deed", flat=True))


def test_two_administrators_invite_and_the_new_one_comes_in_with_both_halves(helmi: Official, ragnar: Official) -> None:
    at, username = _invited(helmi)
    assert not Operator.objects.filter(username=username).exists()
    mine = helmi.get(at).context["page"]
    assert mine.is_mine and not mine.may_approve and mine.may_decline
    assert b"Somebody else must decide" in helmi.post(at, decision="approve").content
    assert ragnar.get(LIST).context["page"].open
    assert ragnar.post(at, decision="approve").status_code == 302
    made = Operator.objects.get(username=username)
    assert made.roles == [Role.CATALOGUE_EDITOR] and made.totp_secret_sealed is None and not made.has_usable_password()
    first, second = _half(helmi, at), _half(ragnar, at)
    assert first != second
    for one in (helmi, ragnar):
        assert not HALF.search(one.get(at).content.decode()), "it is shown once"
        assert one.post(at, decision="half").status_code == 400
    _, alone = _join(username, first, first)
    assert alone.status_code == 400 and b"do not fit together" in alone.content
    _, weak = _join(username, first, second, "password1234")
    assert weak.status_code == 400 and b"too ordinary" in weak.content
    _, named = _join(username, first, second, f"{username}1")
    assert named.status_code == 400 and b"too similar" in named.content
    _, unlike = _join(username, first, second, PASSWORD, "another long password")
    assert unlike.status_code == 400 and b"not the same" in unlike.content
    face, joined = _join(username, second.lower().replace("-", " "), first)
    assert (joined.status_code, joined["Location"]) == (302, ENROL)
    assert face.get("/en/console/")["Location"] == ENROL, "a password alone opens nothing"
    _enrolled(face)
    assert face.get("/en/console/").status_code == 200
    _, again = _join(username, first, second)
    assert again.status_code == 400, "the halves count once"
    assert _deeds(helmi) == ["operator:invite_asked", "operator:half_shown_to_asker"]
    assert _deeds(ragnar) == ["operator:invite_approved", "operator:half_shown_to_decider"]
    made.delete()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""), ("username", "Ab"), ("username", "x y"), ("username", "olavi"), ("name", ""), ("name", "x" * 121), ("roles", []),
        ("roles", ["king"]), ("roles", ["auditor", "operations"]), ("roles", ["administrator", "privacy_officer"]), ("reason", ""), ("reason", "x" * 301),
    ],
)  # fmt: skip
def test_a_wrong_invitation_is_not_made(helmi: Official, field: str, value: Any) -> None:
    form = {"username": f"n-{uuid4().hex[:8]}", "name": "N", "roles": [Role.AUDITOR], "reason": "Because", field: value}
    answer: Any = helmi.post(NEW, **form)
    assert answer.status_code == 400 and [e.field for e in answer.context["page"].errors] == [field]
    assert not OperatorRequest.objects.filter(requested_by=helmi.operator.pk).exists()


def test_a_role_is_given_by_two_and_taken_by_one(helmi: Official, ragnar: Official, ines: Official) -> None:
    asked = helmi.post(_page(ines), decision="give", role=Role.MODEL_STEWARD, reason="Covers for Milla")
    assert asked.status_code == 302 and ines.roles == [Role.OPERATIONS]
    assert helmi.post(_page(ines), decision="give", role=Role.MODEL_STEWARD, reason="Twice").status_code == 400
    assert ines.get("/en/console/models/").status_code == 403
    assert ragnar.post(asked["Location"], decision="approve").status_code == 302
    assert ines.roles == [Role.OPERATIONS, Role.MODEL_STEWARD] and ines.get("/en/console/models/").status_code == 200
    assert helmi.post(_page(ines), decision="take", role=Role.MODEL_STEWARD, reason="Milla is back").status_code == 302
    assert ines.roles == [Role.OPERATIONS] and ines.get("/en/console/models/").status_code == 403


def test_who_only_reads_gets_no_other_role(helmi: Official, ines: Official) -> None:
    answer = helmi.post(_page(ines), decision="give", role=Role.AUDITOR, reason="No")
    assert answer.status_code == 400 and not OperatorRequest.objects.filter(subject_id=ines.operator.pk).exists()


def test_a_declined_or_withdrawn_request_changes_nothing(helmi: Official, ragnar: Official, ines: Official) -> None:
    for who, state in ((ragnar, "declined"), (helmi, "withdrawn")):
        at = helmi.post(_page(ines), decision="give", role=Role.PRIVACY_OFFICER, reason="Maybe")["Location"]
        assert who.post(at, decision="decline").status_code == 302
        assert OperatorRequest.objects.get(pk=at.split("/")[-2]).state == state
        assert ragnar.post(at, decision="approve").status_code == 400
    assert ines.roles == [Role.OPERATIONS]


def test_nobody_raises_themselves(helmi: Official, ragnar: Official) -> None:
    assert b"for themselves" in helmi.post(_page(helmi), decision="reset", reason="Mine").content
    at = ragnar.post(_page(helmi), decision="reset", reason="Hers")["Location"]
    assert b"for themselves" in helmi.post(at, decision="approve").content
    with pytest.raises(IntegrityError, match="operator_request_not_oneself"), transaction.atomic():
        OperatorRequest.objects.filter(pk=at.split("/")[-2]).update(
            state="approved", decided_by=helmi.operator.pk, decided_at=timezone.now()
        )


def test_whom_one_made_an_administrator_lately_is_no_second_person(helmi: Official, ragnar: Official, ines: Official) -> None:
    with official(name="Third") as third:
        at = helmi.post(_page(third), decision="give", role=Role.ADMINISTRATOR, reason="A third one")["Location"]
        assert ragnar.post(at, decision="approve").status_code == 302 and third.roles == [Role.ADMINISTRATOR]
        for asker in (helmi, ragnar):
            ask = asker.post(_page(ines), decision="give", role=Role.PRIVACY_OFFICER, reason="Quickly")["Location"]
            assert b"less than 30 days ago" in third.post(ask, decision="approve").content
            assert asker.post(ask, decision="decline").status_code == 302
        mine = third.post(_page(ines), decision="give", role=Role.PRIVACY_OFFICER, reason="Quickly")["Location"]
        assert b"less than 30 days ago" in helmi.post(mine, decision="approve").content
        later = timezone.now() + timedelta(days=31)
        journey.decide(operator=helmi.operator, request_id=UUID(mine.split("/")[-2]), agree=True, now=later)
        assert Role.PRIVACY_OFFICER in ines.roles


def test_suspending_ends_every_session_at_once_and_coming_back_takes_two(helmi: Official, ragnar: Official, ines: Official) -> None:
    other = signed_in(ines.operator)
    assert helmi.post(_page(ines), decision="suspend", reason="Lost her laptop").status_code == 302
    for face in (ines.face, other):
        assert face.get("/en/console/")["Location"] == "/en/console/sign-in/"
    at = ragnar.post(_page(ines), decision="restore", reason="Found it")["Location"]
    assert not Operator.objects.get(pk=ines.operator.pk).is_active
    assert helmi.post(at, decision="approve").status_code == 302
    assert Operator.objects.get(pk=ines.operator.pk).is_active


def test_a_reset_ends_sessions_password_and_authenticator(helmi: Official, ragnar: Official, ines: Official) -> None:
    Operator.objects.filter(pk=ines.operator.pk).update(password="md5$salt$0123", totp_last_step=7)
    face = signed_in(Operator.objects.get(pk=ines.operator.pk))
    assert face.get("/en/console/").status_code == 200
    at = helmi.post(_page(ines), decision="reset", reason="Lost the phone")["Location"]
    assert ragnar.post(at, decision="approve").status_code == 302
    now_is = Operator.objects.get(pk=ines.operator.pk)
    assert now_is.totp_secret_sealed is None and not now_is.has_usable_password() and now_is.totp_last_step == 7
    assert face.get("/en/console/")["Location"] == "/en/console/sign-in/"
    joined, answer = _join(ines.operator.username, _half(helmi, at), _half(ragnar, at))
    assert answer.status_code == 302
    _enrolled(joined)
    assert joined.get("/en/console/sources/").status_code == 200, "with the roles that there were"


def test_the_halves_run_out_and_so_does_the_time_to_enrol(helmi: Official, ragnar: Official) -> None:
    at, username = _invited(helmi)
    ragnar.post(at, decision="approve")
    first, second = _half(helmi, at), _half(ragnar, at)
    made = Operator.objects.get(username=username)
    wait = Enrolment.objects.filter(operator_id=made.pk)
    wait.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert _join(username, first, second)[1].status_code == 400
    wait.update(expires_at=timezone.now() + timedelta(hours=1))
    face, joined = _join(username, first, second)
    assert joined.status_code == 302
    wait.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert face.get(ENROL)["Location"] == JOIN
    assert Operator.objects.get(pk=made.pk).totp_secret_sealed is None
    made.delete()


def test_every_change_wants_a_recent_code(ines: Official, ragnar: Official) -> None:
    with official(Role.ADMINISTRATOR, fresh=False) as stale:
        for at in (_page(ines), NEW):
            assert not stale.get(at).context["page"].fresh
            assert stale.post(at, decision="suspend", username="quick", reason="No")["Location"] == "/en/console/second-factor/"
        asked = ragnar.post(_page(ines), decision="give", role=Role.PRIVACY_OFFICER, reason="Yes")["Location"]
        assert stale.post(asked, decision="approve")["Location"] == "/en/console/second-factor/"
    assert Operator.objects.get(pk=ines.operator.pk).is_active and ines.roles == [Role.OPERATIONS]


def test_the_last_administrator_stays(helmi: Official, cast: Cast) -> None:
    others = Operator.objects.filter(is_active=True, roles__contains=[Role.ADMINISTRATOR]).exclude(pk=helmi.operator.pk)
    away = list(others.values_list("pk", flat=True))
    others.update(is_active=False)
    try:
        for form in ({"decision": "take", "role": Role.ADMINISTRATOR}, {"decision": "suspend"}):
            assert b"Somebody must stay" in helmi.post(_page(helmi), reason="Leaving", **form).content
        assert helmi.roles == [Role.ADMINISTRATOR] and helmi.get(LIST).context["page"].one_left
    finally:
        Operator.objects.filter(pk__in=away).update(is_active=True)


def test_an_administrator_may_go_while_another_stays(helmi: Official, ragnar: Official) -> None:
    assert helmi.post(_page(helmi), decision="take", role=Role.ADMINISTRATOR, reason="Leaving").status_code == 302
    assert helmi.roles == [] and helmi.get(LIST).status_code == 403 and ragnar.get(LIST).status_code == 200


def test_who_is_no_administrator_any_more_gets_nothing_agreed_to(helmi: Official, ragnar: Official, ines: Official) -> None:
    at = helmi.post(_page(ines), decision="give", role=Role.PRIVACY_OFFICER, reason="Before I go")["Location"]
    Operator.objects.filter(pk=helmi.operator.pk).update(roles=[])
    assert b"no administrator any more" in ragnar.post(at, decision="approve").content
    assert ines.roles == [Role.OPERATIONS]


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "give", "state": "approved", "decided": "same"}, {"kind": "give", "state": "approved", "decided": None},
        {"kind": "take", "state": "open", "decided": None}, {"kind": "give", "state": "withdrawn", "decided": "other"},
    ],
    ids=["asked and agreed by one", "agreed by nobody", "taken some day", "taken back by another"],
)  # fmt: skip
def test_the_database_refuses_what_two_people_did_not_do(helmi: Official, ragnar: Official, ines: Official, values: dict[str, Any]) -> None:
    by = {"same": helmi.operator.pk, "other": ragnar.operator.pk, None: None}[values.pop("decided")]
    with pytest.raises(IntegrityError), transaction.atomic():
        OperatorRequest.objects.create(
            subject_id=ines.operator.pk, roles=[Role.PRIVACY_OFFICER], reason="x", requested_by=helmi.operator.pk, requested_at=timezone.now(),
            decided_by=by, decided_at=timezone.now() if by else None, **values,
        )  # fmt: skip


def test_the_database_asks_whether_they_are_administrators(helmi: Official, ines: Official) -> None:
    row: dict[str, Any] = {"kind": "give", "roles": ["privacy_officer"], "reason": "x", "requested_at": timezone.now()}
    with pytest.raises(IntegrityError, match="only an administrator asks"), transaction.atomic():
        OperatorRequest.objects.create(subject_id=helmi.operator.pk, requested_by=ines.operator.pk, **row)
    made = OperatorRequest.objects.create(subject_id=uuid4(), requested_by=helmi.operator.pk, **row)
    with pytest.raises(IntegrityError, match="only an administrator decides"), transaction.atomic():
        OperatorRequest.objects.filter(pk=made.pk).update(state="approved", decided_by=ines.operator.pk, decided_at=timezone.now())
    with pytest.raises(IntegrityError, match="is history"), transaction.atomic():
        OperatorRequest.objects.filter(pk=made.pk).update(reason="another reason")


def test_the_first_administrators_come_by_a_command_and_no_third(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    before = Operator.objects.filter(is_active=True, roles__contains=[Role.ADMINISTRATOR])
    away = list(before.values_list("pk", flat=True))
    before.update(is_active=False)
    names = [f"first-{uuid4().hex[:6]}" for _ in range(3)]
    try:
        for number, name in enumerate(names[:2]):
            call_command("create_operator", name, "One of the first")
            said = capsys.readouterr().out
            assert ("only one administrator" in said) == (number == 0)
            face, joined = _join(name, *HALF.findall(said))
            assert joined.status_code == 302
            _enrolled(face)
            assert face.get(LIST).status_code == 200
        with pytest.raises(CommandError, match="invite others in the console"):
            call_command("create_operator", names[2], "A third")
    finally:
        Operator.objects.filter(username__in=names).delete()
        Operator.objects.filter(pk__in=away).update(is_active=True)


def test_a_stranger_learns_nothing_from_the_page_to_join(cast: Cast, helmi: Official, ragnar: Official) -> None:
    at, username = _invited(helmi)
    ragnar.post(at, decision="approve")
    pages = [_join(name, "AAAA", "BBBB")[1].content.decode().replace(name, "") for name in (username, "nobody-here")]
    assert len({re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page) for page in pages}) == 1
    Operator.objects.filter(username=username).delete()
