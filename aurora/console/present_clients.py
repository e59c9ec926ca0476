"""Agencies, clients and drafts as the console's pages show them. Queries: a few a page, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from aurora.console import present_agencies, present_codes, present_drafts
from aurora.console.present import SHOWN_ROLES
from aurora.identity.models import Operator
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import agency_words, client_words, formats
from aurora.ui.contexts import (
    AgencyPage,
    AgencyRole,
    ClientCard,
    ClientChoice,
    ClientState,
    DraftPage,
    FieldError,
    ValueRow,
)
from aurora.ui.templatetags.aurora import localized
from consent.models import Agency, DataCategory, Purpose
from consent.oauth import client_form, jwks, onboarding
from consent.oauth.keysets import USABLE
from consent.oauth.models import Client, ClientDraft, ClientKeySet

HISTORY = 50
# Fields whose values are words, and nothing that somebody would type.
NAMES = frozenset({"agency", "name", "purposes", "categories", "rotate_refresh", "dpop_nonce"})


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
        roles=roles_of(found),
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
                names=c.field in NAMES,
            )
            for c in onboarding.changes(found)
        ),
        back_url=reverse("console:agencies"),
        may_approve=may_write and is_open and not mine,
        may_decline=may_write and is_open,
        is_mine=mine,
        errors=field_errors(errors or {}),
        agree=str(client_words.agree(found.kind)),
        follows=_follows(found, vocabulary),
        is_new=found.before is None,
        next_url=reverse("console:agency_next", args=[found.agency_code]) if found.state == ClientDraft.State.APPROVED else "",
        next_text=str(agency_words.HAND_OVER),
    )


def choices(purposes: Iterable[str], categories: Iterable[str]) -> tuple[tuple[ClientChoice, ...], tuple[ClientChoice, ...]]:
    """All purposes for which agencies may ask, and all kinds of data; ticked are those named."""
    words, chosen, ticked = Vocabulary(), set(purposes), set(categories)
    codes = Purpose.objects.filter(kind=Purpose.Kind.ACCESS).order_by("code").values_list("code", flat=True)
    kinds = DataCategory.objects.order_by("code").values_list("code", flat=True)
    return (
        tuple(ClientChoice(c, words.purpose(c) or dict.fromkeys(("fi", "sv", "en"), c), c in chosen) for c in codes),
        tuple(ClientChoice(c, words.category(c), c in ticked, _told_by(words.source_of(c), words)) for c in kinds),
    )


def _told_by(source: str, words: Vocabulary) -> Mapping[str, str] | str:
    """Who tells a kind of data: two kinds may have nearly the same name, and differ in this."""
    return str(client_words.TOLD_BY.get(source, "")) or words.agency(source)


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
            ValueRow(str(client_words.field(f)), _values(f, content[f], vocabulary), names=f in NAMES)
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
        return (*_agency_names(value, vocabulary), value["code"])
    if field == "name":
        return present_codes.in_each_language(value)
    if field in ("purposes", "categories"):
        return (present_codes.purposes if field == "purposes" else present_codes.categories)(value, vocabulary)
    return tuple(value) if isinstance(value, list) else (str(value),)


def _agency_names(agency: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Of a new agency as it would be registered, else as it is called."""
    return present_codes.in_each_language(agency["name"]) if "name" in agency else (localized(vocabulary.agency(agency["code"])),)


def _follows(found: ClientDraft, vocabulary: Vocabulary) -> tuple[str, ...]:
    before, after = found.before or {}, found.content
    asked = {name: set(before.get(name, ())) for name in ("purposes", "categories")}
    name = after["agency"].get("name") or vocabulary.agency(found.agency_code)
    return client_words.follows(
        kind=found.kind,
        agency=localized(name),
        purposes=present_codes.purposes(after["purposes"], vocabulary),
        data=present_codes.categories(after["categories"], vocabulary),
        same=found.before is not None and all(asked[name] == set(after[name]) for name in asked),
        less=any(asked[name] - set(after[name]) for name in asked),
    )


def _key(jwk: dict[str, Any]) -> str:
    """What two people can compare over the telephone: name, algorithm, thumbprint (RFC 7638)."""
    try:
        thumbprint = import_key(jwk).thumbprint()
    except (JoseError, ValueError, TypeError):
        thumbprint = "?"
    return str(client_words.KEY) % {"name": jwk.get("kid"), "algorithm": jwks.algorithm_of(jwk), "fingerprint": thumbprint}


def roles_of(found: Agency) -> tuple[AgencyRole, ...]:
    return tuple(AgencyRole(r) for r in found.roles if r in SHOWN_ROLES)
