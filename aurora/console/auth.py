"""Operators: password first, then a time-based code; without the code no page of the console opens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from aurora.console import trail
from aurora.identity.models import Operator

VERIFIED = "second-factor-passed"
ENROLLING = "totp-being-enrolled"
# When this session's second factor was given, in seconds since 1970, and the page that it was asked for once more.
FACTOR_AT = "second-factor-at"
THEN = "page-after-second-factor"
NEWS = "news-of-own-account"
"""Until they open the page of their account: something happened about their signing in since they were last here."""
RECENT = timedelta(minutes=10)

View = Callable[..., HttpResponseBase]


def for_password_holders(view: View) -> View:
    """Operators who have given their password; the second factor is what these pages are for."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, Operator):
            return HttpResponseRedirect(reverse("console:sign_in"))
        return view(request, *args, **kwargs)

    return inner


def for_operators(view: View) -> View:
    """Operators who have passed both factors, whatever their roles, and if they have none: what concerns everybody here, and themselves."""
    return _guard(view, None, None)


def for_roles(*roles: Operator.Role, post: Iterable[Operator.Role] | None = None) -> Callable[[View], View]:
    """Operators with both factors who have one of these roles; others get 403, which tells them nothing of what is there.

    `post`: who of them may send something to the page (None: all). The navigation shows what the mark `open_to` says, and the page tells it
    (`aurora.ui.console_layout`); docs/operations/roles.md is compared with it.
    """
    open_to = frozenset(roles)
    return partial(_guard, open_to=open_to, sent_by=open_to if post is None else frozenset(post))


def _guard(view: View, open_to: frozenset[Operator.Role] | None, sent_by: frozenset[Operator.Role] | None) -> View:
    @wraps(view)
    @for_password_holders
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.session.get(VERIFIED) != str(request.user.pk):
            return HttpResponseRedirect(next_step(operator(request)))
        # The page's frame names them; the page of an error keeps their menu.
        request.display_name, request.operator_let_in = operator(request).name, True  # type: ignore[attr-defined]
        request.account_news = bool(request.session.get(NEWS))  # type: ignore[attr-defined]
        with trail.watched(request, kwargs) as answered:
            wanted = sent_by if request.method == "POST" else open_to
            if wanted is not None and not has_role(request, *wanted):
                raise PermissionDenied
            return answered(view(request, *args, **kwargs))

    inner.open_to = frozenset(Operator.Role) if open_to is None else open_to  # type: ignore[attr-defined]
    inner.open_to_all = open_to is None  # type: ignore[attr-defined]
    inner.sent_by = frozenset(Operator.Role) if sent_by is None else sent_by  # type: ignore[attr-defined]
    return inner


def with_recent_factor(view: View) -> View:
    """What is sent to this page is done only if the second factor was given within `RECENT`: else it is asked for anew, and the page comes back
    as it was. A session that somebody left open, or took, is not enough.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not has_recent_factor(request):
            request.session[THEN] = request.path
            return HttpResponseRedirect(reverse("console:second_factor"))
        return view(request, *args, **kwargs)

    return inner


def has_recent_factor(request: HttpRequest) -> bool:
    """Whether this session's second factor was given within `RECENT`."""
    return 0 <= timezone.now().timestamp() - request.session.get(FACTOR_AT, 0.0) < RECENT.total_seconds()


def has_role(request: HttpRequest, *roles: Operator.Role) -> bool:
    """Whether who sits there has one of these roles."""
    return isinstance(request.user, Operator) and bool(set(roles) & set(request.user.roles))


def operator(request: HttpRequest) -> Operator:
    """Who sits there, on a page that only operators reach."""
    assert isinstance(request.user, Operator)
    return request.user


def next_step(operator: Operator) -> str:
    """Where an operator with a right password goes: to give a code, or to enrol an authenticator first."""
    return reverse("console:second_factor" if operator.totp_secret_sealed else "console:enrol")
