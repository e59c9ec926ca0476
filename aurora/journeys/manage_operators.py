"""Who is an operator, and with which roles: one administrator asks, another agrees; what takes power away one does alone and at once.

`invite`, `give`, `reset`, `restore` > `decide` > (invite, reset) `show_half` to either of the two > `join.join`. `take` and `suspend` need nobody else. Whoever
calls these, the database asks again whether both are administrators (identity's migration 0014). What no rule prevents: docs/decisions/operators.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q

from aurora.audit import trail
from aurora.identity import enrolments
from aurora.identity.models import Enrolment, Operator, OperatorRequest
from consent.errors import AuroraError, Conflict, InvalidInput, NotFound
from consent.oauth.onboarding import REASON_LIMIT
from consent.two_people import SamePerson

logger = logging.getLogger(__name__)
Role = Operator.Role
Kind, State = OperatorRequest.Kind, OperatorRequest.State
# Who changes nothing, and who says who may: neither does anything else.
ALONE = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
TOO_NEAR = timedelta(days=30)
"""So long nobody is the second person for who made them an administrator, nor the other way round."""
USERNAME = re.compile(r"[a-z][a-z0-9.-]{1,62}[a-z0-9]")


class NotAnAdministrator(AuroraError):
    """Least privilege: operators are the administrators' business."""

    code = "not_an_administrator"
    sentence = "This is for administrators."
    status = 403


class RequestOpen(Conflict):
    code = "operator_request_open"
    sentence = "The same has been asked for already. Decide on it first."


class LastAdministrator(Conflict):
    code = "last_administrator"
    sentence = "Somebody must stay who manages operators. Make another administrator first."


class TooNear(AuroraError):
    code = "too_near"
    sentence = "One of you made the other an administrator less than 30 days ago. A third administrator must decide."
    status = 403


class AboutOneself(AuroraError):
    code = "about_oneself"
    sentence = "Nobody asks for this for themselves, nor agrees to it."
    status = 403


class AskerGone(Conflict):
    code = "operator_asker_gone"
    sentence = "Whoever asked for this is no administrator any more. Decline it, and ask anew."


def invite(*, operator: Operator, username: str, name: str, roles: Iterable[str], reason: str, now: datetime) -> OperatorRequest:
    """Ask that somebody becomes an operator. Raises `InvalidInput` for `username`, `name`, `roles`, `reason`; `RequestOpen`, `NotAnAdministrator`."""
    wanted = sorted(set(roles))
    wrong = _reason_wrong(reason)
    if not USERNAME.fullmatch(username):
        wrong["username"] = "operator_username"
    elif Operator.objects.filter(username=username).exists():
        wrong["username"] = "operator_username_taken"
    if not 1 <= len(name.strip()) <= 120:
        wrong["name"] = "operator_name"
    wrong |= _roles_wrong(wanted)
    return _ask(operator, wrong, kind=Kind.INVITE, username=username, name=name.strip(), roles=wanted, reason=reason.strip(), now=now)


def give(*, operator: Operator, subject_id: UUID, role: str, reason: str, now: datetime) -> OperatorRequest:
    """Ask that an operator gets a role. Raises `InvalidInput` for `role`, `reason`; `AboutOneself`, `RequestOpen`, `NotFound`, `NotAnAdministrator`."""
    subject = _subject(subject_id)
    wrong = _reason_wrong(reason)
    if role not in Role.values or role in subject.roles:
        wrong["role"] = "operator_role"
    elif faults := _roles_wrong([*subject.roles, role]):
        wrong["role"] = faults["roles"]
    return _ask(operator, wrong, kind=Kind.GIVE, subject_id=subject_id, roles=[role], reason=reason.strip(), now=now)


def reset(*, operator: Operator, subject_id: UUID, reason: str, now: datetime) -> OperatorRequest:
    """Ask that an operator who lost the second factor begins anew, with the password too. Raises as `give`."""
    _subject(subject_id)
    return _ask(operator, _reason_wrong(reason), kind=Kind.RESET, subject_id=subject_id, reason=reason.strip(), now=now)


def restore(*, operator: Operator, subject_id: UUID, reason: str, now: datetime) -> OperatorRequest:
    """Ask that a suspended operator comes back, with their roles. Raises as `give`, and `Conflict` for who is not suspended."""
    if _subject(subject_id).is_active:
        raise Conflict()
    return _ask(operator, _reason_wrong(reason), kind=Kind.RESTORE, subject_id=subject_id, reason=reason.strip(), now=now)


