"""The answer to an authorization request, on its way back to the client: `iss` in every one (RFC 9207), 303 always."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.http import HttpResponseRedirect
from django.utils import timezone

from consent.days import end_of
from consent.errors import Conflict, OutsideTransaction
from consent.models import ConsentRecord, ConsentState

from . import config, grant_management, grants, redirects, tokens
from .digests import digest_of, new_secret
from .errors import GrantGone, RequestUsed
from .models import (
    AuthorizationCode,
    Client,
    Grant,
    GrantPart,
    PushedRequest,
    RevokedReason,
)
from .requests import PushedRequestView

# RFC 6749, 4.1.2.1; Grant Management for OAuth 2.0, draft-03, 5.4.
ERRORS = frozenset(
    {"access_denied", "invalid_grant_id", "invalid_request", "server_error", "temporarily_unavailable", "unauthorized_client"}
)


class SeeOther(HttpResponseRedirect):
    """303, never 302 or 307: a form's content must not be posted on to the client (FAPI 2.0, 5.3.2.2; RFC 9700, 4.12)."""

    status_code = 303

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self["Cache-Control"] = "no-store"
        self["Referrer-Policy"] = "no-referrer"


def approve(*, request: PushedRequestView, citizen_id: UUID, consent: ConsentRecord) -> str:
    """The citizen agreed, to all or to less: use the request up, make the grant or its new part, and a code; returns where to redirect.

    Called in the citizen's scope, in the transaction that recorded `consent` and its ledger entry. What clients still held of consents
    that were replaced by it dies, and with `merge` and `replace` the grant's refresh tokens do (Grant Management, draft-03, 5.2). Raises
    `RequestUsed` (answered already, or too late), `GrantGone` (the grant is not one that can be added to) and `Conflict` (the consent is
    not one for this request); nothing is then kept if the caller lets the transaction roll back.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A request is answered in the transaction that records the consent.")
    now = timezone.now()
    client = Client.objects.select_related("agency").get(client_id=request.client_id)
    answers = (
        consent.citizen_id == citizen_id
        and consent.recipient_id == client.agency_id
        and consent.state == ConsentState.GIVEN
        and consent.purpose_id == request.purpose
        and set(consent.categories) <= {*request.categories, *_merged(request, consent)}
        and consent.expires_at <= end_of(request.until)
        and (consent.once or not request.once)
    )
    if not answers:
        raise Conflict("This consent does not answer the request.")
    _use_up(request, now)
    tokens.supersede(by=consent, now=now)
    part = _part(request, client, consent, now)
    secret = new_secret()
    AuthorizationCode.objects.create(
        digest=digest_of(secret),
        citizen_id=citizen_id,
        client=client,
        grant=part.grant,
        part=part,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        dpop_jkt=request.dpop_jkt,
        resource=request.resource,
        created_at=now,
        expires_at=now + config.CODE_LIFETIME,
    )
    return _url(request, [("code", secret)])


def _merged(request: PushedRequestView, consent: ConsentRecord) -> set[str]:
    """What of the grant this very consent has replaced: together with what was asked for, it may be all that (`merge`)."""
    if request.action != grant_management.MERGE or request.grant_id is None:
        return set()
    same = GrantPart.objects.filter(grant_id=request.grant_id, consent__purpose=consent.purpose_id)
    replaced = same.filter(consent__state=ConsentState.REPLACED, consent__ended_at=consent.decided_at).select_related("consent")
    return {category for part in replaced for category in part.consent.covered}


def _part(request: PushedRequestView, client: Client, consent: ConsentRecord, now: datetime) -> GrantPart:
    if request.grant_id is None:
        return grants.create(citizen_id=consent.citizen_id, client=client, consent=consent, now=now)
    mine = Grant.objects.select_for_update().filter(pk=request.grant_id, client=client, citizen_id=consent.citizen_id)
    grant = mine.first()
    if grant is None:
        raise GrantGone()
    tokens.end_refresh(grant_id=grant.pk, now=now, reason=RevokedReason.SUPERSEDED)
    return grants.add(grant=grant, consent=consent, now=now)


def refuse(*, request: PushedRequestView, error: str = "access_denied", description: str = "The citizen declined.") -> str:
    """The answer is no: use the request up; returns where to redirect. `error` is one of `ERRORS`, `description` plain ASCII.

    Raises `RequestUsed`.
    """
    if error not in ERRORS or not description.isascii() or not description.isprintable() or set('"\\') & set(description):
        raise ValueError("An error of RFC 6749, 4.1.2.1, and a description of its characters, are needed.")
    _use_up(request, timezone.now())
    return _url(request, [("error", error), ("error_description", description)])


def _use_up(request: PushedRequestView, now: datetime) -> None:
    open_ = PushedRequest.objects.filter(pk=request.digest, used_at__isnull=True, interaction__isnull=False, expires_at__gt=now)
    if open_.update(used_at=now) != 1:
        raise RequestUsed()


def _url(request: PushedRequestView, parameters: list[tuple[str, str]]) -> str:
    if request.state is not None:
        parameters = [*parameters, ("state", request.state)]
    return redirects.with_parameters(request.redirect_uri, [*parameters, ("iss", config.issuer())])
