"""What every answer tells the browser, static files and refusals included, and that machines are never led from http to https."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from aurora.identity.models import Citizen, Operator
from aurora.portal.errors import problem, wants_json
from aurora.telemetry import security

Answer = Callable[[HttpRequest], HttpResponse]

# No page asks for any of these, so no script that got in can either.
_POWERS = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope",
    "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock",
    "serial", "storage-access", "usb", "web-share", "xr-spatial-tracking",
)  # fmt: skip
ALWAYS = {
    "Permissions-Policy": ", ".join(f"{power}=()" for power in _POWERS),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
}
# Not "cookies": that would take those of every other service below the same domain.
LEFT = '"cache", "storage"'


class Always:
    """Sets `ALWAYS` on each answer that does not say otherwise. The outermost of all: what refuses early is inside."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if response.status_code in security.REFUSED:
            security.note("request:refused", request, status=response.status_code, signed_in=_whose(request))
        return response


def _whose(request: HttpRequest) -> str:
    """Whose session it was, if anything had to know that: looking now could fail with what has just failed."""
    user = getattr(request, "_cached_user", None)
    return "citizen" if isinstance(user, Citizen) else "operator" if isinstance(user, Operator) else "nobody"


class NoPlainMachines:
    """A machine that calls by http is refused, not led to https: it would send its secrets in the clear for years and nobody would notice."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and not request.is_secure() and wants_json(request):
            return problem(403, "https_required", "Call this address by https.")
        return self.get_response(request)


def forget_here(response: HttpResponse) -> HttpResponse:
    """Tell the browser of somebody who leaves to keep nothing of what it was shown."""
    response.headers["Clear-Site-Data"] = LEFT
    return response
