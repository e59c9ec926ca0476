"""What was sent in a form's field."""

from __future__ import annotations

from django.http import HttpRequest


def text(request: HttpRequest, name: str, *, most: int) -> str:
    """A field's text without what the database cannot hold and spaces around it; `most` characters are looked at."""
    return request.POST.get(name, "").replace("\x00", "").strip()[:most]
