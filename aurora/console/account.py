"""Whoever sits there, about themselves: another password, where they are signed in, what they did last. What is sent wants a code of the last minutes."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from aurora.audit import queries
from aurora.console import present_account as present
from aurora.console import trail
from aurora.console.auth import NEWS, for_operators, has_recent_factor, operator, with_recent_factor
from aurora.identity import own_sessions
from aurora.identity.models import Operator
from aurora.identity.session_store import name_of
from aurora.journeys import own_account as journey
from aurora.ui import operator_words as words
from aurora.ui.contexts.shared import FieldError
from consent.errors import Conflict, InvalidInput

ACTIONS = frozenset({"password", "end", "others"})


@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@for_operators
@with_recent_factor
def account(request: HttpRequest) -> HttpResponse:
    """The page, and what its forms send."""
    wrong = list[FieldError]()
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in ACTIONS:
            raise InvalidInput({"action": "choice_required"})
        wrong = _changed(request) if action == "password" else _ended(request, action)
        if not wrong:
            return HttpResponseRedirect(f"{reverse('console:account')}?{'changed' if action == 'password' else 'ended'}")
    request.session.pop(NEWS, None)  # they are reading it
    page = present.account(
        operator(request),
        sessions=own_sessions.live(request.user.pk, now=timezone.now()),
        here=name_of(request.session.session_key or ""),
        since=since_last(request),
        fresh=has_recent_factor(request),
        done=next((code for code in words.ACCOUNT_DONE if code in request.GET), ""),
        errors=wrong,
    )
    return render(request, "console/account.html", {"page": page}, status=400 if wrong else 200)


def since_last(request: HttpRequest) -> queries.Since:
    """What happened about their signing in since they did so before this session."""
    began = request.session.get(own_sessions.BEGAN)
    then = datetime.fromtimestamp(began, UTC) if isinstance(began, int) else timezone.now()
    return queries.since_last(operator(request).pk, began=then)


@sensitive_variables("current", "password")
def _changed(request: HttpRequest) -> list[FieldError]:
    """Change the password and end all other sessions; or what was wrong."""
    current, password = request.POST.get("current", ""), request.POST.get("password", "")
    if password != request.POST.get("again", ""):
        return [_fault("again", "passwords_differ")]
    holder = _holder(request, current)
    if holder is None:
        return [_fault("current", "password_wrong" if current else "password_missing")]
    if password == current:
        return [_fault("password", "password_same")]
    try:
        changed = journey.change_password(operator=holder, password=password)
    except journey.PasswordRefused as error:
        return [FieldError("password", sentence) for sentence in error.sentences]
    except Conflict as error:
        return [_fault("current", error.code)]
    auth.update_session_auth_hash(request, changed)  # type: ignore[arg-type] # this one goes on, by another key
    request.session.save()
    own_sessions.end_others(changed.pk, but=request.session.session_key)
    return []


def _ended(request: HttpRequest, action: str) -> list[FieldError]:
    """End one session, or all others."""
    names = None if action == "others" else frozenset(request.POST.getlist("name")[:20])
    journey.end_sessions(operator=operator(request), here=request.session.session_key or "", names=names)
    return []


def _holder(request: HttpRequest, current: str) -> Operator | None:
    """The operator, if this is their password now. A wrong one counts towards the same lock as one at the door. Raises `TooManyAtOnce`."""
    one = operator(request)
    if not current:
        return None
    found = auth.authenticate(request, username=one.username, password=current)
    if not isinstance(found, Operator) or found.pk != one.pk:
        trail.signed_in(one.pk, "password:given", "locked_out" if getattr(request, "axes_locked_out", False) else "wrong")
        return None
    return found


def _fault(field: str, code: str) -> FieldError:
    return FieldError(field, words.fault(code))
