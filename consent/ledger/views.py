"""The public face of the log: C2SP tlog-tiles over HTTP. No session, no personal data, cacheable by anyone."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consent.ledger import queries, tiles

IMMUTABLE = "public, max-age=31536000, immutable"
# A checkpoint is signed ten times a second: a cache may spare us a burst, no more.
FRESH = "public, max-age=1"
SELDOM = "public, max-age=300"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed tree head."""
    newest = queries.newest_checkpoint()
    return _answer(newest.note if newest else None, "text/plain; charset=utf-8", FRESH)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The log's verifier keys, one a line, those in use first."""
    keys = queries.verifier_keys()
    return _answer("".join(f"{vkey}\n" for vkey in keys) or None, "text/plain; charset=utf-8", SELDOM)


@require_safe
def witnessed(request: HttpRequest) -> HttpResponse:
    """The newest tree head that a witness cosigned, with the witnesses' lines."""
    newest = queries.witnessed_checkpoint()
    return _answer(newest.note if newest else None, "text/plain; charset=utf-8", FRESH)


@require_safe
def witnesses(request: HttpRequest) -> HttpResponse:
    """The verifier keys of the log's witnesses, one a line; nothing if it has none."""
    keys = "".join(f"{vkey}\n" for vkey in queries.witness_keys())
    return _answer(keys, "text/plain; charset=utf-8", SELDOM)


@require_safe
def former(request: HttpRequest) -> HttpResponse:
    """The last heads of names that the log had before its database was restored; an empty list if that never happened."""
    return _answer(json.dumps(queries.former_heads(), ensure_ascii=False), "application/json", SELDOM)


@require_safe
def tile(request: HttpRequest, level: str, place: str) -> HttpResponse:
    """The hashes of a tile, full or partial."""
    address = tiles.parse_address(place)
    hashes = queries.tile(int(level), address) if address and int(level) <= tiles.MAX_LEVEL else None
    return _answer(hashes, "application/octet-stream", IMMUTABLE)


@require_safe
def entries(request: HttpRequest, place: str) -> HttpResponse:
    """The entry bundle of a tile of level 0: commitments, which say nothing without their salts."""
    address = tiles.parse_address(place)
    return _answer(queries.entry_bundle(address) if address else None, "application/octet-stream", IMMUTABLE)


def _answer(content: str | bytes | None, content_type: str, caching: str) -> HttpResponse:
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=content_type, headers={"Cache-Control": caching})
