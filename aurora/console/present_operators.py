"""From operators and requests to their pages. Names of operators only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from aurora.audit import queries as audit
from aurora.console.paging import Turns
from aurora.identity.models import Enrolment, Operator, OperatorRequest
from aurora.ui import operator_words as words
from aurora.ui.contexts.operators import (
    InvitePage,
    OperatorPage,
    OperatorRequestPage,
    OperatorRequestRow,
    OperatorRow,
    OperatorsPage,
    RoleChoice,
)
from aurora.ui.contexts.shared import FieldError

SHOWN = 100
# Of each table at once: with all of them full, the page is within its 40 kB.
OPERATORS, REQUESTS = 12, 6
# Which form of an operator's page a decision is sent by: its fields are `<form>-reason` and `<form>-role` there.
FORMS = {"give": "give", "take": "take", "suspend": "suspend", "reset": "again", "restore": "again"}
Role, State, Kind = Operator.Role, OperatorRequest.State, OperatorRequest.Kind
_TAGS = {State.OPEN: "au-tag--attention", State.APPROVED: "au-tag--good"}


def operators(asked: Mapping[str, str], *, may_write: bool) -> OperatorsPage:
    """Queries: operators, their last sign-ins, requests."""
    turns = Turns(asked, "operators", "open", "decided")
    found, requests = (
        list(Operator.objects.order_by("-is_active", "name", "username")),
        OperatorRequest.objects.order_by("-requested_at", "-pk"),
    )
    names, seen = _names(found), audit.last_sign_ins()
    waiting = requests.filter(state=State.OPEN)
    return OperatorsPage(
        operators=tuple(_row(one, seen) for one in turns.cut("operators", found, most=OPERATORS)),
        open=tuple(_request(one, names) for one in turns.cut("open", list(waiting[:SHOWN]), most=REQUESTS)),
        history=tuple(
            _request(one, names) for one in turns.cut("decided", list(requests.exclude(state=State.OPEN)[:SHOWN]), most=REQUESTS)
        ),
        invite_url=reverse("console:invite_operator") if may_write else "",
        one_left=sum(one.is_active and Role.ADMINISTRATOR in one.roles for one in found) < 2,
        turns=turns.ways,
    )


def invite(sent: QueryDict, *, fresh: bool, errors: Mapping[str, str]) -> InvitePage:
    """The form, as it was sent."""
    return InvitePage(
        roles=_choices(Role.values, sent.getlist("roles")), back_url=reverse("console:operators"), fresh=fresh, username=sent.get("username", "")[:64],
        name=sent.get("name", "")[:120], reason=sent.get("reason", "")[:300], errors=field_errors(errors),
    )  # fmt: skip


def operator(one: Operator, *, reader: Operator, fresh: bool, sent: QueryDict, errors: Mapping[str, str]) -> OperatorPage:
    """One operator, with what was asked for of them."""
    requests = OperatorRequest.objects.filter(subject_id=one.pk).order_by("-requested_at", "-pk")[:SHOWN]
    at = FORMS.get(sent.get("decision", ""), "")
    return OperatorPage(
        row=_row(one, audit.last_sign_ins()),
        held=_choices(one.roles, ()),
        open_to_give=_choices((code for code in Role.values if code not in one.roles), ()),
        requests=tuple(_request(each, _names(Operator.objects.all())) for each in requests),
        back_url=reverse("console:operators"),
        may_write=Role.ADMINISTRATOR in reader.roles,
        fresh=fresh,
        own=one.pk == reader.pk,
        reason=sent.get("reason", "")[:300],
        sent=at,
        errors=field_errors({f"{at}-{name}" if at and name in ("reason", "role") else name: code for name, code in errors.items()}),
    )


def request(found: OperatorRequest, *, reader: Operator, fresh: bool, errors: Mapping[str, str], half: str = "") -> OperatorRequestPage:
    """One request. `half`: the secret that was asked for by this very request of the browser."""
    names = _names(Operator.objects.all())
    mine, may = found.requested_by == reader.pk, Role.ADMINISTRATOR in reader.roles and found.state == State.OPEN
    enrolment = Enrolment.objects.filter(request_id=found.pk, password_at__isnull=True, expires_at__gt=timezone.now()).first()
    waits: dict[UUID | None, bool] = {}
    if enrolment:
        waits = {found.requested_by: enrolment.asker_digest is None, found.decided_by: enrolment.decider_digest is None}
    return OperatorRequestPage(
        row=_request(found, names),
        username=found.username,
        roles=words.roles(found.roles) if found.roles else "",
        reason=found.reason,
        back_url=reverse("console:operators"),
        fresh=fresh,
        may_approve=may and not mine and found.subject_id != reader.pk,
        may_decline=may,
        is_mine=mine,
        decided_by=names.get(found.decided_by, "") if found.decided_by else "",
        decided_at=found.decided_at,
        half=half,
        half_waits=waits.get(reader.pk, False),
        other_waits=any(waiting for who, waiting in waits.items() if who != reader.pk),
        until=enrolment.expires_at if enrolment else None,
        errors=field_errors(errors),
    )


def field_errors(faults: Mapping[str, str]) -> tuple[FieldError, ...]:
    """The codes of what was wrong, as the page says them."""
    return tuple(FieldError(field, words.fault(code)) for field, code in faults.items())


def _row(one: Operator, seen: Mapping[UUID, datetime]) -> OperatorRow:
    return OperatorRow(
        one.name, one.username, words.roles(one.roles), one.is_active, one.totp_secret_sealed is not None, reverse("console:operator", args=[one.pk]),
        seen.get(one.pk),
    )  # fmt: skip


def _request(one: OperatorRequest, names: Mapping[UUID, str]) -> OperatorRequestRow:
    return OperatorRequestRow(
        title=words.asked(one.kind, one.roles),
        about=one.name or (names.get(one.subject_id, "–") if one.subject_id else "–"),
        state=words.state(one.state),
        tag=_TAGS.get(State(one.state), ""),
        asked_by=names.get(one.requested_by, "–"),
        asked_at=one.requested_at,
        url=reverse("console:operator_request", args=[one.pk]),
    )


def _names(found: Iterable[Any]) -> dict[UUID, str]:
    return {one.pk: one.name for one in found}


def _choices(codes: Iterable[str], chosen: Iterable[str]) -> tuple[RoleChoice, ...]:
    wanted, ticked = set(codes), set(chosen)
    return tuple(RoleChoice(code, words.role(code), str(words.DUTIES[code]), code in ticked) for code in words.ROLES if code in wanted)