def take(*, operator: Operator, subject_id: UUID, role: str, reason: str, now: datetime) -> OperatorRequest:
    """Take a role from an operator, now. Raises `InvalidInput`, `LastAdministrator`, `NotFound`, `NotAnAdministrator`."""
    wrong = _reason_wrong(reason)
    with transaction.atomic():
        administrators = _held(operator)
        subject = _locked(subject_id)
        if role not in subject.roles:
            wrong["role"] = "operator_role"
        if wrong:
            raise InvalidInput(wrong)
        if role == Role.ADMINISTRATOR and not administrators - {subject_id}:
            raise LastAdministrator()
        made = _at_once(operator, Kind.TAKE, subject_id, [role], reason, now)
        Operator.objects.filter(pk=subject_id).update(roles=[held for held in subject.roles if held != role])
        _said(operator, made, "done")
    return made


def suspend(*, operator: Operator, subject_id: UUID, reason: str, now: datetime) -> OperatorRequest:
    """End an operator's access and all their sessions, now. Raises `InvalidInput`, `LastAdministrator`, `Conflict`, `NotFound`, `NotAnAdministrator`."""
    wrong = _reason_wrong(reason)
    with transaction.atomic():
        administrators = _held(operator)
        subject = _locked(subject_id)
        if not subject.is_active:
            raise Conflict()
        if wrong:
            raise InvalidInput(wrong)
        if Role.ADMINISTRATOR in subject.roles and not administrators - {subject_id}:
            raise LastAdministrator()
        made = _at_once(operator, Kind.SUSPEND, subject_id, [], reason, now)
        Operator.objects.filter(pk=subject_id).update(is_active=False)
        _said(operator, made, "done")
    return made


def decide(*, operator: Operator, request_id: UUID, agree: bool, now: datetime) -> OperatorRequest:
    """The second administrator's answer, or the first one's taking back. Raises `SamePerson`, `AboutOneself`, `TooNear`, `AskerGone`, `Conflict`,
    `NotFound`, `NotAnAdministrator`; `InvalidInput` where what was asked for is no longer possible.
    """
    with transaction.atomic():
        administrators = _held(operator)
        found = OperatorRequest.objects.select_for_update().filter(pk=request_id).first()
        if found is None:
            raise NotFound()
        if found.state != State.OPEN:
            raise Conflict()
        own = found.requested_by == operator.pk
        if not agree:
            return _decided(operator, found, State.WITHDRAWN if own else State.DECLINED, now)
        if own:
            raise SamePerson()
        if found.subject_id == operator.pk:
            raise AboutOneself()
        if found.requested_by not in administrators:
            raise AskerGone()
        if _near(operator.pk, found.requested_by, now):
            raise TooNear()
        subject_id = _done(found, now)
        return _decided(operator, found, State.APPROVED, now, subject_id=subject_id)


def show_half(*, operator: Operator, request_id: UUID, now: datetime) -> str:
    """The secret that is for this one of the two, this once. Raises `Conflict` when it has been shown, `NotFound`, `NotAnAdministrator`."""
    with transaction.atomic():
        _held(operator)
        found = OperatorRequest.objects.filter(pk=request_id, state=State.APPROVED, kind__in=(Kind.INVITE, Kind.RESET)).first()
        half = {found.requested_by: enrolments.ASKER, found.decided_by: enrolments.DECIDER}.get(operator.pk) if found else None
        enrolment = Enrolment.objects.filter(request_id=request_id).first()
        if half is None or enrolment is None:
            raise NotFound()
        shown = enrolments.show(enrolment=enrolment, half=half, now=now)
        if shown is None:
            raise Conflict()
        trail.did(operator_id=operator.pk, deed=f"operator:half_shown_to_{half}", about=[request_id])
    return shown


