"""Which form an answer has. The API has one, and most callers take it as it comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AsItComes(DefaultContentNegotiation):
    """DRF's, but for who accepts anything, or just what we have first: then nothing needs to be parsed and weighed."""

    def select_renderer(self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None) -> Any:
        first = next(iter(renderers))
        if format_suffix is None and request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", first.media_type):
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
