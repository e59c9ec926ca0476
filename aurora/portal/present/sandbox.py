"""What the pages of a developer's own client show. No token, no value and no citizen is in what they are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from aurora.ui import developer_words as words
from aurora.ui import formats
from aurora.ui.contexts import developers as contexts
from aurora.ui.contexts.shared import FieldError
from aurora.ui.developers import documents, marked, problems
from consent import queries
from consent.errors import AuroraError, InvalidInput
from consent.oauth import sandbox
from consent.oauth.models import SandboxClient
from consent.webhooks import pings
from consent.webhooks.models import Ping

TEXTS = ("name", "redirect_uri", "notice_uri", "jwk")
# By the member that the rules of registration name: the control at which it stands.
_CONTROLS = {"jwks": "jwk", "redirect_uris": "redirect_uri", "agency": "name", "client_id": "name"}


def form(
    typed: Mapping[str, str], purposes: Sequence[str], categories: Sequence[str], *, error: AuroraError | None = None
) -> contexts.CredentialsPage:
    """Four statements in a sandbox, none elsewhere."""
    if not settings.AURORA_SANDBOX:
        return contexts.CredentialsPage(open=False)
    may = sandbox.allowed()
    named: dict[str, Any] = {one.category_id: one.name for one in queries.current_categories(may[1])}
    for code, one in queries.current_purposes(may[0]).items():
        named[code] = one.name
    errors = _errors(error, "name")
    # What was pasted and is no public key may be a private one: it does not come back.
    kept: dict[str, Any] = {**typed, "jwk": ""} if any(one.field == "jwk" for one in errors) else {**typed}
    choices = (
        tuple(contexts.Choice(code, named[code], code in picked) for code in codes)
        for codes, picked in zip(may, (purposes, categories), strict=True)
    )
    shown_purposes, shown_categories = choices
    return contexts.CredentialsPage(
        open=True, **kept, purposes=shown_purposes, categories=shown_categories, days=sandbox.LASTS.days, errors=errors
    )


def made(one: sandbox.Made) -> contexts.CredentialsMadePage:
    return contexts.CredentialsMadePage(
        client_id=one.client_id,
        agency=one.agency[formats.language()],
        expires_at=one.expires_at,
        events_url=reverse("portal:developers_events"),
        metadata_url=f"{settings.AURORA_BASE_URL}/.well-known/oauth-authorization-server",
        secret=one.secret,
    )


def entry(fault: str = "") -> contexts.EventsEntryPage:
    return contexts.EventsEntryPage((FieldError("secret", words.fault(fault)),) if fault else ())


def events(row: SandboxClient, *, error: AuroraError | None = None, at: str = "ping") -> contexts.EventsPage:
    """Three statements. `at`: the control of what was tried, for an error that names none."""
    requests = tuple(_request(one) for one in sandbox.requests_of(row, now=timezone.now()))
    return contexts.EventsPage(
        client_id=row.client.client_id,
        expires_at=row.expires_at,
        notice_uri=row.client.notice_uri,
        requests=requests,
        pings=tuple(ping_row(one) for one in pings.newest(client_pk=row.client.pk)),
        notices=tuple(
            contexts.NoticeRow(one.created_at, one.kind, words.ping(one.state), one.attempts, words.not_taken(one.error))
            for one in pings.notices_lately(client_id=row.client.client_id)
        ),
        most=sandbox.MOST_REQUESTS,
        kept_days=sandbox.REQUESTS_KEPT.days,
        errors=_errors(error, at),
    )


def _request(one: Any) -> contexts.EventRow:
    known = problems.table().get(one.code)
    return contexts.EventRow(
        at=one.at,
        what=words.request(one.kind) + (f": {one.subject}" if one.subject else ""),
        status=one.status,
        code=one.code,
        code_url=reverse("portal:developers_problem", args=[one.code]) if known else "",
        hint=marked.inline(known.do[formats.language()], documents.address) if known else "",
        proved=one.proved,
    )


def ping_row(one: Ping) -> contexts.PingRow:
    return contexts.PingRow(
        one.created_at,
        words.ping(one.state),
        one.state == Ping.State.PENDING,
        one.status,
        one.took_ms,
        words.not_taken(one.error),
        tuple(sorted(one.sent.items())),
    )


def _errors(error: AuroraError | None, otherwise: str) -> tuple[FieldError, ...]:
    if error is None:
        return ()
    if isinstance(error, InvalidInput):
        return tuple(FieldError(_CONTROLS.get(field, field), words.fault(said)) for field, said in error.fields.items())
    return (FieldError(otherwise, words.fault(error.code)),)
