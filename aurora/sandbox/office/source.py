"""The office as a source: who connects it in Aurora is sent here, signs in and says yes, as with every other source. It then pushes by itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from aurora.sandbox import runtime
from aurora.sandbox.agency import endpoints, views
from aurora.sandbox.browser import SandboxRequest
from aurora.sandbox.office import decisions, pushes
from aurora.sandbox.store import new_secret


def decide(request: SandboxRequest) -> HttpResponse:
    """The agencies' page. Whoever says yes here is known to the office from now on."""
    kept = request.browser.ongoing("requests", request.POST.get("tx", "")) or {}
    if request.method == "POST" and request.POST.get("decision") == "allow" and "citizen" in kept:
        owner = request.browser.data.setdefault("owner", new_secret())
        decisions.signed_in(owner, kept["citizen"]["household"], runtime.current())
    response: HttpResponse = views.decide(request)
    return response


@csrf_exempt
def token(request: HttpRequest) -> HttpResponseBase:
    """The agencies' endpoint. With its tokens Aurora has the person's yes: what was decided before is told now."""
    response: HttpResponseBase = endpoints.token(request)
    if response.status_code == 200:
        pushes.tell_soon(runtime.current())
    return response
