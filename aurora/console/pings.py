"""Test notices to a client's address: agency officers send one and see what came of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from aurora.console.auth import for_roles, operator
from aurora.identity.models import Operator
from aurora.journeys import ping_client
from aurora.ui import developer_words as words
from aurora.ui.contexts.developers import ClientPingsPage, PingRow
from aurora.ui.contexts.shared import FieldError
from consent.errors import AuroraError
from consent.oauth.models import Client
from consent.webhooks import pings
from consent.webhooks.models import Ping


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Operator.Role.AGENCY_OFFICER)
def client_pings(request: HttpRequest, client_id: str) -> HttpResponse:
    """The newest test notices of one client, and the button for another one."""
    client = get_object_or_404(Client.objects.select_related("agency"), client_id=client_id if client_id.isprintable() else "")
    if request.method != "POST":
        return render(request, "console/client_pings.html", {"page": _page(client)})
    try:
        ping_client.ask(client_id=client_id, operator=operator(request), now=timezone.now())
    except AuroraError as error:
        page = _page(client, (FieldError("ping", words.fault(error.code)),))
        return render(request, "console/client_pings.html", {"page": page}, status=error.status)
    return HttpResponseRedirect(reverse("console:client_pings", args=[client_id]))


def _page(client: Client, errors: tuple[FieldError, ...] = ()) -> ClientPingsPage:
    rows = tuple(row(one) for one in pings.newest(client_pk=client.pk))
    back = reverse("console:agency", args=[client.agency.code])
    return ClientPingsPage(client.client_id, client.name, client.notice_uri if client.active else "", back, rows, errors)


def row(one: Ping) -> PingRow:
    """In words."""
    said = words.ping(one.state), one.state == Ping.State.PENDING
    return PingRow(one.created_at, *said, one.status, one.took_ms, words.not_taken(one.error), tuple(sorted(one.sent.items())))
