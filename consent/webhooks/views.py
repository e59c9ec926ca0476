"""`/webhooks/keys`: the public keys of notices, for whoever wants to verify one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from . import keys


@require_GET
def published(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(keys.published())
    response["Cache-Control"] = "public, max-age=300"
    return response
