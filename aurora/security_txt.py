"""Whom to tell of a hole: `/.well-known/security.txt` (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from aurora.portal.errors import problem

# A file that is good for less than a year is what the RFC recommends; it is made anew for each who asks.
GOOD_FOR = timedelta(days=180)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to write to, as the operator of this service says. 404 where they said nothing (a check at start says so, too)."""
    if not settings.AURORA_SECURITY_CONTACTS:
        return problem(404, "not_found")
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + GOOD_FOR
    lines = [f"Contact: {contact}" for contact in settings.AURORA_SECURITY_CONTACTS]
    lines += [f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: fi, sv, en"]
    lines += [f"Canonical: {settings.AURORA_BASE_URL}/.well-known/security.txt"]
    headers = {"Cache-Control": "public, max-age=86400"}
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8", headers=headers)
