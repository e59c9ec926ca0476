"""My data: what the twin holds, and taking it along."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.journeys import own_data
from aurora.portal import mandated
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import data as present


@require_safe
@for_citizens
def my_data(request: HttpRequest) -> HttpResponse:
    """Every fact with its source and date. Looking is an access too, and stands in the log."""
    return _page(request)


def _page(request: HttpRequest, *, changed: bool = False) -> HttpResponse:
    data = own_data.view(citizen_id=me(request), now=timezone.now())
    page = present.my_data_page(data, whom=mandated.whom(request), changed=changed)
    return render(request, "portal/my_data.html", {"page": page}, status=409 if changed else 200)


@require_POST
@for_citizens
def forget(request: HttpRequest) -> HttpResponse:
    """Delete what was kept of one category."""
    category, source = (request.POST.get(name, "")[:64].replace("\x00", "") for name in ("category", "source"))
    own_data.forget_kept(citizen_id=me(request), category=category, source=source, now=timezone.now())
    return HttpResponseRedirect(reverse("portal:my_data"))


@require_POST
@for_citizens
def export(request: HttpRequest) -> HttpResponse:
    """Everything as one JSON file (GDPR art. 20), of the person about whom the page was: another tab may have begun or ended acting since."""
    if request.POST.get("for", "") != mandated.whom(request):
        return _page(request, changed=True)
    now = timezone.now()
    document = own_data.export(citizen_id=me(request), now=now)
    response = HttpResponse(json.dumps(document, ensure_ascii=False, indent=1), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="aurora-{now:%Y-%m-%d}.json"'
    return response
