"""Where am I signed in? And ending it there: for whoever left a browser open, or sees one that is not theirs."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from aurora.identity import citizens, own_sessions
from aurora.identity.session_store import PAUSES, name_of
from aurora.portal.auth import ANEW_SECONDS, actor, for_citizens, remember, signed_in_anew
from aurora.portal.present import sessions as present
from aurora.portal.sessions import signed_in_within
from aurora.telemetry import security
from consent.errors import InvalidInput

DONE = {"ended": "sessions_ended", "saved": "pauses_saved"}


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers in which the citizen is signed in. Ending one wants that they have just shown who they are."""
    if request.method == "POST":
        return HttpResponseRedirect(f"{reverse('portal:sessions')}{_changed(request)}")
    page = present.page(
        own_sessions.live(actor(request), now=timezone.now()),
        here=name_of(request.session.session_key or ""),
        fresh=_fresh(request),
        pauses=bool(request.session.get(PAUSES)),
        done=next((code for name, code in DONE.items() if name in request.GET), ""),
    )
    return render(request, "portal/sessions.html", {"page": page})


def _changed(request: HttpRequest) -> str:
    """Do what was sent; the query with which the page is shown after it."""
    action = request.POST.get("action", "")
    if action == "pauses" and request.POST.get("pauses") in ("hour", "day"):
        remember(request, **{PAUSES: request.POST["pauses"] == "day"})
        return "?saved"
    if action not in ("end", "others"):
        raise InvalidInput({"action": "choice_required"})
    if not _fresh(request):
        security.note("sessions:not_ended", request, why="not_fresh")
        return ""
    security.note("sessions:ended", request, which=action)
    if action == "end":
        own_sessions.end(actor(request), names=frozenset(request.POST.getlist("name")[:20]))
    else:
        _end_others(request)
    return "?ended"


def _end_others(request: HttpRequest) -> None:
    """All the others: those that have a row, and whatever still goes by what was true before."""
    update_session_auth_hash(request, citizens.end_sessions(citizen_id=actor(request)))  # type: ignore[arg-type]
    request.session.save()
    own_sessions.end_others(actor(request), but=request.session.session_key)


def _fresh(request: HttpRequest) -> bool:
    return signed_in_anew(request) or signed_in_within(request, seconds=ANEW_SECONDS)
