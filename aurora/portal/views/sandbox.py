"""Credentials for the sandbox and the page of events. `credentials` is there everywhere and says where to ask; the rest has routes in a sandbox only."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from aurora.journeys import sandbox_clients
from aurora.portal import sandboxed
from aurora.portal.auth import for_everyone
from aurora.portal.present import sandbox as present
from consent.errors import AuroraError
from consent.oauth.models import SandboxClient

FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@for_everyone
def credentials(request: HttpRequest) -> HttpResponse:
    """A client of one's own, made by one form; elsewhere, where to ask for one."""
    if request.method != "POST":
        return render(request, "developers/credentials.html", {"page": present.form({}, [], [])})
    if not settings.AURORA_SANDBOX:
        raise Http404
    typed = {name: request.POST.get(name, "").replace("\x00", "").strip()[:20_000] for name in present.TEXTS}
    chosen = {name: request.POST.getlist(name)[:100] for name in ("purposes", "categories")}
    try:
        sandboxed.admit(request, "made")
        made = sandbox_clients.register(**typed, purposes=chosen["purposes"], categories=chosen["categories"], now=timezone.now())
    except AuroraError as error:
        page = present.form(typed, *chosen.values(), error=error)
        return render(request, "developers/credentials.html", {"page": page}, status=error.status)
    # Not a redirect: the secret is shown here, and never again.
    return render(request, "developers/credentials_made.html", {"page": present.made(made)}, status=201)


@require_http_methods(FORM)
@for_everyone
def events(request: HttpRequest) -> HttpResponse:
    """What the client asked lately and what it was told, for who knows its secret; without a session that is open, the secret is asked for."""
    if request.method == "POST" and request.POST.get("deed") == "open":
        return _open(request)
    row = sandboxed.current(request)
    if row is None:
        return render(request, "developers/events_enter.html", {"page": present.entry()}, status=403 if request.method == "POST" else 200)
    deed = _DEEDS.get(request.POST.get("deed", "")) if request.method == "POST" else None
    if request.method == "POST" and deed is None:
        return render(request, "developers/events.html", {"page": present.events(row)}, status=400)
    try:
        if deed is not None:
            deed(request, row)
            return HttpResponseRedirect(reverse("portal:developers_events"))
    except AuroraError as error:
        at = "jwk" if request.POST.get("deed") == "key" else "ping"
        return render(request, "developers/events.html", {"page": present.events(row, error=error, at=at)}, status=error.status)
    return render(request, "developers/events.html", {"page": present.events(row)})


def _open(request: HttpRequest) -> HttpResponse:
    try:
        sandboxed.admit(request, "tried")
        row = sandbox_clients.opened(secret=request.POST.get("secret", "").strip()[:64], now=timezone.now())
    except AuroraError as error:
        return render(request, "developers/events_enter.html", {"page": present.entry(error.code)}, status=error.status)
    if row is None:
        return render(request, "developers/events_enter.html", {"page": present.entry("unknown_secret")}, status=403)
    sandboxed.begin(request, row)
    return HttpResponseRedirect(reverse("portal:developers_events"))


def _close(request: HttpRequest, row: SandboxClient) -> None:
    sandboxed.close(request)


def _ping(request: HttpRequest, row: SandboxClient) -> None:
    sandbox_clients.ping(row, now=timezone.now())


def _replace_key(request: HttpRequest, row: SandboxClient) -> None:
    sandboxed.admit(request, "key")
    sandbox_clients.replace_key(row, jwk=request.POST.get("jwk", "").replace("\x00", "")[:20_000], now=timezone.now())


def _delete(request: HttpRequest, row: SandboxClient) -> None:
    sandbox_clients.end(row, now=timezone.now())
    sandboxed.close(request)


_DEEDS: dict[str, Callable[[HttpRequest, SandboxClient], None]] = {"close": _close, "ping": _ping, "key": _replace_key, "delete": _delete}
