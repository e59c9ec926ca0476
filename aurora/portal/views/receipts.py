"""Receipts: the page, and what can be taken along."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aurora.portal.auth import for_citizens, me
from aurora.portal.present import receipts as present
from consent import receipts
from consent.receipts import Opened
from consent.scope import citizen_scope


def _mine(request: HttpRequest, consent_id: UUID, receipt_id: UUID) -> Opened:
    with citizen_scope(me(request)):
        return receipts.opened(citizen_id=me(request), consent_id=consent_id, receipt_id=receipt_id)


@require_safe
@for_citizens
def receipt(request: HttpRequest, id: UUID, receipt: UUID) -> HttpResponse:
    """The receipt in words, to read and to print."""
    return render(request, "portal/receipt.html", {"page": present.page(_mine(request, id, receipt))})


@require_safe
@for_citizens
def jsonld(request: HttpRequest, id: UUID, receipt: UUID) -> HttpResponse:
    """The document of ISO/IEC TS 27560, as JSON-LD."""
    found = _mine(request, id, receipt)
    return _file(found, json.dumps(found.document, ensure_ascii=False, indent=1), "application/ld+json", "jsonld")


@require_safe
@for_citizens
def jwt(request: HttpRequest, id: UUID, receipt: UUID) -> HttpResponse:
    """The signed receipt, byte for byte as it was issued."""
    found = _mine(request, id, receipt)
    return _file(found, found.token, "application/jwt", "jwt")


def _file(found: Opened, body: str, kind: str, ending: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="receipt-{found.row.kind}-{found.row.pk}.{ending}"'
    return response
