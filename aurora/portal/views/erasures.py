"""Erasure: choosing what, what would follow, how it goes, leaving for good, and the certificate."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_safe

from aurora.erasures import certificate
from aurora.erasures.models import Erasure
from aurora.identity import citizens
from aurora.journeys import erase as journey
from aurora.journeys._erase_parts import EVERYTHING, Scope
from aurora.portal import polling
from aurora.portal.auth import for_citizens, for_everyone, me, signed_in_anew
from aurora.portal.present import erasures as present
from consent.errors import NotFound

DEEDS = {"source": journey.source, "category": journey.category}


@require_safe
@for_citizens
def choose(request: HttpRequest) -> HttpResponse:
    """What of the citizen's can be erased, and what was."""
    past = journey.past(citizen_id=me(request))
    return render(request, "portal/erase.html", {"page": present.choose(citizen_id=me(request), past=past)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def confirm(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """What would follow, and doing it."""
    if kind not in DEEDS:
        raise NotFound()
    now = timezone.now()
    if request.method == "POST":
        asked = DEEDS[kind](citizen_id=me(request), code=code, language=_language(), now=now)
        return HttpResponseRedirect(reverse("portal:erasure", args=[asked.erasure_id]))
    preview = journey.preview(citizen_id=me(request), scope=Scope(kind, code), now=now)
    return render(request, "portal/erase_confirm.html", {"page": present.confirm(preview)})


@require_safe
@for_citizens
def erasure(request: HttpRequest, id: UUID) -> HttpResponse:
    """How an erasure stands, and its certificate."""
    return _shown(request, journey.found(citizen_id=me(request), erasure_id=id))


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def leave(request: HttpRequest) -> HttpResponse:
    """Leaving for good: only who signed in anew a moment ago; and calling it off."""
    citizen_id, now = me(request), timezone.now()
    if request.method == "POST" and request.POST.get("decision") == "stay":
        journey.call_off(citizen_id=citizen_id, now=now)
        return HttpResponseRedirect(reverse("portal:erase"))
    row = journey.leaving(citizen_id=citizen_id)
    if row is None and request.method == "POST" and signed_in_anew(request):
        return _leave(request, citizen_id)
    if row is not None:
        due = journey.account_due(citizen_id=citizen_id)
        return render(request, "portal/leave.html", {"page": present.left(row, due_at=due)})
    preview = journey.preview(citizen_id=citizen_id, scope=Scope(EVERYTHING), now=now)
    return render(request, "portal/leave.html", {"page": present.leave(preview, fresh=signed_in_anew(request))})


def _leave(request: HttpRequest, citizen_id: UUID) -> HttpResponse:
    asked = journey.everything(citizen_id=citizen_id, language=_language(), now=timezone.now())
    # Whoever else sits there in the citizen's name is out; this browser stays, for calling it off.
    update_session_auth_hash(request, citizens.end_sessions(citizen_id=citizen_id))  # type: ignore[arg-type]
    row = journey.found(citizen_id=citizen_id, erasure_id=asked.erasure_id)
    due = journey.account_due(citizen_id=citizen_id)
    return render(request, "portal/leave.html", {"page": present.left(row, due_at=due, secret=asked.secret)})


@require_safe
@for_everyone
def at_secret_address(request: HttpRequest, secret: str) -> HttpResponse:
    """For who has left: whoever holds the address sees the certificate, or how it stands. It names nobody."""
    return _shown(request, journey.at_secret_address(secret=secret), secret=secret)


@require_safe
@for_citizens
def jwt(request: HttpRequest, id: UUID) -> HttpResponse:
    """The signed certificate, byte for byte as it was issued."""
    return _jwt(journey.found(citizen_id=me(request), erasure_id=id))


@require_safe
@for_citizens
def jsonld(request: HttpRequest, id: UUID) -> HttpResponse:
    """What it says, as JSON-LD."""
    return _jsonld(journey.found(citizen_id=me(request), erasure_id=id))


@require_safe
def secret_jwt(request: HttpRequest, secret: str) -> HttpResponse:
    """The signed certificate, for who has left."""
    return _jwt(journey.at_secret_address(secret=secret))


@require_safe
def secret_jsonld(request: HttpRequest, secret: str) -> HttpResponse:
    """What it says, for who has left."""
    return _jsonld(journey.at_secret_address(secret=secret))


def _shown(request: HttpRequest, row: Erasure, *, secret: str = "") -> HttpResponse:
    page = present.page(row, secret=secret)
    return polling.answer(request, "portal/erasure.html", page, done=not page.open)


def _jwt(row: Erasure) -> HttpResponse:
    return _file(row, row.certificate, "application/jwt", "jwt")


def _jsonld(row: Erasure) -> HttpResponse:
    document = certificate.read(row) if row.certificate else {}
    return _file(row, json.dumps(document, ensure_ascii=False, indent=1), "application/ld+json", "jsonld")


def _file(row: Erasure, body: str, kind: str, ending: str) -> HttpResponse:
    if not row.certificate:
        raise NotFound()
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="erasure-{row.pk}.{ending}"'
    return response


def _language() -> str:
    return (translation.get_language() or "en")[:2]
