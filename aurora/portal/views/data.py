"""My data: what the twin holds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.journeys import own_data
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import data as present
from aurora.portal.present import data_pages


@require_safe
@for_citizens
def my_data(request: HttpRequest) -> HttpResponse:
    """Every fact with its source and date. Looking is an access too, and stands in the log."""
    data = own_data.view(citizen_id=me(request), now=timezone.now())
    return render(request, "portal/my_data.html", {"page": present.my_data_page(data, number=data_pages.number(request.GET))})


@require_POST
@for_citizens
def forget(request: HttpRequest) -> HttpResponse:
    """Delete what was kept of one category."""
    category, source = (request.POST.get(name, "")[:64].replace("\x00", "") for name in ("category", "source"))
    own_data.forget_kept(citizen_id=me(request), category=category, source=source, now=timezone.now())
    return HttpResponseRedirect(reverse("portal:my_data"))
