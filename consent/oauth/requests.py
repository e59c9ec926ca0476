"""The authorization request at the citizen's page: shown as often as they need, in one browser, until it is answered or expires."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from hmac import compare_digest
from uuid import UUID

from django.utils import timezone

from . import config, grant_management
from .digests import digest_of, looks_like_secret
from .errors import RequestElsewhere, RequestExpired, RequestRefused, RequestUnknown, RequestUsed
from .models import PushedRequest
from .rfc9126 import URI_PREFIX
from .rfc9396 import from_json


@dataclass(frozen=True, slots=True)
class PushedRequestView:
    """Who asks for what, as checked when it was pushed. `client_name` and `agency_name` by language: fi, sv, en.

    `categories` are codes, sorted; `until` is the last day, included (`consent.days`); `once`: for one use only. `action` is what is to be
    done (`config.GRANT_ACTIONS`), with the grant `grant_id` unless it makes one.
    """

    client_id: str
    client_name: dict[str, str]
    agency_code: str
    agency_name: dict[str, str]
    redirect_uri: str
    state: str | None = field(repr=False)
    purpose: str
    categories: tuple[str, ...]
    until: date
    once: bool
    code_challenge: str = field(repr=False)
    digest: bytes = field(repr=False)
    expires_at: datetime
    dpop_jkt: str = ""
    action: str = grant_management.CREATE
    grant_id: UUID | None = None
    resource: str = ""


def load(*, client_id: str, request_uri: str, interaction: str) -> PushedRequestView:
    """The request for showing. Loading does not use it up.

    `interaction` is a secret of this browser (from its session). The first load binds the request to it and gives the person ten
    minutes; before that it lives 90 s (RFC 9126, 2.2; FAPI 2.0, 5.3.2.2). Raises `RequestUnknown`, `RequestExpired`, `RequestUsed`,
    `RequestElsewhere`: these are for a page and must not redirect.
    """
    digest, mine, now = _digest(request_uri), digest_of(interaction), timezone.now()
    PushedRequest.objects.filter(
        pk=digest,
        interaction__isnull=True,
        used_at__isnull=True,
        expires_at__gt=now,
        client__client_id=client_id if "\x00" not in client_id else "",
    ).update(interaction=mine, expires_at=now + config.INTERACTION_LIFETIME)
    found = _standing(digest, client_id, now)
    if found.interaction is None or not compare_digest(bytes(found.interaction), mine):
        raise RequestElsewhere()
    return view_of(found)


def check_unopened(*, client_id: str, request_uri: str) -> None:
    """Whether the request still waits for the browser that opens it. Changes nothing; raises what `load` raises."""
    if _standing(_digest(request_uri), client_id, timezone.now()).interaction is not None:
        raise RequestElsewhere()


def _digest(request_uri: str) -> bytes:
    secret = request_uri.removeprefix(URI_PREFIX)
    if not request_uri.startswith(URI_PREFIX) or not looks_like_secret(secret):
        raise RequestUnknown()
    return digest_of(secret)


def _standing(digest: bytes, client_id: str, now: datetime) -> PushedRequest:
    found = PushedRequest.objects.filter(pk=digest).select_related("client__agency").first()
    if found is None or found.client.client_id != client_id or not (found.client.active and found.client.agency.active):
        raise RequestUnknown()
    if found.used_at is not None:
        raise RequestUsed()
    if found.expires_at <= now:
        raise RequestExpired()
    _check_still_registered(found)
    return found


def _check_still_registered(request: PushedRequest) -> None:
    """What was checked when it was pushed may have been taken from the client since: then it is not asked for, nor answered to that address."""
    client, detail = request.client, from_json(request.params["detail"])
    may_ask = detail.purpose in client.allowed_purposes and set(detail.categories) <= set(client.allowed_categories)
    if not may_ask or not client.check_redirect_uri(request.params["redirect_uri"]):
        raise RequestRefused()


def view_of(request: PushedRequest) -> PushedRequestView:
    """The stored request as a value."""
    client, params = request.client, request.params
    detail = from_json(params["detail"])
    return PushedRequestView(
        client_id=client.client_id,
        client_name=client.name,
        agency_code=client.agency.code,
        agency_name=client.agency.name,
        redirect_uri=params["redirect_uri"],
        state=params["state"],
        purpose=detail.purpose,
        categories=detail.categories,
        until=detail.until,
        once=detail.once,
        code_challenge=params["code_challenge"],
        digest=bytes(request.digest),
        expires_at=request.expires_at,
        dpop_jkt=params.get("dpop_jkt", ""),
        action=params.get("action", grant_management.CREATE),
        grant_id=UUID(named) if (named := params.get("grant_id")) else None,
        resource=params.get("resource", ""),
    )
