"""One mapper from errors to problem+json (RFC 9457). No stack trace, no personal value, the same codes as in the citizen's log."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from aurora.journeys._door import AccessRefused
from aurora.telemetry.requests import current_id
from aurora.ui.developers.problems import type_uri
from consent.errors import AuroraError
from consent.uses.batches import BatchRefused
from consent.uses.tally import TooManyUses

RETRY_SECONDS = 10


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for what nobody expected: Django then answers 500 and logs it."""
    if isinstance(error, AccessRefused):
        return _problem(error.status, error.code, error.sentence, ledger_entry=str(error.entry_id))
    if isinstance(error, BatchRefused):
        faults = [{"position": fault.position, "code": fault.code} for fault in error.faults]
        return _problem(error.status, error.code, error.sentence, errors=faults)
    if isinstance(error, TooManyUses):
        surplus = [{"position": position, "code": "too_many_today"} for position in error.positions]
        answer = _problem(error.status, error.code, error.sentence, errors=surplus)
        answer["Retry-After"] = str(error.retry_after)
        return answer
    if isinstance(error, AuroraError):
        answer = _problem(error.status, error.code, error.sentence)
        if error.status == 503:
            answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    if isinstance(error, Http404):
        return _problem(404, "not_found", "This does not exist.")
    if isinstance(error, PermissionDenied):
        return _problem(403, "forbidden", "This is not allowed.")
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> Response:
    code = error.get_codes()
    response = _problem(error.status_code, code if isinstance(code, str) else "invalid_input", _sentence(error))
    if getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if nonce := getattr(error, "nonce", ""):
        response["DPoP-Nonce"] = nonce
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _sentence(error: exceptions.APIException) -> str:
    return str(error.detail) if not isinstance(error.detail, (dict, list)) else "The request is not valid."


def _problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    body = {
        "type": type_uri(code),
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"urn:aurora:request:{current_id()}",
        **extra,
    }
    return Response(body, status=status, content_type="application/problem+json", headers={"Cache-Control": "no-store"})
