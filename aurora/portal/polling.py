"""Pages whose changing part a script asks for each second (htmx; `aurora/ui/frontend/script/poll.mjs`). Without it a link leads to the same page again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HTMX_STOP_POLLING


def answer(request: HttpRequest, template: str, page: Any, *, done: bool) -> HttpResponse:
    """The page or its part; when nothing will change any more, the script that asks is told to stop (286)."""
    return render(request, template, {"page": page}, status=HTMX_STOP_POLLING if done and polled(request) else 200)


def polled(request: HttpRequest) -> bool:
    """Whether the script asks, and not a person."""
    return bool(getattr(request, "htmx", False))
