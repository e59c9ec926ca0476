"""All agencies, a page at a time, by name or those that are looked for; and what waits for a second person."""

from __future__ import annotations

from collections import Counter
from functools import partial
from urllib.parse import urlencode

from django.urls import reverse

from aurora.console import paging, present_clients, present_drafts
from aurora.ui.contexts import AgenciesPage, AgencyListRow
from aurora.ui.templatetags.aurora import localized
from consent.agencies import NO_ORGANISATION
from consent.models import Agency
from consent.oauth.models import Client

A_PAGE = 40


def agencies(query: str, *, number: int, may_write: bool) -> AgenciesPage:
    """`query`: part of a name in any language, or of a code; "" for all. `number` is that of the page, from 1; past the last it is the last."""
    wanted = query.casefold()
    found = [one for one in Agency.objects.exclude(code__in=NO_ORGANISATION) if wanted in one.code or _named(one, wanted)]
    found.sort(key=lambda one: (localized(one.name).casefold(), one.code))
    shown, pagination = paging.cut(found, number, most=A_PAGE, url=partial(_url, query))
    clients = Counter(Client.objects.filter(agency__in=shown).values_list("agency_id", flat=True))
    return AgenciesPage(
        agencies=tuple(
            AgencyListRow(one.code, one.name, present_clients.roles_of(one), clients[one.pk], reverse("console:agency", args=[one.code]))
            for one in shown
        ),
        open=present_drafts.waiting(),
        new_url=reverse("console:new_client") if may_write else "",
        register_url=reverse("console:new_agency") if may_write else "",
        query=query,
        total=len(found),
        pagination=pagination,
    )


def _named(one: Agency, wanted: str) -> bool:
    return any(wanted in str(name).casefold() for name in one.name.values())


def _url(query: str, number: int) -> str:
    kept = {"q": query, "page": str(number)}
    return f"{reverse('console:agencies')}?{urlencode({key: value for key, value in kept.items() if value})}"
