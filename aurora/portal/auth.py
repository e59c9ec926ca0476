"""Who may see a citizen's page: a signed-in citizen, and nobody else (an operator is no citizen); and for whom they sit there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect

from aurora.identity.models import Citizen
from aurora.portal import back, mandated
from aurora.portal.back import safe_next
from consent import acting

Answer = TypeVar("Answer", bound=HttpResponseBase)
# When this browser's citizen last proved to the e-ID, not only to us, who they are.
ANEW = "signed-in-anew"
ANEW_SECONDS = 600
# Whoever leaves may still see what was, what is done and what they were told, and call it off. Nothing else is theirs to begin.
WHILE_LEAVING = frozenset(
    {
        "leave", "erase", "erasure", "erasure_jwt", "erasure_jsonld", "activity", "activity_export", "entry", "entry_proof", "verify", "log_bundle",
        "verify_offline", "messages", "message", "consents", "consent", "receipt", "receipt_jsonld", "receipt_jwt", "concerns", "concern",
    }
)  # fmt: skip


def for_citizens(view: Callable[..., Answer]) -> Callable[..., Answer | HttpResponse]:
    """Let a citizen in, with their name for the page's frame; send anyone else to sign in and back here.

    Whoever acts for another is let in as far as their mandate goes at this moment: see `aurora.portal.mandated`.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer | HttpResponse:
        if not isinstance(request.user, Citizen):
            return to_sign_in(request)
        request.display_name = request.user.display_name  # type: ignore[attr-defined]
        if request.user.leaving:
            mandated.stop(request)  # nor do they act for anybody any more
        if request.user.leaving and (request.resolver_match is None or request.resolver_match.url_name not in WHILE_LEAVING):
            return HttpResponseRedirect(reverse("portal:leave"))
        admitted = mandated.admit(request)
        if isinstance(admitted, HttpResponse):
            return admitted
        try:
            with acting.use(admitted):
                return view(request, *args, **kwargs)
        except acting.MandateRefused as error:
            return mandated.refused(request, error)

    return inner


def for_everyone(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """A page that needs no signing in and shows nothing of anyone. Who is signed in keeps their frame: name, and for whom they act."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        if isinstance(request.user, Citizen):
            request.display_name = request.user.display_name  # type: ignore[attr-defined]
            mandated.show(request)
        return view(request, *args, **kwargs)

    return inner


def streamed(request: HttpRequest, pieces: Iterable[str]) -> Iterator[str]:
    """An answer that is made while it is sent, after its view has ended: each piece for whom the guard has let in, in the page's language."""
    doing, language, rest = mandated.of(request), translation.get_language(), iter(pieces)
    while True:
        with acting.use(doing), translation.override(language):
            piece = next(rest, None)
        if piece is None:
            return
        yield piece


def me(request: HttpRequest) -> UUID:
    """The citizen whose data this page is about: whoever sits there, or whom they act for. Behind `for_citizens` only."""
    doing = mandated.of(request)
    return doing.principal if doing is not None else actor(request)


def actor(request: HttpRequest) -> UUID:
    """The citizen who sits there; behind `for_citizens` only."""
    if not isinstance(request.user, Citizen):
        raise TypeError("This view is for citizens.")
    return request.user.id


def signed_in_anew(request: HttpRequest) -> bool:
    """Whether the citizen proved to the e-ID, within the last minutes, who they are: for what cannot be undone."""
    at = request.session.get(ANEW)
    return isinstance(at, int) and 0 <= time.time() - at <= ANEW_SECONDS


def remember(request: HttpRequest, **values: object) -> None:
    """Keep in the session what is not there yet: a page that is only looked at writes nothing the second time."""
    for name, value in values.items():
        if request.session.get(name) != value:
            request.session[name] = value


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Off to sign in; a page that was only being read is where the citizen comes back to.

    A script that asked for a part of a page (htmx) is told to send the whole page there: the way to sign in is no part of one. Who sent a
    form from a page of ours had been signed in: they are told what became of it.
    """
    if htmx := getattr(request, "htmx", None):
        return HttpResponseClientRedirect(_sign_in_url(htmx.current_url_abs_path))
    if request.method not in ("GET", "HEAD") and (form_page := back.came_from(request)):
        return back.signed_out(request, form_page)
    return HttpResponseRedirect(_sign_in_url(request.get_full_path() if request.method in ("GET", "HEAD") else ""))


def _sign_in_url(target: str | None) -> str:
    return f"{reverse('portal:sign_in')}?{urlencode({'next': safe_next(target)})}"
