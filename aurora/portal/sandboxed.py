"""What only a sandbox has: notes of what its developers' clients asked, sessions that a management secret opens, and how often either is taken."""

from __future__ import annotations

import base64
import json
import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from aurora.journeys import sandbox_clients
from aurora.portal import newcomers
from consent.counting import count_of
from consent.errors import AuroraError
from consent.oauth import sandbox
from consent.oauth.limits import address_of
from consent.oauth.models import SandboxClient

logger = logging.getLogger(__name__)
SESSION = "sandbox-client"
OPEN_SECONDS = 30 * 60
# By address: clients made in a day, secrets tried in a minute, keys replaced in an hour (each is a row of history that stays).
LIMITS = {"made": (86_400, 10), "tried": (60, 10), "key": (3_600, 20)}
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")
_CALLED = ("/oauth/par", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/grants/", "/api/v1/")
Answer = Callable[[HttpRequest], HttpResponse]


class TooOften(AuroraError):
    """An address takes more than there is for it."""

    code = "too_often"
    sentence = "This was done too often from your network. Try again later."
    status = 429
    retryable = True


def admit(request: HttpRequest, what: str) -> None:
    """Count one of `LIMITS`. Raises `TooOften`, and `RedisError` while the cache is away."""
    seconds, most = LIMITS[what]
    if count_of(f"sandbox-{what}", address_of(request), seconds).number > most:
        raise TooOften()


def begin(request: HttpRequest, row: SandboxClient) -> None:
    """From now on this browser manages the client, for half an hour."""
    newcomers.note(request, **{SESSION: [row.pk, int(time.time())]})
    request.session.cycle_key()  # a session that somebody else planted here does not see it


def close(request: HttpRequest) -> None:
    request.session.pop(SESSION, None)


def current(request: HttpRequest) -> SandboxClient | None:
    """The client that this browser manages."""
    kept = request.session.get(SESSION)
    if not (isinstance(kept, list) and len(kept) == 2 and 0 <= time.time() - kept[1] <= OPEN_SECONDS):
        return None
    return sandbox_clients.again(key=kept[0], now=timezone.now())


class NoteRequests:
    """Middleware: after the answer, what it was and what came of it, for clients of the sandbox's developers. Nothing that goes wrong here is felt outside."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(_CALLED):
            try:
                _note(request, response)
            except Exception as error:
                logger.error("A request of a sandbox client was not noted: %s", type(error).__name__)
        return response


def _note(request: HttpRequest, response: HttpResponse) -> None:
    proved = getattr(request, "proved_client", "") or getattr(getattr(request, "auth", None), "client_id", "")
    client_id = proved or _claimed(request)
    if not client_id.startswith(sandbox.PREFIX) or request.resolver_match is None:
        return
    subject = str(request.resolver_match.kwargs.get("category", ""))
    sandbox.note(
        client_id=client_id,
        kind=request.resolver_match.url_name or "",
        subject=subject if _CODE.fullmatch(subject) else "",
        status=response.status_code,
        code=_code(response),
        proved=bool(proved),
        now=timezone.now(),
    )


def _claimed(request: HttpRequest) -> str:
    """Whom a request says that it comes from, without proof: `sub` of its assertion, else `client_id`."""
    if not request.path.startswith("/oauth/") or request.method != "POST":
        return ""
    parts = request.POST.get("client_assertion", "").split(".")
    if len(parts) == 3 and len(parts[1]) < 4096:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        return str(claims.get("sub", ""))[:64] if isinstance(claims, dict) else ""
    return request.POST.get("client_id", "")[:64]


def _code(response: HttpResponse) -> str:
    if response.status_code < 400 or "json" not in response.headers.get("Content-Type", ""):
        return ""
    body = json.loads(response.content)
    return str(body.get("code") or body.get("error") or "")
