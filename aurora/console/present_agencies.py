"""Agencies themselves as the console's pages show them: the form, what a draft changes, and what follows an agreement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from django.urls import reverse

from aurora.console import present_codes, present_drafts
from aurora.identity.models import Operator
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import agency_words, country_words, formats
from aurora.ui.contexts import DraftPage, FieldError, ValueRow
from aurora.ui.contexts.agencies import AgencyFormPage, AgencyNextPage, LabelledChoice, NamedCode, NextClient
from aurora.ui.developers import documents
from aurora.ui.templatetags.aurora import localized
from consent import agency_drafts, agency_form
from consent.models import Agency, AgencyDraft
from consent.oauth import config
from consent.oauth.models import Client

State = AgencyDraft.State
_PATHS = {
    "metadata": "/.well-known/oauth-authorization-server",
    "par": "/oauth/par",
    "token": "/oauth/token",
    "api": "/api/v1",
    "schema": "/api/v1/schema/",
    "details": "/oauth/authorization-details",
    "keys": "/oauth/jwks",
}


def form(
    texts: Mapping[str, str], roles: Iterable[str], known: Agency | None, *, meaning: str, errors: Mapping[str, str]
) -> AgencyFormPage:
    """The form with what was sent, or with what there is."""
    chosen = set(roles)
    described = known is not None and known.versions.exists()
    return AgencyFormPage(
        values=texts,
        roles=tuple(LabelledChoice(role, str(agency_words.role(role)), role in chosen) for role in agency_form.ROLES),
        back_url=reverse("console:agency", args=[known.code]) if known else reverse("console:agencies"),
        known=known is not None,
        meanings=tuple(LabelledChoice(x, str(agency_words.meaning(x)), x == meaning) for x in ("words", "meaning")) if described else (),
        errors=field_errors(errors),
    )


def draft(found: AgencyDraft, *, operator: Operator, may_write: bool, errors: Mapping[str, str]) -> DraftPage:
    """One draft, with what changes and what follows."""
    is_open, mine, done = found.state == State.OPEN, found.requested_by == operator.pk, found.state == State.APPROVED
    meaning = agency_drafts.changes_meaning(found)
    next_url, next_text = _next(found)
    return DraftPage(
        draft=present_drafts.rows([found])[0],
        reason=found.reason,
        rows=tuple(
            ValueRow(
                str(agency_words.field(c.field)),
                _values(c.field, c.after),
                () if c.before is None else _values(c.field, c.before),
                c.differs,
                names=c.field != "contact_url",
            )
            for c in agency_drafts.changes(found)
        ),
        back_url=reverse("console:agencies"),
        may_approve=may_write and is_open and not mine,
        may_decline=may_write and is_open,
        is_mine=mine,
        errors=field_errors(errors),
        agree=str(agency_words.agree(found.kind)),
        advice=str(agency_words.ADVICE),
        follows=agency_words.follows(is_new=found.kind == AgencyDraft.Kind.REGISTER, meaning=meaning, version=found.content["version"]),
        document=json.dumps(found.content, indent=1, ensure_ascii=False),
        next_url=next_url if done and may_write else "",
        next_text=next_text,
        is_new=found.before is None,
    )


def _next(found: AgencyDraft) -> tuple[str, str]:
    """Who is to ask citizens and has no client yet gets one; everybody else is handed over to. One query."""
    asks = found.content["roles"] != [Agency.Role.DATA_SOURCE]
    if asks and not Client.objects.filter(agency__code=found.code).exists():
        return f"{reverse('console:new_client')}?agency={found.code}", str(agency_words.REGISTER_CLIENT)
    return reverse("console:agency_next", args=[found.code]), str(agency_words.HAND_OVER)


def following(found: Agency, *, may_write: bool, sources_url: str) -> AgencyNextPage:
    """What to hand to the agency's engineer. Four queries."""
    vocabulary = Vocabulary()
    clients = list(Client.objects.filter(agency=found, active=True).order_by("client_id"))
    addresses = [("issuer", config.issuer()), *((code, f"{config.issuer()}{path}") for code, path in _PATHS.items())]
    told = [(str(agency_words.address(code)), url) for code, url in addresses]
    shown = tuple(
        NextClient(
            c.client_id,
            c.name,
            _named(sorted(c.allowed_purposes), present_codes.purposes, vocabulary),
            _named(sorted(c.allowed_categories), present_codes.categories, vocabulary),
            c.notice_uri,
            reverse("console:client_pings", args=[c.client_id]) if may_write and c.notice_uri else "",
        )
        for c in clients
    )
    source = Agency.Role.DATA_SOURCE in found.roles
    asks = bool(clients) or not source
    steps = agency_words.steps(asks=asks, source=source, url=_guide)
    return AgencyNextPage(
        name=found.name,
        clients=shown,
        addresses=tuple(ValueRow(label, (url,)) for label, url in told),
        letter=agency_words.letter(agency=localized(found.name), clients=shown, addresses=told, steps=steps, base=config.issuer()),
        back_url=reverse("console:agency", args=[found.code]),
        steps=steps,
        new_url=f"{reverse('console:new_client')}?agency={found.code}" if may_write and not clients else "",
        asks=asks,
        source=source,
        tests=any(c.pings_url for c in shown),
        sources_url=sources_url,
    )


def who(found: Agency) -> tuple[ValueRow, ...]:
    """Who an agency is, in the form's order; empty where nobody has said so. One query."""
    document = agency_form.newest(found.code)
    values = agency_form.field_values(document) if document else {}
    shown = [name for name in agency_form.FIELDS if name in values and name not in ("name", "roles")]
    return tuple(ValueRow(str(agency_words.field(name)), _values(name, values[name]), names=name != "contact_url") for name in shown)


def field_errors(faults: Mapping[str, str]) -> tuple[FieldError, ...]:
    """The server's sentences in the language of the page."""
    return tuple(FieldError(field, str(agency_words.fault(sentence))) for field, sentence in faults.items())


def _values(field: str, value: Any) -> tuple[str, ...]:
    """One field's value as lines."""
    if field == "onward" and not value:
        return (str(agency_words.TO_NOBODY),)
    if not value:
        return ()
    if field == "roles":
        return tuple(str(agency_words.role(role)) for role in value)
    if field == "country":
        return (country_words.named(str(value)),)
    if isinstance(value, Mapping):
        return present_codes.in_each_language(value)
    return (formats.day(date.fromisoformat(value)) if field == "since" else str(value),)


def _named(codes: list[str], names: Callable[[list[str], Vocabulary], tuple[str, ...]], vocabulary: Vocabulary) -> tuple[NamedCode, ...]:
    return tuple(NamedCode(name, code) for name, code in zip(names(codes, vocabulary), codes, strict=True))


def _guide(name: str) -> str:
    """A page of the developers': of the guide's documents an installation may have been given none."""
    if name in documents.FILES:
        return reverse("portal:developers_document", args=[name]) if name in documents.names() else ""
    return reverse(f"portal:developers_{name}")