def _done(found: OperatorRequest, now: datetime) -> UUID:
    """What was asked for, now that two agree; whose account it is."""
    if found.kind == Kind.INVITE:
        try:
            with transaction.atomic():
                made = Operator.objects.create(
                    pk=uuid4(), username=found.username, name=found.name, roles=found.roles, password=make_password(None)
                )
        except IntegrityError:
            raise InvalidInput({"username": "operator_username_taken"}) from None
        enrolments.begin(operator_id=made.pk, request_id=found.pk, now=now)
        return made.pk
    assert found.subject_id is not None
    subject = _locked(found.subject_id)
    if found.kind == Kind.GIVE:
        (role,) = found.roles
        if role in subject.roles or _roles_wrong([*subject.roles, role]):
            raise InvalidInput({"role": "operator_role"})
        Operator.objects.filter(pk=subject.pk).update(roles=[*subject.roles, role])
    elif found.kind == Kind.RESTORE:
        Operator.objects.filter(pk=subject.pk).update(is_active=True)
    else:  # the password goes too, and with it all their sessions; the step of the last code stays, so that it does not count again
        Operator.objects.filter(pk=subject.pk).update(password=make_password(None), totp_secret_sealed=None)
        enrolments.begin(operator_id=subject.pk, request_id=found.pk, now=now)
    return subject.pk


def _ask(operator: Operator, wrong: dict[str, str], *, now: datetime, **fields: object) -> OperatorRequest:
    try:
        with transaction.atomic():
            _held(operator)
            if fields.get("subject_id") == operator.pk:
                raise AboutOneself()
            if wrong:
                raise InvalidInput(wrong)
            made = OperatorRequest.objects.create(requested_by=operator.pk, requested_at=now, **fields)
            _said(operator, made, "asked")
    except IntegrityError:
        raise RequestOpen() from None
    return made


def _at_once(operator: Operator, kind: str, subject_id: UUID, roles: list[str], reason: str, now: datetime) -> OperatorRequest:
    """The row first: who takes from themselves is an administrator until then."""
    return OperatorRequest.objects.create(
        kind=kind, state=State.APPROVED, subject_id=subject_id, roles=roles, reason=reason.strip(), requested_by=operator.pk,
        requested_at=now, decided_at=now,
    )  # fmt: skip


def _decided(operator: Operator, found: OperatorRequest, state: str, now: datetime, **more: object) -> OperatorRequest:
    OperatorRequest.objects.filter(pk=found.pk, state=State.OPEN).update(state=state, decided_by=operator.pk, decided_at=now, **more)
    found.refresh_from_db()
    _said(operator, found, state)
    return found


def _said(operator: Operator, request: OperatorRequest, what: str) -> None:
    about: list[str | UUID] = [request.pk, *request.roles, *([request.subject_id] if request.subject_id else [])]
    trail.did(operator_id=operator.pk, deed=f"operator:{request.kind}_{what}", about=about)
    logger.warning("Operator %s: %s of operator %s is %s (request %s).", operator.pk, request.kind, request.subject_id, what, request.pk)


def _held(operator: Operator) -> set[UUID]:
    """All who are administrators now, and stay it until the transaction ends. Raises `NotAnAdministrator` unless this one is among them."""
    found = Operator.objects.select_for_update(no_key=True).filter(is_active=True, roles__contains=[Role.ADMINISTRATOR]).order_by("pk")
    held = {one.pk for one in found}
    if operator.pk not in held:
        raise NotAnAdministrator()
    return held


def _near(one: UUID, other: UUID, now: datetime) -> bool:
    """Whether either asked for or agreed to the other's being an administrator, not long ago."""
    made = OperatorRequest.objects.filter(
        kind__in=(Kind.INVITE, Kind.GIVE), state=State.APPROVED, roles__contains=[Role.ADMINISTRATOR], decided_at__gt=now - TOO_NEAR
    )
    by = (Q(subject_id=a) & (Q(requested_by=b) | Q(decided_by=b)) for a, b in ((one, other), (other, one)))
    return made.filter(next(by) | next(by)).exists()


def _subject(subject_id: UUID) -> Operator:
    found = Operator.objects.filter(pk=subject_id).first()
    if found is None:
        raise NotFound()
    return found


def _locked(subject_id: UUID) -> Operator:
    found = Operator.objects.select_for_update(no_key=True).filter(pk=subject_id).first()
    if found is None:
        raise NotFound()
    return found


def _roles_wrong(roles: list[str]) -> dict[str, str]:
    if not roles or not set(roles) <= set(Role.values):
        return {"roles": "operator_roles"}
    return {"roles": "operator_role_alone"} if len(roles) > 1 and ALONE & set(roles) else {}


def _reason_wrong(reason: str) -> dict[str, str]:
    return {} if 1 <= len(reason.strip()) <= REASON_LIMIT else {"reason": "reason"}
