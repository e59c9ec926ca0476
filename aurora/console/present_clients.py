"""Agencies, clients and drafts as the console's pages show them. Queries: a few a page, whatever the number of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from aurora.console import present_agencies, present_drafts
from aurora.console.present import SHOWN_ROLES
from aurora.identity.models import Operator
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import agency_words, client_words, formats
from aurora.ui.contexts import (
    AgenciesPage,
    AgencyListRow,
    AgencyPage,
    AgencyRole,
    ClientCard,
    ClientChoice,
    ClientState,
    DraftPage,
    FieldError,
    ValueRow,
)
from consent.agencies import NO_ORGANISATION
from consent.models import Agency, DataCategory, Purpose
from consent.oauth import client_form, jwks, onboarding
from consent.oauth.keysets import USABLE
from consent.oauth.models import Client, ClientDraft, ClientKeySet

HISTORY = 50


def agencies(*, may_write: bool) -> AgenciesPage:
    """All agencies, and what waits for a second person."""
    counted = Counter(Client.objects.values_list("agency_id", flat=True))
    return AgenciesPage(
        agencies=tuple(
            AgencyListRow(a.code, a.name, _roles(a), counted[a.pk], reverse("console:agency", args=[a.code]))
            for a in Agency.objects.exclude(code__in=NO_ORGANISATION).order_by("code")
        ),
        open=present_drafts.waiting(),
        new_url=reverse("console:new_client") if may_write else "",
        register_url=reverse("console:new_agency") if may_write else "",
    )


def agency(found: Agency, *, may_write: bool, now: datetime) -> AgencyPage:
    """One agency, its clients, and their history."""
    clients = list(Client.objects.select_related("agency").filter(agency=found).order_by("client_id"))
    fetched = {k.client_id: k for k in ClientKeySet.objects.filter(client__in=clients)}
    vocabulary = Vocabulary()
    return AgencyPage(
        code=found.code,
        name=found.name,
        clients=tuple(_card(c, fetched.get(c.pk), vocabulary, may_write, now) for c in clients),
        history=present_drafts.history(found.code, most=HISTORY),
        agencies_url=reverse("console:agencies"),
        new_url=f"{reverse('console:new_client')}?agency={found.code}" if may_write else "",
        roles=_roles(found),
        who=(who := present_agencies.who(found)),
        described=bool(who),
        change_url=reverse("console:change_agency", args=[found.code]) if may_write else "",
        next_url=reverse("console:agency_next", args=[found.code]),
    )


def draft(found: ClientDraft, *, operator: Operator, may_write: bool, errors: Mapping[str, str] | None = None) -> DraftPage:
    """One draft, with what changes."""
    vocabulary, is_open, mine = Vocabulary(), found.state == ClientDraft.State.OPEN, found.requested_by == operator.pk
    return DraftPage(
        draft=present_drafts.rows([found])[0],
        reason=found.reason,
        rows=tuple(
            ValueRow(
                str(client_words.field(c.field)),
                _values(c.field, c.after, vocabulary),
                () if c.before is None and found.before is None else _values(c.field, c.before, vocabulary),
                c.differs,
            )
            for c in onboarding.changes(found)
        ),
        back_url=reverse("console:agencies"),
        may_approve=may_write and is_open and not mine,
        may_decline=may_write and is_open,
        is_mine=mine,
        errors=field_errors(errors or {}),
        next_url=reverse("console:agency_next", args=[found.agency_code]) if found.state == ClientDraft.State.APPROVED else "",
        next_text=str(agency_words.FOR_ENGINEER),
    )


def choices(purposes: Iterable[str], categories: Iterable[str]) -> tuple[tuple[ClientChoice, ...], tuple[ClientChoice, ...]]:
    """All purposes for which agencies may ask, and all kinds of data; ticked are those named."""
    words, chosen, ticked = Vocabulary(), set(purposes), set(categories)
    codes = Purpose.objects.filter(kind=Purpose.Kind.ACCESS).order_by("code").values_list("code", flat=True)
    kinds = DataCategory.objects.order_by("code").values_list("code", flat=True)
    return (
        tuple(ClientChoice(c, words.purpose(c) or dict.fromkeys(("fi", "sv", "en"), c), c in chosen) for c in codes),
        tuple(ClientChoice(c, words.category(c), c in ticked) for c in kinds),
    )


def field_errors(faults: Mapping[str, str]) -> tuple[FieldError, ...]:
    """The server's sentences in the language of the page."""
    return tuple(FieldError(field, str(client_words.fault(sentence))) for field, sentence in faults.items())


def _card(client: Client, keys: ClientKeySet | None, vocabulary: Vocabulary, may_write: bool, now: datetime) -> ClientCard:
    content = client_form.content_of(client)
    args = [client.client_id]
    return ClientCard(
        client_id=client.client_id,
        name=client.name,
        state=ClientState.ACTIVE if client.active else ClientState.SUSPENDED,
        rows=tuple(
            ValueRow(str(client_words.field(f)), _values(f, content[f], vocabulary))
            for f in client_form.FIELDS
            if f not in ("agency", "name")
        ),
        keys_note=_fetched(keys, now) if client.jwks_uri else "",
        change_url=reverse("console:change_client", args=args) if may_write else "",
        state_url=reverse("console:client_state", args=args) if may_write else "",
        pings_url=reverse("console:client_pings", args=args) if may_write else "",
    )


def _fetched(keys: ClientKeySet | None, now: datetime) -> str:
    if keys is None or (keys.fetched_at is None and not keys.failures):
        return str(client_words.fetched(""))
    if keys.fetched_at is None or keys.fetched_at <= now - USABLE:
        return str(client_words.fetched("none"))
    return str(client_words.fetched("failing" if keys.failures else "good")) % {"at": formats.moment(keys.fetched_at)}


def _values(field: str, value: Any, vocabulary: Vocabulary) -> tuple[str, ...]:
    """One field's value as lines."""
    if isinstance(value, bool):
        return (str(client_words.YES if value else client_words.NO),)
    if not value:
        return ()
    if field == "jwks":
        return tuple(_key(k) for k in value["keys"])
    if field == "agency":
        return (value["code"], *_names(value.get("name", {})))
    if field == "name":
        return _names(value)
    return tuple(value) if isinstance(value, list) else (str(value),)


def _names(name: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{x}: {name[x]}" for x in ("fi", "sv", "en") if x in name)


def _key(jwk: dict[str, Any]) -> str:
    """What two people can compare over the telephone: name, algorithm, thumbprint (RFC 7638)."""
    try:
        thumbprint = import_key(jwk).thumbprint()
    except (JoseError, ValueError, TypeError):
        thumbprint = "?"
    return f"{jwk.get('kid')}  {jwks.algorithm_of(jwk)}  {thumbprint}"


def _roles(found: Agency) -> tuple[AgencyRole, ...]:
    return tuple(AgencyRole(r) for r in found.roles if r in SHOWN_ROLES)
