"""How long a session is good for. It ends unused (`aurora.identity.session_store`), and however much it is used after a day.

docs/security/sessions.md says why so long. An end is one at the server: the row is deleted, so a copied cookie opens nothing.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from aurora.identity.models import Operator
from aurora.identity.own_sessions import BEGAN, BROWSER, described
from aurora.identity.session_store import DAY
from aurora.telemetry import security

WORKING_DAY = timedelta(hours=10)


class Authentication(AuthenticationMiddleware):
    """Django's; but a session whose time is over belongs to nobody any more. Asked only where a view asks who sits there."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _who(request))  # type: ignore[assignment]


def _who(request: HttpRequest) -> object:
    if not hasattr(request, "_cached_user"):
        user = auth.get_user(request)
        if user.is_authenticated and _is_over(request, longest=WORKING_DAY if isinstance(user, Operator) else DAY):
            security.note("session:ended", request, why="too_old")
            request.session.flush()
            user = auth.get_user(request)
        request._cached_user = user  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined]


def _is_over(request: HttpRequest, *, longest: timedelta) -> bool:
    """Whether it is; one that goes on is marked as used, and one that nobody has dated yet begins now."""
    began, now = request.session.get(BEGAN), int(time.time())
    if not isinstance(began, int):
        request.session[BEGAN] = now
        request.session[BROWSER] = described(request.headers.get("User-Agent", "")[:512])
    elif not -60 <= now - began <= longest.total_seconds():  # hosts' clocks differ by less than a minute
        return True
    return not request.session.touch()  # type: ignore[attr-defined]


def signed_in_within(request: HttpRequest, *, seconds: int) -> bool:
    """Whether this session was signed in to so lately."""
    began = request.session.get(BEGAN)
    return isinstance(began, int) and time.time() - began <= seconds
