"""`/_sandbox/`: the failure switches, the counts and the hospital's model, for tests and for whoever shows the demo."""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from aurora.sandbox import pages, runtime
from aurora.sandbox.agency import profile, stats, ways
from aurora.sandbox.agency import switches as switching
from aurora.sandbox.config import HOSPITAL
from aurora.sandbox.errors import BearerError, SandboxError
from aurora.sandbox.hospital import owner


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def switches(request: HttpRequest) -> HttpResponse:
    """GET shows the switches that are on; POST turns one (control token) and shows them."""
    here = runtime.current()
    try:
        if request.method == "POST":
            require_control(request)
            signs = ways.signs(here.process)
            switching.turn(switching.parse(json.loads(request.body), profile.served(here.process), signs=signs), here)
    except BearerError as error:
        return pages.bearer_problem(error)
    except SandboxError as error:
        return pages.problem(400, error.code, error.sentence)
    except ValueError:
        return pages.problem(400, "bad_switch", "The body is not JSON.")
    return JsonResponse({"switches": [asdict(switch) for switch in switching.all_on(here)]})


@require_safe
def evaluator(request: HttpRequest) -> HttpResponse:
    """How far the hospital is with a model (`identifier`; its first one where none is named); other agencies have none."""
    if runtime.current().process != HOSPITAL:
        return pages.problem(404, "not_found", "This agency owns no model.")
    return JsonResponse(asdict(owner.progress(request.GET.get("identifier", owner.IDENTIFIER)[:64])))


@require_safe
def stats_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse(stats.report())


def require_control(request: HttpRequest) -> None:
    """BearerError without the control token."""
    expected = f"Bearer {runtime.current().config.control_token}"
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise BearerError("invalid_token", "The control token is required.")
