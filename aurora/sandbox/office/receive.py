"""Where Aurora's notices arrive, and the switch that makes the office fail at it."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from aurora.sandbox import pages, runtime
from aurora.sandbox.agency.control import require_control
from aurora.sandbox.errors import BearerError, PeerError, SandboxError
from aurora.sandbox.office import notices, uses
from aurora.sandbox.runtime import Runtime

_FAILS = {"down": (500, "server_error"), "gone": (410, "gone"), "busy": (429, "too_many_requests")}


@csrf_exempt
@require_POST
def notice(request: HttpRequest) -> HttpResponse:
    """204 when it is kept and acted upon, whether it is new or not; 400 for what is not Aurora's."""
    here = runtime.current()
    if failing := _FAILS.get(notices.mode(here)):
        return pages.problem(*failing, "The office takes no notices now.", {"Retry-After": "1"})
    try:
        named, content = notices.verify(request.headers, request.body, here)
        notices.take(named, content, here)
    except PeerError as error:
        return pages.problem(503, error.code, error.sentence)
    except (SandboxError, ValueError):
        return pages.problem(400, "bad_signature", "The notice is not one of Aurora's.")
    notices.confirm_soon(here)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def find_usage(request: HttpRequest) -> HttpResponse:
    """What the office used one citizen's data for, if it is Aurora who asks; 401 otherwise."""
    here = runtime.current()
    try:
        notices.authentic(request.headers, request.body, here)
        return JsonResponse(uses.answer(uses.parsed(request.body), here))
    except PeerError as error:
        return pages.problem(503, error.code, error.sentence)
    except SandboxError as error:
        return pages.problem(401 if error.code == "bad_signature" else 400, error.code, error.sentence)
    except ValueError:
        return pages.problem(400, "bad_question", "The question is not one of findUsage.")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def switches(request: HttpRequest) -> HttpResponse:
    """GET tells the modes; POST {"mode": ...} sets that of notices, {"uses": ...} that of reported uses (control token)."""
    here = runtime.current()
    try:
        if request.method == "POST":
            require_control(request)
            _turn(json.loads(request.body), here)
    except BearerError as error:
        return pages.bearer_problem(error)
    except (SandboxError, ValueError, AttributeError):
        known = f"The mode must be one of: {', '.join(notices.MODES)}; that of uses: {', '.join(uses.MODES)}."
        return pages.problem(400, "bad_switch", known)
    return JsonResponse({"mode": notices.mode(here), "uses": uses.mode(here)})


def _turn(wanted: dict[str, object], here: Runtime) -> None:
    if "uses" in wanted:
        uses.switch(str(wanted["uses"]), here)
    if "mode" in wanted or "uses" not in wanted:
        notices.switch(str(wanted.get("mode")), here)
